//! Who does attempts: this process, or somebody it hands them to.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::attempt_end::AttemptEnd;
use super::departure::Departure;
use super::forward::Forward;
use super::gatekeeper::Reports;
use super::task::Task;
use crate::target::{Target, TargetId};

/// Does attempts for the dispatcher, which decides when each begins and what follows from its end.
pub trait Executor: Send + Sync {
    /// Does one attempt to its end. A panic is an end, too: the dispatcher makes an outcome of it.
    fn attempt(&self, order: Order) -> BoxFuture<'static, AttemptEnd>;
}

/// One attempt that is to be made.
pub struct Order {
    /// The place of the target in the run.
    pub id: TargetId,
    /// The attempt's number, from 1.
    pub number: u32,
    /// The target.
    pub target: Arc<Target>,
    /// What to do there.
    pub work: Arc<dyn Task>,
    /// Takes records for the readers.
    pub forward: Forward,
    /// Tells the dispatcher how far the attempt is, and asks it for leave to go on.
    pub reports: Reports,
    /// Whether the journal has noted that the attempt begins; nothing may be sent to be run before it has.
    pub noted: Noted,
    /// Cancelled when the attempt shall stop in order.
    pub stop: CancellationToken,
    /// Whether the user has left: then it shall end at once.
    pub departure: Departure,
}

/// The journal's word that it has noted something; where none is kept, that is so at once.
#[derive(Debug)]
pub struct Noted(Option<oneshot::Receiver<()>>);

impl Noted {
    /// No journal is kept, so there is nothing to wait for.
    pub(super) fn unasked() -> Self {
        Self(None)
    }

    /// Noted once the journal has answered.
    pub(super) fn by(journal: oneshot::Receiver<()>) -> Self {
        Self(Some(journal))
    }

    /// Waits for it; `false` when the journal could not be written.
    pub async fn wait(&mut self) -> bool {
        match self.0.take() {
            Some(noted) => noted.await.is_ok(),
            None => true,
        }
    }
}
