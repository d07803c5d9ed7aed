//! An attempt's line to the dispatcher: reports how far it is, and asks before it continues.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use super::credentials::Standing;
use crate::outcome::Reason;
use crate::target::TargetId;
use crate::transport::{self, Authenticated, Gatekeeper, Leave, Step};

/// What the dispatcher must know of an attempt before its end.
#[derive(Debug)]
pub(super) enum Milestone {
    /// It is connected, and waits for leave to take this step.
    Asks(Step, oneshot::Sender<Reply>),
    /// The server has accepted the credential.
    Authenticated(Authenticated),
    /// Its session is open.
    Opened,
    /// Only its end is left: a stop to be confirmed, a session to be closed.
    Closing,
}

/// Leave to go on, or why not.
pub(super) type Reply = Result<Leave, transport::Error>;

/// The line of one attempt.
#[derive(Debug, Clone)]
pub struct Reports {
    pub(super) target: TargetId,
    pub(super) milestones: mpsc::UnboundedSender<(TargetId, Milestone)>,
    /// What is known of the target's credential; all that have it share this.
    pub(super) standing: Arc<Standing>,
}

impl Reports {
    pub(super) fn reached(&self, milestone: Milestone) {
        // The dispatcher may be gone already: then nobody waits for its target's place.
        let _ = self.milestones.send((self.target, milestone));
    }
}

/// A target's place of the throttle limit.
#[derive(Debug, Clone)]
pub struct ThrottleSlot(Reports);

impl ThrottleSlot {
    /// Gives it away for the rest of the attempt: only its end is left, and it may take long.
    pub fn give_away(&self) {
        self.0.reached(Milestone::Closing);
    }
}

impl From<&Reports> for ThrottleSlot {
    fn from(reports: &Reports) -> Self {
        Self(reports.clone())
    }
}

#[async_trait]
impl Gatekeeper for Reports {
    async fn ask(&self, step: Step) -> Reply {
        let (reply, answer) = oneshot::channel();
        self.reached(Milestone::Asks(step, reply));
        answer
            .await
            .unwrap_or_else(|_| Err(transport::Error::new(Reason::Interrupted, "the run ended before its turn")))
    }

    fn is_proven(&self) -> bool {
        self.standing.proven.load(Ordering::Relaxed)
    }

    fn accepted(&self, how: Authenticated) {
        self.standing.proven.store(true, Ordering::Relaxed);
        self.reached(Milestone::Authenticated(how));
    }

    fn again(&self) -> Result<(), transport::Error> {
        self.standing.tripped.get().map_or(Ok(()), |error| Err(error.clone()))
    }
}
