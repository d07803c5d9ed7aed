//! `~/` of paths that settings name.

use std::path::{Path, PathBuf};

/// A path whose `~` is the home folder, if there is one.
pub(super) fn under_home(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}
