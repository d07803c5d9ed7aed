//! When a run holds or ends before its last target.

use std::num::NonZeroUsize;

use crate::outcome::Outcome;

/// When a run holds or ends before its last target, by how many have started and what became of them. Never unless set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Brake {
    /// Only this many targets start, until these have ended and somebody says to go on.
    pub pause_after_starts: Option<NonZeroUsize>,
    /// Once this many targets have failed, no other starts, and those at work are stopped.
    pub stop_after_failures: Option<NonZeroUsize>,
}

/// The brake of a run under way.
#[derive(Debug, Default)]
pub(super) struct Braking {
    brake: Brake,
    started: usize,
    failed: usize,
    is_let_go: bool,
}

impl Braking {
    pub(super) fn new(brake: Brake) -> Self {
        Self { brake, ..Self::default() }
    }

    /// A target starts for the first time.
    pub(super) fn started(&mut self) {
        self.started += 1;
    }

    /// A target has its outcome.
    pub(super) fn ended(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Failed | Outcome::Timeout | Outcome::Unreachable | Outcome::Auth | Outcome::Lost => {
                self.failed += 1;
            }
            Outcome::Ok | Outcome::OkWithErrors | Outcome::Cancelled | Outcome::Skipped | Outcome::NotStarted => {}
        }
    }

    /// Somebody has looked at the first targets.
    pub(super) fn go_on(&mut self) {
        self.is_let_go = true;
    }

    /// Whether no other target starts for now.
    pub(super) fn holds(&self) -> bool {
        !self.is_let_go && self.brake.pause_after_starts.is_some_and(|most| self.started >= most.get())
    }

    /// Whether no other target starts any more.
    pub(super) fn stops(&self) -> bool {
        self.brake.stop_after_failures.is_some_and(|most| self.failed >= most.get())
    }
}
