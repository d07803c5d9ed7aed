//! Scalars as text: what the plain JSON profile writes between quotes.

use std::borrow::Cow;

use super::Value;

/// The text of a scalar; empty for null, secure strings, objects and references.
pub(super) fn scalar_text(value: &Value) -> Cow<'_, str> {
    Cow::Owned(match value {
        Value::Str(text) | Value::Uri(text) | Value::Xml(text) | Value::Script(text) => return text.to_str_lossy(),
        Value::Decimal(text) | Value::DateTime(text) | Value::TimeSpan(text) | Value::Version(text) => {
            return Cow::Borrowed(text);
        }
        Value::Null | Value::SecureString(_) | Value::Object(_) | Value::Ref(_) => return Cow::Borrowed(""),
        Value::Bool(yes) => return Cow::Borrowed(if *yes { "true" } else { "false" }),
        Value::Char(unit) => return Cow::Owned(String::from_utf16_lossy(&[*unit])),
        Value::I8(number) => number.to_string(),
        Value::U8(number) => number.to_string(),
        Value::I16(number) => number.to_string(),
        Value::U16(number) => number.to_string(),
        Value::I32(number) => number.to_string(),
        Value::U32(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::F32(number) => float_text(f64::from(*number), |out| super::float::write_f32(*number, out)),
        Value::F64(number) => float_text(*number, |out| super::float::write_f64(*number, out)),
        Value::Guid(id) => id.to_string(),
        Value::Bytes(bytes) => base64_simd::STANDARD.encode_to_string(bytes),
    })
}

/// A floating-point number rounded to so many significant digits, as .NET's `G15` and `G7` write it.
pub fn general(number: f64, digits: usize) -> String {
    float_text(number, |out| super::float::write_general(number, digits, out))
}

/// Whether PowerShell writes a number back (`[string]$number`) as it was written: `7` and `1.5`, but neither `007`,
/// `1.10` and `1e3` nor `0.00001`, which comes back as `1E-05`.
pub fn survives(number: &Value, written: &str) -> bool {
    match number {
        // Windows PowerShell has no negative zero.
        Value::F64(number) => *number != 0.0 && general(*number, 15) == written,
        Value::I32(_) | Value::I64(_) | Value::Decimal(_) => scalar_text(number) == written,
        _ => false,
    }
}

fn float_text(number: f64, write: impl FnOnce(&mut Vec<u8>)) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() };
    }
    let mut out = Vec::with_capacity(24);
    write(&mut out);
    String::from_utf8(out).unwrap_or_default()
}
