//! Durations as people write them: `15s`, `10m`, `2h`, `500ms`, `1h30m`.

use std::time::Duration;

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a duration: whole numbers, each with its unit `ms`, `s`, `m`, `h` or `d`, biggest unit first.
///
/// # Errors
/// One line that says what was expected: a number without unit, an unknown unit, zero, or one that doesn't fit.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("'{text}' is not a duration; write a number and a unit such as 500ms, 15s, 10m or 2h");
    let mut rest = text.trim();
    let mut total: u64 = 0;
    let mut last = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(expected)?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let scale = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(expected)?.1;
        if scale >= last {
            return Err(expected());
        }
        let number: u64 = number.parse().map_err(|_| expected())?;
        total = number.checked_mul(scale).and_then(|part| total.checked_add(part)).ok_or_else(expected)?;
        (rest, last) = (tail, scale);
    }
    match total {
        0 if text.trim().is_empty() => Err(expected()),
        0 => Err(format!("'{text}' is too short; the shortest duration is 1ms")),
        _ => Ok(Duration::from_millis(total)),
    }
}

/// Writes a duration as [`parse_duration`] reads it.
pub fn show_duration(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (name, scale) in UNITS.iter().rev() {
        if left >= *scale {
            text.push_str(&format!("{}{name}", left / scale));
            left %= scale;
        }
    }
    if text.is_empty() { "0ms".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{parse_duration, show_duration};

    #[test]
    fn reads_and_writes() {
        for (text, millis) in
            [("500ms", 500), ("15s", 15_000), ("10m", 600_000), ("2h", 7_200_000), ("1h30m", 5_400_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
            assert_eq!(show_duration(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in
            ["", "15", "s", "1.5s", "0s", "10 m", "1s1m", "1m1m", "99999999999999999999s", "18446744073709551d", "5µs"]
        {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
