//! The layout of the file, and the steps from each earlier one to it.

use std::io;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, ffi};

use super::error::Error;

/// The steps; the layout's number is how many of them a file has seen. A step that was released is never changed.
const STEPS: &[&str] = &[
    "
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL UNIQUE,
    begun INTEGER NOT NULL,
    label TEXT,
    title TEXT NOT NULL,
    target_count INTEGER NOT NULL,
    header BLOB NOT NULL,
    targets BLOB NOT NULL
) STRICT;
CREATE TABLE parts (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    begun INTEGER NOT NULL,
    last INTEGER,
    ended INTEGER,
    summary TEXT,
    PRIMARY KEY (run, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE outcomes (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    target INTEGER NOT NULL,
    place INTEGER NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run, target)
) STRICT, WITHOUT ROWID;
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    target INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    records INTEGER NOT NULL,
    size INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE INDEX chunks_in_order ON chunks (run, first);
",
    "
ALTER TABLE runs ADD COLUMN imported INTEGER;
",
    "
ALTER TABLE runs ADD COLUMN closed INTEGER;
",
    // Of a bundle alone: a store changes.
    "
ALTER TABLE runs ADD COLUMN checksum BLOB;
",
    OF_STORE,
];

/// What is nothing of a run's: a bundle has none of it.
const OF_STORE: &str = "
CREATE TABLE text_refusals (
    address TEXT NOT NULL,
    configuration TEXT NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (address, configuration)
) STRICT, WITHOUT ROWID;
";

/// The number of the present layout.
pub(super) const LAYOUT: i64 = STEPS.len() as i64;

/// Marks the file as ours (`PRAGMA application_id`): "psfl".
pub(super) const APPLICATION: i64 = 0x7073_666C;

/// What is copied of a run, each table with its columns but the number of the run, and the order of its rows.
pub(super) const TABLES: [(&str, &str, &str); 4] = [
    ("parts", "first, begun, last, ended, summary", "first"),
    ("events", "place, at, data", "place"),
    ("outcomes", "target, place, at, outcome, data", "target"),
    ("chunks", "target, first, last, records, size, data", "first, id"),
];

/// What is copied of the run's own row.
pub(super) const RUN: &str = "run, begun, label, title, target_count, header, targets";

/// Why a file cannot be used as a store.
pub(super) enum Unusable {
    Newer(i64),
    /// It cannot be changed to the present layout, either.
    Older(i64),
    /// Nothing was ever written to it, nor can be now.
    Empty,
    Foreign(String),
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Unusable {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ffi::ErrorCode::NotADatabase | ffi::ErrorCode::DatabaseCorrupt) => Self::Foreign(error.to_string()),
            _ => Self::Sql(error),
        }
    }
}

impl Unusable {
    pub(super) fn of(self, path: &Path) -> Error {
        let path = path.to_owned();
        match self {
            Self::Newer(found) => Error::Newer { path, found, known: LAYOUT },
            Self::Older(found) => {
                let what = format!("it is of an older psfleet (layout {found}), and cannot be written to change that");
                Error::Folder { path, cause: io::Error::other(what) }
            }
            Self::Empty => {
                let what = "it was begun and never filled, as happens on a full disk, and cannot be written now";
                Error::Folder { path, cause: io::Error::other(what) }
            }
            Self::Foreign(what) => Error::NotAStore { path, what },
            Self::Sql(error) => Error::Sql(error),
        }
    }
}

/// Sets the connection up, and brings the file to the present layout.
pub(super) fn prepare(db: &mut Connection) -> Result<(), Unusable> {
    // Before the first table only: so what is removed can be given back to the system.
    db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // A start and an outcome outlive a loss of power.
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    if version(db)? == LAYOUT {
        return check_owner(db);
    }
    // Two processes may come to a new file at once.
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&change)?;
    if found == 0 {
        if !is_empty(&change)? {
            return Err(Unusable::Foreign("it has tables of something else".to_owned()));
        }
        change.pragma_update(None, "application_id", APPLICATION)?;
    } else {
        check_owner(&change)?;
    }
    let missing = usize::try_from(found).ok().and_then(|found| STEPS.get(found..)).ok_or(Unusable::Newer(found))?;
    for step in missing {
        change.execute_batch(step)?;
    }
    change.pragma_update(None, "user_version", LAYOUT)?;
    change.commit()?;
    Ok(())
}

/// Looks whether a file that is only read has the present layout.
pub(super) fn check(db: &Connection) -> Result<(), Unusable> {
    let found = version(db)?;
    if found == 0 && is_empty(db)? {
        return Err(Unusable::Empty);
    }
    check_owner(db)?;
    match found {
        LAYOUT => Ok(()),
        ..LAYOUT => Err(Unusable::Older(found)),
        _ => Err(Unusable::Newer(found)),
    }
}

/// Makes the tables of the present layout in an empty file: those of a bundle.
pub(super) fn create(db: &Connection) -> Result<(), rusqlite::Error> {
    create_until(db, LAYOUT)?;
    db.pragma_update(None, "application_id", APPLICATION)?;
    db.pragma_update(None, "user_version", LAYOUT)
}

/// Makes the tables of a layout that a bundle may have.
pub(super) fn create_until(db: &Connection, layout: i64) -> Result<(), rusqlite::Error> {
    let mut steps = STEPS.iter().zip(0..layout).filter(|(step, _)| **step != OF_STORE);
    steps.try_for_each(|(step, _)| db.execute_batch(step))
}

fn version(db: &Connection) -> Result<i64, rusqlite::Error> {
    db.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn is_empty(db: &Connection) -> Result<bool, rusqlite::Error> {
    db.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

fn check_owner(db: &Connection) -> Result<(), Unusable> {
    let owner: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if owner == APPLICATION { Ok(()) } else { Err(Unusable::Foreign("it belongs to another program".to_owned())) }
}
