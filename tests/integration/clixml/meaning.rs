//! What PowerShell sees in a decoded object: `Meaning.ps1` over our own values.
//!
//! This imitates PowerShell's reader: it prefixes type names with `Deserialized.`, rebuilds a few .NET types, and puts
//! extended members before adapted ones.

use std::collections::HashMap;

use psfleet::clixml::{self, Content, Document, Object, PsString, RefId, TypeNames, Value};
use serde_json::{Map, Value as Json, json};

use super::golden::{mark, normal};

/// Types that PowerShell rebuilds as live .NET objects.
const LIVE: [&str; 6] = [
    "System.Globalization.CultureInfo",
    "System.Management.Automation.SwitchParameter",
    "System.Net.IPAddress",
    "System.Net.Mail.MailAddress",
    "System.Management.Automation.PSCredential",
    "System.Management.Automation.ProgressRecord",
];

/// The meaning of a document, comparable with a golden one.
pub(crate) fn meaning(document: &Document) -> Json {
    meaning_of(document, &document.root)
}

/// The meaning of a value within a document.
pub(crate) fn meaning_of(document: &Document, value: &Value) -> Json {
    let mut objects = HashMap::new();
    index(&document.root, &mut objects);
    normal(Walk { objects, seen: Vec::new() }.value(value))
}

fn index<'d>(value: &'d Value, objects: &mut HashMap<RefId, &'d Object>) {
    let Value::Object(object) = value else { return };
    objects.extend(object.id.map(|id| (id, &**object)));
    match &object.content {
        Content::None => {}
        Content::Value(value) => index(value, objects),
        Content::List(_, items) => items.iter().for_each(|item| index(item, objects)),
        Content::Dict(entries) => entries.iter().for_each(|(key, value)| {
            index(key, objects);
            index(value, objects);
        }),
    }
    object.props.iter().chain(&object.notes).for_each(|(_, value)| index(value, objects));
}

struct Walk<'d> {
    objects: HashMap<RefId, &'d Object>,
    /// Objects in the order of their first visit, by address.
    seen: Vec<*const Object>,
}

impl<'d> Walk<'d> {
    fn value(&mut self, value: &'d Value) -> Json {
        match value {
            Value::Null => json!({"kind": "null"}),
            Value::Object(object) => self.object(object),
            Value::Ref(id) => self.object(self.objects[id]),
            scalar => {
                let (of, text) = primitive(scalar);
                json!({"kind": "primitive", "type": of, "value": text})
            }
        }
    }

    fn object(&mut self, object: &'d Object) -> Json {
        if let Content::Value(value) = &object.content {
            return self.boxed(object, value);
        }
        if let Some(index) = self.seen.iter().position(|seen| std::ptr::eq(*seen, object)) {
            return json!({"kind": "seen", "index": index});
        }
        self.seen.push(object);
        if let Some(place) = object.type_names.iter().position(|name| LIVE.contains(&name)) {
            // The converter is found by any of the names, and makes an object of its own type.
            return json!({"kind": "live", "types": object.type_names.iter().skip(place).collect::<Vec<_>>()});
        }
        let mut result = Map::new();
        match &object.content {
            Content::List(_, items) => {
                result.insert("kind".into(), "list".into());
                let items: Vec<_> = items.iter().map(|item| self.value(item)).collect();
                result.insert("items".into(), items.into());
            }
            Content::Dict(entries) => {
                result.insert("kind".into(), "dict".into());
                let entries: Vec<_> =
                    entries.iter().map(|(key, value)| json!([self.value(key), self.value(value)])).collect();
                result.insert("entries".into(), entries.into());
            }
            Content::None | Content::Value(_) => {
                result.insert("kind".into(), "object".into());
                result.insert("text".into(), own_text(object));
                result.insert("props".into(), Json::Null);
            }
        }
        result.insert("types".into(), types(&object.type_names, &result));
        self.properties(object, &mut result);
        result.into()
    }

    /// A primitive with type names, text or members of its own.
    fn boxed(&mut self, object: &'d Object, value: &'d Value) -> Json {
        let Json::Object(mut result) = self.value(value) else { panic!("a boxed value is an object") };
        if !object.type_names.is_empty() {
            result.insert("types".into(), deserialized(&object.type_names));
            let text = object.to_string.as_ref().map(|text| marked(text).into());
            result.insert("text".into(), text.unwrap_or_else(|| marked(&PsString::from(&*clixml::text(value))).into()));
        }
        self.properties(object, &mut result);
        result.into()
    }

    fn properties(&mut self, object: &'d Object, result: &mut Map<String, Json>) {
        let shadowed = |name: &str| object.notes.iter().any(|(note, _)| note.eq_ignore_ascii_case(name));
        let props = object.props.iter().filter(|(name, _)| !shadowed(name));
        let is_object = result.get("kind").is_some_and(|kind| kind == "object");
        let properties: Vec<_> = object
            .notes
            .iter()
            .chain(props.filter(|_| is_object))
            // A member set describes its owner and is no property.
            .filter(|(_, value)| !value.as_object().is_some_and(Object::is_member_set))
            .map(|(name, value)| json!([marked(&PsString::from(&**name)), self.value(value)]))
            .collect();
        if is_object || !properties.is_empty() {
            result.insert("props".into(), properties.into());
        }
    }
}

/// `ToString()`: a custom object without text has an empty one, others have no such method.
fn own_text(object: &Object) -> Json {
    match &object.to_string {
        Some(text) => marked(text).into(),
        None if object.props.is_empty() => "".into(),
        None => Json::Null,
    }
}

fn types(names: &TypeNames, result: &Map<String, Json>) -> Json {
    if names.is_empty() && result.get("kind").is_some_and(|kind| kind == "object") {
        return json!(["System.Management.Automation.PSCustomObject", "System.Object"]);
    }
    deserialized(names)
}

fn deserialized(names: &TypeNames) -> Json {
    let prefixed =
        |name: &str| if name.starts_with("Deserialized.") { name.to_owned() } else { format!("Deserialized.{name}") };
    names.iter().map(prefixed).collect::<Vec<_>>().into()
}

/// The text with each surrogate as its mark.
pub(crate) fn marked(text: &PsString) -> String {
    let units = text.utf16();
    char::decode_utf16(units.iter().copied())
        .flat_map(|unit| match unit {
            Ok(c) if c > '\u{FFFF}' => c.encode_utf16(&mut [0; 2]).iter().map(|unit| mark((*unit).into())).collect(),
            Ok(c) => vec![c],
            Err(lone) => vec![mark(lone.unpaired_surrogate().into())],
        })
        .collect()
}

/// .NET type and invariant text of a primitive.
fn primitive(value: &Value) -> (&'static str, String) {
    let text = match value {
        Value::Str(text) | Value::Script(text) | Value::Uri(text) | Value::Xml(text) => marked(text),
        Value::Char(unit) => unit.to_string(),
        Value::DateTime(text) => date_ticks(text),
        Value::TimeSpan(text) => duration_ticks(text).to_string(),
        other => clixml::text(other).into_owned(),
    };
    let of = match value {
        Value::Str(_) | Value::Script(_) => "System.String",
        Value::Char(_) => "System.Char",
        Value::Bool(_) => "System.Boolean",
        Value::I8(_) => "System.SByte",
        Value::U8(_) => "System.Byte",
        Value::I16(_) => "System.Int16",
        Value::U16(_) => "System.UInt16",
        Value::I32(_) => "System.Int32",
        Value::U32(_) => "System.UInt32",
        Value::I64(_) => "System.Int64",
        Value::U64(_) => "System.UInt64",
        Value::F32(_) => "System.Single",
        Value::F64(_) => "System.Double",
        Value::Decimal(_) => "System.Decimal",
        Value::DateTime(_) => "System.DateTime",
        Value::TimeSpan(_) => "System.TimeSpan",
        Value::Bytes(_) => "System.Byte[]",
        Value::Guid(_) => "System.Guid",
        Value::Uri(_) => "System.Uri",
        Value::Version(_) => "System.Version",
        Value::Xml(_) => "System.Xml.XmlDocument",
        Value::SecureString(_) => "System.Security.SecureString",
        Value::Null | Value::Object(_) | Value::Ref(_) => panic!("no primitive"),
    };
    (of, text)
}

const TICKS_PER_SECOND: i128 = 10_000_000;

/// `TICKS KIND` of a date; a local one as a machine in UTC has it.
fn date_ticks(text: &str) -> String {
    let (text, offset) = match text.rfind(['+', '-']).filter(|at| *at > 10) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let (text, kind) = match text.strip_suffix('Z') {
        Some(text) => (text, "Utc"),
        None if offset.is_empty() => (text, "Unspecified"),
        None => (text, "Local"),
    };
    let date: jiff::civil::DateTime = text.parse().expect("a date");
    let days = date.date().duration_since(jiff::civil::date(1, 1, 1)).as_secs() / 86_400;
    let time = date.time().duration_since(jiff::civil::Time::MIN).as_nanos() / 100;
    format!("{} {kind}", i128::from(days) * 86_400 * TICKS_PER_SECOND + time - offset_ticks(offset))
}

/// The ticks of `±hh:mm`.
fn offset_ticks(offset: &str) -> i128 {
    let number =
        |range: std::ops::Range<usize>| offset.get(range).and_then(|digits| digits.parse::<i128>().ok()).unwrap_or(0);
    let minutes = number(1..3) * 60 + number(4..6);
    if offset.starts_with('-') { -minutes * 60 * TICKS_PER_SECOND } else { minutes * 60 * TICKS_PER_SECOND }
}

fn duration_ticks(text: &str) -> i128 {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut ticks = 0;
    let mut number = String::new();
    for c in rest.chars() {
        let seconds = match c {
            '0'..='9' | '.' => {
                number.push(c);
                continue;
            }
            'D' => 86_400,
            'H' => 3_600,
            'M' => 60,
            'S' => 1,
            _ => 0,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
        let fraction = format!("{fraction:0<7}");
        let count = whole.parse().unwrap_or(0) * TICKS_PER_SECOND + fraction.parse::<i128>().unwrap_or(0);
        ticks += count * seconds;
        number.clear();
    }
    sign * ticks
}
