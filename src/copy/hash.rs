//! SHA-256 of files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};

/// Bytes that are read at once.
const BUFFER: usize = 256 << 10;

/// Lower-case hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digits of a finished hash.
pub(super) fn finish(context: Context) -> String {
    hexadecimal(context.finish().as_ref())
}

/// A hash that has nothing yet.
pub(super) fn new() -> Context {
    Context::new(&SHA256)
}

/// The hash of the first bytes of a file so far, to be continued. Reads on a thread where that may take its time.
///
/// # Errors
/// The file cannot be read, or is shorter.
pub(super) async fn prefix(path: &Path, length: u64) -> io::Result<Context> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || beginning(File::open(path)?, length)).await.map_err(io::Error::other)?
}

/// The hash of the first bytes of an open file so far, to be continued. Takes its time.
///
/// # Errors
/// The file cannot be read, or is shorter.
pub(super) fn beginning(file: File, length: u64) -> io::Result<Context> {
    let mut file = file.take(length);
    let mut context = new();
    let mut buffer = vec![0; BUFFER];
    let mut left = length;
    while left > 0 {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter"));
        }
        context.update(&buffer[..count]);
        left -= count as u64;
    }
    Ok(context)
}
