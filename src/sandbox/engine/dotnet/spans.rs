//! `[timespan]`

use super::super::convert::{self, text};
use super::super::datetime::{self, SECOND};
use super::super::eval::Evaluator;
use super::super::value::Val;
use super::numbers::try_parse;
use super::{Fault, Outcome, arg_float, arg_text, thrown};

const DAY: i64 = 86_400 * SECOND;

pub(super) fn property(name: &str) -> Option<Val> {
    Some(match name {
        "zero" => Val::TimeSpan(0),
        "maxvalue" => Val::TimeSpan(i64::MAX),
        "minvalue" => Val::TimeSpan(i64::MIN),
        "ticksperday" => Val::I64(DAY),
        "ticksperhour" => Val::I64(3600 * SECOND),
        "ticksperminute" => Val::I64(60 * SECOND),
        "tickspersecond" => Val::I64(SECOND),
        "tickspermillisecond" => Val::I64(SECOND / 1000),
        _ => return None,
    })
}

fn too_long<T>() -> Result<T, Fault> {
    thrown("OverflowException", "TimeSpan overflowed because the duration is too long.")
}

fn of_ticks(ticks: f64) -> Outcome {
    if ticks.is_nan() {
        return thrown("ArgumentException", "TimeSpan does not accept floating point Not-a-Number values.");
    }
    if ticks.abs() > i64::MAX as f64 {
        return too_long();
    }
    Ok(Some(Val::TimeSpan(ticks.round() as i64)))
}

/// A time span of an argument: one, or a text.
pub(super) fn of_arg(args: &[Val], place: usize) -> Result<i64, Fault> {
    match args.get(place) {
        Some(Val::TimeSpan(ticks)) => Ok(*ticks),
        Some(other) => match datetime::parse_timespan(&text(other)) {
            Some(ticks) => Ok(ticks),
            None if text(other).split([':', '.']).all(|part| part.parse::<u32>().is_ok()) => thrown(
                "OverflowException",
                format!(
                    "The TimeSpan string '{}' could not be parsed because at least one of the numeric components is out of range or contains too many digits.",
                    text(other)
                ),
            ),
            None => {
                thrown("FormatException", format!("String '{}' was not recognized as a valid TimeSpan.", text(other)))
            }
        },
        None => Ok(0),
    }
}

/// `[timespan]::...`
pub(super) fn statics(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Outcome {
    let unit = match name {
        "fromdays" => DAY,
        "fromhours" => 3600 * SECOND,
        "fromminutes" => 60 * SECOND,
        "fromseconds" => SECOND,
        "frommilliseconds" => SECOND / 1000,
        "frommicroseconds" => SECOND / 1_000_000,
        "fromticks" => 1,
        "parse" => {
            return of_arg(args, 0).map(|ticks| Some(Val::TimeSpan(ticks)));
        }
        "tryparse" => {
            let read = of_arg(&args[..1.min(args.len())], 0).map(Val::TimeSpan);
            return try_parse(evaluator, read, args, Val::TimeSpan(0)).map(Some);
        }
        "parseexact" => return exact(args).map(Some),
        "tryparseexact" => return try_parse(evaluator, exact(args), args, Val::TimeSpan(0)).map(Some),
        "compare" => {
            return Ok(Some(Val::I32(of_arg(args, 0)?.cmp(&of_arg(args, 1)?) as i32)));
        }
        "equals" => return Ok(Some(Val::Bool(of_arg(args, 0)? == of_arg(args, 1)?))),
        _ => return Ok(None),
    };
    of_ticks(arg_float(args, 0)? * unit as f64)
}

/// `[timespan]::new(...)`
pub(super) fn make(args: &[Val]) -> Outcome {
    let numbers = args.iter().map(convert::index).collect::<Result<Vec<_>, _>>()?;
    let total = match numbers[..] {
        [] => Some(0),
        [ticks] => Some(ticks),
        [hours, minutes, seconds] => of_parts(&[hours, minutes, seconds], &[3600 * SECOND, 60 * SECOND, SECOND]),
        [_, _, _, _, ..] => of_parts(&numbers, &[DAY, 3600 * SECOND, 60 * SECOND, SECOND, SECOND / 1000]),
        _ => return Err(super::overloads::none("new", args.len()).into()),
    };
    match total {
        Some(ticks) => Ok(Some(Val::TimeSpan(ticks))),
        None => too_long(),
    }
}

/// `ParseExact(text, patterns, culture)`
fn exact(args: &[Val]) -> Result<Val, Fault> {
    let given = arg_text(args, 0);
    let patterns = args.get(1).cloned().unwrap_or(Val::Null).into_items();
    let found = patterns.iter().find_map(|pattern| match text(pattern).as_str() {
        "c" | "t" | "T" | "g" | "G" => datetime::parse_timespan(&given),
        pattern => by_pattern(&given, pattern),
    });
    found.map(Val::TimeSpan).map_or_else(|| thrown("FormatException", "Input string was not in a correct format."), Ok)
}

/// A text by a pattern such as `hh\:mm`.
fn by_pattern(given: &str, pattern: &str) -> Option<i64> {
    let (mut rest, mut ticks) = (given, 0_i64);
    let mut chars = pattern.chars().peekable();
    while let Some(next) = chars.next() {
        let unit = match next {
            'd' => DAY,
            'h' => 3600 * SECOND,
            'm' => 60 * SECOND,
            's' => SECOND,
            'f' | 'F' => 0,
            '\\' => {
                rest = rest.strip_prefix(chars.next()?)?;
                continue;
            }
            '\'' => {
                for quoted in chars.by_ref().take_while(|next| *next != '\'') {
                    rest = rest.strip_prefix(quoted)?;
                }
                continue;
            }
            _ => return None,
        };
        let mut width = 1;
        while chars.peek() == Some(&next) {
            chars.next();
            width += 1;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let length = if width > 1 { width } else { digits.min(if next == 'd' { 8 } else { 2 }) };
        if length == 0 || length > digits {
            return None;
        }
        let number: i64 = rest[..length].parse().ok()?;
        rest = &rest[length..];
        let scale = if unit == 0 { 10_i64.checked_pow(7_u32.checked_sub(length as u32)?)? } else { unit };
        ticks = ticks.checked_add(number.checked_mul(scale)?)?;
    }
    rest.is_empty().then_some(ticks)
}

fn of_parts(parts: &[i64], units: &[i64]) -> Option<i64> {
    parts.iter().zip(units).try_fold(0_i64, |total, (part, unit)| total.checked_add(part.checked_mul(*unit)?))
}

pub(super) fn method(ticks: i64, name: &str, args: &[Val]) -> Outcome {
    let result = match name {
        "add" => ticks.checked_add(of_arg(args, 0)?),
        "subtract" => ticks.checked_sub(of_arg(args, 0)?),
        "negate" => ticks.checked_neg(),
        "duration" => ticks.checked_abs(),
        "multiply" => return of_ticks(ticks as f64 * arg_float(args, 0)?),
        "divide" => {
            return match args.first() {
                Some(Val::TimeSpan(other)) => Ok(Some(Val::F64(ticks as f64 / *other as f64))),
                _ => of_ticks(ticks as f64 / arg_float(args, 0)?),
            };
        }
        "compareto" => return Ok(Some(Val::I32(ticks.cmp(&of_arg(args, 0)?) as i32))),
        "equals" => return Ok(Some(Val::Bool(matches!(args.first(), Some(Val::TimeSpan(other)) if *other == ticks)))),
        "tostring" => match arg_text(args, 0).as_str() {
            pattern @ ("g" | "G") => return Ok(Some(Val::str(general(ticks, pattern == "G")))),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    match result {
        Some(ticks) => Ok(Some(Val::TimeSpan(ticks))),
        None => too_long(),
    }
}

/// The short and the long general form.
fn general(ticks: i64, is_long: bool) -> String {
    let size = ticks.unsigned_abs();
    let (seconds, fraction) = (size / SECOND as u64, size % SECOND as u64);
    let (days, hours, minutes, seconds) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let sign = if ticks < 0 { "-" } else { "" };
    if is_long {
        return format!("{sign}{days}:{hours:02}:{minutes:02}:{seconds:02}.{fraction:07}");
    }
    let days = if days > 0 { format!("{days}:") } else { String::new() };
    let fraction = format!("{fraction:07}");
    let fraction = fraction.trim_end_matches('0');
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    format!("{sign}{days}{hours}:{minutes:02}:{seconds:02}{fraction}")
}
