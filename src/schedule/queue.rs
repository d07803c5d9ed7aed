//! The queue of a run's targets.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use super::brake::Braking;
use super::line::{InLine, Line, Turn};
use super::{Brake, CredentialId, Gate, Limits, Proof, Trip, Verdict};
use crate::outcome::Outcome;
use crate::target::TargetId;

/// What the run should do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Start an attempt on a target: it may connect.
    Start {
        /// Which target.
        target: TargetId,
        /// The attempt's number, from 1.
        attempt: u32,
    },
    /// This connected target has a place now, and leave for the proof that it asked for.
    Admit {
        /// Which target.
        target: TargetId,
        /// Others wait for what its server says of the proof.
        alone: bool,
    },
    /// This target's credential was refused elsewhere. It gets its outcome without being started, or, if it is under
    /// way and asked for a proof, without sending it.
    Skip(TargetId),
    /// Nothing may start or go on before a target ends, asks, is accepted or only closes.
    Wait,
    /// Nothing may start or go on before this time on the run's clock, or before one of those events.
    WaitUntil(Duration),
    /// The first targets have ended, and no other starts until [`Schedule::go_on`].
    Pause,
    /// So many targets have failed that no other is to start: [`Schedule::close`] is due.
    Stop,
    /// Every target has started for good, and nothing runs.
    Done,
}

/// How far a target is that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It connects, or is connected and in line.
    Connecting,
    /// It has a place.
    AtWork,
    /// It has given its place away, but not ended.
    Closing,
}

/// Decides which target starts when, and which of the connected ones gets a place when.
///
/// Time is the run's own clock: the duration since its start.
#[derive(Debug)]
pub struct Schedule {
    limits: Limits,
    gate: Gate,
    braking: Braking,
    credentials: Vec<Option<CredentialId>>,
    /// How many targets have each.
    sharers: HashMap<CredentialId, usize>,
    waiting: VecDeque<Waiting>,
    delayed: BinaryHeap<Reverse<(Duration, Waiting)>>,
    /// Targets under way, each with when it was started among all.
    under_way: HashMap<TargetId, (Stage, u64)>,
    line: Line,
    connecting: usize,
    at_work: usize,
    closing: usize,
    started: u64,
    closed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    target: TargetId,
    attempt: u32,
}

impl Schedule {
    /// A schedule of targets, each with its credential, in the order in which they should start; those that are `done`
    /// never start.
    pub fn new(
        limits: Limits,
        gate: Gate,
        credentials: Vec<Option<CredentialId>>,
        done: impl IntoIterator<Item = TargetId>,
    ) -> Self {
        let done: HashSet<TargetId> = done.into_iter().collect();
        let left = (0..credentials.len() as u32).map(TargetId).filter(|target| !done.contains(target));
        let left: VecDeque<_> = left.map(|target| Waiting { target, attempt: 1 }).collect();
        let mut sharers = HashMap::new();
        for credential in left.iter().filter_map(|waiting| credentials[waiting.target.index()]) {
            *sharers.entry(credential).or_default() += 1;
        }
        Self {
            limits,
            gate,
            braking: Braking::default(),
            credentials,
            sharers,
            waiting: left,
            delayed: BinaryHeap::new(),
            under_way: HashMap::new(),
            line: Line::default(),
            connecting: 0,
            at_work: 0,
            closing: 0,
            started: 0,
            closed: false,
        }
    }

    /// Adds a brake.
    pub fn with_brake(self, brake: Brake) -> Self {
        Self { braking: Braking::new(brake), ..self }
    }

    /// Somebody has looked at the first targets: the others may start.
    pub fn go_on(&mut self) {
        self.braking.go_on();
    }

    /// What to do now. After [`Next::Start`] the caller owes [`Schedule::ended`] or [`Schedule::retry`].
    pub fn next(&mut self, now: Duration) -> Next {
        self.wake(now);
        if self.closed || (self.waiting.is_empty() && self.delayed.is_empty() && self.line.len() == 0) {
            return if self.under_way.is_empty() { Next::Done } else { Next::Wait };
        }
        if self.braking.stops() {
            return Next::Stop;
        }
        let room = self.at_work < self.limits.throttle.get();
        let overdue = match self.line.turn(&self.gate, room, now) {
            Turn::Admit(one) => return self.admit(one, now),
            Turn::Skip(target) => return Next::Skip(target),
            Turn::Nobody(until) => until,
        };
        let has_begun = |waiting: &Waiting| waiting.attempt > 1;
        let is_left_alone = self.delayed.is_empty() && !self.waiting.front().is_some_and(has_begun);
        if self.braking.holds() && self.under_way.is_empty() && is_left_alone {
            return Next::Pause;
        }
        if !self.may_connect(room) {
            return overdue.map_or(Next::Wait, Next::WaitUntil);
        }
        let is_due = |waiting: &mut Waiting| waiting.attempt > 1 || !self.braking.holds();
        let Some(Waiting { target, attempt }) = self.waiting.pop_front_if(is_due) else {
            let delayed = self.delayed.peek().map(|Reverse((at, _))| *at);
            return overdue.into_iter().chain(delayed).min().map_or(Next::Wait, Next::WaitUntil);
        };
        if self.credential(target).is_some_and(|credential| self.gate.verdict(credential, now) == Verdict::Tripped) {
            return Next::Skip(target);
        }
        if attempt == 1 {
            self.braking.started();
        }
        self.started += 1;
        self.under_way.insert(target, (Stage::Connecting, self.started));
        self.connecting += 1;
        Next::Start { target, attempt }
    }

    /// A target that is under way is connected and waits for a place. `proof` says that it is about to prove its
    /// credential and waits for leave to do that, too; if it has to wait, it gives away a place that it has.
    pub fn asks(&mut self, target: TargetId, proof: bool) {
        let credential = self.credential(target).filter(|_| proof);
        let Some((stage, order)) = self.under_way.get_mut(&target) else { return };
        if *stage == Stage::AtWork {
            self.at_work -= 1;
            self.connecting += 1;
        }
        *stage = Stage::Connecting;
        self.line.join(InLine { order: *order, target, proof: credential });
    }

    /// Why a target's credential is not sent any more, if it is not.
    pub fn trip(&self, target: TargetId) -> Option<Trip> {
        self.gate.trip(self.credential(target)?)
    }

    /// A server accepted the credential of this target.
    pub fn authenticated(&mut self, target: TargetId) {
        if let Some(credential) = self.credential(target) {
            self.gate.accepted(credential, target);
        }
    }

    /// All that is left of this target at work is to close its session: another may take its place.
    ///
    /// Closes that hang must not pile up, so they give away one place for each that the throttle limit has.
    pub fn closing(&mut self, target: TargetId) {
        let Some((stage, _)) = self.under_way.get_mut(&target) else { return };
        if *stage == Stage::AtWork && self.closing < self.limits.throttle.get() {
            *stage = Stage::Closing;
            self.at_work -= 1;
            self.closing += 1;
        }
    }

    /// An attempt has ended for good, and its target has this outcome.
    pub fn ended(&mut self, target: TargetId, outcome: Outcome, proof: Proof) {
        self.braking.ended(outcome);
        self.left(target, proof);
    }

    fn left(&mut self, target: TargetId, proof: Proof) {
        match self.under_way.remove(&target) {
            Some((Stage::Connecting, _)) => self.connecting -= 1,
            Some((Stage::AtWork, _)) => self.at_work -= 1,
            Some((Stage::Closing, _)) => self.closing -= 1,
            None => {}
        }
        self.line.remove(target);
        if let Some(credential) = self.credential(target) {
            self.gate.ended(credential, target, proof);
        }
    }

    /// An attempt has ended, and another one is due at `at`.
    pub fn retry(&mut self, target: TargetId, attempt: u32, at: Duration, proof: Proof) {
        self.left(target, proof);
        self.delayed.push(Reverse((at, Waiting { target, attempt })));
    }

    /// Starts no more, and names the targets that wait with the attempts that they have had.
    pub fn close(&mut self) -> Vec<(TargetId, u32)> {
        self.closed = true;
        let mut left: Vec<_> = self.waiting.drain(..).collect();
        left.extend(self.delayed.drain().map(|Reverse((_, waiting))| waiting));
        left.sort_unstable();
        left.into_iter().map(|waiting| (waiting.target, waiting.attempt - 1)).collect()
    }

    /// Gives a target in line its place.
    fn admit(&mut self, InLine { target, proof, .. }: InLine, now: Duration) -> Next {
        if let Some((stage, _)) = self.under_way.get_mut(&target) {
            *stage = Stage::AtWork;
            self.connecting -= 1;
            self.at_work += 1;
        }
        let alone =
            proof.is_some_and(|credential| self.gate.proves(credential, target, now) && self.is_shared(credential));
        Next::Admit { target, alone }
    }

    /// Whether another may connect: there is a place for that, and it is not likely to wait until its server has had
    /// enough, because all places are taken and as many connected ones are in line already.
    fn may_connect(&self, room: bool) -> bool {
        let in_line = self.line.len() >= self.limits.throttle.get();
        self.connecting < self.limits.connecting.get() && (room || !in_line)
    }

    /// Whether more than one target has a credential, so that others wait for what becomes of its proof.
    pub fn is_shared(&self, credential: CredentialId) -> bool {
        self.sharers.get(&credential).is_some_and(|sharers| *sharers > 1)
    }

    fn credential(&self, target: TargetId) -> Option<CredentialId> {
        self.credentials.get(target.index()).copied().flatten()
    }

    /// Puts targets whose delay is over back in line, before those that never started.
    fn wake(&mut self, now: Duration) {
        while self.delayed.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            if let Some(Reverse((_, waiting))) = self.delayed.pop() {
                self.waiting.push_front(waiting);
            }
        }
    }
}
