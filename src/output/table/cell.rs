//! The text of a cell: a value in words, a number with as short a fraction as people read.

use crate::clixml::{Document, Object, Single, Value, single};
use crate::output::display::display;
use crate::output::out_string::number::rounded;
use crate::output::refs::resolve;

/// Digits behind the point; `-o list`, json and csv have all of them.
const DIGITS: usize = 3;

/// A property's value.
pub(super) fn cell(document: &Document, value: &Value) -> String {
    let text = display(document, value);
    let value = resolve(document, value);
    match value.unboxed() {
        _ if !is_number(value) => text,
        Value::F32(number) => float(text, f64::from(*number)),
        Value::F64(number) => float(text, *number),
        Value::Decimal(digits) if decimals(digits) > DIGITS => match digits.parse() {
            Ok(number) if is_tiny(number) => float(text, number),
            _ => rounded(digits, DIGITS),
        },
        _ => text,
    }
}

/// Whether a column of such values stands at the right: numbers and nothing, but not enums.
pub(super) fn is_number(value: &Value) -> bool {
    if value.as_object().is_some_and(Object::is_enum) {
        return false;
    }
    match single(value) {
        Some(Single::Integer(_)) => return true,
        Some(Single::Same(value)) => return is_number(&value),
        _ => {}
    }
    let value = value.unboxed();
    matches!(value, Value::Null | Value::F32(_) | Value::F64(_) | Value::Decimal(_) | Value::U64(_))
        || value.as_i64().is_some()
}

/// A number whose whole text is known.
fn float(text: String, number: f64) -> String {
    if !number.is_finite() || decimals(&text) <= DIGITS {
        return text;
    }
    if text.contains('E') || is_tiny(number) {
        let short = format!("{number:.DIGITS$e}");
        let (mantissa, exponent) = short.split_once('e').unwrap_or((&short, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        return format!("{}E{sign}{digits:0>2}", trimmed(mantissa));
    }
    trimmed(&format!("{number:.DIGITS$}")).to_owned()
}

/// Whether nothing but zeros would be left of it.
fn is_tiny(number: f64) -> bool {
    number != 0.0 && number.abs() < 0.0005
}

/// How many digits stand behind the point.
fn decimals(text: &str) -> usize {
    let digits = text.split_once('.').map_or("", |(_, digits)| digits);
    digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::cell;
    use crate::clixml::{Document, Value};

    #[test]
    fn numbers_have_three_digits_behind_the_point_at_most() {
        let shown = |value: Value| cell(&Document::new(value.clone()), &value);
        for (number, text) in [
            (1.0 / 3.0, "0.333"),
            (-2.0 / 3.0, "-0.667"),
            (2.5, "2.5"),
            (1234.5678, "1234.568"),
            (0.9996, "1"),
            (0.0001234, "1.234E-04"),
            (-1.23456e-7, "-1.235E-07"),
            (1.23456789e20, "1.235E+20"),
            (1e20, "1E+20"),
            (0.0, "0"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
        ] {
            assert_eq!(shown(Value::F64(number)), text);
        }
        assert_eq!(shown(Value::F32(0.1)), "0.1");
        assert_eq!(shown(Value::F32(1.0 / 3.0)), "0.333");
        for (number, text) in [
            ("1.10", "1.10"),
            ("12345678901234567890.12345", "12345678901234567890.123"),
            ("0.9999", "1.000"),
            ("-0.0005", "-0.001"),
            ("0.00001", "1E-05"),
        ] {
            assert_eq!(shown(Value::Decimal(number.into())), text);
        }
        assert_eq!(shown(Value::I64(i64::MAX)), i64::MAX.to_string());
        assert_eq!(shown(Value::str("0.123456")), "0.123456");
    }
}
