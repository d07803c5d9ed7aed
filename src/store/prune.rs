//! How long runs are kept.

use std::time::Duration;

use jiff::Timestamp;

use super::claim::Claim;
use super::error::Error;
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
    /// Bytes that became free.
    pub bytes: u64,
}

impl Store {
    /// Removes what is older or more than is to be kept; runs that are at work stay.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn prune(&mut self, retention: Retention, now: Timestamp) -> Result<Pruned, Error> {
        let before = self.bytes()?;
        let mut pruned = Pruned::default();
        let mut before_it = 0;
        while let Some(run) = self.oldest_after(before_it)? {
            before_it = run.row;
            // What is old elsewhere is new here.
            let end = run.imported.unwrap_or(run.ended.unwrap_or(run.begun));
            let is_old = Duration::try_from(now.duration_since(end)).is_ok_and(|age| age > retention.age);
            if !is_old && self.bytes()? <= retention.bytes {
                let is_young = Duration::try_from(now.duration_since(run.begun)).is_ok_and(|age| age <= retention.age);
                // One that was resumed lately, or is of a clock that was ahead, keeps nothing that is behind it.
                if is_young {
                    break;
                }
                continue;
            }
            if run.state != State::AtWork && self.remove(&run)? {
                pruned.runs.push(run);
            }
        }
        pruned.bytes = before.saturating_sub(self.bytes()?);
        Ok(pruned)
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
