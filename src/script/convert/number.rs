//! Numbers as they are written in scripts.

use crate::clixml::{Content, Object, Value};

use super::text;

/// The largest number that a decimal holds.
const DECIMAL_MAX: u128 = 79_228_162_514_264_337_593_543_950_335;

/// Reads a number: `None` if the text is none, `Some(None)` if it is one of a kind that is left out here (big integers,
/// decimals with exponents, hexadecimal numbers beyond 64 bits).
pub(super) fn read(text: &str, negative: bool) -> Option<Option<Value>> {
    let lower = text.to_ascii_lowercase();
    let (body, factor) = multiplier(&lower);
    if let Some(digits) = body.strip_prefix("0x") {
        return of_radix(digits, 16, factor, negative);
    }
    if let Some(digits) = body.strip_prefix("0b") {
        return of_radix(digits, 2, factor, negative);
    }
    let whole = body.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = body.split_at(whole);
    if matches!(rest.as_bytes().first(), Some(b'.' | b'e')) {
        return real(body, factor, negative);
    }
    let suffix = Suffix::read(rest)?;
    if digits.is_empty() {
        return None;
    }
    let Ok(number) = digits.parse::<u128>() else {
        return Some(
            digits
                .parse()
                .ok()
                .filter(|_| suffix == Suffix::None && factor == 1)
                .map(|number: f64| Value::F64(if negative { -number } else { number })),
        );
    };
    integer(number.checked_mul(factor.into()), negative, suffix, factor)
}

/// A number that keeps how it was written, as arguments of commands do: `0x10` is 16 whose text is `0x10`.
pub(super) fn as_written(value: Value, text: &str) -> Value {
    if text::of(&value).as_deref() == Some(text) {
        return value;
    }
    Object { to_string: Some(text.into()), content: Content::Value(value), ..Object::default() }.into()
}

/// What the letters behind the digits make of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suffix {
    None,
    I8,
    U8,
    I16,
    U16,
    U32,
    I64,
    U64,
    Decimal,
    Big,
}

impl Suffix {
    fn read(letters: &str) -> Option<Self> {
        Some(match letters {
            "" => Self::None,
            "y" => Self::I8,
            "uy" => Self::U8,
            "s" => Self::I16,
            "us" => Self::U16,
            "u" => Self::U32,
            "l" => Self::I64,
            "ul" => Self::U64,
            "d" => Self::Decimal,
            "n" => Self::Big,
            _ => return None,
        })
    }
}

fn multiplier(text: &str) -> (&str, u64) {
    let units = ["kb", "mb", "gb", "tb", "pb"];
    let found = units.iter().zip(1_u32..).find_map(|(unit, power)| Some((text.strip_suffix(unit)?, power)));
    found.map_or((text, 1), |(body, power)| (body, 1024_u64.pow(power)))
}

/// Without a suffix the first type that holds it; with one, a number that does not fit is not a number.
fn integer(number: Option<u128>, negative: bool, suffix: Suffix, factor: u64) -> Option<Option<Value>> {
    let Some(number) = number else { return Some(None) };
    let Some(signed) = i128::try_from(number).ok().map(|number| if negative { -number } else { number }) else {
        return Some(None);
    };
    match suffix {
        Suffix::None => Some(plain(signed, factor)),
        Suffix::I8 => signed.try_into().ok().map(|number| Some(Value::I8(number))),
        Suffix::U8 => signed.try_into().ok().map(|number| Some(Value::U8(number))),
        Suffix::I16 => signed.try_into().ok().map(|number| Some(Value::I16(number))),
        Suffix::U16 => signed.try_into().ok().map(|number| Some(Value::U16(number))),
        Suffix::U32 => match signed.try_into() {
            Ok(number) => Some(Some(Value::U32(number))),
            Err(_) => signed.try_into().ok().map(|number| Some(Value::U64(number))),
        },
        Suffix::I64 => signed.try_into().ok().map(|number| Some(Value::I64(number))),
        Suffix::U64 => signed.try_into().ok().map(|number| Some(Value::U64(number))),
        Suffix::Decimal if number <= DECIMAL_MAX => Some(Some(Value::Decimal(signed.to_string().into()))),
        Suffix::Decimal | Suffix::Big => Some(None),
    }
}

fn plain(number: i128, factor: u64) -> Option<Value> {
    let fits = number.try_into().map(Value::I32).or_else(|_| number.try_into().map(Value::I64));
    match fits {
        Ok(value) => Some(value),
        // What a multiplier makes of so large a number is left out.
        Err(_) if factor != 1 => None,
        Err(_) if number.unsigned_abs() <= DECIMAL_MAX => Some(Value::Decimal(number.to_string().into())),
        Err(_) => number.to_string().parse().ok().map(Value::F64),
    }
}

/// Hexadecimal and binary numbers: those of 32 and 64 bits have a sign in their first bit.
fn of_radix(body: &str, radix: u32, factor: u64, negative: bool) -> Option<Option<Value>> {
    let count = body.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
    let (digits, letters) = body.split_at(count);
    let suffix = Suffix::read(letters)?;
    if digits.is_empty() {
        return None;
    }
    let Ok(bits) = u64::from_str_radix(digits, radix) else { return Some(None) };
    let has_32 = digits.len() as u32 * radix.ilog2() <= 32;
    match suffix {
        Suffix::None if has_32 => {
            let number = i128::from((bits as u32).cast_signed()) * i128::from(factor);
            Some(plain(if negative { -number } else { number }, factor))
        }
        Suffix::None => {
            let number = i128::from(bits.cast_signed()) * i128::from(factor);
            Some(plain(if negative { -number } else { number }, factor))
        }
        suffix => integer(u128::from(bits).checked_mul(factor.into()), negative, suffix, factor),
    }
}

fn real(body: &str, factor: u64, negative: bool) -> Option<Option<Value>> {
    let is_decimal = body.ends_with('d');
    let digits = body.strip_suffix('d').unwrap_or(body);
    if !is_real(digits) {
        return None;
    }
    if is_decimal {
        let is_plain = factor == 1 && !digits.contains('e') && !digits.starts_with('.') && !digits.ends_with('.');
        let sign = if negative { "-" } else { "" };
        // A decimal has at most 28 digits behind the point.
        return Some((is_plain && digits.len() < 28).then(|| Value::Decimal(format!("{sign}{digits}").into())));
    }
    let number: f64 = digits.parse().ok()?;
    // Exact: powers of two.
    let number = number * factor as f64;
    Some(Some(Value::F64(if negative { -number } else { number })))
}

/// Digits with a point, an exponent or both.
fn is_real(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_is_fine = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole) && digits(fraction) && whole.len() + fraction.len() > 0 && exponent_is_fine
}
