//! A value inside a string.

use crate::clixml::{self, Content, Value};

/// The text that PowerShell makes of a value in a string, where that does not hang on culture or on .NET.
pub(super) fn of(value: &Value) -> Option<String> {
    match value.as_list() {
        Some(items) => items.iter().map(of_one).collect::<Option<Vec<_>>>().map(|items| items.join(" ")),
        None => of_one(value),
    }
}

fn of_one(value: &Value) -> Option<String> {
    if let Some(object) = value.as_object() {
        let is_collection = matches!(object.content, Content::List(..) | Content::Dict(_));
        if is_collection {
            return object.type_names.first().map(str::to_owned);
        }
    }
    match value.unboxed() {
        Value::Null => Some(String::new()),
        Value::Bool(yes) => Some(if *yes { "True" } else { "False" }.to_owned()),
        Value::F64(number) if number.is_infinite() => {
            Some(if *number > 0.0 { "\u{221E}" } else { "-\u{221E}" }.to_owned())
        }
        Value::DateTime(_)
        | Value::TimeSpan(_)
        | Value::Bytes(_)
        | Value::SecureString(_)
        | Value::Object(_)
        | Value::Ref(_) => None,
        scalar => Some(clixml::text(scalar).into_owned()),
    }
}
