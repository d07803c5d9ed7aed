//! The columns of a table as PowerShell lays them out: widths, header, rows.

use std::io::{self, Write};

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::output::{host, sanitize, sanitize_line, style};

/// A header goes on for no more than so many characters.
const TITLE: usize = 256;

/// A cell of several lines has no more than so many bytes; names of files are shorter.
const WRAPPED: usize = 4096;

/// What is known of a column before there are rows.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The header, safe for a terminal.
    pub title: String,
    /// Its width; 0 for what is left.
    pub width: usize,
    /// Whether cells stand at the right.
    pub right: bool,
}

/// A text in a row, safe for a terminal.
#[derive(Debug)]
pub struct Cell {
    text: String,
    /// The width that it asks for, which counts what is not shown of further lines.
    wanted: usize,
}

/// Columns with their widths.
#[derive(Debug)]
pub struct Columns {
    columns: Vec<Spec>,
    /// Which cell of a row each column shows: columns that found no room are not here.
    places: Vec<usize>,
    wrap: bool,
}

impl Spec {
    /// A column of this title.
    pub fn new(title: &str, width: usize, right: bool) -> Self {
        let title = sanitize_line(title);
        let end = title.char_indices().nth(TITLE).map_or(title.len(), |(end, _)| end);
        Self { title: title.get(..end).unwrap_or_default().to_owned(), width, right }
    }
}

impl Cell {
    /// A cell that is cut after its first line, or goes on below if `wrap`.
    ///
    /// No column is wider than `room`, so that no more of a text is kept.
    pub fn new(text: &str, right: bool, wrap: bool, room: usize) -> Self {
        // PowerShell counts all of a text, ends of lines too, but not escape sequences.
        let wanted = sanitize(text).width() + text.matches("\r\n").count();
        if wrap {
            let text = text.get(..text.floor_char_boundary(WRAPPED)).unwrap_or_default();
            return Self { text: sanitize(text).into_owned(), wanted };
        }
        let text = match text.find(['\n', '\r']) {
            Some(end) => sanitize_line(text.get(..end).unwrap_or_default()).into_owned() + "…",
            None => sanitize_line(text).into_owned(),
        };
        let wanted = wanted.max(text.width());
        // One more than fits, even where a character is two columns wide.
        let most = room + 2;
        let text = if text.width() > most { kept(&text, most, right) } else { text };
        Self { text, wanted }
    }

    /// Bytes that it holds.
    pub fn len(&self) -> usize {
        self.text.len()
    }
}

impl Columns {
    /// Lays columns out for a line of so many columns of text. Where the first one has no width, all are as wide as their
    /// cells; else those without one share what is left. What does not fit is cut, from the right.
    ///
    /// `owners` is the width of one more column, which is never cut: whose a row is.
    pub fn new(specs: &[Spec], rows: &[&[Cell]], width: usize, owners: Option<usize>, wrap: bool) -> Self {
        let room = owners.map_or(width, |names| width.saturating_sub(names + 1)).max(1);
        let mut columns = specs.to_vec();
        if is_sized_by_cells(specs) {
            for (place, column) in columns.iter_mut().enumerate() {
                let cells = rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.wanted);
                column.width = cells.chain([column.title.width()]).max().unwrap_or(1);
            }
        } else {
            share(&mut columns, room);
        }
        trim(&mut columns, room);
        let mut places: Vec<_> =
            (0..specs.len()).filter(|place| columns.get(*place).is_some_and(|column| column.width > 0)).collect();
        columns.retain(|column| column.width > 0);
        if let Some(names) = owners {
            columns.push(Spec::new(host::COLUMN, names, false));
            places.push(specs.len());
        }
        Self { columns, places, wrap }
    }

    /// The titles and the lines below them.
    pub fn header(&self, out: &mut dyn Write, color: bool) -> io::Result<()> {
        let style = style::title(color);
        let titles = self.columns.iter().map(|column| chunks(&column.title, column.width).map(str::to_owned).collect());
        let rules = self.columns.iter().map(|column| vec!["-".repeat(column.title.width().min(column.width))]);
        self.lines(out, &titles.collect::<Vec<_>>(), style)?;
        self.lines(out, &rules.collect::<Vec<_>>(), style)
    }

    /// One row; its last cell may be one more than the columns that were asked for.
    pub fn row(&self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        let blocks = self.columns.iter().zip(&self.places).map(|(column, place)| {
            let text = cells.get(*place).map_or("", |cell| &cell.text);
            match self.wrap {
                true => text.split('\n').flat_map(|line| chunks(line, column.width)).map(str::to_owned).collect(),
                false => vec![cut(text, column.width, column.right)],
            }
        });
        self.lines(out, &blocks.collect::<Vec<_>>(), Style::new())
    }

    /// Texts of several lines beside each other.
    fn lines(&self, out: &mut dyn Write, blocks: &[Vec<String>], style: Style) -> io::Result<()> {
        for number in 0..blocks.iter().map(Vec::len).max().unwrap_or(0) {
            let mut line = String::new();
            for (place, (column, block)) in self.columns.iter().zip(blocks).enumerate() {
                let text = block.get(number).map_or("", String::as_str);
                let pad = " ".repeat(column.width.saturating_sub(text.width()));
                let gap = if place > 0 { " " } else { "" };
                let (before, after) = if column.right { (&*pad, "") } else { ("", &*pad) };
                line.extend([gap, before, text, after]);
            }
            writeln!(out, "{style}{}{style:#}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Whether the widths of these columns hang on their cells.
pub fn is_sized_by_cells(specs: &[Spec]) -> bool {
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
pub fn chunks(text: &str, width: usize) -> impl Iterator<Item = &str> {
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

/// The first or the last so many columns of a text.
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
