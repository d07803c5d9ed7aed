//! A run that was kept, handed to sinks as if it happened now.

use super::execute::Interrupts;
use super::sink_thread::{SinkThread, Written};
use crate::event::RunEventKind;
use crate::fleet::Emission;
use crate::output::Sink;
use crate::store::{self, Attempts, Run, Store};

/// Hands the events of a run to sinks until its end, or until the data sink has had enough.
///
/// # Errors
/// The store cannot be read, or the output cannot be written.
pub async fn replay(
    store: Store,
    (run, attempts): (Run, Attempts),
    data: Box<dyn Sink>,
    followers: Vec<Box<dyn Sink>>,
    interrupts: Interrupts,
) -> anyhow::Result<Written> {
    let Interrupts { sender, mut receiver, departure } = interrupts;
    let (sinks, events) = SinkThread::start(data, followers, sender);
    let reader = tokio::task::spawn_blocking(move || -> Result<(), store::Error> {
        store.replay(&run, attempts, |(at, kind)| {
            // Whoever interrupts a replay wants no more of it, but the end is due to every sink.
            let is_wanted = receiver.try_recv().is_err() || matches!(kind, RunEventKind::RunFinished(_));
            is_wanted && events.blocking_send(Emission::new(at, kind)).is_ok()
        })
    });
    let read = reader.await;
    let written = sinks.finish(&departure).await?;
    read??;
    Ok(written)
}
