//! Who else could have written a file: what others can write decides nothing on its own.

use std::io;
use std::path::Path;

/// How somebody else than us and root could have written a file, or put it or a link to it into its place, as the end
/// of a sentence; `None` if nobody could.
///
/// Every folder and every link on the way is looked at. A folder with the sticky bit (`/tmp`) may be open to all: what
/// is ours in it stays. Access lists that give others the right to write show in the bits of the group.
///
/// # Errors
/// The system's own, where a file or a folder on the way is missing or closed to us.
#[cfg(unix)]
pub(super) fn exposure(path: &Path) -> io::Result<Option<String>> {
    unix::Walk::new(path)?.exposure()
}

/// Other systems: access lists are not read, so nothing counts as exposed. On Windows a psfleet.toml in a folder that
/// others may write (such as one below `C:\`) is trusted; profile folders, where it belongs, are private by default.
///
/// # Errors
/// The system's own, where the file is missing or closed to us.
#[cfg(not(unix))]
pub(super) fn exposure(path: &Path) -> io::Result<Option<String>> {
    path.metadata().map(|_| None)
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsString;
    use std::fs::Metadata;
    use std::io;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Component, Path, PathBuf};

    use crate::local_user;

    /// As many links on one way as Linux follows.
    const MAX_LINKS: usize = 40;
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;

    /// The way from the root to a file, as the system would resolve it.
    pub(super) struct Walk {
        us: Option<u32>,
        here: PathBuf,
        /// What is still to come, the next one last.
        rest: Vec<OsString>,
        links: usize,
    }

    impl Walk {
        /// # Errors
        /// There is no current folder.
        pub(super) fn new(path: &Path) -> io::Result<Self> {
            let mut walk = Self { us: local_user::id(), here: PathBuf::new(), rest: Vec::new(), links: 0 };
            walk.go(&std::path::absolute(path)?);
            Ok(walk)
        }

        /// # Errors
        /// What could not be looked at.
        pub(super) fn exposure(mut self) -> io::Result<Option<String>> {
            if let found @ Some(_) = self.look(Path::new("/"))? {
                return Ok(found);
            }
            while let Some(name) = self.rest.pop() {
                if name == ".." {
                    self.here.pop();
                    continue;
                }
                let next = self.here.join(name);
                if let found @ Some(_) = self.look(&next)? {
                    return Ok(found);
                }
                match std::fs::read_link(&next) {
                    Ok(target) => self.go(&target),
                    Err(_) => self.here = next,
                }
                if self.links > MAX_LINKS {
                    return Ok(Some("too many links lead to it".to_owned()));
                }
            }
            Ok(None)
        }

        /// Goes on with a path, from the root if it is absolute.
        fn go(&mut self, path: &Path) {
            self.links += 1;
            for component in path.components().rev() {
                match component {
                    Component::Normal(name) => self.rest.push(name.to_owned()),
                    Component::ParentDir => self.rest.push("..".into()),
                    Component::RootDir | Component::Prefix(_) => self.here = PathBuf::from("/"),
                    Component::CurDir => {}
                }
            }
        }

        /// What is wrong with one folder, link or file.
        fn look(&self, path: &Path) -> io::Result<Option<String>> {
            let shown = path.display();
            let found = path.symlink_metadata()?;
            if found.uid() != 0 && Some(found.uid()) != self.us {
                return Ok(Some(format!("{shown} belongs to another user (uid {})", found.uid())));
            }
            let is_open = !found.is_symlink() && found.mode() & WRITABLE_BY_OTHERS != 0;
            Ok((is_open && !is_sticky(&found))
                .then(|| format!("others can write {shown} (mode {:04o}; chmod go-w {shown})", found.mode() & 0o7777)))
        }
    }

    fn is_sticky(found: &Metadata) -> bool {
        found.is_dir() && found.mode() & STICKY != 0
    }
}
