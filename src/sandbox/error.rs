//! Why a fleet cannot be had.

use std::path::PathBuf;

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
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(#[source] std::io::Error),
    /// A folder or file of the fleet cannot be written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The certificates cannot be made.
    #[error("cannot make certificates: {0}")]
    Certificate(String),
}
