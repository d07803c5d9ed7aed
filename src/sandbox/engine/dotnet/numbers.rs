//! Numbers from texts and back: `[int]::Parse`, `[convert]`, `[BitConverter]`, `[guid]`, `[version]`.

use uuid::Uuid;

use super::super::convert::{self, cast, fit, text};
use super::super::eval::Evaluator;
use super::super::types::TypeRef;
use super::super::value::Val;
use super::number_text::{parse, too_large};
use super::{Fault, Outcome, arg_int, arg_text, set_ref, thrown};

/// Limits of the number types.
pub(super) fn property(kind: &TypeRef, name: &str) -> Option<Val> {
    let pick = |min: Val, max: Val| match name {
        "maxvalue" => Some(max),
        "minvalue" => Some(min),
        _ => None,
    };
    match kind.name() {
        "SByte" => pick(Val::I8(i8::MIN), Val::I8(i8::MAX)),
        "Byte" => pick(Val::U8(u8::MIN), Val::U8(u8::MAX)),
        "Int16" => pick(Val::I16(i16::MIN), Val::I16(i16::MAX)),
        "UInt16" => pick(Val::U16(u16::MIN), Val::U16(u16::MAX)),
        "Int32" => pick(Val::I32(i32::MIN), Val::I32(i32::MAX)),
        "UInt32" => pick(Val::U32(u32::MIN), Val::U32(u32::MAX)),
        "Int64" => pick(Val::I64(i64::MIN), Val::I64(i64::MAX)),
        "UInt64" => pick(Val::U64(u64::MIN), Val::U64(u64::MAX)),
        "Char" => pick(Val::Char(0), Val::Char(u16::MAX)),
        "Single" => pick(Val::F32(f32::MIN), Val::F32(f32::MAX)),
        "Boolean" => match name {
            "truestring" => Some(Val::str("True")),
            "falsestring" => Some(Val::str("False")),
            _ => None,
        },
        "String" => (name == "empty").then(|| Val::str("")),
        "Guid" => (name == "empty").then_some(Val::Guid(Uuid::nil())),
        "Double" => match name {
            "nan" => Some(Val::F64(f64::NAN)),
            "positiveinfinity" => Some(Val::F64(f64::INFINITY)),
            "negativeinfinity" => Some(Val::F64(f64::NEG_INFINITY)),
            // The smallest number there is, not the smallest difference.
            "epsilon" => Some(Val::F64(f64::from_bits(1))),
            _ => pick(Val::F64(f64::MIN), Val::F64(f64::MAX)),
        },
        _ => None,
    }
}

/// `[int]::Parse(...)`, `[double]::IsNaN(...)` and the like.
pub(super) fn statics(evaluator: &mut Evaluator<'_>, kind: &TypeRef, name: &str, args: &[Val]) -> Outcome {
    let own = kind.name();
    let is_number = matches!(
        own,
        "SByte"
            | "Byte"
            | "Int16"
            | "UInt16"
            | "Int32"
            | "UInt32"
            | "Int64"
            | "UInt64"
            | "Double"
            | "Single"
            | "Boolean"
    );
    if !is_number || args.is_empty() {
        return Ok(None);
    }
    let given = arg_text(args, 0);
    let float = || convert::number(&args[0]).and_then(|number| number.as_float()).unwrap_or(0.0);
    Ok(Some(match name {
        "parse" => parse(own, &given, &arg_text(args, 1))?,
        "tryparse" => {
            let styles = if args.len() > 2 { arg_text(args, 1) } else { String::new() };
            try_parse(
                evaluator,
                parse(own, &given, &styles),
                args,
                if own == "Boolean" { Val::Bool(false) } else { fit(0, own).unwrap_or(Val::F64(0.0)) },
            )?
        }
        "isnan" => Val::Bool(float().is_nan()),
        "isinfinity" => Val::Bool(float().is_infinite()),
        "isfinite" => Val::Bool(float().is_finite()),
        "ispositiveinfinity" => Val::Bool(float() == f64::INFINITY),
        "isnegativeinfinity" => Val::Bool(float() == f64::NEG_INFINITY),
        "isnegative" => Val::Bool(float().is_sign_negative()),
        "ispositive" => Val::Bool(float().is_sign_positive()),
        "isinteger" => Val::Bool(float().fract() == 0.0),
        "iseveninteger" => Val::Bool(float() % 2.0 == 0.0),
        "isoddinteger" => Val::Bool((float() % 2.0).abs() == 1.0),
        "max" | "min" | "clamp" | "abs" | "sign" | "divrem" | "sqrt" | "round" | "floor" | "ceiling" | "truncate" => {
            let own: Vec<Val> = args.iter().map(|arg| cast(arg, kind)).collect::<Result<_, _>>()?;
            return super::math::call(evaluator, name, &own);
        }
        _ => return Ok(None),
    }))
}

/// Puts what was read into the last argument, or a default; says whether it was read.
pub(super) fn try_parse(
    evaluator: &mut Evaluator<'_>,
    read: Result<Val, Fault>,
    args: &[Val],
    default: Val,
) -> Result<Val, Fault> {
    let is_read = read.is_ok();
    set_ref(evaluator, args.get(1..).and_then(|rest| rest.last()), read.unwrap_or(default))?;
    Ok(Val::Bool(is_read))
}

/// `[guid]` and `[version]`
pub(super) fn parsed(evaluator: &mut Evaluator<'_>, kind: &TypeRef, name: &str, args: &[Val]) -> Outcome {
    let given = arg_text(args, 0);
    let is_guid = kind.name() == "Guid";
    let read = || -> Result<Val, Fault> {
        if is_guid {
            return match Uuid::parse_str(given.trim()) {
                Ok(guid) => Ok(Val::Guid(guid)),
                Err(_) => thrown("FormatException", "Unrecognized Guid format."),
            };
        }
        match convert::parse_version(&given) {
            Some(parts) => Ok(Val::Version(parts)),
            None => match given.split('.').find(|part| part.trim().parse::<u32>().is_err()) {
                Some(part) if given.contains('.') => {
                    thrown("FormatException", format!("The input string '{part}' was not in a correct format."))
                }
                _ => {
                    thrown("ArgumentException", "Version string portion was too short or too long. (Parameter 'input')")
                }
            },
        }
    };
    match name {
        "parse" => read().map(Some),
        "tryparse" => {
            let default = if is_guid { Val::Guid(Uuid::nil()) } else { Val::Null };
            try_parse(evaluator, read(), args, default).map(Some)
        }
        "newguid" if is_guid => Ok(Some(Val::Guid(evaluator.new_guid()))),
        _ => Ok(None),
    }
}

pub(super) fn guid_method(guid: &Uuid, name: &str, args: &[Val]) -> Outcome {
    Ok(Some(match (name, arg_text(args, 0).to_ascii_lowercase().as_str()) {
        ("tostring", "n") => Val::str(guid.simple().to_string()),
        ("tostring", "b") => Val::str(format!("{{{guid}}}")),
        ("tostring", "p") => Val::str(format!("({guid})")),
        ("tobytearray", _) => byte_array(&guid.to_bytes_le()),
        _ => return Ok(None),
    }))
}

pub(super) fn version_method(parts: &[i32; 4], name: &str, args: &[Val]) -> Outcome {
    if name != "tostring" || args.is_empty() {
        return Ok(None);
    }
    let known = parts.iter().filter(|part| **part >= 0).count();
    let Some(count) = usize::try_from(arg_int(args, 0)?).ok().filter(|count| *count <= known) else {
        let why = format!("Argument must be between 0 and {known}. (Parameter 'fieldCount')");
        return thrown("ArgumentException", why);
    };
    let shown: Vec<_> = parts[..count].iter().map(ToString::to_string).collect();
    Ok(Some(Val::str(shown.join("."))))
}

pub(super) fn byte_array(bytes: &[u8]) -> Val {
    Val::list("System.Byte[]", bytes.iter().copied().map(Val::U8).collect())
}

/// The bytes of a byte array.
pub(super) fn bytes(value: &Val) -> Vec<u8> {
    let byte = |item: &Val| item.as_int().and_then(|byte| u8::try_from(byte).ok());
    value.clone().into_items().iter().filter_map(byte).collect()
}

/// `[convert]::...`
pub(super) fn convert(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Outcome {
    let Some(value) = args.first() else { return Ok(None) };
    let radix = match args.get(1) {
        Some(base) if name.starts_with("to") && !name.contains("base64") && base.as_int().is_some() => {
            let known = base.as_int().and_then(|base| u32::try_from(base).ok());
            let Some(known) = known.filter(|base| [2, 8, 10, 16].contains(base)) else {
                return thrown("ArgumentException", "Invalid Base.");
            };
            Some(known)
        }
        _ => None,
    };
    Ok(Some(match name {
        "tobase64string" => return base64_of(value, args),
        "frombase64string" => {
            let plain: String = text(value).split_whitespace().collect();
            match base64_simd::STANDARD.decode_to_vec(plain) {
                Ok(decoded) => byte_array(&decoded),
                Err(_) => {
                    return thrown(
                        "FormatException",
                        "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, or an illegal character among the padding characters.",
                    );
                }
            }
        }
        "tohexstring" => Val::str(bytes(value).iter().map(|byte| format!("{byte:02X}")).collect::<String>()),
        "fromhexstring" => {
            let digits = text(value);
            let pairs = digits.as_bytes().chunks(2).map(|pair| {
                let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2);
                pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())
            });
            match pairs.collect::<Option<Vec<u8>>>() {
                Some(decoded) => byte_array(&decoded),
                None => {
                    return thrown(
                        "FormatException",
                        "The input is not a valid hex string as its length is not a multiple of 2.",
                    );
                }
            }
        }
        "changetype" => {
            let kind = match args.get(1) {
                Some(Val::Type(kind)) => Some(kind.clone()),
                // A `TypeCode`: its names are those of the types.
                Some(other) => TypeRef::find(&text(other)),
                None => None,
            };
            let Some(kind) = kind else { return Ok(None) };
            if kind.name() == "String" {
                return Ok(Some(Val::str(convert::shortest(value))));
            }
            return to_type(evaluator, &kind, value, None).map(Some);
        }
        "gettypecode" => type_code(value),
        "isdbnull" => Val::Bool(false),
        "tostring" => match (radix, value.as_int()) {
            (Some(radix), Some(number)) if radix != 10 => Val::str(in_radix(value, number, radix)),
            _ => Val::str(convert::shortest(value)),
        },
        _ => {
            let Some(kind) = name.strip_prefix("to").and_then(TypeRef::find) else { return Ok(None) };
            return to_type(evaluator, &kind, value, radix).map(Some);
        }
    }))
}

/// `ToBase64String(bytes[, start, count][, options])`
fn base64_of(value: &Val, args: &[Val]) -> Outcome {
    let Ok(whole) = cast(value, &TypeRef::named("System.Byte[]")) else {
        let why = format!("Cannot convert value \"{}\" to type \"System.Byte[]\".", text(value));
        return Err(Fault::Argument(value.clone(), "System.Byte[]", why));
    };
    let mut plain = bytes(&whole);
    if args.len() > 2 {
        let place = |at| Ok::<_, Fault>(usize::try_from(arg_int(args, at)?).unwrap_or(usize::MAX));
        let (start, count) = (place(1)?, place(2)?);
        match plain.get(start..start.saturating_add(count)) {
            Some(part) => plain = part.to_vec(),
            None => {
                let why = "Offset and length must refer to a position in the string. (Parameter 'offset')";
                return thrown("ArgumentOutOfRangeException", why);
            }
        }
    }
    let encoded = base64_simd::STANDARD.encode_to_string(plain);
    let breaks = args.len().is_multiple_of(2) && text(&args[args.len() - 1]).eq_ignore_ascii_case("InsertLineBreaks");
    if !breaks {
        return Ok(Some(Val::str(encoded)));
    }
    let lines: Vec<&str> = encoded.as_bytes().chunks(76).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Ok(Some(Val::str(lines.join("\r\n"))))
}

/// `'5'.ToInt32($null)` and its like.
pub(super) fn of_text(name: &str, value: &str) -> Outcome {
    match name.strip_prefix("to").and_then(TypeRef::find) {
        Some(kind) => parse(kind.name(), value, "").map(Some),
        None => Ok(None),
    }
}

/// Negative numbers in two's complement of their own size.
fn in_radix(value: &Val, number: i128, radix: u32) -> String {
    let size = match value {
        Val::I8(_) | Val::U8(_) => 8,
        Val::I16(_) | Val::U16(_) => 16,
        Val::I64(_) | Val::U64(_) => 64,
        _ => 32,
    };
    let bits = number as u64 & (u64::MAX >> (64 - size));
    match radix {
        2 => format!("{bits:b}"),
        8 => format!("{bits:o}"),
        _ => format!("{bits:x}"),
    }
}

fn to_type(evaluator: &mut Evaluator<'_>, kind: &TypeRef, value: &Val, radix: Option<u32>) -> Result<Val, Fault> {
    let name = kind.name();
    if let (Some(radix), Val::Str(given)) = (radix.filter(|radix| *radix != 10), value) {
        let digits = given.trim_start_matches("0x").trim_start_matches("0X");
        if given.is_empty() {
            let why = "Specified argument was out of the range of valid values. (Parameter 'Index was out of range. Must be non-negative and less than the size of the collection.')";
            return thrown("ArgumentOutOfRangeException", why);
        }
        let Ok(number) = u64::from_str_radix(digits, radix) else {
            return thrown("FormatException", "Could not find any recognizable digits.");
        };
        let number = match name {
            "Int32" if number <= u32::MAX.into() => i128::from(number as u32 as i32),
            "Int16" if number <= u16::MAX.into() => i128::from(number as u16 as i16),
            "SByte" if number <= u8::MAX.into() => i128::from(number as u8 as i8),
            "Int64" => i128::from(number as i64),
            _ => i128::from(number),
        };
        return fit(number, name).ok_or_else(|| Fault::Thrown("OverflowException", too_large(name)));
    }
    if let (Val::Str(given), Some(_)) = (value, fit(0, name)) {
        return parse(name, given, "");
    }
    if let Val::Str(given) = value
        && matches!(name, "Double" | "Single" | "Boolean" | "Char")
    {
        return parse(name, given, "");
    }
    if name == "DateTime"
        && let Val::Str(given) = value
    {
        return super::instants::parse(evaluator, given);
    }
    if let (Some(number), Some(_)) = (value.as_int(), fit(0, name)) {
        return fit(number, name).ok_or_else(|| Fault::Thrown("OverflowException", too_large(name)));
    }
    if let (Val::DateTime(_) | Val::TimeSpan(_) | Val::Guid(_), Some(_)) = (value, fit(0, name)) {
        let own = value.type_name();
        let own = own.rsplit('.').next().unwrap_or(&own).to_owned();
        return thrown("InvalidCastException", format!("Invalid cast from '{own}' to '{name}'."));
    }
    Ok(cast(value, kind)?)
}

/// The `TypeCode` of a value.
pub(super) fn type_code(value: &Val) -> Val {
    let full = value.type_name();
    let name = if value.is_null() { "Empty" } else { full.strip_prefix("System.").unwrap_or(&full) };
    let found = super::enums::value_of("System.TypeCode", name);
    found.unwrap_or_else(|| Val::of_enum("System.TypeCode", "Object", 1))
}

/// Methods of numbers that the rest of the engine does not have.
pub(super) fn method(value: &Val, name: &str, args: &[Val]) -> Outcome {
    let other = args.first().unwrap_or(&Val::Null);
    let is_same_type = value.type_name() == other.type_name();
    Ok(Some(match name {
        "gettypecode" => type_code(value),
        "equals" => Val::Bool(is_same_type && super::super::ops::equal(value, other, true)),
        "compareto" if !is_same_type && !other.is_null() => {
            let full = value.type_name();
            let own = full.rsplit('.').next().unwrap_or(&full).to_owned();
            return thrown("ArgumentException", format!("Object must be of type {own}."));
        }
        "tostring" if !args.is_empty() => match super::super::format::value_text(value, &text(other)) {
            Ok(shown) => Val::str(shown),
            Err(record) => match record.message().strip_prefix("Error formatting a string: ") {
                Some(why) => return thrown("FormatException", why.to_owned()),
                None => return Err(record.into()),
            },
        },
        _ => return Ok(None),
    }))
}

/// `[BitConverter]::...`
pub(super) fn bits(name: &str, args: &[Val]) -> Outcome {
    let Some(value) = args.first() else { return Ok(None) };
    let given = || bytes(value);
    let start = usize::try_from(arg_int(args, 1).unwrap_or(0)).unwrap_or(0);
    let part = |size: usize| -> Result<[u8; 8], Fault> {
        let all = given();
        let Some(part) = all.get(start..start.saturating_add(size)) else {
            return thrown(
                "ArgumentException",
                "Destination array is not long enough to copy all the items in the collection. Check array index and length.",
            );
        };
        let mut whole = [0; 8];
        whole[..size].copy_from_slice(part);
        Ok(whole)
    };
    Ok(Some(match name {
        "tostring" => {
            let count = if args.len() > 2 { usize::try_from(arg_int(args, 2)?).unwrap_or(0) } else { usize::MAX };
            let shown: Vec<_> = given().iter().skip(start).take(count).map(|byte| format!("{byte:02X}")).collect();
            Val::str(shown.join("-"))
        }
        "getbytes" => match value {
            Val::I64(number) => byte_array(&number.to_le_bytes()),
            Val::U64(number) => byte_array(&number.to_le_bytes()),
            Val::U32(number) => byte_array(&number.to_le_bytes()),
            Val::I16(number) => byte_array(&number.to_le_bytes()),
            Val::U16(number) | Val::Char(number) => byte_array(&number.to_le_bytes()),
            Val::F64(number) => byte_array(&number.to_le_bytes()),
            Val::F32(number) => byte_array(&number.to_le_bytes()),
            Val::Bool(yes) => byte_array(&[u8::from(*yes)]),
            other => byte_array(&(other.as_int().unwrap_or(0) as i32).to_le_bytes()),
        },
        "toint16" => Val::I16(u64::from_le_bytes(part(2)?) as i16),
        "touint16" => Val::U16(u64::from_le_bytes(part(2)?) as u16),
        "toint32" => Val::I32(u64::from_le_bytes(part(4)?) as i32),
        "touint32" => Val::U32(u64::from_le_bytes(part(4)?) as u32),
        "toint64" => Val::I64(i64::from_le_bytes(part(8)?)),
        "touint64" => Val::U64(u64::from_le_bytes(part(8)?)),
        "toboolean" => Val::Bool(part(1)?[0] != 0),
        "tochar" => Val::Char(u64::from_le_bytes(part(2)?) as u16),
        "tosingle" => Val::F32(f32::from_bits(u64::from_le_bytes(part(4)?) as u32)),
        "doubletoint64bits" => Val::I64(super::arg_float(args, 0)?.to_bits() as i64),
        "int64bitstodouble" => Val::F64(f64::from_bits(arg_int(args, 0)? as u64)),
        "todouble" => Val::F64(f64::from_le_bytes(part(8)?)),
        _ => return Ok(None),
    }))
}
