//! The text of a script, with lines and columns.

use super::ScriptError;
use super::lexer::{self, Occurrence, Scan, TokenKind};
use super::position::{Lines, Position};
use super::tokens::{closing, is_code};

/// A script's text, scanned once.
#[derive(Debug, Clone)]
pub struct Source {
    text: String,
    scan: Scan,
}

impl Source {
    /// Scans a text.
    ///
    /// # Errors
    /// [`ScriptError::TooDeep`] when strings nest in each other deeper than any script does.
    pub fn new(text: impl Into<String>) -> Result<Self, ScriptError> {
        let text = text.into();
        let scan = lexer::scan(&text)?;
        Ok(Self { text, scan })
    }

    /// Scans the content of a file: UTF-8, or UTF-16 where a byte order mark says so. Bytes that are not text become
    /// U+FFFD.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ScriptError> {
        Self::new(decode(bytes))
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every live `$using:` expression, in order of appearance.
    pub fn occurrences(&self) -> &[Occurrence] {
        &self.scan.occurrences
    }

    /// Whether nothing but comments and ends of statements is there.
    pub fn is_blank(&self) -> bool {
        self.scan.tokens.iter().all(|token| matches!(token.kind, TokenKind::Comment | TokenKind::End))
    }

    pub(super) fn scan(&self) -> &Scan {
        &self.scan
    }

    /// The body of a script that is a single `{ }` and nothing else; places in it are those in this text.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn body(&self) -> Result<Option<Self>, ScriptError> {
        let tokens = &self.scan.tokens;
        let (Some(first), Some(last)) = (tokens.iter().position(is_code), tokens.iter().rposition(is_code)) else {
            return Ok(None);
        };
        let (open, close) = (&tokens[first], &tokens[last]);
        if self.slice(open.start, open.end) != "{" || closing(tokens, first) != Some(last) {
            return Ok(None);
        }
        let (before, inside, after) =
            (self.slice(0, open.start), self.slice(open.end, close.start), self.slice(close.end, self.text.len()));
        Self::new(format!("{before} {inside} {after}")).map(Some)
    }

    /// A part of the text; empty if the offsets are not part of it.
    pub(super) fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The place of a byte offset.
    pub fn position(&self, offset: usize) -> Position {
        Lines::new(&self.text).position(offset)
    }
}

fn decode(bytes: &[u8]) -> String {
    let wide = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(read).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Position, Source};

    #[test]
    fn columns_count_utf16_and_lines_any_ending() {
        let source = Source::new("a\r\nb\rc\n\"😀$using:x\"").expect("scans");
        assert_eq!(source.occurrences()[0].position, Position { line: 4, column: 4 });
    }

    #[test]
    fn files_of_windows_are_text() {
        for bytes in [b"\xEF\xBB\xBF\xC3\xA4".as_slice(), b"\xFF\xFE\xE4\x00", b"\xFE\xFF\x00\xE4", b"\xC3\xA4"] {
            assert_eq!(Source::from_bytes(bytes).expect("scans").text(), "ä");
        }
        assert_eq!(Source::from_bytes(b"a\xFFb").expect("scans").text(), "a\u{FFFD}b");
    }
}
