//! Whether PowerShell takes a value for true, as `if` does on the host that it came from.

use crate::clixml::{Content, Object, Value};

/// Whether PowerShell takes a value for true.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Str(text) => !text.to_str_lossy().is_empty(),
        Value::F32(number) => *number != 0.0,
        Value::F64(number) => *number != 0.0,
        Value::Decimal(digits) => digits.chars().any(|digit| digit.is_ascii_digit() && digit != '0'),
        Value::Bytes(bytes) => is_list_true(bytes.len(), || bytes.first().is_some_and(|byte| *byte != 0)),
        Value::Object(object) => is_object_true(object),
        value => value.as_i64() != Some(0),
    }
}

fn is_object_true(object: &Object) -> bool {
    match &object.content {
        Content::Value(inner) => is_true(inner),
        Content::List(_, items) => is_list_true(items.len(), || match items.first() {
            // A list in a list is true unless it is empty, whatever it holds.
            Some(Value::Object(inner)) if let Content::List(_, inner) = &inner.content => !inner.is_empty(),
            first => first.is_some_and(is_true),
        }),
        Content::None if object.type_names.contains("System.Management.Automation.SwitchParameter") => {
            object.member("IsPresent").and_then(Value::as_bool).unwrap_or(true)
        }
        Content::None | Content::Dict(_) => true,
    }
}

/// A list of one is as true as that one; others are true unless they are empty.
fn is_list_true(length: usize, first: impl FnOnce() -> bool) -> bool {
    match length {
        0 => false,
        1 => first(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clixml::{ListKind, TypeNames};

    fn list(items: Vec<Value>) -> Value {
        Value::Object(Box::new(Object { content: Content::List(ListKind::List, items), ..Object::default() }))
    }

    fn object(name: &str, content: Content, member: Option<bool>) -> Value {
        let props = member.map(|value| ("IsPresent".into(), Value::Bool(value))).into_iter().collect();
        Value::Object(Box::new(Object { type_names: TypeNames::new([name]), content, props, ..Object::default() }))
    }

    #[test]
    fn single_values() {
        let number = |number: &str| Value::Decimal(number.into());
        let falsy = [
            Value::Null,
            Value::Bool(false),
            Value::I32(0),
            Value::U8(0),
            Value::F64(0.0),
            Value::str(""),
            number("0.00"),
        ];
        let truthy =
            [Value::Bool(true), Value::I64(-1), Value::F32(0.1), Value::str("False"), number("-0.10"), Value::Char(0)];
        assert!(!falsy.iter().any(is_true) && truthy.iter().all(is_true));
        let day = |number| object("System.DayOfWeek", Content::Value(Value::I32(number)), None);
        assert!(!is_true(&day(0)) && is_true(&day(1)), "an enum is its number");
    }

    #[test]
    fn lists_of_one_are_that_one() {
        let zero = || Value::I32(0);
        assert!(!is_true(&list(vec![])) && !is_true(&list(vec![zero()])) && is_true(&list(vec![zero(), zero()])));
        assert!(!is_true(&list(vec![list(vec![])])) && is_true(&list(vec![list(vec![zero()])])));
        assert!(!is_true(&Value::Bytes([0].into())) && is_true(&Value::Bytes([0, 0].into())));
    }

    #[test]
    fn objects_are_true_and_switches_are_what_they_say() {
        assert!(is_true(&object("System.ServiceProcess.ServiceController", Content::None, Some(false))));
        assert!(is_true(&object("System.Collections.Hashtable", Content::Dict(vec![]), None)));
        let switch = |value| object("Deserialized.System.Management.Automation.SwitchParameter", Content::None, value);
        assert!(is_true(&switch(Some(true))) && !is_true(&switch(Some(false))));
    }
}
