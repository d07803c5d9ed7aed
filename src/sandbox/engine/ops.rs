//! Operators that need nothing but their operands.

use std::cmp::Ordering;
use std::sync::Arc;

use super::ast::Op;
use super::convert::{fit, number, text, truth};
use super::datetime::DateTime;
use super::errors::ErrorRecord;
use super::types::TypeRef;
use super::value::Val;

type Outcome = Result<Val, ErrorRecord>;

/// Characters that one string of a script may have.
pub(super) const MAX_TEXT: usize = 32 << 20;
/// Items that one list of a script may have.
pub(super) const MAX_ITEMS: usize = 4 << 20;

/// The negative of a number literal.
pub(super) fn negate_literal(value: &Val) -> Option<Val> {
    match value {
        Val::I32(number) => Some(fit(-i128::from(*number), "Int32").unwrap_or(Val::F64(-f64::from(*number)))),
        // 2147483648 is an Int64, its negative an Int32.
        Val::I64(number) => fit(-i128::from(*number), "Int32").or_else(|| fit(-i128::from(*number), "Int64")),
        Val::F64(number) => Some(Val::F64(-number)),
        _ => None,
    }
}

/// A record that says that something grew too big.
pub(super) fn too_big(what: &str) -> ErrorRecord {
    let message = format!("The sandbox limits the size of a {what}.");
    ErrorRecord { ends_script: true, ..ErrorRecord::new("System.OutOfMemoryException", message, "SandboxLimit", 29) }
}

/// `+ - * / %` and the operators on bits.
pub(super) fn arithmetic(op: Op, left: &Val, right: &Val) -> Outcome {
    match (op, left, right) {
        (Op::Add, Val::Str(_) | Val::Char(_), _) => join_texts(&text(left), &text(right)),
        (Op::Add, Val::List(list), _) => {
            let mut items = list.items();
            items.extend(right.clone().stored_items());
            if items.len() > MAX_ITEMS {
                return Err(too_big("list"));
            }
            Ok(Val::array(items))
        }
        (Op::Add, Val::Hash(_), Val::Hash(_)) => add_hashes(left, right),
        (Op::Add, Val::Hash(_), _) => {
            let message = "A hash table can only be added to another hash table.";
            Err(ErrorRecord::runtime(message, "AddHashTableToNonHashTable", 7))
        }
        (Op::Add, Val::Null | Val::Void, _) => Ok(right.clone()),
        (Op::Mul, Val::Str(piece), _) => repeat_text(piece, right),
        (Op::Mul, Val::List(list), _) => repeat_list(&list.items(), right),
        // Nothing so many times is nothing.
        (Op::Mul, Val::Null | Val::Void, _) => Ok(Val::Null),
        (_, Val::DateTime(_) | Val::TimeSpan(_), _) | (_, _, Val::DateTime(_) | Val::TimeSpan(_)) => {
            time_arithmetic(op, left, right)
        }
        _ => numeric(op, left, right),
    }
}

impl Val {
    /// The items of a list, else the value itself; for adding to lists, where null counts.
    fn stored_items(self) -> Vec<Val> {
        match self {
            Val::List(list) => list.items(),
            other => vec![other.stored()],
        }
    }
}

fn join_texts(left: &str, right: &str) -> Outcome {
    if left.len() + right.len() > MAX_TEXT {
        return Err(too_big("string"));
    }
    Ok(Val::str([left, right].concat()))
}

fn add_hashes(left: &Val, right: &Val) -> Outcome {
    let (Val::Hash(left), Val::Hash(right)) = (left, right) else { return Ok(Val::Null) };
    let Val::Hash(sum) = Val::hash(left.is_ordered(), left.entries()) else { return Ok(Val::Null) };
    for (key, value) in right.entries() {
        if sum.get(&key).is_some() {
            let message =
                format!("Item has already been added. Key in dictionary: '{0}'  Key being added: '{0}'", text(&key));
            return Err(ErrorRecord::new("System.ArgumentException", message, "System.ArgumentException", 14));
        }
        sum.set(&key, value);
    }
    Ok(Val::Hash(sum))
}

fn times(right: &Val) -> Result<usize, ErrorRecord> {
    let count = super::convert::index(right)?;
    usize::try_from(count).map_err(|_| {
        let message = format!("'times' ('{count}') must be a non-negative value. (Parameter 'times')");
        ErrorRecord::new("System.ArgumentOutOfRangeException", message, "System.ArgumentOutOfRangeException", 14)
    })
}

fn repeat_text(piece: &str, right: &Val) -> Outcome {
    let count = times(right)?;
    match piece.len().checked_mul(count) {
        Some(length) if length <= MAX_TEXT => Ok(Val::str(piece.repeat(count))),
        _ => Err(too_big("string")),
    }
}

fn repeat_list(items: &[Val], right: &Val) -> Outcome {
    let count = times(right)?;
    match items.len().checked_mul(count) {
        Some(length) if length <= MAX_ITEMS => Ok(Val::array(items.iter().cloned().cycle().take(length).collect())),
        _ => Err(too_big("list")),
    }
}

fn time_arithmetic(op: Op, left: &Val, right: &Val) -> Outcome {
    // A whole number is one of ticks.
    let span = |value: &Val| match value {
        Val::TimeSpan(ticks) => Some(*ticks),
        Val::Str(text) => super::datetime::parse_timespan(text),
        other => other.as_int().and_then(|ticks| i64::try_from(ticks).ok()),
    };
    let times = |ticks: i64, factor: f64| {
        let ticks = (ticks as f64 * factor).round();
        (ticks.is_finite() && ticks.abs() < i64::MAX as f64).then_some(Val::TimeSpan(ticks as i64))
    };
    let factor = |value: &Val| match value {
        Val::List(_) | Val::Hash(_) | Val::Object(_) => None,
        other => number(other).and_then(|number| number.as_float()),
    };
    let moved = match (op, left, right) {
        (Op::Sub, Val::DateTime(left), Val::DateTime(right)) => Some(Val::TimeSpan(left.ticks - right.ticks)),
        (Op::Sub, Val::DateTime(time), Val::TimeSpan(ticks)) => {
            ticks.checked_neg().and_then(|ticks| time.plus(ticks)).map(Val::DateTime)
        }
        (Op::Add, Val::DateTime(time), other) => span(other).and_then(|ticks| time.plus(ticks)).map(Val::DateTime),
        (Op::Sub, Val::Null | Val::Void, Val::TimeSpan(right)) => right.checked_neg().map(Val::TimeSpan),
        (Op::Add, left, right) => {
            span(left).zip(span(right)).and_then(|(left, right)| left.checked_add(right)).map(Val::TimeSpan)
        }
        (Op::Sub, left, right) => {
            span(left).zip(span(right)).and_then(|(left, right)| left.checked_sub(right)).map(Val::TimeSpan)
        }
        (Op::Mul, Val::TimeSpan(_), Val::TimeSpan(_)) => None,
        (Op::Mul, Val::TimeSpan(ticks), other) | (Op::Mul, other, Val::TimeSpan(ticks)) => {
            factor(other).and_then(|factor| times(*ticks, factor))
        }
        (Op::Div, Val::TimeSpan(left), Val::TimeSpan(right)) if *right != 0 => {
            Some(Val::F64(*left as f64 / *right as f64))
        }
        (Op::Div, Val::TimeSpan(ticks), other) => {
            factor(other).filter(|factor| *factor != 0.0).and_then(|factor| times(*ticks, 1.0 / factor))
        }
        _ => None,
    };
    moved.ok_or_else(|| match (op, left) {
        (Op::Sub, Val::DateTime(_)) => {
            let message = "Multiple ambiguous overloads found for \"op_Subtraction\" and the argument count: \"2\".";
            ErrorRecord::new("System.Management.Automation.MethodException", message, "MethodCountCouldNotFindBest", 0)
        }
        (Op::Add | Op::Sub, Val::DateTime(_) | Val::TimeSpan(_)) => {
            let name = if op == Op::Add { "op_Addition" } else { "op_Subtraction" };
            let message = format!(
                "Cannot convert argument \"1\", with value: \"{}\", for \"{name}\" to type \"System.TimeSpan\".",
                text(right)
            );
            let class = "System.Management.Automation.MethodException";
            ErrorRecord::new(class, message, "MethodArgumentConversionInvalidCastArgument", 0)
        }
        _ => no_method(op, left),
    })
}

fn no_method(op: Op, left: &Val) -> ErrorRecord {
    let name = match op {
        Op::Add => "op_Addition",
        Op::Sub => "op_Subtraction",
        Op::Mul => "op_Multiply",
        Op::Div => "op_Division",
        _ => "op_Modulus",
    };
    let message =
        format!("Method invocation failed because [{}] does not contain a method named '{name}'.", left.type_name());
    ErrorRecord { target: Val::str(name), ..ErrorRecord::runtime(message, "MethodNotFound", 7) }
}

/// A number, or the error that the value is none.
fn operand(op: Op, value: &Val, other: &Val) -> Outcome {
    match (number(value), value) {
        (Some(number), _) => Ok(number),
        (None, Val::Str(_)) => {
            let is_float = matches!(other, Val::F32(_) | Val::F64(_));
            super::convert::cast(value, &TypeRef::named(if is_float { "System.Double" } else { "System.Int32" }))
        }
        _ => Err(no_method(op, value)),
    }
}

/// What truth and characters are not made for.
fn undefined(op: Op, left: &Val, right: &Val) -> Option<ErrorRecord> {
    let name = match (op, left) {
        (Op::Mul, Val::Bool(_) | Val::Char(_)) => "*",
        (Op::Shl, Val::Bool(_)) => "-shl",
        (Op::Shr, Val::Bool(_)) => "-shr",
        _ => return None,
    };
    if matches!(right, Val::Str(_) | Val::List(_) | Val::Hash(_) | Val::Object(_)) {
        return (op == Op::Mul).then(|| no_method(op, right));
    }
    let message = format!("The operation '[{}] {name} [{}]' is not defined.", left.type_name(), right.type_name());
    Some(ErrorRecord::runtime(message, "NotADefinedOperationForType", 7))
}

/// The operands of an operator on bits as whole numbers; shifts have the type of what is shifted.
fn whole_operands(op: Op, left: &Val, right: &Val) -> Result<Option<(Val, Val)>, ErrorRecord> {
    if left.as_int().is_some() && right.as_int().is_some() {
        return Ok(None);
    }
    let as_type = |value: &Val, name: &str| super::convert::cast(value, &TypeRef::named(name));
    if matches!(op, Op::Shl | Op::Shr) {
        let left = if left.as_int().is_some() { left.clone() } else { as_type(left, "System.Int32")? };
        return Ok(Some((left, as_type(right, "System.Int32")?)));
    }
    let is_negative = |value: &Val| value.as_float().is_some_and(|number| number < 0.0);
    let name = if is_negative(left) || is_negative(right) { "System.Int64" } else { "System.UInt64" };
    Ok(Some((as_type(left, name)?, as_type(right, name)?)))
}

fn numeric(op: Op, left: &Val, right: &Val) -> Outcome {
    if matches!(left, Val::List(_) | Val::Hash(_) | Val::Object(_) | Val::Script(_)) {
        return Err(no_method(op, left));
    }
    if let Some(record) = undefined(op, left, right) {
        return Err(record);
    }
    if matches!(op, Op::Shl | Op::Shr) && left.is_null() {
        return Ok(Val::I32(0));
    }
    let (left, right) = (operand(op, left, right)?, operand(op, right, left)?);
    let (Some(a), Some(b)) = (left.as_int(), right.as_int()) else {
        if matches!(op, Op::BitAnd | Op::BitOr | Op::BitXor | Op::Shl | Op::Shr)
            && let Some((left, right)) = whole_operands(op, &left, &right)?
        {
            return numeric(op, &left, &right);
        }
        let (a, b) = (left.as_float().unwrap_or(0.0), right.as_float().unwrap_or(0.0));
        return Ok(Val::F64(match op {
            Op::Add => a + b,
            Op::Sub => a - b,
            Op::Mul => a * b,
            Op::Div => a / b,
            _ => a % b,
        }));
    };
    match op {
        Op::Shl | Op::Shr => return Ok(shifted(op, &left, b as u32)),
        Op::BitAnd | Op::BitOr | Op::BitXor => return Ok(of_bits(op, (&left, a), (&right, b))),
        _ => {}
    }
    let wide = wider(&left, &right);
    if matches!(op, Op::Div | Op::Rem) && b == 0 {
        let inner = super::errors::Exception::new("System.DivideByZeroException", "Attempted to divide by zero.");
        let record = ErrorRecord::runtime("Attempted to divide by zero.", "RuntimeException", 0);
        return Err(record.with_cause(Some(inner.into())));
    }
    let exact = match op {
        Op::Add => Some(a + b),
        Op::Sub => Some(a - b),
        Op::Mul => a.checked_mul(b),
        Op::Div if a % b == 0 => Some(a / b),
        Op::Div => None,
        _ => Some(a % b),
    };
    let inexact = || match op {
        Op::Div => a as f64 / b as f64,
        Op::Mul => a as f64 * b as f64,
        Op::Add => a as f64 + b as f64,
        _ => a as f64 - b as f64,
    };
    Ok(exact.and_then(|exact| fit(exact, wide)).unwrap_or_else(|| Val::F64(inexact())))
}

/// `-shl` and `-shr`: bits fall out of the type of the left side, which stays.
fn shifted(op: Op, left: &Val, by: u32) -> Val {
    macro_rules! moved {
        ($number:expr, $kind:ident, $wide:ty, $own:ty) => {{
            let number = <$wide>::from($number);
            let moved = if op == Op::Shl { number.wrapping_shl(by) } else { number.wrapping_shr(by) };
            Val::$kind(moved as $own)
        }};
    }
    match *left {
        Val::I8(number) => moved!(number, I8, i32, i8),
        Val::U8(number) => moved!(number, U8, i32, u8),
        Val::I16(number) => moved!(number, I16, i32, i16),
        Val::U16(number) => moved!(number, U16, i32, u16),
        Val::U32(number) => moved!(number, U32, u32, u32),
        Val::I64(number) => moved!(number, I64, i64, i64),
        Val::U64(number) => moved!(number, U64, u64, u64),
        ref other => moved!(other.as_int().unwrap_or(0) as i32, I32, i32, i32),
    }
}

/// `-band`, `-bor` and `-bxor`: of the bits of the wider type, whatever the signs.
fn of_bits(op: Op, (left, a): (&Val, i128), (right, b): (&Val, i128)) -> Val {
    let bits = match op {
        Op::BitAnd => a & b,
        Op::BitOr => a | b,
        _ => a ^ b,
    };
    let has = |test: fn(&Val) -> bool| test(left) || test(right);
    if has(|value| matches!(value, Val::U64(_))) {
        Val::U64(bits as u64)
    } else if has(|value| matches!(value, Val::I64(_))) {
        Val::I64(bits as i64)
    } else if has(|value| matches!(value, Val::U32(_))) {
        Val::U32(bits as u32)
    } else {
        Val::I32(bits as i32)
    }
}

/// The integer type that an operation on two integers has.
fn wider(left: &Val, right: &Val) -> &'static str {
    let has = |test: fn(&Val) -> bool| test(left) || test(right);
    let signed = |value: &Val| matches!(value, Val::I8(_) | Val::I16(_) | Val::I32(_)) && value.as_int() < Some(0);
    if has(|value| matches!(value, Val::U64(_))) {
        if signed(left) || signed(right) { "Int64" } else { "UInt64" }
    } else if has(|value| matches!(value, Val::I64(_))) {
        "Int64"
    } else if has(|value| matches!(value, Val::U32(_))) {
        if signed(left) || signed(right) { "Int64" } else { "UInt32" }
    } else {
        "Int32"
    }
}

/// Whether two values are equal in the sense of `-eq`: the right one is converted to the left one's type.
pub(super) fn equal(left: &Val, right: &Val, case_sensitive: bool) -> bool {
    match (left, right) {
        (Val::Null | Val::Void, _) | (_, Val::Null | Val::Void) => left.is_null() && right.is_null(),
        (Val::Bool(yes), other) => *yes == truth(other),
        (Val::Object(_), other) if left.as_switch().is_some() => truth(left) == truth(other),
        (Val::Enum(left), Val::Enum(right)) => left.number == right.number,
        // Characters are equal in any case, though they have an order by their numbers.
        (Val::Char(_), Val::Char(_) | Val::Str(_)) => {
            compare_texts(&text(left), &text(right), case_sensitive) == Ordering::Equal
        }
        (Val::Enum(value), Val::Str(name)) | (Val::Str(name), Val::Enum(value)) => {
            value.name.eq_ignore_ascii_case(name.trim())
        }
        (Val::Script(left), Val::Script(right)) => Arc::ptr_eq(left, right),
        (Val::List(left), Val::List(right)) => Arc::ptr_eq(left, right),
        (Val::Hash(left), Val::Hash(right)) => Arc::ptr_eq(left, right),
        (Val::Object(left), Val::Object(right)) => Arc::ptr_eq(left, right) || super::dotnet::are_equal(left, right),
        (Val::Net(left), Val::Net(right)) => Arc::ptr_eq(left, right),
        (Val::Type(left), Val::Type(right)) => left == right,
        (Val::Type(left), Val::Str(_)) => TypeRef::find(&text(right)).as_ref() == Some(left),
        _ => compare(left, right, case_sensitive) == Some(Ordering::Equal),
    }
}

/// The order of two values in the sense of `-lt`; `None` if they have none.
pub(super) fn compare(left: &Val, right: &Val, case_sensitive: bool) -> Option<Ordering> {
    match (left, right) {
        (Val::Null | Val::Void, Val::Null | Val::Void) => Some(Ordering::Equal),
        (Val::Null | Val::Void, other) => Some(null_order(other)),
        (other, Val::Null | Val::Void) => Some(null_order(other).reverse()),
        (Val::Str(left), right) => Some(compare_texts(left, &text(right), case_sensitive)),
        (Val::Bool(left), right) => Some(left.cmp(&truth(right))),
        (Val::Char(left), Val::Char(right)) => Some(left.cmp(right)),
        (Val::Char(unit), Val::Str(other)) => {
            let mut units = other.encode_utf16();
            match (units.next(), units.next()) {
                (Some(other), None) => Some(unit.cmp(&other)),
                _ => Some(compare_texts(&text(left), other, case_sensitive)),
            }
        }
        (Val::Char(left), right) => Some(left.cmp(&u16::try_from(right.as_int()?).ok()?)),
        (Val::DateTime(left), Val::DateTime(right)) => Some(left.ticks.cmp(&right.ticks)),
        (Val::DateTime(left), Val::Str(right)) => Some(left.ticks.cmp(&super::datetime::parse(right)?.ticks)),
        (Val::TimeSpan(left), Val::TimeSpan(right)) => Some(left.cmp(right)),
        (Val::TimeSpan(ticks) | Val::DateTime(DateTime { ticks, .. }), right) if right.as_int().is_some() => {
            Some(i128::from(*ticks).cmp(&right.as_int()?))
        }
        (Val::TimeSpan(left), Val::Str(right)) => Some(left.cmp(&super::datetime::parse_timespan(right)?)),
        (Val::Version(left), Val::Version(right)) => Some(left.cmp(right)),
        (Val::Version(left), right) => Some(left.cmp(&super::convert::parse_version(&text(right))?)),
        (Val::Guid(left), right) => Some(left.to_string().cmp(&text(right).to_lowercase())),
        (Val::Object(object), right) if object.text.is_some() => {
            Some(compare_texts(&text(left), &text(right), case_sensitive))
        }
        _ => {
            let (left, right) = (number(left)?, number(right)?);
            match (left.as_int(), right.as_int()) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => left.as_float()?.partial_cmp(&right.as_float()?),
            }
        }
    }
}

/// Null is less than everything but negative numbers.
fn null_order(other: &Val) -> Ordering {
    match other.as_float() {
        Some(number) if number < 0.0 => Ordering::Greater,
        _ => Ordering::Less,
    }
}

/// In any case first; what differs only in case then has lower case first, as .NET's cultures have it.
pub(super) fn compare_texts(left: &str, right: &str, case_sensitive: bool) -> Ordering {
    let folded = fold(left).cmp(fold(right));
    if case_sensitive { folded.then_with(|| right.cmp(left)) } else { folded }
}

/// Keys that sort as people expect: punctuation before digits before letters, without regard to case.
fn fold(text: &str) -> impl Iterator<Item = (u8, char)> + '_ {
    text.chars().flat_map(char::to_lowercase).map(|next| {
        let class = if next.is_alphabetic() { 2 } else { u8::from(next.is_numeric()) };
        (class, next)
    })
}

/// A range; both ends belong to it.
pub(super) fn range(left: &Val, right: &Val) -> Result<Vec<Val>, ErrorRecord> {
    // Texts of one character that are no numbers are characters.
    let single = |value: &Val| match value {
        Val::Char(unit) => Some(i64::from(*unit)),
        Val::Str(text) if number(value).is_none() => {
            let mut units = text.encode_utf16();
            units.next().filter(|_| units.next().is_none()).map(i64::from)
        }
        _ => None,
    };
    let refused = |class: &str, message: String| Err(ErrorRecord::new(class, message, class, 14));
    let end = |value: &Val| match value {
        Val::Str(text) if text.trim().is_empty() || number(value).is_none() => {
            refused("System.FormatException", format!("The input string '{text}' was not in a correct format."))
        }
        Val::List(_) | Val::Hash(_) | Val::Object(_) => {
            let message =
                format!("Unable to cast object of type '{}' to type 'System.IConvertible'.", value.type_name());
            refused("System.InvalidCastException", message)
        }
        other => Ok(super::convert::cast(other, &TypeRef::named("System.Int32"))?.as_int().unwrap_or(0) as i64),
    };
    let chars = single(left).zip(single(right));
    let as_chars = chars.is_some();
    let (from, to) = match chars {
        Some(chars) => chars,
        None => (end(left)?, end(right)?),
    };
    if from.abs_diff(to) as usize >= MAX_ITEMS {
        return Err(too_big("range"));
    }
    let make = |number: i64| if as_chars { Val::Char(number as u16) } else { Val::I32(number as i32) };
    Ok(if from <= to { (from..=to).map(make).collect() } else { (to..=from).rev().map(make).collect() })
}
