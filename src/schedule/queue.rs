//! The queue of a run's targets.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet, VecDeque};
use std::num::NonZeroUsize;
use std::time::Duration;

use super::{CredentialId, Gate, Verdict};
use crate::target::TargetId;

/// What the run should do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Start an attempt on a target.
    Start {
        /// Which target.
        target: TargetId,
        /// The attempt's number, from 1.
        attempt: u32,
    },
    /// This target's credential was refused elsewhere: it gets its outcome without being started.
    Skip(TargetId),
    /// Nothing may start before this time on the run's clock, unless something ends before.
    WaitUntil(Duration),
    /// Nothing may start before something ends.
    Wait,
    /// Every target has started for good, and nothing runs.
    Done,
}

/// Decides which target starts when.
///
/// Time is the run's own clock: the duration since its start.
#[derive(Debug)]
pub struct Schedule {
    throttle: usize,
    running: usize,
    /// Targets that have given their place away, but not ended.
    closing: HashSet<TargetId>,
    waiting: VecDeque<Waiting>,
    delayed: BinaryHeap<Reverse<(Duration, Waiting)>>,
    gate: Gate,
    credentials: Vec<Option<CredentialId>>,
    closed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    target: TargetId,
    attempt: u32,
}

impl Schedule {
    /// A schedule of targets, each with its credential, in the order in which they should start.
    pub fn new(throttle: NonZeroUsize, gate: Gate, credentials: Vec<Option<CredentialId>>) -> Self {
        let ids = 0..credentials.len() as u32;
        let waiting = ids.map(|index| Waiting { target: TargetId(index), attempt: 1 }).collect();
        let throttle = throttle.get();
        Self {
            throttle,
            running: 0,
            closing: HashSet::new(),
            waiting,
            delayed: BinaryHeap::new(),
            gate,
            credentials,
            closed: false,
        }
    }

    /// What to do now. After [`Next::Start`] the caller owes [`Schedule::ended`] or [`Schedule::retry`].
    pub fn next(&mut self, now: Duration) -> Next {
        self.wake(now);
        if self.closed || (self.waiting.is_empty() && self.delayed.is_empty()) {
            let over = self.running == 0 && self.closing.is_empty();
            return if over { Next::Done } else { Next::Wait };
        }
        if self.running >= self.throttle {
            return Next::Wait;
        }
        // Targets whose credential is being tried stay in line; the scan ends at the first that may start.
        for place in 0..self.waiting.len() {
            let Waiting { target, attempt } = self.waiting[place];
            let verdict = self.credential(target).map_or(Verdict::Go, |credential| self.gate.ask(credential, target));
            match verdict {
                Verdict::Wait => continue,
                Verdict::Go => {
                    self.waiting.remove(place);
                    self.running += 1;
                    return Next::Start { target, attempt };
                }
                Verdict::Tripped => {
                    self.waiting.remove(place);
                    return Next::Skip(target);
                }
            }
        }
        match self.delayed.peek() {
            Some(Reverse((at, _))) => Next::WaitUntil(*at),
            None => Next::Wait,
        }
    }

    /// A server accepted the credential of this running target.
    pub fn authenticated(&mut self, target: TargetId) {
        if let Some(credential) = self.credential(target) {
            self.gate.accepted(credential);
        }
    }

    /// All that is left of this running target is to close its session: another may take its place.
    ///
    /// Closes that hang must not pile up, so they give away one place for each that the throttle limit has.
    pub fn closing(&mut self, target: TargetId) {
        if self.closing.len() < self.throttle && self.closing.insert(target) {
            self.running -= 1;
        }
    }

    /// An attempt has ended for good. `refused` when its server refused the credential.
    pub fn ended(&mut self, target: TargetId, refused: bool) {
        if !self.closing.remove(&target) {
            self.running -= 1;
        }
        if let Some(credential) = self.credential(target) {
            if refused { self.gate.refused(credential) } else { self.gate.ended(credential, target) }
        }
    }

    /// An attempt has ended, and another one is due at `at`.
    pub fn retry(&mut self, target: TargetId, attempt: u32, at: Duration) {
        self.ended(target, false);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(throttle: usize, credentials: Vec<Option<CredentialId>>) -> Schedule {
        Schedule::new(NonZeroUsize::new(throttle).expect("not 0"), Gate::new(1), credentials)
    }

    fn start(target: u32, attempt: u32) -> Next {
        Next::Start { target: TargetId(target), attempt }
    }

    const T0: Duration = Duration::ZERO;

    #[test]
    fn keeps_the_throttle_limit() {
        let mut schedule = schedule(2, vec![None; 3]);
        assert_eq!((schedule.next(T0), schedule.next(T0), schedule.next(T0)), (start(0, 1), start(1, 1), Next::Wait));
        schedule.ended(TargetId(1), false);
        assert_eq!((schedule.next(T0), schedule.next(T0)), (start(2, 1), Next::Wait));
        schedule.ended(TargetId(0), false);
        schedule.ended(TargetId(2), false);
        assert_eq!(schedule.next(T0), Next::Done);
    }

    #[test]
    fn whoever_only_closes_makes_room() {
        let mut schedule = schedule(1, vec![None; 4]);
        assert_eq!((schedule.next(T0), schedule.next(T0)), (start(0, 1), Next::Wait));
        schedule.closing(TargetId(0));
        assert_eq!((schedule.next(T0), schedule.next(T0)), (start(1, 1), Next::Wait));
        // The first still closes: it has taken the one place for that.
        schedule.closing(TargetId(1));
        assert_eq!(schedule.next(T0), Next::Wait);
        schedule.ended(TargetId(0), false);
        assert_eq!(schedule.next(T0), Next::Wait);
        schedule.ended(TargetId(1), false);
        assert_eq!(schedule.next(T0), start(2, 1));
        schedule.closing(TargetId(2));
        assert_eq!(schedule.next(T0), start(3, 1));
        schedule.ended(TargetId(3), false);
        assert_eq!(schedule.next(T0), Next::Wait);
        schedule.ended(TargetId(2), false);
        assert_eq!(schedule.next(T0), Next::Done);
    }

    #[test]
    fn retries_after_their_delay() {
        let mut schedule = schedule(1, vec![None; 2]);
        let later = Duration::from_secs(2);
        assert_eq!(schedule.next(T0), start(0, 1));
        schedule.retry(TargetId(0), 2, later);
        assert_eq!(schedule.next(T0), start(1, 1));
        schedule.ended(TargetId(1), false);
        assert_eq!(schedule.next(T0), Next::WaitUntil(later));
        assert_eq!(schedule.next(later), start(0, 2));
    }

    #[test]
    fn a_wrong_password_is_tried_once() {
        let admin = Some(CredentialId(0));
        let mut schedule = schedule(8, vec![admin, admin, None, admin]);
        assert_eq!((schedule.next(T0), schedule.next(T0), schedule.next(T0)), (start(0, 1), start(2, 1), Next::Wait));
        schedule.ended(TargetId(0), true);
        assert_eq!(schedule.next(T0), Next::Skip(TargetId(1)));
        assert_eq!(schedule.next(T0), Next::Skip(TargetId(3)));
        schedule.ended(TargetId(2), false);
        assert_eq!(schedule.next(T0), Next::Done);
    }

    #[test]
    fn close_names_who_is_left() {
        let mut schedule = schedule(1, vec![None; 3]);
        assert_eq!(schedule.next(T0), start(0, 1));
        schedule.retry(TargetId(0), 2, Duration::from_secs(9));
        assert_eq!(schedule.next(T0), start(1, 1));
        assert_eq!(schedule.close(), [(TargetId(0), 1), (TargetId(2), 0)]);
        assert_eq!(schedule.next(T0), Next::Wait);
        schedule.ended(TargetId(1), false);
        assert_eq!(schedule.next(T0), Next::Done);
    }
}
