//! A run that is to be made.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::cohort::LabelLimit;
use super::task::Task;
use crate::event::RunHeader;
use crate::schedule::{Brake, Limits, RetryRule};
use crate::target::Target;

/// A run, resolved and validated: nothing about it has to be looked up any more.
pub struct RunSpec {
    /// The run's id and its targets.
    pub header: Arc<RunHeader>,
    /// What to do on each target.
    pub work: Arc<dyn Task>,
    /// How many targets may be at work at once, and how many on their way there.
    pub limits: Limits,
    /// Further attempts after a connection fault. A script that has started is never repeated.
    pub retry: RetryRule,
    /// How many refusals end the use of a credential in this run, unless a host has accepted it
    /// ([`crate::schedule::Gate`] has the rest of the rule).
    pub auth_fail_limit: u32,
    /// When it holds or ends before its last target.
    pub brake: Brake,
    /// At most so many at once of targets that share the value of a label.
    pub limits_per: Vec<LabelLimit>,
    /// How many sessions may be open at once, idle ones and those that are being closed included; `None` for as many as
    /// the limits above lead to.
    pub max_sessions: Option<NonZeroUsize>,
    /// Finds out by itself how many targets may be at work at once, up to the throttle limit.
    pub adaptive: bool,
    /// Somebody answers when the run pauses, by [`Interrupt::GoOn`](super::Interrupt::GoOn) or
    /// [`EndHere`](super::Interrupt::EndHere); else it ends there.
    pub attended: bool,
    /// Time for the whole run; targets that wait then are not started, those that run are stopped.
    pub deadline: Option<Duration>,
    /// `ok_with_errors` counts as failed in the exit code.
    pub strict: bool,
    /// What the hosts did does not show in the exit code.
    pub exit_zero: bool,
}

impl RunSpec {
    /// Hosts at work at once where nobody asks for another number: PowerShell's own.
    pub const THROTTLE: NonZeroUsize = NonZeroUsize::new(32).unwrap();
    /// Hosts at work at once at most where the run finds out by itself how many.
    pub const MOST_AT_ONCE: NonZeroUsize = NonZeroUsize::new(256).unwrap();
    /// Further attempts where nobody asks for another number.
    pub const RETRIES: u32 = 2;
    /// Time before the second attempt where nobody asks for another.
    pub const RETRY_DELAY: Duration = Duration::from_secs(2);
    /// Refusals of an unproven credential where nobody asks for another number.
    pub const AUTH_FAIL_LIMIT: u32 = 1;

    /// A run of some work on these targets, under a new id, with the limits that the command line has by default.
    pub fn new(work: Arc<dyn Task>, targets: Vec<Arc<Target>>) -> Self {
        Self {
            header: Arc::new(RunHeader::new(Uuid::now_v7(), targets)),
            work,
            limits: Limits::new(Self::THROTTLE),
            retry: RetryRule { retries: Self::RETRIES, delay: Self::RETRY_DELAY },
            auth_fail_limit: Self::AUTH_FAIL_LIMIT,
            brake: Brake::default(),
            limits_per: Vec::new(),
            max_sessions: None,
            adaptive: false,
            attended: false,
            deadline: None,
            strict: false,
            exit_zero: false,
        }
    }
}
