//! The records of a run by target, where the order among targets does not count.

use std::collections::HashMap;

use rusqlite::OptionalExtension;

use crate::clixml::{Decoder, Limits};
use crate::record::Record;
use crate::stream::Stream;
use crate::target::TargetId;

use super::attempts::Attempts;
use super::chunk::Opened;
use super::error::Error;
use super::{Run, Store};

/// The records of a run, one target at a time: one chunk is open at once, however many records there are.
pub struct ByTarget<'s> {
    store: &'s Store,
    /// The rows of each target's chunks, in order.
    chunks: HashMap<TargetId, Vec<i64>>,
    decoder: Decoder,
}

impl Store {
    /// Finds out where the records of each target stand, those of its last attempt.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn by_target(&self, run: &Run) -> Result<ByTarget<'_>, Error> {
        let begins = self.begins(run, Attempts::Last)?;
        let mut rows = self.db.prepare("SELECT target, id, first FROM chunks WHERE run = ? ORDER BY first")?;
        let mut chunks: HashMap<TargetId, Vec<i64>> = HashMap::new();
        for row in rows.query_map([run.row], |row| Ok((TargetId(row.get(0)?), row.get(1)?, row.get(2)?)))? {
            let (target, chunk, first) = row?;
            if begins.is_last(target, first) {
                chunks.entry(target).or_default().push(chunk);
            }
        }
        Ok(ByTarget { store: self, chunks, decoder: Decoder::new(Limits::OF_KEPT) })
    }
}

impl ByTarget<'_> {
    /// The records of a target that are on one of these streams, in order, each with the bytes of its CLIXML. `each` says whether it
    /// wants more.
    ///
    /// # Errors
    /// The store cannot be read, or the run has been removed meanwhile.
    pub fn of(
        &mut self,
        target: TargetId,
        streams: &[Stream],
        mut each: impl FnMut(Record, usize) -> bool,
    ) -> Result<(), Error> {
        let mut chunk = self.store.db.prepare_cached("SELECT first, data FROM chunks WHERE id = ?")?;
        for row in self.chunks.get(&target).into_iter().flatten() {
            let found = chunk.query_row([row], |row| Ok((row.get::<_, u64>(0)?, row.get::<_, Vec<u8>>(1)?)));
            let (first, data) =
                found.optional()?.ok_or_else(|| Error::damaged("a chunk is gone; was the run removed meanwhile?"))?;
            let mut opened = Opened::new(first, &data)?;
            while let Some(entry) = opened.next()? {
                if !streams.contains(&entry.stream) {
                    continue;
                }
                let value = self.decoder.decode(entry.xml).map_err(Error::damaged)?;
                let record = Record { target, stream: entry.stream, value, terminating: entry.terminating };
                if !each(record, entry.xml.len()) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
