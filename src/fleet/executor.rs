//! Who does attempts: this process, or somebody it hands them to.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::attempt_end::AttemptEnd;
use super::departure::Departure;
use super::forward::Forward;
use super::gatekeeper::Reports;
use super::task::Task;
use crate::session::ConnectionKey;
use crate::target::{Target, TargetId};

/// Does attempts for the dispatcher, which decides when each begins and what follows from its end.
pub trait Executor: Send + Sync {
    /// Does one attempt to its end. A panic is an end, too: the dispatcher makes an outcome of it.
    fn attempt(&self, order: Order) -> BoxFuture<'static, AttemptEnd>;

    /// Closes what attempts have left open for others of this run, which are over.
    fn close(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Where a shell may remain, of those that it should have closed behind the end of an attempt.
    fn shells_left(&self) -> Vec<ConnectionKey> {
        Vec::new()
    }
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
    /// Takes records for the readers. Nothing may be sent to be run before [`Forward::running`] has returned `true`.
    pub forward: Forward,
    /// Tells the dispatcher how far the attempt is, and asks it for leave to go on.
    pub reports: Reports,
    /// Cancelled when the attempt shall stop in order.
    pub stop: CancellationToken,
    /// Whether the user has left: then it shall end at once.
    pub departure: Departure,
}
