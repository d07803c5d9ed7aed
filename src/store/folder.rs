//! Where the state of a user is kept.

use std::path::PathBuf;

use crate::config::System;

/// The folder that `PSFLEET_STATE_DIR` names, else the system's own place for the state of programs: `psfleet` in
/// `$XDG_STATE_HOME` or `~/.local/state`, in `~/Library/Application Support` on macOS, in `%LOCALAPPDATA%` on Windows.
/// `None` where nothing says where the user's files are.
pub fn state_folder(around: &dyn System) -> Option<PathBuf> {
    if let Some(folder) = around.env("PSFLEET_STATE_DIR") {
        return Some(PathBuf::from(folder));
    }
    let absolute = |name: &str| around.env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let below_home = |path: &str| around.home().map(|home| home.join(path));
    let folder = if cfg!(windows) {
        absolute("LOCALAPPDATA").or_else(|| below_home("AppData/Local"))
    } else if cfg!(target_os = "macos") {
        absolute("XDG_STATE_HOME").or_else(|| below_home("Library/Application Support"))
    } else {
        absolute("XDG_STATE_HOME").or_else(|| below_home(".local/state"))
    };
    folder.map(|folder| folder.join("psfleet"))
}
