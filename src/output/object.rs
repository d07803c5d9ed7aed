//! Objects as the sinks see them: rows of properties, or single values.

use std::borrow::Cow;

use super::append::append;
use super::refs::resolve;
use super::select::{Field, Select};
use crate::clixml::{self, Diagnostics, Document, PlainJson, Single, Value};

/// The JSON Schema of objects as plain JSON.
pub const PLAIN_SCHEMA: &str = include_str!("plain.schema.json");

/// The version of the plain form: it changes when a reader of the old one could misread the new one.
pub const PLAIN_VERSION: u32 = 1;

/// What an object is to a sink.
pub(super) enum Shape<'a> {
    /// A row of properties.
    Fields(Vec<Field<'a>>),
    /// One value: a string, a number, an enum, a list, an object with nothing but a text, or one that is a value.
    Scalar(&'a Value),
}

/// What this object is. One that is a value is a row all the same to whoever asks for a member that it has.
pub(super) fn shape<'a>(document: &'a Document, select: &Select) -> Shape<'a> {
    if let Some(fields) = clixml::properties(document).filter(|fields| !fields.is_empty()) {
        return Shape::Fields(fields);
    }
    let asked = |fields: &Vec<Field<'_>>| fields.iter().any(|(name, _)| select.place(name).is_some());
    match clixml::members_of(&document.root).filter(asked) {
        Some(fields) => Shape::Fields(fields),
        None => Shape::Scalar(&document.root),
    }
}

/// The property of this name, references resolved: `Value` of an object that is a single value is the object itself,
/// unless it has a member of the name.
pub(super) fn property<'a>(document: &'a Document, name: &str) -> Option<&'a Value> {
    let fields = clixml::properties(document);
    let is_row = fields.is_some();
    let fields = fields.or_else(|| clixml::members_of(&document.root)).unwrap_or_default();
    let named = fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
    let whole = || Some(&document.root).filter(|_| !is_row && name.eq_ignore_ascii_case("Value"));
    named.or_else(whole).map(|value| resolve(document, value))
}

/// Appends the selected properties, or the single value, as plain JSON; gives what that cannot show. The host is among
/// them where it was asked for by name.
pub(super) fn write_plain(document: &Document, select: &Select, host: &str, out: &mut Vec<u8>) -> Diagnostics {
    let fields = match shape(document, select) {
        Shape::Fields(fields) if !select.is_all() => select.apply(fields),
        _ => return clixml::write_plain(document, out),
    };
    let mut json = PlainJson::new(document);
    out.push(b'{');
    if select.has_host() {
        append(out, &super::host_column::COLUMN);
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
pub(super) fn cell<'a>(json: &mut PlainJson<'a>, value: &'a Value) -> Cow<'a, str> {
    let name = |yes| Cow::Borrowed(if yes { "True" } else { "False" });
    match (value.unboxed(), clixml::single(value)) {
        (Value::Bool(yes), _) => name(*yes),
        (_, Some(Single::Same(Value::Bool(yes)))) => name(yes),
        _ => json.cell(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::{PLAIN_SCHEMA, Select};
    use crate::clixml::{Document, Object, TypeNames, Value};
    use crate::output::testing::{bag, schema};

    fn plain(value: Value) -> Json {
        let mut json = Vec::new();
        super::write_plain(&Document::new(value), &Select::new(&[]), "h", &mut json);
        serde_json::from_slice(&json).expect("JSON")
    }

    fn with_text(kind: &'static str, text: &str) -> Value {
        let to_string = Some(text.into());
        Object { type_names: TypeNames::new([kind]), to_string, ..bag(vec![("Even", Value::Bool(true))]) }.into()
    }

    #[test]
    fn asking_for_members_makes_a_value_a_row() {
        let address = Document::new(with_text("System.Net.IPAddress", "::1"));
        let written = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let mut json = Vec::new();
            super::write_plain(&address, &Select::new(&names), "h", &mut json);
            String::from_utf8(json).expect("UTF-8")
        };
        assert_eq!(written(&[]), r#""::1""#);
        assert_eq!(written(&["even", "Odd"]), r#"{"Even":true,"Odd":null}"#);
        assert_eq!(written(&["Odd"]), r#""::1""#);
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
            with_text("System.Numerics.BigInteger", "1180591620717411303424"),
            with_text("System.DateOnly", "01/02/2024"),
            with_text("System.DBNull", ""),
            with_text("My.Type", "says more"),
        ];
        for value in values {
            schema.check(&plain(value));
        }
    }
}
