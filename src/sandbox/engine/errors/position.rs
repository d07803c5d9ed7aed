//! Where an error is, in words and underlined.

use super::Place;

/// The most characters of a line that are shown.
const WIDTH: usize = 69;

/// Characters before and behind the place that are shown in any case.
const BEFORE: usize = 12;
const BEHIND: usize = 8;

/// What is shown of a line.
struct Cut {
    start: usize,
    end: usize,
    /// Characters that are underlined, behind those before them.
    place: usize,
    length: usize,
}

impl Place {
    /// `At line:1 char:5`, the line, and the place underlined. Of long lines a part is shown, as PowerShell 7 has it.
    pub(in super::super) fn position_message(&self) -> String {
        let (line, column) = self.line_and_column();
        let text = self.line().trim_end();
        let start = self.source.get(self.line_start()..self.span.start as usize).unwrap_or("");
        let own = self.span.of(&self.source).lines().next().unwrap_or("").trim_end();
        // A tab is as wide as four blanks.
        let shown: Vec<char> = text.replace('\t', "    ").chars().collect();
        let width = |text: &str| text.replace('\t', "    ").chars().count();
        let cut = cut(shown.len(), width(start), width(own).max(1));
        let before = if cut.start > 0 { "\u{2026} " } else { "" };
        let behind = if cut.end < shown.len() { " \u{2026}" } else { "" };
        let part: String = shown.get(cut.start..cut.end).unwrap_or_default().iter().collect();
        let blanks = " ".repeat(cut.place + before.chars().count());
        format!("At line:{line} char:{column}\n+ {before}{part}{behind}\n+ {blanks}{}", "~".repeat(cut.length))
    }
}

/// What is shown of a line of so many characters, in which a place begins behind `before` and has a `length`.
fn cut(total: usize, before: usize, length: usize) -> Cut {
    if total <= WIDTH {
        return Cut { start: 0, end: total, place: before, length };
    }
    let behind = total.saturating_sub(before + length);
    let (mut prefix, mut length) = (before.min(BEFORE), length);
    let suffix = match WIDTH.checked_sub(prefix + length + behind.min(BEHIND)) {
        Some(spare @ 1..) => {
            prefix += spare.min(before - prefix);
            behind.min(WIDTH - prefix - length)
        }
        _ => {
            length = length.min(WIDTH - prefix);
            WIDTH - prefix - length
        }
    };
    let start = before - prefix;
    Cut { start, end: (start + prefix + length + suffix).min(total), place: prefix, length }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::super::ast::Span;
    use super::Place;

    fn message(source: &str, part: &str) -> String {
        let start = source.find(part).expect("the part is there");
        let span = Span { start: start as u32, end: (start + part.len()) as u32 };
        Place { source: Arc::from(source), span }.position_message()
    }

    #[test]
    fn long_lines_are_cut() {
        let begin = "function foo { throw 'bang' }; try { foo } catch { $_.ScriptStackTrace; 'and so on' }";
        let wanted = "At line:1 char:16\n+ function foo { throw 'bang' }; try { foo } catch { $_.ScriptStackTrac \u{2026}\n\
                      +                ~~~~~~~~~~~~";
        assert_eq!(message(begin, "throw 'bang'"), wanted);
        let end = format!("{}'x'", "1 + 1; ".repeat(20));
        let shown = message(&end, "'x'");
        assert!(shown.ends_with(&format!("\n+ {}~~~", " ".repeat(68))), "{shown}");
        assert!(shown.contains("\n+ \u{2026} ") && !shown.contains(" \u{2026}\n"), "{shown}");
    }

    #[test]
    fn tabs_are_four_blanks() {
        assert_eq!(message("\tfoo \n", "foo"), "At line:1 char:2\n+     foo\n+     ~~~");
    }
}
