//! A delta: one thing that a host has and another has not.

use crate::clixml::{Document, Object, Value};
use crate::output::display::display;

/// What is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The reference has it not.
    Added,
    /// Only the reference has it.
    Removed,
    /// Both have it, with other values.
    Changed,
    /// The same objects in another order.
    Reordered,
}

impl Change {
    const ALL: [Self; 4] = [Self::Added, Self::Removed, Self::Changed, Self::Reordered];

    fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Reordered => "reordered",
        }
    }
}

/// One difference from the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Delta {
    /// What kind.
    pub change: Change,
    /// Which object: by its name, or its place as `#1`; none for a line of text.
    pub object: Option<String>,
    /// Which property of it; none for all of it.
    pub property: Option<String>,
    /// What the reference has.
    pub reference: Value,
    /// What these hosts have.
    pub value: Value,
}

impl Delta {
    /// As an object that every format can show.
    pub fn into_document(self) -> Document {
        let text = |text: Option<String>| text.map_or(Value::Null, Value::str);
        let notes = [
            ("Change", Value::str(self.change.name())),
            ("Object", text(self.object)),
            ("Property", text(self.property)),
            ("Reference", self.reference),
            ("Value", self.value),
        ];
        let notes = notes.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Document::new(Object { notes, ..Object::default() }.into())
    }
}

/// A delta for people, from its object: `~ Spooler.Status: Running -> Stopped`.
pub fn line(document: &Document) -> (Change, String) {
    let member = |name: &str| document.root.member(name).unwrap_or(&Value::Null);
    let text = |name: &str| match member(name) {
        Value::Null => None,
        value => Some(display(document, value)),
    };
    let name = text("Change").unwrap_or_default();
    let change = Change::ALL.into_iter().find(|change| change.name() == name).unwrap_or(Change::Changed);
    let (object, property) = (text("Object"), text("Property"));
    let what = match (&object, &property) {
        (Some(object), Some(property)) => Some(format!("{object}.{property}")),
        (object, property) => object.clone().or_else(|| property.clone()),
    };
    // An object of a name is known by it; one that has but a place is not.
    let is_named = property.is_none() && object.is_some_and(|object| !object.starts_with('#'));
    let shown = |name: &str| match text(name) {
        None => "null".to_owned(),
        Some(text) if text.is_empty() => "\"\"".to_owned(),
        Some(text) => text,
    };
    let one = |sign: char, value: &str| match &what {
        Some(what) if is_named => format!("{sign} {what}"),
        Some(what) => format!("{sign} {what}: {}", shown(value)),
        None => format!("{sign} {}", text(value).unwrap_or_default()),
    };
    let text = match change {
        Change::Added => one('+', "Value"),
        Change::Removed => one('-', "Reference"),
        Change::Changed => {
            format!("~ {}: {} -> {}", what.as_deref().unwrap_or_default(), shown("Reference"), shown("Value"))
        }
        Change::Reordered => "~ the same objects in another order".to_owned(),
    };
    (change, text)
}
