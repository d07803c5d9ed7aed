//! The values of parameters that have a type.

use super::text;
use crate::clixml::{Content, ListKind, Object, TypeNames, Value};
use crate::script::evaluate::array;

/// A value as a type, named as in `param()`, holds it. `None` where the outcome is not certain: PowerShell converts a
/// lot more, by rules of .NET.
pub(super) fn convert(value: &Value, type_name: &str) -> Option<Value> {
    let lower = type_name.to_ascii_lowercase();
    let short = lower.strip_prefix("system.").unwrap_or(&lower);
    match short.strip_prefix("management.automation.").unwrap_or(short) {
        "" | "object" | "psobject" => Some(value.clone()),
        "string" => text::of(value).map(Value::str),
        "int" | "int32" => integer(value)?.try_into().ok().map(Value::I32),
        "long" | "int64" => integer(value).map(Value::I64),
        "double" => double(value).map(Value::F64),
        "bool" | "boolean" => boolean(value).map(Value::Bool),
        "switch" | "switchparameter" => boolean(value).map(switch),
        "array" | "object[]" => Some(list(value, array, Some)?),
        "string[]" => list(value, |items| typed("System.String[]", items), |item| convert(&item, "string")),
        "int[]" | "int32[]" => list(value, |items| typed("System.Int32[]", items), |item| convert(&item, "int")),
        "hashtable" | "collections.hashtable" => is_hashtable(value).then(|| value.clone()),
        "securestring" | "security.securestring" => {
            matches!(value.unboxed(), Value::SecureString(_) | Value::Null).then(|| value.clone())
        }
        "pscredential" => {
            let is_credential =
                |object: &Object| object.type_names.contains("System.Management.Automation.PSCredential");
            (*value == Value::Null || value.as_object().is_some_and(is_credential)).then(|| value.clone())
        }
        _ => None,
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value.unboxed() {
        Value::Null => Some(0),
        Value::Bool(yes) => Some((*yes).into()),
        Value::Str(text) => text.as_str()?.trim().parse().ok(),
        _ => value.as_i64(),
    }
}

fn double(value: &Value) -> Option<f64> {
    match value.unboxed() {
        Value::F64(number) => Some(*number),
        Value::F32(number) => Some((*number).into()),
        Value::Str(text) => {
            let text = text.as_str()?.trim();
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
            text.parse().ok().filter(|_| is_plain)
        }
        // Beyond 32 bits the nearest double may be another number.
        _ => i32::try_from(integer(value)?).ok().map(f64::from),
    }
}

fn boolean(value: &Value) -> Option<bool> {
    match value.unboxed() {
        Value::Null => Some(false),
        Value::Bool(yes) => Some(*yes),
        _ => value.as_i64().map(|number| number != 0),
    }
}

fn is_hashtable(value: &Value) -> bool {
    let is_table = |object: &Object| object.type_names.first() == Some("System.Collections.Hashtable");
    *value == Value::Null || value.as_object().is_some_and(is_table)
}

/// The items of a list, each converted; a value that is not a list is its only item.
fn list(value: &Value, make: impl Fn(Vec<Value>) -> Value, item: impl Fn(Value) -> Option<Value>) -> Option<Value> {
    let items = match (value.as_list(), value) {
        (Some(items), _) => items.to_vec(),
        (None, Value::Null) => return Some(Value::Null),
        (None, single) => vec![single.clone()],
    };
    items.into_iter().map(item).collect::<Option<Vec<_>>>().map(make)
}

fn typed(type_name: &str, items: Vec<Value>) -> Value {
    let type_names = TypeNames::new([type_name, "System.Array", "System.Object"]);
    Object { type_names, content: Content::List(ListKind::List, items), ..Object::default() }.into()
}

/// A switch as PowerShell serializes it, and makes one of again.
fn switch(is_present: bool) -> Value {
    Object {
        type_names: TypeNames::new([
            "System.Management.Automation.SwitchParameter",
            "System.ValueType",
            "System.Object",
        ]),
        to_string: Some(if is_present { "True" } else { "False" }.into()),
        props: vec![("IsPresent".into(), Value::Bool(is_present))],
        ..Object::default()
    }
    .into()
}
