//! An attempt's line to the dispatcher: it reports how far it is, and asks before it goes on.

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use crate::event::Reason;
use crate::target::TargetId;
use crate::transport::{self, Gatekeeper, Step};

/// What the dispatcher must know of an attempt before its end.
#[derive(Debug)]
pub(super) enum Milestone {
    /// It is connected, and waits for leave to take this step.
    Asks(Step, oneshot::Sender<Leave>),
    /// The server has accepted the credential.
    Authenticated,
    /// Only its end is left: a stop to be confirmed, a session to be closed.
    Closing,
}

/// Leave to go on, or why not.
pub(super) type Leave = Result<(), transport::Error>;

/// Of one attempt.
#[derive(Debug, Clone)]
pub(super) struct Reports {
    pub target: TargetId,
    pub milestones: mpsc::UnboundedSender<(TargetId, Milestone)>,
}

impl Reports {
    pub fn reached(&self, milestone: Milestone) {
        // The dispatcher may be gone already: then nobody waits for its target's place.
        let _ = self.milestones.send((self.target, milestone));
    }
}

#[async_trait]
impl Gatekeeper for Reports {
    async fn ask(&self, step: Step) -> Leave {
        let (reply, answer) = oneshot::channel();
        self.reached(Milestone::Asks(step, reply));
        answer
            .await
            .unwrap_or_else(|_| Err(transport::Error::new(Reason::Interrupted, "the run ended before its turn")))
    }

    fn accepted(&self) {
        self.reached(Milestone::Authenticated);
    }
}
