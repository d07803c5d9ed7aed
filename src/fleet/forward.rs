//! From an attempt to the readers: its records, in order and counted.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::attempt_end::AttemptEnd;
use super::departure::Departure;
use super::emission::Emission;
use super::gatekeeper::{Reports, ThrottleSlot};
use super::room::Room;
use crate::clixml::Document;
use crate::event::RunEventKind;
use crate::record::Record;
use crate::session::{Ending, Records, RunReport};
use crate::stream::Stream;
use crate::target::TargetId;
use crate::transport::Carrier;

/// What an attempt has done so far, and what it leaves behind even if it is dropped half-way.
#[derive(Default)]
pub(super) struct Traces {
    /// What carries its session, unless that is kept for others.
    carrier: Mutex<Option<Arc<dyn Carrier>>>,
    errors: AtomicU64,
    objects: AtomicU64,
    /// How its work ended, while its session is still to be closed.
    end: Mutex<Option<AttemptEnd>>,
}

impl Traces {
    pub(super) fn carrier(&self) -> MutexGuard<'_, Option<Arc<dyn Carrier>>> {
        self.carrier.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn end(&self) -> MutexGuard<'_, Option<AttemptEnd>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records on the error stream.
    pub(super) fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// Records on the output stream.
    pub(super) fn objects(&self) -> u64 {
        self.objects.load(Ordering::Relaxed)
    }
}

/// Sends records on to the readers and counts them.
pub struct Forward {
    pub(super) target: TargetId,
    pub(super) events: mpsc::Sender<Emission>,
    /// The events pass through a journal.
    pub(super) is_journaled: bool,
    pub(super) room: Room,
    pub(super) reports: Reports,
    pub(super) departure: Departure,
    pub(super) traces: Arc<Traces>,
}

impl Forward {
    /// Says that the target's session is open and its work begins, and waits until the journal has noted that, where
    /// one is kept. `false` when it could not be written: then nothing may be sent to be run.
    pub async fn running(&self) -> bool {
        let kind = RunEventKind::TargetRunning { target: self.target };
        if !self.is_journaled {
            // Readers that are gone need not know.
            let _ = self.events.send(Emission::now(kind)).await;
            return true;
        }
        let (emission, noted) = Emission::to_be_noted(kind);
        self.events.send(emission).await.is_ok() && noted.await.is_ok()
    }

    /// Waits until the journal has all records so far, where one is kept. `false` when it could not be written.
    pub(crate) async fn kept(&self) -> bool {
        if !self.is_journaled {
            return true;
        }
        let (emission, noted) = Emission::to_be_noted(RunEventKind::RecordsDue { target: self.target });
        let kept = async { self.events.send(emission).await.is_ok() && noted.await.is_ok() };
        tokio::select! {
            kept = kept => kept,
            () = self.departure.left() => false,
        }
    }

    /// How many errors and objects have come.
    pub(crate) fn came(&self) -> (u64, u64) {
        (self.errors(), self.traces.objects())
    }

    pub(super) fn errors(&self) -> u64 {
        self.traces.errors()
    }

    /// The place of its target, for who takes the records of a pipeline in its stead.
    pub(crate) fn slot(&self) -> ThrottleSlot {
        ThrottleSlot::from(&self.reports)
    }

    /// What a pipeline's end is for the target, after a time limit of `timeout`. The terminating error goes to the
    /// readers.
    pub(crate) async fn ended(&mut self, report: RunReport, timeout: Duration) -> AttemptEnd {
        let end = AttemptEnd::of(&report, self.errors(), timeout);
        if let Ending::Failed(Some(error)) = report.ending {
            // It comes in the state message alone, and belongs to the error stream.
            let _ = self.cause(error).await;
        }
        end
    }

    /// The same of a pipeline whose readers have its terminating error from before.
    pub(crate) fn ended_before(&self, report: &RunReport, timeout: Duration) -> AttemptEnd {
        let end = AttemptEnd::of(report, self.errors(), timeout);
        if let Ending::Failed(Some(_)) = report.ending {
            self.count(Stream::Error, 1);
        }
        end
    }

    /// Counts records that the readers have from before.
    pub(crate) fn count(&self, stream: Stream, count: u64) {
        let counter = match stream {
            Stream::Error => &self.traces.errors,
            Stream::Output => &self.traces.objects,
            _ => return,
        };
        counter.fetch_add(count, Ordering::Relaxed);
    }

    /// Sends the error record that the target's outcome repeats: people see it there.
    pub(crate) async fn cause(&mut self, error: Document) -> ControlFlow<()> {
        self.send(Stream::Error, error, true).await
    }

    async fn send(&mut self, stream: Stream, value: Document, terminating: bool) -> ControlFlow<()> {
        self.count(stream, 1);
        let record = Record { target: self.target, stream, value, terminating };
        let admitted = async { self.events.send(self.room.admit(record).await).await };
        tokio::select! {
            sent = admitted => match sent {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            },
            () = self.departure.left() => ControlFlow::Break(()),
        }
    }
}

impl Records for Forward {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        self.send(stream, value, false).await
    }

    async fn caught_up(&mut self) -> ControlFlow<()> {
        if self.kept().await { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn stopping(&mut self) {
        // A host that does not confirm must not hold up the others.
        self.slot().give_away();
    }
}
