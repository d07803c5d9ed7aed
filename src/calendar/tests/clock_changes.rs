use jiff::tz::TimeZoneDatabase;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::super::{Schedule, find_zone};
use super::{at, cron, every};

/// The next times of a line, as the clock of its zone shows them.
#[track_caller]
fn check(line: &str, zone: &str, from: &str, expected: &[&str]) {
    let schedule = cron(line, zone);
    let zone = find_zone(zone, &TimeZoneDatabase::bundled()).expect("a zone");
    let times = std::iter::successors(schedule.next(at(from)), |time| schedule.next(*time));
    let shown = |time: Timestamp| time.to_zoned(zone.clone()).strftime("%d %H:%M%:z").to_string();
    assert_eq!(times.take(expected.len()).map(shown).collect::<Vec<_>>(), expected, "{line}");
}

#[test]
fn a_fixed_time_in_the_gap_of_spring_runs_at_its_end() {
    let from = "2026-03-28T12:00:00Z";
    check("30 2 * * *", "Europe/Berlin", from, &["29 03:00+02:00", "30 02:30+02:00"]);
    check("0,30 2,3 * * *", "Europe/Berlin", from, &["29 03:00+02:00", "29 03:30+02:00", "30 02:00+02:00"]);
    check("15 3 * * *", "Europe/Berlin", from, &["29 03:15+02:00", "30 03:15+02:00"]);
    check("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", &["08 03:00-04:00", "09 02:30-04:00"]);
    // Half an hour is skipped.
    check("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", &["04 02:30+11:00", "05 02:15+11:00"]);
    // Midnight itself is skipped.
    check("@daily", "America/Santiago", "2026-09-05T12:00:00Z", &["06 01:00-03:00", "07 00:00-03:00"]);
    // A whole day is skipped.
    check(
        "0 12 * * *",
        "Pacific/Apia",
        "2011-12-29T00:00:00Z",
        &["29 12:00-10:00", "31 00:00+14:00", "31 12:00+14:00"],
    );
}

#[test]
fn a_fixed_time_in_the_repeated_hour_of_autumn_runs_once() {
    let from = "2026-10-24T12:00:00Z";
    check("30 2 * * *", "Europe/Berlin", from, &["25 02:30+02:00", "26 02:30+01:00"]);
    check("0 2,3 * * *", "Europe/Berlin", from, &["25 02:00+02:00", "25 03:00+01:00", "26 02:00+01:00"]);
    check("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T10:00:00Z", &["05 01:45+11:00", "06 01:45+10:30"]);
    // Asked for in the second of both hours, and with fractions of a second.
    check("30 2 * * *", "Europe/Berlin", "2026-10-25T01:15:00Z", &["26 02:30+01:00"]);
    check("30 2 * * *", "Europe/Berlin", "2026-10-25T00:29:59.999Z", &["25 02:30+02:00"]);
    check("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00.001Z", &["26 02:30+01:00"]);
}

#[test]
fn wildcards_follow_the_clock_on_the_wall() {
    let spring = "2026-03-29T00:00:00Z";
    check("*/30 * * * *", "Europe/Berlin", spring, &["29 01:30+01:00", "29 03:00+02:00", "29 03:30+02:00"]);
    check("15 * * * *", "Europe/Berlin", spring, &["29 01:15+01:00", "29 03:15+02:00"]);
    check("0 */2 * * *", "Europe/Berlin", "2026-03-28T23:00:00Z", &["29 04:00+02:00", "29 06:00+02:00"]);
    check("*/20 2 * * *", "Europe/Berlin", spring, &["30 02:00+02:00"]);
    let autumn = "2026-10-25T00:00:00Z";
    let both = ["25 02:30+02:00", "25 02:00+01:00", "25 02:30+01:00", "25 03:00+01:00"];
    check("*/30 * * * *", "Europe/Berlin", autumn, &both);
    check("30 0-23 * * *", "Europe/Berlin", autumn, &["25 02:30+02:00", "25 02:30+01:00", "25 03:30+01:00"]);
    check(
        "*/30 * * * *",
        "Australia/Lord_Howe",
        "2026-04-04T14:00:00Z",
        &["05 01:30+11:00", "05 01:30+10:30", "05 02:00+10:30"],
    );
}

#[test]
fn intervals_are_multiples_since_1970() {
    let schedule = every("15m");
    for (after, next) in [
        ("2026-11-29T07:23:24Z", "2026-11-29T07:30:00Z"),
        ("2026-11-29T07:30:00Z", "2026-11-29T07:45:00Z"),
        ("2026-11-29T07:29:59.5Z", "2026-11-29T07:30:00Z"),
        ("1969-12-31T23:50:00.5Z", "1970-01-01T00:00:00Z"),
        ("1969-12-31T23:44:59.5Z", "1969-12-31T23:45:00Z"),
    ] {
        assert_eq!(schedule.next(at(after)), Some(at(next)), "{after}");
    }
    assert_eq!(every("1d").next(at("2026-11-29T00:00:00Z")), Some(at("2026-11-30T00:00:00Z")));
}

#[test]
fn intervals_have_a_sensible_length() {
    for text in ["500ms", "1500ms", "367d"] {
        let interval = crate::config::parse_duration(text).expect(text);
        assert!(Schedule::every(interval).is_err(), "{text}");
    }
    assert_eq!(every("90s").to_string(), "every 1m30s");
    assert_eq!(cron(" 0  6 * * MON-FRI", "Europe/Berlin").to_string(), "0 6 * * MON-FRI Europe/Berlin");
}

const LINES: [&str; 9] = [
    "*/15 * * * *",
    "0 * * * *",
    "30 2 * * *",
    "@daily",
    "0,30 1-3 * * *",
    "*/20 2 * * *",
    "0 */2 * * 0",
    "15 12 L * *",
    "0 0 29 2 *",
];
const ZONES: [&str; 5] = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC"];

/// Every minute at which a line is due, found without searching: by looking at each.
fn minute_by_minute(line: &str, zone: &str, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let wanted = cron(line, "UTC");
    let zone = find_zone(zone, &TimeZoneDatabase::bundled()).expect("a zone");
    let matches = |wall: jiff::civil::DateTime| {
        let utc = wall.to_zoned(jiff::tz::TimeZone::UTC).expect("in UTC").timestamp();
        wanted.next(utc - SignedDuration::from_secs(1)) == Some(utc)
    };
    let minutes = (from.as_second()..until.as_second()).step_by(60);
    let minutes = minutes.map(|second| Timestamp::from_second(second).expect("a time"));
    minutes.filter(|minute| matches(zone.to_datetime(*minute))).collect()
}

#[test]
fn wildcards_are_every_minute_that_shows_them() {
    for (line, zone, from, until) in [
        ("*/15 * * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z"),
        ("*/15 * * * *", "Europe/Berlin", "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z"),
        ("7 */3 * * *", "America/New_York", "2026-10-31T00:00:00Z", "2026-11-03T00:00:00Z"),
        ("*/20 1,2 * * *", "Australia/Lord_Howe", "2026-04-03T00:00:00Z", "2026-04-07T00:00:00Z"),
        ("*/20 2 * * *", "Australia/Lord_Howe", "2026-10-02T00:00:00Z", "2026-10-06T00:00:00Z"),
    ] {
        let (schedule, from, until) = (cron(line, zone), at(from), at(until));
        let first = schedule.next(from - SignedDuration::from_secs(1));
        let found = std::iter::successors(first, |time| schedule.next(*time));
        let found: Vec<_> = found.take_while(|time| *time < until).collect();
        assert_eq!(found, minute_by_minute(line, zone, from, until), "{line} {zone}");
    }
}

#[test]
fn a_year_has_each_fixed_time_once_a_day() {
    let (from, until) = (at("2026-01-02T00:00:00Z"), at("2026-12-31T00:00:00Z"));
    for zone in ZONES {
        let days = find_zone(zone, &TimeZoneDatabase::bundled()).expect("a zone");
        for line in ["30 2 * * *", "0 0 * * *", "15 1 * * *", "59 23 * * *"] {
            let schedule = cron(line, zone);
            let times = std::iter::successors(schedule.next(from), |time| schedule.next(*time));
            let dates: Vec<_> =
                times.take_while(|time| *time < until).map(|time| days.to_datetime(time).date()).collect();
            assert!(dates.windows(2).all(|pair| pair[0].tomorrow().ok() == Some(pair[1])), "{line} {zone}");
            assert!(dates.len() >= 362, "{line} {zone}: {}", dates.len());
        }
    }
}

proptest! {
    #[test]
    fn next_and_latest_agree(line in 0..LINES.len(), zone in 0..ZONES.len(), second in 1_500_000_000_i64..1_900_000_000, nano in 0..2) {
        let schedule = cron(LINES[line], ZONES[zone]);
        let after = Timestamp::new(second, nano * 500_000_000).expect("a time");
        let next = schedule.next(after).expect("one comes");
        prop_assert!(next > after);
        prop_assert_eq!(schedule.latest(next), Some(next));
        let just_before = next - SignedDuration::from_nanos(1);
        prop_assert_eq!(schedule.next(just_before), Some(next));
        let earlier = schedule.latest(just_before).expect("one was");
        prop_assert!(earlier <= after || earlier < next);
        prop_assert_eq!(schedule.next(earlier), Some(next));
    }

    #[test]
    fn no_line_makes_the_reader_panic(line in "[0-9*/,LW#?+ @A-Z-]{0,30}|\\PC{0,20}") {
        let _ = Schedule::cron(&line, jiff::tz::TimeZone::UTC);
    }
}
