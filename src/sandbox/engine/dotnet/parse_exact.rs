//! Dates by a given pattern, as `[datetime]::ParseExact` reads them, and by the words that people write.

use super::super::datetime::{self, DateTime, Kind, MONTHS, SECOND, WEEKDAYS, full_year};

/// What was read so far.
#[derive(Default)]
struct Read {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    fraction: i64,
    is_afternoon: Option<bool>,
    offset: Option<i32>,
}

/// Reads a text by a custom or standard pattern of the invariant culture. What the pattern does not have of the date is
/// that of `today`, as far as the time alone was given.
pub(super) fn parse(given: &str, pattern: &str, today: DateTime) -> Option<DateTime> {
    let pattern = match pattern {
        "d" => "MM/dd/yyyy",
        "D" => "dddd, dd MMMM yyyy",
        "t" => "HH:mm",
        "T" => "HH:mm:ss",
        "f" => "dddd, dd MMMM yyyy HH:mm",
        "F" => "dddd, dd MMMM yyyy HH:mm:ss",
        "g" => "MM/dd/yyyy HH:mm",
        "G" => "MM/dd/yyyy HH:mm:ss",
        "s" => "yyyy-MM-ddTHH:mm:ss",
        "u" => "yyyy-MM-dd HH:mm:ssZ",
        "o" | "O" => "yyyy-MM-ddTHH:mm:ss.fffffffK",
        "r" | "R" => "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        other => other,
    };
    let mut read = Read::default();
    let (mut rest, mut left) = (given, pattern);
    while let Some(next) = left.chars().next() {
        let run = left.chars().take_while(|other| *other == next).count();
        let mut used = run * next.len_utf8();
        match next {
            'y' => {
                let year = digits(&mut rest, if run <= 2 { run } else { 4 }, if run <= 2 { 2 } else { 4 })?;
                // .NET's window for two digits: until 2049.
                read.year = Some(if run > 2 {
                    year
                } else if year < 50 {
                    2000 + year
                } else {
                    1900 + year
                });
            }
            'M' if run >= 3 => read.month = Some(name(&mut rest, &MONTHS, run == 3)? as i64 + 1),
            'M' => read.month = Some(digits(&mut rest, run, 2)?),
            'd' if run >= 3 => {
                name(&mut rest, &WEEKDAYS, run == 3)?;
            }
            'd' => read.day = Some(digits(&mut rest, run, 2)?),
            'H' => read.hour = digits(&mut rest, run.min(2), 2)?,
            'h' => read.hour = digits(&mut rest, run.min(2), 2)? % 12,
            'm' => read.minute = digits(&mut rest, run.min(2), 2)?,
            's' => read.second = digits(&mut rest, run.min(2), 2)?,
            'f' => read.fraction = fraction(&mut rest, run, run)?,
            'F' => read.fraction = fraction(&mut rest, 0, run)?,
            't' => {
                let wanted = rest.get(..run.min(2))?.to_ascii_uppercase();
                read.is_afternoon = Some(match wanted.as_str() {
                    "AM" | "A" => false,
                    "PM" | "P" => true,
                    _ => return None,
                });
                rest = &rest[run.min(2)..];
            }
            'z' => read.offset = Some(offset(&mut rest)?),
            // Undocumented, but so .NET reads it: the zone of UTC.
            'Z' => {
                rest = rest.strip_prefix('Z')?;
                read.offset = Some(0);
            }
            'K' => match rest.strip_prefix('Z') {
                Some(after) => {
                    read.offset = Some(0);
                    rest = after;
                }
                None if rest.starts_with(['+', '-']) => read.offset = Some(offset(&mut rest)?),
                None => {}
            },
            '\'' | '"' => {
                let end = left[1..].find(next)? + 1;
                rest = rest.strip_prefix(&left[1..end])?;
                used = end + 1;
            }
            '\\' => {
                let escaped = left[1..].chars().next()?;
                rest = rest.strip_prefix(escaped)?;
                used = 1 + escaped.len_utf8();
            }
            '%' => used = 1,
            other => {
                for _ in 0..run {
                    rest = rest.strip_prefix(other)?;
                }
            }
        }
        left = &left[used..];
    }
    if !rest.is_empty() {
        return None;
    }
    read.finish(today)
}

impl Read {
    fn finish(self, today: DateTime) -> Option<DateTime> {
        let now = today.civil();
        let (year, month, day) = match (self.year, self.month, self.day) {
            (None, None, None) => (now.year, now.month, now.day),
            (year, month, day) => (year.unwrap_or(now.year), month.unwrap_or(1), day.unwrap_or(1)),
        };
        let date = DateTime::from_date(year, month, day)?;
        let hour = self.hour + if self.is_afternoon == Some(true) && self.hour < 12 { 12 } else { 0 };
        if hour > 23 || self.minute > 59 || self.second > 59 {
            return None;
        }
        let ticks = (hour * 3600 + self.minute * 60 + self.second) * SECOND + self.fraction;
        let kind = self.offset.map_or(Kind::Unspecified, Kind::Local);
        Some(DateTime { ticks: date.ticks + ticks, kind })
    }
}

fn digits(rest: &mut &str, at_least: usize, at_most: usize) -> Option<i64> {
    let count = rest.bytes().take(at_most).take_while(u8::is_ascii_digit).count();
    if count < at_least.min(at_most) || count == 0 {
        return None;
    }
    let number = rest[..count].parse().ok()?;
    *rest = &rest[count..];
    Some(number)
}

fn fraction(rest: &mut &str, at_least: usize, at_most: usize) -> Option<i64> {
    let count = rest.bytes().take(at_most.min(7)).take_while(u8::is_ascii_digit).count();
    if count < at_least {
        return None;
    }
    let ticks = if count == 0 { 0 } else { format!("{:0<7}", &rest[..count]).parse().ok()? };
    *rest = &rest[count..];
    Some(ticks)
}

fn name(rest: &mut &str, names: &[&str], is_short: bool) -> Option<usize> {
    let found = names.iter().position(|name| {
        let name = if is_short { &name[..3] } else { name };
        rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
    })?;
    *rest = &rest[if is_short { 3 } else { names[found].len() }..];
    Some(found)
}

/// `+02:00`, `+0200`, `+02`
fn offset(rest: &mut &str) -> Option<i32> {
    let sign = match rest.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    *rest = &rest[1..];
    let hours = digits(rest, 1, 2)?;
    *rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = digits(rest, 2, 2).unwrap_or(0);
    Some(sign * (hours * 60 + minutes) as i32)
}

/// A date with the name of its month, or a time alone: `Jan 2, 2026 10:00`, `Friday, 2 January 2026`, `10:30 PM`.
pub(in super::super) fn parse_words(given: &str, today: DateTime) -> Option<DateTime> {
    if let Some(time) = datetime::parse(given) {
        return Some(time);
    }
    if given.len() > 100 {
        return None;
    }
    let (mut month, mut numbers, mut clock, mut weekday) = (None, Vec::new(), String::new(), None);
    for word in given.split([' ', ',']).filter(|word| !word.is_empty()) {
        if is_of_clock(word) {
            clock = format!("{clock} {word}");
        } else if let Some(found) = named(&MONTHS, word) {
            month = Some(found as i64 + 1);
        } else if let Some(found) = named(&WEEKDAYS, word) {
            weekday = Some(found);
        } else if let Some((number, day)) = word.split_once('/').filter(|(_, day)| !day.contains('/')) {
            month = number.parse().ok();
            numbers.push(day.parse::<i64>().ok());
        } else {
            numbers.extend(word.split('-').map(|part| match named(&MONTHS, part) {
                Some(found) => {
                    month = Some(found as i64 + 1);
                    None
                }
                None => part.parse::<i64>().ok(),
            }));
        }
    }
    let numbers: Vec<Option<i64>> = numbers.into_iter().filter(|number| number.is_some() || month.is_none()).collect();
    let numbers: Vec<i64> = numbers.into_iter().collect::<Option<_>>()?;
    let date = match (month, &numbers[..]) {
        (Some(month), [day, year]) if *day <= 31 => DateTime::from_date(full_year(*year), month, *day)?,
        (Some(month), [year, day]) => DateTime::from_date(*year, month, *day)?,
        (Some(month), [year]) if *year > 31 => DateTime::from_date(*year, month, 1)?,
        (Some(month), [day]) => DateTime::from_date(today.civil().year, month, *day)?,
        (None, []) if !clock.is_empty() => today.date(),
        _ => return None,
    };
    if weekday.is_some_and(|weekday| weekday != date.weekday()) {
        return None;
    }
    if clock.is_empty() {
        return Some(DateTime::unspecified(date.ticks));
    }
    // The clock is read as part of some date.
    let time = datetime::parse(&format!("2000-01-01 {}", clock.trim()))?;
    Some(DateTime { ticks: date.ticks + time.time_of_day(), ..time })
}

/// The place of a name that is a word, or whose first three letters are.
fn named(names: &[&str], word: &str) -> Option<usize> {
    let is_it =
        |name: &&str| name.eq_ignore_ascii_case(word) || word.len() == 3 && name[..3].eq_ignore_ascii_case(word);
    names.iter().position(is_it)
}

/// Whether a word is a part of a time of day: `3pm`, `GMT`.
fn is_of_clock(word: &str) -> bool {
    let upper = word.to_ascii_uppercase();
    let hour = upper.strip_suffix("AM").or_else(|| upper.strip_suffix("PM"));
    upper.contains(':') || upper == "GMT" || hour.is_some_and(|hour| hour.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Words that may stand in a date, besides names of months and days.
const WORDS: [&str; 8] = ["am", "pm", "a", "p", "t", "z", "gmt", "ad"];

/// Why a text is no date and time: a word in it that none has, if there is one.
pub(in super::super) fn not_recognized(given: &str) -> String {
    let mut start = 0;
    let words = given.split(|next: char| !next.is_alphabetic()).filter_map(|word| {
        let at = start;
        start += word.len() + given[at + word.len()..].chars().next().map_or(0, char::len_utf8);
        (!word.is_empty()).then_some((at, word.to_lowercase()))
    });
    let names = || datetime::MONTHS.iter().chain(&datetime::WEEKDAYS).map(|name| name.to_lowercase());
    let is_name = |word: &str| names().any(|name| name == word || name.get(..3) == Some(word));
    let mut unknown = words.filter(|(_, word)| !WORDS.contains(&word.as_str()) && !is_name(word));
    match unknown.next() {
        Some((at, _)) => {
            let index = given[..at].encode_utf16().count();
            format!(
                "The string '{given}' was not recognized as a valid DateTime. There is an unknown word starting at index '{index}'."
            )
        }
        None => format!("String '{given}' was not recognized as a valid DateTime."),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::datetime::DateTime;
    use super::{parse, parse_words};

    fn today() -> DateTime {
        DateTime::from_date(2026, 5, 6).expect("valid")
    }

    #[test]
    fn patterns() {
        for (given, pattern, wanted) in [
            ("20260102", "yyyyMMdd", "2026-01-02T00:00:00"),
            ("2.1.26 3:04 pm", "d.M.yy h:mm tt", "2026-01-02T15:04:00"),
            ("Fri 02 Jan 2026", "ddd dd MMM yyyy", "2026-01-02T00:00:00"),
            ("at 03:04:05.12", "'at' HH:mm:ss.FFF", "2026-05-06T03:04:05.12"),
            ("2026-01-02T03:04:05+02:00", "yyyy-MM-ddTHH:mm:ssK", "2026-01-02T03:04:05+02:00"),
        ] {
            assert_eq!(parse(given, pattern, today()).map(DateTime::to_wire).as_deref(), Some(wanted), "{given}");
        }
        for (given, pattern) in [("2026", "yyyyMM"), ("20260230", "yyyyMMdd"), ("x", "\\"), ("1 ", "d"), ("é", "tt")] {
            assert!(parse(given, pattern, today()).is_none(), "{given}");
        }
    }

    #[test]
    fn words() {
        for (given, wanted) in [
            ("Jan 2, 2026", "2026-01-02T00:00:00"),
            ("Friday, 2 January 2026 10:00 PM", "2026-01-02T22:00:00"),
            ("02-Jan-2026", "2026-01-02T00:00:00"),
            ("10:30", "2026-05-06T10:30:00"),
        ] {
            assert_eq!(parse_words(given, today()).map(DateTime::to_wire).as_deref(), Some(wanted), "{given}");
        }
        for given in ["x", "Jan", "1 2 3", "Monday", ""] {
            assert!(parse_words(given, today()).is_none(), "{given}");
        }
    }
}
