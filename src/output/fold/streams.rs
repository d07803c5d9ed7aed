//! What hosts have sent so far: in memory up to a limit for all of them together, beyond it in one temporary file.
//!
//! The file is made of blocks, and those of a stream that is dropped are used again: a thousand hosts that say the
//! same take the room of those that speak at once.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Bytes of a block.
const BLOCK: usize = 16 << 10;

/// Streams of bytes under numbers.
pub(super) struct Streams {
    limit: usize,
    /// Bytes in memory.
    held: usize,
    streams: HashMap<u32, Stream>,
    file: Option<File>,
    free: Vec<u64>,
    /// Blocks that the file has.
    blocks: u64,
}

/// One stream: blocks with the bytes used of each, then what is in memory.
#[derive(Default)]
struct Stream {
    blocks: Vec<(u64, usize)>,
    tail: Vec<u8>,
}

impl Streams {
    /// None yet; they hold this many bytes in memory.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, held: 0, streams: HashMap::new(), file: None, free: Vec::new(), blocks: 0 }
    }

    /// Appends to a stream, which begins with that.
    pub(super) fn append(&mut self, number: u32, bytes: &[u8]) -> io::Result<()> {
        self.streams.entry(number).or_default().tail.extend_from_slice(bytes);
        self.held += bytes.len();
        if self.held > self.limit { self.spill() } else { Ok(()) }
    }

    /// Forgets a stream.
    pub(super) fn drop(&mut self, number: u32) {
        if let Some(stream) = self.streams.remove(&number) {
            self.held -= stream.tail.len();
            self.free.extend(stream.blocks.iter().map(|(block, _)| block));
        }
    }

    /// Reads a stream from its begin; one that nobody has begun is empty.
    pub(super) fn reader(&mut self, number: u32) -> impl Read {
        static NONE: Stream = Stream { blocks: Vec::new(), tail: Vec::new() };
        let stream = self.streams.get(&number).unwrap_or(&NONE);
        Reader { file: self.file.as_mut(), blocks: stream.blocks.iter(), tail: &stream.tail, read: Vec::new(), at: 0 }
    }

    /// Writes all that is in memory to the file: rarely, and then much.
    fn spill(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        for stream in self.streams.values_mut() {
            for piece in stream.tail.chunks(BLOCK) {
                let block = self.free.pop().unwrap_or(self.blocks);
                self.blocks = self.blocks.max(block + 1);
                file.seek(SeekFrom::Start(block * BLOCK as u64))?;
                file.write_all(piece)?;
                stream.blocks.push((block, piece.len()));
            }
            stream.tail = Vec::new();
        }
        self.held = 0;
        Ok(())
    }
}

struct Reader<'s> {
    file: Option<&'s mut File>,
    blocks: std::slice::Iter<'s, (u64, usize)>,
    tail: &'s [u8],
    /// The block at hand, and how much of it was read.
    read: Vec<u8>,
    at: usize,
}

impl Read for Reader<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.at == self.read.len()
            && let (Some((block, used)), Some(file)) = (self.blocks.next(), &mut self.file)
        {
            self.read.resize(*used, 0);
            self.at = 0;
            file.seek(SeekFrom::Start(block * BLOCK as u64))?;
            file.read_exact(&mut self.read)?;
        }
        if self.at == self.read.len() {
            return self.tail.read(bytes);
        }
        let read = (&self.read[self.at..]).read(bytes)?;
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read;

    use proptest::prelude::*;

    use super::{BLOCK, Streams};

    fn all(streams: &mut Streams, number: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        streams.reader(number).read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn equal_hosts_take_the_room_of_those_that_speak_at_once() {
        let mut streams = Streams::new(4 * BLOCK);
        for host in 0..1000 {
            for _ in 0..10 {
                streams.append(host, &[7; BLOCK]).unwrap();
                assert!(streams.held <= 5 * BLOCK);
            }
            streams.drop(host);
        }
        assert!(streams.blocks <= 10, "{}", streams.blocks);
    }

    proptest! {
        #[test]
        fn each_stream_is_what_was_appended(steps in proptest::collection::vec((0_u32..4, 0_usize..3 * BLOCK, any::<bool>()), 0..60), limit in 0_usize..8 * BLOCK) {
            let mut streams = Streams::new(limit);
            let mut expected: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
            for (step, (number, length, drops)) in steps.into_iter().enumerate() {
                if drops {
                    streams.drop(number);
                    expected.remove(&number);
                } else {
                    let bytes = vec![step as u8; length];
                    streams.append(number, &bytes).unwrap();
                    expected.entry(number).or_default().extend(bytes);
                }
            }
            for number in 0..4 {
                prop_assert!(all(&mut streams, number) == expected.remove(&number).unwrap_or_default());
            }
        }
    }
}
