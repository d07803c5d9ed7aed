//! Why a sandbox cannot start.

use std::path::PathBuf;

use crate::error_text;

/// A fleet that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option is wrong; the text says which and how.
    #[error("{0}")]
    Option(String),
    /// Too few files may be open.
    #[error(
        "{hosts} hosts need {needed} open files, but the limit is {limit}: about {fit} hosts fit; raise the limit (ulimit -n) or ask for fewer"
    )]
    Files {
        /// Hosts asked for.
        hosts: u32,
        /// Files that they need.
        needed: u64,
        /// Files that may be open.
        limit: u64,
        /// Hosts that fit.
        fit: u64,
    },
    /// A listener cannot be opened.
    #[error("cannot listen on 127.0.0.1: {}", error_text::io(.0))]
    Listen(std::io::Error),
    /// A folder or file of the fleet cannot be written.
    #[error("{path}: {why}", path = path.display(), why = error_text::io(cause))]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The certificates cannot be made.
    #[error("cannot make certificates for the fleet's HTTPS listeners")]
    Certificate,
}
