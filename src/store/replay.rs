//! The events of a run again, as they came.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Rows};

use crate::clixml::{Decoder, Limits};
use crate::event::{Finished, RunEventKind, RunHeader, Summary};
use crate::exit::ExitFacts;
use crate::outcome::{Outcome, Reason};
use crate::record::Record;
use crate::target::{TargetId, TargetSnapshot};

use super::attempts::{Attempts, Begins};
use super::chunk::Opened;
use super::error::Error;
use super::event::{KeptEnd, KeptEvent, KeptSummary, of_json};
use super::find::{outcome_of, timestamp};
use super::{Run, State, Store};

/// Bytes of chunks that are read at once: a run packs what waits long before it is that much.
const OPEN: usize = 512 << 20;

/// When something happened, and what.
pub type Moment = (Timestamp, RunEventKind);

impl Store {
    /// Gives the events of a run again, in the order in which they came, each target with its last outcome. A run that
    /// was resumed is one run, and has the records of the attempts that are wanted. A run that broke off gets an end, and so
    /// do its targets. `each` says whether it wants more.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn replay(&self, run: &Run, wanted: Attempts, mut each: impl FnMut(Moment) -> bool) -> Result<(), Error> {
        // A run that goes on meanwhile is seen as it is now.
        let _view = self.view()?;
        let targets = self.targets(run)?.into_iter().map(|target| Arc::new(TargetSnapshot::with(target, None)));
        let header = Arc::new(RunHeader::new(run.id, targets.collect()));
        let count = header.targets.len();
        if !each((run.begun, RunEventKind::RunStarted(header))) {
            return Ok(());
        }
        let mut events = self.db.prepare("SELECT place, at, data FROM events WHERE run = ? ORDER BY place")?;
        let mut outcomes =
            self.db.prepare("SELECT place, at, target, outcome, data FROM outcomes WHERE run = ? ORDER BY place")?;
        let mut chunks = self.db.prepare("SELECT first, target, data FROM chunks WHERE run = ? ORDER BY first")?;
        let mut merged = Merged {
            events: Ahead::new(events.query([run.row])?)?,
            outcomes: Ahead::new(outcomes.query([run.row])?)?,
            chunks: Ahead::new(chunks.query([run.row])?)?,
            begins: self.begins(run, wanted)?,
            open: Vec::new(),
            bytes: 0,
            order: BinaryHeap::new(),
            decoder: Decoder::new(Limits::OF_KEPT),
            count,
        };
        let mut latest = run.begun;
        while let Some(moment) = merged.next()? {
            latest = moment.0;
            if !each(moment) {
                return Ok(());
            }
        }
        let (at, summary) = match self.end(run)? {
            Some(end) => end,
            None => {
                let ends = self.missing_ends(run, count as u32)?;
                for end in &ends {
                    if !each((latest, RunEventKind::TargetFinished(end.clone()))) {
                        return Ok(());
                    }
                }
                (latest, broken_off(run, &ends))
            }
        };
        each((at, RunEventKind::RunFinished(summary)));
        Ok(())
    }

    /// An end for each target that has none.
    fn missing_ends(&self, run: &Run, count: u32) -> Result<Vec<Finished>, Error> {
        let mut rows = self.db.prepare("SELECT target FROM outcomes WHERE run = ?")?;
        let has_end = rows.query_map([run.row], |row| row.get(0))?.collect::<Result<HashSet<u32>, _>>()?;
        let ends = self.ends(run)?;
        let without = (0..count).filter(|target| !has_end.contains(target));
        Ok(without
            .map(|target| missing_end(TargetId(target), ends.get(&TargetId(target)).copied(), run.state))
            .collect())
    }

    /// How a run ended, if it did.
    fn end(&self, run: &Run) -> Result<Option<(Timestamp, Arc<Summary>)>, Error> {
        let last = self.db.query_row(
            "SELECT ended, summary FROM parts WHERE run = ? ORDER BY first DESC LIMIT 1",
            [run.row],
            |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<String>>(1)?)),
        );
        let Some((Some(ended), Some(summary))) = last.optional()? else { return Ok(None) };
        let summary: KeptSummary = of_json(&summary)?;
        Ok(Some((timestamp(ended)?, summary.summary(run.id, run.target_count))))
    }
}

/// The end of a run that has none.
fn broken_off(run: &Run, missing: &[Finished]) -> Arc<Summary> {
    let mut counts = run.counts;
    // Of a run that is not at work they are counted already.
    missing.iter().filter(|_| run.state == State::AtWork).for_each(|end| counts.add(end.outcome));
    Arc::new(Summary {
        run: run.id,
        counts,
        target_count: run.target_count,
        duration: Duration::ZERO,
        exit: ExitFacts { stopped_early: true, ..ExitFacts::default() },
        shells_left: Vec::new(),
    })
}

/// The end of a target of which the store has none: it is lost, or has not run.
pub(super) fn missing_end(target: TargetId, outcome: Option<Outcome>, of_run: State) -> Finished {
    let (reason, message, hint) = match (outcome, of_run) {
        (Some(Outcome::Lost), _) => (
            Reason::LinkBroken,
            "psfleet itself ended while the script was running: what it did is unknown",
            Some("psfleet runs resume --lost runs it once more"),
        ),
        (_, State::AtWork) => (Reason::NotKept, "it had no outcome yet: the run is still going on", None),
        _ => (Reason::NotKept, "psfleet itself ended before its turn", Some("psfleet runs resume goes on with it")),
    };
    let outcome = outcome.unwrap_or(Outcome::NotStarted);
    Finished {
        target,
        outcome,
        reason: Some(reason),
        message: message.to_owned(),
        hint: hint.map(str::to_owned),
        exit_code: None,
        auth: None,
        attempts: u32::from(outcome == Outcome::Lost),
        duration: Duration::ZERO,
        errors: 0,
        objects: 0,
        shell_may_remain: outcome == Outcome::Lost,
        left: None,
    }
}

/// Rows with a look at the place of the next one.
struct Ahead<'s> {
    rows: Rows<'s>,
    next: Option<u64>,
}

impl<'s> Ahead<'s> {
    fn new(rows: Rows<'s>) -> Result<Self, Error> {
        let mut ahead = Self { rows, next: None };
        ahead.step()?;
        Ok(ahead)
    }

    /// Goes to the next row.
    fn step(&mut self) -> Result<(), Error> {
        self.next = self.rows.next()?.map(|row| row.get(0)).transpose()?;
        Ok(())
    }

    fn get<T: rusqlite::types::FromSql>(&self, column: usize) -> Result<T, Error> {
        let row = rusqlite::fallible_streaming_iterator::FallibleStreamingIterator::get(&self.rows);
        Ok(row.ok_or_else(|| Error::damaged("a row is gone"))?.get(column)?)
    }
}

/// The three kinds of rows as one stream.
struct Merged<'s> {
    events: Ahead<'s>,
    outcomes: Ahead<'s>,
    chunks: Ahead<'s>,
    begins: Begins,
    /// Chunks that are being read, with their targets.
    open: Vec<Option<(TargetId, Opened)>>,
    /// Bytes of those.
    bytes: usize,
    /// The place of the next record of each, the least first.
    order: BinaryHeap<Reverse<(u64, usize)>>,
    decoder: Decoder,
    /// Targets of the run.
    count: usize,
}

impl Merged<'_> {
    fn next(&mut self) -> Result<Option<Moment>, Error> {
        self.open_due()?;
        let record = self.order.peek().map(|Reverse((place, _))| *place);
        let least = [record, self.events.next, self.outcomes.next].into_iter().flatten().min();
        match least {
            None => Ok(None),
            Some(place) if record == Some(place) => self.record().map(Some),
            Some(place) if self.events.next == Some(place) => self.event().map(Some),
            Some(_) => self.outcome().map(Some),
        }
    }

    /// Opens the chunks that begin before whatever comes next.
    fn open_due(&mut self) -> Result<(), Error> {
        while let Some(first) = self.chunks.next {
            let record = self.order.peek().map(|Reverse((place, _))| *place);
            let others = [record, self.events.next, self.outcomes.next].into_iter().flatten().min();
            if others.is_some_and(|place| place < first) {
                break;
            }
            let target = self.target(self.chunks.get(1)?)?;
            if !self.begins.is_last(target, first) {
                self.chunks.step()?;
                continue;
            }
            let opened = Opened::new(first, &self.chunks.get::<Vec<u8>>(2)?)?;
            self.chunks.step()?;
            self.bytes += opened.len();
            if self.bytes > OPEN {
                return Err(Error::damaged("more records are interleaved than any run leaves"));
            }
            let slot = match self.open.iter().position(Option::is_none) {
                Some(slot) => slot,
                None => {
                    self.open.push(None);
                    self.open.len() - 1
                }
            };
            match opened.next_place() {
                Some(place) => {
                    self.order.push(Reverse((place, slot)));
                    self.open[slot] = Some((target, opened));
                }
                None => self.bytes -= opened.len(),
            }
        }
        Ok(())
    }

    fn record(&mut self) -> Result<Moment, Error> {
        let gone = || Error::damaged("a chunk is gone");
        let Reverse((_, slot)) = self.order.pop().ok_or_else(gone)?;
        let (target, opened) = self.open[slot].as_mut().ok_or_else(gone)?;
        let entry = opened.next()?.ok_or_else(gone)?;
        let value = self.decoder.decode(entry.xml).map_err(Error::damaged)?;
        let record = Record { target: *target, stream: entry.stream, value, terminating: entry.terminating };
        let at = timestamp(entry.at)?;
        match opened.next_place() {
            Some(place) => self.order.push(Reverse((place, slot))),
            None => {
                self.bytes -= opened.len();
                self.open[slot] = None;
            }
        }
        Ok((at, RunEventKind::Record(record)))
    }

    fn event(&mut self) -> Result<Moment, Error> {
        let at = timestamp(self.events.get(1)?)?;
        let event: KeptEvent = of_json(&self.events.get::<String>(2)?)?;
        self.events.step()?;
        let kind = event.kind();
        if let RunEventKind::TargetStarted { target, .. }
        | RunEventKind::TargetRunning { target }
        | RunEventKind::AttemptFailed { target, .. } = &kind
        {
            self.target(target.0)?;
        }
        Ok((at, kind))
    }

    fn outcome(&mut self) -> Result<Moment, Error> {
        let at = timestamp(self.outcomes.get(1)?)?;
        let target = self.target(self.outcomes.get(2)?)?;
        let outcome = outcome_of(&self.outcomes.get::<String>(3)?)?;
        let end: KeptEnd = of_json(&self.outcomes.get::<String>(4)?)?;
        self.outcomes.step()?;
        Ok((at, RunEventKind::TargetFinished(end.finished(target, outcome))))
    }

    /// A target of the run: readers look it up without another thought.
    fn target(&self, target: u32) -> Result<TargetId, Error> {
        let target = TargetId(target);
        if target.index() < self.count {
            Ok(target)
        } else {
            Err(Error::damaged(format_args!("the run has no target {}", target.0)))
        }
    }
}
