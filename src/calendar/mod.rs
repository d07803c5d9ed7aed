//! When something is due: cron lines with time zones, intervals, and a planner over many of them.
//!
//! In go [`Entry`]s, each with its [`Schedule`], the [`State`] that was kept, and instants; out come the
//! [`Occurrence`]s to start, what was missed and why, and when to ask again. A core: no clock, no file, no chance. The
//! database of time zones is an argument, and starts are spread by a hash, so that they are the same after a restart.
//!
//! An [`Occurrence`] is the identity of one run: the entry's name, its schedule and the instant. It is started once,
//! whatever becomes of the clock or the process, as long as the state is kept before what was started begins:
//!
//! ```text
//! planner.due(now) --Steps--> keep planner.state() --> start the runs --> planner.finished(occurrence) --> keep again
//! ```
//!
//! # Clock changes in spring and autumn
//! A line with a fixed time of day runs once a day: in the gap of spring at its end, in the repeated hour of autumn in
//! the first one. A line whose minute or hour is a wildcard follows the clock on the wall: it skips what the clock
//! skips, and runs in both repeated hours.

mod cron;
mod entry;
mod planner;
mod schedule;
mod spread;
mod state;
#[cfg(test)]
mod tests;
mod zone;

pub use entry::{CatchUp, Entry};
pub use planner::{Missed, Planner, Step, WhyMissed};
pub use schedule::Schedule;
pub use state::{Occurrence, State};
pub use zone::find_zone;
