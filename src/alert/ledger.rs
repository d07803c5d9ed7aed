//! What alerts must not forget: plain data, kept by whoever drives them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::group::{Group, GroupKey};
use super::observation::Subject;
use super::outbox::Outbox;
use super::pairs;
use super::silence::Silence;
use super::thing::Thing;

/// All that alerts must know again after a restart: how things stand, what was told to whom, and what is on its way.
/// What is well and was not told otherwise is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// What the identities of notices begin with.
    pub(super) origin: String,
    /// How many notices there were.
    pub(super) count: u64,
    /// The latest instant that was told.
    pub(super) seen: Option<Timestamp>,
    #[serde(with = "pairs")]
    pub(super) things: BTreeMap<Subject, Thing>,
    #[serde(with = "pairs")]
    pub(super) groups: BTreeMap<GroupKey, Group>,
    /// Silences that were asked for by command.
    pub(super) silences: Vec<Silence>,
    pub(super) outbox: Outbox,
}

impl Ledger {
    /// An empty one. `origin` is what no other ledger has, such as a UUID: receivers drop notices of one identity.
    pub fn new(origin: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            count: 0,
            seen: None,
            things: BTreeMap::new(),
            groups: BTreeMap::new(),
            silences: Vec::new(),
            outbox: Outbox::default(),
        }
    }

    /// Notes the time. If the clock was put back, all that waits goes back with it, as if no time had passed.
    pub(super) fn see(&mut self, now: Timestamp) {
        if let Some(by) = self.seen.map(|seen| now.duration_since(seen)).filter(SignedDuration::is_negative) {
            self.things.values_mut().for_each(|thing| thing.shift(by, now));
            self.groups.values_mut().for_each(|group| group.shift(by));
            self.outbox.shift(by);
        }
        self.seen = Some(now);
    }

    /// The identity of the next notice.
    pub(super) fn next_id(&mut self) -> String {
        self.count += 1;
        format!("{}-{}", self.origin, self.count)
    }
}
