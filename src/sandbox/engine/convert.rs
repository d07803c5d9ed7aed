//! Conversions: to text, to truth, to numbers, to named types.

mod signed;

use std::sync::Arc;

use uuid::Uuid;

use super::datetime::{self, DateTime};
use super::errors::{ErrorRecord, Exception};
use super::types::{TypeRef, is_exception};
use super::value::{Obj, Val};
use signed::parse_signed;

/// The text of a value, as `"$x"` and `[string]` give it.
pub(super) fn text(value: &Val) -> String {
    match value {
        Val::List(list) => list.items().iter().map(inner_text).collect::<Vec<_>>().join(" "),
        Val::Object(object) if object.text.is_none() => {
            let members = object.properties();
            let members: Vec<_> = members.iter().map(|(name, value)| format!("{name}={}", inner_text(value))).collect();
            if members.is_empty() { String::new() } else { format!("@{{{}}}", members.join("; ")) }
        }
        other => inner_text(other),
    }
}

/// The text of a value inside of a list or property bag: .NET's own, where lists are named by their type and property
/// bags have none.
fn inner_text(value: &Val) -> String {
    match value {
        Val::Void | Val::Null => String::new(),
        Val::Bool(true) => "True".into(),
        Val::Bool(false) => "False".into(),
        Val::Char(unit) => String::from_utf16_lossy(&[*unit]),
        Val::F32(number) => float_text(f64::from(*number), &format!("{number:.6e}"), 7),
        Val::F64(number) => float_text(*number, &format!("{number:.14e}"), 15),
        Val::Str(text) => text.to_string(),
        Val::DateTime(time) => datetime::format(time, "MM/dd/yyyy HH:mm:ss"),
        Val::TimeSpan(ticks) => datetime::timespan_text(*ticks),
        Val::Guid(guid) => guid.to_string(),
        Val::Version(parts) => version_text(parts),
        Val::Enum(value) => value.name.as_ref().into(),
        Val::Object(object) => object.text.as_deref().unwrap_or("").to_owned(),
        Val::Script(script) => script.span.of(&script.source).to_owned(),
        Val::Type(kind) => kind.text(),
        Val::Error(record) => record.said().to_string(),
        Val::Exception(exception) => format!("{}: {}", exception.type_name(), exception.message),
        Val::Net(instance) => instance.text(),
        Val::Foreign(value) => value.as_text().map(ToString::to_string).unwrap_or_default(),
        other => match other.as_int() {
            Some(number) => number.to_string(),
            None => other.type_name().to_string(),
        },
    }
}

/// The text that `ToString()` and `-f` give: all the digits that a number needs, where PowerShell's own conversion
/// stops at fifteen.
pub(super) fn shortest(value: &Val) -> String {
    match value {
        Val::F32(number) => float_text(f64::from(*number), &format!("{number:e}"), 15),
        Val::F64(number) => float_text(*number, &format!("{number:e}"), 15),
        other => text(other),
    }
}

/// A floating point number as .NET writes it: `exponential` are its digits in Rust's notation; numbers with more places
/// before the point than `places` keep the exponent.
pub(super) fn float_text(number: f64, exponential: &str, places: i32) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.into();
    }
    let Some((mantissa, exponent)) = exponential.split_once('e') else { return exponential.to_owned() };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let mantissa = match mantissa.contains('.') {
        true => mantissa.trim_end_matches('0').trim_end_matches('.'),
        false => mantissa,
    };
    if number != 0.0 && !(-4..places).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}E{sign}{:02}", exponent.abs());
    }
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |digits| ("-", digits));
    let digits = digits.replace('.', "");
    let point = exponent + 1;
    if point <= 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(point.unsigned_abs() as usize));
    }
    let point = point as usize;
    if digits.len() <= point {
        return format!("{sign}{digits}{}", "0".repeat(point - digits.len()));
    }
    format!("{sign}{}.{}", &digits[..point], &digits[point..])
}

fn version_text(parts: &[i32; 4]) -> String {
    let parts: Vec<_> = parts.iter().filter(|part| **part >= 0).map(ToString::to_string).collect();
    parts.join(".")
}

/// Two to four numbers with dots.
pub(super) fn parse_version(text: &str) -> Option<[i32; 4]> {
    let mut parts = [-1; 4];
    let mut count = 0;
    for part in text.trim().split('.') {
        *parts.get_mut(count)? = part.parse().ok().filter(|number| *number >= 0)?;
        count += 1;
    }
    (count >= 2).then_some(parts)
}

/// The text in capitals, letter by letter: .NET makes no text longer.
pub(super) fn upper(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    let of = |next: char| match (next, next.to_uppercase(), next.to_uppercase().count()) {
        ('\u{131}', ..) => next,
        (_, mut upper, 1) => upper.next().unwrap_or(next),
        _ => next,
    };
    text.chars().map(of).collect()
}

/// The text in small letters, letter by letter.
pub(super) fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let of =
        |next: char| if next.to_lowercase().count() == 1 { next.to_lowercase().next().unwrap_or(next) } else { next };
    text.chars().map(of).collect()
}

/// Why a text is no version.
fn not_a_version(text: &str) -> String {
    let parts: Vec<_> = text.split('.').collect();
    let odd = parts.iter().find(|part| part.trim().parse::<u32>().is_err());
    match odd.filter(|_| (2..=4).contains(&parts.len())) {
        Some(odd) => format!("The input string '{odd}' was not in a correct format."),
        None => "Version string portion was too short or too long. (Parameter 'input')".into(),
    }
}

/// Whether a condition holds.
pub(super) fn truth(value: &Val) -> bool {
    match value {
        Val::Void | Val::Null => false,
        Val::Bool(yes) => *yes,
        Val::Str(text) => !text.is_empty(),
        Val::Char(unit) => *unit != 0,
        Val::Enum(value) => value.number != 0,
        Val::List(list) if list.is_given() => true,
        Val::List(list) => match list.len() {
            0 => false,
            1 => list.get(0).is_some_and(|only| match &only {
                Val::List(inner) => inner.len() > 0,
                other => truth(other),
            }),
            _ => true,
        },
        other => other.as_switch().unwrap_or_else(|| other.as_float() != Some(0.0)),
    }
}

/// A number for arithmetic and comparison: strings are parsed, null is 0.
pub(super) fn number(value: &Val) -> Option<Val> {
    Some(match value {
        Val::Void | Val::Null => Val::I32(0),
        Val::Bool(yes) => Val::I32((*yes).into()),
        Val::Char(unit) => Val::I32((*unit).into()),
        Val::Enum(value) => Val::I32(value.number),
        Val::Str(text) => parse_signed(text)?,
        other if other.as_float().is_some() => other.clone(),
        _ => return None,
    })
}

fn invalid_cast(value: &Val, kind: &TypeRef, why: &str) -> ErrorRecord {
    let shown = text(value);
    let message = format!("Cannot convert value \"{shown}\" to type \"{}\". Error: \"{why}\"", kind.full);
    let id = match value {
        Val::Str(_) if matches!(kind.name(), "Double" | "Single") => "InvalidCastFromStringToDoubleOrSingle",
        Val::Str(_) if value_is_number(kind) => "InvalidCastFromStringToInteger",
        Val::Str(_) if matches!(kind.name(), "Version" | "Char") => "InvalidCastParseTargetInvocation",
        Val::Str(_) => "InvalidCastParseTargetInvocationWithFormatProvider",
        _ if value.as_float().is_some() => "InvalidCastIConvertible",
        _ => "ConvertToFinalInvalidCastException",
    };
    let message: Arc<str> = message.into();
    let class = match why {
        _ if why.contains("too large or too small") => "System.OverflowException",
        _ if why.starts_with("Invalid cast") => "System.InvalidCastException",
        _ => "System.FormatException",
    };
    let inner = Exception::new("System.Management.Automation.PSInvalidCastException", message.clone());
    let inner = inner.with_inner(Some(Arc::new(Exception::new(class, why))));
    ErrorRecord::runtime(message, id, 5).with_cause(Some(Arc::new(inner)))
}

/// There is no way from the one type to the other.
fn no_conversion(value: &Val, kind: &TypeRef) -> ErrorRecord {
    let message = format!(
        "Cannot convert the \"{}\" value of type \"{}\" to type \"{}\".",
        text(value),
        value.type_name(),
        kind.full
    );
    let inner = Exception::new("System.Management.Automation.PSInvalidCastException", message.as_str());
    ErrorRecord::runtime(message, "ConvertToFinalInvalidCastException", 5).with_cause(Some(Arc::new(inner)))
}

fn value_is_number(kind: &TypeRef) -> bool {
    matches!(
        kind.name(),
        "Int32" | "Int64" | "Int16" | "Byte" | "SByte" | "UInt16" | "UInt32" | "UInt64" | "Double" | "Single"
    )
}

/// `[kind]value`
pub(super) fn cast(value: &Val, kind: &TypeRef) -> Result<Val, ErrorRecord> {
    if value.is_null() && (kind.full.ends_with("[]") || &*kind.full == "System.Array") {
        return Ok(Val::Null);
    }
    if let Some(element) = kind.full.strip_suffix("[]") {
        return cast_array(value, &TypeRef::named(element));
    }
    if kind.full.starts_with("System.Collections.Generic.List") {
        let items = value.clone().into_items();
        let element = kind.full.split_once("[[").and_then(|(_, rest)| rest.strip_suffix("]]"));
        let Some(element) = element.filter(|name| name.starts_with("System.") && !name.contains([',', '['])) else {
            return Ok(Val::list(kind.full.clone(), items));
        };
        let element = TypeRef::named(element);
        let items = items.iter().map(|item| cast(item, &element)).collect::<Result<_, _>>();
        return items.map(|items| Val::list(kind.full.clone(), items)).map_err(|_| not_convertible(value, kind));
    }
    let fail = |why: &str| Err(invalid_cast(value, kind, why));
    Ok(match &*kind.full {
        "System.Object" | "System.Management.Automation.PSObject" => value.clone(),
        "System.String" => Val::str(text(value)),
        "System.Boolean" => Val::Bool(truth(value)),
        "System.Management.Automation.SwitchParameter" => match value {
            Val::Bool(_) | Val::Null | Val::Void => Val::switch(truth(value)),
            other if other.as_switch().is_some() => Val::switch(truth(value)),
            _ => return Err(no_conversion(value, kind)),
        },
        "System.Void" => Val::Void,
        "System.Char" => return cast_char(value, kind),
        "System.DateTime" => match value {
            Val::DateTime(_) => value.clone(),
            Val::Str(text) => match datetime::parse(text) {
                Some(time) => Val::DateTime(time),
                None => return fail(&super::dotnet::not_recognized(text)),
            },
            other => match other.as_int() {
                Some(ticks) => match DateTime::unspecified(0).plus(i64::try_from(ticks).unwrap_or(-1)) {
                    Some(time) => Val::DateTime(time),
                    None => {
                        let why = "Ticks must be between DateTime.MinValue.Ticks and DateTime.MaxValue.Ticks. (Parameter 'ticks')";
                        let record = invalid_cast(value, kind, why);
                        return Err(ErrorRecord { id: "InvalidCastConstructorException".into(), ..record });
                    }
                },
                None => return fail("Invalid cast."),
            },
        },
        "System.TimeSpan" => match value {
            Val::TimeSpan(_) => value.clone(),
            Val::Str(text) => match datetime::parse_timespan(text) {
                Some(ticks) => Val::TimeSpan(ticks),
                None => return fail(&format!("String '{text}' was not recognized as a valid TimeSpan.")),
            },
            other => match other.as_int() {
                Some(ticks) => Val::TimeSpan(ticks as i64),
                None => return fail("Invalid cast."),
            },
        },
        "System.Guid" => match (value, Uuid::parse_str(&text(value))) {
            (Val::Guid(_), _) => value.clone(),
            (_, Ok(guid)) => Val::Guid(guid),
            _ => return fail("Unrecognized Guid format."),
        },
        "System.Version" => match (value, parse_version(&text(value))) {
            (Val::Version(_), _) => value.clone(),
            (_, Some(parts)) => Val::Version(parts),
            _ => return fail(&not_a_version(&text(value))),
        },
        "System.Collections.Hashtable" | "System.Collections.Specialized.OrderedDictionary"
            if matches!(value, Val::Hash(_)) =>
        {
            value.clone()
        }
        "System.Management.Automation.PSCustomObject" => match value {
            Val::Hash(hash) => {
                Obj::custom(hash.entries().into_iter().map(|(key, value)| (text(&key).into(), value)).collect())
            }
            other => other.clone(),
        },
        "System.Array" => Val::array(value.clone().into_items()),
        "System.Collections.ArrayList" => match value {
            Val::Null | Val::Void => Val::Null,
            Val::List(list) => Val::list(kind.full.clone(), list.items()),
            Val::Hash(table) => Val::list(kind.full.clone(), super::dotnet::dictionary_entries(table)),
            other => return Err(not_convertible(other, kind)),
        },
        "System.Management.Automation.ScriptBlock" if matches!(value, Val::Script(_)) => value.clone(),
        "System.Collections.Hashtable" | "System.Management.Automation.ScriptBlock" if value.is_null() => Val::Null,
        full @ ("System.Collections.Hashtable" | "System.Management.Automation.ScriptBlock") => {
            let (shown, own) = (text(value), value.type_name());
            let message = format!("Cannot convert the \"{shown}\" value of type \"{own}\" to type \"{full}\".");
            return Err(ErrorRecord::runtime(message, "ConvertToFinalInvalidCastException", 5));
        }
        "System.Type" => match value {
            Val::Type(_) => value.clone(),
            other => match TypeRef::find(&text(other)) {
                Some(found) => Val::Type(found),
                None => return fail("The type is not known."),
            },
        },
        full if is_exception(full) => match value {
            Val::Exception(_) => value.clone(),
            other => Val::Exception(Arc::new(Exception::new(full, text(other)))),
        },
        _ if value_is_number(kind) => return cast_number(value, kind),
        full if value.type_name().eq_ignore_ascii_case(full) => value.clone(),
        _ if let Some(made) = super::dotnet::cast(value, kind)? => made,
        _ => return Err(ErrorRecord::unsupported(&format!("conversions to [{}]", kind.text()))),
    })
}

fn cast_array(value: &Val, element: &TypeRef) -> Result<Val, ErrorRecord> {
    let items = match value {
        Val::Str(text) if element.name() == "Char" => text.encode_utf16().map(Val::Char).collect(),
        other => other.clone().into_items(),
    };
    let items = items.iter().map(|item| cast(item, element)).collect::<Result<_, _>>()?;
    Ok(Val::list(format!("{}[]", element.full), items))
}

fn cast_char(value: &Val, kind: &TypeRef) -> Result<Val, ErrorRecord> {
    match value {
        Val::Char(_) => Ok(value.clone()),
        Val::Str(text) => {
            let mut units = text.encode_utf16();
            match (units.next(), units.next()) {
                (Some(unit), None) => Ok(Val::Char(unit)),
                _ => Err(invalid_cast(value, kind, "String must be exactly one character long.")),
            }
        }
        other => match other.as_int().and_then(|number| u16::try_from(number).ok()) {
            Some(unit) => Ok(Val::Char(unit)),
            None => Err(invalid_cast(value, kind, "Value was either too large or too small for a character.")),
        },
    }
}

fn cast_number(value: &Val, kind: &TypeRef) -> Result<Val, ErrorRecord> {
    // A text may have more digits than a floating point number.
    if let Val::Str(text) = value
        && let Some(number) = text.trim().parse().ok().and_then(|number| fit(number, kind.name()))
    {
        return Ok(number);
    }
    let Some(found) = number(value) else {
        let why = "The input string was not in a correct format.";
        let why = if let Val::Str(text) = value {
            format!("The input string '{text}' was not in a correct format.")
        } else {
            why.into()
        };
        return Err(match value {
            Val::Str(_) => invalid_cast(value, kind, &why),
            other => not_convertible(other, kind),
        });
    };
    match kind.name() {
        "Double" => return Ok(Val::F64(found.as_float().unwrap_or(0.0))),
        "Single" => return Ok(Val::F32(found.as_float().unwrap_or(0.0) as f32)),
        _ => {}
    }
    let whole = match found.as_int() {
        Some(whole) => Some(whole),
        // .NET rounds halves to even.
        None => {
            found.as_float().map(f64::round_ties_even).filter(|float| float.abs() < 1e20).map(|float| float as i128)
        }
    };
    let fitted = whole.and_then(|whole| fit(whole, kind.name())).or_else(|| of_digits(value, kind.name()));
    fitted.ok_or_else(|| invalid_cast(value, kind, &super::dotnet::too_large(kind.name())))
}

/// The number whose bits a text of hexadecimal digits writes: `[uint32]"0x80000002"`, though this is a negative literal.
fn of_digits(value: &Val, type_name: &str) -> Option<Val> {
    let Val::Str(text) = value else { return None };
    let text = text.trim();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let bits = u64::from_str_radix(digits, 16).ok()?;
    Some(match type_name {
        "SByte" => Val::I8(u8::try_from(bits).ok()?.cast_signed()),
        "Int16" => Val::I16(u16::try_from(bits).ok()?.cast_signed()),
        _ => fit(bits.into(), type_name)?,
    })
}

/// Why a value of another kind is not to be had as the type.
fn not_convertible(value: &Val, kind: &TypeRef) -> ErrorRecord {
    if matches!(value, Val::DateTime(_)) {
        let why = format!("Invalid cast from 'DateTime' to '{}'.", kind.name());
        return ErrorRecord { id: "InvalidCastIConvertible".into(), ..invalid_cast(value, kind, &why) };
    }
    let (shown, own) = (inner_text(value), value.type_name());
    let message = format!("Cannot convert the \"{shown}\" value of type \"{own}\" to type \"{}\".", kind.full);
    ErrorRecord::runtime(message, "ConvertToFinalInvalidCastException", 5)
}

/// The number as the integer type of this name, if it fits.
pub(super) fn fit(number: i128, type_name: &str) -> Option<Val> {
    Some(match type_name {
        "SByte" => Val::I8(number.try_into().ok()?),
        "Byte" => Val::U8(number.try_into().ok()?),
        "Int16" => Val::I16(number.try_into().ok()?),
        "UInt16" => Val::U16(number.try_into().ok()?),
        "Int32" => Val::I32(number.try_into().ok()?),
        "UInt32" => Val::U32(number.try_into().ok()?),
        "Int64" => Val::I64(number.try_into().ok()?),
        "UInt64" => Val::U64(number.try_into().ok()?),
        _ => return None,
    })
}

/// A whole number where a parameter or index needs one.
pub(super) fn index(value: &Val) -> Result<i64, ErrorRecord> {
    match cast(value, &TypeRef::named("System.Int64"))? {
        Val::I64(number) => Ok(number),
        _ => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use super::{cast, text, truth};
    use crate::sandbox::engine::types::TypeRef;
    use crate::sandbox::engine::value::Val;

    #[test]
    fn floats_as_dotnet_writes_them() {
        for (number, wanted) in [
            (0.1, "0.1"),
            (1e15, "1E+15"),
            (1e14, "100000000000000"),
            (123_456_789.25, "123456789.25"),
            (1e-5, "1E-05"),
            (0.0001, "0.0001"),
            (-1.5e-7, "-1.5E-07"),
            (1.0 / 3.0, "0.333333333333333"),
            (0.0, "0"),
        ] {
            assert_eq!(text(&Val::F64(number)), wanted);
        }
    }

    #[test]
    fn truth_of_collections() {
        let one = |value| Val::array(vec![value]);
        assert!(!truth(&Val::array(vec![])));
        assert!(!truth(&one(Val::I32(0))));
        assert!(truth(&Val::array(vec![Val::I32(0), Val::I32(0)])));
        assert!(truth(&Val::hash(false, vec![])));
    }

    #[test]
    fn casts_round_to_even_and_refuse() {
        let int = TypeRef::find("int").expect("known");
        assert!(matches!(cast(&Val::F64(2.5), &int), Ok(Val::I32(2))));
        assert!(matches!(cast(&Val::str(" 0x10 "), &int), Ok(Val::I32(16))));
        assert!(cast(&Val::F64(3e9), &int).is_err());
        let refused = cast(&Val::str("abc"), &int).expect_err("no number");
        assert!(refused.message().contains("The input string 'abc' was not in a correct format."));
    }
}
