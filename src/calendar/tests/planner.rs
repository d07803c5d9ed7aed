use std::num::NonZeroU32;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::{CatchUp, Entry, Missed, Occurrence, Planner, Schedule, State, Step};
use super::{at, cron, every};

fn entry(name: &str, schedule: Schedule) -> Entry {
    let jitter = Some(Duration::ZERO);
    Entry { name: name.to_owned(), schedule, jitter, catch_up: CatchUp::Once, key: name.to_owned() }
}

fn hourly(catch_up: CatchUp) -> Entry {
    Entry { catch_up, ..entry("a", cron("0 * * * *", "UTC")) }
}

fn all(limit: u32) -> CatchUp {
    CatchUp::All(NonZeroU32::new(limit).expect("a limit"))
}

/// Asks, and says in short what was decided: `a 12:00`, or `missed a 10:00-11:00 Passed`.
fn ask(planner: &mut Planner, now: &str) -> Vec<String> {
    let clock = |time: Timestamp| time.strftime("%H:%M").to_string();
    let short = |step: Step| match step {
        Step::Start(Occurrence { entry, at, .. }) => format!("{entry} {}", clock(at)),
        Step::Missed(Missed { entry, first, last, why }) => {
            format!("missed {entry} {}-{} {why:?}", clock(first), clock(last))
        }
    };
    planner.due(at(now)).into_iter().map(short).collect()
}

fn finish(planner: &mut Planner) {
    let running: Vec<_> = planner.running().cloned().collect();
    running.iter().for_each(|occurrence| planner.finished(occurrence));
}

/// As a new process has it.
fn restart(planner: &Planner, entries: Vec<Entry>, now: &str) -> Planner {
    let kept = serde_json::to_string(planner.state()).expect("plain data");
    let state: State = serde_json::from_str(&kept).expect("what was written");
    assert_eq!(&state, planner.state());
    Planner::open(entries, state, at(now))
}

#[test]
fn a_cron_line_begins_with_its_next_occurrence_and_an_interval_with_the_present_one() {
    let entries = vec![entry("cron", cron("0 * * * *", "UTC")), entry("every", every("1h"))];
    let mut planner = Planner::open(entries, State::default(), at("2026-05-01T10:20:00Z"));
    assert_eq!(ask(&mut planner, "2026-05-01T10:20:00Z"), ["every 10:00"]);
    assert_eq!(planner.wake(), Some(at("2026-05-01T11:00:00Z")));
    finish(&mut planner);
    assert_eq!(ask(&mut planner, "2026-05-01T10:59:59.9Z"), [""; 0]);
    assert_eq!(ask(&mut planner, "2026-05-01T11:00:00Z"), ["cron 11:00", "every 11:00"]);
    assert_eq!(planner.next_start("cron"), Some(at("2026-05-01T12:00:00Z")));
}

#[test]
fn one_of_the_same_key_runs_at_a_time() {
    let shared = |name: &str, line: &str| Entry { key: "disk on web".to_owned(), ..entry(name, cron(line, "UTC")) };
    let entries = vec![shared("a", "0 * * * *"), shared("b", "30 * * * *")];
    let mut planner = Planner::open(entries, State::default(), at("2026-05-01T10:20:00Z"));
    assert_eq!(ask(&mut planner, "2026-05-01T10:30:00Z"), ["b 10:30"]);
    assert_eq!(ask(&mut planner, "2026-05-01T11:00:00Z"), ["missed a 11:00-11:00 StillRunning"]);
    assert_eq!(ask(&mut planner, "2026-05-01T11:30:01Z"), ["missed b 11:30-11:30 StillRunning"]);
    finish(&mut planner);
    assert_eq!(ask(&mut planner, "2026-05-01T11:31:00Z"), [""; 0], "what was missed is not made up for");
    assert_eq!(ask(&mut planner, "2026-05-01T12:00:00Z"), ["a 12:00"]);
}

#[test]
fn what_passed_meanwhile_is_caught_up_on_as_asked() {
    for (catch_up, steps) in [
        (CatchUp::Skip, vec!["missed a 11:00-14:00 Passed"]),
        (CatchUp::Once, vec!["missed a 11:00-13:00 Passed", "a 14:00"]),
        (all(2), vec!["missed a 11:00-12:00 Passed", "a 13:00"]),
        (all(9), vec!["a 11:00"]),
    ] {
        let planner = Planner::open(vec![hourly(catch_up)], State::default(), at("2026-05-01T10:20:00Z"));
        let mut planner = restart(&planner, vec![hourly(catch_up)], "2026-05-01T14:20:00Z");
        assert_eq!(ask(&mut planner, "2026-05-01T14:20:00Z"), steps, "{catch_up:?}");
    }
}

#[test]
fn all_that_was_missed_runs_one_after_another_over_a_restart() {
    let planner = Planner::open(vec![hourly(all(9))], State::default(), at("2026-05-01T10:20:00Z"));
    let mut planner = restart(&planner, vec![hourly(all(9))], "2026-05-01T13:20:00Z");
    assert_eq!(ask(&mut planner, "2026-05-01T13:20:00Z"), ["a 11:00"]);
    assert_eq!(ask(&mut planner, "2026-05-01T13:20:01Z"), [""; 0], "one at a time");
    assert_eq!(planner.wake(), Some(at("2026-05-01T14:00:00Z")));
    finish(&mut planner);
    assert_eq!(planner.wake(), Some(at("2026-05-01T12:00:00Z")), "at once");
    let mut planner = restart(&planner, vec![hourly(all(9))], "2026-05-01T13:21:00Z");
    assert_eq!(ask(&mut planner, "2026-05-01T13:21:00Z"), ["a 12:00"]);
    finish(&mut planner);
    assert_eq!(ask(&mut planner, "2026-05-01T13:22:00Z"), ["a 13:00"]);
    finish(&mut planner);
    assert_eq!(ask(&mut planner, "2026-05-01T14:00:00Z"), ["a 14:00"]);
}

#[test]
fn skipping_is_not_being_a_little_late() {
    let mut planner = Planner::open(vec![hourly(CatchUp::Skip)], State::default(), at("2026-05-01T10:20:00Z"));
    assert_eq!(ask(&mut planner, "2026-05-01T11:00:59Z"), ["a 11:00"]);
    finish(&mut planner);
    assert_eq!(ask(&mut planner, "2026-05-01T13:00:05Z"), ["missed a 12:00-12:00 Passed", "a 13:00"]);
}

#[test]
fn a_pause_is_kept_and_caught_up_on() {
    let mut planner = Planner::open(vec![hourly(CatchUp::Once)], State::default(), at("2026-05-01T10:20:00Z"));
    assert!(planner.set_paused("a", true) && !planner.set_paused("b", true));
    assert_eq!(planner.wake(), None);
    let mut planner = restart(&planner, vec![hourly(CatchUp::Once)], "2026-05-01T11:10:00Z");
    assert!(planner.is_paused("a"));
    assert_eq!(ask(&mut planner, "2026-05-01T12:10:00Z"), [""; 0]);
    planner.set_paused("a", false);
    assert_eq!(ask(&mut planner, "2026-05-01T12:10:00Z"), ["missed a 11:00-11:00 Passed", "a 12:00"]);
}

#[test]
fn what_was_begun_is_not_begun_again_when_the_clock_is_put_back() {
    let mut planner = Planner::open(vec![hourly(CatchUp::Once)], State::default(), at("2026-05-01T10:20:00Z"));
    for hour in ["11", "12", "13"] {
        assert_eq!(ask(&mut planner, &format!("2026-05-01T{hour}:00:00Z")), [format!("a {hour}:00")]);
        finish(&mut planner);
    }
    for now in ["10:30", "11:00", "12:00", "13:00"] {
        assert_eq!(ask(&mut planner, &format!("2026-05-01T{now}:00Z")), [""; 0], "{now}");
        assert_eq!(planner.wake(), Some(at("2026-05-01T14:00:00Z")));
    }
    assert_eq!(ask(&mut planner, "2026-05-01T14:00:00Z"), ["a 14:00"]);
}

#[test]
fn a_clock_that_was_years_ahead_for_a_moment_stops_nothing() {
    let mut planner = Planner::open(vec![hourly(CatchUp::Once)], State::default(), at("2026-05-01T10:20:00Z"));
    assert_eq!(ask(&mut planner, "2038-05-01T10:20:00Z"), ["missed a 11:00-09:00 Passed", "a 10:00"]);
    finish(&mut planner);
    assert_eq!(ask(&mut planner, "2026-05-01T10:21:00Z"), [""; 0]);
    assert_eq!(ask(&mut planner, "2026-05-01T11:00:00Z"), ["a 11:00"]);
}

#[test]
fn a_backlog_of_the_future_waits_for_its_time() {
    let mut planner = Planner::open(vec![hourly(all(9))], State::default(), at("2026-05-01T10:20:00Z"));
    assert_eq!(ask(&mut planner, "2026-05-01T14:20:00Z"), ["a 11:00"]);
    finish(&mut planner);
    assert_eq!(ask(&mut planner, "2026-05-01T12:30:00Z"), ["a 12:00"]);
    finish(&mut planner);
    assert_eq!(ask(&mut planner, "2026-05-01T12:31:00Z"), [""; 0]);
    assert_eq!(ask(&mut planner, "2026-05-01T13:00:00Z"), ["a 13:00"]);
}

#[test]
fn another_schedule_begins_anew_and_the_same_goes_on() {
    let planner = Planner::open(vec![hourly(CatchUp::Once)], State::default(), at("2026-05-01T10:20:00Z"));
    let mut planner = restart(&planner, vec![], "2026-05-01T10:21:00Z");
    assert_eq!(planner.wake(), None);
    planner.replace(vec![hourly(CatchUp::Once)], at("2026-05-01T12:30:00Z"));
    assert_eq!(ask(&mut planner, "2026-05-01T12:30:00Z"), [""; 0], "it was not there meanwhile");
    planner.replace(vec![entry("a", cron("15 * * * *", "UTC"))], at("2026-05-01T14:20:00Z"));
    assert_eq!(ask(&mut planner, "2026-05-01T14:20:00Z"), [""; 0], "another schedule was missed, not this one");
    planner.replace(vec![entry("a", cron("15 * * * *", "UTC"))], at("2026-05-01T15:20:00Z"));
    assert_eq!(ask(&mut planner, "2026-05-01T15:20:00Z"), ["a 15:15"]);
}

#[test]
fn what_ran_when_the_process_ended_counts_as_running() {
    let mut planner = Planner::open(vec![hourly(CatchUp::Once)], State::default(), at("2026-05-01T10:20:00Z"));
    assert_eq!(ask(&mut planner, "2026-05-01T11:00:00Z"), ["a 11:00"]);
    let mut planner = restart(&planner, vec![hourly(CatchUp::Once)], "2026-05-01T11:30:00Z");
    assert_eq!(planner.running().map(|running| running.at).collect::<Vec<_>>(), [at("2026-05-01T11:00:00Z")]);
    assert_eq!(ask(&mut planner, "2026-05-01T12:00:00Z"), ["missed a 12:00-12:00 StillRunning"]);
    finish(&mut planner);
    assert_eq!(ask(&mut planner, "2026-05-01T13:00:00Z"), ["a 13:00"]);
}

#[test]
fn starts_are_spread_and_stay_where_they_are() {
    let spread = |name: &str, jitter: Option<Duration>, schedule: Schedule| Entry { jitter, ..entry(name, schedule) };
    let minutes = Some(Duration::from_secs(600));
    let mut delays = std::collections::BTreeSet::new();
    for number in 0..50 {
        let entry = spread(&format!("check-{number}"), minutes, cron("0 * * * *", "UTC"));
        for hour in 0..20 {
            let instant = at("2026-05-01T00:00:00Z") + SignedDuration::from_hours(hour);
            let delay = entry.start(instant).duration_since(instant);
            assert!(delay >= SignedDuration::ZERO && delay < SignedDuration::from_mins(10));
            assert_eq!(entry.start(instant), entry.clone().start(instant));
            delays.insert(delay);
        }
    }
    assert!(delays.len() > 400, "{}", delays.len());
    // Never behind the next occurrence, however long the jitter is.
    let wide = spread("a", Some(Duration::from_secs(7_200)), cron("*/5 * * * *", "UTC"));
    let instant = at("2026-05-01T00:00:00Z");
    assert!(wide.start(instant) < instant + SignedDuration::from_mins(5));
    // An interval without a jitter has one delay.
    let interval = spread("a", None, every("15m"));
    let delay = |instant: Timestamp| interval.start(instant).duration_since(instant);
    assert_eq!(delay(instant), delay(instant + SignedDuration::from_mins(15)));
    assert_ne!(delay(instant), SignedDuration::ZERO);
}
