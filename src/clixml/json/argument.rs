//! JSON as arguments: what a user types becomes what a PowerShell user would have passed.

use serde_json::{Number, Value as Json};

use super::read;
use crate::clixml::{Content, ListKind, Object, PsString, TypeNames, Value};

/// The largest `System.Decimal`: 2^96 - 1.
const LARGEST_DECIMAL: &str = "79228162514264337593543950335";

/// The value of a JSON text as an argument: integers become the first of Int32, Int64, Decimal that holds them, other
/// numbers Double, arrays `object[]`, objects hashtables that keep their order.
pub fn value_from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => number_value(number),
        Json::String(text) => Value::str(text.as_str()),
        Json::Array(items) => array(items.iter().map(value_from_json).collect()),
        Json::Object(entries) => {
            let entry = |(key, value): (&String, &Json)| (Value::str(key.as_str()), value_from_json(value));
            table(entries.iter().map(entry).collect())
        }
    }
}

/// The value of a JSON text, as [`value_from_json`]; text in it may hold halves of surrogate pairs, such as `"\ud83d"`.
///
/// # Errors
/// What is no JSON.
pub fn value_from_text(text: &str) -> Result<Value, serde_json::Error> {
    match serde_json::from_str(text) {
        Ok(json) => Ok(value_from_json(&json)),
        // serde_json has no text with halves of pairs.
        Err(error) if text.contains("\\u") => {
            read::read(text.as_bytes()).map_or(Err(error), |json| Ok(wide_value(json)))
        }
        Err(error) => Err(error),
    }
}

/// Recursion is bounded by the reader's limit on depth.
fn wide_value(json: read::Json) -> Value {
    match json {
        read::Json::Null => Value::Null,
        read::Json::Bool(yes) => Value::Bool(yes),
        read::Json::Number(digits) => digits_value(&digits),
        read::Json::String(text) => Value::Str(text),
        read::Json::Array(items) => array(items.into_iter().map(wide_value).collect()),
        read::Json::Object(members) => {
            let mut entries: Vec<(PsString, Value)> = Vec::with_capacity(members.len());
            for (name, json) in members {
                let value = wide_value(json);
                match entries.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, earlier)) => *earlier = value,
                    None => entries.push((name, value)),
                }
            }
            table(entries.into_iter().map(|(name, value)| (Value::Str(name), value)).collect())
        }
    }
}

fn array(items: Vec<Value>) -> Value {
    let content = Content::List(ListKind::List, items);
    Object { type_names: array_type(), content, ..Object::default() }.into()
}

fn table(entries: Vec<(Value, Value)>) -> Value {
    let type_names = TypeNames::new(["System.Collections.Hashtable", "System.Object"]);
    Object { type_names, content: Content::Dict(entries), ..Object::default() }.into()
}

/// The value of a JSON text as an input object: as [`value_from_json`], but objects become custom objects with properties,
/// as `ConvertFrom-Json` and `Import-Csv` make them.
pub fn object_from_json(json: &Json) -> Value {
    match json {
        Json::Array(items) => array(items.iter().map(object_from_json).collect()),
        Json::Object(entries) => {
            let property = |(name, value): (&String, &Json)| (name.as_str().into(), object_from_json(value));
            let type_names = TypeNames::new(["System.Management.Automation.PSCustomObject", "System.Object"]);
            Object { type_names, notes: entries.iter().map(property).collect(), ..Object::default() }.into()
        }
        simple => value_from_json(simple),
    }
}

/// The type names of `object[]`.
pub(super) fn array_type() -> TypeNames {
    TypeNames::new(ARRAY_TYPE)
}

pub(super) const ARRAY_TYPE: [&str; 3] = ["System.Object[]", "System.Array", "System.Object"];

fn number_value(number: &Number) -> Value {
    digits_value(&number.to_string())
}

fn digits_value(text: &str) -> Value {
    if let Ok(small) = text.parse() {
        return Value::I32(small);
    }
    if let Ok(large) = text.parse() {
        return Value::I64(large);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_integer = digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_integer && (digits.len(), digits) <= (LARGEST_DECIMAL.len(), LARGEST_DECIMAL) {
        return Value::Decimal(text.into());
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Value::F64(number),
        // No number of .NET holds it: it is the text, and never an infinity.
        _ => Value::str(text),
    }
}

#[cfg(test)]
mod tests {
    use super::{object_from_json, value_from_json, value_from_text};
    use crate::clixml::{Document, PsString, Value, encode};

    fn value(json: &str) -> Value {
        value_from_json(&serde_json::from_str(json).expect("JSON"))
    }

    #[test]
    fn numbers_take_the_first_type_that_holds_them() {
        for (json, expected) in [
            ("2147483647", Value::I32(i32::MAX)),
            ("-2147483649", Value::I64(-2_147_483_649)),
            ("9223372036854775808", Value::Decimal("9223372036854775808".into())),
            ("-79228162514264337593543950335", Value::Decimal("-79228162514264337593543950335".into())),
            ("79228162514264337593543950336", Value::F64(79_228_162_514_264_337_593_543_950_336.0)),
            ("1.0", Value::F64(1.0)),
            ("1e3", Value::F64(1000.0)),
            ("-0", Value::I32(0)),
        ] {
            assert_eq!(value(json), expected, "{json}");
        }
    }

    #[test]
    fn text_may_hold_halves_of_surrogate_pairs() {
        let half = |units: &[u16]| Value::Str(PsString::from_utf16(units));
        let read = |text: &str| value_from_text(text).expect("JSON");
        assert_eq!(read(r#""\ud83d""#), half(&[0xD83D]));
        assert_eq!(read(r#""a\uDE00b""#), half(&[0x61, 0xDE00, 0x62]));
        assert_eq!(read(r#""\ud83d\ude00""#), Value::str("😀"));
        assert_eq!(read(r#"[12, "\ud83d"]"#).as_list(), Some(&[Value::I32(12), half(&[0xD83D])][..]));
        let table = read(r#"{"\ud83d": 1, "a": 2, "a": {"b": null}}"#);
        let entries = table.as_dict().expect("a table");
        assert_eq!((entries.len(), &entries[0]), (2, &(half(&[0xD83D]), Value::I32(1))));
        assert!(entries[1].1.as_dict().is_some());
        assert!(value_from_text(r#""\ud83""#).is_err() && value_from_text("\\ud83d").is_err());
    }

    #[test]
    fn input_objects_have_properties() {
        let json = serde_json::from_str(r#"{"a":[{"b":1}]}"#).expect("JSON");
        let object = object_from_json(&json);
        let items = object.member("a").and_then(Value::as_list).expect("a list");
        assert_eq!((items.len(), items[0].member("b")), (1, Some(&Value::I32(1))));
        assert!(object.as_dict().is_none());
    }

    #[test]
    fn containers_are_arrays_and_hashtables() {
        assert_eq!(
            encode(&Document::new(value(r#"[null,true,"s",{"b":1,"a":[]}]"#))),
            concat!(
                r#"<Obj RefId="0"><TN RefId="0"><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST><Nil />"#,
                r#"<B>true</B><S>s</S><Obj RefId="1"><TN RefId="1"><T>System.Collections.Hashtable</T><T>System.Object</T></TN>"#,
                r#"<DCT><En><S N="Key">b</S><I32 N="Value">1</I32></En><En><S N="Key">a</S><Obj N="Value" RefId="2">"#,
                r#"<TNRef RefId="0" /><LST /></Obj></En></DCT></Obj></LST></Obj>"#
            )
        );
    }
}
