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
pub(super) struct Row {
    /// The text of each cell.
    pub cells: Vec<String>,
    /// Whether each cell is a number or nothing.
    pub numbers: Vec<bool>,
}

/// The widths of a table's columns.
#[derive(Debug)]
pub(super) struct Layout {
    columns: Vec<Column>,
    /// The titles of columns on the right that found no room.
    pub dropped: Vec<String>,
}

#[derive(Debug)]
struct Column {
    title: String,
    width: usize,
    right: bool,
}

impl Layout {
    /// Fits columns to the cells seen so far and the width of a line. `more` leaves room for wider cells to come;
    /// `hosts` is the width that the first column needs in any case, if it is that of the hosts: it is cut last.
    pub(super) fn new(titles: &[String], rows: &[&Row], width: usize, hosts: Option<usize>, more: bool) -> Self {
        let columns = titles.iter().enumerate().map(|(place, title)| Column::of(title, rows, place));
        let mut columns: Vec<_> = columns.collect();
        if let (Some(first), Some(least)) = (columns.first_mut(), hosts) {
            first.width = first.width.max(least);
        }
        let hosts = usize::from(hosts.is_some());
        let dropped = columns.split_off(fitting(&columns, hosts, width));
        let mut room = width.saturating_sub(GAP * columns.len().saturating_sub(1));
        let (first, others) = columns.split_at_mut(hosts);
        if let [host] = first {
            let needed = others.iter().map(Column::least).sum();
            host.width = host.width.min(room.saturating_sub(needed).max(NARROWEST));
            room = room.saturating_sub(host.width);
        }
        let is_cut = shrink(others, room);
        if more && !is_cut {
            widen(others, room);
        }
        Self { columns, dropped: dropped.into_iter().map(|column| column.title).collect() }
    }

    /// The titles and the line below them.
    pub(super) fn header(&self, color: bool) -> String {
        let style = style::title(color);
        let titles = self.columns.iter().map(|column| column.title.clone()).collect();
        let rules = self.columns.iter().map(|column| "-".repeat(column.title.width().min(column.width))).collect();
        [titles, rules].map(|cells: Vec<String>| format!("{style}{}{style:#}\n", self.joined(&cells))).concat()
    }

    /// One row.
    pub(super) fn line(&self, row: &Row) -> String {
        self.joined(&row.cells) + "\n"
    }

    fn joined(&self, cells: &[String]) -> String {
        let mut line = String::new();
        for (place, column) in self.columns.iter().enumerate() {
            let cell = cells.get(place).map_or("", String::as_str);
            let cell = cut(cell, column.width, column.right);
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

impl Column {
    fn of(title: &str, rows: &[&Row], place: usize) -> Self {
        let cells = rows.iter().filter_map(|row| row.cells.get(place));
        let width = cells.map(|cell| cell.width()).chain([title.width()]).max().unwrap_or(0);
        let right = rows.iter().all(|row| row.numbers.get(place) == Some(&true))
            && rows.iter().any(|row| row.cells.get(place).is_some_and(|cell| !cell.is_empty()));
        Self { title: title.to_owned(), width, right }
    }

    /// How narrow it may be made.
    fn least(&self) -> usize {
        self.width.min(NARROWEST.max(self.title.width().min(2 * NARROWEST)))
    }
}

/// How many columns, from the left, find room when those behind the hosts' are as narrow as they may be; at least one
/// of them.
fn fitting(columns: &[Column], hosts: usize, width: usize) -> usize {
    let mut used = 0;
    let fitting = columns.iter().enumerate().take_while(|(place, column)| {
        used += if *place < hosts { column.width } else { column.least() };
        let fits = used <= width;
        used += GAP;
        fits
    });
    fitting.count().max(hosts + 1).min(columns.len())
}

/// Takes from the widest columns until all fit; whether any was too wide.
fn shrink(columns: &mut [Column], room: usize) -> bool {
    let sum = |cap: usize| columns.iter().map(|column| column.width.min(cap)).sum::<usize>();
    let widest = columns.iter().map(|column| column.width).max().unwrap_or(0);
    let cap = (1..=widest.min(room)).rev().find(|cap| sum(*cap) <= room).unwrap_or(1);
    // What does not divide goes to the first of those that are cut.
    let mut spare = room.saturating_sub(sum(cap));
    for column in columns.iter_mut().filter(|column| column.width > cap) {
        let extra = spare.min(1);
        column.width = cap + extra;
        spare -= extra;
    }
    cap < widest
}

/// Gives unused room to the columns of text, most of it to the last one.
fn widen(columns: &mut [Column], room: usize) {
    let mut spare = room.saturating_sub(columns.iter().map(|column| column.width).sum());
    let Some((last, others)) = columns.split_last_mut() else { return };
    for column in others {
        let extra = SLACK.min(spare);
        column.width += extra;
        spare -= extra;
    }
    if !last.right {
        last.width += spare;
    }
}

/// The text, cut with an ellipsis if it is wider: at its end, or a number at its begin, so that nobody takes it for a
/// smaller one.
fn cut(text: &str, width: usize, number: bool) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let Some(room) = width.checked_sub(1) else { return String::new() };
    let mut used = 0;
    let mut fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= room
    };
    if number {
        let kept: Vec<_> = text.chars().rev().take_while(|c| fits(c)).collect();
        return std::iter::once('…').chain(kept.into_iter().rev()).collect();
    }
    text.chars().take_while(|c| fits(c)).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::{Layout, Row, cut};

    #[test]
    fn cuts_by_width() {
        for (text, width, expect) in [
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "abcde…"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(text, width, false), expect);
        }
        assert_eq!([cut("123456789", 6, true), cut("-1.5", 3, true), cut("12", 0, true)], ["…56789", "….5", ""]);
    }

    /// The widths of columns with one row of cells of these widths.
    fn widths(cells: &[usize], width: usize, hosts: Option<usize>, more: bool) -> Vec<usize> {
        let titles: Vec<_> = cells.iter().map(|_| "t".to_owned()).collect();
        let row =
            Row { cells: cells.iter().map(|cell| "x".repeat(*cell)).collect(), numbers: vec![false; cells.len()] };
        Layout::new(&titles, &[&row], width, hosts, more).columns.iter().map(|column| column.width).collect()
    }

    #[test]
    fn no_column_has_slack_while_another_is_cut() {
        assert_eq!(widths(&[4, 30, 30], 44, None, true), [4, 18, 18]);
        assert_eq!(widths(&[4, 30, 30], 45, None, true), [4, 19, 18]);
        assert_eq!(widths(&[4, 5, 6], 40, None, true), [8, 9, 19]);
        assert_eq!(widths(&[4, 5, 6], 40, None, false), [4, 5, 6]);
    }

    #[test]
    fn the_hosts_are_cut_last() {
        assert_eq!(widths(&[5, 40, 40], 60, Some(30), true), [30, 13, 13]);
        // Columns are left out before it is cut.
        assert_eq!(widths(&[5, 40, 40], 49, Some(30), true), [30, 17]);
        assert_eq!(widths(&[5, 40, 40], 30, Some(30), true), [20, 8]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(
            titles in proptest::collection::vec("[a-z日]{1,20}", 1..12),
            cells in proptest::collection::vec(proptest::collection::vec("[ -~日é]{0,30}", 12), 0..6),
            width in 26_usize..120,
            hosts in proptest::option::of(0_usize..40),
            more: bool,
            number: bool,
        ) {
            let rows: Vec<_> = cells.into_iter().map(|cells| Row { numbers: vec![number; 12], cells }).collect();
            let layout = Layout::new(&titles, &rows.iter().collect::<Vec<_>>(), width, hosts, more);
            prop_assert!(layout.columns.len() + layout.dropped.len() == titles.len());
            for line in layout.header(false).lines().chain(rows.iter().map(|row| layout.line(row)).collect::<String>().lines()) {
                prop_assert!(line.width() <= width, "{width} {line:?}");
            }
        }
    }
}
