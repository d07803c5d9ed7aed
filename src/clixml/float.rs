//! Floating-point numbers in the text form of .NET: shortest digits that read back as the same number.

use std::fmt::Display;
use std::io::Write;

/// Appends a double as `ToString("R", InvariantCulture)` writes it; infinity as XML has it, `INF`.
pub(super) fn write_f64(number: f64, out: &mut Vec<u8>) {
    if number == 0.0 || (1e-4..1e17).contains(&number.abs()) {
        return write_short(number, out);
    }
    write_form(number, &format!("{number:e}"), 17, out);
}

/// Appends a single, like [`write_f64`].
pub(super) fn write_f32(number: f32, out: &mut Vec<u8>) {
    if number == 0.0 || (1e-4..1e9).contains(&number.abs()) {
        return write_short(number, out);
    }
    write_form(number.into(), &format!("{number:e}"), 9, out);
}

/// Rust has the same digits where .NET writes no exponent.
fn write_short(number: impl Display, out: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{number}");
}

/// Appends a number rounded to so many significant digits, like .NET's `G15`; infinity as [`write_f64`] has it.
pub(super) fn write_general(number: f64, digits: usize, out: &mut Vec<u8>) {
    let form = format!("{number:.*e}", digits.saturating_sub(1));
    let (mantissa, exponent) = form.split_once('e').unwrap_or((&form, "0"));
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0') } else { mantissa };
    write_form(number, &format!("{mantissa}e{exponent}"), i32::try_from(digits).unwrap_or(i32::MAX), out);
}

/// `form` is Rust's exponent form; .NET (since Core 3.0) writes an exponent for numbers with more than `width` digits
/// before the point, or more than four zeros after it.
fn write_form(number: f64, form: &str, width: i32, out: &mut Vec<u8>) {
    if number.is_nan() {
        return out.extend_from_slice(b"NaN");
    }
    if number.is_infinite() {
        return out.extend_from_slice(if number < 0.0 { b"-INF" } else { b"INF" });
    }
    let (mantissa, exponent) = form.split_once('e').unwrap_or((form, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    if mantissa.starts_with('-') {
        out.push(b'-');
    }
    if exponent >= width || exponent < -4 {
        write_scientific(&digits, exponent, out);
    } else {
        write_plain(&digits, exponent, out);
    }
}

fn write_scientific(digits: &[u8], exponent: i32, out: &mut Vec<u8>) {
    let (first, rest) = digits.split_at(1.min(digits.len()));
    out.extend_from_slice(first);
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    out.extend_from_slice(format!("E{sign}{:02}", exponent.unsigned_abs()).as_bytes());
}

fn write_plain(digits: &[u8], exponent: i32, out: &mut Vec<u8>) {
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend((exponent + 1..0).map(|_| b'0'));
        return out.extend_from_slice(digits);
    }
    let whole = exponent as usize + 1;
    let (before, after) = digits.split_at(whole.min(digits.len()));
    out.extend_from_slice(before);
    out.extend((digits.len()..whole).map(|_| b'0'));
    if !after.is_empty() {
        out.push(b'.');
        out.extend_from_slice(after);
    }
}

#[cfg(test)]
mod tests {
    use super::{write_f32, write_f64, write_form, write_general};

    #[test]
    fn rounds_to_significant_digits_as_dotnet_does() {
        let general = |number, digits| {
            let mut out = Vec::new();
            write_general(number, digits, &mut out);
            String::from_utf8(out).expect("ASCII")
        };
        for (number, text) in [
            (1.0 / 3.0, "0.333333333333333"),
            (0.1 + 0.2, "0.3"),
            (1e14, "100000000000000"),
            (1e15, "1E+15"),
            (123_456_789_012_345_680.0, "1.23456789012346E+17"),
            (0.00001, "1E-05"),
            (-0.0, "-0"),
            (0.0, "0"),
        ] {
            assert_eq!(general(number, 15), text);
        }
        assert_eq!(general(16_777_216.0, 7), "1.677722E+07");
    }

    fn double(number: f64) -> String {
        let mut out = Vec::new();
        write_f64(number, &mut out);
        String::from_utf8(out).expect("ASCII")
    }

    fn single(number: f32) -> String {
        let mut out = Vec::new();
        write_f32(number, &mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn writes_doubles_as_dotnet_does() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (100.0, "100"),
            (0.1, "0.1"),
            (1.0 / 3.0, "0.3333333333333333"),
            (0.0001, "0.0001"),
            (0.00001, "1E-05"),
            (1e-10, "1E-10"),
            (1e16, "10000000000000000"),
            (1e17, "1E+17"),
            (1.5e17, "1.5E+17"),
            (123_456_789_012_345.6, "123456789012345.6"),
            (1_234_567_890_123_456.0, "1234567890123456"),
            (1e20, "1E+20"),
            (f64::MAX, "1.7976931348623157E+308"),
            (5e-324, "5E-324"),
            (f64::INFINITY, "INF"),
            (f64::NEG_INFINITY, "-INF"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(double(number), text);
        }
    }

    #[test]
    fn the_short_way_writes_what_the_long_one_does() {
        for exponent in -8..20 {
            for digits in ["1", "1.5", "9.999999", "9.999999999999999", "1.0000000000000002", "-3.14159"] {
                let (double, single): (f64, f32) = {
                    let text = format!("{digits}e{exponent}");
                    (text.parse().expect("a number"), text.parse().expect("a number"))
                };
                let mut long = Vec::new();
                write_form(double, &format!("{double:e}"), 17, &mut long);
                assert_eq!(self::double(double).as_bytes(), long);
                long.clear();
                write_form(single.into(), &format!("{single:e}"), 9, &mut long);
                assert_eq!(self::single(single).as_bytes(), long);
            }
        }
    }

    #[test]
    fn writes_singles_as_dotnet_does() {
        for (number, text) in [
            (0.1, "0.1"),
            (f32::MAX, "3.4028235E+38"),
            (1e8, "100000000"),
            (1e9, "1E+09"),
            (123_456_789.0, "123456790"),
            (1_234_567_890.0, "1.234568E+09"),
            (-1.5, "-1.5"),
        ] {
            assert_eq!(single(number), text);
        }
    }
}
