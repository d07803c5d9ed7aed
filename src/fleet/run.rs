//! A run before it begins: what to do, who does it, and who else must know.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::checkpoint::Checkpoint;
use super::departure::Departure;
use super::dispatcher::Dispatcher;
use super::emission::Emission;
use super::executor::Executor;
use super::interrupt::Interrupt;
use super::journal::{self, Journal};
use super::spec::RunSpec;
use crate::event::Summary;

/// A run that is to be made by an executor, perhaps with a journal.
pub struct Run {
    spec: RunSpec,
    executor: Arc<dyn Executor>,
    journal: Option<Box<dyn Journal>>,
    departure: Departure,
    checkpoint: Option<Arc<dyn Checkpoint>>,
}

impl Run {
    /// A run without a journal.
    pub fn new(spec: RunSpec, executor: Arc<dyn Executor>) -> Self {
        Self { spec, executor, journal: None, departure: Departure::default(), checkpoint: None }
    }

    /// Keeps this journal.
    pub fn journaled(self, journal: Box<dyn Journal>) -> Self {
        Self { journal: Some(journal), ..self }
    }

    /// Has the targets of each step looked at before those of the next one start.
    pub fn checked(self, checkpoint: Arc<dyn Checkpoint>) -> Self {
        Self { checkpoint: Some(checkpoint), ..self }
    }

    /// Watches this user, whose leaving is an [`Interrupt::Leave`].
    pub fn departing(self, departure: Departure) -> Self {
        Self { departure, ..self }
    }

    /// Makes it, and returns when each target has its outcome. `events` is bounded: when the readers are slow, so are
    /// the targets. When it closes, the run stops in order.
    pub async fn go(self, events: mpsc::Sender<Emission>, interrupts: mpsc::Receiver<Interrupt>) -> Summary {
        let (events, broken) = match self.journal {
            Some(journal) => {
                let broken = CancellationToken::new();
                (journal::keep(journal, events, broken.clone(), self.departure.clone()), Some(broken))
            }
            None => (events, None),
        };
        Dispatcher::new(self.spec, self.executor, events, broken, self.departure, self.checkpoint).run(interrupts).await
    }
}
