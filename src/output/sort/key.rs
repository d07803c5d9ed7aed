//! Sort keys: bytes whose order is the order of the values.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::clixml::{self, Value};
use crate::output::display::span_seconds;
use crate::output::refs::resolve;
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
            _ => (text, false),
        };
        match property.trim() {
            "" => Err("expected the name of a property, such as Name or Size:desc".to_owned()),
            property => Ok(Self { property: property.to_owned(), descending }),
        }
    }
}

impl SortKey {
    /// Appends the record's place by this property.
    pub fn push(&self, record: &Record, key: &mut Vec<u8>) {
        let from = key.len();
        if self.property.eq_ignore_ascii_case("PSComputerName") {
            key.extend_from_slice(&record.target.0.to_be_bytes());
        } else {
            let document = &record.value;
            let fields = clixml::properties(document).unwrap_or_default();
            let value = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(&self.property));
            push(value.map_or(&Value::Null, |(_, value)| resolve(document, value)), key);
        }
        if self.descending {
            key[from..].iter_mut().for_each(|byte| *byte = !*byte);
        }
    }
}

/// A tag for the kind, then the value; a text ends with 0, which no text contains then.
fn push(value: &Value, key: &mut Vec<u8>) {
    if matches!(value.unboxed(), Value::Null) {
        return key.push(0);
    }
    if let Some(number) = number(value) {
        key.push(1);
        return key.extend_from_slice(&ordered(number).to_be_bytes());
    }
    key.push(2);
    if let Value::Version(text) = value.unboxed() {
        let parts = text.split('.').map(|part| part.parse::<u32>().unwrap_or(u32::MAX));
        parts.for_each(|part| key.extend_from_slice(format!("{part:010}.").as_bytes()));
    } else {
        let text = clixml::text(value);
        key.extend(text.chars().flat_map(char::to_lowercase).filter(|c| *c != '\0').collect::<String>().into_bytes());
    }
    key.push(0);
}

/// The size of numbers, booleans, dates (microseconds) and durations (seconds).
pub fn number(value: &Value) -> Option<f64> {
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
pub fn instant(text: &str) -> Option<Timestamp> {
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
    use crate::clixml::Value;

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
        assert_eq!("x:y".parse::<SortKey>().unwrap().property, "x:y");
        assert!(":desc".parse::<SortKey>().is_err());
    }
}
