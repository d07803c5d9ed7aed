//! Files: a tree drawn from the seed, and what scripts changed on it.

mod draw;
mod text;

use std::sync::Arc;

use jiff::Timestamp;

use super::tree::{Changes, Merged, Named, key, split};
use super::{Disk, Machine, Service};
use text::LogText;

/// A file or folder.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name in the case that it was made with.
    pub name: Arc<str>,
    /// Size in bytes; 0 for folders.
    pub size: u64,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last written.
    pub written: Timestamp,
    /// When it was last read.
    pub accessed: Timestamp,
    /// The bits of `System.IO.FileAttributes`.
    pub attributes: u32,
    content: Content,
}

/// The bits of `System.IO.FileAttributes` that files here have.
pub mod attribute {
    /// Must not be written.
    pub const READ_ONLY: u32 = 1;
    /// Hidden.
    pub const HIDDEN: u32 = 2;
    /// The system's own.
    pub const SYSTEM: u32 = 4;
    /// A folder.
    pub const DIRECTORY: u32 = 16;
    /// Changed since the last backup.
    pub const ARCHIVE: u32 = 32;
}

#[derive(Debug, Clone)]
enum Content {
    Folder,
    /// A folder that nobody may look into.
    Locked,
    Text(&'static str),
    Log(LogText),
    /// Bytes that nobody reads: programs, databases, dumps.
    Blob(u64),
    /// Written by a script.
    Bytes(Arc<[u8]>),
}

/// Why a file could not be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileError {
    /// No such file or folder.
    NotFound,
    /// The folder of the path does not exist.
    NoFolder,
    /// There is something of this name.
    Exists,
    /// Read-only.
    Denied,
    /// In use by the system.
    InUse,
    /// The drive has no space left, or the sandbox keeps no more for this host.
    NoSpace,
    /// Drawn bytes that the sandbox does not make.
    NotDrawn,
    /// Its path is longer than Windows PowerShell takes.
    TooLong,
}

/// What a host keeps of files that scripts wrote.
const MAX_BYTES: usize = 8 << 20;
/// Changes that a host keeps.
const MAX_CHANGES: usize = 20_000;
/// Characters of a path that are too many for Windows PowerShell 5.1 (MAX_PATH).
const MAX_PATH: usize = 260;
/// The biggest drawn file whose bytes are made.
const MAX_READ: u64 = 16 << 20;
const CLUSTER: u64 = 4096;

impl Named for File {
    fn name(&self) -> &str {
        &self.name
    }
}

impl File {
    fn new(name: &str, time: Timestamp, attributes: u32, content: Content) -> Self {
        let size = match &content {
            Content::Text(text) => text.len() as u64,
            Content::Log(log) => log.size(),
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Folder | Content::Locked | Content::Blob(_) => 0,
        };
        Self { name: name.into(), size, created: time, written: time, accessed: time, attributes, content }
    }

    fn folder(name: &str, time: Timestamp) -> Self {
        Self::new(name, time, attribute::DIRECTORY, Content::Folder)
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.has(attribute::DIRECTORY)
    }

    /// Whether nobody may look into it.
    pub fn is_locked(&self) -> bool {
        matches!(self.content, Content::Locked)
    }

    /// Whether an attribute is set.
    pub fn has(&self, attribute: u32) -> bool {
        self.attributes & attribute != 0
    }

    /// Whether the system keeps it open.
    fn is_in_use(&self) -> bool {
        self.has(attribute::SYSTEM) && !self.is_folder() && &*self.name != "desktop.ini"
    }

    fn space(&self) -> u64 {
        self.size.div_ceil(CLUSTER) * CLUSTER
    }

    /// The bytes that a host keeps of it.
    fn kept(&self) -> usize {
        if let Content::Bytes(bytes) = &self.content { bytes.len() } else { 0 }
    }

    /// Its bytes.
    ///
    /// # Errors
    /// [`FileError::NotDrawn`] for programs, databases and other files whose bytes mean nothing here.
    pub fn bytes(&self) -> Result<Arc<[u8]>, FileError> {
        match &self.content {
            Content::Text(text) => Ok(text.as_bytes().into()),
            Content::Log(log) if self.size <= MAX_READ => Ok(log.text().into_bytes().into()),
            Content::Bytes(bytes) => Ok(Arc::clone(bytes)),
            _ => Err(FileError::NotDrawn),
        }
    }

    /// A number for the bytes that are not made: equal for copies.
    pub fn fingerprint(&self) -> u64 {
        if let Content::Blob(seed) = self.content { seed } else { 0 }
    }
}

/// A host's files at a moment.
pub struct Files(Merged<File>);

impl Files {
    /// The file or folder of a path such as `C:\Windows`.
    pub fn find(&self, path: &str) -> Option<&File> {
        self.0.find(path)
    }

    /// What is in a folder, by name.
    pub fn children(&self, folder: &str) -> Vec<&File> {
        self.0.children(folder)
    }

    /// The space that a path takes with all that is in it.
    fn space(&self, path: &str) -> u64 {
        let mut sum = self.find(path).map_or(0, File::space);
        self.0.below(path, &mut |_, file| sum += file.space());
        sum
    }
}

/// What scripts changed of a host's files.
#[derive(Debug, Clone, Default)]
pub(super) struct FileChanges {
    changes: Arc<Changes<File>>,
    /// By how much less is free on a drive, by its letter.
    used: Vec<(char, i64)>,
    /// What scripts wrote.
    bytes: usize,
}

impl FileChanges {
    fn use_space(&mut self, path: &str, by: i64) {
        let Some(letter) = path.chars().next().map(|letter| letter.to_ascii_uppercase()) else { return };
        match self.used.iter_mut().find(|(other, _)| *other == letter) {
            Some((_, used)) => *used += by,
            None => self.used.push((letter, by)),
        }
    }

    fn used_on(&self, id: &str) -> i64 {
        self.used.iter().find(|(letter, _)| id.starts_with(*letter)).map_or(0, |(_, used)| *used)
    }

    fn is_full(&self, more: usize) -> bool {
        self.changes.len() >= MAX_CHANGES || self.bytes + more > MAX_BYTES
    }

    /// Puts a file where another one with so many bytes of scripts may be.
    fn put(&mut self, path: &str, file: File, old: usize) {
        self.bytes = self.bytes.saturating_sub(old) + file.kept();
        Arc::make_mut(&mut self.changes).put(path, file);
    }

    fn remove(&mut self, path: &str, is_drawn: bool) {
        let removed = Arc::make_mut(&mut self.changes).remove(path, is_drawn);
        self.bytes = self.bytes.saturating_sub(removed.iter().map(File::kept).sum());
    }
}

/// Programs of the system belong to TrustedInstaller, and nobody else changes them.
fn is_system_program(path: &str) -> bool {
    let path = key(path);
    let ends = [".exe", ".dll", ".sys", ".drv", ".cpl", ".nls"];
    path.starts_with("c:\\windows\\") && ends.iter().any(|end| path.ends_with(end))
}

/// Files of a database, which its server keeps open.
fn is_database(path: &str) -> bool {
    let path = key(path);
    path.contains("\\mssql\\") && [".mdf", ".ndf", ".ldf"].iter().any(|end| path.ends_with(end))
}

impl Machine {
    /// Why a file that is there cannot be written, moved or removed now.
    fn refusal(&self, files: &Files, path: &str, file: &File) -> Option<FileError> {
        let is_drawn = || files.0.drawn.find(path).is_some();
        if file.is_in_use() || file.is_locked() {
            Some(FileError::InUse)
        } else if file.is_folder() {
            None
        } else if is_system_program(path) && is_drawn() {
            Some(FileError::Denied)
        } else {
            let is_served = |service: &Service| service.is_active() && service.is_named("MSSQLSERVER");
            let is_open = is_database(path) && is_drawn() && self.services().iter().any(is_served);
            is_open.then_some(FileError::InUse)
        }
    }

    /// Its drives, with what scripts wrote and removed. At a start Windows mends what waits for it.
    pub fn disks(&self) -> Vec<Disk> {
        let is_restarted = self.was_restarted();
        let changes = self.file_changes.read(FileChanges::default);
        let mut disks = self.host.disks();
        for disk in &mut disks {
            disk.free_bytes = disk.free_bytes.saturating_add_signed(-changes.used_on(disk.id)).min(disk.size_bytes);
            disk.is_dirty &= !is_restarted;
        }
        disks
    }

    /// Its files now; later changes do not show.
    pub fn files(&self) -> Files {
        let drawn = self.files.read(|| draw::tree(&self.host, self.since));
        let changes = Arc::clone(&self.file_changes.read(FileChanges::default).changes);
        Files(Merged { drawn, changes })
    }

    fn change_files(&self, change: impl FnOnce(&mut FileChanges)) {
        self.file_changes.change(FileChanges::default, change);
    }

    fn put_file(&self, path: &str, file: File) -> Result<(), FileError> {
        if path.encode_utf16().count() >= MAX_PATH {
            return Err(FileError::TooLong);
        }
        // Nobody may look at the files while they change: that would copy all changes.
        let (before, old) = {
            let files = self.files();
            if !files.find(split(path).0).is_some_and(File::is_folder) {
                return Err(FileError::NoFolder);
            }
            files.find(path).map_or((0, 0), |old| (old.space(), old.kept()))
        };
        let by = file.space() as i64 - before as i64;
        let free = self.disks().into_iter().find(|disk| key(path).starts_with(&key(disk.id)));
        let is_full = self.file_changes.read(FileChanges::default).is_full(file.kept().saturating_sub(old));
        if is_full || free.is_none_or(|disk| by > 0 && disk.free_bytes < by as u64) {
            return Err(FileError::NoSpace);
        }
        self.change_files(|changes| {
            changes.put(path, file, old);
            changes.use_space(path, by);
        });
        Ok(())
    }

    /// Makes a folder; the one around it must exist.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn make_folder(&self, path: &str, now: Timestamp) -> Result<(), FileError> {
        if self.files().find(path).is_some() {
            return Err(FileError::Exists);
        }
        self.put_file(path, File::folder(split(path).1, now))
    }

    /// Writes a file's bytes; `force` writes read-only files too.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn write_file(&self, path: &str, bytes: Arc<[u8]>, now: Timestamp, force: bool) -> Result<(), FileError> {
        let files = self.files();
        let old = files.find(path).cloned();
        let refusal = old.as_ref().and_then(|old| self.refusal(&files, path, old));
        drop(files);
        let size = bytes.len() as u64;
        let file = match old {
            Some(old) if old.is_folder() || (old.has(attribute::READ_ONLY) && !force) => {
                return Err(FileError::Denied);
            }
            Some(old) => match refusal {
                Some(refusal) => return Err(refusal),
                None => File { size, written: now, content: Content::Bytes(bytes), ..old },
            },
            None => File::new(split(path).1, now, attribute::ARCHIVE, Content::Bytes(bytes)),
        };
        self.put_file(path, file)
    }

    /// Removes a file, or a folder with all that is in it.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn remove_file(&self, path: &str) -> Result<(), FileError> {
        let (space, is_drawn) = {
            let files = self.files();
            let file = files.find(path).ok_or(FileError::NotFound)?;
            if let Some(refusal) = self.refusal(&files, path, file) {
                return Err(refusal);
            }
            (files.space(path), files.0.drawn.find(path).is_some())
        };
        if self.file_changes.read(FileChanges::default).changes.len() >= MAX_CHANGES {
            return Err(FileError::NoSpace);
        }
        self.change_files(|changes| {
            changes.remove(path, is_drawn);
            changes.use_space(path, -(space as i64));
        });
        Ok(())
    }

    /// Copies a file, or a folder without what is in it.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn copy_file(&self, from: &str, to: &str, now: Timestamp) -> Result<(), FileError> {
        let source = self.files().find(from).cloned().ok_or(FileError::NotFound)?;
        let files = self.files();
        if let Some(refusal) = files.find(to).and_then(|there| self.refusal(&files, to, there)) {
            return Err(refusal);
        }
        drop(files);
        // A copy keeps the time of the last write, and is made now.
        let written = if source.is_folder() { now } else { source.written };
        let copy = File { name: split(to).1.into(), created: now, accessed: now, written, ..source };
        self.put_file(to, copy)
    }

    /// Moves a file or folder with all that is in it.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn move_file(&self, from: &str, to: &str) -> Result<(), FileError> {
        let files = self.files();
        let source = files.find(from).ok_or(FileError::NotFound)?;
        let is_inside = key(to).starts_with(&format!("{}\\", key(from)));
        if is_inside {
            return Err(FileError::InUse);
        }
        if let Some(refusal) = self.refusal(&files, from, source) {
            return Err(refusal);
        }
        if files.find(to).is_some() && key(from) != key(to) {
            return Err(FileError::Exists);
        }
        if !files.find(split(to).0).is_some_and(File::is_folder) {
            return Err(FileError::NoFolder);
        }
        let mut moved = vec![(to.to_owned(), File { name: split(to).1.into(), ..source.clone() })];
        let mut refusal = None;
        files.0.below(from, &mut |path, file| {
            refusal = refusal.or_else(|| self.refusal(&files, path, file));
            moved.push((format!("{to}{}", &path[from.len()..]), file.clone()));
        });
        // What holds something that stays, stays.
        if refusal.is_some() {
            return Err(FileError::Denied);
        }
        if self.file_changes.read(FileChanges::default).changes.len() + moved.len() >= MAX_CHANGES {
            return Err(FileError::NoSpace);
        }
        let space = files.space(from) as i64;
        let is_drawn = files.0.drawn.find(from).is_some();
        drop(files);
        self.change_files(|changes| {
            changes.remove(from, is_drawn);
            moved.into_iter().for_each(|(path, file)| changes.put(&path, file, 0));
            changes.use_space(from, -space);
            changes.use_space(to, space);
        });
        Ok(())
    }

    /// Changes times or attributes of a file.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn change_file(&self, path: &str, change: impl FnOnce(&mut File)) -> Result<(), FileError> {
        let mut file = self.files().find(path).cloned().ok_or(FileError::NotFound)?;
        change(&mut file);
        let old = file.kept();
        self.change_files(|changes| changes.put(path, file, old));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
