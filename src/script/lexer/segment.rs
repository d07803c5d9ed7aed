//! A stretch of source as PowerShell scans it.

/// Characters with the byte offsets they have in the script.
#[derive(Debug, Default)]
pub(super) struct Segment {
    chars: Vec<(char, usize)>,
    /// The byte offset behind the last character.
    end: usize,
}

impl Segment {
    pub fn whole(text: &str) -> Self {
        Self { chars: text.char_indices().map(|(offset, c)| (c, offset)).collect(), end: text.len() }
    }

    pub fn len(&self) -> usize {
        self.chars.len()
    }

    /// The character at an index; NUL behind the end, as PowerShell has it.
    pub fn char(&self, index: usize) -> char {
        self.chars.get(index).map_or('\0', |(c, _)| *c)
    }

    /// The byte offset of an index in the script.
    pub fn offset(&self, index: usize) -> usize {
        self.chars.get(index).map_or(self.end, |(_, offset)| *offset)
    }

    /// The byte offset behind the character before an index. Differs from [`offset`](Self::offset) where a doubled quote
    /// was made single.
    pub fn end_offset(&self, index: usize) -> usize {
        match index.checked_sub(1).and_then(|last| self.chars.get(last)) {
            Some((c, offset)) => offset + c.len_utf8(),
            None => self.offset(index),
        }
    }

    /// Its characters.
    pub fn text(&self) -> String {
        self.chars.iter().map(|(c, _)| c).collect()
    }

    /// A part of it, with each doubled quote inside made one if `doubled` says so by index.
    pub fn part(&self, start: usize, end: usize, is_dropped: impl Fn(usize) -> bool) -> Self {
        let kept = (start..end.min(self.len())).filter(|index| !is_dropped(*index));
        Self { chars: kept.filter_map(|index| self.chars.get(index).copied()).collect(), end: self.end_offset(end) }
    }
}
