//! The run: a dispatcher that owns its state, and one worker for each attempt on a target.
//!
//! In: a [`RunSpec`], complete and validated, a [`crate::transport::Connector`] and a channel of [`Interrupt`]s. Out: [`Emission`]s on a
//! bounded channel, and the [`crate::event::Summary`]. Every target gets exactly one outcome, whatever happens: a
//! panic, a drop and a timeout are outcomes too. The fleet formats nothing and prints nothing.

mod constrained;
mod dispatcher;
mod gatekeeper;
mod native;
mod room;
mod task;
#[cfg(test)]
mod tests;
mod trip;
mod worker;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::event::{RunEventKind, RunHeader};
use crate::psrp::{Command, ServerInfo};
use crate::session::Sessions;
use crate::target::{Target, TargetId};

pub use crate::schedule::Limits;
pub use dispatcher::run;
pub use gatekeeper::ThrottleSlot;
pub use room::Taken;
pub use task::{Site, Task, TaskEnd};
pub use worker::Forward;

/// A run, resolved and validated: nothing about it has to be looked up any more.
pub struct RunSpec {
    /// The run's id and its targets.
    pub header: Arc<RunHeader>,
    /// What to do on each target.
    pub work: Work,
    /// How many targets may be at work at once, and how many on their way there.
    pub limits: Limits,
    /// Further attempts after a connection fault. A script that has started is never repeated.
    pub retries: u32,
    /// Time before the second attempt; doubled for each one after it.
    pub retry_delay: Duration,
    /// Refusals of a credential that no host has accepted, after which it is not tried again in this run
    /// ([`crate::schedule::Gate`] has the rest of the rule).
    pub auth_fail_limit: u32,
    /// Time for the whole run; targets that wait then are not started, those that run are stopped.
    pub deadline: Option<Duration>,
    /// `ok_with_errors` counts as failed in the exit code.
    pub strict: bool,
    /// What the hosts did does not show in the exit code.
    pub exit_zero: bool,
    /// A script whose last native program gave an exit code other than 0 has failed with it.
    pub native_errors: bool,
    /// Where to keep open sessions for another run of this process; `None` closes each after its pipeline.
    pub sessions: Option<Arc<Sessions>>,
}

impl RunSpec {
    /// Hosts at work at once where nobody asks for another number: PowerShell's own.
    pub const THROTTLE: NonZeroUsize = NonZeroUsize::new(32).unwrap();
    /// Further attempts where nobody asks for another number.
    pub const RETRIES: u32 = 2;
    /// Time before the second attempt where nobody asks for another.
    pub const RETRY_DELAY: Duration = Duration::from_secs(2);
    /// Refusals of an unproven credential where nobody asks for another number.
    pub const AUTH_FAIL_LIMIT: u32 = 1;

    /// A run of some work on these targets, under a new id, with the limits that the command line has by default.
    pub fn new(work: Work, targets: Vec<Arc<Target>>) -> Self {
        Self {
            header: Arc::new(RunHeader { run: Uuid::now_v7(), targets }),
            work,
            limits: Limits::new(Self::THROTTLE),
            retries: Self::RETRIES,
            retry_delay: Self::RETRY_DELAY,
            auth_fail_limit: Self::AUTH_FAIL_LIMIT,
            deadline: None,
            strict: false,
            exit_zero: false,
            native_errors: false,
            sessions: None,
        }
    }
}

/// What a run does on each target.
#[derive(Clone)]
pub enum Work {
    /// A script with its arguments.
    Script(Arc<dyn Commands>),
    /// Whatever it takes, with the open session.
    Task(Arc<dyn Task>),
}

/// What to run on each target of a run.
pub trait Commands: Send + Sync {
    /// The command for a target, in the form that its server takes. Called when the pool is open, once an attempt; targets
    /// with equal arguments and servers get the same serialized command.
    fn command(&self, target: TargetId, server: &ServerInfo) -> Command;

    /// The same for an endpoint that allows no script text. Called when the endpoint has refused the text and run nothing
    /// of it, or is known to refuse it.
    ///
    /// # Errors
    /// The script is more than commands.
    fn without_text(&self, target: TargetId, server: &ServerInfo) -> Result<Command, NoCommands>;
}

/// Why a script cannot go to an endpoint that allows no script text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NoCommands {
    /// What stands in the way, and where in the script.
    pub message: String,
    /// What the user can do about it.
    pub hint: String,
}

/// The same command for all.
impl Commands for Command {
    fn command(&self, _target: TargetId, _server: &ServerInfo) -> Command {
        self.clone()
    }

    fn without_text(&self, _target: TargetId, _server: &ServerInfo) -> Result<Command, NoCommands> {
        Err(NoCommands {
            message: "it is serialized as text already".to_owned(),
            hint: "use an endpoint that allows script text".to_owned(),
        })
    }
}

/// Something that happened, on its way to the sinks; they number the events in the order of arrival.
#[derive(Debug)]
pub struct Emission {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: RunEventKind,
    /// The room that a record takes until it has been written; whoever takes it apart keeps this until then.
    pub room: Option<Taken>,
}

impl Emission {
    /// An emission that happens now.
    pub fn now(kind: RunEventKind) -> Self {
        Self { at: Timestamp::now(), kind, room: None }
    }
}

/// What the user may ask of a run under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupt {
    /// Start no more, stop remote pipelines, finish in order (first Ctrl-C).
    Stop,
    /// The same by SIGTERM, or because the terminal was closed.
    Terminate,
    /// Wait for no more results, give the closes two seconds and leave (second Ctrl-C).
    Leave,
    /// The readers want no more: the same as `Stop`, without a user.
    Enough,
    /// The output cannot be written: the same again.
    Unwritable,
}
