//! Folders by their paths, where there are no handles to work with.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{no_part, no_way, taken};
use crate::copy::cause::Cause;

/// A folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder that the user named, made with those above it if it is not there. Links on the way are the user's
    /// own.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn named(path: &Path) -> Result<Self, Cause> {
        fs::create_dir_all(path).map_err(|error| Cause::here(path, &error))?;
        Ok(Self { path: path.to_owned() })
    }

    /// A folder in this one, made if it is not there.
    ///
    /// # Errors
    /// It cannot be made, or is a link or a file.
    pub(crate) fn enter(&self, name: &str) -> Result<Self, Cause> {
        let path = self.path.join(name);
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(Cause::here(&path, &error)),
            Ok(()) | Err(_) => {}
        }
        match path.symlink_metadata() {
            Ok(found) if found.is_symlink() => Err(no_way(path, "a link")),
            Ok(found) if !found.is_dir() => Err(taken(path, "a file")),
            Ok(_) => Ok(Self { path }),
            Err(error) => Err(Cause::here(&path, &error)),
        }
    }

    /// What an earlier try has left under a name, to be read and written; `None` if nothing is there.
    ///
    /// # Errors
    /// It cannot be opened, or is a link or a folder.
    pub(crate) fn part(&self, name: &str) -> Result<Option<File>, Cause> {
        let path = self.path.join(name);
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Ok(found) if found.is_symlink() => return Err(no_part(path, "a link")),
            Ok(found) if !found.is_file() => return Err(no_part(path, "a folder")),
            Ok(_) | Err(_) => {}
        }
        let file = OpenOptions::new().read(true).write(true).open(&path);
        file.map(Some).map_err(|error| Cause::here(&path, &error))
    }

    /// Makes a file where nothing may be yet.
    ///
    /// # Errors
    /// It cannot be made, or something is there.
    pub(crate) fn create(&self, name: &str) -> Result<File, Cause> {
        let path = self.path.join(name);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => Ok(file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(no_part(path, "something new")),
            Err(error) => Err(Cause::here(&path, &error)),
        }
    }

    /// A file to be read; `None` if there is none.
    pub(crate) fn file(&self, name: &str) -> Option<File> {
        let path = self.path.join(name);
        let found = path.symlink_metadata().ok().filter(fs::Metadata::is_file);
        found.and_then(|_| File::open(path).ok())
    }

    /// Gives a file that is here another name, which whatever has that name loses.
    ///
    /// # Errors
    /// It cannot be.
    pub(crate) fn rename(&self, _file: &File, from: &str, to: &str) -> Result<(), Cause> {
        let path = self.path.join(to);
        if path.is_dir() {
            return Err(taken(path, "a folder"));
        }
        fs::rename(self.path.join(from), &path).map_err(|error| Cause::here(&path, &error))
    }

    /// Removes what has a name, unless it is a folder.
    pub(crate) fn remove(&self, name: &str) {
        // What cannot be removed is cut off by the next try.
        let _ = fs::remove_file(self.path.join(name));
    }
}

/// Permissions of hosts mean nothing here.
///
/// # Errors
/// None.
pub(crate) fn permissions(_file: &File, _mode: Option<u32>) -> io::Result<()> {
    Ok(())
}
