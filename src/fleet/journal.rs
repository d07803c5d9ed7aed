//! The journal of a run: whoever keeps it has each event before any reader, and before what the event announces.
//!
//! It is not a sink: no filter stands before it, it may not say that it has had enough, and it has a thread of its own,
//! so that it may wait for a disk. Events that came while it waited are noted together. An attempt sends nothing to be
//! run before the journal has noted its [`TargetRunning`](crate::event::RunEventKind::TargetRunning): after a crash,
//! whatever may have run stands in it. No reader gets an outcome that it has not noted.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio_util::sync::CancellationToken;

use super::departure::Departure;
use super::emission::Emission;
use crate::event::{Finished, RunEventKind, Summary};
use crate::outcome::{Outcome, Reason};
use crate::target::TargetId;

/// Events on their way to the journal.
const QUEUED: usize = 256;

/// Records wait at most so long: a chatty host of a long run is nothing that kill -9 should take away.
const KEPT_WITHIN: Duration = Duration::from_secs(1);

/// Keeps the events of one run.
pub trait Journal: Send {
    /// Notes events, in their order. When this returns, they outlive this process and a loss of power; only records may
    /// wait, at most until the outcome of their target is noted, or until [`keep`](Self::keep).
    ///
    /// # Errors
    /// They could not be noted, none of them. The run then ends in order, and the journal gets no more.
    fn note(&mut self, events: &[Emission]) -> io::Result<()>;

    /// The oldest record that waits has done so for about a second: keep all that wait.
    ///
    /// # Errors
    /// They could not be kept; as for [`note`](Self::note).
    fn keep(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Whether an earlier part of the run has left this target running: that stays true of it where nothing else can be
    /// noted.
    fn left_running(&self, _target: TargetId) -> bool {
        false
    }
}

/// Begins to keep a journal, and hands what it has noted on to the readers; a runtime must be running. `broken` is
/// cancelled when it can be kept no longer.
///
/// Readers that take no more hold it up until the user has left and gives them up; from then on it notes what comes
/// and tells nobody.
///
/// What comes after `broken` is changed to what the journal says then: a target that may have run is lost, one that an
/// earlier part has left running is that still, another one has not started.
pub(super) fn keep(
    journal: Box<dyn Journal>,
    readers: mpsc::Sender<Emission>,
    broken: CancellationToken,
    departure: Departure,
) -> mpsc::Sender<Emission> {
    let (sender, mut events) = mpsc::channel::<Emission>(QUEUED);
    let runtime = Handle::current();
    std::thread::spawn(move || {
        let mut keeper = Keeper { journal, broken, waiting: None, running: HashSet::new(), unkept: Vec::new() };
        let mut batch = Vec::new();
        let mut readers = Some(readers);
        loop {
            batch.extend(keeper.next(&mut events, &runtime));
            while batch.len() < QUEUED
                && let Ok(event) = events.try_recv()
            {
                batch.push(event);
            }
            if batch.is_empty() {
                return;
            }
            keeper.note(&mut batch);
            for event in batch.drain(..).filter(|event| !matches!(event.kind, RunEventKind::RecordsDue { .. })) {
                match readers.as_ref().map(|readers| hand_on(event, readers, &departure, &runtime)) {
                    None | Some(Handed::Taken) => {}
                    Some(Handed::GivenUp) => readers = None,
                    // The fleet learns it from the channel's end.
                    Some(Handed::Gone) => return,
                }
            }
        }
    });
    sender
}

/// What became of an event that was handed on.
enum Handed {
    Taken,
    /// The user has left, and nobody takes it.
    GivenUp,
    /// Nobody reads any more.
    Gone,
}

fn hand_on(event: Emission, readers: &mpsc::Sender<Emission>, departure: &Departure, runtime: &Handle) -> Handed {
    let event = match readers.try_send(event) {
        Ok(()) => return Handed::Taken,
        Err(TrySendError::Closed(_)) => return Handed::Gone,
        Err(TrySendError::Full(event)) => event,
    };
    runtime.block_on(async {
        tokio::select! {
            sent = readers.send(event) => if sent.is_ok() { Handed::Taken } else { Handed::Gone },
            () = departure.gives_up_readers() => Handed::GivenUp,
        }
    })
}

/// A journal, and what it has noted of the targets at work.
struct Keeper {
    journal: Box<dyn Journal>,
    broken: CancellationToken,
    /// Since when records may wait.
    waiting: Option<Instant>,
    /// Targets that may have run, and have no outcome.
    running: HashSet<TargetId>,
    /// What became of targets, and what readers were told instead.
    unkept: Vec<(Outcome, Outcome)>,
}

impl Keeper {
    /// The next event, after whatever time; `None` if no more will come.
    fn next(&mut self, events: &mut mpsc::Receiver<Emission>, runtime: &Handle) -> Option<Emission> {
        match events.try_recv() {
            Ok(event) => return Some(event),
            Err(mpsc::error::TryRecvError::Disconnected) => return None,
            Err(mpsc::error::TryRecvError::Empty) => {}
        }
        let Some(since) = self.waiting else { return events.blocking_recv() };
        let left = KEPT_WITHIN.saturating_sub(since.elapsed());
        match runtime.block_on(async { tokio::time::timeout(left, events.recv()).await }) {
            Ok(event) => event,
            Err(_) => {
                self.keep();
                events.blocking_recv()
            }
        }
    }

    fn keep(&mut self) {
        self.waiting = None;
        if !self.broken.is_cancelled() {
            let kept = self.journal.keep();
            self.hold(kept);
        }
    }

    /// Notes the events, tells those who wait for it, and makes of the events what readers may be told.
    fn note(&mut self, events: &mut [Emission]) {
        if !self.broken.is_cancelled() {
            let noted = self.journal.note(events);
            self.hold(noted);
        }
        let has_records = events.iter().any(|event| matches!(event.kind, RunEventKind::Record(_)));
        match self.waiting {
            None if has_records => self.waiting = Some(Instant::now()),
            Some(since) if since.elapsed() >= KEPT_WITHIN => self.keep(),
            _ => {}
        }
        let is_broken = self.broken.is_cancelled();
        for event in events {
            let receipt = event.noted.take();
            match &mut event.kind {
                RunEventKind::TargetRunning { target } if !is_broken => drop(self.running.insert(*target)),
                RunEventKind::TargetFinished(end) if is_broken => self.not_kept(end),
                RunEventKind::TargetFinished(end) => drop(self.running.remove(&end.target)),
                RunEventKind::RunFinished(summary) if is_broken => *summary = self.corrected(summary),
                _ => {}
            }
            match (&event.kind, receipt) {
                // Whoever asked may have ended meanwhile.
                (RunEventKind::RunFinished(summary), Some(receipt)) => drop(receipt.send(Some(Arc::clone(summary)))),
                (_, Some(receipt)) if !is_broken => drop(receipt.send(None)),
                _ => {}
            }
        }
    }

    fn hold(&mut self, noted: io::Result<()>) {
        if let Err(error) = noted {
            tracing::error!(%error, "the run's journal cannot be written");
            self.broken.cancel();
        }
    }

    /// Makes of an outcome that stands in no journal the one that will be read out of it.
    fn not_kept(&mut self, end: &mut Finished) {
        let told = match end.outcome {
            was if self.journal.left_running(end.target) => match was {
                Outcome::Detached => return,
                _ => Outcome::Detached,
            },
            _ if self.running.remove(&end.target) => Outcome::Lost,
            Outcome::NotStarted | Outcome::Skipped => return,
            _ => Outcome::NotStarted,
        };
        let was = std::mem::replace(&mut end.outcome, told);
        let separator = if end.message.is_empty() { "" } else { ": " };
        end.message = format!(
            "it ended as {was}, but the run's journal could not be written to keep that{separator}{}",
            end.message
        );
        end.reason = Some(Reason::NotKept);
        self.unkept.push((was, told));
    }

    /// The totals of a run whose last outcomes stand in no journal.
    fn corrected(&self, summary: &Summary) -> Arc<Summary> {
        let mut summary = summary.clone();
        self.unkept.iter().for_each(|&(was, told)| summary.counts.change(was, told));
        summary.exit.journal_failed = true;
        Arc::new(summary)
    }
}
