//! The end of what a program writes to its diagnostic stream.

use std::collections::VecDeque;

/// The last lines of a stream that may hold anything, without a line's end too.
#[derive(Debug, Default)]
pub(super) struct Tail {
    lines: VecDeque<String>,
    /// The beginning of a line whose end is still to come.
    partial: Vec<u8>,
}

impl Tail {
    const LINES: usize = 8;
    /// Characters of a line that are kept.
    const SHOWN: usize = 400;
    /// Bytes after which a line is taken for ended.
    const LONGEST: usize = 4096;

    /// Takes what comes next.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte != b'\n' {
                self.partial.push(byte);
            }
            if byte == b'\n' || self.partial.len() == Self::LONGEST {
                self.end_line();
            }
        }
    }

    /// What has come is a line, though its end may be missing.
    pub(super) fn end_line(&mut self) {
        let line = std::mem::take(&mut self.partial);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.trim_start().is_empty() {
            return;
        }
        if self.lines.len() == Self::LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line.chars().take(Self::SHOWN).flat_map(char::escape_debug).collect());
    }

    /// The lines as one.
    pub(super) fn text(&self) -> String {
        self.lines.iter().map(String::as_str).collect::<Vec<_>>().join(" | ")
    }
}

#[cfg(test)]
mod tests {
    use super::Tail;

    fn tail(parts: &[&[u8]]) -> Tail {
        let mut tail = Tail::default();
        parts.iter().for_each(|part| tail.write(part));
        tail.end_line();
        tail
    }

    #[test]
    fn keeps_the_last_lines_whatever_they_are_cut_into() {
        assert_eq!(tail(&[b"on", b"e\n\n  \ntw", b"o\r\nthree"]).text(), "one | two | three");
        let many: Vec<u8> = (0..20).flat_map(|number| format!("{number}\n").into_bytes()).collect();
        assert_eq!(tail(&[&many]).text(), "12 | 13 | 14 | 15 | 16 | 17 | 18 | 19");
        assert_eq!(tail(&[b"\x1b[2J\xff"]).text(), "\\u{1b}[2J\u{fffd}");
    }

    #[test]
    fn a_line_without_an_end_takes_no_more_memory_than_others() {
        let mut tail = Tail::default();
        for _ in 0..1000 {
            tail.write(&[b'x'; 8192]);
            assert!(tail.partial.capacity() <= 2 * Tail::LONGEST);
        }
        assert!(tail.text().len() < 8 * 410);
    }
}
