//! What is planned: a schedule with its name, and how it is treated.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::schedule::Schedule;
use super::spread::spread;

/// What becomes of occurrences that passed while nothing could be started: the process was not there, the machine
/// slept, the entry was paused, the clock was put forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CatchUp {
    /// They are left out. What is less than a minute late is no such thing.
    Skip,
    /// The last of them is started, and stands for those before.
    #[default]
    Once,
    /// All are started, one after another, the oldest first; of more than so many the oldest are left out.
    All(NonZeroU32),
}

/// One thing that is planned.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name: one entry has it.
    pub name: String,
    /// When it is due.
    pub schedule: Schedule,
    /// Over how long starts are spread; whole seconds count. Without it an interval has a delay of its own, the same
    /// for every start, so that not all entries begin at once; a cron line has none.
    pub jitter: Option<Duration>,
    /// What becomes of what was missed.
    pub catch_up: CatchUp,
    /// What must not run twice at a time: a check on a set of hosts. Entries may share it.
    pub key: String,
}

impl Entry {
    /// When an occurrence is started: at its instant or, spread, behind it, but always before the next one. The same
    /// after every restart.
    pub(super) fn start(&self, occurrence: Timestamp) -> Timestamp {
        let room = match (self.jitter, self.schedule.interval()) {
            (Some(jitter), _) => jitter.as_secs(),
            (None, Some(interval)) => interval.as_secs(),
            (None, None) => 0,
        };
        let to_next = |next: Timestamp| next.duration_since(occurrence).as_secs().unsigned_abs();
        let room = self.schedule.next(occurrence).map_or(room, |next| room.min(to_next(next)));
        if room == 0 {
            return occurrence;
        }
        let salt = if self.jitter.is_some() { occurrence.as_second() } else { 0 };
        let delay = i64::try_from(spread(&self.name, salt) % room).unwrap_or(0);
        occurrence.checked_add(SignedDuration::from_secs(delay)).unwrap_or(occurrence)
    }

    /// The last occurrence whose start is not after an instant.
    pub(super) fn latest_started(&self, now: Timestamp) -> Option<Timestamp> {
        let latest = self.schedule.latest(now)?;
        if self.start(latest) <= now { Some(latest) } else { self.before(latest) }
    }

    /// The occurrence before another one.
    pub(super) fn before(&self, occurrence: Timestamp) -> Option<Timestamp> {
        self.schedule.latest(occurrence.checked_sub(SignedDuration::from_secs(1)).ok()?)
    }
}
