//! A store that cannot be written, and is read as it is.

use std::io;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use url::Url;

use super::error::Error;
use super::{FILE, Store, own, schema};

impl Store {
    /// Opens a store that is there, without a byte that is written in its folder.
    pub(super) fn read_only(folder: &Path) -> Result<Self, Error> {
        let folder = std::path::absolute(folder).map_err(|cause| Error::Folder { path: folder.to_owned(), cause })?;
        let path = folder.join(FILE);
        let failed = |cause| Error::Folder { path: path.clone(), cause };
        own::existing(&folder).and_then(|()| own::existing(&path)).map_err(failed)?;
        let address = |how: &str| {
            let mut address = Url::from_file_path(&path).ok()?;
            address.set_query(Some(how));
            Some(address.to_string())
        };
        // The file is read together with those beside it that have what was written last. Without them it is whole, and
        // SQLite would make them: unless it is told that nobody changes it.
        let beside = path.with_extension("db-wal");
        let is_whole = std::fs::metadata(beside).map_or(true, |found| found.len() == 0);
        let how = if is_whole { "mode=ro&immutable=1" } else { "mode=ro" };
        let unnamed = || io::Error::new(io::ErrorKind::InvalidFilename, "SQLite takes no such name of a file");
        let place = address(how).ok_or_else(unnamed).map_err(failed)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(&place, flags).map_err(schema::Unusable::from);
        let db = opened.and_then(|db| schema::check(&db).map(|()| db)).map_err(|error| match error {
            schema::Unusable::Sql(_) if !is_whole => failed(io::Error::other(
                "it cannot be written, and what was written last stands beside it and cannot be read so: copy the folder \
                 to where it can be written",
            )),
            error => error.of(&path),
        })?;
        Ok(Self { db, folder, place: place.into() })
    }
}
