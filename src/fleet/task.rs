//! What is done on a target: a task has the session to itself and says how it ended.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::attempt_end::AttemptEnd;
use super::forward::Forward;
use crate::outcome::Reason;
use crate::psrp::Command;
use crate::session::{self, Records, RunOptions, RunReport, Session};
use crate::target::{Target, TargetId};
use crate::transport::Admission;

/// What is done on every target, with its open session.
///
/// Throttle, retries, credentials, deadlines and interrupts are the dispatcher's business, whatever the task.
/// What comes back to the readers goes through [`Site::forward`].
#[async_trait]
pub trait Task: Send + Sync {
    /// Does what needs no session, before one is opened, and without a place of the throttle limit unless it asks for
    /// one ([`Approach::admission`]). `Some` ends the attempt there.
    async fn approach(&self, _approach: Approach<'_>) -> Option<TaskEnd> {
        None
    }

    /// Whether what runs on the targets is left running there when this is interrupted.
    fn leaves(&self) -> bool {
        false
    }

    /// Does it on one target. A task that has its end on its [way](Self::approach) there has nothing to do here.
    ///
    /// # Errors
    /// The link or the protocol broke. If the task is repeatable, the attempt is then repeated as often as the run
    /// allows.
    async fn perform(&self, _site: Site<'_>) -> Result<TaskEnd, session::Error> {
        let message = "a session was opened for what needs none: this is a bug in psfleet; please report it";
        Ok(TaskEnd::Failed { reason: Reason::Internal, message: message.to_owned(), hint: None })
    }

    /// Learns that no session could be opened, and what becomes of the attempt for it.
    async fn not_opened(&self, _refusal: Refusal<'_>, end: AttemptEnd) -> AttemptEnd {
        end
    }

    /// Whether it may be done again after a link that broke in its midst. It then has to find out by itself what an
    /// earlier attempt has done.
    fn is_repeatable(&self) -> bool {
        true
    }

    /// Whether a run is not done while something is left running on its hosts.
    fn awaits_end(&self) -> bool {
        false
    }

    /// What the end of a target is for it, after its last attempt or without one.
    fn settled(&self, _target: TargetId, end: AttemptEnd) -> AttemptEnd {
        end
    }

    /// Local files that it keeps open for each target at work.
    fn open_files(&self) -> u64 {
        0
    }
}

/// Where a task is on its way to a target.
pub struct Approach<'a> {
    /// The place of the target in the run.
    pub id: TargetId,
    /// The target.
    pub target: &'a Target,
    /// Takes records for the readers.
    pub forward: &'a mut Forward,
    /// Gives leave to log on, to a task that connects by itself.
    pub admission: Admission,
    /// Cancelled when it shall stop in order.
    pub stop: &'a CancellationToken,
}

/// A session that could not be opened.
pub struct Refusal<'a> {
    /// The target.
    pub target: &'a Target,
    /// Takes records for the readers.
    pub forward: &'a mut Forward,
    /// Why.
    pub error: &'a session::Error,
    /// How long it took, without the time that it waited for leave.
    pub took: Duration,
}

/// Where a task is at work.
pub struct Site<'a> {
    /// The place of the target in the run.
    pub id: TargetId,
    /// The target.
    pub target: &'a Target,
    /// Its open session.
    pub session: &'a mut Session,
    /// What proved the user, where this attempt has logged on.
    pub proved_by: Option<&'static str>,
    /// Takes records for the readers.
    pub forward: &'a mut Forward,
    /// When its time is up.
    pub deadline: Instant,
    /// Cancelled when it shall stop in order.
    pub stop: &'a CancellationToken,
    /// The session is kept for others.
    pub reuse: bool,
}

impl Site<'_> {
    /// How a pipeline runs here that is the task's last one.
    pub fn options(&self) -> RunOptions {
        RunOptions { deadline: self.deadline, stop: self.stop.clone(), reuse: self.reuse }
    }

    /// Runs a command and hands its records to the readers.
    ///
    /// # Errors
    /// Those of [`Session::run`].
    pub async fn run(&mut self, command: &Command) -> Result<RunReport, session::Error> {
        let options = self.options();
        self.session.run(command, Uuid::new_v4(), &options, self.forward).await
    }

    /// Runs a command whose records are the task's own business.
    ///
    /// # Errors
    /// Those of [`Session::run`].
    pub async fn run_for<R: Records>(
        &mut self,
        command: &Command,
        records: &mut R,
    ) -> Result<RunReport, session::Error> {
        let options = self.options();
        self.session.run(command, Uuid::new_v4(), &options, records).await
    }

    /// What a pipeline's end is for the target. The terminating error goes to the readers.
    pub async fn ended(&mut self, report: RunReport) -> AttemptEnd {
        self.forward.ended(report, self.target.timeouts.run).await
    }
}

/// How a task ended.
#[derive(Debug)]
pub enum TaskEnd {
    /// As its last pipeline did.
    Ran(RunReport),
    /// It could not do what it should.
    Failed {
        /// The stable code of the cause.
        reason: Reason,
        /// The cause in words.
        message: String,
        /// What the user can do about it.
        hint: Option<String>,
    },
    /// As it says itself.
    Ended(AttemptEnd),
}
