//! The targets that wait for an attempt, and cohorts of them of which only so many may be under way at once.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use crate::target::TargetId;

/// Cohorts of targets, each with its limit. None unless set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cohorts {
    /// Targets of each cohort that may be under way at once.
    pub limits: Vec<NonZeroUsize>,
    /// The cohorts of each target, by their places in `limits`; who has no place here is in none.
    pub of_target: Vec<Vec<usize>>,
}

/// A target that waits for its next attempt. Those that have begun come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Waiting {
    /// It has not begun yet.
    is_new: bool,
    pub target: TargetId,
    pub attempt: u32,
}

impl Waiting {
    pub(super) fn new(target: TargetId, attempt: u32) -> Self {
        Self { is_new: attempt == 1, target, attempt }
    }
}

/// The targets that wait, in order, as their cohorts allow.
#[derive(Debug, Default)]
pub(super) struct Queue {
    cohorts: Cohorts,
    /// Targets of each cohort that are under way.
    taken: Vec<usize>,
    ready: BTreeSet<Waiting>,
    /// Those that found a cohort of theirs full, by that one. Each end of one of its targets makes one of them ready.
    parked: Vec<BTreeSet<Waiting>>,
    parked_count: usize,
}

impl Queue {
    /// Targets that have not begun.
    pub(super) fn new(targets: impl IntoIterator<Item = TargetId>) -> Self {
        let ready = targets.into_iter().map(|target| Waiting::new(target, 1)).collect();
        Self { ready, ..Self::default() }
    }

    /// Adds cohorts; nothing may be under way yet.
    pub(super) fn limit(&mut self, cohorts: Cohorts) {
        self.taken = vec![0; cohorts.limits.len()];
        self.parked = vec![BTreeSet::new(); cohorts.limits.len()];
        self.cohorts = cohorts;
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.ready.len() + self.parked_count
    }

    /// Nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Who waits in front of all others, where nobody is under way: each cohort has somebody ready then.
    pub(super) fn first(&self) -> Option<&Waiting> {
        self.ready.first()
    }

    pub(super) fn push(&mut self, waiting: Waiting) {
        self.ready.insert(waiting);
    }

    /// Takes out the first that may go on: it is due, and no cohort of it is full. The caller says that it
    /// [enters](Self::enter) or that it [left](Self::left) without that.
    pub(super) fn pop(&mut self, is_due: impl Fn(&Waiting) -> bool) -> Option<Waiting> {
        while let Some(first) = self.ready.first().copied().filter(&is_due) {
            self.ready.remove(&first);
            match self.cohorts_of(first.target).into_iter().find(|cohort| !self.has_room(*cohort)) {
                None => return Some(first),
                Some(full) => {
                    self.parked[full].insert(first);
                    self.parked_count += 1;
                    // It may have been made ready by a place elsewhere, which it does not take.
                    self.wake(first.target);
                }
            }
        }
        None
    }

    /// A target takes its places.
    pub(super) fn enter(&mut self, target: TargetId) {
        self.cohorts_of(target).into_iter().for_each(|cohort| self.taken[cohort] += 1);
    }

    /// A target that had entered gives its places back.
    pub(super) fn leave(&mut self, target: TargetId) {
        self.cohorts_of(target).into_iter().for_each(|cohort| self.taken[cohort] -= 1);
        self.wake(target);
    }

    /// A target that was taken out enters nothing: others may in its stead.
    pub(super) fn left(&mut self, target: TargetId) {
        self.wake(target);
    }

    /// Takes out all.
    pub(super) fn drain(&mut self) -> Vec<Waiting> {
        self.parked_count = 0;
        let parked = self.parked.iter_mut().flat_map(std::mem::take);
        parked.chain(std::mem::take(&mut self.ready)).collect()
    }

    /// Makes one more of each cohort of this target ready, where there is room.
    fn wake(&mut self, target: TargetId) {
        for cohort in self.cohorts_of(target) {
            if self.has_room(cohort) {
                let next = self.parked[cohort].pop_first();
                self.parked_count -= usize::from(next.is_some());
                self.ready.extend(next);
            }
        }
    }

    fn has_room(&self, cohort: usize) -> bool {
        self.taken[cohort] < self.cohorts.limits[cohort].get()
    }

    fn cohorts_of(&self, target: TargetId) -> Vec<usize> {
        self.cohorts.of_target.get(target.index()).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A queue of targets that are in these cohorts, and the limits of those.
    fn queue(limits: &[usize], of_target: &[&[usize]]) -> Queue {
        let mut queue = Queue::new((0..of_target.len() as u32).map(TargetId));
        let limits = limits.iter().map(|limit| NonZeroUsize::new(*limit).expect("not 0")).collect();
        queue.limit(Cohorts { limits, of_target: of_target.iter().map(|of| of.to_vec()).collect() });
        queue
    }

    /// Who may enter now, one after the other.
    fn enter_all(queue: &mut Queue) -> Vec<u32> {
        let mut entered = Vec::new();
        while let Some(waiting) = queue.pop(|_| true) {
            queue.enter(waiting.target);
            entered.push(waiting.target.0);
        }
        entered
    }

    #[test]
    fn a_full_cohort_lets_others_pass() {
        let mut queue = queue(&[1, 2], &[&[0], &[0], &[], &[1], &[0], &[1], &[1]]);
        assert_eq!(enter_all(&mut queue), [0, 2, 3, 5]);
        assert_eq!((queue.len(), queue.first()), (3, None), "all others wait for their cohorts");
        queue.leave(TargetId(0));
        assert_eq!(enter_all(&mut queue), [1]);
        queue.leave(TargetId(5));
        queue.leave(TargetId(1));
        assert_eq!(enter_all(&mut queue), [4, 6]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_place_that_one_cannot_take_goes_to_the_next() {
        // 0 and 1 fill both cohorts; 2 is in both, 3 only in the first.
        let mut queue = queue(&[1, 1], &[&[0], &[1], &[0, 1], &[0]]);
        assert_eq!(enter_all(&mut queue), [0, 1]);
        queue.leave(TargetId(0));
        assert_eq!(enter_all(&mut queue), [3], "2 waits for the second cohort");
        queue.leave(TargetId(1));
        assert_eq!(enter_all(&mut queue), [0; 0], "now for the first");
        queue.leave(TargetId(3));
        assert_eq!(enter_all(&mut queue), [2]);
    }

    #[test]
    fn who_is_left_out_makes_room_for_the_next() {
        let mut queue = queue(&[1], &[&[0], &[0], &[0]]);
        assert_eq!(enter_all(&mut queue), [0]);
        queue.leave(TargetId(0));
        assert_eq!(queue.pop(|_| true).map(|one| one.target), Some(TargetId(1)));
        queue.left(TargetId(1));
        assert_eq!(enter_all(&mut queue), [2]);
    }

    #[test]
    fn who_has_begun_comes_first_and_who_is_not_due_waits() {
        let mut queue = queue(&[], &[&[], &[]]);
        queue.push(Waiting::new(TargetId(9), 2));
        assert_eq!(queue.pop(|one| one.attempt > 1).map(|one| one.target), Some(TargetId(9)));
        assert_eq!(queue.pop(|one| one.attempt > 1), None);
        assert_eq!(queue.drain().len(), 2);
        assert!(queue.is_empty());
    }
}
