//! A folder for one test, removed with everything in it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A new folder that only we can enter.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes a folder whose name begins as given.
    pub(crate) fn new(name: &str) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        // Of one length, whatever the process's number is: where a path is shown, lines break by it.
        let path = std::env::temp_dir().join(format!("psfleet-{name}-{:07}-{number}", std::process::id()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).expect("a folder for the test");
        Self(path)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What a process still writes there is no fault of the test.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
