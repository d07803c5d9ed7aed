//! A job from its start to the summary, with everything that it says handed to its sinks.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::sink_thread::{SinkThread, Written};
use crate::event::Summary;
use crate::fleet::{self, Interrupt, RunSpec};
use crate::output::Sink;
use crate::transport::network::Network;

/// Interrupts that wait for the run to take them; more would say nothing new.
const QUEUED_INTERRUPTS: usize = 4;

/// A run with its readers.
pub struct Job {
    /// What to do, on which targets, within which limits.
    pub spec: RunSpec,
    /// Where the data goes. When it wants no more, the run stops.
    pub data: Box<dyn Sink>,
    /// What else follows the run: progress, diagnostics.
    pub followers: Vec<Box<dyn Sink>>,
}

impl Job {
    /// A run whose data goes to one sink.
    pub fn new(spec: RunSpec, data: impl Sink + 'static) -> Self {
        Self { spec, data: Box::new(data), followers: Vec::new() }
    }
}

/// The ways to stop a run from outside.
pub struct Interrupts {
    sender: mpsc::Sender<Interrupt>,
    receiver: mpsc::Receiver<Interrupt>,
    left: CancellationToken,
}

/// How a job ended.
#[derive(Debug)]
pub struct Finished {
    /// The totals, and everything that the exit code depends on.
    pub summary: Summary,
    /// How far the writing came, or the failures of sinks.
    pub written: anyhow::Result<Written>,
}

impl Interrupts {
    /// None yet.
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::channel(QUEUED_INTERRUPTS);
        Self { sender, receiver, left: CancellationToken::new() }
    }

    /// For whoever interrupts the run.
    pub fn sender(&self) -> mpsc::Sender<Interrupt> {
        self.sender.clone()
    }

    /// To be cancelled by a user who has left and waits no longer for sinks that are held up.
    pub fn left(&self) -> CancellationToken {
        self.left.clone()
    }
}

impl Default for Interrupts {
    fn default() -> Self {
        Self::new()
    }
}

/// Does a job. Every target has exactly one outcome in the end, whatever happens.
pub async fn execute(job: Job, interrupts: Interrupts) -> Finished {
    let Interrupts { sender, receiver, left } = interrupts;
    let (sinks, events) = SinkThread::start(job.data, job.followers, sender);
    let summary = fleet::run(job.spec, Arc::new(Network::default()), events, receiver).await;
    Finished { summary, written: sinks.finish(&left).await }
}
