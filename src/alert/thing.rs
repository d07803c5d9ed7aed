//! What is known of one check on one host: its state, and how it came to it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::matcher::Candidate;
use super::observation::{Observation, Subject};
use super::rules::Flapping;
use crate::check::State;

/// The most changes that are remembered of a thing.
const MOST_TURNS: usize = 64;

/// One check on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Thing {
    pub(super) state: State,
    /// When it came to this state.
    pub(super) since: Timestamp,
    pub(super) text: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) owner: Option<String>,
    pub(super) runbook: Option<String>,
    /// The latest changes of state, oldest first.
    turns: Vec<Turn>,
}

/// A change of state, and to which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Turn {
    at: Timestamp,
    to: State,
}

impl Thing {
    /// What was never seen before counts as having been well.
    pub(super) fn new(seen: Observation) -> Self {
        let Observation { state, text, at, labels, owner, runbook, .. } = seen;
        let turns = if state == State::Ok { Vec::new() } else { vec![Turn { at, to: state }] };
        Self { state, since: at, text, labels, owner, runbook, turns }
    }

    /// Takes what was seen later.
    pub(super) fn update(&mut self, seen: Observation) {
        let Observation { state, text, at, labels, owner, runbook, .. } = seen;
        if state != self.state {
            (self.state, self.since) = (state, at);
            self.turns.push(Turn { at, to: state });
            self.turns.drain(..self.turns.len().saturating_sub(MOST_TURNS));
        }
        (self.text, self.labels, self.owner, self.runbook) = (text, labels, owner, runbook);
    }

    /// The state that counts: the worst of the window while it is flapping.
    pub(super) fn effective(&self, flapping: Flapping, now: Timestamp) -> State {
        if !self.is_flapping(flapping, now) {
            return self.state;
        }
        self.recent(flapping, now).iter().map(|turn| turn.to).max().unwrap_or(self.state).max(self.state)
    }

    pub(super) fn is_flapping(&self, flapping: Flapping, now: Timestamp) -> bool {
        flapping.changes > 0 && self.recent(flapping, now).len() >= flapping.changes
    }

    /// When it may be calm again, if it is flapping and nothing else happens.
    pub(super) fn calms(&self, flapping: Flapping, now: Timestamp) -> Option<Timestamp> {
        let recent = self.recent(flapping, now);
        let last_needed = recent.len().checked_sub(flapping.changes).filter(|_| flapping.changes > 0)?;
        recent[last_needed].at.checked_add(window(flapping)).ok()
    }

    /// Whether nothing is left of it that anybody would need.
    pub(super) fn is_forgettable(&self, flapping: Flapping, now: Timestamp) -> bool {
        self.state == State::Ok && self.recent(flapping, now).is_empty()
    }

    /// The clock was put back, to this instant: what was noted by the old one, and would lie in the future, goes with it.
    pub(super) fn shift(&mut self, by: SignedDuration, now: Timestamp) {
        for instant in self.turns.iter_mut().map(|turn| &mut turn.at).chain([&mut self.since]) {
            if *instant > now {
                *instant = instant.checked_add(by).unwrap_or(*instant);
            }
        }
        self.turns.sort_by_key(|turn| turn.at);
    }

    /// As matchers see it, in a state.
    pub(super) fn candidate<'a>(&'a self, subject: &'a Subject, state: State) -> Candidate<'a> {
        Candidate { subject, state, owner: self.owner.as_deref(), labels: &self.labels }
    }

    /// The changes within the window.
    fn recent(&self, flapping: Flapping, now: Timestamp) -> &[Turn] {
        let begin = now.checked_sub(window(flapping)).unwrap_or(Timestamp::MIN);
        &self.turns[self.turns.partition_point(|turn| turn.at <= begin)..]
    }
}

fn window(flapping: Flapping) -> SignedDuration {
    SignedDuration::try_from(flapping.window).unwrap_or(SignedDuration::MAX)
}
