//! Files that are read whole: settings, inventories, keys, scripts.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// More than any such file has, in bytes; what goes on for ever (`/dev/zero`, a pipe that nobody closes) ends here.
pub(crate) const MOST: u64 = 256 << 20;

/// All bytes of a file.
///
/// # Errors
/// The system's, or that it is larger than [`MOST`].
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_at_most(path, MOST)
}

/// All bytes of a file that has no more than so many.
///
/// # Errors
/// The system's, or that it is larger.
pub(crate) fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_up_to(path, most).map(|(bytes, _)| bytes)
}

/// All bytes of a file, with what the system knows of the very file that was read.
///
/// # Errors
/// Those of [`read`].
pub(crate) fn read_with_metadata(path: &Path) -> io::Result<(Vec<u8>, Metadata)> {
    read_up_to(path, MOST)
}

fn read_up_to(path: &Path, most: u64) -> io::Result<(Vec<u8>, Metadata)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.len() > most {
        return Err(too_large(most));
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_large(most));
    }
    Ok((bytes, metadata))
}

fn too_large(most: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {} MiB", most >> 20))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::{MOST, read, read_at_most};

    #[test]
    fn a_file_without_an_end_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("large");
        let file = File::create(&path).expect("a file");
        file.set_len(MOST + 1).expect("sparse");
        assert_eq!(read(&path).expect_err("too large").to_string(), "it is larger than 256 MiB");
        #[cfg(unix)]
        assert_eq!(read("/dev/zero".as_ref()).expect_err("endless").to_string(), "it is larger than 256 MiB");
        file.set_len((1 << 20) + 1).expect("shorter");
        assert_eq!(read_at_most(&path, 1 << 20).expect_err("too large").to_string(), "it is larger than 1 MiB");
        file.set_len(3).expect("short");
        assert_eq!(read(&path).expect("read"), [0; 3]);
    }
}
