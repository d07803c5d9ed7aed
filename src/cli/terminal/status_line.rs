//! A line that comes and goes at the foot of a terminal: what draws it and what takes it away.
//!
//! Terminals differ in what a narrower window does to a line: some wrap it anew (VTE, kitty, tmux), some cut it
//! (xterm), some do either, depending on where the cursor is (VS Code). But each of them leaves the cursor at the cell
//! where it stood. So the cursor waits at the *start* of the line: whatever rows the line has become, they lie from
//! there on, all that is above is output, and nothing needs to be known of the terminal or of its width.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

/// Takes the line away, however many rows it has now: its first row, then all from the second cell on. From the first
/// cell of the screen on, tmux would keep what is erased in its history.
pub const ERASE: &str = "\r\x1b[K\x1b[C\x1b[J\r";

/// Goes up a row.
pub const UP: &str = "\x1b[A";

/// Draws the line and goes back to its start. What is wider than the window is cut by the terminal, not wrapped: the
/// window may have become narrower since the text was cut.
pub fn drawn(text: &str) -> String {
    format!("\x1b[?7l{text}\x1b[?7h\r")
}

/// Draws the line over the whole width and stays at its end, so that what another program writes begins on a row of its
/// own. A window that is made narrower now can keep a piece of the line.
pub fn drawn_to_the_edge(text: &str, columns: usize) -> String {
    let mut line = text.to_owned();
    let blank = columns.saturating_sub(text.width());
    // Writing to a text does not fail.
    let _ = write!(line, "{:blank$}", "");
    line
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::drawn_to_the_edge;

    #[test]
    fn the_edge_is_reached_whatever_the_text() {
        for text in ["", "a", "1/3 国国", "naïve", "0123456789"] {
            assert_eq!(drawn_to_the_edge(text, 10).width(), 10, "{text:?}");
        }
    }
}
