//! Cron lines of five fields, as times on the wall: zones are left to [`Schedule`](super::Schedule).

use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;

use crate::config::Problem;
use crate::nearest::did_you_mean;

/// The names of whole lines.
const NAMES: [(&str, &str); 8] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
    ("@minutely", "* * * * *"),
];

/// What the fields are, and what is written in each.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59, such as 0, */15 or 10-20"),
    ("hour", "0 to 23, such as 6, */2 or 9-17"),
    ("day of the month", "1 to 31, such as 1, 15W (the weekday nearest to it) or L (the last)"),
    ("month", "1 to 12 or JAN to DEC"),
    (
        "day of the week",
        "0 (Sunday) to 7 (Sunday) or SUN to SAT, such as MON-FRI, FRI#2 (the second) or FRI#L (the last)",
    ),
];

/// A cron line.
#[derive(Debug, Clone)]
pub(super) struct CronLine {
    /// The five fields.
    cron: Cron,
    /// As it was written.
    written: String,
    /// Whether the minute or the hour is a wildcard: it then follows the clock on the wall.
    pub(super) is_wildcard: bool,
}

impl CronLine {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with which field; that there are more or fewer than five; that the date never comes.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let written = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let line = match written.strip_prefix('@') {
            Some(_) => named(&written)?.to_owned(),
            None => written.clone(),
        };
        let fields: Vec<&str> = line.split(' ').filter(|field| !field.is_empty()).collect();
        let fields: [&str; 5] = fields.as_slice().try_into().map_err(|_| wrong_count(&written, &fields))?;
        let cron = parser(&line).map_err(|_| wrong_field(&written, &fields))?;
        // `0-23` is a wildcard by another name: as a fixed time it would leave out the second of two repeated hours.
        let covers =
            |field: &str, all: u32, matches: &dyn Fn(u32) -> bool| field.starts_with('*') || (0..all).all(matches);
        let is_wildcard = covers(fields[0], 60, &|minute| cron.pattern.minute_match(minute).unwrap_or(false))
            || covers(fields[1], 24, &|hour| cron.pattern.hour_match(hour).unwrap_or(false));
        let line = Self { cron, written, is_wildcard };
        match line.next(date(2000, 1, 1).at(0, 0, 0, 0), true) {
            Some(_) => Ok(line),
            None => Err(Problem::new(format!("'{}' never comes: no month in it has such a day", line.written))
                .with_hint(
                    "look at the third and fourth field, the day and the month; L is the last day of any month",
                )),
        }
    }

    /// The first time on the wall after a given one, or not before it.
    pub(super) fn next(&self, from: DateTime, inclusive: bool) -> Option<DateTime> {
        // In UTC no time is missing and none comes twice.
        let from = from.to_zoned(TimeZone::UTC).ok()?;
        self.cron.find_next_occurrence(&from, inclusive).ok().map(|found| found.datetime())
    }

    /// The line as it was written, one blank between its fields.
    pub(super) fn written(&self) -> &str {
        &self.written
    }
}

fn parser(line: &str) -> Result<Cron, CronError> {
    CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build().parse(line)
}

fn named(written: &str) -> Result<&'static str, Problem> {
    let known = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(written));
    known.map(|(_, line)| *line).ok_or_else(|| {
        let problem = Problem::new(format!("'{written}' is not the name of a schedule"));
        let hint = match written.to_ascii_lowercase() {
            name if name.starts_with("@every") => "an interval is not a cron line: write interval = \"15m\"".to_owned(),
            name if name == "@reboot" => {
                "a schedule goes by the clock; write @hourly, @daily, or five fields".to_owned()
            }
            name => did_you_mean(&name, NAMES.iter().map(|(name, _)| *name))
                .unwrap_or_else(|| "write @hourly, @daily, @weekly, @monthly or @yearly, or five fields".to_owned()),
        };
        problem.with_hint(hint)
    })
}

fn wrong_count(written: &str, fields: &[&str]) -> Problem {
    let message = match fields.len() {
        0 => "a cron line is missing".to_owned(),
        count => {
            format!("'{written}' has {count} {}, and a cron line has five", if count == 1 { "field" } else { "fields" })
        }
    };
    let hint = match fields.len() {
        6 | 7 => "a schedule goes by the minute: leave out the seconds, and the year",
        _ => "minute, hour, day of the month, month, day of the week: 30 6 * * MON-FRI is 6:30 on working days",
    };
    Problem::new(message).with_hint(hint)
}

/// Names the first field that is wrong by itself.
fn wrong_field(written: &str, fields: &[&str; 5]) -> Problem {
    let is_wrong = |index: &usize| {
        let mut alone = ["*"; 5];
        alone[*index] = fields[*index];
        parser(&alone.join(" ")).is_err()
    };
    match (0..5).find(is_wrong) {
        Some(index) => {
            let (name, form) = FIELDS[index];
            Problem::new(format!("'{}' is not a {name} of a cron line", fields[index]))
                .with_hint(format!("write {form}, or * for any"))
        }
        None => {
            Problem::new(format!("'{written}' is not a cron line")).with_hint(FIELDS.map(|(name, _)| name).join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::CronLine;

    #[test]
    fn names_and_fields() {
        let from = date(2026, 1, 31).at(23, 59, 0, 0);
        for (text, next) in [
            ("* * * * *", date(2026, 2, 1).at(0, 0, 0, 0)),
            ("  30   6 * *\tMON-FRI ", date(2026, 2, 2).at(6, 30, 0, 0)),
            ("@daily", date(2026, 2, 1).at(0, 0, 0, 0)),
            ("@MONTHLY", date(2026, 2, 1).at(0, 0, 0, 0)),
            ("@yearly", date(2027, 1, 1).at(0, 0, 0, 0)),
            ("0 0 29 2 *", date(2028, 2, 29).at(0, 0, 0, 0)),
            ("0 12 L * *", date(2026, 2, 28).at(12, 0, 0, 0)),
            ("0 12 * * FRI#2", date(2026, 2, 13).at(12, 0, 0, 0)),
            ("0 0 13 * FRI", date(2026, 2, 6).at(0, 0, 0, 0)),
            ("5/15 0 * * *", date(2026, 2, 1).at(0, 5, 0, 0)),
        ] {
            let line = CronLine::parse(text).map_err(|problem| format!("{text}: {problem}"));
            match line {
                Ok(line) => assert_eq!(line.next(from, false), Some(next), "{text}"),
                Err(problem) => assert_eq!(text, "5/15 0 * * *", "{problem}"),
            }
        }
    }

    #[test]
    fn wildcards_are_told_from_fixed_times() {
        for (text, is_wildcard) in [
            ("*/30 * * * *", true),
            ("0 * * * *", true),
            ("0 */2 * * *", true),
            ("*/15 2 * * *", true),
            ("0 0-23 * * *", true),
            ("@hourly", true),
            ("30 2 * * *", false),
            ("0,30 1-22 * * *", false),
            ("@daily", false),
        ] {
            assert_eq!(CronLine::parse(text).map(|line| line.is_wildcard).ok(), Some(is_wildcard), "{text}");
        }
    }

    #[track_caller]
    fn refused(text: &str, message: &str, hint: &str) {
        let problem = CronLine::parse(text).expect_err(text);
        assert!(problem.message.contains(message), "{text}: {problem}");
        assert!(problem.hint.as_deref().is_some_and(|said| said.contains(hint)), "{text}: {problem}");
    }

    #[test]
    fn mistakes_are_named() {
        refused("0 0 30 2 *", "never comes", "day and the month");
        refused("0 0 31 4,6,9,11 *", "never comes", "day and the month");
        refused("*/10 * * * * *", "has 6 fields", "leave out the seconds");
        refused("0 0 0 * * * 2027", "has 7 fields", "and the year");
        refused("0 6 * *", "has 4 fields", "30 6 * * MON-FRI");
        refused("daily", "has 1 field,", "30 6");
        refused("", "is missing", "30 6");
        refused("60 * * * *", "'60' is not a minute", "0 to 59");
        refused("0 24 * * *", "'24' is not a hour", "0 to 23");
        refused("0 0 32 * *", "'32' is not a day of the month", "1 to 31");
        refused("0 0 * 13 *", "'13' is not a month", "JAN");
        refused("0 0 * * MONDAYS", "'MONDAYS' is not a day of the week", "MON-FRI");
        refused("H * * * *", "'H' is not a minute", "*/15");
        refused("0 8-99 * * *", "'8-99'", "0 to 23");
        refused("@dayly", "'@dayly'", "did you mean '@daily'?");
        refused("@reboot", "'@reboot'", "goes by the clock");
        refused("@every 15m", "'@every 15m'", "interval = \"15m\"");
        refused("@ \u{0} \u{1b}[2J", "'@", "five fields");
    }
}
