//! The queue of a run's targets.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::num::NonZeroUsize;
use std::time::Duration;

use super::budget::Spending;
use super::line::{InLine, Line, Turn};
use super::steps::{Due, Stepping};
use super::waiting::{Queue, Waiting};
use super::{Brake, Cohorts, CredentialId, Gate, Limits, Overrun, Pace, Proof, Step, Trip, Verdict};
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
    /// All targets up to the end of this step have their outcome, and no other starts until [`Schedule::passed`].
    Check(Step),
    /// Nothing starts behind this step until [`Schedule::go_on`].
    Pause(Step),
    /// So many targets have failed that no other is to start: [`Schedule::close`] is due.
    Stop(Overrun),
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
    pace: Option<Pace>,
    gate: Gate,
    stepping: Stepping,
    spending: Spending,
    credentials: Vec<Option<CredentialId>>,
    /// How many targets have each.
    sharers: HashMap<CredentialId, usize>,
    waiting: Queue,
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
        let left: Vec<TargetId> = left.collect();
        let mut sharers = HashMap::new();
        for credential in left.iter().filter_map(|target| credentials[target.index()]) {
            *sharers.entry(credential).or_default() += 1;
        }
        Self {
            limits,
            pace: None,
            gate,
            stepping: Stepping::default(),
            spending: Spending::default(),
            credentials,
            sharers,
            waiting: Queue::new(left),
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

    /// Adds a brake. Targets that are done already count for its steps, and not for its budgets: who takes a run up
    /// again has seen what failed before.
    pub fn with_brake(self, brake: Brake) -> Self {
        let first = self.waiting.first().map(|first| first.target);
        let left = self.waiting.len();
        Self { stepping: Stepping::new(brake.steps, first), spending: Spending::new(brake.budgets, left), ..self }
    }

    /// Adds cohorts, of each of which only so many are under way at once: connecting, at work or closing.
    pub fn with_cohorts(mut self, cohorts: Cohorts) -> Self {
        self.waiting.limit(cohorts);
        self
    }

    /// Finds out by itself how many may be at work at once, up to the throttle limit.
    pub fn at_its_own_pace(self) -> Self {
        Self { pace: Some(Pace::new(self.limits.throttle)), ..self }
    }

    /// What the targets of the step have done is fine.
    pub fn passed(&mut self) {
        self.stepping.passed();
    }

    /// Somebody has looked at what was done before a pause: the others may start.
    pub fn go_on(&mut self) {
        self.stepping.go_on();
    }

    /// The session of a target was open this long after its connection began, without what it had to wait for us.
    pub fn opened(&mut self, latency: Duration) {
        self.pace.iter_mut().for_each(|pace| pace.opened(latency));
    }

    /// A server was overloaded, or a quota of it used up.
    pub fn strained(&mut self) {
        self.pace.iter_mut().for_each(Pace::strained);
    }

    /// What to do now. After [`Next::Start`] the caller owes [`Schedule::ended`] or [`Schedule::retry`].
    pub fn next(&mut self, now: Duration) -> Next {
        self.wake(now);
        if self.waiting.is_empty() && self.delayed.is_empty() && self.line.len() == 0 {
            return if self.under_way.is_empty() { Next::Done } else { Next::Wait };
        }
        if let Some(overrun) = self.spending.overrun().filter(|_| !self.closed) {
            return Next::Stop(overrun);
        }
        let room = self.at_work < self.limits().throttle.get();
        let overdue = match self.line.turn(&self.gate, room, now) {
            Turn::Admit(one) => return self.admit(one, now),
            Turn::Skip(target) => return Next::Skip(target),
            Turn::Nobody(until) => until,
        };
        if self.is_at_rest() {
            match self.stepping.due() {
                Due::Check(step) => return Next::Check(step),
                Due::Pause(step) => return Next::Pause(step),
                Due::Nothing => return Next::Wait,
            }
        }
        if !self.may_connect(room) {
            return overdue.map_or(Next::Wait, Next::WaitUntil);
        }
        let stepping = &self.stepping;
        let is_due = |waiting: &Waiting| waiting.attempt > 1 || stepping.has_reached(waiting.target);
        let Some(Waiting { target, attempt, .. }) = self.waiting.pop(is_due) else {
            let delayed = self.delayed.peek().map(|Reverse((at, _))| *at);
            return overdue.into_iter().chain(delayed).min().map_or(Next::Wait, Next::WaitUntil);
        };
        if self.credential(target).is_some_and(|credential| self.gate.verdict(credential, now) == Verdict::Tripped) {
            self.waiting.left(target);
            return Next::Skip(target);
        }
        self.start(target, attempt)
    }

    fn start(&mut self, target: TargetId, attempt: u32) -> Next {
        self.waiting.enter(target);
        self.started += 1;
        self.under_way.insert(target, (Stage::Connecting, self.started));
        self.connecting += 1;
        Next::Start { target, attempt }
    }

    /// Whether every target that the step under way has reached has its outcome.
    fn is_at_rest(&self) -> bool {
        let is_reached = |waiting: &Waiting| waiting.attempt > 1 || self.stepping.has_reached(waiting.target);
        self.under_way.is_empty() && self.delayed.is_empty() && !self.waiting.first().is_some_and(is_reached)
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
    /// Closes that hang must not pile up, so they give away one place for each that the throttle limit has. Under a
    /// budget they give none away: whether another may start depends on an outcome that is known at the end.
    pub fn closing(&mut self, target: TargetId) {
        if self.spending.is_limited() {
            return;
        }
        let throttle = self.limits().throttle.get();
        let Some((stage, _)) = self.under_way.get_mut(&target) else { return };
        if *stage == Stage::AtWork && self.closing < throttle {
            *stage = Stage::Closing;
            self.at_work -= 1;
            self.closing += 1;
        }
    }

    /// An attempt has ended for good, and its target has this outcome.
    pub fn ended(&mut self, target: TargetId, outcome: Outcome, proof: Proof) {
        self.spending.ended(outcome);
        self.left(target, proof);
    }

    fn left(&mut self, target: TargetId, proof: Proof) {
        let stage = self.under_way.remove(&target);
        match stage {
            Some((Stage::Connecting, _)) => self.connecting -= 1,
            Some((Stage::AtWork, _)) => self.at_work -= 1,
            Some((Stage::Closing, _)) => self.closing -= 1,
            None => {}
        }
        if stage.is_some() {
            self.waiting.leave(target);
        }
        self.line.remove(target);
        if let Some(credential) = self.credential(target) {
            self.gate.ended(credential, target, proof);
        }
    }

    /// An attempt has ended, and another one is due at `at`.
    pub fn retry(&mut self, target: TargetId, attempt: u32, at: Duration, proof: Proof) {
        self.left(target, proof);
        self.delayed.push(Reverse((at, Waiting::new(target, attempt))));
    }

    /// A target that is under way waits for no place any more: it is about to end.
    pub fn withdraw(&mut self, target: TargetId) {
        self.line.remove(target);
    }

    /// Starts no more, and names the targets that wait with the attempts that they have had. Those in line still get
    /// their place: they may be at work already, and log on once more.
    pub fn close(&mut self) -> Vec<(TargetId, u32)> {
        self.closed = true;
        let mut left = self.waiting.drain();
        left.extend(self.delayed.drain().map(|Reverse((_, waiting))| waiting));
        left.sort_unstable_by_key(|waiting| waiting.target);
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
        let limits = self.limits();
        let in_line = self.line.len() >= limits.throttle.get();
        self.connecting < limits.connecting.get() && (room || !in_line)
    }

    /// The limits as they are now.
    fn limits(&self) -> Limits {
        match self.pace.as_ref().and_then(|pace| NonZeroUsize::new(pace.limit())) {
            Some(throttle) => {
                let usual = Limits::new(throttle);
                Limits { connecting: usual.connecting.min(self.limits.connecting), ..usual }
            }
            None => self.limits,
        }
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
                self.waiting.push(waiting);
            }
        }
    }
}
