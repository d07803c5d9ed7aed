//! Text in lines as wide as a terminal, broken between words.

use unicode_width::UnicodeWidthChar;

/// Columns below which a terminal breaks lines as well as we could.
const NARROWEST: usize = 30;
/// How far what continues a line stands in.
const INDENT: usize = 2;

/// Breaks lines that are wider than so many columns between words; what continues a line stands two columns further in.
/// A word that no line could hold, such as a path, stays where and as it is. Sequences that colour text take no room.
pub fn wrapped(text: &str, columns: usize) -> String {
    let lines = text.split('\n').map(|line| {
        let indent = line.len() - line.trim_start_matches(' ').len() + INDENT;
        filled(line, columns, 0, indent)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Breaks one line of which the first piece begins at column `start` and all others at column `indent`.
pub fn filled(line: &str, columns: usize, start: usize, indent: usize) -> String {
    if columns < NARROWEST.max(indent + INDENT) || start + width(line) <= columns {
        return line.to_owned();
    }
    let mut filled = String::with_capacity(line.len() + line.len() / columns * (indent + 1));
    let (mut column, mut blanks, mut is_begun) = (start, 0, false);
    for (place, word) in line.split(' ').enumerate() {
        blanks += usize::from(place > 0);
        if word.is_empty() {
            continue;
        }
        let width = width(word);
        if is_begun && column + blanks + width > columns && indent + width <= columns {
            filled.push('\n');
            (column, blanks) = (0, indent);
        }
        filled.extend(std::iter::repeat_n(' ', blanks));
        filled.push_str(word);
        column += blanks + width;
        (blanks, is_begun) = (0, true);
    }
    filled
}

/// The columns that a text takes.
pub fn width(text: &str) -> usize {
    let mut is_sequence = false;
    let columns = text.chars().map(|c| match c {
        '\x1b' => {
            is_sequence = true;
            0
        }
        _ if is_sequence => {
            is_sequence = !c.is_ascii_alphabetic();
            0
        }
        _ => c.width().unwrap_or(0),
    });
    columns.sum()
}

/// The begin of a text in so many columns, with a mark where something is missing.
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut room = columns.saturating_sub(1);
    let fits = |c: &char| {
        let width = c.width().unwrap_or(0);
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    };
    let begin: String = text.chars().take_while(fits).collect();
    if columns == 0 { String::new() } else { format!("{}…", begin.trim_end()) }
}

#[cfg(test)]
mod tests {
    use super::{cut, filled, width, wrapped};

    #[test]
    fn lines_break_between_words() {
        let text =
            "error: web01: the account needs to be in Administrators\n  or elsewhere, as the endpoint says, today";
        let expected = "error: web01: the account needs\n  to be in Administrators\n  or elsewhere, as the endpoint\n    says, today";
        assert_eq!(wrapped(text, 32), expected);
        assert_eq!(wrapped(text, 200), text);
        assert_eq!(wrapped("a  b", 200), "a  b", "what fits is left alone");
    }

    #[test]
    fn a_word_without_room_stays() {
        let path = "x".repeat(50);
        assert_eq!(wrapped(&format!("cannot read {path} today"), 40), format!("cannot read {path}\n  today"));
    }

    #[test]
    fn colours_take_no_room() {
        let text = "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m twenty four columns wide";
        assert_eq!(width(text), 31);
        assert_eq!(wrapped(text, 31), text);
        assert_eq!(wrapped(text, 30).lines().nth(1), Some("  wide"));
    }

    #[test]
    fn columns_hang() {
        assert_eq!(
            filled("one two three four five six seven", 36, 20, 22),
            "one two three\n                      four five six\n                      seven"
        );
        assert_eq!(filled("too far right", 36, 30, 35), "too far right");
    }

    #[test]
    fn what_is_cut_is_marked() {
        assert_eq!(cut("one two", 7), "one two");
        assert_eq!(cut("one two", 6), "one t…");
        assert_eq!(cut("one two", 5), "one…");
        assert_eq!(cut("国国国", 4), "国…");
        assert_eq!(cut("国国国", 0), "");
    }
}
