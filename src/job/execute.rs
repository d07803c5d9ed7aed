//! A job from its start to the summary, with everything that it says handed to its sinks.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::gate::{GateRuns, Gates, SessionsOfGates};
use super::sink_thread::{SinkThread, Written};
use crate::event::Summary;
use crate::fleet::{Departure, Interrupt, Journal, Local, Run, RunSpec};
use crate::output::Sink;
use crate::session::{PoolLimits, Sessions};
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
    /// Keeps what happens, before any of the sinks is told.
    pub journal: Option<Box<dyn Journal>>,
    /// What the hosts of each step must pass before others start.
    pub gates: Option<Arc<Gates>>,
    /// A pool whose sessions are used, and kept for whoever has it too: its owner closes them. Without one, the job has
    /// a pool of its own and leaves nothing open.
    pub sessions: Option<Arc<Sessions>>,
}

impl Job {
    /// A run whose data goes to one sink, and which nobody keeps.
    pub fn new(spec: RunSpec, data: impl Sink + 'static) -> Self {
        Self { spec, data: Box::new(data), followers: Vec::new(), journal: None, gates: None, sessions: None }
    }
}

/// The ways to stop a run from outside.
pub struct Interrupts {
    pub(super) sender: mpsc::Sender<Interrupt>,
    pub(super) receiver: mpsc::Receiver<Interrupt>,
    pub(super) departure: Departure,
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
        Self { sender, receiver, departure: Departure::default() }
    }

    /// For whoever interrupts the run.
    pub fn sender(&self) -> mpsc::Sender<Interrupt> {
        self.sender.clone()
    }

    /// For a user who leaves. A run that is over takes no interrupt, but sinks that are held up must not hold up the
    /// end.
    pub fn departure(&self) -> Departure {
        self.departure.clone()
    }
}

impl Default for Interrupts {
    fn default() -> Self {
        Self::new()
    }
}

/// Does a job. Every target has exactly one outcome in the end, whatever happens.
pub async fn execute(job: Job, interrupts: Interrupts) -> Finished {
    let Interrupts { sender, receiver, departure } = interrupts;
    let (sinks, events) = SinkThread::start(job.data, job.followers, sender);
    let connector = Arc::new(Network::default());
    // A session is of use behind its target's end where a gate asks the hosts that are done.
    let idle = if job.gates.is_some() { job.spec.max_sessions.unwrap_or(job.spec.limits.throttle).get() } else { 0 };
    let own = || Arc::new(Sessions::new(PoolLimits { open: job.spec.max_sessions, idle }));
    let is_shared = job.sessions.is_some();
    let sessions = job.sessions.unwrap_or_else(own);
    let pool = SessionsOfGates { sessions: Arc::clone(&sessions), is_shared };
    let gates = job.gates.map(|gates| GateRuns::new(gates, connector.clone(), pool, &job.spec, departure.clone()));
    let executor = Local::new(connector, Some(sessions));
    let executor = if is_shared { executor } else { executor.owning() };
    let run = Run::new(job.spec, Arc::new(executor)).departing(departure.clone());
    let run = match job.journal {
        Some(journal) => run.journaled(journal),
        None => run,
    };
    let run = match gates {
        Some(gates) => run.checked(Arc::new(gates)),
        None => run,
    };
    let summary = run.go(events, receiver).await;
    Finished { summary, written: sinks.finish(&departure).await }
}
