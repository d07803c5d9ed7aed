//! Finds bytes eight at a time: texts of CLIXML are short, and a search made for long ones takes longer to begin.
//!
//! # Source
//! Anderson, Bit Twiddling Hacks: "Determine if a word has a zero byte", "... has a byte less than n".

/// A byte in each of eight places.
const fn eight(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Marks bytes of a word that are this one; the first mark is right, those behind it need not be.
pub(super) fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ eight(byte), 1)
}

/// Marks bytes of a word that are less than a limit of at most 128; the first mark is right, those behind it need not
/// be.
pub(super) fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(eight(limit)) & !word & eight(0x80)
}

/// Where the first byte is that `marks` marks.
#[inline]
pub(super) fn position(bytes: &[u8], marks: impl Fn(u64) -> u64) -> Option<usize> {
    let first = |word| match marks(word) {
        0 => None,
        found => Some(found.trailing_zeros() as usize / 8),
    };
    let (words, rest) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        if let Some(at) = first(u64::from_le_bytes(*word)) {
            return Some(8 * number + at);
        }
    }
    let word = rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
    let at = first(word).filter(|at| *at < rest.len())?;
    Some(bytes.len() - rest.len() + at)
}

#[cfg(test)]
mod tests {
    use super::{below, equal, position};

    #[test]
    fn finds_what_a_plain_search_finds() {
        for length in 0..40 {
            for at in 0..=length {
                for byte in [0, 0x1F, 0x20, 0x21, b'"', b'#', 0x7F, 0x80, 0xA2, 0xFF] {
                    let mut text = vec![b'a'; length];
                    if let Some(place) = text.get_mut(at) {
                        *place = byte;
                    }
                    let plain = text.iter().position(|byte| *byte == b'"' || *byte < 0x20);
                    assert_eq!(position(&text, |word| equal(word, b'"') | below(word, 0x20)), plain, "{text:?}");
                }
            }
        }
    }
}
