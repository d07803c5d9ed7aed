//! What stands on the page so far, and how the next item goes below it.
//!
//! PowerShell formats all output of a pipeline as one document. Its first object with properties decides the form: by
//! the view of its type if there is one, else as a table if it has few properties, else as a list. Later objects that
//! the view shows join it; without a view all objects do, and what they lack of the first one's properties is blank.
//! The others stand between as lists. Text never changes the form.

use std::io::{self, Write};

use super::cell::{self, Numbers};
use super::columns::{Align, Cell, Columns, Spec, is_sized_by_cells};
use super::described::Described;
use super::view::{Shape, View};
use super::{block, views};
use crate::clixml::Value;
use crate::output::{host_column, row_delay, sanitize, sanitize_line};

/// Objects with no more properties are a table.
const FEW: usize = 4;

/// Bytes of rows, and of texts between them, that wait at most.
const WAITING_BYTES: usize = 1 << 18;

/// The document and the writer below it.
pub(super) struct Page {
    width: usize,
    color: bool,
    /// The width of the column that says whose a row is; none if all are of one host.
    owners: Option<usize>,
    open: Option<Open>,
}

/// The form that the first object has decided.
enum Open {
    Table(Table),
    List(Option<&'static View>),
    Text(&'static View, fn(&Described<'_>) -> String),
}

struct Table {
    view: Option<&'static View>,
    specs: Vec<Spec>,
    /// The properties in the columns of a table without a view.
    names: Vec<String>,
    wrap: bool,
    group: Option<String>,
    columns: Option<Columns>,
    waiting: Vec<Part>,
    bytes: usize,
}

/// What waits for the widths of its table.
enum Part {
    Row(Vec<Cell>),
    Text(String),
    Group(String),
}

impl Part {
    fn cells(&self) -> Option<&[Cell]> {
        match self {
            Self::Row(cells) => Some(cells),
            Self::Text(_) | Self::Group(_) => None,
        }
    }
}

impl Page {
    /// An empty page.
    pub(super) fn new(width: usize, color: bool) -> Self {
        Self { width: width.max(1), color, owners: None, open: None }
    }

    /// Says how wide the names of the hosts are, where there are several.
    pub(super) fn name_owners(&mut self, width: Option<usize>) {
        self.owners = width.map(|width| width.max(host_column::COLUMN.len()));
    }

    /// Text that stands by itself.
    pub(super) fn text(&mut self, out: &mut dyn Write, text: &str) -> io::Result<()> {
        let text = sanitize(text);
        match &mut self.open {
            Some(Open::Table(table)) if table.columns.is_none() => {
                table.bytes += text.len();
                table.waiting.push(Part::Text(text.into_owned()));
                self.settle_if_full(out)
            }
            _ => writeln!(out, "{text}"),
        }
    }

    /// An object with properties.
    pub(super) fn object(&mut self, out: &mut dyn Write, object: &Described<'_>, owner: &str) -> io::Result<()> {
        if self.open.is_none() {
            self.begin(out, object)?;
        }
        match &mut self.open {
            Some(Open::Table(table)) if table.view.is_none_or(|view| view.shows(object)) => {
                table.add(object, owner, self.width);
                let waits = table.columns.is_none() && is_sized_by_cells(&table.specs);
                if waits { self.settle_if_full(out) } else { self.settle(out) }
            }
            Some(Open::List(view)) if view.is_none_or(|view| view.shows(object)) => {
                let names = match view.map(|view| &view.shape) {
                    Some(Shape::List(names)) => Some(*names),
                    _ => views::display_set(object),
                };
                self.list(out, object, names, owner)
            }
            Some(Open::Text(view, text)) if view.shows(object) => writeln!(out, "{}", sanitize(&text(object))),
            _ => {
                self.settle(out)?;
                writeln!(out)?;
                self.list(out, object, views::display_set(object), owner)
            }
        }
    }

    /// Writes what waits; widths then hold for what follows.
    pub(super) fn settle(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let (width, color, owners) = (self.width, self.color, self.owners);
        match &mut self.open {
            Some(Open::Table(table)) => table.settle(out, width, color, owners),
            _ => Ok(()),
        }
    }

    /// Whether anything waits.
    pub(super) fn waits(&self) -> bool {
        matches!(&self.open, Some(Open::Table(table)) if !table.waiting.is_empty())
    }

    /// The end of the output.
    pub(super) fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.settle(out)?;
        match self.open.take() {
            Some(Open::Table(_) | Open::Text(..)) => writeln!(out),
            // Each object of a list has ended with a blank line.
            Some(Open::List(_)) | None => Ok(()),
        }
    }

    /// Decides the form by the first object.
    fn begin(&mut self, out: &mut dyn Write, object: &Described<'_>) -> io::Result<()> {
        let view = views::find(object);
        self.open = Some(match view.map(|view| (view, &view.shape)) {
            Some((view, Shape::Table { columns, wrap })) => {
                let specs =
                    columns.iter().map(|column| Spec::new(column.title, column.width, Align::right_if(column.right)));
                Open::Table(Table::new(Some(view), specs.collect(), Vec::new(), *wrap))
            }
            Some((view, Shape::List(_))) => Open::List(Some(view)),
            Some((view, Shape::Text(text))) => Open::Text(view, *text),
            None => {
                let set = views::display_set(object);
                let fields: Vec<_> = match set {
                    Some(set) => set.iter().map(|name| object.field(name).unwrap_or((name, &Value::Null))).collect(),
                    None => object.fields.clone(),
                };
                if fields.len() > FEW {
                    Open::List(None)
                } else {
                    let align = |value| Align::right_if(cell::is_right(object.document, value));
                    let specs = fields.iter().map(|(name, value)| Spec::new(name, 0, align(value))).collect();
                    let names = fields.iter().map(|(name, _)| (*name).to_owned()).collect();
                    Open::Table(Table::new(None, specs, names, false))
                }
            }
        });
        writeln!(out)
    }

    fn list(&self, out: &mut dyn Write, object: &Described<'_>, names: Option<&[&str]>, owner: &str) -> io::Result<()> {
        let fields = match names {
            Some(names) => names.iter().map(|name| object.field(name).unwrap_or((name, &Value::Null))).collect(),
            None => object.fields.clone(),
        };
        let shown = |value| cell::property(object.document, value, Numbers::Plain);
        let mut fields: Vec<_> = fields.iter().map(|(name, value)| (*name, shown(value))).collect();
        if self.owners.is_some() {
            fields.push((host_column::COLUMN, owner.to_owned()));
        }
        block::write(out, &fields, self.width, self.color)
    }

    fn settle_if_full(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match &self.open {
            Some(Open::Table(table)) if table.waiting.len() >= row_delay::ROWS || table.bytes >= WAITING_BYTES => {
                self.settle(out)
            }
            _ => Ok(()),
        }
    }
}

impl Table {
    fn new(view: Option<&'static View>, specs: Vec<Spec>, names: Vec<String>, wrap: bool) -> Self {
        let (columns, waiting) = (None, Vec::new());
        let mut table = Self { view, specs, names, wrap, group: None, columns, waiting, bytes: 0 };
        if table.view.and_then(|view| view.group.as_ref()).is_none() {
            table.waiting.push(Part::Group(String::new()));
        }
        table
    }

    /// Adds the row of an object, below the line of its group if that is another one.
    fn add(&mut self, object: &Described<'_>, owner: &str, width: usize) {
        if let Some(group) = self.view.and_then(|view| view.group.as_ref()) {
            let line = format!("{}{}", group.title, sanitize_line(&(group.value)(object)));
            if self.group.as_ref() != Some(&line) {
                self.waiting.push(Part::Group(line.clone()));
                self.group = Some(line);
            }
        }
        let texts: Vec<String> = match self.view.map(|view| &view.shape) {
            Some(Shape::Table { columns, .. }) => columns.iter().map(|column| column.text(object)).collect(),
            _ => {
                let shown = |value| cell::property(object.document, value, Numbers::Fixed);
                let cells = self.names.iter().map(|name| object.value(name).map(shown).unwrap_or_default());
                cells.collect()
            }
        };
        let cells = self.specs.iter().zip(&texts).map(|(spec, text)| Cell::new(text, spec.align, self.wrap, width));
        let cells: Vec<_> = cells.chain([Cell::new(owner, Align::Left, false, width)]).collect();
        self.bytes += cells.iter().map(Cell::len).sum::<usize>();
        self.waiting.push(Part::Row(cells));
    }

    fn settle(&mut self, out: &mut dyn Write, width: usize, color: bool, owners: Option<usize>) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        let first = self.columns.is_none();
        let columns = self.columns.get_or_insert_with(|| {
            let rows: Vec<_> = waiting.iter().filter_map(Part::cells).collect();
            Columns::new(&self.specs, &rows, width, owners, is_sized_by_cells(&self.specs))
        });
        for (place, part) in waiting.iter().enumerate() {
            match part {
                Part::Row(cells) => columns.row(out, cells)?,
                Part::Text(text) => writeln!(out, "{text}")?,
                Part::Group(line) => {
                    if !(first && place == 0) {
                        writeln!(out)?;
                    }
                    if !line.is_empty() {
                        super::columns::chunks(line, width).try_for_each(|line| writeln!(out, "{line}"))?;
                        writeln!(out)?;
                    }
                    columns.header(out, color)?;
                }
            }
        }
        Ok(())
    }
}
