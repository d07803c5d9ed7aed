//! Dates and durations as table, list and filters show and read them. What PowerShell itself would print is in
//! `out_string/date`.

/// `2026-11-22 19:51:31 +01:00`: no `T`, no fraction.
pub(super) fn date_time(text: &str) -> String {
    let Some((date, time)) = text.split_once('T') else { return text.to_owned() };
    let clock = time.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(time.len());
    let (clock, rest) = time.split_at(clock);
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    if zone.is_empty() { format!("{date} {clock}") } else { format!("{date} {clock} {zone}") }
}

/// `1.02:03:04.5000000` for `P1DT2H3M4.5S`, as .NET's `c` format has it.
pub(super) fn time_span(text: &str) -> Option<String> {
    let span = Span::read(text)?;
    let sign = if span.negative { "-" } else { "" };
    let days = if span.days > 0 { format!("{}.", span.days) } else { String::new() };
    let fraction = if span.fraction.is_empty() { String::new() } else { format!(".{:0<7}", span.fraction) };
    Some(format!("{sign}{days}{:02}:{:02}:{:02}{fraction}", span.hours, span.minutes, span.seconds))
}

/// The seconds of a duration such as `P1DT2H3M4.5S`.
pub(super) fn span_seconds(text: &str) -> Option<f64> {
    let span = Span::read(text)?;
    let whole = (((span.days * 24) + span.hours) * 60 + span.minutes) * 60 + span.seconds;
    let fraction: f64 = format!("0.{}0", span.fraction).parse().ok()?;
    let seconds = whole as f64 + fraction;
    Some(if span.negative { -seconds } else { seconds })
}

/// The seconds of a duration or time of day as .NET writes it: `1.02:03:04.5`, `03:04`; a number alone is days.
pub(super) fn clock_seconds(text: &str) -> Option<f64> {
    let (sign, rest) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let (clock_or_days, after) = rest.split_once(':').unwrap_or((rest, ""));
    if after.is_empty() {
        return clock_or_days.parse::<f64>().ok().map(|days| sign * days * 86_400.0);
    }
    let (days, hours) = clock_or_days.split_once('.').unwrap_or(("0", clock_or_days));
    let (minutes, seconds) = after.split_once(':').unwrap_or((after, "0"));
    let number = |text: &str| text.parse::<f64>().ok();
    Some(sign * (((number(days)? * 24.0 + number(hours)?) * 60.0 + number(minutes)?) * 60.0 + number(seconds)?))
}

/// The ticks of 100 ns of a duration such as `P1DT2H3M4.5S`; none if .NET's TimeSpan could not hold it.
pub(super) fn span_ticks(text: &str) -> Option<i64> {
    let span = Span::read(text)?;
    let whole = (((span.days * 24) + span.hours) * 60 + span.minutes) * 60 + span.seconds;
    let fraction: i128 = format!("{:0<7.7}", span.fraction).parse().ok()?;
    let ticks = i128::from(whole) * 10_000_000 + fraction;
    i64::try_from(if span.negative { -ticks } else { ticks }).ok()
}

/// The parts of an xs:duration without years and months.
struct Span<'a> {
    negative: bool,
    days: u64,
    hours: u64,
    minutes: u64,
    seconds: u64,
    /// Digits behind the point of the seconds.
    fraction: &'a str,
}

impl<'a> Span<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (days, mut time) = rest.strip_prefix('P')?.split_once('T').unwrap_or((&rest[1..], ""));
        let days = if days.is_empty() { "" } else { days.strip_suffix('D')? };
        let mut part = |unit: char| {
            let (number, rest) = time.split_once(unit).unwrap_or(("", time));
            time = rest;
            number
        };
        let (hours, minutes, seconds) = (part('H'), part('M'), part('S'));
        let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        if !time.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // No duration of .NET has a part of more than 32 bits.
        let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u32>().ok().map(u64::from) };
        let [days, hours, minutes, seconds] = [number(days)?, number(hours)?, number(minutes)?, number(seconds)?];
        Some(Self { negative, days, hours, minutes, seconds, fraction })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_durations() {
        assert_eq!(date_time("2026-11-22T19:51:31.1234567+01:00"), "2026-11-22 19:51:31 +01:00");
        assert_eq!(date_time("2026-11-22T19:51:31Z"), "2026-11-22 19:51:31 Z");
        assert_eq!(date_time("0001-01-01T00:00:00"), "0001-01-01 00:00:00");
        for (wire, expect) in [
            ("PT0S", "00:00:00"),
            ("PT1H2.5S", "01:00:02.5000000"),
            ("-P1DT2H3M4S", "-1.02:03:04"),
            ("P3D", "3.00:00:00"),
            ("PT90M", "00:90:00"),
        ] {
            assert_eq!(time_span(wire).as_deref(), Some(expect));
        }
        assert_eq!(span_seconds("-P1DT2H3M4.5S"), Some(-93_784.5));
        assert_eq!(span_ticks("-P1DT2H3M4.0000005S"), Some(-937_840_000_005));
        assert_eq!(span_ticks("P10675199DT2H48M5.4775807S"), Some(i64::MAX));
        assert_eq!(span_ticks("P4294967295D"), None);
        for bad in ["", "P1T", "PT1.-5S", "PX", "PT5", "P1Y", "PTxS"] {
            assert_eq!(time_span(bad), None, "{bad}");
        }
    }
}
