//! The end of a run: all targets have their outcome, and what is open is closed.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::progress::Progress;
use super::{Dispatcher, gives_up};
use crate::event::{RunEventKind, Summary};
use crate::fleet::emission::Emission;
use crate::fleet::interrupt::Interrupt;
use crate::fleet::log::log;
use crate::outcome::Outcome;
use crate::session::ConnectionKey;
use crate::target::TargetId;

impl Dispatcher {
    /// Has the executor close what attempts have left open, and takes note of what may remain.
    async fn close_all(&mut self, interrupts: &mut mpsc::Receiver<Interrupt>) {
        let (mut closing, departure) = (self.executor.close(), self.departure.clone());
        loop {
            tokio::select! {
                biased;
                () = &mut closing => break,
                () = departure.gives_up_closes() => break,
                Some(interrupt) = interrupts.recv() => self.interrupt(interrupt),
            }
        }
        let left = self.executor.shells_left();
        if left.is_empty() {
            return;
        }
        for (target, progress) in self.spec.header.targets.iter().zip(&mut self.progress) {
            progress.shell_may_remain |= left.contains(&ConnectionKey::from(&**target));
        }
    }

    /// Sums the run up and hands its end to the readers.
    pub(super) async fn finish(mut self, mut interrupts: mpsc::Receiver<Interrupt>) -> Summary {
        self.close_all(&mut interrupts).await;
        let target_count = self.spec.header.targets.len() as u64;
        assert_eq!(self.counts.total(), target_count, "every target has exactly one outcome");
        let was_stopped = [Outcome::Cancelled, Outcome::Lost].iter().any(|&outcome| self.counts.of(outcome) > 0);
        self.exit.stopped_early |= self.sated && was_stopped;
        let left = |(place, progress): (usize, &Progress)| progress.shell_may_remain.then_some(TargetId(place as u32));
        let shells_left = self.progress.iter().enumerate().filter_map(left).collect();
        let mut summary = Summary {
            run: self.spec.header.run,
            counts: self.counts,
            target_count,
            duration: self.begin.elapsed(),
            exit: self.exit,
            shells_left,
        };
        let (events, departure) = (self.events.clone(), self.departure.clone());
        departure.all_closed();
        let room = loop {
            tokio::select! {
                // Readers that are gone need no end.
                room = events.reserve() => break room.ok(),
                () = gives_up(&departure, self.journal.is_some()) => break None,
                Some(interrupt) = interrupts.recv() => self.interrupt(interrupt),
            }
        };
        // A signal that came while readers were behind is a fact of the run, too.
        summary.exit = self.exit;
        if let Some(room) = room {
            let end = RunEventKind::RunFinished(Arc::new(summary.clone()));
            log(&end, &self.spec.header);
            let (emission, noted) = Emission::to_be_noted(end);
            room.send(emission);
            if self.journal.is_some() {
                tokio::select! {
                    // No answer: whoever kept the journal has ended, and told nobody.
                    told = noted => if let Ok(Some(told)) = told { summary = Summary::clone(&told) },
                    () = departure.gives_up_journal() => {}
                }
            }
        }
        summary
    }
}
