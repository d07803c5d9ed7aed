//! The feed: numbers a run's events and hands them to the sinks, on a thread of its own.

use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::error::Elapsed;

use crate::event::RunEvent;
use crate::fleet::{Emission, Interrupt};
use crate::output::{Flow, Sink};

/// Records on their way to the sinks. More would only hold more memory when a sink is slow.
const QUEUED_EVENTS: usize = 256;

/// Without an event for so long, the sinks show what they hold back.
const IDLE_AFTER: Duration = Duration::from_millis(100);

/// The running feed.
pub struct Feed(JoinHandle<anyhow::Result<()>>);

impl Feed {
    /// Starts the feed, within a runtime. The first sink is the data: when it wants no more, the run is told so.
    ///
    /// When a sink fails, the feed ends and its channel closes, which stops the run in order.
    pub fn start(sinks: Vec<Box<dyn Sink>>, interrupts: mpsc::Sender<Interrupt>) -> (Self, mpsc::Sender<Emission>) {
        let (sender, receiver) = mpsc::channel(QUEUED_EVENTS);
        let runtime = Handle::current();
        (Self(std::thread::spawn(move || feed(sinks, receiver, &interrupts, &runtime))), sender)
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// The failure of a sink.
    pub fn finish(self) -> anyhow::Result<()> {
        self.0.join().unwrap_or_else(|_| Err(anyhow::anyhow!("the writer of the output panicked: a bug in psfleet")))
    }
}

fn feed(
    mut sinks: Vec<Box<dyn Sink>>,
    mut events: mpsc::Receiver<Emission>,
    interrupts: &mpsc::Sender<Interrupt>,
    runtime: &Handle,
) -> anyhow::Result<()> {
    let mut seq = 0;
    let mut enough = false;
    let mut idle = true;
    loop {
        // Once told that nothing happens, the sinks have nothing more to show until the next event.
        let received = if idle { Ok(events.blocking_recv()) } else { next_soon(runtime, &mut events) };
        idle = received.is_err();
        let event = match received {
            Err(_) => None,
            Ok(None) => return Ok(()),
            Ok(Some(Emission { at, kind })) => {
                seq += 1;
                Some(RunEvent { seq, at, kind })
            }
        };
        for (place, sink) in sinks.iter_mut().enumerate() {
            let is_data = place == 0;
            if is_data && enough {
                continue;
            }
            let flow = match &event {
                Some(event) => sink.event(event)?,
                None => sink.idle()?,
            };
            if flow == Flow::Enough && is_data {
                enough = true;
                // A full queue holds interrupts already.
                let _ = interrupts.try_send(Interrupt::Enough);
            }
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
