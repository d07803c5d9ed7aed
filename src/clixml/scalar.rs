//! Primitive elements: which there are and how their text is read and checked.

use uuid::Uuid;

use super::{Value, date_time};

/// A primitive element with its value as text (MS-PSRP 2.2.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Bool,
    Char,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    Decimal,
    Str,
    DateTime,
    TimeSpan,
    Bytes,
    Guid,
    Uri,
    Version,
    Xml,
    Script,
    SecureString,
}

impl Scalar {
    /// The scalar of an element name, if it is one.
    pub(super) fn of_tag(tag: &str) -> Option<Self> {
        Some(match tag {
            "S" => Self::Str,
            "I32" => Self::I32,
            "B" => Self::Bool,
            "I64" => Self::I64,
            "U32" => Self::U32,
            "DT" => Self::DateTime,
            "TS" => Self::TimeSpan,
            "Db" => Self::F64,
            "U64" => Self::U64,
            "By" => Self::U8,
            "SB" => Self::I8,
            "I16" => Self::I16,
            "U16" => Self::U16,
            "Sg" => Self::F32,
            "D" => Self::Decimal,
            "C" => Self::Char,
            "G" => Self::Guid,
            "Version" => Self::Version,
            "URI" => Self::Uri,
            "BA" => Self::Bytes,
            "SBK" => Self::Script,
            "XD" => Self::Xml,
            "SS" => Self::SecureString,
            _ => return None,
        })
    }

    /// The scalar of a value with its text in wire form (before escapes); `None` for null, objects and references.
    pub(super) fn of_value(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Bool(_) => Self::Bool,
            Value::Char(_) => Self::Char,
            Value::I8(_) => Self::I8,
            Value::U8(_) => Self::U8,
            Value::I16(_) => Self::I16,
            Value::U16(_) => Self::U16,
            Value::I32(_) => Self::I32,
            Value::U32(_) => Self::U32,
            Value::I64(_) => Self::I64,
            Value::U64(_) => Self::U64,
            Value::F32(_) => Self::F32,
            Value::F64(_) => Self::F64,
            Value::Decimal(_) => Self::Decimal,
            Value::Str(_) => Self::Str,
            Value::DateTime(_) => Self::DateTime,
            Value::TimeSpan(_) => Self::TimeSpan,
            Value::Bytes(_) => Self::Bytes,
            Value::Guid(_) => Self::Guid,
            Value::Uri(_) => Self::Uri,
            Value::Version(_) => Self::Version,
            Value::Xml(_) => Self::Xml,
            Value::Script(_) => Self::Script,
            Value::SecureString(_) => Self::SecureString,
            Value::Null | Value::Object(_) | Value::Ref(_) => return None,
        })
    }

    /// The element name.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Bool => "B",
            Self::Char => "C",
            Self::I8 => "SB",
            Self::U8 => "By",
            Self::I16 => "I16",
            Self::U16 => "U16",
            Self::I32 => "I32",
            Self::U32 => "U32",
            Self::I64 => "I64",
            Self::U64 => "U64",
            Self::F32 => "Sg",
            Self::F64 => "Db",
            Self::Decimal => "D",
            Self::Str => "S",
            Self::DateTime => "DT",
            Self::TimeSpan => "TS",
            Self::Bytes => "BA",
            Self::Guid => "G",
            Self::Uri => "URI",
            Self::Version => "Version",
            Self::Xml => "XD",
            Self::Script => "SBK",
            Self::SecureString => "SS",
        }
    }

    /// Reads the text of a scalar that is not a string; white space around it is ignored, as .NET's `XmlConvert` does.
    ///
    /// `None` if the text is not in the lexical form of the type, or if the type is a string.
    pub(super) fn parse(self, text: &str) -> Option<Value> {
        let text = text.trim_ascii();
        Some(match self {
            Self::Bool => Value::Bool(parse_bool(text)?),
            Self::Char => Value::Char(text.parse().ok()?),
            Self::I8 => Value::I8(text.parse().ok()?),
            Self::U8 => Value::U8(text.parse().ok()?),
            Self::I16 => Value::I16(text.parse().ok()?),
            Self::U16 => Value::U16(text.parse().ok()?),
            Self::I32 => Value::I32(text.parse().ok()?),
            Self::U32 => Value::U32(text.parse().ok()?),
            Self::I64 => Value::I64(text.parse().ok()?),
            Self::U64 => Value::U64(text.parse().ok()?),
            Self::F32 => Value::F32(match named_float(text) {
                Some(named) => named as f32,
                None => finite(text)?.parse().ok()?,
            }),
            Self::F64 => Value::F64(match named_float(text) {
                Some(named) => named,
                None => finite(text)?.parse().ok()?,
            }),
            Self::Decimal => Value::Decimal(checked(text, is_decimal)?),
            Self::DateTime => Value::DateTime(date_time::read(text)?),
            Self::TimeSpan => Value::TimeSpan(checked(text, is_duration)?),
            Self::Version => Value::Version(checked(text, is_version)?),
            Self::Guid => Value::Guid(Uuid::try_parse(text).ok()?),
            Self::Bytes => Value::Bytes(parse_base64(text)?),
            Self::SecureString => Value::SecureString(parse_base64(text)?),
            Self::Str | Self::Uri | Self::Xml | Self::Script => return None,
        })
    }
}

fn checked(text: &str, valid: fn(&str) -> bool) -> Option<Box<str>> {
    valid(text).then(|| text.into())
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// The floats that are not numerals; psrpcore writes `NAN`, so the names are taken in any case.
fn named_float(text: &str) -> Option<f64> {
    let (sign, name) = text.strip_prefix('-').map_or((1.0, text), |name| (-1.0, name));
    if name.eq_ignore_ascii_case("INF") || name.eq_ignore_ascii_case("Infinity") {
        return Some(sign * f64::INFINITY);
    }
    name.eq_ignore_ascii_case("NaN").then_some(f64::NAN)
}

/// The text if it is made of the characters of a numeral; Rust's own parser takes more names than .NET's.
fn finite(text: &str) -> Option<&str> {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')).then_some(text)
}

/// Reads base64, with white space in it if need be.
fn parse_base64(text: &str) -> Option<Box<[u8]>> {
    let exact = base64_simd::STANDARD.decode_to_vec(text);
    exact.or_else(|_| base64_simd::forgiving_decode_to_vec(text.as_bytes())).ok().map(Vec::into_boxed_slice)
}

/// Optional sign, digits, optionally a point with digits; at least one digit.
pub(super) fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    all_digits(whole) && all_digits(fraction) && whole.len() + fraction.len() > 0
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// xs:duration: `[-]P[nY][nM][nD][T[nH][nM][n[.n]S]]` with at least one field.
pub(super) fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('-').unwrap_or(text).strip_prefix('P') else { return false };
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    let date_fields = duration_fields(date, "YMD");
    match time {
        None => date_fields.is_some_and(|count| count > 0),
        Some(time) => date_fields.is_some() && duration_fields(time, "HMS").is_some_and(|count| count > 0),
    }
}

/// How many fields with units of `units`, in that order, the text consists of.
fn duration_fields(mut text: &str, units: &str) -> Option<usize> {
    let mut count = 0;
    let mut units = units.chars();
    while !text.is_empty() {
        let digits = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, rest) = text.split_at_checked(digits)?;
        let unit = rest.chars().next()?;
        units.find(|&known| known == unit)?;
        let whole = all_digits(number) && !number.is_empty();
        if !(whole || unit == 'S' && is_decimal(number)) {
            return None;
        }
        text = rest.get(1..)?;
        count += 1;
    }
    Some(count)
}

/// Two to four numbers of 31 bits with points between them.
pub(super) fn is_version(text: &str) -> bool {
    let parts =
        text.split('.').filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<i32>().is_ok());
    let all = text.split('.').count();
    (2..=4).contains(&all) && parts.count() == all
}

#[cfg(test)]
mod tests {
    use super::{Scalar, is_decimal, is_duration, is_version};
    use crate::clixml::Value;

    #[test]
    fn reads_numbers_as_dotnet_does() {
        assert_eq!(Scalar::U8.parse("255"), Some(Value::U8(255)));
        assert_eq!(Scalar::U8.parse("256"), None);
        assert_eq!(Scalar::I8.parse(" -1\n"), Some(Value::I8(-1)));
        assert_eq!(Scalar::I64.parse("-9223372036854775808"), Some(Value::I64(i64::MIN)));
        assert_eq!(Scalar::U64.parse("18446744073709551615"), Some(Value::U64(u64::MAX)));
        assert_eq!(Scalar::F64.parse("1E+20"), Some(Value::F64(1e20)));
        assert_eq!(Scalar::F64.parse("-INF"), Some(Value::F64(f64::NEG_INFINITY)));
        assert!(matches!(Scalar::F32.parse("NAN"), Some(Value::F32(number)) if number.is_nan()));
        assert!(
            matches!(Scalar::F64.parse("-0"), Some(Value::F64(number)) if number == 0.0 && number.is_sign_negative())
        );
        assert_eq!(Scalar::F64.parse("nancy"), None);
        assert_eq!(Scalar::Bool.parse("1"), Some(Value::Bool(true)));
        assert_eq!(Scalar::Bool.parse("yes"), None);
    }

    #[test]
    fn a_single_is_rounded_once() {
        // Just above the middle of two singles; as a double it is the middle itself.
        assert_eq!(Scalar::F32.parse("1.00000005960464477540"), Some(Value::F32(1.000_000_1)));
    }

    #[test]
    fn keeps_the_text_of_decimals() {
        assert_eq!(Scalar::Decimal.parse("1.10"), Some(Value::Decimal("1.10".into())));
        for (text, valid) in [("-0.5", true), ("1", true), ("1e5", false), ("", false), (".", false), ("1.2.3", false)]
        {
            assert_eq!(is_decimal(text), valid, "{text}");
        }
    }

    #[test]
    fn checks_durations() {
        for text in ["PT0S", "P1DT2H3M4.5S", "-PT1S", "P10675199DT2H48M5.4775807S", "P1Y2M", "-PT0.0000001S"] {
            assert!(is_duration(text), "{text}");
        }
        for text in ["", "P", "PT", "P1DT", "1D", "PT1.5H", "PT1S2M", "P1S", "PTS"] {
            assert!(!is_duration(text), "{text}");
        }
    }

    #[test]
    fn checks_versions() {
        for (text, valid) in [
            ("1.2", true),
            ("1.2.3.4", true),
            ("1", false),
            ("1.2.3.4.5", false),
            ("1.+2", false),
            ("1.2147483648", false),
        ] {
            assert_eq!(is_version(text), valid, "{text}");
        }
    }

    #[test]
    fn reads_base64_with_white_space() {
        assert_eq!(Scalar::Bytes.parse("AA\nH/"), Some(Value::Bytes([0, 1, 0xFF].into())));
        assert_eq!(Scalar::Bytes.parse(""), Some(Value::Bytes([].into())));
        assert_eq!(Scalar::Bytes.parse("A"), None);
    }
}
