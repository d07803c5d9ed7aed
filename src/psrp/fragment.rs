//! Messages cut into fragments and put together again (MS-PSRP 2.2.4).

use bytes::{BufMut, Bytes, BytesMut};

use super::ProtocolError;

/// Largest message that we take, in bytes: above PowerShell's own 10 MB per object, below what hurts.
pub(super) const MAX_MESSAGE: usize = 64 << 20;

/// Bytes of a fragment's header: object id, fragment id, flags, length of the blob.
pub const HEADER_LEN: usize = 21;

/// Largest fragment of a server, and ours over the out-of-process framing, in bytes with the header.
pub const SERVER_MAX_FRAGMENT: usize = 32_768;

/// A larger buffer is not kept for the next bytes, in bytes.
const KEPT: usize = 1 << 20;

const START: u8 = 0b01;
const END: u8 = 0b10;

/// Cuts one message, given as consecutive parts, into fragments of at most `max_fragment` bytes, headers included.
///
/// A message is never empty (it has a header of its own), so no fragment has an empty blob, which real servers
/// would not process.
pub fn cut(object_id: u64, parts: &[&[u8]], max_fragment: usize) -> Vec<Bytes> {
    let total: usize = parts.iter().map(|part| part.len()).sum();
    let blob_max = max_fragment.saturating_sub(HEADER_LEN).max(1);
    let mut bytes = parts.iter().flat_map(|part| part.iter().copied());
    let count = total.div_ceil(blob_max);
    (0..count)
        .map(|index| {
            let blob_len = blob_max.min(total - index * blob_max);
            let mut fragment = BytesMut::with_capacity(HEADER_LEN + blob_len);
            fragment.put_u64(object_id);
            fragment.put_u64(index as u64);
            let start = if index == 0 { START } else { 0 };
            let end = if index + 1 == count { END } else { 0 };
            fragment.put_u8(start | end);
            fragment.put_u32(blob_len as u32);
            if count == 1 {
                parts.iter().for_each(|part| fragment.put_slice(part));
            } else {
                fragment.extend(bytes.by_ref().take(blob_len));
            }
            fragment.freeze()
        })
        .collect()
}

/// Puts the messages of one channel together again.
///
/// Bytes may come in any portions: a carrier's unit may hold several fragments or end in the middle of one.
#[derive(Debug)]
pub struct Defragmenter {
    buffer: Vec<u8>,
    /// How much of `buffer` is already taken.
    taken: usize,
    partial: Option<Partial>,
    max_message: usize,
    /// What comes before the next start of a message is the rest of one that somebody else has begun to read.
    joins: bool,
}

#[derive(Debug)]
struct Partial {
    object_id: i64,
    next_fragment: i64,
    message: Vec<u8>,
}

impl Defragmenter {
    /// An empty one that refuses messages above `max_message` bytes.
    pub fn new(max_message: usize) -> Self {
        Self { buffer: Vec::new(), taken: 0, partial: None, max_message, joins: false }
    }

    /// One for a channel that somebody else has read until now. A message that they had begun to read is left out, as
    /// PowerShell does.
    pub fn joining(max_message: usize) -> Self {
        Self { joins: true, ..Self::new(max_message) }
    }

    /// Adds received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.forget_taken();
        self.buffer.extend_from_slice(bytes);
    }

    /// Lets go of what is taken.
    fn forget_taken(&mut self) {
        if self.taken < self.buffer.len() {
            self.buffer.drain(..self.taken);
        } else if self.buffer.capacity() > KEPT {
            self.buffer = Vec::new();
        } else {
            self.buffer.clear();
        }
        self.taken = 0;
    }

    /// How many bytes wait here: the largest message that the next one can be, when it comes.
    pub fn pending(&self) -> usize {
        let partial = self.partial.as_ref().map_or(0, |partial| partial.message.len());
        partial + self.buffer.len() - self.taken
    }

    /// The next whole message, if its last fragment is there.
    ///
    /// # Errors
    /// Fragments out of order, an invalid id, or a message above the limit: the channel is then unusable.
    pub fn next_message(&mut self) -> Result<Option<Vec<u8>>, ProtocolError> {
        while let Some((header, blob)) = self.next_fragment()? {
            if let Some(message) = self.accept(header, blob)? {
                if self.taken == self.buffer.len() {
                    // The message may wait long for its reader, and these bytes would wait with it.
                    self.forget_taken();
                }
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    fn next_fragment(&mut self) -> Result<Option<(FragmentHeader, std::ops::Range<usize>)>, ProtocolError> {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let Some((header, rest)) = FragmentHeader::read(rest) else { return Ok(None) };
        if header.object_id <= 0 || header.blob_len < 0 {
            return Err(ProtocolError::Fragment { what: "invalid id or length", object_id: header.object_id });
        }
        let blob_len = header.blob_len as usize;
        let so_far = self.partial.as_ref().map_or(0, |partial| partial.message.len());
        if so_far.saturating_add(blob_len) > self.max_message {
            return Err(ProtocolError::TooLarge { limit: self.max_message });
        }
        if rest.len() < blob_len {
            return Ok(None);
        }
        let start = self.taken + HEADER_LEN;
        self.taken = start + blob_len;
        Ok(Some((header, start..start + blob_len)))
    }

    fn accept(
        &mut self,
        header: FragmentHeader,
        blob: std::ops::Range<usize>,
    ) -> Result<Option<Vec<u8>>, ProtocolError> {
        let blob = self.buffer.get(blob).unwrap_or_default();
        if header.start {
            self.joins = false;
            if header.end {
                self.partial = None;
                return Ok(Some(blob.to_vec()));
            }
            // A start in the middle of another message silently drops the partial one, as PowerShell does.
            self.partial = Some(Partial { object_id: header.object_id, next_fragment: 1, message: blob.to_vec() });
            return Ok(None);
        }
        let partial = match &mut self.partial {
            Some(partial) if partial.object_id == header.object_id && partial.next_fragment == header.fragment_id => {
                partial
            }
            None if self.joins => return Ok(None),
            _ => return Err(ProtocolError::Fragment { what: "out of order", object_id: header.object_id }),
        };
        partial.next_fragment += 1;
        partial.message.extend_from_slice(blob);
        Ok(if header.end { self.partial.take().map(|partial| partial.message) } else { None })
    }
}

#[derive(Debug, Clone, Copy)]
struct FragmentHeader {
    object_id: i64,
    fragment_id: i64,
    start: bool,
    end: bool,
    blob_len: i32,
}

impl FragmentHeader {
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (object_id, rest) = bytes.split_first_chunk()?;
        let (fragment_id, rest) = rest.split_first_chunk()?;
        let (&flags, rest) = rest.split_first()?;
        let (blob_len, rest) = rest.split_first_chunk()?;
        let header = Self {
            object_id: i64::from_be_bytes(*object_id),
            fragment_id: i64::from_be_bytes(*fragment_id),
            start: flags & START != 0,
            end: flags & END != 0,
            blob_len: i32::from_be_bytes(*blob_len),
        };
        Some((header, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vector 11.2: PIPELINE_INPUT of `<S>hello</S>` in three fragments with blobs of at most 20 bytes.
    const THREE: &str = "AAAAAAAAAAUAAAAAAAAAAAEAAAAUAgAAAAIQBABEMyIRZlWId5mqu8wAAAAAAAAABQAAAAAAAAABAAAAABTd7v8ADQwLCg8OERASExQVFhcYGQAAAAAAAAAFAAAAAAAAAAICAAAADDxTPmhlbGxvPC9TPg==";

    fn three() -> Vec<u8> {
        base64_simd::STANDARD.decode_to_vec(THREE).expect("base64")
    }

    fn message() -> Vec<u8> {
        let mut defragmenter = Defragmenter::new(1024);
        defragmenter.push(&three());
        defragmenter.next_message().expect("in order").expect("whole")
    }

    #[test]
    fn reads_the_vector_in_portions_of_any_size() {
        let whole = message();
        assert_eq!((whole.len(), &whole[40..]), (52, &b"<S>hello</S>"[..]));
        for size in 1..three().len() {
            let mut defragmenter = Defragmenter::new(1024);
            let mut found = Vec::new();
            for portion in three().chunks(size) {
                defragmenter.push(portion);
                found.extend(defragmenter.next_message().expect("in order"));
            }
            assert_eq!(found, std::slice::from_ref(&whole), "portions of {size}");
        }
    }

    #[test]
    fn cuts_as_the_vector() {
        let whole = message();
        let (header, body) = whole.split_at(40);
        assert_eq!(cut(5, &[header, body], 41).concat(), three());
        assert_eq!(cut(5, &[header, body], 1000).len(), 1);
    }

    #[test]
    fn refuses_what_is_out_of_order() {
        let bytes = three();
        let mut defragmenter = Defragmenter::new(1024);
        defragmenter.push(&bytes[41..]);
        assert!(matches!(defragmenter.next_message(), Err(ProtocolError::Fragment { what: "out of order", .. })));
        let mut zero = bytes;
        zero[7] = 0;
        let mut defragmenter = Defragmenter::new(1024);
        defragmenter.push(&zero);
        assert!(defragmenter.next_message().is_err());
    }

    #[test]
    fn leaves_out_the_rest_of_a_message_that_another_began_to_read() {
        let mut defragmenter = Defragmenter::joining(1024);
        defragmenter.push(&three()[41..]);
        assert_eq!(defragmenter.next_message().expect("left out"), None);
        defragmenter.push(&three());
        assert_eq!(defragmenter.next_message().expect("in order"), Some(message()));
        defragmenter.push(&three()[41..]);
        assert!(defragmenter.next_message().is_err(), "only what stands in front");
    }

    #[test]
    fn allocates_no_more_than_arrived() {
        let mut huge = cut(1, &[b"abc"], 100).concat();
        huge[17..21].copy_from_slice(&i32::MAX.to_be_bytes());
        let mut defragmenter = Defragmenter::new(usize::MAX);
        defragmenter.push(&huge);
        assert!(matches!(defragmenter.next_message(), Ok(None)));
        let mut limited = Defragmenter::new(1 << 20);
        limited.push(&huge);
        assert!(matches!(limited.next_message(), Err(ProtocolError::TooLarge { limit: 0x10_0000 })));
    }
}
