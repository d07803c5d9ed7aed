//! Objects as the sinks see them: rows of properties, or single values.

use std::borrow::Cow;

use super::line::append;
use super::select::{Field, Select};
use crate::clixml::{self, Document, PlainJson, Value};

/// What an object is to a sink.
pub enum Shape<'a> {
    /// A row of properties.
    Fields(Vec<Field<'a>>),
    /// One value: a string, a number, an enum, a list, an object with nothing but a text.
    Scalar(&'a Value),
}

/// What this object is.
pub fn shape(document: &Document) -> Shape<'_> {
    match clixml::properties(document) {
        Some(fields) if !fields.is_empty() => Shape::Fields(fields),
        _ => Shape::Scalar(&document.root),
    }
}

/// Appends the selected properties, or the single value, as plain JSON.
pub fn write_plain(document: &Document, select: &Select, out: &mut Vec<u8>) {
    let fields = match shape(document) {
        Shape::Fields(fields) if !select.is_all() => select.apply(fields),
        _ => {
            clixml::write_plain(document, out);
            return;
        }
    };
    let mut json = PlainJson::new(document);
    out.push(b'{');
    for (place, (name, value)) in fields.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        append(out, &name);
        out.push(b':');
        // A selected name that the object lacks is a null of ours, not a value of the document.
        if matches!(value, Value::Null) { out.extend_from_slice(b"null") } else { json.write(value, out) }
    }
    out.push(b'}');
}

/// A value as the text of a CSV cell: the plain JSON form without quotes, booleans as PowerShell writes them.
pub fn cell<'a>(json: &mut PlainJson<'a>, value: &'a Value) -> Cow<'a, str> {
    match value.unboxed() {
        Value::Bool(true) => Cow::Borrowed("True"),
        Value::Bool(false) => Cow::Borrowed("False"),
        _ => json.cell(value),
    }
}
