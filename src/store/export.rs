//! A bundle: one run in a file of its own, which another machine can import.

use std::io;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, params};

use super::error::Error;
use super::schema::{RUN, TABLES};
use super::{Run, Store, checksum, schema};
use crate::error_text;

/// Why a run is not in a file of its own.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store does not give it.
    #[error(transparent)]
    Store(#[from] Error),
    /// The file cannot be written.
    #[error("{}", error_text::io(.0))]
    File(io::Error),
}

impl Store {
    /// Writes a run to an empty file: a store of the same layout, with this run alone and nothing beside it. Records are
    /// packed already.
    ///
    /// # Errors
    /// A process is at work on the run, or a file cannot be read or written.
    pub fn export(&self, run: &Run, file: &Path) -> Result<(), ExportError> {
        self.write_bundle(run, file).map_err(|error| match &error {
            // Nothing is written but the bundle.
            Error::Sql(cause) if cause.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                ExportError::File(io::ErrorKind::StorageFull.into())
            }
            _ => ExportError::Store(error),
        })
    }

    fn write_bundle(&self, run: &Run, file: &Path) -> Result<(), Error> {
        run.at_rest()?;
        let place = self.place.to_str().ok_or_else(|| Error::Folder {
            path: self.path(),
            cause: io::Error::new(io::ErrorKind::InvalidFilename, "SQLite takes no such name of a file"),
        })?;
        let mut db = Connection::open(file)?;
        // Nothing stands beside the file, now or when it is read.
        db.pragma_update(None, "journal_mode", "MEMORY")?;
        schema::create(&db)?;
        db.execute("ATTACH ?1 AS store", [place])?;
        let change = db.transaction()?;
        let sql = format!("INSERT INTO main.runs (id, {RUN}) SELECT 1, {RUN} FROM store.runs WHERE id = ?1");
        if change.execute(&sql, params![run.row])? != 1 {
            return Err(Error::NoSuchRun(format!("the run {} has been removed meanwhile", run.id)));
        }
        for (table, columns, order) in TABLES {
            let sql = format!(
                "INSERT INTO main.{table} (run, {columns}) SELECT 1, {columns} FROM store.{table} WHERE run = ?1
                 ORDER BY {order}"
            );
            change.execute(&sql, params![run.row])?;
        }
        checksum::note(&change)?;
        change.commit()?;
        db.close().map_err(|(_, error)| Error::Sql(error))
    }
}
