//! The columns of a table as PowerShell lays them out: widths, header, rows.

use std::io::{self, Write};

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::output::{host_column, sanitize, sanitize_line, style};

/// A header goes on for no more than this many characters.
const TITLE: usize = 256;

/// A cell of several lines has no more than this many bytes.
const WRAPPED: usize = 1 << 16;

/// Where a text stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    /// At the left; what is too wide loses its end.
    Left,
    /// In the middle; what is too wide loses its end.
    Center,
    /// At the right; what is too wide loses its begin.
    Right,
}

/// What is known of a column before there are rows.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    /// The header, safe for a terminal.
    pub title: String,
    /// Its width; 0 for what is left.
    pub width: usize,
    /// Where the header stands, and cells that have no place of their own.
    pub align: Align,
}

/// A text in a row, safe for a terminal.
#[derive(Debug)]
pub(super) struct Cell {
    text: String,
    /// The width that it asks for, which counts what is not shown of further lines.
    wanted: usize,
    align: Align,
    wrap: bool,
}

/// Columns with their widths.
#[derive(Debug)]
pub(super) struct Columns {
    columns: Vec<Spec>,
    /// Which cell of a row each column shows: columns that found no room are not here.
    places: Vec<usize>,
}

impl Align {
    /// At the right if so, else at the left.
    pub(super) fn right_if(right: bool) -> Self {
        if right { Self::Right } else { Self::Left }
    }

    /// Blanks before and after a text that is this much narrower than its column.
    fn pads(self, spare: usize) -> (usize, usize) {
        match self {
            Self::Left => (0, spare),
            Self::Center => (spare / 2, spare - spare / 2),
            Self::Right => (spare, 0),
        }
    }
}

impl Spec {
    /// A column of this title, which may have several lines.
    pub(super) fn new(title: &str, width: usize, align: Align) -> Self {
        let title = sanitize(title).replace('\t', " ");
        let end = title.char_indices().nth(TITLE).map_or(title.len(), |(end, _)| end);
        Self { title: title.get(..end).unwrap_or_default().to_owned(), width, align }
    }
}

impl Cell {
    /// A cell that is cut after its first line, or goes on below if `wrap`.
    ///
    /// No column is wider than `room`, so that no more of a text is kept.
    pub(super) fn new(text: &str, align: Align, wrap: bool, room: usize) -> Self {
        // PowerShell counts all of a text, ends of lines too, but not escape sequences.
        let wanted = sanitize(text).width() + text.matches("\r\n").count();
        if wrap {
            let text = text.get(..text.floor_char_boundary(WRAPPED)).unwrap_or_default();
            return Self { text: sanitize(text).replace('\t', " "), wanted, align, wrap };
        }
        let text = match text.find(['\n', '\r']) {
            Some(end) => sanitize_line(text.get(..end).unwrap_or_default()).into_owned() + "…",
            None => sanitize_line(text).into_owned(),
        };
        let wanted = wanted.max(text.width());
        // One more than fits, even where a character is two columns wide.
        let most = room + 2;
        let text = if text.width() > most { kept(&text, most, align == Align::Right) } else { text };
        Self { text, wanted, align, wrap }
    }

    /// Bytes that it holds.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }
}

impl Columns {
    /// Lays columns out for a line of so many columns of text. If `by_cells`, all are as wide as their cells; those
    /// that have no width share what is left. What does not fit is cut, from the right.
    ///
    /// `owners` is the width of one more column, which is never cut: whose a row is.
    pub(super) fn new(specs: &[Spec], rows: &[&[Cell]], width: usize, owners: Option<usize>, by_cells: bool) -> Self {
        let room = owners.map_or(width, |names| width.saturating_sub(names + 1)).max(1);
        let mut columns = specs.to_vec();
        if by_cells {
            for (place, column) in columns.iter_mut().enumerate() {
                let cells = rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.wanted);
                column.width = cells.chain([column.title.width()]).max().unwrap_or(1);
            }
        }
        share(&mut columns, room);
        trim(&mut columns, room);
        let mut places: Vec<_> =
            (0..specs.len()).filter(|place| columns.get(*place).is_some_and(|column| column.width > 0)).collect();
        columns.retain(|column| column.width > 0);
        if let Some(names) = owners {
            columns.push(Spec::new(host_column::COLUMN, names, Align::Left));
            places.push(specs.len());
        }
        Self { columns, places }
    }

    /// The titles and the lines below them.
    pub(super) fn header(&self, out: &mut dyn Write, color: bool) -> io::Result<()> {
        let style = style::title(color);
        let titles = self.columns.iter().map(|column| Block::wrapped(&column.title, column.align, column.width));
        // A column without a title has a rule as wide as itself.
        let length = |column: &Spec| if column.title.is_empty() { column.width } else { column.title.width() };
        let rule = |column: &Spec| "-".repeat(length(column).min(column.width));
        let rules = self.columns.iter().map(|column| Block { align: column.align, lines: vec![rule(column)] });
        self.lines(out, &titles.collect::<Vec<_>>(), style)?;
        self.lines(out, &rules.collect::<Vec<_>>(), style)
    }

    /// One row; its last cell may be one more than the columns that were asked for.
    pub(super) fn row(&self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        let blocks = self.columns.iter().zip(&self.places).map(|(column, place)| match cells.get(*place) {
            None => Block { align: column.align, lines: Vec::new() },
            Some(cell) if cell.wrap => Block::wrapped(&cell.text, cell.align, column.width),
            Some(Cell { text, align, .. }) => {
                Block { align: *align, lines: vec![cut(text, column.width, *align == Align::Right)] }
            }
        });
        self.lines(out, &blocks.collect::<Vec<_>>(), Style::new())
    }

    /// Texts of several lines beside each other.
    fn lines(&self, out: &mut dyn Write, blocks: &[Block], style: Style) -> io::Result<()> {
        for number in 0..blocks.iter().map(|block| block.lines.len()).max().unwrap_or(0) {
            let mut line = String::new();
            for (place, (column, block)) in self.columns.iter().zip(blocks).enumerate() {
                let text = block.lines.get(number).map_or("", String::as_str);
                let (before, after) = block.align.pads(column.width.saturating_sub(text.width()));
                let gap = if place > 0 { " " } else { "" };
                line.extend([gap, &*" ".repeat(before), text, &*" ".repeat(after)]);
            }
            writeln!(out, "{style}{}{style:#}", line.trim_end())?;
        }
        Ok(())
    }
}

/// What stands in one column of one row.
struct Block {
    align: Align,
    lines: Vec<String>,
}

impl Block {
    /// A text that goes on below where it is too wide.
    fn wrapped(text: &str, align: Align, width: usize) -> Self {
        Self { align, lines: text.split('\n').flat_map(|line| chunks(line, width)).map(str::to_owned).collect() }
    }
}

/// Whether the widths of these columns hang on their cells.
pub(super) fn is_sized_by_cells(specs: &[Spec]) -> bool {
    specs.first().is_none_or(|first| first.width == 0)
}

/// Gives what is left to the columns that have no width; what does not divide goes to the first of them.
fn share(columns: &mut [Spec], room: usize) {
    let open = columns.iter().filter(|column| column.width == 0).count();
    let fixed = columns.iter().map(|column| column.width).sum::<usize>() + columns.len().saturating_sub(1);
    let left = room.saturating_sub(fixed);
    for (place, column) in columns.iter_mut().filter(|column| column.width == 0).enumerate() {
        column.width = left / open + usize::from(place < left % open);
    }
}

/// Takes from the last column, then the one before it, until all fit; a column that loses everything has the width 0.
fn trim(columns: &mut [Spec], room: usize) {
    let mut used: usize = columns.iter().filter(|column| column.width > 0).map(|column| column.width + 1).sum();
    for place in (0..columns.len()).rev() {
        let Some(column) = columns.get_mut(place) else { return };
        let excess = used.saturating_sub(room + 1);
        if excess == 0 {
            return;
        }
        if column.width > excess || place == 0 {
            column.width = column.width.saturating_sub(excess).max(1);
            return;
        }
        used -= if column.width > 0 { column.width + 1 } else { 0 };
        column.width = 0;
    }
}

/// A text in lines of so many columns; a character that is wider stands alone.
pub(super) fn chunks(text: &str, width: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut used = 0;
        let end = text.char_indices().find(|(at, c)| {
            used += c.width().unwrap_or(0);
            used > width && *at > 0
        });
        let (chunk, more) = text.split_at(end.map_or(text.len(), |(at, _)| at));
        rest = (!more.is_empty()).then_some(more);
        Some(chunk)
    })
}

/// The text, cut with an ellipsis if it is wider: at its end, or at its begin if it stands at the right.
fn cut(text: &str, width: usize, right: bool) -> String {
    match (text.width() <= width, right) {
        (true, _) => text.to_owned(),
        // There is no room for an ellipsis.
        (false, _) if width <= 1 => kept(text, width, right),
        (false, false) => kept(text, width - 1, false) + "…",
        (false, true) => "…".to_owned() + &kept(text, width - 1, true),
    }
}

/// The first or the last columns of a text, at most this many.
fn kept(text: &str, width: usize, last: bool) -> String {
    let mut used = 0;
    let mut fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    if !last {
        return text.chars().take_while(|c| fits(c)).collect();
    }
    let start = text.char_indices().rev().take_while(|(_, c)| fits(c)).last();
    start.and_then(|(at, _)| text.get(at..)).unwrap_or_default().to_owned()
}
