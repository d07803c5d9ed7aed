//! How wide the columns of a table are, and its lines.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::output::style;

/// Columns of space between two cells.
const GAP: usize = 2;

/// No column is made narrower than this, unless all its cells are.
const NARROWEST: usize = 8;

/// Room left to cells that come later.
const SLACK: usize = 4;

/// The cells of one row, safe for a terminal and without ends of line.
#[derive(Debug, Clone)]
pub struct Row {
    /// The text of each cell.
    pub cells: Vec<String>,
    /// Whether each cell is a number or nothing.
    pub numbers: Vec<bool>,
}

/// The widths of a table's columns.
#[derive(Debug)]
pub struct Layout {
    columns: Vec<Column>,
    /// Columns on the right that found no room.
    pub dropped: usize,
}

#[derive(Debug)]
struct Column {
    title: String,
    width: usize,
    right: bool,
}

impl Layout {
    /// Fits columns to the cells seen so far and the width of a line. `more` leaves room for wider cells to come;
    /// `least` is the width that the first column needs in any case.
    pub fn new(titles: &[String], rows: &[&Row], width: usize, least: usize, more: bool) -> Self {
        let mut columns: Vec<_> = titles
            .iter()
            .enumerate()
            .map(|(place, title)| {
                let cells = rows.iter().filter_map(|row| row.cells.get(place));
                let widest = cells.map(|cell| cell.width()).chain([title.width()]).max().unwrap_or(0);
                let right = rows.iter().all(|row| row.numbers.get(place) == Some(&true))
                    && rows.iter().any(|row| row.cells.get(place).is_some_and(|cell| !cell.is_empty()));
                Column { title: title.clone(), width: if place == 0 { widest.max(least) } else { widest }, right }
            })
            .collect();
        let fitting = fitting(&columns, width);
        let dropped = columns.len() - fitting;
        columns.truncate(fitting);
        let room = width.saturating_sub(GAP * columns.len().saturating_sub(1));
        shrink(&mut columns, room);
        if more {
            widen(&mut columns, room);
        }
        Self { columns, dropped }
    }

    /// The titles and the line below them.
    pub fn header(&self, color: bool) -> String {
        let style = style::title(color);
        let titles = self.columns.iter().map(|column| column.title.clone()).collect();
        let rules = self.columns.iter().map(|column| "-".repeat(column.title.width().min(column.width))).collect();
        [titles, rules].map(|cells: Vec<String>| format!("{style}{}{style:#}\n", self.joined(&cells))).concat()
    }

    /// One row.
    pub fn line(&self, row: &Row) -> String {
        self.joined(&row.cells) + "\n"
    }

    fn joined(&self, cells: &[String]) -> String {
        let mut line = String::new();
        for (place, column) in self.columns.iter().enumerate() {
            let cell = cells.get(place).map_or("", String::as_str);
            let cell = cut(cell, column.width);
            let pad = " ".repeat(column.width - cell.width());
            if place > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            if column.right {
                line.push_str(&pad);
            }
            line.push_str(&cell);
            if !column.right {
                line.push_str(&pad);
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// How many columns, from the left, find room when each is as narrow as it may be; at least one.
fn fitting(columns: &[Column], width: usize) -> usize {
    let mut used = 0;
    let fitting = columns.iter().take_while(|column| {
        used += column.width.min(NARROWEST.max(column.title.width().min(2 * NARROWEST)));
        let fits = used <= width;
        used += GAP;
        fits
    });
    fitting.count().max(1).min(columns.len())
}

/// Takes from the widest columns until all fit.
fn shrink(columns: &mut [Column], room: usize) {
    let sum = |columns: &[Column], cap: usize| columns.iter().map(|column| column.width.min(cap)).sum::<usize>();
    let widest = columns.iter().map(|column| column.width).max().unwrap_or(0);
    let cap = (1..=widest).rev().find(|cap| sum(columns, *cap) <= room).unwrap_or(1);
    for column in columns {
        column.width = column.width.min(cap);
    }
}

/// Gives unused room to the columns of text, most of it to the last one.
fn widen(columns: &mut [Column], room: usize) {
    let mut spare = room.saturating_sub(columns.iter().map(|column| column.width).sum());
    let last = columns.len().saturating_sub(1);
    // The first column is the host, whose width is known.
    for column in columns.iter_mut().take(last).skip(1) {
        let extra = SLACK.min(spare);
        column.width += extra;
        spare -= extra;
    }
    if let Some(column) = columns.last_mut().filter(|column| !column.right) {
        column.width += spare;
    }
}

/// The text, cut with an ellipsis if it is wider.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used + 1 > width {
            break;
        }
        kept.push(c);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::{Layout, Row, cut};

    #[test]
    fn cuts_by_width() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("ab", 0), "");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(
            titles in proptest::collection::vec("[a-z日]{1,20}", 1..12),
            cells in proptest::collection::vec(proptest::collection::vec("[ -~日é]{0,30}", 12), 0..6),
            width in 20_usize..120,
            more: bool,
        ) {
            let rows: Vec<_> = cells.into_iter().map(|cells| Row { numbers: vec![false; 12], cells }).collect();
            let layout = Layout::new(&titles, &rows.iter().collect::<Vec<_>>(), width, 0, more);
            prop_assert!(layout.columns.len() + layout.dropped == titles.len());
            for line in layout.header(false).lines().chain(rows.iter().map(|row| layout.line(row)).collect::<String>().lines()) {
                prop_assert!(line.width() <= width, "{width} {line:?}");
            }
        }
    }
}
