//! What a push sends: the files that names and patterns on this machine stand for.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use tokio::sync::OnceCell;

use super::hash;
use crate::error_text;

/// .NET's ticks (100 ns since the year 1) at the epoch of Unix.
const EPOCH: i64 = 621_355_968_000_000_000;

/// One file to send.
#[derive(Debug)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// Its place below the destination, part by part: the host joins them.
    pub parts: Vec<String>,
    /// Its length in bytes when it was looked up.
    pub size: u64,
    /// When it was changed last, in .NET's ticks (UTC).
    pub modified: i64,
    /// Its permission bits, where this machine has them.
    pub mode: Option<u32>,
    digest: OnceCell<String>,
}

/// Everything that one push sends.
#[derive(Debug, Default)]
pub struct Selection {
    /// Folders to make, parents first.
    pub folders: Vec<Vec<String>>,
    /// Files, in a stable order.
    pub files: Vec<Source>,
    /// What was left out, in words.
    pub left_out: Vec<String>,
}

/// What is wrong with a pattern. The library has a closed list of mistakes, but shows them as text alone.
fn mistake(cause: &glob::PatternError) -> &'static str {
    match cause.msg {
        text if text.starts_with("wildcards are") => "three '*' in a row mean nothing; '**' matches all folders below",
        text if text.starts_with("recursive wildcards") => "'**' must stand alone between two '/'",
        _ => "a '[' begins a set that is not valid; '[[]' is the character itself",
    }
}

/// Why files to send cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// Nothing is there.
    #[error("{0}: no such file or folder")]
    Missing(String),
    /// The pattern matches nothing.
    #[error("{0}: no file matches this pattern")]
    NoMatch(String),
    /// The pattern is none.
    #[error("{pattern}: the pattern is not valid at character {}: {}", cause.pos + 1, mistake(cause))]
    Pattern {
        /// As typed.
        pattern: String,
        /// What is wrong with it.
        cause: glob::PatternError,
    },
    /// It cannot be read.
    #[error("{}: {}", path.display(), error_text::io(cause))]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A folder without leave to copy folders.
    #[error("{}: is a folder; copy folders with --recurse", .0.display())]
    Folder(PathBuf),
    /// A device, a pipe or a socket.
    #[error("{}: is not a regular file", .0.display())]
    Special(PathBuf),
    /// A name that is not text.
    #[error("{}: the name is not valid Unicode, which PowerShell cannot send", .0.display())]
    Name(PathBuf),
    /// Two files for one place.
    #[error("{} and {} would both become {name}", one.display(), other.display())]
    Twice {
        /// The first.
        one: PathBuf,
        /// The second.
        other: PathBuf,
        /// Their place below the destination.
        name: String,
    },
}

impl Selection {
    /// Finds what names and patterns (`*`, `?`, `[...]`) stand for; an existing name is itself, brackets and all.
    ///
    /// # Errors
    /// Something is not there, cannot be read or cannot be sent.
    pub fn find(patterns: &[String], recurse: bool) -> Result<Self, SelectionError> {
        let mut found = Self::default();
        for pattern in patterns {
            for path in expand(pattern)? {
                found.add(&path, recurse)?;
            }
        }
        found.check()?;
        Ok(found)
    }

    /// Bytes in all.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Digits that are others once a file has come or gone, or what is in one has changed. Reads all of them; what is
    /// sent later is what was read now, or is refused.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn fingerprint(&self) -> Result<String, SelectionError> {
        let mut hash = hash::new();
        self.folders.iter().for_each(|parts| hash.update(format!("{}\0\0\n", parts.join("\0")).as_bytes()));
        for file in &self.files {
            let unreadable = |cause| SelectionError::Unreadable { path: file.path.clone(), cause };
            let digest = file.sha256_now().map_err(unreadable)?;
            hash.update(format!("{}\0\0{digest}\n", file.parts.join("\0")).as_bytes());
        }
        Ok(hash::finish(hash))
    }

    fn add(&mut self, path: &Path, recurse: bool) -> Result<(), SelectionError> {
        let unreadable = |cause| SelectionError::Unreadable { path: path.to_owned(), cause };
        let metadata = fs::metadata(path).map_err(unreadable)?;
        // `.` and `..` have a name only once they are resolved.
        let name = match path.file_name() {
            Some(name) => name.to_owned(),
            None => fs::canonicalize(path).map_err(unreadable)?.file_name().unwrap_or_default().to_owned(),
        };
        let name = name.into_string().map_err(|_| SelectionError::Name(path.to_owned()))?;
        if metadata.is_file() {
            self.files.push(Source::new(path.to_owned(), vec![name], &metadata));
        } else if !metadata.is_dir() {
            return Err(SelectionError::Special(path.to_owned()));
        } else if !recurse {
            return Err(SelectionError::Folder(path.to_owned()));
        } else {
            let parts = if name.is_empty() { Vec::new() } else { vec![name] };
            self.walk(path.to_owned(), parts)?;
        }
        Ok(())
    }

    /// Everything below a folder. Links to folders are left out: one that leads back would never end.
    fn walk(&mut self, folder: PathBuf, parts: Vec<String>) -> Result<(), SelectionError> {
        let mut open = vec![(folder, parts)];
        while let Some((folder, parts)) = open.pop() {
            if !parts.is_empty() {
                self.folders.push(parts.clone());
            }
            let unreadable = |cause| SelectionError::Unreadable { path: folder.clone(), cause };
            let entries: Result<Vec<_>, _> = fs::read_dir(&folder).map_err(unreadable)?.collect();
            let mut paths: Vec<_> = entries.map_err(unreadable)?.into_iter().map(|entry| entry.path()).collect();
            paths.sort();
            let mut below = Vec::new();
            for path in paths {
                let unreadable = |cause| SelectionError::Unreadable { path: path.clone(), cause };
                let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
                let parts = match name {
                    Some(name) => [parts.as_slice(), &[name]].concat(),
                    None => return Err(SelectionError::Name(path)),
                };
                let is_link = path.is_symlink();
                match fs::metadata(&path).map_err(unreadable) {
                    Ok(metadata) if metadata.is_file() => self.files.push(Source::new(path, parts, &metadata)),
                    Ok(metadata) if metadata.is_dir() && !is_link => below.push((path, parts)),
                    Ok(_) => {
                        self.left_out.push(format!("{}: a link to a folder, or not a regular file", path.display()))
                    }
                    Err(_) if is_link => self.left_out.push(format!("{}: a link to nothing", path.display())),
                    Err(error) => return Err(error),
                }
            }
            open.extend(below.into_iter().rev());
        }
        Ok(())
    }

    fn check(&self) -> Result<(), SelectionError> {
        let mut places = HashMap::new();
        for file in &self.files {
            if let Some(one) = places.insert(&file.parts, &file.path) {
                let (one, other) = (one.clone(), file.path.clone());
                return Err(SelectionError::Twice { one, other, name: file.parts.join("/") });
            }
        }
        Ok(())
    }
}

fn expand(pattern: &str) -> Result<Vec<PathBuf>, SelectionError> {
    let literal = Path::new(pattern);
    if literal.symlink_metadata().is_ok() {
        return Ok(vec![literal.to_owned()]);
    }
    if !pattern.contains(['*', '?', '[']) {
        return Err(SelectionError::Missing(pattern.to_owned()));
    }
    let paths = glob::glob(pattern).map_err(|cause| SelectionError::Pattern { pattern: pattern.to_owned(), cause })?;
    let found: Result<Vec<_>, _> = paths.collect();
    let found = found.map_err(|error| {
        let path = error.path().to_owned();
        SelectionError::Unreadable { path, cause: error.into() }
    })?;
    if found.is_empty() { Err(SelectionError::NoMatch(pattern.to_owned())) } else { Ok(found) }
}

impl Source {
    fn new(path: PathBuf, parts: Vec<String>, metadata: &Metadata) -> Self {
        let digest = OnceCell::new();
        Self { path, parts, size: metadata.len(), modified: modified(metadata), mode: mode(metadata), digest }
    }

    /// The SHA-256 of its content in hexadecimal, read once for all hosts.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn sha256(&self) -> io::Result<&str> {
        let digest = || async { Ok(hash::finish(hash::prefix(&self.path, self.size).await?)) };
        self.digest.get_or_try_init(digest).await.map(String::as_str)
    }

    /// The same, before there is anybody whom that could hold up.
    fn sha256_now(&self) -> io::Result<String> {
        let digest = hash::finish(hash::beginning(fs::File::open(&self.path)?, self.size)?);
        // Whoever has it already has read it before.
        let _ = self.digest.set(digest.clone());
        Ok(digest)
    }

    /// Its last part: the name.
    pub fn name(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }
}

fn modified(metadata: &Metadata) -> i64 {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    EPOCH.saturating_add(i64::try_from(since.as_nanos() / 100).unwrap_or(0))
}

/// The time of .NET's ticks, if it is one.
pub(super) fn time(ticks: i64) -> Option<std::time::SystemTime> {
    let since = u64::try_from(ticks.checked_sub(EPOCH)?).ok()?;
    UNIX_EPOCH.checked_add(std::time::Duration::new(since / 10_000_000, u32::try_from(since % 10_000_000).ok()? * 100))
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::{EPOCH, Selection, SelectionError, time};

    fn names(selection: &Selection) -> Vec<String> {
        selection.files.iter().map(|file| file.parts.join("/")).collect()
    }

    fn find(folder: &std::path::Path, patterns: &[&str], recurse: bool) -> Result<Selection, SelectionError> {
        let patterns: Vec<_> = patterns.iter().map(|name| folder.join(name).display().to_string()).collect();
        Selection::find(&patterns, recurse)
    }

    #[test]
    fn names_patterns_and_folders_become_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("d/e/empty")).expect("folders");
        for name in ["a[1].txt", "a1.txt", "b.log", "d/x", "d/e/y"] {
            std::fs::write(at(name), name).expect("a file");
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("d"), at("d/e/back")).expect("a link");
        // An existing name is no pattern.
        assert_eq!(names(&find(folder.path(), &["a[1].txt"], false).expect("found")), ["a[1].txt"]);
        assert_eq!(
            names(&find(folder.path(), &["*.txt", "b.log"], false).expect("found")),
            ["a1.txt", "a[1].txt", "b.log"]
        );
        let all = find(folder.path(), &["d"], true).expect("found");
        assert_eq!(names(&all), ["d/x", "d/e/y"]);
        assert_eq!(all.folders, [vec!["d"], vec!["d", "e"], vec!["d", "e", "empty"]]);
        assert_eq!((all.left_out.len(), all.size()), (usize::from(cfg!(unix)), 8));
    }

    #[test]
    fn digits_tell_contents_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |text: &str, seconds| {
            let path = folder.path().join("a");
            std::fs::write(&path, text).expect("written");
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            std::fs::File::options().append(true).open(path).expect("ours").set_modified(time).expect("set");
        };
        let digits = || find(folder.path(), &["a"], false).expect("found").fingerprint().expect("readable");
        write("one", 1);
        let before = digits();
        write("one", 2);
        assert_eq!(digits(), before, "touched");
        write("two", 1);
        assert_ne!(digits(), before, "of the same size and time");
    }

    #[test]
    fn what_cannot_be_sent_is_said_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("d")).expect("folders");
        for name in ["a", "d/a"] {
            std::fs::write(at(name), name).expect("a file");
        }
        assert!(matches!(find(folder.path(), &["none"], false), Err(SelectionError::Missing(_))));
        assert!(matches!(find(folder.path(), &["*.none"], false), Err(SelectionError::NoMatch(_))));
        assert!(matches!(find(folder.path(), &["d"], false), Err(SelectionError::Folder(_))));
        assert!(matches!(find(folder.path(), &["a", "d/a"], false), Err(SelectionError::Twice { .. })));
        assert!(matches!(Selection::find(&["/dev/null".to_owned()], true), Err(SelectionError::Special(_))));
    }

    #[test]
    fn ticks_are_times() {
        assert_eq!(
            time(EPOCH + 10_000_001).expect("a time").duration_since(std::time::UNIX_EPOCH).expect("later"),
            std::time::Duration::new(1, 100)
        );
        assert_eq!((time(0), time(i64::MIN)), (None, None));
    }
}
