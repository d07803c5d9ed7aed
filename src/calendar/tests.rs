//! Schedules over changes of the clock, and planners through restarts, jumps and long runs.

mod clock_changes;
mod planner;
mod simulation;

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

use super::{Schedule, find_zone};

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn cron(line: &str, zone: &str) -> Schedule {
    Schedule::cron(line, find_zone(zone, &TimeZoneDatabase::bundled()).expect(zone)).expect(line)
}

fn every(text: &str) -> Schedule {
    Schedule::every(crate::config::parse_duration(text).expect(text)).expect(text)
}
