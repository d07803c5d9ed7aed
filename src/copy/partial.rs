//! A file that is on its way to this machine.

use std::fs::FileTimes;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::Context;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::{hash, name, source};

/// Where a file will be, and what of it is here already.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its final path.
    pub path: PathBuf,
    /// The path under which it grows.
    pub temporary: PathBuf,
}

/// A file that grows under a temporary name.
pub struct Partial {
    place: Place,
    file: File,
    hash: Context,
    /// Bytes that are here.
    pub length: u64,
}

impl Place {
    /// The place of a file in a folder.
    pub fn new(folder: &Path, file: &str) -> Self {
        Self { path: folder.join(file), temporary: folder.join(name::temporary(file)) }
    }

    /// How much an earlier try has left, with its hash; `None` if nothing.
    pub async fn begun(&self) -> Option<(u64, Context)> {
        let length = tokio::fs::metadata(&self.temporary).await.ok()?.len();
        Some((length, hash::prefix(&self.temporary, length).await.ok()?)).filter(|(length, _)| *length > 0)
    }
}

impl Partial {
    /// Opens it at an offset: what is behind it is cut off. `hash` is that of what is before.
    pub async fn open(place: Place, offset: u64, hash: Context) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        // Nobody else may read it while it grows, whatever may read it in the end.
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&place.temporary).await?;
        file.set_len(offset).await?;
        file.seek(io::SeekFrom::Start(offset)).await?;
        Ok(Self { place, file, hash, length: offset })
    }

    /// Adds bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        // A full disk is told by the write that fills it, not by one much later.
        self.file.flush().await?;
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// The final path.
    pub fn path(&self) -> &Path {
        &self.place.path
    }

    /// The hash of all that is here.
    pub fn sha256(&self) -> String {
        hash::finish(self.hash.clone())
    }

    /// Gives it its time and permissions, waits until the disk has it, and moves it to its place in one step.
    pub async fn finish(self, modified: i64, mode: Option<u32>) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            self.file.set_permissions(std::fs::Permissions::from_mode(mode.unwrap_or(0o644) & 0o777)).await?;
        }
        #[cfg(not(unix))]
        let _ = mode;
        let file = self.file.into_std().await;
        let place = self.place;
        tokio::task::spawn_blocking(move || {
            if let Some(time) = source::time(modified) {
                file.set_times(FileTimes::new().set_modified(time))?;
            }
            // Bytes that only the memory has would leave an empty file in its place when the power fails.
            file.sync_all()?;
            drop(file);
            std::fs::rename(&place.temporary, &place.path)
        })
        .await
        .map_err(io::Error::other)?
    }

    /// Removes what is here.
    pub async fn discard(self) {
        drop(self.file);
        // What cannot be removed is cut off by the next try.
        let _ = tokio::fs::remove_file(&self.place.temporary).await;
    }
}
