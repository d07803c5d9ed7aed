//! Ranges in names: `web[01-40]` is forty names.

use thiserror::Error;

/// The most names that one pattern may stand for.
pub const MAX_NAMES: u64 = 100_000;

/// A pattern that is not right, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{pattern}': {what}")]
pub struct RangeError {
    pattern: String,
    what: String,
}

/// The names that a pattern stands for, in order.
///
/// Brackets hold numbers `7`, ranges `1-5` and ranges with a step `1-9/2`, separated by commas; several brackets make
/// every combination. Numbers are padded to the width of the range's first number: `[08-11]` is 08, 09, 10, 11.
/// Brackets with a colon inside are an IPv6 address and stay as they are.
///
/// # Errors
/// A bracket without its pair, something else than numbers inside, a range that runs backwards, or more than
/// [`MAX_NAMES`] names.
pub fn expand(pattern: &str) -> Result<Vec<String>, RangeError> {
    let fail = |what: String| RangeError { pattern: pattern.to_owned(), what };
    let parts = parts(pattern).map_err(fail)?;
    let total = parts.iter().try_fold(1_u64, |total, part| match part {
        Part::Text(_) => Some(total),
        Part::Numbers(spans) => total.checked_mul(spans.iter().map(Span::len).fold(0, u64::saturating_add)),
    });
    if total.is_none_or(|total| total > MAX_NAMES) {
        return Err(fail(format!("stands for more than {MAX_NAMES} names")));
    }
    let mut names = vec![String::new()];
    for part in &parts {
        match part {
            Part::Text(text) => names.iter_mut().for_each(|name| name.push_str(text)),
            Part::Numbers(spans) => {
                let with = |name: &String| {
                    let name = name.clone();
                    spans.iter().flat_map(Span::texts).map(move |number| format!("{name}{number}")).collect::<Vec<_>>()
                };
                names = names.iter().flat_map(with).collect();
            }
        }
    }
    Ok(names)
}

enum Part<'a> {
    Text(&'a str),
    Numbers(Vec<Span>),
}

/// Numbers from first to last, `width` digits at least.
struct Span {
    first: u64,
    last: u64,
    step: u64,
    width: usize,
}

impl Span {
    fn len(&self) -> u64 {
        (self.last - self.first) / self.step + 1
    }

    fn texts(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.len()).map(|place| format!("{:0width$}", self.first + place * self.step, width = self.width))
    }
}

fn parts(pattern: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('[') {
        if before.contains(']') {
            return Err("']' without '['".to_owned());
        }
        let (inside, tail) = after.split_once(']').ok_or("'[' without ']'")?;
        if inside.contains(':') {
            let end = rest.len() - tail.len();
            parts.push(Part::Text(&rest[..end]));
        } else {
            parts.push(Part::Text(before));
            parts.push(Part::Numbers(inside.split(',').map(span).collect::<Result<_, _>>()?));
        }
        rest = tail;
    }
    if rest.contains(']') {
        return Err("']' without '['".to_owned());
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

fn span(text: &str) -> Result<Span, String> {
    let text = text.trim();
    let (range, step) = match text.split_once('/') {
        Some((range, step)) => (range, number(step)?),
        None => (text, 1),
    };
    let (low, high) = range.split_once('-').unwrap_or((range, range));
    let (first, last) = (number(low)?, number(high)?);
    if step == 0 {
        return Err(format!("the step of '{text}' is 0"));
    }
    if first > last {
        return Err(format!("'{text}' runs backwards"));
    }
    if high.len() != low.len() && high.starts_with('0') {
        return Err(format!("the numbers of '{text}' are padded differently"));
    }
    Ok(Span { first, last, step, width: low.len() })
}

fn number(text: &str) -> Result<u64, String> {
    let digits = !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits => Ok(number),
        _ => Err(format!("'{text}' inside the brackets is not a number; write [01-40], [1,3-5] or [0-8/2]")),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_NAMES, expand};

    fn check(pattern: &str, names: &str) {
        let names: Vec<_> = names.split_whitespace().collect();
        assert_eq!(expand(pattern).unwrap(), names, "{pattern}");
    }

    #[test]
    fn ranges() {
        check("web", "web");
        check("web[08-11]", "web08 web09 web10 web11");
        check("web[1,3-5]x", "web1 web3 web4 web5x".replace(' ', "x ").as_str());
        check("n[0-8/4]", "n0 n4 n8");
        check("r[1-2]h[1-2]", "r1h1 r1h2 r2h1 r2h2");
        check("10.0.0.[9-11]", "10.0.0.9 10.0.0.10 10.0.0.11");
        check("[fe80::1]", "[fe80::1]");
        check("[fe80::1]:[1-2]", "[fe80::1]:1 [fe80::1]:2");
    }

    #[test]
    fn mistakes_say_what_is_wrong() {
        for (pattern, what) in [
            ("web[1-", "without"),
            ("web1]", "without"),
            ("a]b[1]", "without"),
            ("web[a-c]", "not a number"),
            ("web[]", "not a number"),
            ("web[1-2-3]", "not a number"),
            ("web[5-1]", "backwards"),
            ("web[1-05]", "padded"),
            ("web[1-5/0]", "step"),
            ("web[0-100000]", "more than"),
            ("w[1-999999]x[1-999999]y[1-999999]z[1-999999]", "more than"),
            ("w[0-999999999999999999,0-999999999999999999]", "more than"),
        ] {
            let error = expand(pattern).unwrap_err().to_string();
            assert!(error.contains(what), "{pattern}: {error}");
        }
        assert_eq!(expand("w[1-100000]").unwrap().len() as u64, MAX_NAMES);
    }
}
