//! Numbers in texts.

use super::super::value::Val;

/// A number with sign, as strings are converted.
pub(super) fn parse_signed(text: &str) -> Option<Val> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Val::I32(0));
    }
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let plain = without_commas(digits);
    let number = super::super::parser::parse_number(plain.as_deref().unwrap_or(digits))?;
    if sign { super::super::ops::negate_literal(&number) } else { Some(number) }
}

/// A decimal number without the commas that may stand between the digits before its point.
fn without_commas(digits: &str) -> Option<String> {
    let whole = digits.split(['.', 'e', 'E']).next().unwrap_or(digits);
    let is_plain = |next: char| next.is_ascii_digit() || matches!(next, ',' | '.' | 'e' | 'E' | '+' | '-');
    let starts = digits.starts_with(|next: char| next.is_ascii_digit());
    let commas = whole.matches(',').count();
    (starts && commas > 0 && digits.matches(',').count() == commas && digits.chars().all(is_plain))
        .then(|| digits.replace(',', ""))
}
