//! The lines of a tape, in whatever portions its text comes.

use super::cut::Cut;

/// The longest line of a tape; a server's own ones are shorter by far.
const MAX_LINE: usize = 2 << 20;

/// The whole lines of a tape, and its last word.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The beginning of a line whose end is still to come.
    partial: String,
}

impl Lines {
    /// The whole lines that have come, and why the tape ends if it does; `None` when a line is too long.
    pub(super) fn take(&mut self, text: &str) -> Option<(String, Option<Cut>)> {
        let Some(end) = text.rfind('\n') else {
            self.partial.push_str(text);
            return (self.partial.len() <= MAX_LINE).then(|| (String::new(), None));
        };
        let mut whole = std::mem::take(&mut self.partial);
        whole.push_str(&text[..=end]);
        text[end + 1..].clone_into(&mut self.partial);
        let line_at = whole[..whole.len() - 1].rfind('\n').map_or(0, |at| at + 1);
        let Some(word) = whole[line_at..].trim_end().strip_prefix('#') else { return Some((whole, None)) };
        let cut = Cut::read(word);
        whole.truncate(line_at);
        if cut == Some(Cut::Dead) {
            // It died in the midst of a line, perhaps.
            let end = whole.len().saturating_sub(1);
            whole.truncate(whole[..end].rfind('\n').map_or(0, |at| at + 1));
        }
        Some((whole, cut))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_whatever_they_come_in() {
        let text = "<Data 1>\n<Data 2>\n<Data 3>\n#expired\n";
        for size in 1..text.len() {
            let mut lines = Lines::default();
            let (mut whole, mut cut) = (String::new(), None);
            for part in text.as_bytes().chunks(size) {
                let (more, end) = lines.take(std::str::from_utf8(part).expect("ASCII")).expect("short");
                whole.push_str(&more);
                cut = cut.or(end);
            }
            assert_eq!((&*whole, cut), ("<Data 1>\n<Data 2>\n<Data 3>\n", Some(Cut::Expired)), "{size}");
        }
    }

    #[test]
    fn half_a_line_of_a_dead_deck_is_left_out() {
        let mut lines = Lines::default();
        assert_eq!(lines.take("<Data 1>\n<Da"), Some(("<Data 1>\n".to_owned(), None)));
        assert_eq!(lines.take("\n#dead\n"), Some((String::new(), Some(Cut::Dead))));
    }

    #[test]
    fn a_line_without_end_is_not_held() {
        let mut lines = Lines::default();
        let part = "x".repeat(1 << 18);
        let taken = (0..(2 * MAX_LINE) >> 18).take_while(|_| lines.take(&part).is_some()).count();
        assert_eq!(taken, MAX_LINE >> 18);
    }
}
