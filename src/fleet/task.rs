//! Work that is more than one command: it has the session to itself and says how it ended.

use async_trait::async_trait;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Forward;
use crate::outcome::Reason;
use crate::session::{self, RunReport, Session};
use crate::target::{Target, TargetId};

/// What is done on every target, with its open session.
///
/// The dispatcher treats it as it treats a script: throttle, retries, credentials, deadlines and interrupts are its
/// business. What comes back to the readers goes through [`Site::forward`].
#[async_trait]
pub trait Task: Send + Sync {
    /// Does it on one target.
    ///
    /// # Errors
    /// The link or the protocol broke. The attempt is then repeated, as often as the run allows: a task has to find
    /// out by itself what an earlier attempt has done.
    async fn perform(&self, site: Site<'_>) -> Result<TaskEnd, session::Error>;
}

/// Where a task is at work.
pub struct Site<'a> {
    /// The place of the target in the run.
    pub id: TargetId,
    /// The target.
    pub target: &'a Target,
    /// Its open session.
    pub session: &'a mut Session,
    /// Takes records for the readers.
    pub forward: &'a mut Forward,
    /// When its time is up.
    pub deadline: Instant,
    /// Cancelled when it shall stop in order.
    pub stop: &'a CancellationToken,
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
}
