//! Folders by their handles: what a path leads to can change between two looks, what a handle stands for cannot.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{self as system, AtFlags, FileType, Mode, OFlags, RawMode, Stat};
use rustix::io::Errno;
use rustix::process::{geteuid, umask};

use super::{no_part, no_way, taken};
use crate::copy::cause::Cause;

/// A handle on a folder. On Linux it asks for no right to list it, as a path asks for none.
#[cfg(any(target_os = "linux", target_os = "android"))]
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// No link is followed, no pipe waited for, and no terminal taken.
const ITSELF: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder {
    handle: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// The folder that the user named, made with those above it if it is not there. Links on the way are the user's
    /// own.
    ///
    /// # Errors
    /// It cannot be made or opened.
    pub(crate) fn named(path: &Path) -> Result<Self, Cause> {
        let here = |error: io::Error| Cause::here(path, &error);
        std::fs::create_dir_all(path).map_err(here)?;
        let own = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let handle = system::open(own, FOLDER, Mode::empty()).map_err(|error| here(error.into()))?;
        Ok(Self { handle, path: path.to_owned() })
    }

    /// A folder in this one, made if it is not there.
    ///
    /// # Errors
    /// It cannot be made or opened, or is a link or a file.
    pub(crate) fn enter(&self, name: &str) -> Result<Self, Cause> {
        let open = || system::openat(&self.handle, name, FOLDER | OFlags::NOFOLLOW, Mode::empty());
        let opened = match open() {
            Err(Errno::NOENT) => match system::mkdirat(&self.handle, name, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => open(),
                Err(error) => Err(error),
            },
            opened => opened,
        };
        match opened {
            Ok(handle) => Ok(Self { handle, path: self.path.join(name) }),
            Err(error @ (Errno::LOOP | Errno::NOTDIR | Errno::MLINK)) => Err(match self.look(name)? {
                Some(found) if is(&found, FileType::Symlink) => no_way(self.path.join(name), "a symbolic link"),
                Some(_) => taken(self.path.join(name), "a file"),
                None => self.here(name, error),
            }),
            Err(error) => Err(self.here(name, error)),
        }
    }

    /// What an earlier try has left under a name, to be read and written; `None` if nothing is there.
    ///
    /// # Errors
    /// It cannot be opened, or is not what we can have left: a link, a folder, a pipe, a file of somebody else or one
    /// that has other names.
    pub(crate) fn part(&self, name: &str) -> Result<Option<File>, Cause> {
        let refuse = |what| Err(no_part(self.path.join(name), what));
        // Looked at first, as opening a device may do something by itself.
        match self.look(name)?.map(|found| oddity(&found)) {
            None => return Ok(None),
            Some(Some(what)) => return refuse(what),
            Some(None) => {}
        }
        let file = match system::openat(&self.handle, name, OFlags::RDWR | ITSELF, Mode::empty()) {
            Ok(handle) => handle,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::MLINK) => return refuse("a symbolic link"),
            Err(error) => return Err(self.here(name, error)),
        };
        // And once more, as it may be another one by now.
        let found = system::fstat(&file).map_err(|error| self.here(name, error))?;
        match oddity(&found) {
            Some(what) => refuse(what),
            None => Ok(Some(file.into())),
        }
    }

    /// Makes a file that nobody else may read, where nothing may be yet.
    ///
    /// # Errors
    /// It cannot be made, or something is there.
    pub(crate) fn create(&self, name: &str) -> Result<File, Cause> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | ITSELF;
        match system::openat(&self.handle, name, flags, Mode::from_raw_mode(0o600)) {
            Ok(handle) => Ok(handle.into()),
            Err(Errno::EXIST) => Err(no_part(self.path.join(name), "something new")),
            Err(error) => Err(self.here(name, error)),
        }
    }

    /// A file to be read; `None` if there is none.
    pub(crate) fn file(&self, name: &str) -> Option<File> {
        let found = self.look(name).ok()?.filter(|found| is(found, FileType::RegularFile));
        found
            .and_then(|_| system::openat(&self.handle, name, OFlags::RDONLY | ITSELF, Mode::empty()).ok())
            .map(File::from)
    }

    /// Gives a file that is here another name, which whatever has that name loses.
    ///
    /// # Errors
    /// It cannot be, or what has its name is not this file.
    pub(crate) fn rename(&self, file: &File, from: &str, to: &str) -> Result<(), Cause> {
        let own = system::fstat(file).map_err(|error| self.here(from, error))?;
        let is_own = |found: &Stat| (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino);
        if !self.look(from)?.is_some_and(|found| is_own(&found)) {
            return Err(no_part(self.path.join(from), "something new"));
        }
        match system::renameat(&self.handle, from, &self.handle, to) {
            Ok(()) => Ok(()),
            Err(Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST) => Err(taken(self.path.join(to), "a folder")),
            Err(error) => Err(self.here(to, error)),
        }
    }

    /// Removes what has a name, unless it is a folder.
    pub(crate) fn remove(&self, name: &str) {
        // What cannot be removed is cut off by the next try.
        let _ = system::unlinkat(&self.handle, name, AtFlags::empty());
    }

    /// What has a name, itself.
    fn look(&self, name: &str) -> Result<Option<Stat>, Cause> {
        match system::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(found)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.here(name, error)),
        }
    }

    fn here(&self, name: &str, error: Errno) -> Cause {
        Cause::here(&self.path.join(name), &error.into())
    }
}

fn is(found: &Stat, kind: FileType) -> bool {
    FileType::from_raw_mode(found.st_mode as RawMode) == kind
}

/// Why this is not what we can have left, if it is not.
fn oddity(found: &Stat) -> Option<&'static str> {
    match FileType::from_raw_mode(found.st_mode as RawMode) {
        FileType::RegularFile if found.st_uid != geteuid().as_raw() => Some("a file of another user"),
        FileType::RegularFile if found.st_nlink > 1 => Some("a file with further names (hard links)"),
        FileType::RegularFile => None,
        FileType::Symlink => Some("a symbolic link"),
        FileType::Directory => Some("a folder"),
        _ => Some("a pipe, a socket or a device"),
    }
}

/// Gives a file the permissions that it has on a host, or those of any new file: of either, what our umask leaves, and
/// never more than reading, writing and running.
///
/// # Errors
/// The file system does not take them.
pub(crate) fn permissions(file: &File, mode: Option<u32>) -> io::Result<()> {
    let mode = mode.unwrap_or(0o666) & 0o777;
    let mode = Mode::from_bits_truncate(mode as RawMode).difference(mask());
    Ok(system::fchmod(file, mode)?)
}

/// What files that we make are not to allow.
fn mask() -> Mode {
    static MASK: OnceLock<Mode> = OnceLock::new();
    *MASK.get_or_init(|| {
        // Only by setting it can it be asked for. A file that another thread makes right now is not open to others.
        let mask = umask(Mode::from_raw_mode(0o077));
        umask(mask);
        mask
    })
}
