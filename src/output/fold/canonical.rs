//! What an object is, apart from how it is packed: equal objects have equal digests, whichever host sent them.
//!
//! Each value has a token, bytes that no value of another meaning has. Numbers count by their size, not by their type:
//! Windows PowerShell and PowerShell differ in both. Dates count by their instant, and members of bags and hashtables
//! in any order, their names in any case. Type names don't count.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;

use crate::clixml::{self, Content, Document, Object, PsString, RefId, Single, Value};
use crate::output::object::{self, Shape};
use crate::output::select::{Field, Select};

/// What an object, or a stream of them, comes down to: SHA-256, since remote text may be made to collide.
pub(super) type Digest = [u8; 32];

/// A level below which values count as equal; the decoder allows a hundred, references may lead further.
const DEEPEST: usize = 256;

/// The digest of bytes.
pub(super) fn sha256(bytes: &[u8]) -> Digest {
    let mut whole = [0; 32];
    whole.copy_from_slice(digest(&SHA256, bytes).as_ref());
    whole
}

/// The digest of what `--select` leaves of an object.
pub(super) fn of_object(document: &Document, select: &Select) -> Digest {
    let mut tokens = Tokens::new(document);
    match object::shape(document, select) {
        Shape::Fields(fields) if select.is_all() => tokens.bag(telling(&document.root), fields),
        Shape::Fields(fields) => tokens.bag(None, select.apply(fields)),
        Shape::Scalar(value) => sha256(&tokens.of(value)),
    }
}

/// The text of an object that says more than its members do, as plain JSON has it.
fn telling(value: &Value) -> Option<&PsString> {
    clixml::telling_text(value.as_object()?)
}

/// Makes the tokens of one document's values.
pub(super) struct Tokens<'d> {
    document: &'d Document,
    /// Objects that were seen, where others may refer to them.
    known: HashMap<RefId, Vec<u8>>,
    /// Objects that the value at hand is within.
    open: Vec<RefId>,
    depth: usize,
}

impl<'d> Tokens<'d> {
    /// For the values of this document.
    pub(super) fn new(document: &'d Document) -> Self {
        Self { document, known: HashMap::new(), open: Vec::new(), depth: 0 }
    }

    /// The token of a value.
    pub(super) fn of(&mut self, value: &'d Value) -> Vec<u8> {
        if self.depth >= DEEPEST {
            return b"!".to_vec();
        }
        self.depth += 1;
        let token = match value {
            Value::Ref(id) => self.reference(*id),
            Value::Object(object) => self.object(value, object),
            scalar => scalar_token(scalar),
        };
        self.depth -= 1;
        token
    }

    fn reference(&mut self, id: RefId) -> Vec<u8> {
        if let Some(place) = self.open.iter().rposition(|open| *open == id) {
            return format!("^{}", self.open.len() - place).into_bytes();
        }
        match (self.known.get(&id), self.document.find(id)) {
            (Some(token), _) => token.clone(),
            (None, Some(value)) if !matches!(value, Value::Ref(_)) => self.of(value),
            _ => scalar_token(&Value::Null),
        }
    }

    fn object(&mut self, value: &'d Value, object: &'d Object) -> Vec<u8> {
        let id = object.id.filter(|_| self.document.has_refs);
        self.open.extend(id);
        let token = self.content(value, object);
        if let Some(id) = id {
            self.open.pop();
            self.known.insert(id, token.clone());
        }
        token
    }

    fn content(&mut self, value: &'d Value, object: &'d Object) -> Vec<u8> {
        match clixml::single(value) {
            Some(Single::Text(text) | Single::Version(text)) => return text_token(text),
            Some(Single::Integer(digits)) => return number_token(digits),
            Some(Single::Time(time)) => return text_token(&time.as_str().into()),
            Some(Single::Same(value)) => return scalar_token(&value),
            None => {}
        }
        match (&object.content, &object.to_string) {
            (Content::Value(_), Some(names)) if object.is_enum() => text_token(names),
            (Content::Value(inner), _) => self.of(inner),
            (Content::List(_, items), _) if !is_element(object) => {
                let mut all = Vec::new();
                items.iter().for_each(|item| push(&mut all, &self.of(item)));
                tagged(b'[', &sha256(&all))
            }
            (Content::Dict(entries), _) => self.dictionary(entries),
            (_, text) => match (clixml::members_of(value).unwrap_or_default(), text) {
                (members, Some(text)) if members.is_empty() => text_token(text),
                (members, _) => tagged(b'{', &self.bag(telling(value), members)),
            },
        }
    }

    /// One with names is the same as a bag of them.
    fn dictionary(&mut self, entries: &'d [(Value, Value)]) -> Vec<u8> {
        let named: Option<Vec<_>> =
            entries.iter().map(|(key, value)| Some((key.unboxed().as_text()?.as_str()?, value))).collect();
        if let Some(fields) = named {
            return tagged(b'{', &self.bag(None, fields));
        }
        let mut pairs: Vec<_> = entries.iter().map(|(key, value)| (self.of(key), self.of(value))).collect();
        tagged(b'(', &joined(&mut pairs))
    }

    fn bag(&mut self, text: Option<&PsString>, fields: Vec<Field<'d>>) -> Digest {
        let mut members: Vec<_> =
            fields.into_iter().map(|(name, value)| (name.to_ascii_lowercase().into_bytes(), self.of(value))).collect();
        members.extend(text.map(|text| (b"\0text".to_vec(), text_token(text))));
        joined(&mut members)
    }
}

fn is_element(object: &Object) -> bool {
    object.type_names.contains("System.Xml.XmlNode") && !object.props.is_empty()
}

/// The digest of pairs, in whatever order they came.
fn joined(pairs: &mut [(Vec<u8>, Vec<u8>)]) -> Digest {
    pairs.sort_unstable();
    let mut all = Vec::new();
    for (one, other) in pairs.iter() {
        push(&mut all, one);
        push(&mut all, other);
    }
    sha256(&all)
}

/// A part with its length in front, so that no two lists of parts are the same bytes.
fn push(all: &mut Vec<u8>, part: &[u8]) {
    all.extend_from_slice(&(part.len() as u64).to_le_bytes());
    all.extend_from_slice(part);
}

fn tagged(tag: u8, bytes: &[u8]) -> Vec<u8> {
    [&[tag], bytes].concat()
}

fn scalar_token(value: &Value) -> Vec<u8> {
    if let Some(number) = value.as_i64() {
        return number_token(&number.to_string());
    }
    match value {
        Value::Null => b"n".to_vec(),
        Value::Bool(yes) => tagged(b'b', &[u8::from(*yes)]),
        Value::U64(number) => number_token(&number.to_string()),
        // The shortest digits that are this number, without an exponent.
        Value::F32(number) if number.is_finite() => number_token(&number.to_string()),
        Value::F64(number) if number.is_finite() => number_token(&number.to_string()),
        Value::Decimal(digits) => number_token(digits),
        Value::DateTime(text) => date_token(text),
        Value::TimeSpan(text) => tagged(b'p', text.as_bytes()),
        Value::Bytes(bytes) => tagged(b'y', &sha256(bytes)),
        // Encrypted by the key of one session: nobody can tell whether two are equal.
        Value::SecureString(_) => b"x".to_vec(),
        Value::Str(text) | Value::Uri(text) | Value::Xml(text) | Value::Script(text) => text_token(text),
        other => text_token(&clixml::text(other).as_ref().into()),
    }
}

fn text_token(text: &PsString) -> Vec<u8> {
    match text.as_str() {
        Some(plain) => tagged(b's', plain.as_bytes()),
        // Halves of surrogate pairs.
        None => tagged(b'u', &text.utf16().iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<u8>>()),
    }
}

/// Digits without what doesn't change the number.
fn number_token(digits: &str) -> Vec<u8> {
    let (minus, unsigned) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let unsigned = unsigned.trim_start_matches('+');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let minus = if whole.is_empty() && fraction.is_empty() { "" } else { minus };
    format!("#{minus}{whole}.{fraction}").into_bytes()
}

/// The instant, or the time on a clock that nobody knows the zone of.
fn date_token(text: &str) -> Vec<u8> {
    match text.parse::<Timestamp>() {
        Ok(instant) => tagged(b'd', &instant.as_nanosecond().to_le_bytes()),
        Err(_) if text.contains('.') => tagged(b'w', text.trim_end_matches('0').trim_end_matches('.').as_bytes()),
        Err(_) => tagged(b'w', text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, of_object};
    use crate::clixml::{Content, Document, ListKind, Object, TypeNames, Value};
    use crate::output::Select;
    use crate::output::testing::bag;

    fn of(value: impl Into<Value>) -> Digest {
        of_object(&Document::with_refs(value.into(), true), &Select::default())
    }

    fn same(one: impl Into<Value>, other: impl Into<Value>) {
        let (one, other) = (one.into(), other.into());
        assert_eq!(of(one.clone()), of(other.clone()), "{one:?}\n{other:?}");
    }

    fn differ(one: impl Into<Value>, other: impl Into<Value>) {
        let (one, other) = (one.into(), other.into());
        assert_ne!(of(one.clone()), of(other.clone()), "{one:?}\n{other:?}");
    }

    fn content(content: Content) -> Object {
        Object { content, ..Object::default() }
    }

    fn list(items: Vec<Value>) -> Object {
        content(Content::List(ListKind::List, items))
    }

    fn dict(entries: Vec<(Value, Value)>) -> Object {
        content(Content::Dict(entries))
    }

    fn decimal(text: &str) -> Value {
        Value::Decimal(text.into())
    }

    fn date(text: &str) -> Value {
        Value::DateTime(text.into())
    }

    #[test]
    fn members_count_in_any_order_at_any_level_and_items_do_not() {
        let inner = |turned: bool| {
            let mut entries = vec![(Value::str("k"), Value::I32(1)), (Value::str("l"), Value::I32(2))];
            let mut notes = vec![("a", Value::str("x")), ("b", Value::Null)];
            if turned {
                entries.reverse();
                notes.reverse();
            }
            notes.push(("t", dict(entries).into()));
            bag(notes)
        };
        same(inner(true), inner(false));
        same(bag(vec![("i", inner(true).into())]), bag(vec![("I", inner(false).into())]));
        same(list(vec![inner(true).into()]), list(vec![inner(false).into()]));
        differ(list(vec![Value::I32(1), Value::I32(2)]), list(vec![Value::I32(2), Value::I32(1)]));
        let by_number = |first, second| dict(vec![(Value::I32(first), Value::Null), (Value::I32(second), Value::Null)]);
        same(by_number(1, 2), by_number(2, 1));
        differ(by_number(1, 2), by_number(1, 3));
    }

    #[test]
    fn what_a_value_is_counts_and_not_its_type() {
        same(Value::I32(5), Value::U64(5));
        same(Value::F64(5.0), Value::U8(5));
        same(Value::F32(0.1), Value::F64(0.1));
        same(decimal("1.10"), Value::F64(1.1));
        same(decimal("-0.0"), Value::I64(0));
        differ(Value::U64(u64::MAX), Value::F64(u64::MAX as f64));
        differ(Value::I32(5), Value::str("5"));
        differ(Value::I32(5), Value::I32(-5));
        differ(Value::I32(1), Value::Bool(true));
        differ(Value::I32(10), Value::I32(100));
        differ(Value::Null, Value::str(""));
        differ(Value::str("a"), Value::str("A"));
        let typed = |name: &'static str| Object { type_names: TypeNames::new([name]), ..bag(vec![("a", Value::Null)]) };
        same(typed("Deserialized.My.Type"), typed("My.Type"));
        let address = |text: &str| Object {
            type_names: TypeNames::new(["System.Net.IPAddress"]),
            to_string: Some(text.into()),
            ..bag(vec![("ScopeId", Value::Null)])
        };
        same(address("::1"), Value::str("::1"));
        differ(address("::1"), address("::2"));
    }

    #[test]
    fn dates_count_by_their_instant() {
        same(date("2026-11-22T10:20:30Z"), date("2026-11-22T11:20:30.000+01:00"));
        same(date("2026-11-22T10:20:30.5000000"), date("2026-11-22T10:20:30.5"));
        differ(date("2026-11-22T10:20:30Z"), date("2026-11-22T10:20:30"));
        differ(date("2026-11-22T10:20:30Z"), date("2026-11-22T10:20:30.0000001Z"));
        differ(date("2026-11-22T10:20:30"), date("2026-11-22T10:20:03"));
    }

    #[test]
    fn bookkeeping_does_not_count_and_texts_that_say_more_do() {
        let named = |host: &str| bag(vec![("a", Value::I32(1)), ("PSComputerName", Value::str(host))]);
        same(named("web01"), bag(vec![("a", Value::I32(1))]));
        let told = |text: &str| Object { to_string: Some(text.into()), ..bag(vec![("Path", Value::str("/tmp/a"))]) };
        same(told("/tmp/a"), told("a"));
        differ(told("/tmp/a"), told("mine"));
    }

    #[test]
    fn references_are_what_they_refer_to() {
        let shared = |id| Object { id: Some(id), ..bag(vec![("x", Value::I32(1))]) };
        same(
            bag(vec![("a", shared(1).into()), ("b", Value::Ref(1))]),
            bag(vec![("a", shared(7).into()), ("b", shared(8).into())]),
        );
        let cycle = |id| Object { id: Some(id), ..bag(vec![("me", Value::Ref(id))]) };
        same(cycle(1), cycle(2));
        differ(cycle(1), bag(vec![("me", Value::Null)]));
    }

    #[test]
    fn references_that_double_at_each_level_take_no_time() {
        let mut value = Value::from(Object { id: Some(0), ..bag(vec![("x", Value::I32(1))]) });
        for id in 1..60 {
            value = Object { id: Some(id), ..bag(vec![("a", value), ("b", Value::Ref(id - 1))]) }.into();
        }
        assert_eq!(of(value.clone()), of(value));
    }

    #[test]
    fn only_what_is_selected_counts() {
        let object = |size| Document::new(bag(vec![("Name", Value::str("a")), ("Size", Value::I32(size))]).into());
        let select = Select::new(&["name".to_owned()]);
        assert_eq!(of_object(&object(1), &select), of_object(&object(2), &select));
        assert_ne!(of_object(&object(1), &Select::default()), of_object(&object(2), &Select::default()));
    }
}
