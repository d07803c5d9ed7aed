//! Comparing a property with literals, which take the property's type.

use std::cmp::Ordering;

use super::{Literal, text};
use crate::clixml::{self, Document, Single, Value};
use crate::output::date_time::clock_seconds;
use crate::output::refs::resolve;
use crate::output::select::matches;
use crate::output::sort::{Version, exact, exact_text, instant, is_null, number};

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Matches a pattern with `*` and `?`.
    Like,
    /// Matches no pattern.
    NotLike,
    /// Equal to one of several.
    In,
    /// Equal to none of several.
    NotIn,
    /// A list that has it.
    Contains,
    /// A list that does not have it.
    NotContains,
}

impl Operator {
    /// The operators by name.
    pub const NAMES: [(&'static str, Self); 12] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("gt", Self::Gt),
        ("ge", Self::Ge),
        ("lt", Self::Lt),
        ("le", Self::Le),
        ("like", Self::Like),
        ("notlike", Self::NotLike),
        ("in", Self::In),
        ("notin", Self::NotIn),
        ("contains", Self::Contains),
        ("notcontains", Self::NotContains),
    ];

    /// The operator of this name in lower case.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(own, _)| *own == name).map(|(_, operator)| operator)
    }

    /// Whether several values may stand right of it.
    pub fn takes_list(self) -> bool {
        matches!(self, Self::In | Self::NotIn)
    }
}

/// Whether PowerShell takes a value for true.
pub(super) fn truth(value: &Value) -> bool {
    match clixml::single(value) {
        Some(Single::Integer(digits)) => return digits.bytes().any(|byte| matches!(byte, b'1'..=b'9')),
        Some(Single::Same(same @ (Value::Null | Value::Bool(_)))) => return truth(&same),
        // To PowerShell any other object is true.
        Some(_) => return true,
        None => {}
    }
    match value.unboxed() {
        Value::Null => false,
        Value::Object(_) => value.as_list().is_none_or(|items| !items.is_empty()),
        Value::Str(text) => !text.is_empty(),
        // Dates and durations are objects to PowerShell, which are true.
        Value::DateTime(_) | Value::TimeSpan(_) => true,
        _ => number(value).is_none_or(|number| number != 0.0),
    }
}

/// Whether the comparison holds.
pub(super) fn compare(document: &Document, value: &Value, operator: Operator, literals: &[Literal]) -> bool {
    let order = |value: &Value| literals.first().and_then(|literal| order(document, value, literal));
    let equals_any =
        |value: &Value| literals.iter().any(|literal| self::order(document, value, literal) == Some(Ordering::Equal));
    let like = || {
        let text = text(document, value);
        literals.iter().any(|literal| matches!(literal, Literal::Text(pattern) if matches(pattern, &text)))
    };
    let contains = || {
        let items = value.as_list().unwrap_or(std::slice::from_ref(value));
        items.iter().any(|item| equals_any(resolve(document, item)))
    };
    match operator {
        Operator::Eq | Operator::In => equals_any(value),
        Operator::Ne | Operator::NotIn => !equals_any(value),
        Operator::Gt => order(value) == Some(Ordering::Greater),
        Operator::Ge => matches!(order(value), Some(Ordering::Greater | Ordering::Equal)),
        Operator::Lt => order(value) == Some(Ordering::Less),
        Operator::Le => matches!(order(value), Some(Ordering::Less | Ordering::Equal)),
        Operator::Like => like(),
        Operator::NotLike => !like(),
        Operator::Contains => contains(),
        Operator::NotContains => !contains(),
    }
}

/// How a value stands to a literal; `None` if the literal is not of the value's type.
fn order(document: &Document, value: &Value, literal: &Literal) -> Option<Ordering> {
    let null = is_null(value);
    let right = match literal {
        Literal::Null => return Some(if null { Ordering::Equal } else { Ordering::Greater }),
        Literal::Text(_) if null => return Some(Ordering::Less),
        Literal::Text(right) => right,
    };
    if value.as_object().is_some_and(|object| object.is_enum()) && right.parse::<i64>().is_err() {
        return Some(folded(&text(document, value)).cmp(&folded(right)));
    }
    if let Some(left) = Version::of(value) {
        return Some(left.cmp(&left.like(right)?));
    }
    let single = clixml::single(value);
    let right_number = match (&single, value.unboxed()) {
        (Some(Single::Time(_)), _) => clock_seconds(right),
        (Some(Single::Same(same)), _) | (None, same) => counterpart(same, right),
        _ => amount(right),
    };
    match number(value) {
        Some(left) => {
            let right_number = right_number?;
            let order = left.partial_cmp(&right_number)?;
            let digits = exact(value, left);
            let same =
                || if digits.is_empty() { Ordering::Equal } else { digits.cmp(&exact_text(right, right_number)) };
            Some(order.then_with(same))
        }
        None => Some(folded(&text(document, value)).cmp(&folded(right))),
    }
}

/// The size of a literal that is compared with this value.
fn counterpart(value: &Value, right: &str) -> Option<f64> {
    match value {
        Value::DateTime(_) => instant(&iso(right)).map(|at| at.as_microsecond() as f64),
        Value::TimeSpan(_) => seconds(right),
        Value::Bool(_) => boolean(right),
        _ => amount(right),
    }
}

fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// A number, with the suffixes of PowerShell.
fn amount(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    for (suffix, power) in [("kb", 10), ("mb", 20), ("gb", 30), ("tb", 40), ("pb", 50)] {
        if let Some(digits) = lower.strip_suffix(suffix) {
            return Some(digits.parse::<f64>().ok()? * 2_f64.powi(power));
        }
    }
    lower.parse().ok()
}

fn boolean(text: &str) -> Option<f64> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(1.0),
        "false" | "0" => Some(0.0),
        _ => None,
    }
}

/// `2026-11-22` and `2026-11-22 19:51` as ISO 8601 has them.
fn iso(text: &str) -> String {
    let text = text.trim().replacen(' ', "T", 1);
    if text.contains('T') { text } else { text + "T00:00:00" }
}

/// A duration as `1.02:03:04.5` or `PT90S`.
fn seconds(text: &str) -> Option<f64> {
    if text.starts_with('P') || text.starts_with("-P") {
        return crate::output::date_time::span_seconds(text);
    }
    clock_seconds(text)
}
