//! The feed: numbers a run's events and hands them to the sinks, on a thread of its own.

use std::thread::JoinHandle;

use tokio::sync::mpsc;

use crate::event::RunEvent;
use crate::fleet::{Emission, Interrupt};
use crate::output::{Flow, Sink};

/// Records on their way to the sinks. More would only hold more memory when a sink is slow.
const QUEUED_EVENTS: usize = 256;

/// The running feed.
pub struct Feed(JoinHandle<anyhow::Result<()>>);

impl Feed {
    /// Starts the feed. The first sink is the data: when it wants no more, the run is told so.
    ///
    /// When a sink fails, the feed ends and its channel closes, which stops the run in order.
    pub fn start(sinks: Vec<Box<dyn Sink>>, interrupts: mpsc::Sender<Interrupt>) -> (Self, mpsc::Sender<Emission>) {
        let (sender, receiver) = mpsc::channel(QUEUED_EVENTS);
        (Self(std::thread::spawn(move || feed(sinks, receiver, &interrupts))), sender)
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
) -> anyhow::Result<()> {
    let mut seq = 0;
    let mut enough = false;
    while let Some(Emission { at, kind }) = events.blocking_recv() {
        seq += 1;
        let event = RunEvent { seq, at, kind };
        for (place, sink) in sinks.iter_mut().enumerate() {
            let is_data = place == 0;
            if is_data && enough {
                continue;
            }
            if sink.event(&event)? == Flow::Enough && is_data {
                enough = true;
                // A full queue holds interrupts already.
                let _ = interrupts.try_send(Interrupt::Enough);
            }
        }
    }
    Ok(())
}
