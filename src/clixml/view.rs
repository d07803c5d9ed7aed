//! What a reader wants to see of a value: members merged, bookkeeping hidden, boxes opened.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::single::{self, Single};
use super::{Content, Document, Object, PsString, Value};

/// What a value is, apart from how PowerShell packs it.
#[derive(Debug, PartialEq)]
pub(super) enum Shape<'v> {
    /// A value that is neither an object nor a reference.
    Scalar(&'v Value),
    /// An enum's names, the text of an object that has no members to show, or of one that is a text.
    Text(&'v PsString),
    /// An integer of any size.
    Integer(&'v str),
    /// An object that means the same as this value, which is neither an object nor a reference.
    Same(Value),
    /// Items of a collection of any kind.
    List(&'v [Value]),
    /// A dictionary whose keys are distinct strings.
    Map(&'v [(Value, Value)]),
    /// Any other dictionary.
    Pairs(&'v [(Value, Value)]),
    /// Members of an object, each name once.
    Bag(&'v Object, Vec<(&'v str, &'v Value)>),
    /// A reference.
    Ref(super::RefId),
}

/// The shape of a value.
pub(super) fn shape(value: &Value) -> Shape<'_> {
    let mut value = value;
    while let Value::Object(object) = value {
        match single::of(object) {
            Some(Single::Text(text) | Single::Version(text)) => return Shape::Text(text),
            Some(Single::Integer(digits)) => return Shape::Integer(digits),
            Some(Single::Time(time)) => return Shape::Same(Value::str(time)),
            Some(Single::Same(value)) => return Shape::Same(value),
            None => {}
        }
        match (&object.content, &object.to_string) {
            (Content::Value(_), Some(names)) if object.is_enum() => return Shape::Text(names),
            (Content::Value(inner), _) => value = inner,
            // Of an element PowerShell sees its attributes and children by name.
            (Content::List(..), _) if is_xml(object) && !object.props.is_empty() => {
                return Shape::Bag(object, members(object));
            }
            (Content::List(_, items), _) => return Shape::List(items),
            (Content::Dict(entries), _) if has_distinct_names(entries) => return Shape::Map(entries),
            (Content::Dict(entries), _) => return Shape::Pairs(entries),
            (Content::None, text) => {
                let members = members(object);
                return match text {
                    Some(text) if members.is_empty() => Shape::Text(text),
                    _ => Shape::Bag(object, members),
                };
            }
        }
    }
    match value {
        Value::Ref(id) => Shape::Ref(*id),
        scalar => Shape::Scalar(scalar),
    }
}

impl<'v> Shape<'v> {
    /// The text that an object has of its own.
    pub(super) fn own_text(&self) -> Option<Cow<'v, str>> {
        match self {
            Self::Text(text) => Some(text.to_str_lossy()),
            Self::Integer(digits) => Some(Cow::Borrowed(digits)),
            Self::Bag(object, _) => single::own_text(object).map(PsString::to_str_lossy),
            _ => None,
        }
    }
}

fn is_xml(object: &Object) -> bool {
    object.type_names.contains("System.Xml.XmlNode")
}

/// The properties that make a value a row: members of an object, or entries of a dictionary with string keys. `None`
/// for values that are one cell, such as strings, enums and lists.
pub fn properties(document: &Document) -> Option<Vec<(&str, &Value)>> {
    match shape(&document.root) {
        Shape::Bag(_, members) => Some(members),
        Shape::Map(entries) => entries.iter().map(|(key, value)| Some((key_text(key)?.as_str()?, value))).collect(),
        _ => None,
    }
}

/// The members of an object, whether or not they make it a row.
pub fn members_of(value: &Value) -> Option<Vec<(&str, &Value)>> {
    value.as_object().map(members)
}

/// The text of a dictionary's key that is a string, boxed or not.
pub(super) fn key_text(key: &Value) -> Option<&PsString> {
    match key.unboxed() {
        Value::Str(text) => Some(text),
        _ => None,
    }
}

/// The text of an object's own that says more than its type and members do; plain JSON has it as `$string`.
pub fn telling_text(object: &Object) -> Option<&PsString> {
    telling_text_beside(object, &members(object))
}

/// [`telling_text`], for an object with these members.
pub(super) fn telling_text_beside<'v>(object: &'v Object, members: &[(&str, &Value)]) -> Option<&'v PsString> {
    single::own_text(object).filter(|text| single::says_more(object, text, members))
}

/// Comparing each with each is faster than hashing up to this many.
const FEW: usize = 24;

fn has_distinct_names(entries: &[(Value, Value)]) -> bool {
    let names: Option<Vec<_>> = entries.iter().map(|(key, _)| key_text(key)).collect();
    let Some(names) = names else { return false };
    if names.len() <= FEW {
        return names.iter().enumerate().all(|(at, name)| names.iter().take(at).all(|earlier| earlier != name));
    }
    let mut seen = std::collections::HashSet::with_capacity(names.len());
    names.into_iter().all(|name| seen.insert(name))
}

/// Adapted members in order, then extended ones; an extended member takes the place of an adapted one of its name.
///
/// Names are compared without regard to ASCII case, as PowerShell does.
pub(super) fn members(object: &Object) -> Vec<(&str, &Value)> {
    let (props, notes) = visible(object);
    merge(object, props.chain(notes), Wins::Later)
}

/// The members as PowerShell's formatting meets them: extended ones come before adapted ones.
pub fn members_as_formatted(object: &Object) -> Vec<(&str, &Value)> {
    let (props, notes) = visible(object);
    merge(object, notes.chain(props), Wins::First)
}

/// Adapted and extended members without bookkeeping.
fn visible(object: &Object) -> (impl Iterator<Item = (&str, &Value)>, impl Iterator<Item = (&str, &Value)>) {
    let props = object.props.iter().filter(|(name, _)| !is_computer_name(name));
    let notes = object.notes.iter().filter(|(name, value)| !is_bookkeeping(name, value));
    (props.map(|(name, value)| (&**name, value)), notes.map(|(name, value)| (&**name, value)))
}

/// Which of two members of one name is kept, in the place of the first.
#[derive(Clone, Copy, PartialEq)]
enum Wins {
    First,
    Later,
}

/// The members of an object, each name once.
fn merge<'v>(
    object: &Object,
    all: impl Iterator<Item = (&'v str, &'v Value)>,
    wins: Wins,
) -> Vec<(&'v str, &'v Value)> {
    let most = object.props.len() + object.notes.len();
    if most <= FEW { merge_few(most, all, wins) } else { merge_many(all, wins) }
}

fn merge_few<'v>(
    most: usize,
    all: impl Iterator<Item = (&'v str, &'v Value)>,
    wins: Wins,
) -> Vec<(&'v str, &'v Value)> {
    let mut members: Vec<(&str, &Value)> = Vec::with_capacity(most);
    let mut seen = 0;
    all.for_each(|member| {
        let bit = name_bit(member.0);
        let may_repeat = seen & bit != 0;
        seen |= bit;
        let earlier = members.iter_mut().filter(|_| may_repeat);
        match earlier.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(member.0)) {
            Some(earlier) if wins == Wins::Later => *earlier = member,
            Some(_) => {}
            None => members.push(member),
        }
    });
    members
}

/// One of 64 bits, the same for names that are equal without regard to ASCII case.
fn name_bit(name: &str) -> u64 {
    let letter = |byte: Option<&u8>| usize::from(byte.map_or(0, u8::to_ascii_lowercase));
    let bytes = name.as_bytes();
    1 << ((bytes.len() + 7 * letter(bytes.first()) + 13 * letter(bytes.last())) % 64)
}

fn merge_many<'v>(all: impl Iterator<Item = (&'v str, &'v Value)>, wins: Wins) -> Vec<(&'v str, &'v Value)> {
    let mut members: Vec<(&str, &Value)> = Vec::new();
    let mut places = HashMap::new();
    for member in all {
        match places.entry(member.0.to_ascii_lowercase()) {
            Entry::Occupied(place) => {
                if wins == Wins::Later
                    && let Some(earlier) = members.get_mut(*place.get())
                {
                    *earlier = member;
                }
            }
            Entry::Vacant(place) => {
                place.insert(members.len());
                members.push(member);
            }
        }
    }
    members
}

/// The host of a value is told beside it, never in it (events name it `host`).
fn is_computer_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("PSComputerName")
}

/// Notes that no user set: what Invoke-Command adds, what CIM keeps, and member sets.
fn is_bookkeeping(name: &str, value: &Value) -> bool {
    match value {
        Value::Guid(_) if name.eq_ignore_ascii_case("RunspaceId") => true,
        Value::Bool(_) if name.eq_ignore_ascii_case("PSShowComputerName") => true,
        Value::Object(object) => {
            matches!(name, "__ClassMetadata" | "__InstanceMetadata") || object.is_member_set() || is_computer_name(name)
        }
        _ => is_computer_name(name),
    }
}

#[cfg(test)]
mod tests {
    use super::{members, members_as_formatted, properties};
    use crate::clixml::{Content, Decoder, Document, Object, Value, text};

    fn decode(xml: &str) -> Document {
        Decoder::default().decode(xml.as_bytes()).expect("decodes")
    }

    fn row(xml: &str) -> Option<Vec<(String, String)>> {
        let document = decode(xml);
        let row = properties(&document)?;
        Some(row.into_iter().map(|(name, value)| (name.to_owned(), text(value).into_owned())).collect())
    }

    fn pairs(row: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(row.iter().map(|(name, value)| (String::from(*name), String::from(*value))).collect())
    }

    #[test]
    fn extended_members_shadow_adapted_ones_in_place() {
        let xml = "<Obj><Props><I32 N='A'>1</I32><I32 N='B'>2</I32></Props><MS><I32 N='C'>3</I32><I32 N='a'>4</I32></MS></Obj>";
        assert_eq!(row(xml), pairs(&[("a", "4"), ("B", "2"), ("C", "3")]));
    }

    #[test]
    fn formatting_meets_extended_members_first() {
        let xml = "<Obj><Props><I32 N='A'>1</I32><I32 N='B'>2</I32></Props><MS><I32 N='C'>3</I32><I32 N='a'>4</I32></MS></Obj>";
        let document = decode(xml);
        let members = members_as_formatted(document.root.as_object().expect("an object"));
        let members: Vec<_> = members.iter().map(|(name, value)| (*name, value.as_i64())).collect();
        assert_eq!(members, [("C", Some(3)), ("a", Some(4)), ("B", Some(2))]);
    }

    #[test]
    fn many_members_merge_alike() {
        let member = |number: usize| (format!("P{}", number % 60).into(), Value::I32(number as i32));
        let object = Object {
            props: (0..60).map(member).collect(),
            notes: (60..100).map(member).collect(),
            ..Object::default()
        };
        let merged = members(&object);
        assert_eq!(merged.len(), 60);
        assert_eq!((merged[0], merged[59]), (("P0", &Value::I32(60)), ("P59", &Value::I32(59))));
    }

    #[test]
    fn bookkeeping_is_hidden() {
        let xml = concat!(
            "<Obj><Props><S N='Name'>n</S><S N='PSComputerName'>h</S></Props><MS><S N='PSComputerName'>h</S>",
            "<G N='RunspaceId'>11223344-5566-7788-99aa-bbccddeeff00</G><B N='PSShowComputerName'>true</B>",
            "<MS N='PSStandardMembers'/><Obj N='__ClassMetadata'/><Obj N='__InstanceMetadata'/><S N='RunspaceId2'>x</S></MS></Obj>"
        );
        assert_eq!(row(xml), pairs(&[("Name", "n"), ("RunspaceId2", "x")]));
    }

    #[test]
    fn rows_are_bags_and_dictionaries_with_names() {
        let entry = |key: &str| format!("<En>{key}<I32 N='Value'>1</I32></En>");
        let dict = |keys: &[&str]| format!("<DCT>{}</DCT>", keys.iter().map(|key| entry(key)).collect::<String>());
        assert_eq!(row(&dict(&["<S N='Key'>a</S>", "<S N='Key'>A</S>"])), pairs(&[("a", "1"), ("A", "1")]));
        assert_eq!(row(&dict(&["<S N='Key'>a</S>", "<S N='Key'>a</S>"])), None);
        assert_eq!(row(&dict(&["<I32 N='Key'>1</I32>"])), None);
        assert_eq!(row("<S>x</S>"), None);
        assert_eq!(row("<Obj><I32>1</I32><MS><S N='Unit'>GB</S></MS></Obj>"), None);
        assert_eq!(row("<LST/>"), None);
        assert_eq!(row("<Obj><ToString>text</ToString></Obj>"), None);
        assert_eq!(row("<Obj/>"), pairs(&[]));
        let names: Vec<_> = (0..100).map(|number| (Value::str(number.to_string()), Value::Null)).collect();
        let many = Document::new(Object { content: Content::Dict(names), ..Object::default() }.into());
        assert_eq!(properties(&many).map(|row| row.len()), Some(100));
    }

    #[test]
    fn text_is_what_plain_json_has_between_its_quotes() {
        for (xml, plain) in [
            ("<Nil/>", ""),
            ("<B>true</B>", "true"),
            ("<C>65</C>", "A"),
            ("<Db>1E+20</Db>", "1E+20"),
            ("<Sg>0.1</Sg>", "0.1"),
            ("<Db>-INF</Db>", "-Infinity"),
            ("<D>1.10</D>", "1.10"),
            ("<U64>18446744073709551615</U64>", "18446744073709551615"),
            ("<BA>AQI=</BA>", "AQI="),
            ("<SS>AQI=</SS>", ""),
            ("<Obj><S>boxed</S><MS><I32 N='n'>1</I32></MS></Obj>", "boxed"),
            ("<Obj><TN><T>E</T><T>System.Enum</T></TN><ToString>One</ToString><I32>1</I32></Obj>", "One"),
            ("<Obj><ToString>itself</ToString></Obj>", "itself"),
            ("<LST><I32>1</I32><S>a</S></LST>", r#"[1,"a"]"#),
            ("<Obj><MS><I32 N='n'>1</I32></MS></Obj>", r#"{"n":1}"#),
        ] {
            assert_eq!(text(&decode(xml).root), plain, "{xml}");
        }
    }
}
