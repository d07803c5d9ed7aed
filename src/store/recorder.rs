//! The journal of a run: its events on their way into the store.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, OnceLock};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::event::RunEventKind;
use crate::fleet::{Emission, Journal};
use crate::outcome::Outcome;
use crate::target::{TargetId, TargetSnapshot};

use super::chunk::{ENOUGH, Filling, Packed, Packer};
use super::claim::Claim;
use super::error::Error;
use super::event::{KeptEnd, KeptEvent, KeptSummary, to_json};
use super::header::Header;
use super::named::Named;
use super::replay::missing_end;
use super::{Run, State, Store};

/// Bytes of records that wait for their chunks to fill, those of all targets together.
const WAITING: usize = 16 << 20;

/// Bytes of packed chunks that wait for a transaction.
const PACKED: usize = 1 << 20;

/// Keeps a run while it is made.
pub struct Recorder {
    db: Connection,
    /// The run in the file.
    run: i64,
    /// The place of the part's first event.
    first: u64,
    /// The place of the next event.
    next: u64,
    filling: HashMap<TargetId, Filling>,
    /// Bytes in them.
    waiting: usize,
    packer: Packer,
    rows: Vec<Row>,
    /// Bytes of chunks among the rows.
    packed: usize,
    broken: Broken,
    claim: Claim,
    /// The file, which must stay where it is: what is written to one that was removed is kept nowhere.
    file: Named,
}

/// Why a run's journal broke off, if it did.
#[derive(Debug, Clone, Default)]
pub struct Broken(Arc<OnceLock<String>>);

impl Broken {
    /// The cause, in words.
    pub fn why(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// What the next transaction writes.
enum Row {
    Begin { place: u64, at: i64 },
    Event { place: u64, at: i64, data: String },
    Outcome { target: u32, place: u64, at: i64, outcome: &'static str, data: String },
    Chunk { target: u32, chunk: Packed },
    End { place: u64, at: i64, summary: String },
}

impl Store {
    /// Keeps a new run, and makes its journal.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn begin(self, header: &Header, targets: &[TargetSnapshot]) -> Result<Recorder, Error> {
        let claim = Claim::take(&self.folder, header.run)?;
        let mut packer = Packer::new().map_err(Error::damaged)?;
        let mut packed = |json: String| packer.pack(json.as_bytes()).map_err(Error::damaged);
        self.db.execute(
            "INSERT INTO runs (run, begun, label, title, target_count, header, targets, closed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                header.run.to_string(),
                header.begun.as_microsecond(),
                header.label,
                header.title,
                targets.len(),
                packed(to_json(header)?)?,
                packed(to_json(&targets)?)?,
                (!header.goes_on()).then(|| header.begun.as_microsecond()),
            ],
        )?;
        let run = self.db.last_insert_rowid();
        Recorder::new(self.db, run, 1, claim)
    }

    /// Claims a run, so that what is read of it holds until it goes on.
    ///
    /// # Errors
    /// Another process is at work on it, or the lock cannot be made.
    pub fn claim(&self, run: &Run) -> Result<Claim, Error> {
        Claim::take(&self.folder, run.id)
    }

    /// Goes on with a run, and makes the journal of what comes. One that was closed is open again.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn go_on(self, run: &Run, claim: Claim) -> Result<Recorder, Error> {
        let next = self.db.query_row(
            "SELECT 1 + max(
                (SELECT coalesce(max(place), 0) FROM events WHERE run = ?1),
                (SELECT coalesce(max(place), 0) FROM outcomes WHERE run = ?1),
                (SELECT coalesce(max(coalesce(last, first)), 0) FROM parts WHERE run = ?1),
                (SELECT coalesce(max(last), 0) FROM chunks WHERE run = ?1))",
            [run.row],
            |row| row.get(0),
        )?;
        self.db.execute("UPDATE runs SET closed = NULL WHERE id = ? AND closed IS NOT NULL", [run.row])?;
        Recorder::new(self.db, run.row, next, claim)
    }
}

impl Recorder {
    fn new(db: Connection, run: i64, next: u64, claim: Claim) -> Result<Self, Error> {
        let file = Named::of(db.path().unwrap_or_default().into());
        Ok(Self {
            db,
            run,
            first: next,
            next,
            filling: HashMap::new(),
            packer: Packer::new().map_err(Error::damaged)?,
            waiting: 0,
            rows: Vec::new(),
            packed: 0,
            broken: Broken::default(),
            claim,
            file,
        })
    }

    /// Tells later why the journal broke off.
    pub fn broken(&self) -> Broken {
        self.broken.clone()
    }

    /// Notes that nobody knows what became of these targets: they were running when a process ended.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn lose(&mut self, targets: &[TargetId]) -> Result<(), Error> {
        for &target in targets {
            let end = missing_end(target, Some(Outcome::Lost), State::AtWork);
            self.take(&Emission::now(RunEventKind::TargetFinished(end)))?;
        }
        self.write()
    }

    /// Takes an event; whether it must outlive this process before anybody is told.
    fn take(&mut self, event: &Emission) -> Result<bool, Error> {
        let (place, at) = (self.next, event.at.as_microsecond());
        self.next += 1;
        match &event.kind {
            RunEventKind::Record(record) => {
                let filling = self.filling.entry(record.target).or_default();
                let before = filling.len();
                filling.push(place, at, record, &mut self.packer);
                self.waiting += filling.len() - before;
                if filling.len() >= ENOUGH {
                    self.pack(record.target)?;
                }
                return Ok(false);
            }
            RunEventKind::RecordsDue { target } => self.pack(*target)?,
            RunEventKind::RunStarted(_) => {
                // What was lost before stands in front of it.
                self.first = place;
                self.rows.push(Row::Begin { place, at });
            }
            RunEventKind::TargetFinished(end) => {
                self.pack(end.target)?;
                self.filling.remove(&end.target);
                let (target, outcome) = (end.target.0, end.outcome.code());
                self.rows.push(Row::Outcome { target, place, at, outcome, data: to_json(&KeptEnd::from(end))? });
            }
            RunEventKind::RunFinished(summary) => {
                self.pack_all()?;
                let summary = to_json(&KeptSummary::from(&**summary))?;
                self.rows.push(Row::End { place, at, summary });
            }
            kind => {
                if let Some(kept) = KeptEvent::of(kind) {
                    self.rows.push(Row::Event { place, at, data: to_json(&kept)? });
                }
                // Until it runs, nothing has been sent that could have an effect.
                return Ok(!matches!(kind, RunEventKind::TargetStarted { .. }));
            }
        }
        Ok(true)
    }

    fn pack(&mut self, target: TargetId) -> Result<(), Error> {
        let Some(filling) = self.filling.get_mut(&target) else { return Ok(()) };
        self.waiting -= filling.len();
        if let Some(chunk) = filling.pack(&mut self.packer).map_err(Error::damaged)? {
            self.packed += chunk.data.len();
            self.rows.push(Row::Chunk { target: target.0, chunk });
        }
        Ok(())
    }

    fn pack_all(&mut self) -> Result<(), Error> {
        let targets: Vec<TargetId> = self.filling.keys().copied().collect();
        targets.into_iter().try_for_each(|target| self.pack(target))
    }

    fn note_all(&mut self, events: &[Emission]) -> Result<(), Error> {
        let mut lasting = false;
        for event in events {
            lasting |= self.take(event)?;
        }
        if self.waiting > WAITING {
            self.pack_all()?;
        }
        if lasting || self.packed > PACKED { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), Error> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let change = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for row in &self.rows {
            row.write(&change, self.run, self.first)?;
        }
        change.commit()?;
        self.rows.clear();
        self.packed = 0;
        self.file.check()?;
        self.claim.check()
    }

    /// Remembers why it broke off.
    fn told(&self, result: Result<(), Error>) -> io::Result<()> {
        result.map_err(|error| {
            let why = error.to_string();
            let error = io::Error::other(why.clone());
            // The first cause is the one.
            let _ = self.broken.0.set(why);
            error
        })
    }
}

impl Row {
    fn write(&self, change: &Transaction<'_>, run: i64, part: u64) -> rusqlite::Result<()> {
        let written = match self {
            Self::Begin { place, at } => change
                .prepare_cached("INSERT INTO parts (run, first, begun) VALUES (?, ?, ?)")?
                .execute(params![run, place, at]),
            Self::Event { place, at, data } => change
                .prepare_cached("INSERT INTO events (run, place, at, data) VALUES (?, ?, ?, ?)")?
                .execute(params![run, place, at, data]),
            // A target that runs once more, since its user asked for that, has the later outcome.
            Self::Outcome { target, place, at, outcome, data } => change
                .prepare_cached(
                    "INSERT OR REPLACE INTO outcomes (run, target, place, at, outcome, data) VALUES (?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![run, target, place, at, outcome, data]),
            Self::Chunk { target, chunk } => change
                .prepare_cached(
                    "INSERT INTO chunks (run, target, first, last, records, size, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![run, target, chunk.first, chunk.last, chunk.records, chunk.size, chunk.data]),
            Self::End { place, at, summary } => change
                .prepare_cached("UPDATE parts SET last = ?, ended = ?, summary = ? WHERE run = ? AND first = ?")?
                .execute(params![place, at, summary, run, part]),
        };
        written.map(drop)
    }
}

impl Journal for Recorder {
    fn note(&mut self, events: &[Emission]) -> io::Result<()> {
        let noted = self.note_all(events);
        self.told(noted)
    }

    fn keep(&mut self) -> io::Result<()> {
        let kept = self.pack_all().and_then(|()| self.write());
        self.told(kept)
    }

    fn left_running(&self, target: TargetId) -> bool {
        let sql = "SELECT 1 FROM outcomes WHERE run = ? AND target = ? AND outcome = ?";
        let found = self
            .db
            .prepare_cached(sql)
            .and_then(|mut rows| rows.exists(params![self.run, target.0, Outcome::Detached.code()]));
        found.unwrap_or(false)
    }
}
