//! Operators between constants: what PowerShell's client computes before it sends an argument.
//!
//! Only what is certain on this side: numbers of the three common types, strings, arrays. `None` everywhere else; the
//! rules of .NET for the rest are PowerShell's.

use super::conversion::convert;
use super::text;
use crate::clixml::Value;
use crate::script::chars;
use crate::script::evaluate::array;

/// Items of a range, or bytes of a repeated string: who needs more does not write it into an argument.
const MOST: usize = 64 << 10;

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Range,
    Multiply,
    Divide,
    Remainder,
    Add,
    Subtract,
    Join,
}

impl Binary {
    /// Reads an operator; a dash is any of PowerShell's.
    pub(super) fn read(text: &str) -> Option<Self> {
        Some(match text {
            ".." => Self::Range,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "%" => Self::Remainder,
            "+" => Self::Add,
            _ => match text.strip_prefix(chars::is_dash)?.to_ascii_lowercase().as_str() {
                "" => Self::Subtract,
                "join" => Self::Join,
                _ => return None,
            },
        })
    }

    /// How tightly it binds: the tighter, the higher.
    pub(super) fn level(self) -> u8 {
        match self {
            Self::Join => 1,
            Self::Add | Self::Subtract => 2,
            Self::Multiply | Self::Divide | Self::Remainder => 3,
            Self::Range => 4,
        }
    }

    /// The result, where it is certain.
    pub(super) fn apply(self, left: &Value, right: &Value) -> Option<Value> {
        match self {
            Self::Range => range(left, right),
            Self::Join => join(left, right),
            Self::Add => add(left, right),
            Self::Multiply => repeat(left, right).or_else(|| arithmetic(self, left, right)),
            Self::Subtract | Self::Divide | Self::Remainder => arithmetic(self, left, right),
        }
    }
}

/// Whether an operator may stand before a value.
pub(super) fn is_unary(operator: &str) -> bool {
    let dashed = operator.strip_prefix(chars::is_dash).map(str::to_ascii_lowercase);
    matches!(operator, "!" | "+") || matches!(dashed.as_deref(), Some("" | "not" | "join"))
}

/// The result of an operator before a value, where it is certain.
pub(super) fn unary(operator: &str, value: &Value) -> Option<Value> {
    if operator == "!" {
        return truth(value).map(|truth| Value::Bool(!truth));
    }
    match operator.strip_prefix(chars::is_dash).map(str::to_ascii_lowercase).as_deref() {
        Some("not") => truth(value).map(|truth| Value::Bool(!truth)),
        Some("") => arithmetic(Binary::Subtract, &Value::I32(0), value),
        Some("join") => join(value, &Value::str("")),
        // `+`
        _ => arithmetic(Binary::Add, &Value::I32(0), value),
    }
}

/// A number of one of the types whose arithmetic is done here.
#[derive(Debug, Clone, Copy)]
enum Number {
    I32(i32),
    I64(i64),
    F64(f64),
}

impl Number {
    fn read(value: &Value) -> Option<Self> {
        Some(match value.unboxed() {
            Value::I32(number) => Self::I32(*number),
            Value::I64(number) => Self::I64(*number),
            Value::F64(number) => Self::F64(*number),
            Value::Bool(yes) => Self::I32((*yes).into()),
            Value::Null => Self::I32(0),
            Value::Str(_) => match convert(value, "int")? {
                Value::I32(number) => Self::I32(number),
                _ => return None,
            },
            _ => return None,
        })
    }

    fn integer(self) -> Option<i128> {
        match self {
            Self::I32(number) => Some(number.into()),
            Self::I64(number) => Some(number.into()),
            Self::F64(_) => None,
        }
    }

    fn float(self) -> f64 {
        match self {
            Self::I32(number) => number.into(),
            Self::I64(number) => number as f64,
            Self::F64(number) => number,
        }
    }
}

/// Integers stay what they are as long as they fit, and become floating-point numbers where they do not.
fn arithmetic(operator: Binary, left: &Value, right: &Value) -> Option<Value> {
    let (left, right) = (Number::read(left)?, Number::read(right)?);
    let (Some(one), Some(other)) = (left.integer(), right.integer()) else {
        let (one, other) = (left.float(), right.float());
        return Some(Value::F64(match operator {
            Binary::Add => one + other,
            Binary::Subtract => one - other,
            Binary::Multiply => one * other,
            Binary::Divide => one / other,
            Binary::Remainder => one % other,
            Binary::Range | Binary::Join => return None,
        }));
    };
    let result = match operator {
        Binary::Add => one + other,
        Binary::Subtract => one - other,
        Binary::Multiply => one.checked_mul(other)?,
        // By zero is an error there.
        Binary::Divide if other == 0 => return None,
        Binary::Divide if one % other != 0 => return Some(Value::F64(one as f64 / other as f64)),
        Binary::Divide => one / other,
        Binary::Remainder => one.checked_rem(other)?,
        Binary::Range | Binary::Join => return None,
    };
    let is_long = matches!(left, Number::I64(_)) || matches!(right, Number::I64(_));
    let fits = if is_long { result.try_into().ok().map(Value::I64) } else { result.try_into().ok().map(Value::I32) };
    Some(fits.unwrap_or(Value::F64(result as f64)))
}

/// The left side decides: a string takes a text, an array takes items.
fn add(left: &Value, right: &Value) -> Option<Value> {
    if let Some(items) = left.as_list() {
        let more = right.as_list().unwrap_or(std::slice::from_ref(right));
        return Some(array(items.iter().chain(more).cloned().collect()));
    }
    match left.unboxed() {
        Value::Null => Some(right.clone()),
        Value::Str(_) => Some(Value::str(text::of(left)? + &text::of(right)?)),
        _ => arithmetic(Binary::Add, left, right),
    }
}

/// A string or an array this many times.
fn repeat(left: &Value, right: &Value) -> Option<Value> {
    let count = || usize::try_from(Number::read(right)?.integer()?).ok();
    if let Some(items) = left.as_list() {
        let size = items.len().checked_mul(count()?)?;
        // Lists of lists could grow beyond all bounds.
        let is_plain = items.iter().all(|item| item.as_object().is_none());
        return (is_plain && size <= MOST).then(|| array(items.iter().cycle().take(size).cloned().collect()));
    }
    match left.unboxed() {
        Value::Str(_) => {
            let (text, count) = (text::of(left)?, count()?);
            (text.len().checked_mul(count)? <= MOST).then(|| Value::str(text.repeat(count)))
        }
        _ => None,
    }
}

fn range(left: &Value, right: &Value) -> Option<Value> {
    let end = |value: &Value| match convert(value, "int")? {
        Value::I32(number) => Some(number),
        _ => None,
    };
    let (first, last) = (end(left)?, end(right)?);
    if usize::try_from(first.abs_diff(last)).ok()? >= MOST {
        return None;
    }
    let items: Vec<Value> = match first <= last {
        true => (first..=last).map(Value::I32).collect(),
        false => (last..=first).rev().map(Value::I32).collect(),
    };
    Some(array(items))
}

fn join(left: &Value, right: &Value) -> Option<Value> {
    let separator = text::of(right)?;
    let items = left.as_list().unwrap_or(std::slice::from_ref(left));
    let texts: Vec<String> = items.iter().map(text::of).collect::<Option<_>>()?;
    let size: usize = texts.iter().map(|text| text.len() + separator.len()).sum();
    (size <= MOST).then(|| Value::str(texts.join(&separator)))
}

/// Whether PowerShell takes a value for true.
pub(super) fn truth(value: &Value) -> Option<bool> {
    if let Some(items) = value.as_list() {
        return match items {
            [] => Some(false),
            [single] => truth_of_one(single),
            _ => Some(true),
        };
    }
    truth_of_one(value)
}

fn truth_of_one(value: &Value) -> Option<bool> {
    match value.unboxed() {
        Value::Null => Some(false),
        Value::Bool(yes) => Some(*yes),
        Value::Str(text) => Some(!text.is_empty()),
        Value::I32(number) => Some(*number != 0),
        Value::I64(number) => Some(*number != 0),
        Value::F64(number) => Some(*number != 0.0),
        _ if value.as_dict().is_some() => Some(true),
        _ => None,
    }
}
