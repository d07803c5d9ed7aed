//! Data that must wait: kept in memory while it is little, in a temporary file when it is more.

use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

/// Bytes kept in memory before a file is made.
const IN_MEMORY: usize = 1 << 20;

/// A place to write to and to read back from once. The file has no name, so that nothing is left behind.
pub(super) struct Spool {
    file: BufWriter<SpooledTempFile>,
    length: u64,
}

impl Spool {
    /// An empty spool; touches no disk yet.
    pub(super) fn new() -> Self {
        Self { file: BufWriter::new(SpooledTempFile::new(IN_MEMORY)), length: 0 }
    }

    /// Bytes written so far.
    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// Whether it has outgrown memory.
    #[cfg(test)]
    pub(super) fn on_disk(&self) -> bool {
        self.file.get_ref().is_rolled()
    }

    /// Turns to reading, from the start.
    pub(super) fn into_reader(self) -> io::Result<BufReader<SpooledTempFile>> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(BufReader::with_capacity(1 << 16, file))
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::{IN_MEMORY, Spool};

    #[test]
    fn gives_back_what_was_written() {
        for length in [0, 10, IN_MEMORY + 10] {
            let bytes: Vec<u8> = (0..length).map(|place| place as u8).collect();
            let mut spool = Spool::new();
            spool.write_all(&bytes).unwrap();
            assert_eq!(spool.len(), length as u64);
            let mut back = Vec::new();
            spool.into_reader().unwrap().read_to_end(&mut back).unwrap();
            assert!(back == bytes);
        }
    }
}
