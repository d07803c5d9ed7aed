//! One object to show: what type it has and which properties, whatever it came as.

use super::cell::{self, Numbers};
use super::scalar;
use crate::clixml::{self, Content, Document, Object, Value, members_as_formatted};
use crate::output::merged::merged;
use crate::output::refs::resolve;
use crate::output::select::Field;

/// Types whose objects PowerShell shows by their text alone.
const TEXTS: [&str; 2] = ["System.Numerics.BigInteger", "System.Management.Automation.ScriptBlock"];

/// What an item of the output is to PowerShell's formatting.
pub(super) enum Item<'a> {
    /// Text that stands by itself, whatever stands around it.
    Text(String),
    /// Something with properties.
    Object(Described<'a>),
}

/// An object with properties.
pub(crate) struct Described<'a> {
    /// Where the values live.
    pub document: &'a Document,
    /// Type names, most derived first, without `Deserialized.`.
    pub types: Vec<&'a str>,
    /// The properties, in PowerShell's order.
    pub fields: Vec<Field<'a>>,
}

impl<'a> Described<'a> {
    /// These properties of an object, and no type: what Select-Object leaves.
    pub(crate) fn selected(document: &'a Document, fields: Vec<Field<'a>>) -> Self {
        Self { document, types: Vec::new(), fields }
    }

    /// An object of the document, or one made of a value of it.
    pub(crate) fn of(document: &'a Document, object: &'a Object) -> Self {
        let types = object.type_names.iter().map(clixml::live_name).collect();
        Self { document, types, fields: members_as_formatted(object) }
    }

    /// The property of this name.
    pub(crate) fn field(&self, name: &str) -> Option<Field<'a>> {
        self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).copied()
    }

    /// The value of a property, if that is not null.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        let (_, value) = self.field(name)?;
        Some(resolve(self.document, value)).filter(|value| !matches!(value, Value::Null))
    }

    /// The text of a property; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        self.value(name).map(|value| cell::property(self.document, value, Numbers::Plain)).unwrap_or_default()
    }

    /// The number of a property; 0 if there is none.
    pub(crate) fn number(&self, name: &str) -> f64 {
        match self.value(name).map(Value::unboxed) {
            Some(Value::F64(number)) => *number,
            Some(Value::F32(number)) => f64::from(*number),
            Some(Value::U64(number)) => *number as f64,
            Some(value) => value.as_i64().map(|number| number as f64).unwrap_or_default(),
            None => 0.0,
        }
    }

    /// Whether it has one of these types.
    pub(crate) fn is_any(&self, types: &[&str]) -> bool {
        self.types.iter().any(|name| types.iter().any(|wanted| name.eq_ignore_ascii_case(wanted)))
    }
}

/// Calls `show` with each item that PowerShell's formatting sees of a record: collections are opened one level.
pub(super) fn for_each_item<E>(document: &Document, mut show: impl FnMut(Item<'_>) -> Result<(), E>) -> Result<(), E> {
    match cell::opened(document, &document.root) {
        Value::Null => Ok(()),
        Value::Bytes(bytes) => bytes.iter().try_for_each(|byte| show(Item::Text(byte.to_string()))),
        Value::Object(object) if !object.is_enum() => match &object.content {
            Content::List(_, items) => items.iter().try_for_each(|item| item_of(document, item, &mut show)),
            Content::Dict(entries) => entries.iter().try_for_each(|(key, value)| {
                let entry = scalar::entry(key, value);
                show(Item::Object(Described::of(document, &entry)))
            }),
            _ => item_of(document, &document.root, &mut show),
        },
        _ => item_of(document, &document.root, &mut show),
    }
}

fn item_of<E>(document: &Document, value: &Value, show: &mut impl FnMut(Item<'_>) -> Result<(), E>) -> Result<(), E> {
    let value = cell::opened(document, value);
    if let Some(made) = scalar::object(document, value) {
        return show(Item::Object(Described::of(document, &made)));
    }
    let Value::Object(object) = value else { return show(Item::Text(cell::alone(document, value))) };
    if let Some(line) = merged(document, value) {
        return show(Item::Text(line));
    }
    let described = Described::of(document, object);
    if described.fields.is_empty() || described.is_any(&TEXTS) || object.content != Content::None {
        return show(Item::Text(cell::alone(document, value)));
    }
    show(Item::Object(described))
}
