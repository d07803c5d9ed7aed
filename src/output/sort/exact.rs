//! What a 64-bit float cannot say about a value's order: the digits of large integers, and versions.

use std::borrow::Cow;

use crate::clixml::{self, Single, Value};

/// From here on not every integer is a float: 2^53.
const INEXACT: f64 = 9_007_199_254_740_992.0;

/// Bytes that order the values that are the same `number`; none where they are equal then.
pub(crate) fn exact(value: &Value, number: f64) -> Vec<u8> {
    match (digits(value, number), value.unboxed()) {
        (Some(text), _) => order(&text),
        // Infinities lie beyond all integers.
        (None, Value::F32(_) | Value::F64(_)) if number.is_infinite() => {
            vec![if number > 0.0 { u8::MAX } else { 0 }; 5]
        }
        (None, _) => Vec::new(),
    }
}

/// What [`exact`] gives, for a number as text.
pub(crate) fn exact_text(text: &str, number: f64) -> Vec<u8> {
    match number.abs() < INEXACT {
        true => Vec::new(),
        false if is_decimal(text) => order(text),
        false => order(&format!("{number:.0}")),
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit()) && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// The decimal digits of a large number; `None` for infinities and for what is measured in other ways.
fn digits(value: &Value, number: f64) -> Option<Cow<'_, str>> {
    if number.abs() < INEXACT {
        return None;
    }
    match (clixml::single(value), value.unboxed()) {
        (Some(Single::Integer(digits)), _) => Some(Cow::Borrowed(digits)),
        (Some(_), _) => None,
        (_, Value::Decimal(text)) => Some(Cow::Borrowed(text)),
        (_, Value::U64(number)) => Some(Cow::Owned(number.to_string())),
        (_, Value::F32(_) | Value::F64(_)) if number.is_finite() => Some(Cow::Owned(format!("{number:.0}"))),
        (_, other) => other.as_i64().map(|number| Cow::Owned(number.to_string())),
    }
}

/// Longer numbers first, then digit by digit; all turned round for negative ones.
fn order(text: &str) -> Vec<u8> {
    let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let whole = whole.trim_start_matches(['+', '0']);
    let mut bytes = u32::try_from(whole.len()).unwrap_or(u32::MAX).to_be_bytes().to_vec();
    bytes.extend_from_slice(whole.as_bytes());
    bytes.extend_from_slice(fraction.trim_end_matches('0').as_bytes());
    bytes.push(0);
    if negative {
        bytes.iter_mut().for_each(|byte| *byte = !*byte);
    }
    bytes
}

/// A version in its order: number by number, and one with a label before the one without.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version<'v> {
    numbers: Vec<u32>,
    /// Semantic versions alone have one, if an empty one: whether it is a release.
    release: Option<bool>,
    label: &'v str,
}

impl<'v> Version<'v> {
    /// The version that a value is.
    pub(crate) fn of(value: &'v Value) -> Option<Self> {
        match (clixml::single(value), value.unboxed()) {
            (Some(Single::Version(text)), _) => Self::read(text.as_str()?, true),
            (_, Value::Version(text)) => Self::read(text, false),
            _ => None,
        }
    }

    /// The version of a text that is compared with this one.
    pub(crate) fn like(&self, text: &'v str) -> Option<Self> {
        Self::read(text, self.release.is_some())
    }

    fn read(text: &'v str, semantic: bool) -> Option<Self> {
        // What stands behind a plus has no order.
        let text = if semantic { text.split('+').next()? } else { text };
        let (numbers, label) = text.split_once('-').filter(|_| semantic).unwrap_or((text, ""));
        let mut numbers: Vec<u32> = numbers.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        if semantic {
            numbers.resize(numbers.len().max(3), 0);
        }
        Some(Self { numbers, release: semantic.then_some(label.is_empty()), label })
    }

    /// Appends bytes in the order of the versions.
    pub(crate) fn push(&self, key: &mut Vec<u8>) {
        self.numbers.iter().for_each(|number| key.extend_from_slice(format!("{number:010}.").as_bytes()));
        match self.release {
            Some(true) => key.push(b'~'),
            Some(false) => key.extend(self.label.bytes().filter(|byte| *byte != 0)),
            None => {}
        }
    }
}
