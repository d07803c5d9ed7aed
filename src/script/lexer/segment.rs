//! A stretch of source as PowerShell scans it.

/// Characters with the byte offsets they have in the script.
#[derive(Debug, Default)]
pub(super) struct Segment {
    chars: Vec<(char, usize)>,
    /// The byte offset behind the last character.
    end: usize,
    count: Count,
}

/// How PowerShell counts offsets in a stretch, in UTF-16 code units of the script.
///
/// It knows where the stretch begins and which characters it has left out of it, but once there are any, it forgets
/// those that were left out of the stretch around it. So from the second level on it may look for an expression some
/// characters too early, and what it finds there is then its name for the expression.
#[derive(Debug, Default)]
struct Count {
    /// Where the stretch begins.
    origin: usize,
    /// Where the characters that are left out have been, in order.
    left_out: Vec<usize>,
    /// A stretch around this one has lost characters.
    is_off: bool,
}

impl Segment {
    pub(super) fn whole(text: &str) -> Self {
        let chars = text.char_indices().map(|(offset, c)| (c, offset)).collect();
        Self { chars, end: text.len(), count: Count::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The character at an index; NUL behind the end, as PowerShell has it.
    pub(super) fn char(&self, index: usize) -> char {
        self.chars.get(index).map_or('\0', |(c, _)| *c)
    }

    /// The byte offset of an index in the script.
    pub(super) fn offset(&self, index: usize) -> usize {
        self.chars.get(index).map_or(self.end, |(_, offset)| *offset)
    }

    /// The byte offset behind the character before an index. Differs from [`offset`](Self::offset) where a doubled
    /// quote was made single.
    pub(super) fn end_offset(&self, index: usize) -> usize {
        match index.checked_sub(1).and_then(|last| self.chars.get(last)) {
            Some((c, offset)) => offset + c.len_utf8(),
            None => self.offset(index),
        }
    }

    /// Its characters.
    pub(super) fn text(&self) -> String {
        self.chars.iter().map(|(c, _)| c).collect()
    }

    /// A part of it, without the characters at these indexes, which are in order.
    pub(super) fn part(&self, start: usize, end: usize, dropped: &[usize]) -> Self {
        let kept = (start..end.min(self.len())).filter(|index| dropped.binary_search(index).is_err());
        let chars = kept.filter_map(|index| self.chars.get(index).copied()).collect();
        let mut units = self.units(0, start);
        let mut last = start;
        let left_out = dropped.iter().map(|index| {
            units += self.units(last, *index);
            last = *index;
            self.count.origin + units
        });
        let left_out: Vec<usize> = left_out.collect();
        let count = Count {
            left_out: if left_out.is_empty() { self.count.left_out.clone() } else { left_out },
            origin: self.counted_offset(start),
            is_off: self.count.is_off || !self.count.left_out.is_empty(),
        };
        Self { chars, end: self.end_offset(end), count }
    }

    /// The offsets that PowerShell counts for two indexes, in UTF-16 code units of the script; `None` where it counts
    /// right.
    pub(super) fn counted(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        self.count.is_off.then(|| (self.counted_offset(start), self.counted_offset(end)))
    }

    fn counted_offset(&self, index: usize) -> usize {
        let origin = self.count.origin;
        let mut at = origin + self.units(0, index);
        for left_out in self.count.left_out.iter().filter(|left_out| **left_out >= origin) {
            if *left_out >= at {
                break;
            }
            at += 1;
        }
        at
    }

    /// The UTF-16 code units between two indexes.
    fn units(&self, start: usize, end: usize) -> usize {
        self.chars.iter().take(end).skip(start).map(|(c, _)| c.len_utf16()).sum()
    }
}
