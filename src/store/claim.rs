//! Who is at work on a run: one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::error::Error;
use super::named::Named;

/// The folder of the locks, in the state folder.
const FOLDER: &str = "at-work";

/// The right to work on a run, for as long as this is kept: the system takes it back when the process ends, however
/// that happens.
#[derive(Debug)]
pub struct Claim {
    /// Locked.
    file: File,
    path: PathBuf,
    name: Named,
}

impl Claim {
    /// Claims a run.
    ///
    /// # Errors
    /// Another process has it, or the lock cannot be made.
    pub(super) fn take(folder: &Path, run: Uuid) -> Result<Self, Error> {
        let path = place(folder, run);
        let made = || {
            super::own::folder(&folder.join(FOLDER))?;
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(&path)
        };
        loop {
            let file = made().map_err(|cause| Error::Folder { path: path.clone(), cause })?;
            match file.try_lock() {
                Ok(()) if is_named(&file, &path) => return Ok(Self { file, name: Named::of(path.clone()), path }),
                // Whoever had it has taken the name away meanwhile: others would find another file.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(Error::AtWork(run.to_string())),
                Err(TryLockError::Error(cause)) => return Err(Error::Folder { path, cause }),
            }
        }
    }

    /// Makes sure that others still find it.
    ///
    /// # Errors
    /// Its file was removed, so that another process may have claimed the run meanwhile.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.name.check()
    }

    /// Whether a process is at work on a run.
    pub(super) fn is_taken(folder: &Path, run: Uuid) -> bool {
        match File::open(place(folder, run)) {
            Ok(file) => matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Where the name cannot be taken away, the file stays, and does no harm. One that is another's is left alone.
        if self.name.check().is_ok() {
            let _ = std::fs::remove_file(&self.path);
        }
        let _ = self.file.unlock();
    }
}

/// Whether a file still has its name.
fn is_named(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let number = |metadata: io::Result<std::fs::Metadata>| metadata.ok().map(|metadata| metadata.ino());
        number(file.metadata()).is_some_and(|ours| number(std::fs::metadata(path)) == Some(ours))
    }
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        true
    }
}

fn place(folder: &Path, run: Uuid) -> PathBuf {
    folder.join(FOLDER).join(run.to_string())
}
