//! When something is due: cron lines with time zones, and intervals.
//!
//! A core: no clock, no file, no chance. The database of time zones is an argument.
//!
//! # Clock changes in spring and autumn
//! A line with a fixed time of day runs once a day: in the gap of spring at its end, in the repeated hour of autumn in
//! the first one. A line whose minute or hour is a wildcard follows the clock on the wall: it skips what the clock
//! skips, and runs in both repeated hours.

mod cron;
mod schedule;
#[cfg(test)]
mod tests;
mod zone;

pub use schedule::Schedule;
pub use zone::find_zone;
