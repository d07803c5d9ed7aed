//! The items of Format-Wide: one property of each object, in several columns of one width.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::packet::Node;
use crate::output::out_string::columns::{Align, Cell, Columns, Spec};

/// Columns, where the host has no wish.
const COLUMNS: usize = 2;

/// Bytes of items that wait for the widest one.
const WAITING_BYTES: usize = 1 << 20;

/// What an item takes besides its text, roughly.
const ITEM: usize = 64;

/// Items that fill a row, line by line.
pub(super) struct Wide {
    width: usize,
    /// How many stand in a row; none while that hangs on the widest of them.
    columns: Option<usize>,
    autosize: bool,
    items: Vec<Item>,
    bytes: usize,
}

struct Item {
    cell: Cell,
    width: usize,
}

impl Wide {
    /// Items for lines of this width.
    pub(super) fn new(header: Option<Node<'_>>, autosize: bool, width: usize) -> Self {
        let asked = header.and_then(|header| usize::try_from(header.number("columns")).ok()).unwrap_or(0);
        let autosize = autosize && asked == 0;
        // More would have no room beside each other.
        let columns = (if asked == 0 { COLUMNS } else { asked }).min(width.div_ceil(2)).max(1);
        Self { width, columns: (!autosize).then_some(columns), autosize, items: Vec::new(), bytes: 0 }
    }

    /// Adds an item; writes the row if that fills it.
    pub(super) fn item(&mut self, out: &mut dyn Write, entry: Node<'_>) -> io::Result<()> {
        let text = entry.node("formatPropertyField").map(Node::value).unwrap_or_default();
        let cell = Cell::new(&text, Align::Left, false, self.width);
        self.bytes += cell.len() + ITEM;
        self.items.push(Item { cell, width: text.width() });
        match self.columns {
            Some(columns) if self.items.len() >= columns => self.write(out, columns),
            None if self.bytes >= WAITING_BYTES => self.settle(out),
            _ => Ok(()),
        }
    }

    /// Writes the last row of the group.
    pub(super) fn end_group(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.settle(out)?;
        if self.autosize {
            self.columns = None;
        }
        Ok(())
    }

    fn settle(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let widest = self.items.iter().map(|item| item.width).max().unwrap_or(0);
        let columns = *self.columns.get_or_insert_with(|| fitting(widest, self.width));
        self.write(out, columns)
    }

    fn write(&mut self, out: &mut dyn Write, columns: usize) -> io::Result<()> {
        self.bytes = 0;
        let specs = vec![Spec::new("", 0, Align::Left); columns];
        let layout = Columns::new(&specs, &[], self.width, None, false);
        let mut items = std::mem::take(&mut self.items).into_iter().map(|item| item.cell).peekable();
        while items.peek().is_some() {
            let row: Vec<_> = items.by_ref().take(columns).collect();
            layout.row(out, &row)?;
        }
        Ok(())
    }
}

/// How many columns of so wide items PowerShell puts beside each other: one column of text is left at the end.
fn fitting(widest: usize, width: usize) -> usize {
    match widest {
        0 => COLUMNS.min(width.div_ceil(2)).max(1),
        // n items and the n - 1 gaps between them stay below the width.
        _ => (width / (widest + 1)).max(1),
    }
}
