//! Where on this machine a file or folder of a host goes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::Context;

use super::cause::Cause;
use super::folder::Folder;
use super::{hash, name};

/// A name below the destination that the user gave, with the folders between.
#[derive(Debug, Clone)]
pub(super) struct Place {
    destination: Arc<Path>,
    /// The folder of the host first.
    names: Vec<String>,
}

impl Place {
    /// The folder of a host.
    pub(super) fn of_host(destination: &Arc<Path>, folder: String) -> Self {
        Self { destination: Arc::clone(destination), names: vec![folder] }
    }

    /// A place below this one.
    ///
    /// # Errors
    /// What is wrong with the names: they come from a host.
    pub(super) fn below(&self, parts: &[String]) -> Result<Self, &'static str> {
        if parts.is_empty() {
            return Err("it does not name a file");
        }
        parts.iter().try_for_each(|part| name::check(part, cfg!(windows)))?;
        let names = self.names.iter().chain(parts).cloned().collect();
        Ok(Self { destination: Arc::clone(&self.destination), names })
    }

    /// Its path, for people.
    pub(super) fn path(&self) -> PathBuf {
        self.names.iter().fold(self.destination.to_path_buf(), |path, name| path.join(name))
    }

    /// Its own name.
    pub(super) fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// Makes it as a folder.
    ///
    /// # Errors
    /// It cannot be made, or a link or file is in the way.
    pub(super) async fn make(&self) -> Result<(), Cause> {
        let place = self.clone();
        blocking(move || place.enter(place.names.len()).map(drop)).await
    }

    /// The folder that it is in, made if it is not there. Takes its time as any file system does.
    ///
    /// # Errors
    /// Those of [`make`](Self::make).
    pub(super) fn folder(&self) -> Result<Folder, Cause> {
        self.enter(self.names.len().saturating_sub(1))
    }

    fn enter(&self, depth: usize) -> Result<Folder, Cause> {
        let names = self.names.iter().take(depth);
        names.fold(Folder::named(&self.destination), |folder, name| folder?.enter(name))
    }

    /// How much of the file an earlier try has left, with its hash; `None` if nothing.
    ///
    /// # Errors
    /// What has the name of its part is not what an earlier try has left, or cannot be opened.
    pub(super) async fn begun(&self) -> Result<Option<(u64, Context)>, Cause> {
        let place = self.clone();
        blocking(move || {
            let part = place.folder()?.part(&name::temporary(place.name()))?;
            let begun = part.and_then(|part| {
                let length = part.metadata().ok()?.len();
                Some((length, hash::beginning(part, length).ok()?))
            });
            Ok(begun.filter(|(length, _)| *length > 0))
        })
        .await
    }

    /// The hash of the file that is here already, if it has this length.
    pub(super) async fn whole(&self, length: u64) -> Option<String> {
        let place = self.clone();
        let whole = blocking(move || {
            let file = place.folder()?.file(place.name());
            let file = file.filter(|file| file.metadata().is_ok_and(|found| found.is_file() && found.len() == length));
            Ok(file.and_then(|file| hash::beginning(file, length).ok()))
        });
        whole.await.ok().flatten().map(hash::finish)
    }
}

/// Does what takes its time on a thread for that.
///
/// # Errors
/// Its own.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Cause> + Send + 'static,
) -> Result<T, Cause> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        let message = "the copy was stopped on this machine".to_owned();
        Err(Cause { path: String::new(), message, hint: None })
    })
}
