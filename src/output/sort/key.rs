//! Sort keys: bytes whose order is the order of the values.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::exact::{Version, exact};
use crate::clixml::{self, Single, Value};
use crate::output::date_time::{clock_seconds, span_seconds};
use crate::output::object;
use crate::record::Record;

/// A property to sort by: `Name`, or `Name:desc` for the largest first.
///
/// Null comes first, then numbers, dates and durations by size, then text without regard to case. `PSComputerName` is
/// the target's place in the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    property: String,
    descending: bool,
}

impl FromStr for SortKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (property, descending) = match text.rsplit_once(':') {
            Some((property, order)) if order.eq_ignore_ascii_case("desc") => (property, true),
            Some((property, order)) if order.eq_ignore_ascii_case("asc") => (property, false),
            Some((property, order)) => {
                return Err(format!(
                    "'{order}' is not an order: write {property}:desc or {property}:asc (and {text}:asc for a property of that name)"
                ));
            }
            None => (text, false),
        };
        match property.trim() {
            "" => Err("expected the name of a property, such as Name or Size:desc".to_owned()),
            property => Ok(Self { property: property.to_owned(), descending }),
        }
    }
}

impl SortKey {
    /// The name of the property.
    pub fn property(&self) -> &str {
        &self.property
    }

    /// Appends the record's place by this property.
    pub fn push(&self, record: &Record, key: &mut Vec<u8>) {
        let from = key.len();
        if self.property.eq_ignore_ascii_case("PSComputerName") {
            key.extend_from_slice(&record.target.0.to_be_bytes());
        } else {
            push(object::property(&record.value, &self.property).unwrap_or(&Value::Null), key);
        }
        if self.descending {
            key[from..].iter_mut().for_each(|byte| *byte = !*byte);
        }
    }
}

/// A tag for the kind, then the value; a text ends with 0, which no text contains then.
fn push(value: &Value, key: &mut Vec<u8>) {
    if is_null(value) {
        return key.push(0);
    }
    if let Some(number) = number(value) {
        key.push(1);
        key.extend_from_slice(&ordered(number).to_be_bytes());
        return key.extend(exact(value, number));
    }
    key.push(2);
    if let Some(version) = Version::of(value) {
        version.push(key);
    } else {
        let text = clixml::text(value);
        key.extend(text.chars().flat_map(char::to_lowercase).filter(|c| *c != '\0').collect::<String>().into_bytes());
    }
    key.push(0);
}

/// Whether it is null, or an object that means null.
pub(crate) fn is_null(value: &Value) -> bool {
    matches!(value.unboxed(), Value::Null) || clixml::single(value) == Some(Single::Same(Value::Null))
}

/// The size of numbers, booleans, dates (microseconds), durations and times of day (seconds).
pub(crate) fn number(value: &Value) -> Option<f64> {
    match clixml::single(value) {
        Some(Single::Integer(digits)) => return digits.parse().ok(),
        Some(Single::Same(value)) => return number(&value),
        Some(Single::Time(text)) => return clock_seconds(&text),
        Some(Single::Text(_) | Single::Version(_)) => return None,
        None => {}
    }
    if let Some(number) = value.as_i64() {
        return Some(number as f64);
    }
    match value.unboxed() {
        Value::U64(number) => Some(*number as f64),
        Value::F32(number) => Some((*number).into()),
        Value::F64(number) => Some(*number),
        Value::Bool(yes) => Some(f64::from(u8::from(*yes))),
        Value::Decimal(text) => text.parse().ok(),
        Value::DateTime(text) => instant(text).map(|at| at.as_microsecond() as f64),
        Value::TimeSpan(text) => span_seconds(text),
        _ => None,
    }
}

/// The instant of a date; one without an offset counts as UTC.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    let local = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(local)
}

/// The bits of a float as an integer of the same order.
fn ordered(number: f64) -> u64 {
    // Negative zero equals zero.
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

#[cfg(test)]
mod tests {
    use super::{SortKey, ordered, push};
    use crate::clixml::{Object, TypeNames, Value};

    /// An object of a type that is one value.
    fn single(kind: &'static str, text: &str) -> Value {
        Object { type_names: TypeNames::new([kind]), to_string: Some(text.into()), ..Object::default() }.into()
    }

    #[test]
    fn large_integers_are_in_order() {
        let big = |text: &str| single("System.Numerics.BigInteger", text);
        let long = |first: char| big(&format!("{first}{}", "7".repeat(400)));
        let values = [
            big(&format!("-{}", "9".repeat(400))),
            big("-1180591620717411303425"),
            big("-1180591620717411303424"),
            Value::I64(-9_007_199_254_740_993),
            Value::I64(-9_007_199_254_740_992),
            big("-3"),
            Value::I32(20),
            big("21"),
            Value::F64(9_007_199_254_740_992.0),
            Value::I64(9_007_199_254_740_993),
            Value::Decimal("9007199254740993.5".into()),
            big("9007199254740994"),
            Value::U64(u64::MAX),
            big("18446744073709551616"),
            big("1180591620717411303424"),
            big("1180591620717411303425"),
            long('1'),
            long('2'),
            Value::F64(f64::INFINITY),
        ];
        for pair in values.windows(2) {
            assert!(key(pair[0].clone()) < key(pair[1].clone()), "{pair:?}");
        }
        assert_eq!(key(big("9007199254740993")), key(Value::I64(9_007_199_254_740_993)));
        assert_eq!(key(Value::Decimal("9007199254740993.50".into())), key(Value::Decimal("9007199254740993.5".into())));
    }

    #[test]
    fn objects_that_are_one_value_are_in_its_order() {
        let semantic = |text: &str| single("System.Management.Automation.SemanticVersion", text);
        let values = [
            single("System.DBNull", ""),
            single("System.DateOnly", "12/31/2023"),
            single("System.DateTimeOffset", "01/01/2024 00:00:00 +02:00"),
            single("System.DateTimeOffset", "12/31/2023 23:00:00 +00:00"),
            single("System.DateOnly", "01/01/2024"),
            semantic("7.4.0-preview.2"),
            semantic("7.4.0"),
            semantic("7.10.0-rc.1+build"),
            semantic("7.10.0"),
            single("System.Net.IPAddress", "10.0.0.1"),
            single("System.Net.IPAddress", "9.0.0.1"),
        ];
        for pair in values.windows(2) {
            assert!(key(pair[0].clone()) < key(pair[1].clone()), "{pair:?}");
        }
    }

    fn key(value: Value) -> Vec<u8> {
        let mut key = Vec::new();
        push(&value, &mut key);
        key
    }

    #[test]
    fn values_are_in_order() {
        let values = [
            Value::Null,
            Value::F64(f64::NEG_INFINITY),
            Value::I32(-7),
            Value::Decimal("-0.5".into()),
            Value::U8(0),
            Value::Bool(true),
            Value::TimeSpan("PT1M".into()),
            Value::TimeSpan("P1DT1H".into()),
            Value::I64(1 << 40),
            Value::DateTime("2026-11-22T12:00:00+02:00".into()),
            Value::DateTime("2026-11-22T10:30:00".into()),
            Value::DateTime("2026-11-22T11:00:00Z".into()),
            Value::Version("9.2".into()),
            Value::Version("10.0.1".into()),
            Value::str("A"),
            Value::str("ab"),
            Value::str("B"),
        ];
        for pair in values.windows(2) {
            assert!(key(pair[0].clone()) < key(pair[1].clone()), "{pair:?}");
        }
        assert_eq!(key(Value::str("ABC")), key(Value::str("abc")));
        assert_eq!(ordered(-0.0), ordered(0.0));
    }

    #[test]
    fn names_and_directions() {
        let descending: SortKey = "a:b:DESC".parse().unwrap();
        assert_eq!((descending.property.as_str(), descending.descending), ("a:b", true));
        assert_eq!("x:y:asc".parse::<SortKey>().unwrap().property, "x:y");
        for wrong in ["x:dsc", "x:descending", "x:y", "x:"] {
            assert!(wrong.parse::<SortKey>().is_err(), "{wrong}");
        }
        assert!(":desc".parse::<SortKey>().is_err());
    }
}
