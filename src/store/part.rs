//! A run from its start to its end, or from a resume to the next end.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use crate::outcome::Reason;

use super::error::Error;
use super::event::{KeptEvent, KeptSummary, of_json};
use super::find::timestamp;
use super::{Run, Store};

/// A part of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// When it began.
    pub begun: Timestamp,
    /// When it ended; `None` if psfleet was killed in its midst, or is at work on it.
    pub ended: Option<Timestamp>,
    /// How long it took, by its own clock: that of the wall may be set meanwhile. `None` where `ended` is.
    pub took: Option<Duration>,
    /// The exit code of its process.
    pub exit_code: Option<u8>,
    /// Why it ended before every target had its turn, with what was said of it.
    pub stopped: Option<(Reason, String)>,
}

/// A part as its row has it.
struct Kept {
    first: u64,
    begun: i64,
    ended: Option<i64>,
    summary: Option<String>,
}

impl Store {
    /// The parts of a run, in their order.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn parts(&self, run: &Run) -> Result<Vec<Part>, Error> {
        let mut rows =
            self.db.prepare("SELECT first, begun, ended, summary FROM parts WHERE run = ? ORDER BY first")?;
        let row = |row: &Row<'_>| {
            Ok(Kept { first: row.get(0)?, begun: row.get(1)?, ended: row.get(2)?, summary: row.get(3)? })
        };
        let rows = rows.query_map([run.row], row)?.collect::<Result<Vec<Kept>, _>>()?;
        let next = rows.iter().skip(1).map(|part| part.first).chain([i64::MAX as u64]);
        let part = |(kept, next): (&Kept, u64)| {
            let summary = kept.summary.as_deref().map(of_json::<KeptSummary>).transpose()?;
            let summary = summary.map(|summary| summary.summary(run.id, run.target_count));
            Ok(Part {
                begun: timestamp(kept.begun)?,
                ended: kept.ended.map(timestamp).transpose()?,
                took: summary.as_ref().map(|summary| summary.duration),
                exit_code: summary.map(|summary| summary.exit_code()),
                stopped: self.stopped(run, kept.first, next)?,
            })
        };
        rows.iter().zip(next).map(part).collect()
    }

    /// What first ended a part between these places early.
    fn stopped(&self, run: &Run, first: u64, next: u64) -> Result<Option<(Reason, String)>, Error> {
        let found = self
            .db
            .query_row(
                "SELECT data FROM events WHERE run = ? AND place >= ? AND place < ?
                 AND data ->> 'type' IN ('closed', 'stopping') ORDER BY place LIMIT 1",
                params![run.row, first, next],
                |row| row.get::<_, String>(0),
            )
            .optional()?;
        Ok(match found.as_deref().map(of_json).transpose()? {
            Some(KeptEvent::Closed { reason, message, .. }) => Some((reason, message)),
            Some(KeptEvent::Stopping { reason: Reason::Deadline }) => {
                Some((Reason::Deadline, "the deadline passed".to_owned()))
            }
            Some(KeptEvent::Stopping { reason }) => Some((reason, "it was interrupted".to_owned())),
            _ => None,
        })
    }
}
