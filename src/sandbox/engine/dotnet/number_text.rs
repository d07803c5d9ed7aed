//! Numbers of texts, as strictly as .NET reads them.

use super::super::convert::{cast, fit};
use super::super::types::TypeRef;
use super::super::value::Val;
use super::{Fault, thrown};

/// A text as a number of the type, as strictly as .NET reads it.
pub(super) fn parse(kind: &str, given: &str, styles: &str) -> Result<Val, Fault> {
    let trimmed = given.trim();
    let wrong = || Fault::Thrown("FormatException", format!("The input string '{given}' was not in a correct format."));
    match kind {
        "Boolean" => match trimmed.to_ascii_lowercase().as_str() {
            "true" => Ok(Val::Bool(true)),
            "false" => Ok(Val::Bool(false)),
            _ => thrown("FormatException", format!("String '{given}' was not recognized as a valid Boolean.")),
        },
        "Char" => {
            let mut units = given.encode_utf16();
            match (units.next(), units.next()) {
                (Some(unit), None) => Ok(Val::Char(unit)),
                _ => thrown("FormatException", "String must be exactly one character long."),
            }
        }
        "Double" | "Single" => {
            let number = match trimmed {
                "NaN" => f64::NAN,
                "Infinity" | "∞" => f64::INFINITY,
                "-Infinity" | "-∞" => f64::NEG_INFINITY,
                _ => plain_digits(given, Styles::of(styles, 231))
                    .and_then(|plain| plain.parse().ok())
                    .ok_or_else(wrong)?,
            };
            Ok(if kind == "Double" { Val::F64(number) } else { Val::F32(number as f32) })
        }
        _ => {
            let styles = Styles::of(styles, 7);
            let number = if styles.has(512) {
                let digits = if styles.has(1) { trimmed } else { given };
                i128::from_str_radix(digits, 16).map_err(|_| wrong())?
            } else {
                let plain = plain_digits(given, styles).ok_or_else(wrong)?;
                match plain.parse::<i128>() {
                    Ok(number) => number,
                    Err(_) if plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => i128::MAX,
                    // `1.0` and `1e3` are whole.
                    Err(_) => match plain.parse::<f64>() {
                        Ok(float) if float.fract() == 0.0 && float.abs() < 1e20 => float as i128,
                        _ => return thrown("OverflowException", too_large(kind)),
                    },
                }
            };
            fit(number, kind).ok_or_else(|| Fault::Thrown("OverflowException", too_large(kind)))
        }
    }
}

/// The bits of `NumberStyles`.
#[derive(Clone, Copy)]
struct Styles(i32);

impl Styles {
    fn of(given: &str, default: i32) -> Self {
        let kind = TypeRef::named("System.Globalization.NumberStyles");
        match cast(&Val::str(given), &kind) {
            Ok(Val::Enum(styles)) if !given.is_empty() => Self(styles.number),
            _ => Self(default),
        }
    }

    fn has(self, bit: i32) -> bool {
        self.0 & bit != 0
    }
}

/// The text without what the styles allow around and in numbers; nothing if it is none by them.
fn plain_digits(given: &str, styles: Styles) -> Option<String> {
    let mut rest = given;
    if styles.has(1) {
        rest = rest.trim_start();
    }
    if styles.has(2) {
        rest = rest.trim_end();
    }
    let mut is_negative = false;
    if styles.has(16)
        && let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'))
    {
        (is_negative, rest) = (true, inner);
    }
    if styles.has(256) {
        rest = rest.trim_start_matches(['\u{A4}', '$']);
    }
    if styles.has(4)
        && let Some(after) = rest.strip_prefix(['-', '+'])
    {
        (is_negative, rest) = (rest.starts_with('-'), after);
    } else if styles.has(8)
        && let Some(before) = rest.strip_suffix(['-', '+'])
    {
        (is_negative, rest) = (rest.ends_with('-'), before);
    }
    if styles.has(256) {
        rest = rest.trim_start_matches(['\u{A4}', '$']);
    }
    let (number, exponent) = match rest.find(['e', 'E']) {
        Some(at) if styles.has(128) => (&rest[..at], Some(&rest[at + 1..])),
        _ => (rest, None),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if styles.has(32) => (whole, fraction),
        _ => (number, ""),
    };
    let whole = if styles.has(64) { whole.replace(',', "") } else { whole.to_owned() };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = exponent.map_or("", |exponent| exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
    if !are_digits(&whole) || !are_digits(fraction) || !are_digits(unsigned) || whole.len() + fraction.len() == 0 {
        return None;
    }
    if exponent.is_some() && unsigned.is_empty() {
        return None;
    }
    let sign = if is_negative { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    let mark = if exponent.is_some() { "e" } else { "" };
    Some(format!("{sign}{whole}{point}{fraction}{mark}{}", exponent.unwrap_or("")))
}

/// Why a number is none of the type.
pub(in super::super) fn too_large(kind: &str) -> String {
    let shown = match kind {
        "Byte" => "an unsigned byte".to_owned(),
        "SByte" => "a signed byte".to_owned(),
        other if other.starts_with('U') => format!("a {other}"),
        other => format!("an {other}"),
    };
    format!("Value was either too large or too small for {shown}.")
}
