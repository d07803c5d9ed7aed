//! A store that cannot be written, and is read as it is.

use std::io;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use url::Url;

use super::error::Error;
use super::{FILE, Store, own, schema};

impl Store {
    /// Whether [`open`](Self::open) could be had; nothing is made or changed for that.
    ///
    /// # Errors
    /// Those of it, but for a disk without room for a new file.
    pub fn rehearse(folder: &Path) -> Result<(), Error> {
        let folder = std::path::absolute(folder).map_err(|cause| Error::Folder { path: folder.to_owned(), cause })?;
        let path = folder.join(FILE);
        let there = match folder.try_exists() {
            Ok(true) => own::existing(&folder).map(|()| folder.as_path()),
            // It would be made in the first one above that is there.
            Ok(false) => Ok(folder.ancestors().find(|above| above.exists()).unwrap_or(&folder)),
            Err(error) => Err(error),
        };
        let there = there.and_then(|there| if there.is_dir() { Ok(there) } else { Err(not_a_folder()) });
        there.and_then(writable).map_err(|cause| Error::Folder { path: folder.clone(), cause })?;
        match path.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => return Ok(()),
            Ok(found) if found.is_file() => writable(&path),
            // It says what is wrong, and makes nothing where something is.
            _ => own::file(&path),
        }
        .map_err(|cause| Error::Folder { path: path.clone(), cause })?;
        let place = AsItIs::of(&path).map_err(|cause| Error::Folder { path: path.clone(), cause })?;
        match place.connect().map(drop) {
            // Whoever writes brings it to the present layout.
            Ok(()) | Err(schema::Unusable::Older(_) | schema::Unusable::Empty) => Ok(()),
            Err(error) => Err(error.of(&path)),
        }
    }

    /// Opens a store that is there, without a byte that is written in its folder.
    pub(super) fn read_only(folder: &Path) -> Result<Self, Error> {
        let folder = std::path::absolute(folder).map_err(|cause| Error::Folder { path: folder.to_owned(), cause })?;
        let path = folder.join(FILE);
        let failed = |cause| Error::Folder { path: path.clone(), cause };
        own::existing(&folder).and_then(|()| own::existing(&path)).map_err(failed)?;
        let place = AsItIs::of(&path).map_err(failed)?;
        let db = place.connect().map_err(|error| match error {
            schema::Unusable::Sql(_) if !place.is_whole => failed(io::Error::other(
                "it cannot be written, and what was written last stands beside it and cannot be read so: copy the folder \
                 to where it can be written",
            )),
            error => error.of(&path),
        })?;
        Ok(Self { db, folder, place: place.address.into() })
    }
}

/// A file that is only read.
struct AsItIs {
    /// For SQLite.
    address: String,
    /// Nothing stands beside the file that belongs to it.
    is_whole: bool,
}

impl AsItIs {
    fn of(path: &Path) -> io::Result<Self> {
        // The file is read together with those beside it that have what was written last. Without them it is whole, and
        // SQLite would make them: unless it is told that nobody changes it.
        let beside = path.with_extension("db-wal");
        let is_whole = std::fs::metadata(beside).map_or(true, |found| found.len() == 0);
        let unnamed = |()| io::Error::new(io::ErrorKind::InvalidFilename, "SQLite takes no such name of a file");
        let mut address = Url::from_file_path(path).map_err(unnamed)?;
        address.set_query(Some(if is_whole { "mode=ro&immutable=1" } else { "mode=ro" }));
        Ok(Self { address: address.to_string(), is_whole })
    }

    /// Opens it, if it has the present layout.
    fn connect(&self) -> Result<Connection, schema::Unusable> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&self.address, flags)?;
        schema::check(&db).map(|()| db)
    }
}

fn not_a_folder() -> io::Error {
    io::ErrorKind::NotADirectory.into()
}

/// Refuses what this user cannot write.
#[cfg(unix)]
fn writable(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(path, rustix::fs::Access::WRITE_OK)?)
}

/// Other systems: only writing itself shows it.
#[cfg(not(unix))]
fn writable(_: &Path) -> io::Result<()> {
    Ok(())
}
