//! What can go wrong with the store.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

use super::FILE;
use crate::error_text;

/// Why the store does not do what was asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The state folder or its file cannot be made or opened.
    #[error("cannot use the store {}: {}; PSFLEET_STATE_DIR names another folder", path.display(), error_text::io(cause))]
    Folder {
        /// The file.
        path: PathBuf,
        /// The system's error, which the message has.
        cause: io::Error,
    },
    /// The file is of a later version of psfleet.
    #[error(
        "the store {} is of a newer psfleet (its layout is {found}, this one knows {known}): update psfleet, or let \
         PSFLEET_STATE_DIR name another folder",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i64,
        /// The latest layout that this version knows.
        known: i64,
    },
    /// The file is not a store, or is damaged.
    #[error(
        "{} is not a store of psfleet, or is damaged ({what}): move it away, or let PSFLEET_STATE_DIR name another \
         folder",
        path.display()
    )]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        what: String,
    },
    /// What SQLite says of a step.
    #[error("the store cannot be used: {}", in_words(.0))]
    Sql(rusqlite::Error),
    /// What is kept of a run cannot be understood.
    #[error("what the store keeps of a run is damaged: {0}; other runs can still be read")]
    Damaged(String),
    /// What was asked for is more than can be held.
    #[error("{0}")]
    TooMany(String),
    /// No run has that name.
    #[error("{0}")]
    NoSuchRun(String),
    /// A file that is to be imported cannot be read, or is not what `export` writes.
    #[error("cannot import {}: {what}", path.display())]
    Bundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The run was made elsewhere.
    #[error("the run {0} was made on another machine and imported: it can only be shown, replayed and compared here")]
    Imported(String),
    /// Another process is at work on the run.
    #[error("another psfleet is at work on the run {0}")]
    AtWork(String),
}

impl From<rusqlite::Error> for Error {
    // It is no source: the message has its words.
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// What SQLite says of the file, and what can be done about one that it cannot read or write.
fn in_words(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => format!(
            "{FILE} in the state folder is damaged ({error}); runs export may still get runs out of it, and once it is \
             moved away a new one is made"
        ),
        Some(ErrorCode::SystemIoFailure) => {
            format!("{FILE} in the state folder cannot be read or written ({error}): the disk, or a limit on files")
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
            format!("{FILE} in the state folder cannot be written ({error}): PSFLEET_STATE_DIR names another folder")
        }
        Some(ErrorCode::DiskFull) => format!(
            "the disk of the state folder is full ({error}): make room there, or let PSFLEET_STATE_DIR name a folder elsewhere"
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => format!(
            "another program holds {FILE} in the state folder ({error}): end it, a backup or a browser of databases \
             perhaps, and try again"
        ),
        _ => format!("{FILE} in the state folder: {error}"),
    }
}

impl Error {
    /// Whether the store may be there and fine, and only cannot be written.
    pub(super) fn is_unwritable(&self) -> bool {
        match self {
            Self::Folder { cause, .. } => {
                matches!(cause.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
            }
            Self::Sql(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::ReadOnly
                        | ErrorCode::CannotOpen
                        | ErrorCode::PermissionDenied
                        | ErrorCode::DiskFull
                        | ErrorCode::SystemIoFailure
                )
            ),
            _ => false,
        }
    }

    /// What is kept of a run cannot be understood.
    pub(super) fn damaged(what: impl std::fmt::Display) -> Self {
        Self::Damaged(what.to_string())
    }
}
