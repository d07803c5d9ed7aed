//! What a planner must not forget: plain data, kept by whoever drives it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::schedule::Schedule;

/// Stretches of begun occurrences that are remembered of an entry. A new one begins where something was left out.
const MOST_SPANS: usize = 32;

/// The identity of one run: it is started once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Occurrence {
    /// The entry's name.
    pub entry: String,
    /// Its schedule, as it was written: another schedule has other occurrences.
    pub schedule: String,
    /// The instant that the schedule names; the start may be spread behind it.
    pub at: Timestamp,
}

impl fmt::Display for Occurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.entry, self.at)
    }
}

/// All that a planner must know again after a restart. Kept before what was started begins.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct State {
    /// The latest instant that the planner was told; a smaller one means that the clock was put back.
    pub(super) seen: Option<Timestamp>,
    pub(super) entries: BTreeMap<String, Progress>,
    pub(super) running: Vec<Running>,
}

/// An occurrence that was started and has not been finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Running {
    pub(super) key: String,
    pub(super) occurrence: Occurrence,
}

/// How far an entry has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The schedule that this is about.
    pub(super) schedule: String,
    /// Every occurrence up to here is decided.
    pub(super) settled: Timestamp,
    /// What was begun, oldest first: a clock that was put back must not begin it again.
    pub(super) began: Vec<Span>,
    /// Missed occurrences that wait for their turn, oldest first.
    pub(super) backlog: Vec<Timestamp>,
    pub(super) paused: bool,
}

/// Occurrences without a gap, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

impl Progress {
    pub(super) fn new(schedule: &Schedule, settled: Timestamp, paused: bool) -> Self {
        Self { schedule: schedule.to_string(), settled, began: Vec::new(), backlog: Vec::new(), paused }
    }

    /// The stretch of begun occurrences that holds one.
    pub(super) fn span_of(&self, occurrence: Timestamp) -> Option<Span> {
        self.began.iter().find(|span| (span.first..=span.last).contains(&occurrence)).copied()
    }

    /// Notes occurrences as begun.
    pub(super) fn begin(&mut self, schedule: &Schedule, begun: Span) {
        if self.span_of(begun.first).is_some() && self.span_of(begun.last).is_some() {
            return;
        }
        match self.began.iter_mut().find(|span| schedule.next(span.last) == Some(begun.first)) {
            Some(span) => span.last = begun.last,
            None => self.began.push(begun),
        }
        self.began.sort_by_key(|span| span.first);
        self.began.dedup_by(|later, earlier| {
            let is_next = schedule.next(earlier.last) == Some(later.first);
            if is_next {
                earlier.last = later.last;
            }
            is_next
        });
        let surplus = self.began.len().saturating_sub(MOST_SPANS);
        self.began.drain(..surplus);
    }
}
