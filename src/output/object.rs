//! Objects as the sinks see them: rows of properties, or single values.

use std::borrow::Cow;

use super::line::append;
use super::select::{Field, Select};
use crate::clixml::{self, Diagnostics, Document, PlainJson, Value};

/// The JSON Schema of objects as plain JSON.
pub const PLAIN_SCHEMA: &str = include_str!("plain.schema.json");

/// The version of the plain form: it changes when a reader of the old one could misread the new one.
pub const PLAIN_VERSION: u32 = 1;

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

/// Appends the selected properties, or the single value, as plain JSON; gives what that cannot show. The host is among them
/// where it was asked for by name.
pub fn write_plain(document: &Document, select: &Select, host: &str, out: &mut Vec<u8>) -> Diagnostics {
    let fields = match shape(document) {
        Shape::Fields(fields) if !select.is_all() => select.apply(fields),
        _ => return clixml::write_plain(document, out),
    };
    let mut json = PlainJson::new(document);
    out.push(b'{');
    if select.has_host() {
        append(out, &super::host::COLUMN);
        out.push(b':');
        append(out, &host);
    }
    for (place, (name, value)) in fields.into_iter().enumerate() {
        if place > 0 || select.has_host() {
            out.push(b',');
        }
        append(out, &name);
        out.push(b':');
        // A selected name that the object lacks is a null of ours, not a value of the document.
        if matches!(value, Value::Null) {
            out.extend_from_slice(b"null")
        } else {
            json.under(name, |json| json.write(value, out))
        }
    }
    out.push(b'}');
    json.finish()
}

/// A value as the text of a CSV cell: the plain JSON form without quotes, booleans as PowerShell writes them.
pub fn cell<'a>(json: &mut PlainJson<'a>, value: &'a Value) -> Cow<'a, str> {
    match value.unboxed() {
        Value::Bool(true) => Cow::Borrowed("True"),
        Value::Bool(false) => Cow::Borrowed("False"),
        _ => json.cell(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::{PLAIN_SCHEMA, Select};
    use crate::clixml::{Document, Value};
    use crate::output::testing::{bag, schema};

    fn plain(value: Value) -> Json {
        let mut json = Vec::new();
        super::write_plain(&Document::new(value), &Select::new(&[]), "h", &mut json);
        serde_json::from_slice(&json).expect("JSON")
    }

    #[test]
    fn every_form_matches_the_schema() {
        let schema = schema::Schema::read(PLAIN_SCHEMA);
        let inner = bag(vec![("Name", Value::str("x")), ("Size", Value::I64(i64::MAX)), ("None", Value::Null)]);
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::F64(f64::NAN),
            Value::Decimal("1.10".into()),
            Value::DateTime("2026-11-22T10:20:30Z".into()),
            Value::SecureString([0].into()),
            bag(vec![("Inner", inner.into()), ("On", Value::Bool(false))]).into(),
        ];
        for value in values {
            schema.check(&plain(value));
        }
    }
}
