//! The store: every run as data, in one SQLite file of the state folder.
//!
//! A run is kept while it is made. [`Recorder`] is its [`Journal`](crate::fleet::Journal): it has every event before a
//! reader does. So the store is what a run leaves behind whatever happens to this process, and [`Store::replay`] gives
//! the events back as they came.
//!
//! ```text
//! runs ----< parts      the run from start to end, or from a resume to the next end
//!      ----< events     what happened besides records and outcomes
//!      ----< outcomes   one for each target that has one
//!      ----< chunks     records of one target each: CLIXML, compressed
//! text_refusals         endpoints that take no script text, by what runs of this store have seen themselves
//! ```
//!
//! Events, outcomes and records have one numbering, in the order in which they happened. Records are written in chunks
//! that are only appended: a row for each record costs a fleet's interleaved output two orders of magnitude.

mod attempts;
mod checksum;
mod chunk;
mod claim;
mod error;
mod event;
mod export;
mod facts;
mod find;
mod folder;
mod header;
mod import;
mod named;
mod own;
mod part;
mod prune;
mod read_only;
mod recorder;
mod records;
mod replay;
mod schema;
#[cfg(test)]
mod tests;
mod text_refusals;

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction};

pub use attempts::Attempts;
pub use claim::Claim;
pub use error::Error;
pub use export::ExportError;
pub use facts::HostFacts;
pub use find::{Run, State};
pub use folder::state_folder;
pub use header::{Header, TITLE_LENGTH, check_label};
pub use import::Imported;
pub use part::Part;
pub use prune::{Pruned, Retention};
pub use recorder::{Broken, Recorder};
pub use records::ByTarget;
pub use replay::Moment;

/// The store's file in the state folder.
const FILE: &str = "runs.db";

/// How long another process may hold the store before a run takes it for broken: its transactions are short.
const PATIENCE: Duration = Duration::from_secs(30);

/// The runs of one state folder.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    folder: PathBuf,
    /// The file, for a second connection to it: its path, or an address that says how it is opened.
    place: OsString,
}

impl Store {
    /// Opens the store of a state folder, and makes both where they are missing: for this user alone.
    ///
    /// # Errors
    /// A folder or file that cannot be made or opened, a file of a newer version, or one that is no store.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        // The current folder may change before the run is over.
        let folder = &std::path::absolute(folder).map_err(|cause| Error::Folder { path: folder.to_owned(), cause })?;
        let path = folder.join(FILE);
        let failed = |cause| Error::Folder { path: path.clone(), cause };
        own::folder(folder).map_err(|cause| Error::Folder { path: folder.to_owned(), cause })?;
        own::file(&path).map_err(failed)?;
        let opened = || {
            let mut db = Connection::open(&path)?;
            db.busy_timeout(PATIENCE)?;
            schema::prepare(&mut db)?;
            Ok(db)
        };
        let db = opened().map_err(|error: schema::Unusable| error.of(&path))?;
        Ok(Self { db, folder: folder.to_owned(), place: path.into_os_string() })
    }

    /// Opens the store of a state folder to read it. One that cannot be written, on a disk that is full or mounted for
    /// reading alone, is read as it is.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), and that what was written last stands where it cannot be read so.
    pub fn open_to_read(folder: &Path) -> Result<Self, Error> {
        match Self::open(folder) {
            Err(error) if error.is_unwritable() && Self::is_in(folder) => Self::read_only(folder),
            opened => opened,
        }
    }

    /// Whether a state folder has a store already.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// The store as it is now, for several questions that belong together.
    ///
    /// # Errors
    /// The store cannot be read, or there is a view already.
    pub fn view(&self) -> Result<View<'_>, Error> {
        Ok(View(self.db.unchecked_transaction()?))
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }
}

/// One moment of the store: what is read while it lives is what was there when it began, whatever is written or removed
/// meanwhile.
#[derive(Debug)]
pub struct View<'s>(#[expect(dead_code, reason = "SQLite's view ends where this is dropped")] Transaction<'s>);

/// Text that is kept packed. It may come from somebody else's file.
fn unpack(data: &[u8]) -> Result<String, Error> {
    /// Of the largest header and list of targets that we would ever write.
    const MOST: u64 = 1 << 30;
    unpack_up_to(data, MOST)
}

/// Text that is kept packed, with a limit.
fn unpack_up_to(data: &[u8], most: u64) -> Result<String, Error> {
    let mut text = String::new();
    let unpacked = zstd::Decoder::with_buffer(data).and_then(|reader| reader.take(most + 1).read_to_string(&mut text));
    unpacked.map_err(Error::damaged)?;
    match text.len() as u64 > most {
        true => Err(Error::damaged("a header or a list of targets is larger than any run's")),
        false => Ok(text),
    }
}
