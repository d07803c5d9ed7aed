//! The typed profile, out: every value with its type, so that nothing is lost.

use std::collections::HashSet;
use std::slice::Iter;
use std::sync::Arc;

use super::array_type::ARRAY_TYPE;
use super::text::{write_str, write_string};
use crate::clixml::encode::text_of;
use crate::clixml::float::write_f64;
use crate::clixml::places::referred_ids;
use crate::clixml::scalar::Scalar;
use crate::clixml::{Content, Document, ListKind, Object, PsString, RefId, Value, write};

/// Appends a document as typed JSON, without white space; [`read_typed`](super::read_typed) gives the same document
/// again.
///
/// Null, booleans, strings, Int32 and finite doubles (always with a point or an exponent) are JSON's own; an array is
/// an `object[]`. Everything else is an object that says in `$` what it is: the element's name with the text of the
/// element in `v` (numbers of 16 bits and less and singles as numbers), or
///
/// - `{"$":"Obj","id":…,"tn":[type names],"s":text,"base":contained value,"props":{…},"notes":{…}}`,
/// - the same with `"$"` of `LST`, `IE`, `STK` or `QUE` and `"items":[…]`, or of `DCT` and `"items":[[key,value],…]`,
/// - `{"$":"enum",…,"v":number}` for an enum without members,
/// - `{"$":"ref","id":…}`.
///
/// What an object does not have is left out. Two things are not kept: the content of secure strings, and the ids of
/// arrays that nothing refers to.
pub fn write_typed(document: &Document, out: &mut Vec<u8>) {
    let referred = if document.has_refs { referred_ids(&document.root) } else { HashSet::new() };
    let mut writer = Typed { out, steps: Vec::new(), referred };
    writer.value(&document.root);
    writer.run();
}

/// The state of a pass over a tree; the steps are its stack.
struct Typed<'o, 'v> {
    out: &'o mut Vec<u8>,
    steps: Vec<Step<'v>>,
    referred: HashSet<RefId>,
}

/// What is still to be written, innermost last. The flags say whether a comma comes first.
enum Step<'v> {
    Raw(&'static str),
    Value(&'v Value),
    Items(Iter<'v, Value>, bool),
    Pairs(Iter<'v, (Value, Value)>, bool),
    Members(Iter<'v, (Arc<str>, Value)>, bool),
}

impl<'v> Typed<'_, 'v> {
    fn run(&mut self) {
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Raw(text) => self.raw(text),
                Step::Value(value) => self.value(value),
                Step::Items(mut items, more) => {
                    if let Some(item) = items.next() {
                        self.raw(if more { "," } else { "" });
                        self.steps.push(Step::Items(items, true));
                        self.value(item);
                    }
                }
                Step::Pairs(mut pairs, more) => {
                    if let Some((key, value)) = pairs.next() {
                        self.raw(if more { ",[" } else { "[" });
                        let rest = Step::Pairs(pairs, true);
                        self.steps.extend([rest, Step::Raw("]"), Step::Value(value), Step::Raw(",")]);
                        self.value(key);
                    }
                }
                Step::Members(mut members, more) => {
                    if let Some((name, value)) = members.next() {
                        self.raw(if more { "," } else { "" });
                        self.steps.push(Step::Members(members, true));
                        write_str(name, self.out);
                        self.raw(":");
                        self.value(value);
                    }
                }
            }
        }
    }

    fn value(&mut self, value: &'v Value) {
        match value {
            Value::Null => self.raw("null"),
            Value::Bool(yes) => write::boolean(*yes, self.out),
            Value::I32(number) => write::integer(*number, self.out),
            Value::F64(number) if number.is_finite() => self.double(*number),
            Value::Str(text) => write_string(text, self.out),
            Value::Object(object) => self.object(object),
            Value::Ref(id) => {
                self.raw(r#"{"$":"ref","id":"#);
                write::integer(*id, self.out);
                self.raw("}");
            }
            scalar => self.scalar(scalar),
        }
    }

    /// A double, with a point or an exponent so that it is no Int32.
    fn double(&mut self, number: f64) {
        let from = self.out.len();
        write_f64(number, self.out);
        let is_whole =
            self.out.get(from..).is_some_and(|text| text.iter().all(|byte| matches!(byte, b'-' | b'0'..=b'9')));
        if is_whole {
            self.raw(".0");
        }
    }

    fn scalar(&mut self, value: &Value) {
        let Some(scalar) = Scalar::of_value(value) else { return };
        self.raw(r#"{"$":""#);
        self.raw(scalar.tag());
        self.raw("\"");
        match value {
            Value::SecureString(_) => {}
            Value::Char(unit) => {
                self.raw(r#","v":"#);
                write_string(&PsString::from_utf16(&[*unit]), self.out);
            }
            Value::I8(_) | Value::U8(_) | Value::I16(_) | Value::U16(_) => {
                self.raw(r#","v":"#);
                text_of(value, self.out);
            }
            Value::F32(number) if number.is_finite() => {
                self.raw(r#","v":"#);
                text_of(value, self.out);
            }
            Value::Decimal(text) | Value::DateTime(text) | Value::TimeSpan(text) | Value::Version(text) => {
                self.raw(r#","v":"#);
                write_str(text, self.out);
            }
            Value::Uri(text) | Value::Xml(text) | Value::Script(text) => {
                self.raw(r#","v":"#);
                write_string(text, self.out);
            }
            // Digits, letters and signs, which need no escapes.
            _ => {
                self.raw(r#","v":""#);
                text_of(value, self.out);
                self.raw("\"");
            }
        }
        self.raw("}");
    }

    fn object(&mut self, object: &'v Object) {
        if self.is_array(object)
            && let Content::List(_, items) = &object.content
        {
            self.raw("[");
            return self.steps.extend([Step::Raw("]"), Step::Items(items.iter(), false)]);
        }
        self.head(object);
        self.steps.push(Step::Raw("}"));
        for (name, members) in [(r#","notes":{"#, &object.notes), (r#","props":{"#, &object.props)] {
            if !members.is_empty() {
                self.steps.extend([Step::Raw("}"), Step::Members(members.iter(), false), Step::Raw(name)]);
            }
        }
        match &object.content {
            Content::None => {}
            Content::Value(value) if is_plain_enum(object) => {
                self.steps.extend([Step::Value(value), Step::Raw(r#","v":"#)]);
            }
            Content::Value(value) => self.steps.extend([Step::Value(value), Step::Raw(r#","base":"#)]),
            Content::List(_, items) => {
                self.steps.extend([Step::Raw("]"), Step::Items(items.iter(), false), Step::Raw(r#","items":["#)]);
            }
            Content::Dict(pairs) => {
                self.steps.extend([Step::Raw("]"), Step::Pairs(pairs.iter(), false), Step::Raw(r#","items":["#)]);
            }
        }
    }

    /// `{"$":…,"id":…,"tn":…,"s":…`, still open.
    fn head(&mut self, object: &Object) {
        self.raw(r#"{"$":""#);
        self.raw(match &object.content {
            Content::List(kind, _) => kind.tag(),
            Content::Dict(_) => "DCT",
            Content::Value(_) if is_plain_enum(object) => "enum",
            Content::None | Content::Value(_) => "Obj",
        });
        self.raw("\"");
        if let Some(id) = object.id {
            self.raw(r#","id":"#);
            write::integer(id, self.out);
        }
        for (at, name) in object.type_names.iter().enumerate() {
            self.raw(if at == 0 { r#","tn":["# } else { "," });
            write_str(name, self.out);
        }
        if !object.type_names.is_empty() {
            self.raw("]");
        }
        if let Some(text) = &object.to_string {
            self.raw(r#","s":"#);
            write_string(text, self.out);
        }
    }

    /// Whether an object is a bare `object[]` that nothing refers to.
    fn is_array(&self, object: &Object) -> bool {
        matches!(object.content, Content::List(ListKind::List, _))
            && object.to_string.is_none()
            && object.props.is_empty()
            && object.notes.is_empty()
            && object.id.is_none_or(|id| !self.referred.contains(&id))
            && object.type_names.iter().eq(ARRAY_TYPE)
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

fn is_plain_enum(object: &Object) -> bool {
    object.is_enum() && object.props.is_empty() && object.notes.is_empty()
}
