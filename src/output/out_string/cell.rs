//! A property's value as PowerShell writes it: in the cell of a table, behind the name in a list, inside a collection.
//!
//! Three depths have three forms. The property itself shows a collection as `{1, 2, 3, 4…}`. An item of it shows a
//! collection as its elements with spaces between. What lies deeper shows no more than its type.

use super::date::Moment;
use super::number;
use crate::clixml::{self, Content, Document, ListKind, Object, Value, members_as_formatted};
use crate::output::date_time::time_span;
use crate::output::refs::resolve;

/// Items of a collection that are shown: PowerShell's `$FormatEnumerationLimit`.
pub(crate) const ITEMS: usize = 4;

/// The type of dictionaries that keep their order.
pub(super) const ORDERED: &str = "System.Collections.Specialized.OrderedDictionary";

/// Bytes after which a collection is cut; text by itself is never cut here.
const LIMIT: usize = 16 * 1024;

/// How numbers with a fraction are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// As PowerShell writes them by themselves.
    Plain,
    /// With two digits behind the point, as in the cells of tables without a view.
    Fixed,
    /// With all digits, as .NET writes them in the entries of dictionaries.
    Exact,
}

/// The value of a property.
pub(super) fn property(document: &Document, value: &Value, numbers: Numbers) -> String {
    let value = opened(document, value);
    if matches!(value, Value::Null) {
        return String::new();
    }
    collection(document, value, ITEMS).unwrap_or_else(|| element(document, value, numbers))
}

/// A collection as a property shows it, with so many items; nothing if it is none.
#[cfg(feature = "sandbox")]
pub(crate) fn items_in_braces(document: &Document, limit: usize) -> Option<String> {
    collection(document, opened(document, &document.root), limit)
}

fn collection(document: &Document, value: &Value, limit: usize) -> Option<String> {
    match value {
        Value::Bytes(bytes) => Some(braces(bytes.iter(), limit, |byte| byte.to_string())),
        Value::Object(object) if !object.is_enum() => match &object.content {
            Content::List(_, items) => Some(braces(items.iter(), limit, |item| self::item(document, item))),
            Content::Dict(entries) => Some(braces(entries.iter(), limit, |(key, value)| pair(document, key, value))),
            _ => None,
        },
        _ => None,
    }
}

/// A value that stands by itself: a string, a number, an enum, or an object's own text.
pub(super) fn alone(document: &Document, value: &Value) -> String {
    element(document, opened(document, value), Numbers::Plain)
}

/// The text that PowerShell makes of a value in a string: `1 2` of a list, `@{a=1}` of a custom object.
pub(crate) fn spoken(document: &Document, value: &Value) -> String {
    match opened(document, value) {
        value @ Value::Bytes(_) => element(document, value, Numbers::Exact),
        Value::Xml(_) => "System.Xml.XmlDocument".to_owned(),
        value => joined(document, value, Numbers::Exact),
    }
}

/// Whether PowerShell puts such values at the right of their column.
pub(super) fn is_right(document: &Document, value: &Value) -> bool {
    let value = opened(document, value);
    let number = matches!(value, Value::F32(_) | Value::F64(_) | Value::Decimal(_) | Value::U64(_));
    let other = matches!(value, Value::Bool(_) | Value::Char(_) | Value::SecureString(_));
    number || other || (value.as_object().is_none() && value.as_i64().is_some())
}

/// The type of a collection once it has been deserialized.
pub(super) fn collection_type(object: &Object) -> Option<&'static str> {
    match &object.content {
        Content::List(ListKind::Stack, _) => Some("System.Collections.Stack"),
        Content::List(ListKind::Queue, _) => Some("System.Collections.Queue"),
        Content::List(..) => Some("System.Collections.ArrayList"),
        Content::Dict(_) if object.type_names.contains(ORDERED) => Some(ORDERED),
        Content::Dict(_) => Some("System.Collections.Hashtable"),
        _ => None,
    }
}

/// The value without the object that a number, string or collection with notes comes in; enums stay.
pub(super) fn opened<'a>(document: &'a Document, value: &'a Value) -> &'a Value {
    let value = resolve(document, value);
    if value.as_object().is_some_and(Object::is_enum) { value } else { resolve(document, value.unboxed()) }
}

fn braces<T>(items: impl ExactSizeIterator<Item = T>, limit: usize, show: impl Fn(T) -> String) -> String {
    let more = items.len() > limit;
    let shown: Vec<_> = items.take(limit).map(|item| bounded(show(item))).collect();
    format!("{{{}{}}}", shown.join(", "), if more { "…" } else { "" })
}

fn item(document: &Document, value: &Value) -> String {
    match opened(document, value) {
        Value::Null => "$null".to_owned(),
        value => joined(document, value, Numbers::Plain),
    }
}

fn pair(document: &Document, key: &Value, value: &Value) -> String {
    let [key, value] = [key, value].map(|part| joined(document, opened(document, part), Numbers::Exact));
    format!("[{key}, {value}]")
}

/// A collection as its elements with spaces between them, anything else as [`element`].
fn joined(document: &Document, value: &Value, numbers: Numbers) -> String {
    match (value, value.as_list()) {
        (Value::Bytes(bytes), _) => spaced(bytes.iter().map(u8::to_string)),
        (_, Some(items)) => spaced(items.iter().map(|item| inner(document, item))),
        _ => element(document, value, numbers),
    }
}

fn spaced(parts: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for (place, part) in parts.enumerate() {
        if place > 0 {
            text.push(' ');
        }
        text.push_str(&part);
        if text.len() > LIMIT {
            break;
        }
    }
    bounded(text)
}

fn element(document: &Document, value: &Value, numbers: Numbers) -> String {
    match (value, numbers) {
        (Value::Null, _) => String::new(),
        (Value::Bool(yes), _) => if *yes { "True" } else { "False" }.to_owned(),
        (Value::F64(number), Numbers::Plain) => number::double(*number),
        (Value::F64(number), Numbers::Fixed) => number::fixed(*number),
        (Value::F32(number), Numbers::Plain) => number::single(*number),
        (Value::F32(number), Numbers::Fixed) => number::fixed((*number).into()),
        (Value::Decimal(text), Numbers::Fixed) => number::fixed_decimal(text),
        (Value::DateTime(text), _) => Moment::read(text).map_or_else(|| text.to_string(), |moment| moment.short()),
        (Value::TimeSpan(text), _) => time_span(text).unwrap_or_else(|| text.to_string()),
        (Value::SecureString(_), _) => "System.Security.SecureString".to_owned(),
        (Value::Bytes(_), _) => "System.Byte[]".to_owned(),
        (Value::Xml(_), _) => "#document".to_owned(),
        (Value::Object(object), _) => own_text(document, object, true),
        (scalar, _) => clixml::text(scalar).into_owned(),
    }
}

/// A value inside an item, where custom objects say nothing.
fn inner(document: &Document, value: &Value) -> String {
    match opened(document, value) {
        Value::Object(object) if !object.is_enum() => own_text(document, object, false),
        value => element(document, value, Numbers::Plain),
    }
}

/// What an object says of itself. A custom object says its members, but not those of custom objects inside.
fn own_text(document: &Document, object: &Object, outer: bool) -> String {
    if let Some(kind) = collection_type(object) {
        return kind.to_owned();
    }
    match &object.to_string {
        Some(text) if !text.is_empty() => text.to_str_lossy().into_owned(),
        _ if outer && is_custom(object) => custom(document, object),
        _ => String::new(),
    }
}

/// Whether the object is a `[pscustomobject]`.
fn is_custom(object: &Object) -> bool {
    object.type_names.contains("System.Management.Automation.PSCustomObject")
}

fn custom(document: &Document, object: &Object) -> String {
    let mut text = String::new();
    for (name, value) in members_as_formatted(object) {
        let value = inner(document, value);
        let separator = if text.is_empty() { "" } else { "; " };
        text.push_str(&format!("{separator}{name}={value}"));
        if text.len() > LIMIT {
            break;
        }
    }
    if text.is_empty() { text } else { format!("@{{{}}}", bounded(text)) }
}

fn bounded(mut text: String) -> String {
    if text.len() > LIMIT {
        text.truncate(text.floor_char_boundary(LIMIT));
        text.push('…');
    }
    text
}
