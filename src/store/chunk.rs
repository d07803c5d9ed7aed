//! Chunks: records of one target, packed. Bytes in, bytes out.
//!
//! ```text
//! place  LEB128, from the place of the chunk's first record
//! time   LEB128 zigzag, microseconds since the record before (the first: since 1970)
//! kind   1 byte: the stream, and whether the record ended the script
//! length LEB128
//! CLIXML as many bytes
//! ```

use std::io::Read;

use zstd::bulk::Compressor;

use crate::clixml;
use crate::record::Record;
use crate::stream::Stream;

use super::error::Error;

/// A chunk is closed once it holds this many bytes.
pub(super) const ENOUGH: usize = 64 << 10;

/// What a chunk may hold once unpacked, whatever it says of itself: the largest record that is taken off the wire, and
/// what may stand before it.
pub(super) const MOST: u64 = (96 << 20) + ENOUGH as u64;

/// The level of zstd: its default.
const LEVEL: i32 = 3;

/// Marks a terminating error in the byte of the kind.
const TERMINATING: u8 = 0x80;

/// The order is part of the format.
const STREAMS: [Stream; 7] = [
    Stream::Output,
    Stream::Error,
    Stream::Warning,
    Stream::Verbose,
    Stream::Debug,
    Stream::Information,
    Stream::Progress,
];

/// A chunk that takes records.
#[derive(Debug, Default)]
pub(super) struct Filling {
    bytes: Vec<u8>,
    first: u64,
    last: u64,
    before: i64,
    records: u32,
}

/// What chunks are packed with. One serves all of a run: to set zstd up costs as much as to pack a small chunk.
pub(super) struct Packer {
    zstd: Compressor<'static>,
    /// A chunk that is being packed.
    packed: Vec<u8>,
    /// A record's CLIXML, before its length is known.
    text: Vec<u8>,
}

impl Packer {
    /// # Errors
    /// zstd's own: no memory.
    pub(super) fn new() -> std::io::Result<Self> {
        let mut zstd = Compressor::new(LEVEL)?;
        // A few bytes of each chunk, against years on a disk.
        zstd.include_checksum(true)?;
        Ok(Self { zstd, packed: Vec::new(), text: Vec::new() })
    }

    /// Packs bytes.
    ///
    /// # Errors
    /// zstd's own: no memory.
    pub(super) fn pack(&mut self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        self.packed.clear();
        self.packed.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
        self.zstd.compress_to_buffer(bytes, &mut self.packed)?;
        let data = self.packed.clone();
        // One huge record does not hold its room until the end of the run.
        self.packed.shrink_to(2 * ENOUGH);
        self.text.shrink_to(2 * ENOUGH);
        Ok(data)
    }
}

/// A chunk as it is stored.
#[derive(Debug)]
pub(super) struct Packed {
    /// The place of its first record.
    pub first: u64,
    /// The place of its last record.
    pub last: u64,
    /// How many records it holds.
    pub records: u32,
    /// Its bytes before they were packed.
    pub size: usize,
    /// Its bytes.
    pub data: Vec<u8>,
}

impl Filling {
    /// Bytes that it holds.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a record; places rise.
    pub(super) fn push(&mut self, place: u64, at: i64, record: &Record, packer: &mut Packer) {
        if self.records == 0 {
            self.first = place;
            self.before = 0;
        }
        let kind = STREAMS.iter().position(|&stream| stream == record.stream).unwrap_or_default() as u8;
        let text = &mut packer.text;
        text.clear();
        clixml::encode_into(&record.value.root, text);
        put(&mut self.bytes, place - self.first);
        put(&mut self.bytes, zigzag(at.wrapping_sub(self.before)));
        self.bytes.push(if record.terminating { kind | TERMINATING } else { kind });
        put(&mut self.bytes, text.len() as u64);
        self.bytes.extend_from_slice(text);
        (self.last, self.before) = (place, at);
        self.records += 1;
    }

    /// Closes the chunk and begins another one; `None` if it is empty.
    ///
    /// # Errors
    /// zstd's own: no memory.
    pub(super) fn pack(&mut self, packer: &mut Packer) -> std::io::Result<Option<Packed>> {
        if self.records == 0 {
            return Ok(None);
        }
        let data = packer.pack(&self.bytes)?;
        let packed = Packed { first: self.first, last: self.last, records: self.records, size: self.bytes.len(), data };
        self.bytes.clear();
        self.records = 0;
        Ok(Some(packed))
    }
}

/// A record in a chunk, still as CLIXML.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub place: u64,
    /// Microseconds since 1970.
    pub at: i64,
    pub stream: Stream,
    pub terminating: bool,
    pub xml: &'a [u8],
}

/// An unpacked chunk that is read.
#[derive(Debug)]
pub(super) struct Opened {
    bytes: Vec<u8>,
    offset: usize,
    first: u64,
    before: i64,
}

impl Opened {
    /// Unpacks a chunk. It may come from somebody else's file.
    ///
    /// # Errors
    /// What is not a chunk, or is larger than any that is written.
    pub(super) fn new(first: u64, data: &[u8]) -> Result<Self, Error> {
        Self::up_to(MOST, first, data)
    }

    /// Unpacks a chunk that has a size to keep to.
    ///
    /// # Errors
    /// What is not a chunk, or is larger.
    pub(super) fn up_to(most: u64, first: u64, data: &[u8]) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        let unpacked =
            zstd::Decoder::with_buffer(data).and_then(|reader| reader.take(most + 1).read_to_end(&mut bytes));
        unpacked.map_err(|error| Error::damaged(format_args!("a chunk: {error}")))?;
        if bytes.len() as u64 > most {
            return Err(Error::damaged("a chunk is larger than it may be"));
        }
        Ok(Self { bytes, offset: 0, first, before: 0 })
    }

    /// Bytes that it takes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The place of the next record; `None` behind the last one.
    pub(super) fn next_place(&self) -> Option<u64> {
        let mut rest = self.bytes.get(self.offset..)?;
        take(&mut rest).and_then(|step| self.first.checked_add(step))
    }

    /// The next record; `None` behind the last one.
    ///
    /// # Errors
    /// Bytes that are not a record.
    pub(super) fn next(&mut self) -> Result<Option<Entry<'_>>, Error> {
        let mut rest = &self.bytes[self.offset..];
        if rest.is_empty() {
            return Ok(None);
        }
        let damaged = || Error::damaged("a chunk ends in the midst of a record");
        let place = take(&mut rest).and_then(|step| self.first.checked_add(step)).ok_or_else(damaged)?;
        let since = take(&mut rest).ok_or_else(damaged)?;
        let (&kind, mut rest) = rest.split_first().ok_or_else(damaged)?;
        let length = take(&mut rest).and_then(|length| usize::try_from(length).ok()).ok_or_else(damaged)?;
        let xml = rest.get(..length).ok_or_else(damaged)?;
        let stream = STREAMS.get(usize::from(kind & !TERMINATING)).copied();
        let stream = stream.ok_or_else(|| Error::damaged(format_args!("there is no stream {kind}")))?;
        self.before = self.before.wrapping_add(unzigzag(since));
        self.offset = self.bytes.len() - (rest.len() - length);
        Ok(Some(Entry { place, at: self.before, stream, terminating: kind & TERMINATING != 0, xml }))
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F).checked_shl(shift).filter(|part| part >> shift == u64::from(byte & 0x7F))?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn zigzag(number: i64) -> u64 {
    (number.wrapping_shl(1) ^ (number >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clixml::{Document, Value};
    use crate::target::TargetId;

    fn record(stream: Stream, text: &str, terminating: bool) -> Record {
        Record { target: TargetId(3), stream, value: Document::new(Value::str(text)), terminating }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let (mut filling, mut packer) = (Filling::default(), Packer::new().expect("memory"));
        let times = [1_764_000_000_000_000, 1_764_000_000_000_001, -5, i64::MAX, i64::MIN];
        let records: Vec<(u64, i64, Record)> = STREAMS
            .iter()
            .zip(times.iter().cycle())
            .enumerate()
            .map(|(n, (&stream, &at))| (7 + 200 * n as u64, at, record(stream, &"<&x>".repeat(n * 50), n % 2 == 1)))
            .collect();
        records.iter().for_each(|(place, at, record)| filling.push(*place, *at, record, &mut packer));
        let packed = filling.pack(&mut packer).expect("memory").expect("records");
        assert_eq!((packed.first, packed.last, packed.records as usize), (7, 7 + 200 * 6, records.len()));
        assert!(packed.data.len() < packed.size);
        assert!(filling.pack(&mut packer).expect("memory").is_none(), "another one begins empty");
        let mut opened = Opened::new(packed.first, &packed.data).expect("a chunk");
        for (place, at, record) in &records {
            assert_eq!(opened.next_place(), Some(*place));
            let entry = opened.next().expect("whole").expect("a record");
            let xml = clixml::encode(&record.value);
            let expected = Entry {
                place: *place,
                at: *at,
                stream: record.stream,
                terminating: record.terminating,
                xml: xml.as_bytes(),
            };
            assert_eq!(entry, expected);
        }
        assert_eq!((opened.next_place(), opened.next().expect("whole")), (None, None));
    }

    #[test]
    fn no_bit_of_a_chunk_changes_unnoticed() {
        let (mut filling, mut packer) = (Filling::default(), Packer::new().expect("memory"));
        for (n, name) in ["UsoSvc", "W32Time", "WinRM", "Spooler"].into_iter().enumerate() {
            filling.push(n as u64, 5, &record(Stream::Output, name, false), &mut packer);
        }
        let data = filling.pack(&mut packer).expect("memory").expect("records").data;
        let whole = Opened::new(0, &data).expect("a chunk").bytes;
        let mut refused = 0;
        for bit in 0..data.len() * 8 {
            let mut damaged = data.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            match Opened::new(0, &damaged) {
                Ok(opened) => assert_eq!(opened.bytes, whole, "bit {bit}"),
                Err(_) => refused += 1,
            }
        }
        assert!(refused > data.len() * 7, "{refused} of {}", data.len() * 8);
    }

    #[test]
    fn what_is_not_a_chunk_is_refused() {
        assert!(Opened::new(0, b"PK").is_err());
        let bomb = zstd::bulk::compress(&vec![0; MOST as usize + 1], LEVEL).expect("memory");
        assert!(matches!(Opened::new(0, &bomb), Err(Error::Damaged(what)) if what.contains("larger")));
        for bytes in [&[0x80][..], &[0], &[0, 0], &[0, 0, 9, 0], &[0, 0, 0, 5, 1], &[0xFF; 40]] {
            let data = zstd::bulk::compress(bytes, LEVEL).expect("memory");
            let mut opened = Opened::new(u64::MAX, &data).expect("a chunk");
            assert!(opened.next().is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn numbers_come_back(number: u64, signed: i64) {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            put(&mut bytes, zigzag(signed));
            let mut rest = &bytes[..];
            prop_assert_eq!((take(&mut rest), take(&mut rest).map(unzigzag), rest.len()), (Some(number), Some(signed), 0));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, first: u64) {
            let data = zstd::bulk::compress(&bytes, LEVEL).expect("memory");
            let mut opened = Opened::new(first, &data).expect("a chunk");
            while let Ok(Some(_)) = opened.next() {}
        }
    }
}
