//! `[math]`

use super::super::convert::{cast, text};
use super::super::eval::Evaluator;
use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::{Fault, Outcome, set_ref, thrown};

pub(super) fn property(name: &str) -> Option<Val> {
    Some(Val::F64(match name {
        "pi" => std::f64::consts::PI,
        "e" => std::f64::consts::E,
        "tau" => std::f64::consts::TAU,
        _ => return None,
    }))
}

/// Functions of one floating point number.
fn of_one(name: &str, number: f64) -> Option<f64> {
    Some(match name {
        "floor" => number.floor(),
        "ceiling" => number.ceil(),
        "truncate" => number.trunc(),
        "sqrt" => number.sqrt(),
        "cbrt" => number.cbrt(),
        "exp" => number.exp(),
        "log" => number.ln(),
        "log2" => number.log2(),
        "log10" => number.log10(),
        "sin" => number.sin(),
        "cos" => number.cos(),
        "tan" => number.tan(),
        "asin" => number.asin(),
        "acos" => number.acos(),
        "atan" => number.atan(),
        "sinh" => number.sinh(),
        "cosh" => number.cosh(),
        "tanh" => number.tanh(),
        "asinh" => number.asinh(),
        "acosh" => number.acosh(),
        "atanh" => number.atanh(),
        _ => return None,
    })
}

/// Functions of two.
fn of_two(name: &str, left: f64, right: f64) -> Option<f64> {
    Some(match name {
        "pow" => left.powf(right),
        "log" => left.ln() / right.ln(),
        "atan2" => left.atan2(right),
        "ieeeremainder" => left - right * (left / right).round_ties_even(),
        "copysign" => left.copysign(right),
        "maxmagnitude" => {
            if right.abs() > left.abs() {
                right
            } else {
                left
            }
        }
        "minmagnitude" => {
            if right.abs() < left.abs() {
                right
            } else {
                left
            }
        }
        "scaleb" => left * 2_f64.powf(right),
        _ => return None,
    })
}

/// The type that the overload of some arguments takes: that of most of them, of equals the first; texts have none.
fn kind_of(args: &[Val]) -> &'static str {
    let name = |value: &Val| match value {
        Val::I8(_) => Some("SByte"),
        Val::U8(_) => Some("Byte"),
        Val::I16(_) => Some("Int16"),
        Val::U16(_) => Some("UInt16"),
        Val::I32(_) => Some("Int32"),
        Val::U32(_) => Some("UInt32"),
        Val::I64(_) => Some("Int64"),
        Val::U64(_) => Some("UInt64"),
        Val::F32(_) => Some("Single"),
        Val::F64(_) => Some("Double"),
        _ => None,
    };
    let kinds: Vec<&str> = args.iter().filter_map(name).collect();
    let count = |kind: &str| kinds.iter().filter(|known| **known == kind).count();
    let most = kinds.iter().map(|kind| count(kind)).max().unwrap_or(0);
    kinds.iter().find(|kind| count(kind) == most).copied().unwrap_or("Double")
}

/// The argument as a number of a type.
fn as_kind(value: &Val, kind: &'static str) -> Result<Val, Fault> {
    let full = format!("System.{kind}");
    cast(value, &TypeRef::named(full.as_str()))
        .map_err(|record| Fault::Argument(value.clone(), "System.Double", record.message().to_string()))
}

/// `Max`, `Min` and `Clamp`: of one type all.
fn of_many(name: &str, args: &[Val]) -> Outcome {
    let kind = kind_of(args);
    let values = args.iter().map(|arg| as_kind(arg, kind)).collect::<Result<Vec<_>, _>>()?;
    let float = |place: usize| values[place].as_float().unwrap_or(0.0);
    if (0..values.len()).any(|place| float(place).is_nan()) {
        return Ok(Some(Val::F64(f64::NAN)));
    }
    let order = |left: usize, right: usize| match (values[left].as_int(), values[right].as_int()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => float(left).total_cmp(&float(right)),
    };
    let place = match name {
        "max" => usize::from(order(1, 0).is_gt()),
        "min" => usize::from(order(1, 0).is_lt()),
        _ if order(1, 2).is_gt() => {
            return thrown(
                "ArgumentException",
                format!("'{}' cannot be greater than {}.", text(&values[1]), text(&values[2])),
            );
        }
        _ if order(0, 1).is_lt() => 1,
        _ if order(0, 2).is_gt() => 2,
        _ => 0,
    };
    Ok(Some(values[place].clone()))
}

/// The size of a number, in the type of the overload for its type.
fn size(value: &Val) -> Outcome {
    let least = || thrown("OverflowException", "Negating the minimum value of a twos complement number is invalid.");
    let of = |found: Option<Val>| found.map_or_else(least, |value| Ok(Some(value)));
    match value {
        Val::I8(number) => of(number.checked_abs().map(Val::I8)),
        Val::U8(number) => Ok(Some(Val::I16((*number).into()))),
        Val::I16(number) => of(number.checked_abs().map(Val::I16)),
        Val::U16(number) => Ok(Some(Val::I32((*number).into()))),
        Val::I32(number) => of(number.checked_abs().map(Val::I32)),
        Val::U32(number) => Ok(Some(Val::I64((*number).into()))),
        Val::I64(number) => of(number.checked_abs().map(Val::I64)),
        Val::F32(number) => Ok(Some(Val::F32(number.abs()))),
        other => Ok(Some(Val::F64(as_kind(other, "Double")?.as_float().unwrap_or(0.0).abs()))),
    }
}

pub(super) fn call(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Outcome {
    match name {
        "divrem" => return div_rem(evaluator, args),
        "max" | "min" | "clamp" => return of_many(name, args),
        "abs" => return size(args.first().unwrap_or(&Val::Null)),
        "round" => return round(args).map(|number| Some(Val::F64(number))),
        "bigmul" => return Ok(Some(Val::I64(super::arg_int(args, 0)?.wrapping_mul(super::arg_int(args, 1)?)))),
        _ => {}
    }
    let floats = (0..args.len()).map(|place| super::arg_float(args, place)).collect::<Result<Vec<_>, _>>()?;
    Ok(match (name, &floats[..]) {
        ("sign", [number]) if number.is_nan() => {
            return thrown("ArithmeticException", "Function does not accept floating point Not-a-Number values.");
        }
        ("sign", [number]) => Some(Val::I32(if *number > 0.0 { 1 } else { -i32::from(*number < 0.0) })),
        ("ilogb", [number]) => Some(Val::I32(number.abs().log2().floor() as i32)),
        (_, [number]) => of_one(name, *number).map(Val::F64),
        (_, [left, right]) => of_two(name, *left, *right).map(Val::F64),
        ("fusedmultiplyadd", [left, right, more]) => Some(Val::F64(left.mul_add(*right, *more))),
        _ => None,
    })
}

/// `Round(number[, digits][, mode])`
fn round(args: &[Val]) -> Result<f64, Fault> {
    let number = super::arg_float(args, 0)?;
    let (digits, mode) = match args {
        [_, mode @ Val::Enum(_)] => (0, Some(mode)),
        [_, _] => (super::arg_int(args, 1)?, None),
        [_, _, mode] => (super::arg_int(args, 1)?, Some(mode)),
        _ => (0, None),
    };
    if !(0..=15).contains(&digits) {
        return thrown(
            "ArgumentOutOfRangeException",
            "Rounding digits must be between 0 and 15, inclusive. (Parameter 'digits')",
        );
    }
    let kind = TypeRef::named("System.MidpointRounding");
    let mode = match mode {
        Some(mode) => text(&cast(mode, &kind).map_err(|record| {
            Fault::Argument(mode.clone(), "System.MidpointRounding", record.message().to_string())
        })?),
        None => String::new(),
    };
    let scale = 10_f64.powi(digits as i32);
    let scaled = number * scale;
    let rounded = match mode.as_str() {
        "AwayFromZero" => scaled.round(),
        "ToZero" => scaled.trunc(),
        "ToNegativeInfinity" => scaled.floor(),
        "ToPositiveInfinity" => scaled.ceil(),
        _ => scaled.round_ties_even(),
    };
    Ok(if scaled.is_finite() { rounded / scale } else { number })
}

/// Quotient and remainder: as a pair, or the remainder in a `[ref]`.
fn div_rem(evaluator: &mut Evaluator<'_>, args: &[Val]) -> Outcome {
    let left = super::arg_int(args, 0)?;
    let right = super::arg_int(args, 1)?;
    let Some(quotient) = left.checked_div(right) else {
        return thrown("DivideByZeroException", "Attempted to divide by zero.");
    };
    let is_long = kind_of(&args[..args.len().min(2)]) == "Int64";
    let of = |number: i64| if is_long { Val::I64(number) } else { Val::I32(number as i32) };
    let rest = left % right;
    if let Some(reference) = args.get(2) {
        set_ref(evaluator, Some(reference), of(rest))?;
        return Ok(Some(of(quotient)));
    }
    let schema =
        Schema::new(&["System.ValueTuple`2", "System.ValueType", "System.Object"], &["Length", "Item1", "Item2"]);
    Ok(Some(Obj::typed(&schema, format!("({quotient}, {rest})"), vec![Val::I32(2), of(quotient), of(rest)])))
}
