//! `[math]`

use super::super::convert::{cast, text};
use super::super::errors::ErrorRecord;
use super::super::eval::Evaluator;
use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::{Outcome, set_ref, thrown};

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
        "scaleb" => left * 2_f64.powf(right),
        _ => return None,
    })
}

pub(super) fn call(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Outcome {
    const NAMES: [&str; 33] = [
        "abs",
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "bigmul",
        "cbrt",
        "ceiling",
        "clamp",
        "copysign",
        "cos",
        "cosh",
        "divrem",
        "exp",
        "floor",
        "ieeeremainder",
        "log",
        "log10",
        "log2",
        "max",
        "min",
        "pow",
        "round",
        "scaleb",
        "sign",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "truncate",
    ];
    if !NAMES.contains(&name) && name != "tanh" {
        return Ok(None);
    }
    if name == "divrem" {
        return div_rem(evaluator, args);
    }
    let double = TypeRef::named("System.Double");
    let mode = |arg: &Val| name == "round" && matches!(arg, Val::Enum(_) | Val::Str(_));
    let floats = args
        .iter()
        .enumerate()
        .filter(|(place, arg)| *place == 0 || !mode(arg))
        .map(|(_, arg)| Ok(cast(arg, &double)?.as_float().unwrap_or(0.0)))
        .collect::<Result<Vec<_>, ErrorRecord>>()?;
    if let [one] = floats[..]
        && let Some(number) = of_one(name, one)
    {
        return Ok(Some(Val::F64(number)));
    }
    if let [left, right] = floats[..]
        && let Some(number) = of_two(name, left, right)
    {
        return Ok(Some(Val::F64(number)));
    }
    Ok(Some(match (name, &floats[..]) {
        ("round", [number, rest @ ..]) => Val::F64(round(*number, rest, args)),
        ("abs", [number]) => match &args[0] {
            Val::I32(number) => Val::I32(number.saturating_abs()),
            Val::I64(number) => Val::I64(number.saturating_abs()),
            Val::I16(number) => Val::I16(number.saturating_abs()),
            _ => Val::F64(number.abs()),
        },
        ("sign", [number]) => Val::I32(if *number > 0.0 { 1 } else { -i32::from(*number < 0.0) }),
        ("max", [left, right]) => wider(args, left.max(*right)),
        ("min", [left, right]) => wider(args, left.min(*right)),
        ("clamp", [number, low, high]) if low <= high => wider(args, number.clamp(*low, *high)),
        ("clamp", [_, low, high]) => {
            return thrown("ArgumentException", format!("'{low}' cannot be greater than {high}."));
        }
        ("bigmul", [left, right]) => Val::I64((left * right) as i64),
        _ => {
            let shown = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
            let message =
                format!("Cannot find an overload for \"{shown}\" and the argument count: \"{}\".", args.len());
            return Err(ErrorRecord::runtime(message, "MethodCountCouldNotFindBest", 0).into());
        }
    }))
}

fn round(number: f64, rest: &[f64], args: &[Val]) -> f64 {
    let digits = rest.first().map_or(0, |digits| *digits as i32).clamp(0, 15);
    let mode = args.iter().skip(1).rev().find_map(|arg| match arg {
        Val::Enum(value) => Some(value.name.to_lowercase()),
        Val::Str(_) => Some(text(arg).to_lowercase()),
        _ => None,
    });
    let is_away = rest.get(1) == Some(&1.0);
    let scale = 10_f64.powi(digits);
    let scaled = number * scale;
    let rounded = match mode.as_deref() {
        Some("awayfromzero") => scaled.round(),
        Some("tozero") => scaled.trunc(),
        Some("tonegativeinfinity") => scaled.floor(),
        Some("topositiveinfinity") => scaled.ceil(),
        _ if is_away => scaled.round(),
        _ => scaled.round_ties_even(),
    };
    if scaled.is_finite() { rounded / scale } else { number }
}

/// The number as the widest type of the arguments.
fn wider(args: &[Val], number: f64) -> Val {
    let rank = |value: &Val| match value {
        Val::F64(_) | Val::F32(_) | Val::Str(_) => 3,
        Val::I64(_) | Val::U64(_) | Val::U32(_) => 2,
        _ => 1,
    };
    let whole =
        || args.iter().find(|arg| arg.as_float() == Some(number)).and_then(Val::as_int).unwrap_or(number as i128);
    match args.iter().map(rank).max() {
        Some(1) => Val::I32(whole() as i32),
        Some(2) => Val::I64(whole() as i64),
        _ => Val::F64(number),
    }
}

/// Quotient and remainder: as a pair, or the remainder in a `[ref]`.
fn div_rem(evaluator: &mut Evaluator<'_>, args: &[Val]) -> Outcome {
    let left = super::arg_int(args, 0)?;
    let right = super::arg_int(args, 1)?;
    let Some(quotient) = left.checked_div(right) else {
        return thrown("DivideByZeroException", "Attempted to divide by zero.");
    };
    let is_long = args.iter().take(2).any(|arg| matches!(arg, Val::I64(_)));
    let of = |number: i64| if is_long { Val::I64(number) } else { Val::I32(number as i32) };
    let rest = left % right;
    if let Some(reference) = args.get(2) {
        set_ref(evaluator, Some(reference), of(rest))?;
        return Ok(Some(of(quotient)));
    }
    let schema = Schema::new(&["System.ValueTuple`2", "System.ValueType", "System.Object"], &["Item1", "Item2"]);
    Ok(Some(Obj::typed(&schema, format!("({quotient}, {rest})"), vec![of(quotient), of(rest)])))
}
