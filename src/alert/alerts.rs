//! Alerts: what was observed becomes notices.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::group::{Group, GroupKey, Member};
use super::ledger::Ledger;
use super::notice::Notice;
use super::observation::{Observation, Subject};
use super::outbox::{DeadLetter, Delivery, Failure, Outbox};
use super::rules::{Rules, Timing};
use super::silence::Silence;
use super::thing::Thing;
use crate::check::State;

/// Turns observations into notices. See the module for the order in which it is used.
#[derive(Debug)]
pub struct Alerts {
    rules: Rules,
    ledger: Ledger,
    wake: Option<Timestamp>,
}

/// Who belongs to a group at present.
struct Circle<'a> {
    timing: Timing,
    members: BTreeMap<&'a Subject, Member<'a>>,
}

impl Circle<'_> {
    fn new(timing: Timing) -> Self {
        Self { timing, members: BTreeMap::new() }
    }
}

impl Alerts {
    /// Alerts by these rules, with what was kept of earlier ones.
    pub fn open(rules: Rules, ledger: Ledger) -> Self {
        let wake = ledger.seen;
        Self { rules, ledger, wake }
    }

    /// Takes other rules, as after a change of the configuration. What was told by a route that is gone is still
    /// resolved there.
    pub fn replace(&mut self, rules: Rules) {
        self.rules = rules;
        self.wake = self.ledger.seen;
    }

    /// What is to be kept after each call that changes something.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Notes how a check stands on a host. No notice is made of it before [`advance`](Self::advance).
    pub fn observe(&mut self, observation: Observation) {
        let seen = observation.cleaned();
        match self.ledger.things.get_mut(&seen.subject) {
            Some(thing) => thing.update(seen),
            None if seen.state == State::Ok => {}
            None => drop(self.ledger.things.insert(seen.subject.clone(), Thing::new(seen))),
        }
    }

    /// Notes that a check is not done on a host any more: what was told of it is resolved.
    pub fn withdraw(&mut self, subject: Subject, at: Timestamp) {
        if let Some(thing) = self.ledger.things.get(&subject.clone().cleaned()) {
            let (labels, owner, runbook) = (thing.labels.clone(), thing.owner.clone(), thing.runbook.clone());
            let text = "This host is not checked for it any more.".to_owned();
            self.observe(Observation { subject, state: State::Ok, text, at, labels, owner, runbook });
        }
    }

    /// The checks and hosts that are known not to be well, or were told of.
    pub fn subjects(&self) -> impl Iterator<Item = (&Subject, State)> {
        self.ledger.things.iter().map(|(subject, thing)| (subject, thing.state))
    }

    /// Makes the notices that are due, and puts them into the outbox. What had to be given up is returned once.
    pub fn advance(&mut self, now: Timestamp) -> Vec<DeadLetter> {
        self.ledger.see(now);
        self.ledger.silences.retain(|silence| silence.ends > now);
        let mut given_up = self.ledger.outbox.keep_channels(&self.rules.channel_names(), now);
        let things = std::mem::take(&mut self.ledger.things);
        let mut groups = std::mem::take(&mut self.ledger.groups);
        let mut wakes: Vec<Option<Timestamp>> = Vec::new();
        for (key, Circle { timing, members }) in self.circles(&things, &mut groups, now) {
            let members: Vec<Member<'_>> = members.into_values().collect();
            let group = groups.entry(key.clone()).or_default();
            let items = group.look(&members, timing, now);
            wakes.push(group.wake(&members, timing));
            if !items.is_empty() {
                let id = self.ledger.next_id();
                let open = group.told.len();
                let notice = Notice { id, at: now, route: key.route, group: key.values, items, open };
                given_up.extend(self.ledger.outbox.put(notice, &group.to.iter().cloned().collect(), now));
            }
        }
        groups.retain(|_, group| !group.told.is_empty() || group.due.is_some());
        wakes.extend(things.values().map(|thing| thing.calms(self.rules.flapping, now)));
        wakes.push(self.next_turn(now).filter(|_| !things.is_empty()));
        self.wake = wakes.into_iter().flatten().min();
        self.ledger.things = self.worth_keeping(things, &groups, now);
        self.ledger.groups = groups;
        given_up
    }

    /// What is not well, has not been for long, or is not well as far as somebody was told.
    fn worth_keeping(
        &self,
        things: BTreeMap<Subject, Thing>,
        groups: &BTreeMap<GroupKey, Group>,
        now: Timestamp,
    ) -> BTreeMap<Subject, Thing> {
        let told: BTreeSet<&Subject> = groups.values().flat_map(|group| group.told.keys()).collect();
        let is_kept = |(subject, thing): &(Subject, Thing)| {
            told.contains(subject) || !thing.is_forgettable(self.rules.flapping, now)
        };
        things.into_iter().filter(is_kept).collect()
    }

    /// When [`advance`](Self::advance) or [`Outbox::take`] has something to do, if nothing else happens.
    pub fn wake(&self) -> Option<Timestamp> {
        [self.wake, self.ledger.outbox.wake()].into_iter().flatten().min()
    }

    /// Notices on their way.
    pub fn outbox(&self) -> &Outbox {
        &self.ledger.outbox
    }

    /// What may be sent now; keep the ledger before sending.
    pub fn take(&mut self, now: Timestamp) -> Vec<(Delivery, Notice)> {
        self.ledger.outbox.take(now)
    }

    /// Notes that a delivery has arrived.
    pub fn delivered(&mut self, delivery: &Delivery) {
        self.ledger.outbox.delivered(delivery);
    }

    /// Notes that an attempt has failed; `chance` is a random number from 0 to 1. What was given up is returned once.
    pub fn failed(
        &mut self,
        delivery: &Delivery,
        failure: &Failure,
        now: Timestamp,
        chance: f64,
    ) -> Option<DeadLetter> {
        self.ledger.outbox.failed(delivery, failure, self.rules.retry, now, chance)
    }

    /// Adds a silence; one of the same identity is replaced.
    pub fn silence(&mut self, silence: Silence) {
        self.end_silence(&silence.id);
        self.ledger.silences.push(silence);
        self.wake = self.ledger.seen;
    }

    /// Ends a silence that was added. Whether there was one of this identity; those of the file end by the file.
    pub fn end_silence(&mut self, id: &str) -> bool {
        let before = self.ledger.silences.len();
        self.ledger.silences.retain(|silence| silence.id != id);
        self.wake = self.ledger.seen;
        self.ledger.silences.len() < before
    }

    /// All silences: those of the file, then those that were added.
    pub fn silences(&self) -> impl Iterator<Item = &Silence> {
        self.rules.silences.iter().chain(&self.ledger.silences)
    }

    /// Whether notices of a check on a host are held back just now.
    pub fn is_silenced(&self, subject: &Subject, now: Timestamp) -> bool {
        let thing = self.ledger.things.get(subject);
        thing.is_some_and(|thing| self.silences_thing(subject, thing, thing.effective(self.rules.flapping, now), now))
    }

    fn silences_thing(&self, subject: &Subject, thing: &Thing, state: State, now: Timestamp) -> bool {
        let candidate = thing.candidate(subject, state);
        self.silences().any(|silence| silence.silences(candidate, now))
            || self.rules.maintenance.iter().any(|maintenance| maintenance.silences(candidate, now))
    }

    /// Who is in which group, by the routes of today, and those of whom a route of yesterday has told.
    fn circles<'a>(
        &self,
        things: &'a BTreeMap<Subject, Thing>,
        groups: &mut BTreeMap<GroupKey, Group>,
        now: Timestamp,
    ) -> BTreeMap<GroupKey, Circle<'a>> {
        let mut circles: BTreeMap<GroupKey, Circle<'a>> = BTreeMap::new();
        for (subject, thing) in things {
            let member = self.member(subject, thing, now);
            let candidate = thing.candidate(subject, member.state);
            for route in self.rules.routes_of(candidate) {
                let key = GroupKey { route: route.name.clone(), values: route.values(candidate) };
                let state = if route.matcher.has_state(member.state) { member.state } else { State::Ok };
                groups.entry(key.clone()).or_default().to.clone_from(&route.to);
                let circle = circles.entry(key).or_insert_with(|| Circle::new(route.timing));
                circle.members.insert(subject, Member { state, ..member });
            }
        }
        for (key, group) in groups {
            for (subject, thing) in group.told.keys().filter_map(|subject| things.get_key_value(subject)) {
                let circle = circles.entry(key.clone()).or_insert_with(|| Circle::new(Timing::default()));
                circle.members.entry(subject).or_insert_with(|| {
                    // Where it does not belong any more, its end alone is reported.
                    let member = self.member(subject, thing, now);
                    Member { is_silenced: member.is_silenced || member.state != State::Ok, ..member }
                });
            }
        }
        circles
    }

    /// How something stands, wherever it belongs.
    fn member<'a>(&self, subject: &'a Subject, thing: &'a Thing, now: Timestamp) -> Member<'a> {
        let state = thing.effective(self.rules.flapping, now);
        let is_flapping = thing.is_flapping(self.rules.flapping, now);
        let is_silenced = self.silences_thing(subject, thing, state, now);
        Member { subject, thing, state, is_flapping, is_silenced }
    }

    /// When a silence or maintenance begins or ends next.
    fn next_turn(&self, now: Timestamp) -> Option<Timestamp> {
        let silences = self.silences().filter_map(|silence| silence.turns(now));
        silences.chain(self.rules.maintenance.iter().filter_map(|maintenance| maintenance.turns(now))).min()
    }
}
