//! Runs by their names, and what is known of each without its records.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use uuid::Uuid;

use crate::event::Finished;
use crate::left_shell::LeftShell;
use crate::nearest::did_you_mean;
use crate::outcome::{Counts, Outcome};
use crate::target::{TargetId, TargetSnapshot};

use super::claim::Claim;
use super::error::Error;
use super::event::{KeptEnd, KeptSummary, of_json};
use super::header::Header;
use super::{Store, unpack};

/// The most recent run.
const LAST: &str = "last";

/// A run of the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its row in the file.
    pub(super) row: i64,
    /// Its id.
    pub id: Uuid,
    /// When it began.
    pub begun: Timestamp,
    /// When its last part ended, if that has ended.
    pub ended: Option<Timestamp>,
    /// How long its parts took by their own clocks, those that have ended.
    pub took: Option<Duration>,
    /// The name that its user gave it.
    pub label: Option<String>,
    /// What it does, in one line.
    pub title: String,
    /// All its targets.
    pub target_count: u64,
    /// Those of them that have an outcome, by it.
    pub counts: Counts,
    /// Whether it is done.
    pub state: State,
    /// The exit code of its last part, if that has ended.
    pub exit_code: Option<u8>,
    /// When it was imported, if it was made elsewhere: it is shown and compared, but never gone on with.
    pub imported: Option<Timestamp>,
}

impl Run {
    /// Refuses a run that was imported: what it says to do was said by somebody else.
    ///
    /// # Errors
    /// It was.
    pub fn made_here(&self) -> Result<(), Error> {
        if self.imported.is_none() { Ok(()) } else { Err(Error::Imported(self.id.to_string())) }
    }

    /// Refuses a run on which a process is at work: the turn of hosts that have not started may come at any moment.
    ///
    /// # Errors
    /// One is.
    pub fn at_rest(&self) -> Result<(), Error> {
        if self.state == State::AtWork { Err(Error::AtWork(self.id.to_string())) } else { Ok(()) }
    }

    /// A target of the run: others look it up without another thought.
    pub(super) fn target(&self, target: u32) -> Result<TargetId, Error> {
        if u64::from(target) < self.target_count {
            Ok(TargetId(target))
        } else {
            Err(Error::damaged(format_args!("the run {} has no target {target}", self.id)))
        }
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A process is at work on it.
    AtWork,
    /// Some of its targets have not run: it can be resumed.
    Unfinished,
    /// Every target has run.
    Done,
    /// Every target has had its turn, and what was left running on some can be collected.
    LeftRunning,
    /// Targets that have not run are left alone, as somebody has said.
    Closed,
    /// How it ended cannot be read.
    Damaged,
}

impl State {
    /// The state in a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::AtWork => "running",
            Self::Unfinished => "unfinished",
            Self::Done => "done",
            Self::LeftRunning => "left running",
            Self::Closed => "closed",
            Self::Damaged => "damaged",
        }
    }
}

/// The targets of a run that have begun to run, or were attached to, behind their last outcome if they have one.
const STARTED: &str = "
WITH started AS (
    SELECT data ->> 'target' AS ran, max(place) AS last_start FROM events
    WHERE run = ?1 AND data ->> 'type' = 'running' GROUP BY ran
)
SELECT ran FROM started LEFT JOIN outcomes ON run = ?1 AND target = ran
WHERE last_start > coalesce(place, 0) AND outcome
";

impl Store {
    /// All runs, the most recent one first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn runs(&self) -> Result<Vec<Run>, Error> {
        let mut rows = self.db.prepare("SELECT * FROM runs ORDER BY id DESC")?;
        let found = rows.query_map([], bare)?.collect::<Result<Vec<Bare>, _>>()?;
        found.into_iter().map(|bare| self.complete(bare)).collect()
    }

    /// The run of a name: `last`, `last~1` for the one before (of those made here), a label, or the begin of an id that
    /// no other has.
    ///
    /// # Errors
    /// No run, or more than one, has that name.
    pub fn find(&self, name: &str) -> Result<Run, Error> {
        if let Some(back) = steps_back(name) {
            let found = self
                .bare("SELECT * FROM runs WHERE imported IS NULL ORDER BY id DESC LIMIT 1 OFFSET ?", params![back])?;
            return match found.into_iter().next() {
                Some(bare) => self.complete(bare),
                None => Err(Error::NoSuchRun(self.no_run_back(back)?)),
            };
        }
        // A bundle may be labelled like another run's id.
        if let Some(run) = name.parse().ok().map(|id| self.with_id(id)).transpose()?.flatten() {
            return Ok(run);
        }
        let labelled = self
            .bare("SELECT * FROM runs WHERE label = ? ORDER BY imported IS NOT NULL, id DESC LIMIT 1", params![name])?;
        if let Some(bare) = labelled.into_iter().next() {
            return self.complete(bare);
        }
        let begin = name.to_ascii_lowercase();
        let is_begin = !begin.is_empty() && begin.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        let mut found = match is_begin {
            true => {
                self.bare("SELECT * FROM runs WHERE substr(run, 1, length(?1)) = ?1 ORDER BY id DESC", params![begin])?
            }
            false => Vec::new(),
        };
        match found.len() {
            1 => self.complete(found.remove(0)),
            0 => Err(Error::NoSuchRun(self.unknown(name)?)),
            _ => Err(Error::NoSuchRun(ambiguous(name, &found))),
        }
    }

    /// The run of an id.
    pub(super) fn with_id(&self, id: Uuid) -> Result<Option<Run>, Error> {
        let found = self.bare("SELECT * FROM runs WHERE run = ?", params![id.to_string()])?;
        found.into_iter().next().map(|bare| self.complete(bare)).transpose()
    }

    /// The most recent run of which some targets have not run, and on which nobody is at work; with `or_lost` also one of
    /// which some are lost.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub fn last_unfinished(&self, or_lost: bool) -> Result<Run, Error> {
        let mut rows = self.db.prepare("SELECT * FROM runs WHERE imported IS NULL ORDER BY id DESC")?;
        let mut at_work = None;
        for bare in rows.query_map([], bare)? {
            let run = self.complete(bare?)?;
            match run.state {
                State::Unfinished => return Ok(run),
                State::AtWork => at_work = at_work.or(Some(run.id)),
                State::Done | State::LeftRunning if or_lost && run.counts.of(Outcome::Lost) > 0 => return Ok(run),
                _ => {}
            }
        }
        Err(Error::NoSuchRun(match at_work {
            Some(id) => format!("no run is unfinished but {id}, on which another psfleet is at work"),
            None => "no run is unfinished: there is nothing to resume".to_owned(),
        }))
    }

    /// Leaves the rest of a run alone from now on: it is not what [`last_unfinished`](Self::last_unfinished) gives. Whether
    /// that changes anything.
    ///
    /// # Errors
    /// The run was made elsewhere, a process is at work on it, or the store cannot be written.
    pub fn close(&self, run: &Run, now: Timestamp) -> Result<bool, Error> {
        run.made_here()?;
        let is_open = matches!(run.state, State::Unfinished | State::AtWork);
        if is_open {
            let _claim = self.claim(run)?;
            self.db.execute("UPDATE runs SET closed = ?1 WHERE id = ?2", params![now.as_microsecond(), run.row])?;
        }
        Ok(is_open)
    }

    /// The oldest run behind a row of the file.
    pub(super) fn oldest_after(&self, row: i64) -> Result<Option<Run>, Error> {
        let found = self.bare("SELECT * FROM runs WHERE id > ? ORDER BY id LIMIT 1", params![row])?;
        found.into_iter().next().map(|bare| self.complete(bare)).transpose()
    }

    /// What was known of a run before its first target started.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn header(&self, run: &Run) -> Result<Header, Error> {
        let data: Vec<u8> = self.db.query_row("SELECT header FROM runs WHERE id = ?", [run.row], |row| row.get(0))?;
        of_json(&unpack(&data)?)
    }

    /// The targets of a run, in its order.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn targets(&self, run: &Run) -> Result<Vec<TargetSnapshot>, Error> {
        let data: Vec<u8> = self.db.query_row("SELECT targets FROM runs WHERE id = ?", [run.row], |row| row.get(0))?;
        of_json(&unpack(&data)?)
    }

    /// What became of each target of which that is known: its outcome, or that it is lost. Others have not run.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn ends(&self, run: &Run) -> Result<BTreeMap<TargetId, Outcome>, Error> {
        let mut found = self.outcomes(run)?;
        // What runs now has a process that waits for it.
        if run.state != State::AtWork {
            found.extend(self.lost(run)?.into_iter().map(|target| (target, Outcome::Lost)));
        }
        Ok(found)
    }

    /// The outcomes that were noted.
    fn outcomes(&self, run: &Run) -> Result<BTreeMap<TargetId, Outcome>, Error> {
        let mut rows = self.db.prepare("SELECT target, outcome FROM outcomes WHERE run = ?")?;
        let mut found = BTreeMap::new();
        for row in rows.query_map([run.row], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?)))? {
            let (target, outcome) = row?;
            found.insert(run.target(target)?, outcome_of(&outcome)?);
        }
        Ok(found)
    }

    /// The ends of the targets that were left running, with how to attach to them.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn left(&self, run: &Run) -> Result<Vec<Finished>, Error> {
        let mut rows =
            self.db.prepare("SELECT target, data FROM outcomes WHERE run = ? AND outcome = ? ORDER BY target")?;
        let found = rows.query_map(params![run.row, Outcome::Detached.code()], |row| {
            Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?))
        })?;
        let finished = |row: rusqlite::Result<(u32, String)>| {
            let (target, data) = row?;
            Ok(of_json::<KeptEnd>(&data)?.finished(run.target(target)?, Outcome::Detached))
        };
        found.map(finished).collect()
    }

    /// The targets that were left running and to which somebody who collected had attached when that broke off: what they
    /// had handed out last may not be kept, and they have it no more.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn left_unclear(&self, run: &Run) -> Result<BTreeSet<TargetId>, Error> {
        let mut rows = self.db.prepare(&format!("{STARTED} IS ?2"))?;
        let found = rows.query_map(params![run.row, Outcome::Detached.code()], |row| row.get(0))?;
        found.map(|target| run.target(target?)).collect()
    }

    /// What all runs left running and have not collected, with the run.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn left_by_all(&self) -> Result<Vec<(Uuid, LeftShell)>, Error> {
        let mut rows = self.db.prepare(
            "SELECT runs.run, data FROM outcomes JOIN runs ON runs.id = outcomes.run WHERE outcome = ? ORDER BY runs.id",
        )?;
        let found =
            rows.query_map([Outcome::Detached.code()], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let mut left = Vec::new();
        for row in found {
            let (run, data) = row?;
            let run: Uuid = run.parse().map_err(Error::damaged)?;
            let end = of_json::<KeptEnd>(&data)?.finished(TargetId(0), Outcome::Detached);
            left.extend(end.left.map(|shell| (run, *shell)));
        }
        Ok(left)
    }

    /// The most recent run of which targets were left running, and on which nobody is at work.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub fn last_left(&self) -> Result<Run, Error> {
        let sql = "SELECT * FROM runs WHERE EXISTS (SELECT 1 FROM outcomes WHERE run = runs.id AND outcome = ?)
                   ORDER BY id DESC";
        let mut at_work = None;
        for bare in self.bare(sql, [Outcome::Detached.code()])? {
            let run = self.complete(bare)?;
            match run.state {
                State::AtWork => at_work = at_work.or(Some(run.id)),
                _ => return Ok(run),
            }
        }
        Err(Error::NoSuchRun(match at_work {
            Some(id) => format!("nothing was left running but by the run {id}, on which another psfleet is at work"),
            None => "nothing was left running: psfleet run --detach does that".to_owned(),
        }))
    }

    /// The targets that may have run and have no outcome of that: a process ended in their midst. An outcome from before
    /// they ran, such as `not_started`, says nothing of it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn lost(&self, run: &Run) -> Result<Vec<TargetId>, Error> {
        // What was left running is that still, whoever attached to it.
        let mut rows = self.db.prepare(&format!("{STARTED} IS NOT ?2 ORDER BY ran"))?;
        let found = rows.query_map(params![run.row, Outcome::Detached.code()], |row| row.get(0))?;
        found.map(|target| run.target(target?)).collect()
    }

    fn bare(&self, sql: &str, given: impl rusqlite::Params) -> Result<Vec<Bare>, Error> {
        Ok(self.db.prepare(sql)?.query_map(given, bare)?.collect::<Result<_, _>>()?)
    }

    fn complete(&self, bare: Bare) -> Result<Run, Error> {
        let Bare { row, id, begun, label, title, target_count, imported, is_closed } = bare;
        let imported = imported.map(timestamp).transpose()?;
        let id: Uuid = id.parse().map_err(Error::damaged)?;
        let part = self
            .db
            .query_row("SELECT ended, summary FROM parts WHERE run = ? ORDER BY first DESC LIMIT 1", [row], |row| {
                Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<String>>(1)?))
            })
            .optional()?;
        let (ended, summary) = part.unwrap_or_default();
        // Not by the time of day, which may be set meanwhile.
        let took = self.db.query_row(
            "SELECT CASE WHEN count(ended) > 0
             THEN total(CASE WHEN json_valid(summary) THEN summary ->> 'micros' END) END FROM parts WHERE run = ?",
            [row],
            |row| row.get::<_, Option<f64>>(0),
        )?;
        let took = took.map(|micros| Duration::from_micros(micros as u64));
        let (begun, ended) = (timestamp(begun)?, ended.map(timestamp).transpose()?);
        let summary = summary.as_deref().map(of_json::<KeptSummary>).transpose();
        // One run that cannot be read does not hide the others.
        let (summary, is_damaged) = summary.map_or((None, true), |summary| (summary, false));
        let summary = summary.map(|summary| summary.summary(id, target_count));
        let state = match is_damaged {
            true => State::Damaged,
            false if Claim::is_taken(&self.folder, id) => State::AtWork,
            false => State::Unfinished,
        };
        let exit_code = summary.as_ref().map(|summary| summary.exit_code());
        let counts = Counts::default();
        let mut run =
            Run { row, id, begun, ended, took, label, title, target_count, counts, state, exit_code, imported };
        let known = match summary {
            Some(summary) => Ok((summary.counts, 0)),
            None => self.known(&run),
        };
        let mut lost = 0;
        match known {
            Ok(known) => (run.counts, lost) = known,
            Err(Error::Damaged(_)) => run.state = State::Damaged,
            Err(error) => return Err(error),
        }
        let had_turn: u64 = run.counts.iter().filter(|(outcome, _)| outcome.had_turn()).map(|(_, count)| count).sum();
        // What is lost and not noted as such is left to a resume, which notes it.
        if run.state == State::Unfinished && had_turn >= target_count + lost {
            let is_left = run.counts.iter().any(|(outcome, count)| outcome == Outcome::Detached && count > 0);
            run.state = if is_left { State::LeftRunning } else { State::Done };
        } else if run.state == State::Unfinished && is_closed {
            run.state = State::Closed;
        }
        Ok(run)
    }

    /// Of a run without an end: its targets by what became of them, and how many of the lost ones are not noted as such.
    fn known(&self, run: &Run) -> Result<(Counts, u64), Error> {
        let mut counts = Counts::default();
        self.ends(run)?.values().for_each(|&outcome| counts.add(outcome));
        if run.state != State::AtWork {
            counts.add_many(Outcome::NotStarted, run.target_count.saturating_sub(counts.total()));
        }
        Ok((counts, self.lost(run)?.len() as u64))
    }

    fn no_run_back(&self, back: u64) -> Result<String, Error> {
        let count: u64 = self.db.query_row("SELECT count(*) FROM runs WHERE imported IS NULL", [], |row| row.get(0))?;
        let imported: u64 =
            self.db.query_row("SELECT count(*) FROM runs WHERE imported IS NOT NULL", [], |row| row.get(0))?;
        Ok(match count {
            0 if imported > 0 => format!(
                "no run that was made here is kept in {}; name one of the {imported} that were imported by its label or id \
                 (psfleet runs ls)",
                self.path().display()
            ),
            0 => format!("no run is kept in {}", self.path().display()),
            _ => format!("{LAST}~{back} is before the first run: {count} are kept in {}", self.path().display()),
        })
    }

    fn unknown(&self, name: &str) -> Result<String, Error> {
        let mut rows = self.db.prepare("SELECT DISTINCT label FROM runs WHERE label IS NOT NULL")?;
        let labels = rows.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
        let near =
            did_you_mean(name, labels.iter().map(String::as_str)).map(|near| format!("; {near}")).unwrap_or_default();
        Ok(format!(
            "no run is called '{name}'{near}; give last, last~1, a label or the begin of an id (psfleet runs ls)"
        ))
    }
}

/// A run as its row has it.
struct Bare {
    row: i64,
    id: String,
    begun: i64,
    label: Option<String>,
    title: String,
    target_count: u64,
    imported: Option<i64>,
    is_closed: bool,
}

fn bare(row: &Row<'_>) -> rusqlite::Result<Bare> {
    Ok(Bare {
        row: row.get("id")?,
        id: row.get("run")?,
        begun: row.get("begun")?,
        label: row.get("label")?,
        title: row.get("title")?,
        target_count: row.get("target_count")?,
        imported: row.get("imported")?,
        is_closed: row.get::<_, Option<i64>>("closed")?.is_some(),
    })
}

/// How many runs before the last one a name means, if it is such a name.
fn steps_back(name: &str) -> Option<u64> {
    let rest = name.strip_prefix(LAST)?;
    if rest.is_empty() { Some(0) } else { rest.strip_prefix('~')?.parse().ok() }
}

fn ambiguous(name: &str, found: &[Bare]) -> String {
    const SHOWN: usize = 4;
    let mut text = format!("'{name}' is the begin of {} runs:", found.len());
    for run in found.iter().take(SHOWN) {
        let _ = write!(text, " {}", run.id);
    }
    if found.len() > SHOWN {
        text.push_str(" ...");
    }
    text
}

pub(super) fn outcome_of(code: &str) -> Result<Outcome, Error> {
    let known = Outcome::ALL.iter().copied().find(|outcome| outcome.code() == code);
    known.ok_or_else(|| Error::damaged(format_args!("'{code}' is not an outcome")))
}

pub(super) fn timestamp(micros: i64) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(micros).map_err(Error::damaged)
}
