//! Dates and durations as .NET has them: ticks of 100 ns and a kind, in the invariant culture.

use jiff::Timestamp;

/// Ticks per second.
pub(super) const SECOND: i64 = 10_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Ticks from 0001-01-01 to 1970-01-01.
const UNIX_EPOCH: i64 = 621_355_968_000_000_000;
/// Ticks of 9999-12-31T23:59:59.9999999.
const MAX: i64 = 3_155_378_975_999_999_999;

/// A `System.DateTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DateTime {
    /// Ticks since the start of the year 1, in its own kind.
    pub(super) ticks: i64,
    pub(super) kind: Kind,
}

/// What a time refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Unspecified,
    Utc,
    /// Local time, this many minutes east of UTC.
    Local(i32),
}

/// The parts of a date and time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    /// Ticks within the second.
    pub(super) fraction: i64,
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

impl DateTime {
    pub(super) fn unspecified(ticks: i64) -> Self {
        Self { ticks, kind: Kind::Unspecified }
    }

    /// A point in time on a clock this many minutes east of UTC.
    pub(super) fn local(time: Timestamp, offset_minutes: i32) -> Self {
        let ticks = Self::utc(time).ticks + i64::from(offset_minutes) * 60 * SECOND;
        Self { ticks, kind: Kind::Local(offset_minutes) }
    }

    pub(super) fn utc(time: Timestamp) -> Self {
        let ticks = UNIX_EPOCH + (time.as_nanosecond() / 100) as i64;
        Self { ticks, kind: Kind::Utc }
    }

    /// This point in time in UTC; unspecified times count as local ones of the offset.
    pub(super) fn to_utc(self, offset_minutes: i32) -> Self {
        let offset = match self.kind {
            Kind::Utc => 0,
            Kind::Local(minutes) => minutes,
            Kind::Unspecified => offset_minutes,
        };
        Self { ticks: self.ticks - i64::from(offset) * 60 * SECOND, kind: Kind::Utc }
    }

    pub(super) fn to_local(self, offset_minutes: i32) -> Self {
        match self.kind {
            Kind::Local(_) => self,
            _ => {
                Self { ticks: self.ticks + i64::from(offset_minutes) * 60 * SECOND, kind: Kind::Local(offset_minutes) }
            }
        }
    }

    /// Moves by ticks; `None` outside the years 1 to 9999.
    pub(super) fn plus(self, ticks: i64) -> Option<Self> {
        let ticks = self.ticks.checked_add(ticks).filter(|ticks| (0..=MAX).contains(ticks))?;
        Some(Self { ticks, ..self })
    }

    /// Moves by months, keeping the day where the month has it.
    pub(super) fn plus_months(self, months: i64) -> Option<Self> {
        let civil = self.civil();
        let month = (civil.year * 12 + civil.month - 1).checked_add(months)?;
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        let day = civil.day.min(days_in_month(year, month));
        let date = Self::from_date(year, month, day)?;
        Some(Self { ticks: date.ticks + self.ticks.rem_euclid(DAY), ..self })
    }

    pub(super) fn from_date(year: i64, month: i64, day: i64) -> Option<Self> {
        let valid =
            (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
        valid.then(|| Self::unspecified(days_from_civil(year, month, day) * DAY + UNIX_EPOCH))
    }

    pub(super) fn date(self) -> Self {
        Self { ticks: self.ticks - self.ticks.rem_euclid(DAY), ..self }
    }

    pub(super) fn time_of_day(self) -> i64 {
        self.ticks.rem_euclid(DAY)
    }

    /// 0 is Sunday.
    pub(super) fn weekday(self) -> usize {
        ((self.ticks / DAY + 1) % 7) as usize
    }

    pub(super) fn day_of_year(self) -> i64 {
        let civil = self.civil();
        days_from_civil(civil.year, civil.month, civil.day) - days_from_civil(civil.year, 1, 1) + 1
    }

    pub(super) fn civil(self) -> Civil {
        let (year, month, day) = civil_from_days((self.ticks - UNIX_EPOCH).div_euclid(DAY));
        let time = self.time_of_day();
        let seconds = time / SECOND;
        Civil {
            year,
            month,
            day,
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            fraction: time % SECOND,
        }
    }

    /// xs:dateTime, as CLIXML has it.
    pub(super) fn to_wire(self) -> String {
        let civil = self.civil();
        let mut text = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second
        );
        if civil.fraction != 0 {
            let fraction = format!("{:07}", civil.fraction);
            text = format!("{text}.{}", fraction.trim_end_matches('0'));
        }
        match self.kind {
            Kind::Unspecified => text,
            Kind::Utc => text + "Z",
            Kind::Local(minutes) => text + &offset_text(minutes),
        }
    }

    pub(super) fn from_wire(text: &str) -> Option<Self> {
        parse(text)
    }
}

fn offset_text(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

pub(super) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 (Howard Hinnant's algorithm).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// Reads ISO 8601 (`2026-01-02T03:04:05.5Z`) and the invariant culture's `1/2/2026 3:04 PM`.
pub(super) fn parse(text: &str) -> Option<DateTime> {
    let text = text.trim();
    let (date, rest) = match text.find(['T', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    let separator = ['-', '/', '.'].into_iter().find(|separator| date.contains(*separator))?;
    let parts: Vec<&str> = date.split(separator).collect();
    let numbers: Vec<i64> = parts.iter().map(|part| part.parse().ok()).collect::<Option<_>>()?;
    // What has more than two digits is the year; else it stands last.
    let date = match numbers[..] {
        [year, month, day] if parts[0].len() > 2 => DateTime::from_date(year, month, day)?,
        [month, day, year] if parts[2].len() > 2 => DateTime::from_date(year, month, day)?,
        [month, day, year] => DateTime::from_date(full_year(year), month, day)?,
        [year, month] if separator == '-' && parts[0].len() > 2 => DateTime::from_date(year, month, 1)?,
        _ => return None,
    };
    let (ticks, kind) = parse_time(rest)?;
    Some(DateTime { ticks: date.ticks + ticks, kind })
}

/// A year of two digits is one from 1950 to 2049, as the invariant culture has it.
pub(super) fn full_year(year: i64) -> i64 {
    match year {
        0..=49 => 2000 + year,
        50..=99 => 1900 + year,
        year => year,
    }
}

/// `3:04[:05[.5]] [PM]` with `Z` or an offset.
fn parse_time(text: &str) -> Option<(i64, Kind)> {
    if text.is_empty() {
        return Some((0, Kind::Unspecified));
    }
    let (text, kind) = if let Some(text) = text.strip_suffix('Z').or_else(|| text.strip_suffix("GMT")) {
        (text, Kind::Utc)
    } else if let Some(at) = text.rfind(['+', '-']) {
        let (hours, minutes) = text[at + 1..].split_once(':').unwrap_or((&text[at + 1..], "0"));
        let minutes = hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?;
        (&text[..at], Kind::Local(if text[at..].starts_with('-') { -minutes } else { minutes }))
    } else {
        (text, Kind::Unspecified)
    };
    let upper = text.trim().to_ascii_uppercase();
    let (clock, half) = match (upper.strip_suffix("PM"), upper.strip_suffix("AM")) {
        (Some(clock), _) => (clock.trim(), Some(12)),
        (_, Some(clock)) => (clock.trim(), Some(0)),
        _ => (upper.as_str(), None),
    };
    let mut parts = clock.split(':');
    let mut hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next().map_or(Some(0), |part| part.parse().ok())?;
    let seconds = parts.next().unwrap_or("0");
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let second: i64 = second.parse().ok()?;
    if let Some(add) = half {
        hour = hour % 12 + add;
    }
    let valid = parts.next().is_none() && hour < 24 && minute < 60 && second < 60 && fraction.len() <= 7;
    let fraction: i64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<7}").parse().ok()? };
    valid.then_some(((hour * 3600 + minute * 60 + second) * SECOND + fraction, kind))
}

/// Formats by a standard pattern (one letter) or a custom one.
pub(super) fn format(time: &DateTime, pattern: &str) -> String {
    let custom = match pattern {
        "" | "G" => "MM/dd/yyyy HH:mm:ss",
        "d" => "MM/dd/yyyy",
        "D" => "dddd, dd MMMM yyyy",
        "t" => "HH:mm",
        "T" => "HH:mm:ss",
        "f" => "dddd, dd MMMM yyyy HH:mm",
        "F" => "dddd, dd MMMM yyyy HH:mm:ss",
        "g" => "MM/dd/yyyy HH:mm",
        "m" | "M" => "MMMM dd",
        "y" | "Y" => "yyyy MMMM",
        "s" => "yyyy-MM-ddTHH:mm:ss",
        "u" => "yyyy-MM-dd HH:mm:ssZ",
        "o" | "O" => "yyyy-MM-ddTHH:mm:ss.fffffffK",
        "r" | "R" => "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        other => other,
    };
    format_custom(time, custom)
}

fn format_custom(time: &DateTime, pattern: &str) -> String {
    let civil = time.civil();
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(next) = rest.chars().next() {
        let run = rest.chars().take_while(|other| *other == next).count();
        let mut used = run * next.len_utf8();
        match next {
            // What follows is custom, though it stands alone.
            '%' => used = 1,
            'y' if run <= 2 => text += &format!("{:0run$}", civil.year % 100),
            'y' => text += &format!("{:0run$}", civil.year),
            'M' => text += &named(run, civil.month, MONTHS[(civil.month - 1) as usize]),
            'd' => text += &named(run, civil.day, WEEKDAYS[time.weekday()]),
            'H' => text += &format!("{:0width$}", civil.hour, width = run.min(2)),
            'h' => text += &format!("{:0width$}", (civil.hour + 11) % 12 + 1, width = run.min(2)),
            'm' => text += &format!("{:0width$}", civil.minute, width = run.min(2)),
            's' => text += &format!("{:0width$}", civil.second, width = run.min(2)),
            'f' => text += &format!("{:07}", civil.fraction)[..run.min(7)],
            'F' => text += format!("{:07}", civil.fraction)[..run.min(7)].trim_end_matches('0'),
            't' => text += &(if civil.hour < 12 { "AM" } else { "PM" })[..run.min(2)],
            'K' => text += &kind_text(time.kind),
            'z' => {
                let minutes = if let Kind::Local(minutes) = time.kind { minutes } else { 0 };
                let full = offset_text(minutes);
                text += if run >= 3 { &full } else { &full[..3] };
            }
            '\'' | '"' => {
                let end = rest[1..].find(next).map_or(rest.len() - 1, |at| at + 1);
                text += &rest[1..end.max(1)];
                used = (end + 1).min(rest.len());
            }
            '\\' => {
                let escaped = rest[1..].chars().next();
                text.extend(escaped);
                used = 1 + escaped.map_or(0, char::len_utf8);
            }
            other => text.extend(std::iter::repeat_n(other, run)),
        }
        rest = &rest[used..];
    }
    text
}

fn named(run: usize, number: i64, name: &str) -> String {
    match run {
        1 | 2 => format!("{number:0run$}"),
        3 => name[..3].to_owned(),
        _ => name.to_owned(),
    }
}

fn kind_text(kind: Kind) -> String {
    match kind {
        Kind::Unspecified => String::new(),
        Kind::Utc => "Z".into(),
        Kind::Local(minutes) => offset_text(minutes),
    }
}

/// `[-][d.]hh:mm:ss[.fffffff]`
pub(super) fn timespan_text(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let size = ticks.unsigned_abs();
    let (days, rest) = (size / DAY as u64, size % DAY as u64);
    let (seconds, fraction) = (rest / SECOND as u64, rest % SECOND as u64);
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let fraction = if fraction > 0 { format!(".{fraction:07}") } else { String::new() };
    format!("{sign}{days}{:02}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Reads `[-][d.]hh:mm[:ss[.f]]` or days alone.
pub(super) fn parse_timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    if let Ok(days) = text.parse::<i64>() {
        return days.checked_mul(if negative { -DAY } else { DAY });
    }
    let (head, clock) = text.split_once(':')?;
    let (days, hours) = head.split_once('.').unwrap_or(("0", head));
    let (days, hours): (i64, i64) = (days.parse().ok()?, hours.parse().ok()?);
    let (ticks, _) = parse_time(&format!("0:{clock}"))?;
    let total = days.checked_mul(DAY)?.checked_add(hours.checked_mul(3600 * SECOND)?)?.checked_add(ticks)?;
    (hours < 24).then_some(if negative { -total } else { total })
}

/// xs:duration, as CLIXML has it.
pub(super) fn timespan_to_wire(ticks: i64) -> String {
    if ticks == 0 {
        return "PT0S".into();
    }
    let sign = if ticks < 0 { "-" } else { "" };
    let size = ticks.unsigned_abs();
    let (days, rest) = (size / DAY as u64, size % DAY as u64);
    let (seconds, fraction) = (rest / SECOND as u64, rest % SECOND as u64);
    let mut text = format!("{sign}P");
    let mut add = |number: u64, unit: &str| {
        if number > 0 {
            text += &format!("{number}{unit}");
        }
    };
    add(days, "D");
    if rest > 0 {
        let mut time = String::from("T");
        for (number, unit) in [(seconds / 3600, "H"), (seconds / 60 % 60, "M")] {
            if number > 0 {
                time += &format!("{number}{unit}");
            }
        }
        if fraction > 0 {
            let fraction = format!("{fraction:07}");
            time += &format!("{}.{}S", seconds % 60, fraction.trim_end_matches('0'));
        } else if seconds % 60 > 0 {
            time += &format!("{}S", seconds % 60);
        }
        text += &time;
    }
    text
}

/// Reads xs:duration without years and months.
pub(super) fn timespan_from_wire(text: &str) -> Option<i64> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let mut rest = text.strip_prefix('P')?;
    let (mut total, mut in_time) = (0_i64, false);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            (rest, in_time) = (after, true);
            continue;
        }
        let end = rest.find(|next: char| !next.is_ascii_digit() && next != '.')?;
        let (whole, fraction) = rest[..end].split_once('.').unwrap_or((&rest[..end], ""));
        let unit = match (rest.as_bytes()[end], in_time) {
            (b'D', false) => DAY,
            (b'H', true) => 3600 * SECOND,
            (b'M', true) => 60 * SECOND,
            (b'S', true) => SECOND,
            _ => return None,
        };
        total = total.checked_add(whole.parse::<i64>().ok()?.checked_mul(unit)?)?;
        if !fraction.is_empty() {
            total = total.checked_add(format!("{fraction:0<7}").get(..7)?.parse().ok()?)?;
        }
        rest = &rest[end + 1..];
    }
    Some(if negative { -total } else { total })
}

#[cfg(test)]
mod tests {
    use super::{DateTime, format, parse, parse_timespan, timespan_from_wire, timespan_text, timespan_to_wire};

    #[test]
    fn texts_read_and_written() {
        for text in ["2026-01-02T03:04:05.5Z", "2024-02-29T00:00:00", "1999-12-31T23:59:59.0000001+05:30"] {
            assert_eq!(parse(text).map(DateTime::to_wire).as_deref(), Some(text));
        }
        assert_eq!(parse("1/2/2026 3:04 PM").map(DateTime::to_wire).as_deref(), Some("2026-01-02T15:04:00"));
        assert_eq!(parse("2026-02-30"), None);
    }

    #[test]
    fn custom_patterns() {
        let time = parse("2026-03-04T05:06:07.089Z").expect("valid");
        assert_eq!(format(&time, "yyyyMMdd-HHmmss.fff"), "20260304-050607.089");
        assert_eq!(format(&time, "ddd d MMM yy 'at' h:mm tt K"), "Wed 4 Mar 26 at 5:06 AM Z");
        assert_eq!(format(&time, "o"), "2026-03-04T05:06:07.0890000Z");
    }

    #[test]
    fn months_keep_the_day_where_they_can() {
        let moved = parse("2024-01-31").and_then(|time| time.plus_months(1));
        assert_eq!(moved.map(DateTime::to_wire).as_deref(), Some("2024-02-29T00:00:00"));
    }

    #[test]
    fn durations() {
        for (text, wire) in [("1.02:03:04.5000000", "P1DT2H3M4.5S"), ("-00:00:01", "-PT1S"), ("00:00:00", "PT0S")] {
            let ticks = parse_timespan(text).expect(text);
            assert_eq!((timespan_text(ticks).as_str(), timespan_to_wire(ticks).as_str()), (text, wire));
            assert_eq!(timespan_from_wire(wire), Some(ticks));
        }
    }
}
