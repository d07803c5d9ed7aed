//! A folder on this machine that hosts fill: links that others may have put into it are not followed.
//!
//! Who may write to a folder (`/tmp`, a share) can put a link under any name that a copy will use. So every name below
//! the destination is taken for itself alone: folders are entered one by one and never by a link, files are made anew,
//! and one that is already there is resumed only if it can be our own.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

use std::path::PathBuf;

use super::cause::Cause;

#[cfg(not(unix))]
pub(super) use other::{Folder, permissions};
#[cfg(unix)]
pub(super) use unix::{Folder, permissions};

/// What can be done about a link that has the name of a folder.
const WAY: &str = "remove it, or name the folder that it leads to as the destination";
/// What can be done about something that has the name of a part.
const PART: &str =
    "remove it and copy again; if it comes back, others write to this folder: choose another destination";
/// What can be done about a folder that has the name of a file, and the other way round.
const TAKEN: &str = "remove it, or choose another destination";

/// A folder cannot be entered, as this is a link.
fn no_way(path: PathBuf, what: &str) -> Cause {
    refused(path, format!("{what} is in the way, and is not followed"), WAY)
}

/// A part cannot be resumed, as this is not what an earlier try has left.
fn no_part(path: PathBuf, what: &str) -> Cause {
    refused(path, format!("{what} has the name of the file's temporary part, and is left alone"), PART)
}

/// A file or folder cannot be put here, as the other one is there.
fn taken(path: PathBuf, what: &str) -> Cause {
    refused(path, format!("{what} is in the way"), TAKEN)
}

fn refused(path: PathBuf, why: String, hint: &'static str) -> Cause {
    Cause { path: path.display().to_string(), message: format!("on this machine: {why}"), hint: Some(hint) }
}
