//! Numbers.

use super::super::value::Val;
use super::{Parsed, Parser};

/// Powers of 1024 that may end a number.
const MULTIPLIERS: [(&str, i64); 5] =
    [("kb", 1 << 10), ("mb", 1 << 20), ("gb", 1 << 30), ("tb", 1 << 40), ("pb", 1 << 50)];

impl Parser<'_> {
    /// A number without sign; `None` (and nothing consumed) if the text here is none or goes on as a word.
    pub(super) fn number(&mut self) -> Parsed<Option<Val>> {
        let start = self.cursor.pos();
        let mut length =
            self.cursor.rest().find(|next: char| !next.is_ascii_alphanumeric()).unwrap_or(self.cursor.rest().len());
        let rest = self.cursor.rest();
        let is_hex = rest.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"));
        let after = rest[length..].strip_prefix('.');
        if !is_hex && after.is_some_and(|after| after.starts_with(|next: char| next.is_ascii_digit())) {
            length += 1 + rest[length + 1..]
                .find(|next: char| !next.is_ascii_alphanumeric())
                .unwrap_or(rest.len() - length - 1);
        }
        if !is_hex && rest[..length].ends_with(['e', 'E']) && rest[length..].starts_with(['+', '-']) {
            length += 1 + rest[length + 1..]
                .find(|next: char| !next.is_ascii_alphanumeric())
                .unwrap_or(rest.len() - length - 1);
        }
        let text = &rest[..length];
        if rest[length..].starts_with('_') {
            return Ok(None);
        }
        let is_decimal = |number: &Val| {
            let is_whole = matches!(number, Val::F64(_)) && text.bytes().all(|byte| byte.is_ascii_digit());
            is_whole && text.len() < 29
        };
        match parse_number(text) {
            Some(number) if is_decimal(&number) => {
                let message =
                    "The sandbox's built-in engine does not know decimal numbers, as which PowerShell reads this one.";
                self.error("SandboxUnsupportedSyntax", message, start)
            }
            Some(number) => {
                self.cursor.set_pos(start + length);
                Ok(Some(number))
            }
            None if text.ends_with(['d', 'D']) && parse_number(&text[..length - 1]).is_some() => {
                let message = "The sandbox's built-in engine does not know decimal numbers.";
                self.error("SandboxUnsupportedSyntax", message, start)
            }
            None => Ok(None),
        }
    }
}

/// A number literal, with suffixes, but without sign.
pub(in crate::sandbox::engine) fn parse_number(text: &str) -> Option<Val> {
    let lower = text.to_ascii_lowercase();
    let (body, multiplier) = MULTIPLIERS
        .iter()
        .find_map(|&(suffix, factor)| Some((lower.strip_suffix(suffix)?, factor)))
        .unwrap_or((&lower, 1));
    if let Some(digits) = body.strip_prefix("0x") {
        return hexadecimal(digits, multiplier);
    }
    if !body.starts_with(|next: char| next.is_ascii_digit() || next == '.') {
        return None;
    }
    if let Some(digits) = body.strip_suffix('l') {
        return digits.parse::<i64>().ok()?.checked_mul(multiplier).map(Val::I64);
    }
    if body.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(match body.parse::<i64>().ok().and_then(|number| number.checked_mul(multiplier)) {
            Some(number) => small(number),
            None => Val::F64(body.parse::<f64>().ok()? * multiplier as f64),
        });
    }
    if !body.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'+' | b'-')) {
        return None;
    }
    let number: f64 = body.parse().ok()?;
    Some(Val::F64(number * multiplier as f64))
}

/// An Int32 if it fits, else an Int64.
fn small(number: i64) -> Val {
    i32::try_from(number).map_or(Val::I64(number), Val::I32)
}

/// Eight digits are an Int32's bits, more an Int64's.
fn hexadecimal(digits: &str, multiplier: i64) -> Option<Val> {
    let digits_only = digits.trim_start_matches('0');
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) || digits_only.len() > 16 {
        return None;
    }
    let bits = u64::from_str_radix(digits, 16).ok()?;
    let number = if digits_only.len() <= 8 && digits.len() <= 8 { i64::from(bits as u32 as i32) } else { bits as i64 };
    let number = number.checked_mul(multiplier)?;
    Some(if digits_only.len() > 8 { Val::I64(number) } else { small(number) })
}
