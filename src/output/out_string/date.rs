//! Dates and durations as .NET sees them: their parts, and the patterns of the invariant culture.

use jiff::civil;

use crate::clixml::Value;
use crate::output::date_time::span_ticks;

/// Ticks of 100 ns.
const SECOND: i64 = 10_000_000;
const DAY: i64 = 24 * 60 * 60 * SECOND;

/// The most milliseconds that .NET tells of a TimeSpan; more would not fit back into one.
const MOST_MILLISECONDS: f64 = 922_337_203_685_477.0;

/// A DateTime of the wire, on the clock of the host that sent it.
pub(super) struct Moment {
    at: civil::DateTime,
    /// Of the second.
    ticks: i64,
    kind: &'static str,
}

impl Moment {
    /// Reads `2026-11-22T19:51:31.5+01:00`; none if the calendar has no such day.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T')?;
        let (clock, rest) = time.split_at_checked(8)?;
        let fraction = rest.strip_prefix('.').unwrap_or_default();
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let ticks = format!("{:0<7.7}", fraction.get(..digits)?).parse().ok()?;
        let kind = match rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit()) {
            "" => "Unspecified",
            "Z" => "Utc",
            _ => "Local",
        };
        Some(Self { at: format!("{date}T{clock}").parse().ok()?, ticks, kind })
    }

    /// `Thursday, 02 January 2020 03:04:05`
    pub(super) fn long(&self) -> String {
        self.at.strftime("%A, %d %B %Y %H:%M:%S").to_string()
    }

    /// `01/02/2020 03:04:05`
    pub(super) fn short(&self) -> String {
        self.at.strftime("%m/%d/%Y %H:%M:%S").to_string()
    }

    /// `01/02/2020 03:04`, as the views of files have it, with so much space inside.
    pub(super) fn minutes(&self, gap: &str) -> String {
        format!("{}{gap}{}", self.at.strftime("%m/%d/%Y"), self.at.strftime("%H:%M"))
    }

    /// `Jan 02 03:04`, as entries of logs have it.
    pub(super) fn of_a_log(&self) -> String {
        self.at.strftime("%b %d %H:%M").to_string()
    }

    /// Its properties, in .NET's order.
    pub(super) fn parts(&self) -> Vec<(&'static str, Value)> {
        let at = self.at;
        let day = i64::from(at.date().duration_since(civil::Date::constant(1, 1, 1)).as_hours() as i32 / 24);
        let time = at.time().duration_since(civil::Time::midnight()).as_secs() * SECOND + self.ticks;
        let midnight = format!("{}T00:00:00", at.date());
        let number = |number: i64| Value::I32(number as i32);
        vec![
            ("Date", Value::DateTime(midnight.into())),
            ("Day", number(at.day().into())),
            ("DayOfWeek", Value::str(at.strftime("%A").to_string())),
            ("DayOfYear", number(at.date().day_of_year().into())),
            ("Hour", number(at.hour().into())),
            ("Kind", Value::str(self.kind)),
            ("Millisecond", number(self.ticks / 10_000)),
            ("Microsecond", number(self.ticks / 10 % 1000)),
            ("Nanosecond", number(self.ticks % 10 * 100)),
            ("Minute", number(at.minute().into())),
            ("Month", number(at.month().into())),
            ("Second", number(at.second().into())),
            ("Ticks", Value::I64(day * DAY + time)),
            ("TimeOfDay", Value::TimeSpan(duration(time).into())),
            ("Year", number(at.year().into())),
            ("DateTime", Value::str(self.long())),
        ]
    }
}

/// Ticks of less than a day as the wire has them.
fn duration(ticks: i64) -> String {
    let (hours, minutes) = (ticks / (3600 * SECOND), ticks / (60 * SECOND) % 60);
    match (ticks / SECOND % 60, ticks % SECOND) {
        (seconds, 0) => format!("PT{hours}H{minutes}M{seconds}S"),
        (seconds, fraction) => format!("PT{hours}H{minutes}M{seconds}.{fraction:07}S"),
    }
}

/// The properties of a TimeSpan, in .NET's order.
pub(super) fn span_parts(text: &str) -> Option<Vec<(&'static str, Value)>> {
    let ticks = span_ticks(text)?;
    let number = |number: i64| Value::I32(number as i32);
    let total = |unit: f64| Value::F64(ticks as f64 / unit);
    let milliseconds = (ticks as f64 / 1e4).clamp(-MOST_MILLISECONDS, MOST_MILLISECONDS);
    Some(vec![
        ("Ticks", Value::I64(ticks)),
        ("Days", number(ticks / DAY)),
        ("Hours", number(ticks / (3600 * SECOND) % 24)),
        ("Milliseconds", number(ticks / 10_000 % 1000)),
        ("Microseconds", number(ticks / 10 % 1000)),
        ("Nanoseconds", number(ticks % 10 * 100)),
        ("Minutes", number(ticks / (60 * SECOND) % 60)),
        ("Seconds", number(ticks / SECOND % 60)),
        ("TotalDays", total(DAY as f64)),
        ("TotalHours", total(3600.0 * 1e7)),
        ("TotalMilliseconds", Value::F64(milliseconds)),
        ("TotalMicroseconds", total(10.0)),
        ("TotalNanoseconds", Value::F64(ticks as f64 * 100.0)),
        ("TotalMinutes", total(60.0 * 1e7)),
        ("TotalSeconds", total(1e7)),
    ])
}

#[cfg(test)]
mod tests {
    use super::Moment;
    use crate::clixml::Value;

    #[test]
    fn moments_have_the_patterns_of_the_invariant_culture() {
        let moment = Moment::read("2020-01-02T03:04:05.6789012+05:00").unwrap();
        assert_eq!(moment.long(), "Thursday, 02 January 2020 03:04:05");
        assert_eq!(moment.short(), "01/02/2020 03:04:05");
        let parts = moment.parts();
        let part = |name| parts.iter().find(|(part, _)| *part == name).map(|(_, value)| value.clone());
        assert_eq!(part("Ticks"), Some(Value::I64(637_135_310_456_789_012)));
        assert_eq!(part("Kind"), Some(Value::str("Local")));
        assert_eq!(part("Microsecond"), Some(Value::I32(901)));
        for bad in ["", "2021-02-30T00:00:00", "2020-01-02T03:04", "2020-01-02T03:04:0é"] {
            assert!(Moment::read(bad).is_none(), "{bad}");
        }
    }
}
