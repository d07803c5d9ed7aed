//! The bytes of a target's files beside its messages, where a transport has a way for them.

use std::io;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

/// Reads from a file on a target; dropping it closes the file.
pub type FileReader = Box<dyn AsyncRead + Send + Unpin>;

/// Writes to a file on a target. Shutting it down waits until all that was written is there, and closes the file.
pub type FileWriter = Box<dyn AsyncWrite + Send + Unpin>;

/// A channel for the bytes of files. Paths are absolute, as the target itself names them.
///
/// What it sees may be another part of the target than its PowerShell sees (a chroot, a container), so each call says
/// what the file is known to be like. Every wait in it has a deadline; dropping it closes the channel.
#[async_trait]
pub trait Files: Send + Sync {
    /// Opens a file of at least this length in bytes, to be read from an offset on.
    ///
    /// # Errors
    /// No such file is seen, or it may not be read.
    async fn reader(&self, path: &str, length: u64, offset: u64) -> io::Result<FileReader>;

    /// Opens an existing file of exactly this length in bytes, to be written from an offset on: what is behind is cut
    /// off.
    ///
    /// # Errors
    /// No such file is seen, or it may not be written.
    async fn writer(&self, path: &str, length: u64, offset: u64) -> io::Result<FileWriter>;
}
