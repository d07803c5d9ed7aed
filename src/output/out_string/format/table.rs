//! The rows of Format-Table.

use std::io::{self, Write};

use super::packet::Node;
use crate::output::out_string::columns::{Align, Cell, Columns, Spec, is_sized_by_cells};
use crate::output::row_delay;

/// Bytes that wait at most, rows and what they take besides; where the host wants all rows seen first, of them alone.
const WAITING_BYTES: usize = 1 << 20;

/// What a cell takes besides its text, roughly.
const CELL: usize = 64;

/// A table of the shape that its start has given.
pub(super) struct Table {
    specs: Vec<Spec>,
    hides_header: bool,
    autosize: bool,
    /// Columns are as wide as their cells.
    by_cells: bool,
    /// No column beyond these can be seen.
    most: usize,
    width: usize,
    color: bool,
    /// The columns of the open group, once their widths are settled.
    columns: Option<Columns>,
    waiting: Vec<Part>,
    bytes: usize,
}

/// What waits for the widths of its group.
enum Part {
    Row(Vec<Cell>),
    Aside(Vec<u8>),
}

impl Table {
    /// A table for lines of this width; without a shape, the first row tells how many columns there are.
    pub(super) fn new(header: Option<Node<'_>>, autosize: bool, width: usize, color: bool) -> Self {
        // Each column takes one column of text and the gap behind it.
        let most = width.div_ceil(2);
        let columns = header.into_iter().flat_map(|header| header.nodes("tableColumnInfoList")).take(most);
        let specs: Vec<_> = columns
            .map(|column| {
                let asked = usize::try_from(column.number("width")).unwrap_or(0).min(width);
                Spec::new(&column.label(), asked, align(column).unwrap_or(Align::Left))
            })
            .collect();
        Self {
            by_cells: autosize || is_sized_by_cells(&specs),
            specs,
            hides_header: header.is_none_or(|header| header.flag("hideHeader")),
            autosize,
            most,
            width,
            color,
            columns: None,
            waiting: Vec::new(),
            bytes: 0,
        }
    }

    /// Whether the host wants the widths to fit all rows of a group, however late they come.
    pub(super) fn sees_all(&self) -> bool {
        self.autosize
    }

    /// Whether anything waits.
    pub(super) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Adds a row.
    pub(super) fn row(&mut self, out: &mut dyn Write, entry: Node<'_>) -> io::Result<()> {
        let fields = entry.nodes("formatPropertyFieldList").take(self.most);
        if self.specs.is_empty() {
            self.specs = fields.map(|field| Spec::new("", 0, align(field).unwrap_or(Align::Left))).collect();
        }
        let fields = entry.nodes("formatPropertyFieldList");
        let (wrap, width) = (entry.flag("multiLine"), self.width);
        let cells = self.specs.iter().zip(fields);
        let cells =
            cells.map(|(spec, field)| Cell::new(&field.value(), align(field).unwrap_or(spec.align), wrap, width));
        let cells: Vec<_> = cells.collect();
        self.bytes += cells.iter().map(|cell| cell.len() + CELL).sum::<usize>();
        self.waiting.push(Part::Row(cells));
        let waits = self.by_cells && self.columns.is_none();
        let many = !self.autosize && self.waiting.len() >= row_delay::ROWS;
        if waits && !many && self.bytes < WAITING_BYTES { Ok(()) } else { self.settle(out) }
    }

    /// Writes lines that are not a row, behind the rows before them.
    pub(super) fn aside(&mut self, out: &mut dyn Write, lines: Vec<u8>) -> io::Result<()> {
        if self.waiting.is_empty() {
            return out.write_all(&lines);
        }
        self.bytes += lines.len() + CELL;
        self.waiting.push(Part::Aside(lines));
        if self.bytes < WAITING_BYTES { Ok(()) } else { self.settle(out) }
    }

    /// Writes what waits; widths then hold up to the end of the group.
    pub(super) fn settle(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        let rows = || {
            waiting.iter().filter_map(|part| match part {
                Part::Row(cells) => Some(cells.as_slice()),
                Part::Aside(_) => None,
            })
        };
        if self.columns.is_none() && rows().next().is_some() {
            let columns = Columns::new(&self.specs, &rows().collect::<Vec<_>>(), self.width, None, self.by_cells);
            if !self.hides_header {
                columns.header(out, self.color)?;
            }
            self.columns = Some(columns);
        }
        for part in &waiting {
            match (part, &self.columns) {
                (Part::Row(cells), Some(columns)) => columns.row(out, cells)?,
                (Part::Row(_), None) => {}
                (Part::Aside(lines), _) => out.write_all(lines)?,
            }
        }
        Ok(())
    }

    /// Ends the group: the next one has widths of its own.
    pub(super) fn end_group(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.settle(out)?;
        self.columns = None;
        Ok(())
    }
}

/// `TextAlignment`: 1 left, 2 centre, 3 right, 0 undefined.
fn align(node: Node<'_>) -> Option<Align> {
    match node.number("alignment") {
        1 => Some(Align::Left),
        2 => Some(Align::Center),
        3 => Some(Align::Right),
        _ => None,
    }
}
