//! A file that is known by its name, and whether it is still that file.

use std::io;
use std::path::PathBuf;

use super::error::Error;

/// A file that has this name at first.
#[derive(Debug)]
pub(super) struct Named {
    path: PathBuf,
    number: Option<u64>,
}

impl Named {
    /// The file that has this name now. It is looked at and not opened, for the sake of its locks.
    pub(super) fn of(path: PathBuf) -> Self {
        Self { number: number(&path), path }
    }

    /// Makes sure that the name still leads to it. Where the system does not number files, it cannot be removed while it
    /// is open either.
    ///
    /// # Errors
    /// It was removed, or another file has taken its name.
    pub(super) fn check(&self) -> Result<(), Error> {
        if number(&self.path) == self.number {
            return Ok(());
        }
        let cause = io::Error::other("it was removed while a run was being kept in it");
        Err(Error::Folder { path: self.path.clone(), cause })
    }
}

#[cfg(unix)]
fn number(path: &std::path::Path) -> Option<u64> {
    std::os::unix::fs::MetadataExt::ino(&path.metadata().ok()?).into()
}

#[cfg(not(unix))]
fn number(_: &std::path::Path) -> Option<u64> {
    None
}
