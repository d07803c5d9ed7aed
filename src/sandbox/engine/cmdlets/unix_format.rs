//! `Get-Date -UFormat`: the percent signs of Unix.
//!
//! Source: learn.microsoft.com, Get-Date, table of format specifiers.

use super::super::datetime::{self, DateTime, Kind, SECOND};

const UNIX_EPOCH: i64 = 621_355_968_000_000_000;

/// A time by a format; the offset is that of times that do not know theirs.
pub(super) fn format(time: &DateTime, format: &str, offset_minutes: i32) -> String {
    let format = format.strip_prefix('+').unwrap_or(format);
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(next) = chars.next() {
        match (next, if next == '%' { chars.next() } else { None }) {
            ('%', Some(letter)) => out += &part(time, letter, offset_minutes),
            (other, _) => out.push(other),
        }
    }
    out
}

fn part(time: &DateTime, letter: char, offset_minutes: i32) -> String {
    let by = |pattern: &str| datetime::format(time, pattern);
    let civil = time.civil();
    let weekday = time.weekday();
    let hour12 = (civil.hour + 11) % 12 + 1;
    match letter {
        'A' => by("dddd"),
        'a' => by("ddd"),
        'B' => by("MMMM"),
        'b' | 'h' => by("MMM"),
        'C' => format!("{:02}", civil.year / 100),
        'c' => by("ddd dd MMM yyyy HH:mm:ss"),
        'D' | 'x' => by("MM/dd/yy"),
        'd' => by("dd"),
        'e' => format!("{:>2}", civil.day),
        'F' => by("yyyy-MM-dd"),
        'G' | 'Y' => by("yyyy"),
        'g' | 'y' => by("yy"),
        'H' => by("HH"),
        'I' => format!("{hour12:02}"),
        'j' => format!("{:03}", time.day_of_year()),
        'k' => format!("{:>2}", civil.hour),
        'l' => format!("{hour12:>2}"),
        'M' => by("mm"),
        'm' => by("MM"),
        'n' => "\n".into(),
        'p' => by("tt"),
        'R' => by("HH:mm"),
        'r' => by("hh:mm:ss tt"),
        'S' => by("ss"),
        's' => ((time.to_utc(offset_minutes).ticks - UNIX_EPOCH).div_euclid(SECOND)).to_string(),
        'T' | 'X' => by("HH:mm:ss"),
        't' => "\t".into(),
        'U' | 'W' => ((time.day_of_year() - 1) / 7).to_string(),
        'u' => if weekday == 0 { 7 } else { weekday }.to_string(),
        'V' => format!("{:02}", iso_week(time)),
        'w' => weekday.to_string(),
        'Z' => {
            let minutes = match time.kind {
                Kind::Utc => 0,
                Kind::Local(minutes) => minutes,
                Kind::Unspecified => offset_minutes,
            };
            format!("{}{:02}", if minutes < 0 { '-' } else { '+' }, minutes.abs() / 60)
        }
        '%' => "%".into(),
        other => other.to_string(),
    }
}

/// The week of ISO 8601: that of the week's Thursday.
fn iso_week(time: &DateTime) -> i64 {
    let back = (time.weekday() as i64 + 6) % 7;
    let thursday = time.plus((3 - back) * 86_400 * SECOND).unwrap_or(*time);
    (thursday.day_of_year() - 1) / 7 + 1
}

#[cfg(test)]
mod tests {
    use super::super::super::datetime;
    use super::format;

    #[test]
    fn formats() {
        let time = datetime::parse("2026-01-02T15:04:05Z").expect("valid");
        assert_eq!(format(&time, "+%Y-%m-%d %H:%M:%S %j %u %V %p %%", 0), "2026-01-02 15:04:05 002 5 01 PM %");
        assert_eq!(format(&time, "%s %Z %e%n%", 60), "1767366245 +00  2\n%");
    }
}
