//! Records on their way through a stream of bytes.

use std::io::{self, BufRead, Read};

use anyhow::{Context, bail};
use jiff::Timestamp;

use crate::clixml::{Decoder, Document, encode};
use crate::stream::Stream;

/// An object or an error that waits.
pub(super) struct Kept {
    /// When it came.
    pub at: Timestamp,
    /// The error that ended the script.
    pub terminating: bool,
    /// The object.
    pub value: Document,
}

/// Its bytes: a head, then CLIXML.
pub(super) fn write(at: Timestamp, stream: Stream, terminating: bool, value: &Document) -> Vec<u8> {
    let xml = encode(value);
    let mut bytes = Vec::with_capacity(xml.len() + HEAD);
    bytes.extend_from_slice(&at.as_millisecond().to_le_bytes());
    bytes.push(u8::from(stream == Stream::Error) | u8::from(terminating) << 1 | u8::from(value.has_refs) << 2);
    bytes.extend_from_slice(&(xml.len() as u64).to_le_bytes());
    bytes.extend_from_slice(xml.as_bytes());
    bytes
}

/// Time, marks, length of what follows.
const HEAD: usize = 17;

/// The next one of a stream, if it has one. `wanted`: those of other streams are not decoded, and left out.
///
/// # Errors
/// What was kept cannot be read back.
pub(super) fn read(decoder: &mut Decoder, bytes: &mut impl BufRead, wanted: Stream) -> anyhow::Result<Option<Kept>> {
    loop {
        if bytes.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut head = [0; HEAD];
        bytes.read_exact(&mut head)?;
        let at = i64::from_le_bytes(std::array::from_fn(|place| head[place]));
        let marks = head[8];
        let length = u64::from_le_bytes(std::array::from_fn(|place| head[9 + place]));
        let stream = if marks & 1 == 0 { Stream::Output } else { Stream::Error };
        let mut rest = bytes.take(length);
        if stream != wanted {
            io::copy(&mut rest, &mut io::sink())?;
            continue;
        }
        let mut xml = Vec::new();
        if rest.read_to_end(&mut xml)? as u64 != length {
            bail!("an object was cut short on its way back");
        }
        let mut value = decoder.decode(&xml).context("an object did not survive its way back")?;
        value.has_refs = marks & 4 != 0;
        return Ok(Some(Kept { at: Timestamp::from_millisecond(at)?, terminating: marks & 2 != 0, value }));
    }
}
