//! The journal of a run: whoever keeps it has each event before any reader, and before what the event announces.
//!
//! It is not a sink: no filter stands before it, it may not say that it has had enough, and it has a thread of its own,
//! so that it may wait for a disk. An attempt sends nothing to be run before the journal has noted its
//! [`TargetStarted`](crate::event::RunEventKind::TargetStarted): after a crash, whatever may have run stands in it.

use std::io;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::emission::Emission;

/// Events on their way to the journal.
const QUEUED: usize = 64;

/// Keeps the events of one run.
pub trait Journal: Send {
    /// Notes an event; when this returns, the event outlives this process.
    ///
    /// # Errors
    /// It could not be noted. The run then stops in order, and the journal gets no more.
    fn note(&mut self, event: &Emission) -> io::Result<()>;
}

/// Begins to keep a journal, and hands what it has noted on to the readers. `broken` is cancelled when it can be kept
/// no longer; the readers still get everything then.
pub(super) fn keep(
    mut journal: Box<dyn Journal>,
    readers: mpsc::Sender<Emission>,
    broken: CancellationToken,
) -> mpsc::Sender<Emission> {
    let (sender, mut events) = mpsc::channel::<Emission>(QUEUED);
    std::thread::spawn(move || {
        while let Some(mut event) = events.blocking_recv() {
            let noted = event.noted.take();
            if !broken.is_cancelled() {
                match journal.note(&event) {
                    // Whoever asked may have ended meanwhile.
                    Ok(()) => drop(noted.map(|noted| noted.send(()))),
                    Err(error) => {
                        tracing::error!(%error, "the run's journal cannot be written");
                        broken.cancel();
                    }
                }
            }
            // Readers that are gone close the channel: the fleet learns it from this one.
            if readers.blocking_send(event).is_err() {
                return;
            }
        }
    });
    sender
}
