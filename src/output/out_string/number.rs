//! Numbers as PowerShell writes them: by themselves, in the cells of a table, and by .NET's `N2`.

use crate::clixml::general;

/// Significant digits that PowerShell shows of a double.
const DOUBLE_DIGITS: usize = 15;

/// Significant digits that PowerShell shows of a single.
const SINGLE_DIGITS: usize = 7;

/// A double by itself: `0.333333333333333`, `1E+15`.
pub(crate) fn double(number: f64) -> String {
    general(number, DOUBLE_DIGITS)
}

/// A single by itself.
pub(crate) fn single(number: f32) -> String {
    general(number.into(), SINGLE_DIGITS)
}

/// A floating-point number in a cell: two digits behind the point, a tie to the even one.
pub(crate) fn fixed(number: f64) -> String {
    if number.is_finite() { format!("{number:.2}") } else { double(number) }
}

/// A decimal in a cell: two digits behind the point.
pub(crate) fn fixed_decimal(text: &str) -> String {
    rounded(text, 2)
}

/// A decimal with this many digits behind the point, a tie away from zero.
pub(crate) fn rounded(text: &str, digits: usize) -> String {
    let (sign, number) = text.strip_prefix('-').map_or(("", text), |number| ("-", number));
    let (whole, fraction) = number.trim_start_matches('+').split_once('.').unwrap_or((number, ""));
    let up = fraction.as_bytes().get(digits).is_some_and(|digit| *digit >= b'5');
    let mut kept = format!("{whole}{fraction:0<digits$.digits$}").into_bytes();
    if up {
        increment(&mut kept);
    }
    let kept = String::from_utf8(kept).unwrap_or_default();
    let (whole, fraction) = kept.split_at(kept.len().saturating_sub(digits));
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    // .NET has a decimal zero without a sign.
    let sign = if kept.bytes().all(|digit| digit == b'0') { "" } else { sign };
    format!("{sign}{whole}.{fraction}")
}

/// Adds one to digits.
fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

/// `1,234.50`: .NET's `N2` of a single, as the view of processes has it.
pub(crate) fn grouped(number: f64) -> String {
    let text = fixed(f64::from(number as f32));
    let (sign, digits) = text.strip_prefix('-').map_or(("", &*text), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::{fixed, fixed_decimal, grouped};

    #[test]
    fn cells_have_two_digits_behind_the_point() {
        for (number, text) in [
            (1234.5, "1234.50"),
            (0.125, "0.12"),
            (0.375, "0.38"),
            (2.675, "2.67"),
            (-1e-5, "-0.00"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(fixed(number), text);
        }
        for (number, text) in [
            ("0.125", "0.13"),
            ("1.005", "1.01"),
            ("-0.005", "-0.01"),
            ("0.004", "0.00"),
            ("-0.004", "0.00"),
            ("99.999", "100.00"),
            ("5", "5.00"),
            (".5", "0.50"),
        ] {
            assert_eq!(fixed_decimal(number), text);
        }
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([grouped(1_234_567.0), grouped(-999.5), grouped(0.0)], ["1,234,567.00", "-999.50", "0.00"]);
    }
}
