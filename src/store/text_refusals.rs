//! Endpoints that take no script text, as runs of this store have seen them refuse it.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{TransactionBehavior, params};

use super::Store;
use super::error::Error;
use crate::fleet::EndpointKey;

/// A refusal that is older is forgotten, and seen again if it still holds: asking costs one refused pipeline.
const MOST_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Store {
    /// The endpoints that have refused script text lately.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn text_refusals(&self, now: Timestamp) -> Result<Vec<EndpointKey>, Error> {
        let mut rows =
            self.db.prepare("SELECT address, configuration FROM text_refusals WHERE seen BETWEEN ? AND ?")?;
        let key = |row: &rusqlite::Row<'_>| Ok(EndpointKey { address: row.get(0)?, configuration: row.get(1)? });
        // One of a clock that was ahead would never grow old.
        let keys = rows.query_map(params![(now - MOST_AGE).as_microsecond(), now.as_microsecond()], key)?;
        Ok(keys.collect::<Result<_, _>>()?)
    }

    /// Keeps what a run has seen: `true` for endpoints that refused text, `false` for those that do so no more.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn note_text_refusals(&mut self, seen: &[(EndpointKey, bool)], now: Timestamp) -> Result<(), Error> {
        if seen.is_empty() {
            return Ok(());
        }
        let change = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (EndpointKey { address, configuration }, refuses) in seen {
            match refuses {
                true => change.execute(
                    "INSERT OR REPLACE INTO text_refusals VALUES (?, ?, ?)",
                    params![address, configuration, now.as_microsecond()],
                )?,
                false => change.execute(
                    "DELETE FROM text_refusals WHERE address = ? AND configuration = ?",
                    params![address, configuration],
                )?,
            };
        }
        let (oldest, now) = ((now - MOST_AGE).as_microsecond(), now.as_microsecond());
        change.execute("DELETE FROM text_refusals WHERE seen NOT BETWEEN ? AND ?", params![oldest, now])?;
        Ok(change.commit()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str) -> EndpointKey {
        EndpointKey { address: address.to_owned(), configuration: "ops.jea".to_owned() }
    }

    #[test]
    fn refusals_are_kept_until_they_are_old_or_wrong() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let mut store = Store::open(folder.path()).expect("a store");
        let begin = Timestamp::from_second(1_800_000_000).expect("a time");
        let day = |days: u64| begin + Duration::from_secs(days * 24 * 60 * 60);
        store.note_text_refusals(&[(key("one"), true), (key("two"), true)], day(0)).expect("kept");
        assert_eq!(store.text_refusals(day(30)).expect("readable"), [key("one"), key("two")]);
        store.note_text_refusals(&[(key("one"), true), (key("two"), false)], day(20)).expect("kept");
        assert_eq!(store.text_refusals(day(50)).expect("readable"), [key("one")], "seen again on the twentieth day");
        assert_eq!(store.text_refusals(day(51)).expect("readable"), []);
        assert_eq!(store.text_refusals(day(19)).expect("readable"), [], "from a clock that is ahead");
        store.note_text_refusals(&[(key("three"), true)], day(60)).expect("kept");
        let count: i64 = store.db.query_row("SELECT count(*) FROM text_refusals", [], |row| row.get(0)).expect("rows");
        assert_eq!(count, 1, "what is old is removed");
    }
}
