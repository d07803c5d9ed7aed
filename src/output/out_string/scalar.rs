//! Values that PowerShell shows by their properties, although the wire has them as one text: dates, durations,
//! versions, ids, addresses, and lists inside lists. Here they become objects with the properties that .NET has.

use std::borrow::Cow;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use url::Url;

use super::cell;
use super::date::{Moment, span_parts};
use super::xml;
use crate::clixml::{Content, Document, ListKind, Members, Object, PsString, TypeNames, Value};

/// An entry of a dictionary, as PowerShell has it.
pub(super) fn entry(key: &Value, value: &Value) -> Object {
    // A key that is null has no name; nothing else is null in its place.
    let fields = vec![("Key", key.clone()), ("Value", value.clone()), ("Name", key.clone())];
    made("System.Collections.DictionaryEntry", fields)
}

/// The object that a value is shown as; none if it is text by itself, or an object already.
pub(super) fn object(document: &Document, value: &Value) -> Option<Object> {
    match value {
        Value::DateTime(text) => Some(made("System.DateTime", Moment::read(text)?.parts())),
        Value::TimeSpan(text) => Some(made("System.TimeSpan", span_parts(text)?)),
        Value::Version(text) => Some(made("System.Version", version(text))),
        Value::Guid(id) => {
            let bytes = id.as_bytes();
            let [version, variant] = [bytes[6] >> 4, bytes[8] >> 4].map(|half| Value::I32(half.into()));
            let fields = vec![("Variant", variant), ("Version", version), ("Guid", Value::str(id.to_string()))];
            Some(made("System.Guid", fields))
        }
        Value::Uri(text) => Some(made("System.Uri", uri(text))),
        Value::Xml(text) => Some(made("System.Xml.XmlDocument", xml::fields(&text.to_str_lossy()))),
        Value::Bytes(bytes) => Some(made("System.Byte[]", array(value, bytes.len()))),
        Value::Object(object) if object.is_enum() => {
            let name = Value::str(cell::alone(document, value));
            let (type_names, notes) = (object.type_names.clone(), object.notes.clone());
            Some(Object { type_names, props: members(vec![("Value", name)]), notes, ..Object::default() })
        }
        Value::Object(object) => {
            let kind = cell::collection_type(object)?;
            match &object.content {
                Content::List(list, items) => Some(made(kind, self::list(value, *list, items.len()))),
                // Of other dictionaries PowerShell sees no properties.
                Content::Dict(entries) if kind == cell::ORDERED => Some(made(kind, dictionary(value, entries))),
                _ => None,
            }
        }
        _ => None,
    }
}

fn made<N: Into<Arc<str>>>(kind: &'static str, fields: Vec<(N, Value)>) -> Object {
    Object { type_names: TypeNames::new([kind]), props: members(fields), ..Object::default() }
}

fn members<N: Into<Arc<str>>>(fields: Vec<(N, Value)>) -> Members {
    fields.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

fn version(text: &str) -> Vec<(&'static str, Value)> {
    let mut parts = text.split('.').map(|part| part.parse::<i32>().unwrap_or(-1));
    let mut part = || parts.next().unwrap_or(-1);
    let [major, minor, build, revision] = [part(), part(), part(), part()];
    // .NET's halves of the revision; -1 has no others.
    let [high, low] = [revision >> 16, i32::from(revision as i16)];
    let numbers = [
        ("Major", major),
        ("Minor", minor),
        ("Build", build),
        ("Revision", revision),
        ("MajorRevision", high),
        ("MinorRevision", low),
    ];
    numbers.map(|(name, number)| (name, Value::I32(number))).into()
}

/// What a list that arrives inside a list has as properties.
fn list(value: &Value, kind: ListKind, length: usize) -> Vec<(&'static str, Value)> {
    let number = |number: usize| Value::I32(i32::try_from(number).unwrap_or(i32::MAX));
    let no = Value::Bool(false);
    let (count, root) = (("Count", number(length)), ("SyncRoot", value.clone()));
    match kind {
        ListKind::Stack | ListKind::Queue => vec![count, ("IsSynchronized", no), root],
        // It grows by doubling, from 4.
        ListKind::List | ListKind::Enumerable => vec![
            ("Capacity", number(if length == 0 { 0 } else { length.next_power_of_two().max(4) })),
            count,
            ("IsFixedSize", no.clone()),
            ("IsReadOnly", no.clone()),
            ("IsSynchronized", no),
            root,
        ],
    }
}

/// What an ordered dictionary that arrives inside a list has as properties.
fn dictionary(value: &Value, entries: &[(Value, Value)]) -> Vec<(&'static str, Value)> {
    let list =
        |items: Vec<Value>| Value::from(Object { content: Content::List(ListKind::List, items), ..Object::default() });
    let no = Value::Bool(false);
    vec![
        ("Count", Value::I32(i32::try_from(entries.len()).unwrap_or(i32::MAX))),
        ("IsReadOnly", no.clone()),
        ("Keys", list(entries.iter().map(|(key, _)| key.clone()).collect())),
        ("Values", list(entries.iter().map(|(_, value)| value.clone()).collect())),
        ("IsFixedSize", no.clone()),
        ("SyncRoot", value.clone()),
        ("IsSynchronized", no),
    ]
}

/// What an array that arrives inside a list has as properties.
fn array(value: &Value, length: usize) -> Vec<(&'static str, Value)> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    vec![
        ("Length", Value::I64(length)),
        ("LongLength", Value::I64(length)),
        ("Rank", Value::I32(1)),
        ("SyncRoot", value.clone()),
        ("IsReadOnly", Value::Bool(false)),
        ("IsFixedSize", Value::Bool(true)),
        ("IsSynchronized", Value::Bool(false)),
        ("Count", Value::I64(length)),
    ]
}

/// .NET's names of the properties of a Uri, in its order.
pub(crate) const URI: [&str; 22] = [
    "AbsolutePath",
    "AbsoluteUri",
    "LocalPath",
    "Authority",
    "HostNameType",
    "IsDefaultPort",
    "IsFile",
    "IsLoopback",
    "PathAndQuery",
    "Segments",
    "IsUnc",
    "Host",
    "Port",
    "Query",
    "Fragment",
    "Scheme",
    "OriginalString",
    "DnsSafeHost",
    "IdnHost",
    "IsAbsoluteUri",
    "UserEscaped",
    "UserInfo",
];

fn uri(text: &PsString) -> Vec<(&'static str, Value)> {
    let text = text.to_str_lossy();
    let url = Url::parse(&text).ok();
    URI.map(|name| {
        let value = match (name, &url) {
            ("OriginalString", _) => Value::str(text.to_string()),
            ("IsAbsoluteUri", _) => Value::Bool(url.is_some()),
            ("UserEscaped", _) => Value::Bool(false),
            (_, Some(url)) => uri_part(url, name),
            ("UserInfo", None) => Value::str(""),
            // Properties that throw are null.
            (_, None) => Value::Null,
        };
        (name, value)
    })
    .into()
}

fn uri_part(url: &Url, name: &str) -> Value {
    let marked = |mark: &str, part: Option<&str>| match part {
        Some(part) if !part.is_empty() => format!("{mark}{part}"),
        _ => String::new(),
    };
    let port = url.port_or_known_default().map_or(-1, i32::from);
    let (path, query, host) = (url.path(), marked("?", url.query()), url.host_str().unwrap_or_default());
    Value::str(match name {
        "AbsolutePath" => path.to_owned(),
        "AbsoluteUri" => url.to_string(),
        "LocalPath" => percent_decode_str(path).decode_utf8().map_or_else(|_| path.to_owned(), Cow::into_owned),
        "Authority" => url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
        "HostNameType" => match url.host() {
            Some(url::Host::Ipv4(_)) => "IPv4",
            Some(url::Host::Ipv6(_)) => "IPv6",
            Some(url::Host::Domain(_)) => "Dns",
            None => "Basic",
        }
        .to_owned(),
        "IsDefaultPort" => return Value::Bool(url.port().is_none()),
        "IsFile" => return Value::Bool(url.scheme() == "file"),
        "IsLoopback" => {
            return Value::Bool(matches!(host, "localhost" | "127.0.0.1" | "[::1]") || url.scheme() == "file");
        }
        "PathAndQuery" => format!("{path}{query}"),
        "Segments" => {
            let segments = path.split_inclusive('/').map(Value::str).collect();
            return Object { content: Content::List(ListKind::List, segments), ..Object::default() }.into();
        }
        "IsUnc" => return Value::Bool(url.scheme() == "file" && !host.is_empty()),
        "Host" => host.to_owned(),
        "Port" => return Value::I32(port),
        "Query" => query,
        "Fragment" => marked("#", url.fragment()),
        "Scheme" => url.scheme().to_owned(),
        "DnsSafeHost" | "IdnHost" => host.trim_matches(['[', ']']).to_owned(),
        _ => match url.password() {
            Some(password) => format!("{}:{password}", url.username()),
            None => url.username().to_owned(),
        },
    })
}
