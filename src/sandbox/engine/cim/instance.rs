//! Objects of classes: `CimInstance` and `ManagementObject`.

use std::sync::Arc;

use super::super::convert::{self, text};
use super::super::datetime::DateTime;
use super::super::eval::Evaluator;
use super::super::value::{Obj, Schema, Val};
use super::schema::{Class, Kind};

/// What is known of an object; the properties that it doesn't name are null.
pub(in super::super) type Row = Vec<(&'static str, Val)>;

/// An object of a class while it is one of several of a query.
pub(in super::super) struct Instance {
    pub(super) class: &'static Class,
    /// One for each property of the class.
    pub(super) values: Vec<Val>,
}

/// Which of the two kinds of objects cmdlets give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Form {
    /// Of the CIM cmdlets.
    Cim,
    /// Of Get-WmiObject.
    Wmi,
}

/// A number, whose type is the property's.
pub(in super::super) fn number(value: impl Into<i128>) -> Val {
    Val::I64(i64::try_from(value.into()).unwrap_or(i64::MAX))
}

/// A list of texts.
pub(in super::super) fn texts<T: Into<Arc<str>>>(items: impl IntoIterator<Item = T>) -> Val {
    Val::list("System.String[]", items.into_iter().map(|item| Val::str(item)).collect())
}

impl Instance {
    /// The object with what follows from its class and its host.
    pub(in super::super) fn new(evaluator: &Evaluator<'_>, class: &'static Class, row: Row) -> Self {
        let computer = evaluator.host.name().to_uppercase();
        let given = |name: &str| row.iter().find(|(own, _)| *own == name).map(|(_, value)| value.clone());
        let values = class
            .properties
            .iter()
            .map(|property| match (given(property.name), property.name) {
                (Some(value), _) => fit(value, property.kind, property.is_array),
                (None, "CreationClassName") => Val::str(class.name),
                (None, "SystemCreationClassName" | "CSCreationClassName") => Val::str("Win32_ComputerSystem"),
                (None, "SystemName" | "CSName") if class.namespace == "root/cimv2" => Val::str(computer.as_str()),
                _ => Val::Null,
            })
            .collect();
        Self { class, values }
    }

    pub(in super::super) fn class(&self) -> &'static Class {
        self.class
    }

    pub(super) fn get(&self, name: &str) -> Option<&Val> {
        let place = self.class.properties.iter().position(|property| property.name.eq_ignore_ascii_case(name))?;
        self.values.get(place)
    }

    /// Makes all null but these; no name keeps all.
    pub(super) fn keep_only(&mut self, names: &[String]) {
        for (property, value) in self.class.properties.iter().zip(&mut self.values) {
            if !names.is_empty() && !names.iter().any(|name| name.eq_ignore_ascii_case(property.name)) {
                *value = Val::Null;
            }
        }
    }

    /// `Name = "Spooler"`, these keys.
    fn written(&self, keys: impl IntoIterator<Item = &'static str>, equals: &str, separator: &str) -> String {
        let key = |name: &'static str| {
            let value = self.get(name).unwrap_or(&Val::Null);
            let written = match value {
                Val::Str(value) => format!("\"{}\"", escaped(value)),
                other => text(other),
            };
            format!("{name}{equals}{written}")
        };
        keys.into_iter().map(key).collect::<Vec<_>>().join(separator)
    }

    /// `Win32_Service.Name="Spooler"`; several keys by their names.
    pub(super) fn relative_path(&self) -> String {
        let mut keys: Vec<&str> = self.class.keys().collect();
        keys.sort_unstable();
        match self.written(keys, "=", ",") {
            keys if keys.is_empty() => format!("{}=@", self.class.name),
            keys => format!("{}.{keys}", self.class.name),
        }
    }

    /// Whether an object has its keys.
    pub(super) fn is_keyed_as(&self, value: &Val) -> bool {
        let Val::Object(object) = value else { return false };
        self.has_keys(|key| object.get(key))
    }

    fn has_keys(&self, other: impl Fn(&str) -> Option<Val>) -> bool {
        let is_it = |key| match (self.get(key), other(key)) {
            (Some(own), Some(other)) => text(own).eq_ignore_ascii_case(&text(&other)),
            _ => false,
        };
        self.class.keys().all(is_it)
    }

    /// Whether a property, if it is a reference, refers to what a path names, in whatever way that is written.
    pub(super) fn refers_to(&self, property: &str, path: &str) -> Option<bool> {
        let of_class = self.class.properties.iter().find(|own| own.name.eq_ignore_ascii_case(property))?;
        if of_class.kind != Kind::Reference {
            return None;
        }
        let (own, other) = (referred(&text(self.get(property)?)), referred(path));
        let is_same = |(own, other): (Self, Self)| {
            own.class.name == other.class.name && own.has_keys(|key| other.get(key).cloned())
        };
        Some(own.zip(other).is_some_and(is_same))
    }

    /// The object for scripts.
    pub(in super::super) fn into_object(self, evaluator: &Evaluator<'_>, form: Form) -> Val {
        match form {
            Form::Cim => self.into_cim(),
            Form::Wmi => self.into_wmi(evaluator),
        }
    }

    fn into_cim(self) -> Val {
        let shown = self.cim_text();
        let schema = cim_schema(self.class);
        let own = self.class.properties.iter().zip(self.values).map(|(property, value)| match (property.kind, value) {
            (Kind::Reference, Val::Str(path)) => referred(&path).map_or(Val::Str(path), Self::into_cim),
            (_, value) => value,
        });
        Obj::typed(&schema, shown, own.chain([Val::Null]).collect())
    }

    /// As `CimInstance.ToString` has it: class, caption, keys.
    fn cim_text(&self) -> String {
        // The network's own scripts give these a text that shows what they are for.
        let shown = match self.class.name {
            "MSFT_NetIPAddress" => self.get("IPAddress"),
            "MSFT_NetRoute" => self.get("NextHop"),
            "MSFT_DNSClientServerAddress" => self.get("ServerAddresses"),
            _ => None,
        };
        if let Some(shown) = shown {
            let parts: Vec<String> = shown.clone().into_items().iter().map(text).collect();
            return parts.join(", ");
        }
        let keys = self.written(self.class.keys(), " = ", ", ");
        let keys = if keys.is_empty() { String::new() } else { format!(" ({keys})") };
        match self.get("Caption") {
            Some(Val::Str(caption)) => format!("{}: {caption}{keys}", self.class.name),
            _ => format!("{}{keys}", self.class.name),
        }
    }

    /// System properties first, then the class's by name.
    fn into_wmi(self, evaluator: &Evaluator<'_>) -> Val {
        let server = evaluator.host.name().to_uppercase();
        let namespace = self.class.namespace.replace('/', "\\");
        let relative = self.relative_path();
        let path = format!("\\\\{server}\\{namespace}:{relative}");
        let class = self.class;
        let line: Vec<&str> = class.line().collect();
        let mut members: Vec<(&str, Val)> = vec![
            ("__GENUS", Val::I32(2)),
            ("__CLASS", Val::str(class.name)),
            ("__SUPERCLASS", class.ancestors.first().map_or(Val::Null, |base| Val::str(*base))),
            ("__DYNASTY", Val::str(line.last().copied().unwrap_or(class.name))),
            ("__RELPATH", Val::str(relative)),
            ("__PROPERTY_COUNT", Val::I32(class.properties.len() as i32)),
            ("__DERIVATION", texts(class.ancestors.iter().copied())),
            ("__SERVER", Val::str(server.as_str())),
            ("__NAMESPACE", Val::str(namespace.as_str())),
            ("__PATH", Val::str(path.as_str())),
        ];
        let mut own: Vec<(&str, Val)> = class
            .properties
            .iter()
            .zip(self.values)
            .map(|(property, value)| (property.name, dmtf(value, property.kind)))
            .collect();
        own.sort_by_cached_key(|(name, _)| name.to_ascii_lowercase());
        members.extend(own);
        members.push(("PSComputerName", Val::str(server)));
        let (names, values): (Vec<&str>, Vec<Val>) = members.into_iter().unzip();
        let root = format!("System.Management.ManagementObject#{namespace}\\");
        let types = derived(&root, "System.Management.ManagementObject#", class, &WMI_TYPES);
        let types: Vec<&str> = types.iter().map(String::as_str).collect();
        Obj::typed(&Schema::new(&types, &names), path, values)
    }
}

const WMI_TYPES: [&str; 5] = [
    "System.Management.ManagementObject",
    "System.Management.ManagementBaseObject",
    "System.ComponentModel.Component",
    "System.MarshalByRefObject",
    "System.Object",
];

/// What objects of a class share.
pub(super) fn cim_schema(class: &Class) -> Arc<Schema> {
    let plain = "Microsoft.Management.Infrastructure.CimInstance#";
    // Modules made of CIM classes write their root in capitals.
    let namespace = match class.namespace.strip_prefix("root/") {
        Some(rest) if rest != "cimv2" => format!("ROOT/{rest}"),
        _ => class.namespace.to_owned(),
    };
    let last = ["Microsoft.Management.Infrastructure.CimInstance", "System.Object"];
    let types = derived(&format!("{plain}{namespace}/"), plain, class, &last);
    let types: Vec<&str> = types.iter().map(String::as_str).collect();
    let names: Vec<&str> = class.properties.iter().map(|property| property.name).chain(["PSComputerName"]).collect();
    Schema::new(&types, &names)
}

/// The type names of an object: with the namespace, without, of the .NET type.
fn derived(root: &str, plain: &str, class: &Class, last: &[&str]) -> Vec<String> {
    let with = |start: &str| class.line().map(|name| format!("{start}{name}")).collect::<Vec<_>>();
    [with(root), with(plain), last.iter().map(|name| (*name).to_owned()).collect()].concat()
}

/// The object that a path refers to, as far as the path says: its keys.
///
/// Source: learn.microsoft.com, Describing an Instance Object Path: a namespace may stand before it, and texts are in
/// double or single quotes.
pub(super) fn referred(path: &str) -> Option<Instance> {
    let namespace = path.split_once(':').filter(|(before, _)| !before.contains('='));
    let relative = namespace.map_or(path, |(_, relative)| relative);
    let (class, mut rest) = relative.split_once('.')?;
    let class = super::schema::find(class)?;
    let mut values = vec![Val::Null; class.properties.len()];
    loop {
        let (name, after) = rest.split_once('=')?;
        let place = class.properties.iter().position(|property| property.name.eq_ignore_ascii_case(name))?;
        let (value, after) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let (value, after) = unescaped(&after[1..], quote)?;
                (Val::str(value), after)
            }
            _ => {
                let end = after.find(',').unwrap_or(after.len());
                (Val::I64(after[..end].parse().ok()?), &after[end..])
            }
        };
        values[place] = fit(value, class.properties[place].kind, false);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return after.is_empty().then_some(Instance { class, values }),
        }
    }
}

/// A quoted value without its escapes, up to the closing quote, and what stands behind that.
fn unescaped(quoted: &str, quote: char) -> Option<(String, &str)> {
    let (mut value, mut chars) = (String::new(), quoted.char_indices());
    loop {
        match chars.next()? {
            (_, '\\') => value.push(chars.next()?.1),
            (at, end) if end == quote => return Some((value, &quoted[at + 1..])),
            (_, other) => value.push(other),
        }
    }
}

/// Quotes and backslashes of a key are escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A value in the type of its property.
fn fit(value: Val, kind: Kind, is_array: bool) -> Val {
    if is_array {
        return match value {
            Val::List(list) => {
                let items = list.items().into_iter().map(|item| fit(item, kind, false)).collect();
                Val::list(format!("{}[]", kind.type_name()), items)
            }
            other => other,
        };
    }
    match (kind, value.as_int()) {
        (Kind::Number(type_name), Some(number)) => {
            convert::fit(number, type_name.trim_start_matches("System.")).unwrap_or(Val::Null)
        }
        (Kind::Float("System.Single"), Some(number)) => Val::F32(number as f32),
        (Kind::Float(_), Some(number)) => Val::F64(number as f64),
        _ => value,
    }
}

/// Dates of WMI are texts: `20260102030405.000000+060`.
fn dmtf(value: Val, kind: Kind) -> Val {
    match value {
        Val::DateTime(time) if kind == Kind::Date => Val::str(dmtf_text(time)),
        other => other,
    }
}

pub(in super::super) fn dmtf_text(time: DateTime) -> String {
    let civil = time.civil();
    let offset = match time.kind {
        super::super::datetime::Kind::Local(minutes) => minutes,
        _ => 0,
    };
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}.{:06}{offset:+04}",
        civil.year,
        civil.month,
        civil.day,
        civil.hour,
        civil.minute,
        civil.second,
        civil.fraction / 10
    )
}

/// The point in time of a DMTF text.
pub(in super::super) fn of_dmtf(text: &str, offset_minutes: i32) -> Option<DateTime> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let date = DateTime::from_date(part(0, 4)?, part(4, 6)?, part(6, 8)?)?;
    let seconds = part(8, 10)? * 3600 + part(10, 12)? * 60 + part(12, 14)?;
    let fraction = part(15, 21)? * 10;
    let offset = part(21, 25)?;
    let time = date.plus(seconds * super::super::datetime::SECOND + fraction)?;
    let utc = time.plus(-offset * 60 * super::super::datetime::SECOND)?;
    let utc = DateTime { ticks: utc.ticks, kind: super::super::datetime::Kind::Utc };
    Some(utc.to_local(offset_minutes))
}

/// The class of an object that a cmdlet of CIM or WMI gave.
pub(in super::super) fn class_of(object: &Obj) -> Option<&'static Class> {
    let (start, name) = object.type_name().split_once('#')?;
    if !start.ends_with(".CimInstance") && !start.ends_with(".ManagementObject") {
        return None;
    }
    super::schema::find(name.rsplit(['/', '\\']).next()?)
}
