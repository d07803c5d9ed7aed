//! A group: what is reported together, what of it was reported, and when its next notice is due.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::notice::{Change, Item};
use super::observation::Subject;
use super::pairs;
use super::rules::Timing;
use super::thing::Thing;
use crate::check::State;

/// Which group: a route by its name, and the values that part its alerts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct GroupKey {
    pub(super) route: String,
    pub(super) values: BTreeMap<String, String>,
}

/// What was told of a group, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Group {
    /// The channels, kept for the case that the route is gone before all is resolved.
    pub(super) to: Vec<String>,
    /// The states that were told. What is resolved is not among them.
    #[serde(with = "pairs")]
    pub(super) told: BTreeMap<Subject, State>,
    /// When the notice of what has changed is due.
    pub(super) due: Option<Timestamp>,
    /// When something was told last.
    pub(super) last: Option<Timestamp>,
}

/// How one member stands now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) subject: &'a Subject,
    pub(super) thing: &'a Thing,
    /// The state as far as this group goes.
    pub(super) state: State,
    pub(super) is_flapping: bool,
    pub(super) is_silenced: bool,
}

impl Group {
    /// Looks at all members. What is to be told now, if anything; the due instants are moved.
    pub(super) fn look(&mut self, members: &[Member<'_>], timing: Timing, now: Timestamp) -> Vec<Item> {
        let heard = || members.iter().filter(|member| !member.is_silenced);
        let mut changed: Vec<Item> = heard().filter_map(|member| self.item(member)).collect();
        if changed.is_empty() {
            self.due = None;
        } else {
            let due = self.due.unwrap_or_else(|| self.first_due(timing, now));
            self.due = Some(due);
            if due > now {
                changed.clear();
            }
        }
        if self.repeats(members, timing).is_some_and(|repeats| repeats <= now)
            && (self.due.is_none() || !changed.is_empty())
        {
            let still = heard().filter(|member| self.told.get(member.subject) == Some(&member.state));
            changed.extend(still.map(|member| member.item(Change::Still, Some(member.state))));
        }
        if !changed.is_empty() {
            self.tell(&changed, now);
        }
        changed.sort_by(|one, other| {
            let rank = |item: &Item| (item.change == Change::Resolved, std::cmp::Reverse(item.state), item.change);
            rank(one).cmp(&rank(other)).then_with(|| one.subject.cmp(&other.subject))
        });
        changed
    }

    /// When the group is to be looked at again, if nothing happens.
    pub(super) fn wake(&self, members: &[Member<'_>], timing: Timing) -> Option<Timestamp> {
        self.due.or_else(|| self.repeats(members, timing))
    }

    /// Takes all instants with it when the clock was put back.
    pub(super) fn shift(&mut self, by: SignedDuration) {
        for instant in [&mut self.due, &mut self.last].into_iter().flatten() {
            *instant = instant.checked_add(by).unwrap_or(*instant);
        }
    }

    /// When the notice of what has changed just now is due: soon, but not too soon after the last one.
    fn first_due(&self, timing: Timing, now: Timestamp) -> Timestamp {
        let soon = later(now, timing.group_wait);
        match self.last.filter(|_| !self.told.is_empty()) {
            Some(last) => soon.max(later(last, timing.group_interval)),
            None => soon,
        }
    }

    /// When what is not resolved is told again, if somebody may hear of any of it.
    fn repeats(&self, members: &[Member<'_>], timing: Timing) -> Option<Timestamp> {
        let is_heard = |member: &Member<'_>| !member.is_silenced && self.told.contains_key(member.subject);
        let last = self.last.filter(|_| members.iter().any(is_heard))?;
        Some(later(last, timing.repeat_interval))
    }

    /// What is new about a member, measured by what was told.
    fn item(&self, member: &Member<'_>) -> Option<Item> {
        let was = self.told.get(member.subject).copied();
        let change = match was {
            None if member.state == State::Ok => return None,
            None => Change::New,
            Some(_) if member.state == State::Ok => Change::Resolved,
            Some(was) if member.state > was => Change::Worse,
            Some(was) if member.state < was => Change::Better,
            Some(_) => return None,
        };
        Some(member.item(change, was))
    }

    fn tell(&mut self, items: &[Item], now: Timestamp) {
        for item in items {
            match item.change {
                Change::Resolved => drop(self.told.remove(&item.subject)),
                _ => drop(self.told.insert(item.subject.clone(), item.state)),
            }
        }
        (self.due, self.last) = (None, Some(now));
    }
}

impl Member<'_> {
    fn item(&self, change: Change, was: Option<State>) -> Item {
        // What leaves a route resolved may be another route's matter still: its own state says so.
        let state = if change == Change::Resolved { self.thing.state } else { self.state };
        Item {
            subject: self.subject.clone(),
            change,
            state,
            was,
            since: self.thing.since,
            text: self.thing.text.clone(),
            labels: self.thing.labels.clone(),
            owner: self.thing.owner.clone(),
            runbook: self.thing.runbook.clone(),
            flapping: self.is_flapping,
        }
    }
}

pub(super) fn later(instant: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    instant.checked_add(wait).unwrap_or(Timestamp::MAX)
}
