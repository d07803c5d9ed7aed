//! How long runs are kept.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::params;
use uuid::Uuid;

use crate::outcome::Outcome;
use crate::target::TargetId;

use super::claim::Claim;
use super::error::Error;
use super::event::{KeptEnd, of_json};
use super::find::timestamp;
use super::{Run, State, Store};

/// How long runs are kept: by age and by the room that they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Runs that ended longer ago are removed.
    pub age: Duration,
    /// While the file holds more bytes, its oldest run is removed.
    pub bytes: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { age: Duration::from_secs(90 * 24 * 60 * 60), bytes: 2 << 30 }
    }
}

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pruned {
    /// The runs, the oldest first.
    pub runs: Vec<Run>,
    /// Runs that would have gone, had their hosts not something left of them that nobody has collected.
    pub awaited: Vec<Run>,
    /// Bytes that became free.
    pub bytes: u64,
}

impl Store {
    /// Removes what is older or more than is to be kept. Runs that are at work stay, those of which hosts still keep what
    /// was left running, and `ended`, which has come to its end just now; for want of room, the unfinished ones go last.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn prune(&mut self, retention: Retention, ended: Option<Uuid>, now: Timestamp) -> Result<Pruned, Error> {
        let before = self.bytes()?;
        let mut pruned = Pruned::default();
        self.prune_those(|state| state != State::Unfinished, retention, (ended, now), &mut pruned)?;
        if self.bytes()? > retention.bytes {
            self.prune_those(|_| true, retention, (ended, now), &mut pruned)?;
        }
        pruned.runs.sort_by_key(|run| run.row);
        pruned.bytes = before.saturating_sub(self.bytes()?);
        Ok(pruned)
    }

    /// Removes those that are too old, and of those that may make room as many as that takes.
    fn prune_those(
        &mut self,
        makes_room: fn(State) -> bool,
        retention: Retention,
        (ended, now): (Option<Uuid>, Timestamp),
        pruned: &mut Pruned,
    ) -> Result<(), Error> {
        let mut before_it = 0;
        while let Some(run) = self.oldest_after(before_it)? {
            before_it = run.row;
            // What is old elsewhere is new here.
            let end = run.imported.unwrap_or(run.ended.unwrap_or(run.begun));
            let is_old = is_older(end, retention.age, now);
            let is_full = self.bytes()? > retention.bytes;
            if !is_old && !is_full {
                // One that was resumed lately, or is of a clock that was ahead, keeps nothing that is behind it.
                if !is_older(run.begun, retention.age, now) {
                    break;
                }
                continue;
            }
            let may_go = is_old || makes_room(run.state);
            if !may_go || run.state == State::AtWork || Some(run.id) == ended {
                continue;
            }
            if self.is_awaited(&run, now)? {
                if !pruned.awaited.contains(&run) {
                    pruned.awaited.push(run);
                }
            } else if self.remove(&run)? {
                pruned.runs.push(run);
            }
        }
        Ok(())
    }

    /// Whether hosts still keep what a run left running on them: nobody else could collect it.
    fn is_awaited(&self, run: &Run, now: Timestamp) -> Result<bool, Error> {
        // A host counts from the last client that it had.
        let mut rows = self.db.prepare(
            "SELECT max(at, coalesce((SELECT max(coalesce(ended, begun)) FROM parts WHERE run = ?1), 0)), data
             FROM outcomes WHERE run = ?1 AND outcome = ?2",
        )?;
        let found = rows.query_map(params![run.row, Outcome::Detached.code()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        for row in found {
            let (since, data) = row?;
            // What cannot be read can be collected by nobody.
            let end = of_json::<KeptEnd>(&data).ok().map(|end| end.finished(TargetId(0), Outcome::Detached));
            let Some(left) = end.and_then(|end| end.left) else { continue };
            if !is_older(timestamp(since)?, Duration::from_secs(left.keep_for), now) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes a run; `false` if somebody is at work on it.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn remove(&mut self, run: &Run) -> Result<bool, Error> {
        let _claim = match Claim::take(&self.folder, run.id) {
            Ok(claim) => claim,
            Err(Error::AtWork(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        self.db.execute("DELETE FROM runs WHERE id = ?", [run.row])?;
        let mut step = self.db.prepare("PRAGMA incremental_vacuum")?;
        let mut rows = step.query([])?;
        while rows.next()?.is_some() {}
        Ok(true)
    }

    /// Bytes that the runs take in the file.
    pub(super) fn bytes(&self) -> Result<u64, Error> {
        let number = |name: &str| self.db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, u64>(0));
        Ok((number("page_count")? - number("freelist_count")?) * number("page_size")?)
    }
}

/// Whether a moment is longer ago than this.
fn is_older(moment: Timestamp, age: Duration, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(moment)).is_ok_and(|passed| passed > age)
}
