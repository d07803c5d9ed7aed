//! The states of a runspace pool.

use std::fmt;

/// Where a pool stands.
///
/// ```text
/// New --open--> Opening --private data or Opened--> Ready --closed--> Closed
///                  \---------- state Broken -----------> Broken
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolState {
    /// Nothing sent yet.
    New,
    /// The opening messages are made; the server has not proved to be open.
    Opening,
    /// The server takes pipelines. Its private data proves it as well as its Opened message: the server is open
    /// inside before it sends either.
    Ready,
    /// The server closed it.
    Closed,
    /// The server reported it broken.
    Broken,
}

impl fmt::Display for PoolState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "not opened yet",
            Self::Opening => "being opened",
            Self::Ready => "open",
            Self::Closed => "closed",
            Self::Broken => "broken",
        })
    }
}
