//! JSON as arguments: what a user types becomes what a PowerShell user would have passed.

use std::collections::HashMap;
use std::fmt;

use serde_json::value::RawValue;

use super::array_type::array_type;
use super::read::{DEEPEST, Json, read};
use crate::clixml::{Content, ListKind, Object, PsString, TypeNames, Value};
use crate::error_text;

/// The largest `System.Decimal`: 2^96 - 1.
const LARGEST_DECIMAL: &str = "79228162514264337593543950335";

/// Why a text is not JSON, or not JSON that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// The line from 1.
    pub line: usize,
    /// The column from 1; 0 before the first character.
    pub column: usize,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

impl std::error::Error for JsonError {}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self { line: error.line(), column: error.column(), what: error_text::json(&error) }
    }
}

impl Json {
    /// Reads a text.
    ///
    /// # Errors
    /// A text that is not JSON, or nested more than 400 deep.
    pub fn read(text: &str) -> Result<Self, JsonError> {
        // It takes the same texts, whatever their depth, and has words for what is wrong with the others.
        let _: &RawValue = serde_json::from_str(text)?;
        let deep = || format!("arrays and objects nest more than {DEEPEST} deep");
        read(text.as_bytes()).map_err(|_| JsonError { line: 1, column: 1, what: deep() })
    }

    /// The value as an argument: integers become the first of Int32, Int64, Decimal that holds them, other numbers
    /// Double, arrays `object[]`, objects hashtables that keep their order.
    pub fn value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(yes) => Value::Bool(*yes),
            Self::Number(digits) => number_value(digits),
            Self::String(text) => Value::Str(text.clone()),
            Self::Array(items) => array(items.iter().map(Self::value).collect()),
            Self::Object(members) => {
                let entry = |(name, json): (&PsString, &Self)| (Value::Str(name.clone()), json.value());
                table(last_of_each(members).into_iter().map(entry).collect())
            }
        }
    }

    /// The value as an input object: as [`value`](Self::value), but objects become custom objects with properties, as
    /// `ConvertFrom-Json` and `Import-Csv` make them.
    pub fn object(&self) -> Value {
        match self {
            Self::Array(items) => array(items.iter().map(Self::object).collect()),
            Self::Object(members) => {
                let property = |(name, json): (&PsString, &Self)| (name.to_str_lossy().into(), json.object());
                let type_names = TypeNames::new(["System.Management.Automation.PSCustomObject", "System.Object"]);
                let notes = last_of_each(members).into_iter().map(property).collect();
                Object { type_names, notes, ..Object::default() }.into()
            }
            simple => simple.value(),
        }
    }
}

/// The value of JSON that a program made, as an argument: see [`Json::value`].
pub fn value_from_json(json: &serde_json::Value) -> Value {
    Json::read(&json.to_string()).map_or(Value::Null, |json| json.value())
}

/// The members of an object; of those with one name the last counts, in the place of the first.
fn last_of_each(members: &[(PsString, Json)]) -> Vec<(&PsString, &Json)> {
    let mut places: HashMap<&PsString, usize> = HashMap::with_capacity(members.len());
    let mut found: Vec<(&PsString, &Json)> = Vec::with_capacity(members.len());
    for (name, json) in members {
        let place = *places.entry(name).or_insert(found.len());
        match found.get_mut(place) {
            Some(earlier) => earlier.1 = json,
            None => found.push((name, json)),
        }
    }
    found
}

fn array(items: Vec<Value>) -> Value {
    let content = Content::List(ListKind::List, items);
    Object { type_names: array_type(), content, ..Object::default() }.into()
}

fn table(entries: Vec<(Value, Value)>) -> Value {
    let type_names = TypeNames::new(["System.Collections.Hashtable", "System.Object"]);
    Object { type_names, content: Content::Dict(entries), ..Object::default() }.into()
}

fn number_value(text: &str) -> Value {
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
    use super::Json;
    use crate::clixml::{Document, PsString, Value, encode};

    fn value(json: &str) -> Value {
        Json::read(json).expect("JSON").value()
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
        assert_eq!(value(r#""\ud83d""#), half(&[0xD83D]));
        assert_eq!(value(r#""a\uDE00b""#), half(&[0x61, 0xDE00, 0x62]));
        assert_eq!(value(r#""\ud83d\ude00""#), Value::str("😀"));
        assert_eq!(value(r#"[12, "\ud83d"]"#).as_list(), Some(&[Value::I32(12), half(&[0xD83D])][..]));
        let table = value(r#"{"\ud83d": 1, "a": 2, "a": {"b": null}}"#);
        let entries = table.as_dict().expect("a table");
        assert_eq!((entries.len(), &entries[0]), (2, &(half(&[0xD83D]), Value::I32(1))));
        assert!(entries[1].1.as_dict().is_some());
        for text in [r#""\ud83""#, "\\ud83d", "[1,", "\"\u{1}\"", "01", "NaN", ""] {
            assert!(Json::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn input_objects_have_properties() {
        let object = Json::read(r#"{"a":0,"a":[{"b":1}],"c":"\ud83d"}"#).expect("JSON").object();
        assert_eq!(object.member("c"), Some(&Value::Str(PsString::from_utf16(&[0xD83D]))));
        let items = object.member("a").and_then(Value::as_list).expect("a list");
        assert_eq!((items.len(), items[0].member("b")), (1, Some(&Value::I32(1))));
        assert!(object.as_dict().is_none());
    }

    #[test]
    fn mistakes_have_their_place_and_depth_costs_no_stack() {
        let error = |text: &str| Json::read(text).expect_err("refused").to_string();
        assert!(error("[1,\n2,,3]").starts_with("line 2, column 3: expected a value"), "{}", error("[1,\n2,,3]"));
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(error(&deep(100_000)).ends_with("arrays and objects nest more than 400 deep"));
        assert!(Json::read(&deep(400)).is_ok());
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
