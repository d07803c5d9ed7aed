//! Which records of a target count.
//!
//! A target that ran when psfleet was killed may run once more in a later part of the run. What it wrote before is of an
//! attempt that nobody knows the end of; it stays in the file, but its outcome is the later one's, and so are the records
//! that go with it. To collect what was left running is no other attempt: it goes on with the one that was left.

use std::collections::{BTreeMap, HashMap};

use crate::target::TargetId;

use super::error::Error;
use super::{Run, Store};

/// Of which attempts records are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempts {
    /// The last one of each target.
    Last,
    /// All, cut off or not, without a mark.
    All,
}

/// The places where the last attempts begin, of targets that ran in more than one part.
#[derive(Debug, Default)]
pub(super) struct Begins(HashMap<TargetId, u64>);

impl Begins {
    /// Whether a chunk is of the last attempt of its target. No chunk is of two: each part has its own.
    pub(super) fn is_last(&self, target: TargetId, first: u64) -> bool {
        self.0.get(&target).is_none_or(|&begin| begin <= first)
    }
}

impl Store {
    /// Finds out where the attempts begin whose records are wanted.
    pub(super) fn begins(&self, run: &Run, wanted: Attempts) -> Result<Begins, Error> {
        let parts: u64 = self.db.query_row("SELECT count(*) FROM parts WHERE run = ?", [run.row], |row| row.get(0))?;
        if wanted == Attempts::All || parts < 2 {
            return Ok(Begins::default());
        }
        let mut rows = self.db.prepare(
            "SELECT ran, (SELECT coalesce(max(first), 0) FROM parts WHERE run = ?1 AND first <= last_start) FROM
                (SELECT data ->> 'target' AS ran, max(place) AS last_start FROM events
                 WHERE run = ?1 AND data ->> 'type' = 'running' GROUP BY ran HAVING count(*) > 1)",
        )?;
        let found = rows.query_map([run.row], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found
            .map(|row| row.map_err(Error::from).and_then(|(target, begin)| Ok((run.target(target)?, begin))))
            .collect::<Result<_, _>>()
            .map(Begins)
    }

    /// How many records are kept of each target that has any, those of its last attempt.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn records(&self, run: &Run) -> Result<BTreeMap<TargetId, u64>, Error> {
        self.count(run, true)
    }

    /// How many records are kept of attempts before the last one, of each target that has any.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn earlier_records(&self, run: &Run) -> Result<BTreeMap<TargetId, u64>, Error> {
        self.count(run, false)
    }

    fn count(&self, run: &Run, of_last: bool) -> Result<BTreeMap<TargetId, u64>, Error> {
        let begins = self.begins(run, Attempts::Last)?;
        let mut counts = BTreeMap::new();
        let mut rows = self.db.prepare("SELECT target, first, records FROM chunks WHERE run = ?")?;
        for row in rows.query_map([run.row], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, u64>(2)?)))? {
            let (target, first, records) = row?;
            let target = run.target(target)?;
            if begins.is_last(target, first) == of_last {
                let count: &mut u64 = counts.entry(target).or_default();
                *count = count.saturating_add(records);
            }
        }
        Ok(counts)
    }
}
