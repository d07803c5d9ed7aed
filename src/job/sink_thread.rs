//! The thread of the sinks: it numbers a run's events and hands them on. Sinks may block.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::time::error::Elapsed;

use crate::event::{RunEvent, RunEventKind, Summary};
use crate::exit::ExitFacts;
use crate::fleet::{Departure, Emission, Interrupt};
use crate::output::{Fanout, Flow, Sink};

/// Records on their way to the sinks. More would only hold more memory when a sink is slow.
const QUEUED_EVENTS: usize = 256;

/// Without an event for so long, the sinks show what they hold back.
const IDLE_AFTER: Duration = Duration::from_millis(100);

/// The running thread.
pub(super) struct SinkThread(oneshot::Receiver<anyhow::Result<()>>);

/// How far the writing came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Everything is written.
    All,
    /// The user left while a reader still held it up.
    Abandoned,
}

impl SinkThread {
    /// Starts the thread; a runtime must be running. Once the data sink has had enough, the run is interrupted.
    ///
    /// A sink that fails stops the run in order; the others take what comes until its end.
    pub(super) fn start(
        data: Box<dyn Sink>,
        followers: Vec<Box<dyn Sink>>,
        interrupts: mpsc::Sender<Interrupt>,
    ) -> (Self, mpsc::Sender<Emission>) {
        let (sender, receiver) = mpsc::channel(QUEUED_EVENTS);
        let (done, result) = oneshot::channel();
        let runtime = Handle::current();
        std::thread::spawn(move || {
            let readers = Readers { sinks: Fanout::led_by(data, followers), interrupts, failed: false };
            let written = readers.feed(receiver, &runtime);
            // Whoever left does not wait for it.
            let _ = done.send(written);
        });
        (Self(result), sender)
    }

    /// Waits until everything is written; once the user has left, only for a moment.
    ///
    /// # Errors
    /// The failures of sinks.
    pub(super) async fn finish(self, departure: &Departure) -> anyhow::Result<Written> {
        tokio::select! {
            biased;
            written = self.0 => match written {
                Ok(written) => written.map(|()| Written::All),
                Err(_) => Err(anyhow::anyhow!("the writer of the output panicked: a bug in psfleet")),
            },
            () = departure.gives_up_readers() => Ok(Written::Abandoned),
        }
    }
}

/// The sinks, and what they have asked for.
struct Readers {
    sinks: Fanout,
    interrupts: mpsc::Sender<Interrupt>,
    failed: bool,
}

impl Readers {
    fn feed(mut self, mut events: mpsc::Receiver<Emission>, runtime: &Handle) -> anyhow::Result<()> {
        let mut seq = 0;
        let mut idle = true;
        loop {
            // Once told that nothing happens, the sinks have nothing more to show until the next event.
            let received = if idle { Ok(events.blocking_recv()) } else { next_soon(runtime, &mut events) };
            idle = received.is_err();
            match received {
                Err(_) => self.step(Sink::idle),
                Ok(None) => return self.finish(),
                Ok(Some(Emission { at, kind, room, .. })) => {
                    seq += 1;
                    let kind = match kind {
                        RunEventKind::RunFinished(summary) => RunEventKind::RunFinished(self.complete(summary)),
                        other => other,
                    };
                    let event = RunEvent { seq, at, kind };
                    self.step(|sinks| sinks.event(&event));
                    // Others may take its place only when nobody holds it any more.
                    drop((event, room));
                }
            }
        }
    }

    /// Lets the sinks write all but the last event, so that this one can tell whether they could.
    fn complete(&mut self, summary: Arc<Summary>) -> Arc<Summary> {
        self.step(|sinks| sinks.complete(&summary));
        if !self.failed {
            return summary;
        }
        let exit = ExitFacts { output_failed: true, ..summary.exit };
        Arc::new(Summary { exit, ..Summary::clone(&summary) })
    }

    /// One step of every sink; what they answer goes to the run.
    fn step(&mut self, step: impl FnOnce(&mut Fanout) -> anyhow::Result<Flow>) {
        let interrupt = match step(&mut self.sinks) {
            Ok(Flow::Continue) => return,
            Ok(Flow::Enough) => Interrupt::Enough,
            Ok(Flow::End) | Err(_) => {
                self.failed = true;
                Interrupt::Unwritable
            }
        };
        // A full queue holds interrupts already.
        let _ = self.interrupts.try_send(interrupt);
    }

    fn finish(self) -> anyhow::Result<()> {
        match self.sinks.failures() {
            failures if failures.is_empty() => Ok(()),
            failures => Err(anyhow::anyhow!(failures.join("; "))),
        }
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
