//! SFTP as a second channel of a target's SSH connection.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use russh::client::Handle;
use russh_sftp::client::fs::{File, Metadata};
use russh_sftp::client::{self, Config, SftpSession};
use russh_sftp::protocol::OpenFlags;
use tokio::io::AsyncSeekExt;

use super::super::files::{FileReader, FileWriter, Files};
use super::channel_request::{Answer, answer};
use super::fault;
use super::host_key::Gate;

/// How long the server may take to start its SFTP side.
const OPEN_WAIT: Duration = Duration::from_secs(10);

/// How long one request may take, in seconds; up to [`QUEUE`] of them share the link.
const ANSWER_WAIT: u64 = 60;

/// Requests that are under way at once, and bytes of each: what OpenSSH's own client does, and what every server takes.
/// A link of 50 ms so carries 40 MiB/s, and a host costs 2 MiB.
const QUEUE: usize = 64;
const REQUEST: u32 = 32 << 10;

/// What stands around the bytes of an answer: length, type, id, length of the bytes.
const AROUND: u32 = 13;

/// Files by SFTP.
pub(super) struct Sftp(SftpSession);

impl Sftp {
    /// Opens the channel.
    ///
    /// # Errors
    /// The server gives no channel, has no subsystem `sftp`, or does not answer in time.
    pub(super) async fn open(session: &Handle<Gate>) -> Result<Self, client::error::Error> {
        tokio::time::timeout(OPEN_WAIT, Self::start(session)).await.unwrap_or(Err(client::error::Error::Timeout))
    }

    async fn start(session: &Handle<Gate>) -> Result<Self, client::error::Error> {
        let refused = |why: String| client::error::Error::UnexpectedBehavior(why);
        let mut channel = session.channel_open_session().await.map_err(|error| refused(fault::words_of(&error)))?;
        let asked = channel.request_subsystem(true, "sftp").await.is_ok();
        if !asked || answer(&mut channel).await != Answer::Granted {
            // A refused channel is of no further use; some servers have closed it already.
            let _ = channel.close().await;
            return Err(refused("the server has no subsystem sftp".to_owned()));
        }
        let config = Config {
            max_packet_len: REQUEST + AROUND,
            max_concurrent_reads: QUEUE,
            max_concurrent_writes: QUEUE,
            max_write_packet_len: REQUEST,
            request_timeout_secs: ANSWER_WAIT,
        };
        SftpSession::new_with_config(channel.into_stream(), config).await.map(Self)
    }

    async fn open_file(&self, path: &str, flags: OpenFlags) -> io::Result<(File, u64)> {
        let no_name = || io::Error::new(io::ErrorKind::Unsupported, "SFTP has no name for this path");
        let file = self.0.open_with_flags(name(path).ok_or_else(no_name)?, flags).await?;
        let length = file.metadata().await?.size.unwrap_or_default();
        Ok((file, length))
    }
}

#[async_trait]
impl Files for Sftp {
    async fn reader(&self, path: &str, length: u64, offset: u64) -> io::Result<FileReader> {
        let (mut file, found) = self.open_file(path, OpenFlags::READ).await?;
        if found < length {
            return Err(another_file(found, length));
        }
        file.seek(io::SeekFrom::Start(offset)).await?;
        Ok(Box::new(file))
    }

    async fn writer(&self, path: &str, length: u64, offset: u64) -> io::Result<FileWriter> {
        let (mut file, found) = self.open_file(path, OpenFlags::WRITE).await?;
        if found != length {
            return Err(another_file(found, length));
        }
        if offset < length {
            file.set_metadata(Metadata { size: Some(offset), ..Metadata::empty() }).await?;
        }
        file.seek(io::SeekFrom::Start(offset)).await?;
        Ok(Box::new(file))
    }
}

fn another_file(found: u64, expected: u64) -> io::Error {
    io::Error::other(format!("SFTP sees another file: {found} bytes instead of {expected}"))
}

/// The name by which SFTP knows a path. OpenSSH for Windows puts drives below the root: `C:\x` is `/C:/x`.
fn name(path: &str) -> Option<String> {
    if path.starts_with('/') {
        return Some(path.to_owned());
    }
    let bytes = path.as_bytes();
    let has_drive = bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.get(1) == Some(&b':')
        && matches!(bytes.get(2), Some(b'\\' | b'/'));
    has_drive.then(|| format!("/{}", path.replace('\\', "/")))
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn paths_of_unix_stay_and_those_of_windows_get_a_root() {
        let named = |path: &str| name(path).unwrap_or_else(|| "none".to_owned());
        assert_eq!(named("/home/x/a\\b: c"), "/home/x/a\\b: c");
        assert_eq!(named("C:\\Users\\x\\a b.txt"), "/C:/Users/x/a b.txt");
        assert_eq!(named("d:/x"), "/d:/x");
        // A share, a path of the drive's current folder, a device.
        for path in ["\\\\server\\share\\x", "C:x", "\\\\?\\C:\\x", "x", ""] {
            assert_eq!(named(path), "none", "{path}");
        }
    }
}
