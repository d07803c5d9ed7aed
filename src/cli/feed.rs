//! The feed: numbers a run's events and hands them to the sinks, on a thread of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::time::error::Elapsed;
use tokio_util::sync::CancellationToken;

use crate::event::{ExitFacts, RunEvent, RunEventKind, Summary};
use crate::fleet::{Emission, Interrupt};
use crate::output::{Flow, Sink};
use crate::words;

/// Records on their way to the sinks. More would only hold more memory when a sink is slow.
const QUEUED_EVENTS: usize = 256;

/// Without an event for so long, the sinks show what they hold back.
const IDLE_AFTER: Duration = Duration::from_millis(100);

/// How long a user who has left waits for sinks that are held up.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// The running feed.
pub struct Feed(oneshot::Receiver<anyhow::Result<()>>);

/// How far the writing came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Everything is written.
    All,
    /// The user left while a reader still held it up.
    Abandoned,
}

impl Feed {
    /// Starts the feed, within a runtime. The first sink is the data: when it wants no more, the run is told so.
    ///
    /// A sink that fails stops the run in order; the others take what comes until its end.
    pub fn start(sinks: Vec<Box<dyn Sink>>, interrupts: mpsc::Sender<Interrupt>) -> (Self, mpsc::Sender<Emission>) {
        let (sender, receiver) = mpsc::channel(QUEUED_EVENTS);
        let (done, result) = oneshot::channel();
        let runtime = Handle::current();
        std::thread::spawn(move || {
            let written = Outlets::new(sinks, interrupts).feed(receiver, &runtime);
            // Whoever left does not wait for it.
            let _ = done.send(written);
        });
        (Self(result), sender)
    }

    /// Waits until everything is written; once the user has left, only for a moment.
    ///
    /// # Errors
    /// The failures of sinks.
    pub async fn finish(self, left: &CancellationToken) -> anyhow::Result<Written> {
        let too_long = async {
            left.cancelled().await;
            tokio::time::sleep(LAST_WAIT).await;
        };
        tokio::select! {
            biased;
            written = self.0 => match written {
                Ok(written) => written.map(|()| Written::All),
                Err(_) => Err(anyhow::anyhow!("the writer of the output panicked: a bug in psfleet")),
            },
            () = too_long => Ok(Written::Abandoned),
        }
    }
}

/// The sinks and what became of them.
struct Outlets {
    sinks: Vec<(Box<dyn Sink>, State)>,
    interrupts: mpsc::Sender<Interrupt>,
}

/// What became of a sink.
enum State {
    Open,
    /// It wants no more.
    Enough,
    /// It takes only the end of the run.
    Failed(anyhow::Error),
}

impl Outlets {
    fn new(sinks: Vec<Box<dyn Sink>>, interrupts: mpsc::Sender<Interrupt>) -> Self {
        Self { sinks: sinks.into_iter().map(|sink| (sink, State::Open)).collect(), interrupts }
    }

    fn feed(mut self, mut events: mpsc::Receiver<Emission>, runtime: &Handle) -> anyhow::Result<()> {
        let mut seq = 0;
        let mut idle = true;
        loop {
            // Once told that nothing happens, the sinks have nothing more to show until the next event.
            let received = if idle { Ok(events.blocking_recv()) } else { next_soon(runtime, &mut events) };
            idle = received.is_err();
            match received {
                Err(_) => self.each(false, |sink| sink.idle()),
                Ok(None) => return self.finish(),
                Ok(Some(Emission { at, kind, room })) => {
                    seq += 1;
                    let (kind, is_last) = match kind {
                        RunEventKind::RunFinished(summary) => (RunEventKind::RunFinished(self.complete(summary)), true),
                        other => (other, false),
                    };
                    let event = RunEvent { seq, at, kind };
                    self.each(is_last, |sink| sink.event(&event));
                    // Others may take its place only when nobody holds it any more.
                    drop((event, room));
                }
            }
        }
    }

    /// Lets the sinks write all but the last event, so that this one can tell whether they could.
    fn complete(&mut self, summary: Arc<Summary>) -> Arc<Summary> {
        self.each(true, |sink| sink.complete(&summary));
        if !self.sinks.iter().any(|(_, state)| matches!(state, State::Failed(_))) {
            return summary;
        }
        let exit = ExitFacts { output_failed: true, ..summary.exit };
        Arc::new(Summary { exit, ..Summary::clone(&summary) })
    }

    /// One step of every sink that wants it.
    fn each(&mut self, is_last: bool, mut step: impl FnMut(&mut dyn Sink) -> anyhow::Result<Flow>) {
        for (place, (sink, state)) in self.sinks.iter_mut().enumerate() {
            let is_data = place == 0;
            if matches!(state, State::Enough) || (matches!(state, State::Failed(_)) && !is_last) {
                continue;
            }
            let stop = match step(sink.as_mut()) {
                Ok(Flow::Continue) => None,
                Ok(Flow::End) => Some(Interrupt::Unwritable),
                Ok(Flow::Enough) => {
                    if is_data {
                        *state = State::Enough;
                    }
                    is_data.then_some(Interrupt::Enough)
                }
                Err(error) => {
                    // The first failure is the cause of a second one.
                    if !matches!(state, State::Failed(_)) {
                        *state = State::Failed(error);
                    }
                    Some(Interrupt::Unwritable)
                }
            };
            if let Some(interrupt) = stop {
                // A full queue holds interrupts already.
                let _ = self.interrupts.try_send(interrupt);
            }
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        let failures = self.sinks.into_iter().filter_map(|(_, state)| match state {
            State::Failed(error) => Some(error),
            State::Open | State::Enough => None,
        });
        failures
            .reduce(|all, more| anyhow::anyhow!("{}; {}", words::chain(all.chain()), words::chain(more.chain())))
            .map_or(Ok(()), Err)
    }
}

/// The next event, unless nothing happens for a moment.
fn next_soon(runtime: &Handle, events: &mut mpsc::Receiver<Emission>) -> Result<Option<Emission>, Elapsed> {
    match events.try_recv() {
        Ok(emission) => Ok(Some(emission)),
        Err(mpsc::error::TryRecvError::Disconnected) => Ok(None),
        Err(mpsc::error::TryRecvError::Empty) => {
            runtime.block_on(async { tokio::time::timeout(IDLE_AFTER, events.recv()).await })
        }
    }
}
