//! table: columns for people, as wide as the terminal.
//!
//! Rows of one shape (type and properties) stand together under one header. The first rows of a shape wait until a host
//! is done, half a second has passed or there are many; their widths then hold for the rows that follow, which are
//! written as they come. Strings and numbers are not rows: they stand between them as `host: text`. What the columns
//! leave out is reported once, below. What Format-Table and its like return is printed as -o text prints it.

mod cell;
mod columns;
mod hidden;
mod layout;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use anstyle::Style;
use jiff::Timestamp;

use self::cell::{cell, is_number};
use self::columns::chosen;
pub(super) use self::hidden::Hidden;
use self::hidden::kind;
use self::layout::{Layout, Row};
use super::display::display;
use super::list::lines;
use super::merged::merged;
use super::object::{self, Shape};
use super::out_string::format::{Added, Sheets};
use super::refs::resolve;
use super::select::{Field, Select};
use super::{Flow, Losses, Settings, Sink, flow, host_column, row_delay, sanitize, sanitize_line, wrapped};
use crate::clixml::{Document, Value};
use crate::event::{RunEvent, RunEventKind, RunHeader, Summary};
use crate::record::Record;
use crate::stream::Stream;
use crate::target::TargetId;

/// Bytes of a text that waits with the rows before it; a longer one makes them wait no longer.
const WAITING_TEXT: usize = 4096;

/// Writes tables.
pub(super) struct Table {
    writer: BufWriter<Box<dyn Write + Send>>,
    select: Select,
    losses: Losses,
    width: usize,
    color: bool,
    header: Option<Arc<RunHeader>>,
    /// What the hosts have formatted themselves.
    sheets: Sheets,
    /// Shapes whose widths are not settled yet, with their rows.
    pending: Vec<Group>,
    pending_since: Option<Timestamp>,
    /// The shape whose rows are being written.
    current: Option<(Key, Layout)>,
    /// Whether anything was written, so that a blank line must stand before the next header.
    begun: bool,
    hidden: Hidden,
    /// What is hidden is told below all tables, not below this one.
    is_page: bool,
    /// People read it on a terminal.
    terminal: bool,
}

/// What rows under one header have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    kind: Option<String>,
    names: Vec<String>,
}

/// What waits for the widths of a shape.
struct Group {
    key: Key,
    /// Properties that the type's own view leaves out.
    hidden: Vec<String>,
    lines: Vec<Line>,
}

enum Line {
    Row(TargetId, Row),
    /// Text that came between rows.
    Text(String),
}

impl Group {
    fn rows(&self) -> impl Iterator<Item = (TargetId, &Row)> {
        self.lines.iter().filter_map(|line| match line {
            Line::Row(target, row) => Some((*target, row)),
            Line::Text(_) => None,
        })
    }
}

/// Says below tables what they hide, in lines of so many columns if people read them.
pub(super) fn write_hidden(
    writer: &mut impl Write,
    hidden: &Hidden,
    color: bool,
    columns: Option<usize>,
) -> io::Result<()> {
    let dim = if color { Style::new().dimmed() } else { Style::new() };
    hidden.take().iter().try_for_each(|note| {
        let note = columns.map_or_else(|| note.clone(), |columns| wrapped(note, columns));
        writeln!(writer, "{dim}{note}{dim:#}")
    })
}

impl Table {
    /// Opens the sink on a writer.
    pub(super) fn new(writer: Box<dyn Write + Send>, settings: &Settings) -> Self {
        Self {
            writer: BufWriter::new(writer),
            select: Select::new(&settings.select),
            losses: settings.losses.clone(),
            width: settings.width,
            color: settings.color,
            header: None,
            sheets: Sheets::new(settings.width, settings.color),
            pending: Vec::new(),
            pending_since: None,
            current: None,
            begun: false,
            hidden: Hidden::default(),
            is_page: false,
            terminal: settings.terminal,
        }
    }

    /// A table among others, with what all of them hide.
    pub(super) fn page(writer: Box<dyn Write + Send>, settings: &Settings, hidden: &Hidden) -> Self {
        Self { hidden: hidden.clone(), is_page: true, ..Self::new(writer, settings) }
    }

    fn begin(&mut self, header: &Arc<RunHeader>) {
        self.sheets.share(header.targets.len() > 1);
        self.header = Some(Arc::clone(header));
    }

    fn record(&mut self, record: &Record, at: Timestamp) -> io::Result<()> {
        let host = self.header.as_ref().map_or("", |header| header.host(record.target));
        self.losses.note_sheet(host, &record.value, &self.select);
        let added = self.sheets.add(&record.value, record.target, host)?;
        if !matches!(added, Added::Sheet) {
            self.sheets.settle()?;
        }
        self.write_sheets()?;
        match added {
            Added::Sheet => {
                if self.sheets.waits() {
                    self.pending_since.get_or_insert(at);
                }
                Ok(())
            }
            Added::Text(text) => self.scalar(record.target, &text),
            Added::Object => self.object(record, at),
        }
    }

    fn object(&mut self, record: &Record, at: Timestamp) -> io::Result<()> {
        let document = &record.value;
        if let Some(line) = self.select.is_all().then(|| merged(document, &document.root)).flatten() {
            return self.scalar(record.target, &line);
        }
        match object::shape(document, &self.select) {
            Shape::Fields(mut fields) => {
                fields.retain(|(name, _)| !name.eq_ignore_ascii_case(host_column::COLUMN));
                let shown = match self.select.is_all() {
                    true => chosen(document, fields.clone()),
                    false => self.select.apply(fields.clone()),
                };
                let kind = document.root.as_object().and_then(|object| object.type_names.first()).map(str::to_owned);
                let name = |name: &str| sanitize_line(name).into_owned();
                let key = Key { kind, names: shown.iter().map(|field| name(field.0)).collect() };
                let row = self.row(record.target, document, &shown);
                let names: HashSet<&str> = shown.iter().map(|field| field.0).collect();
                let is_hidden = |field: &&Field<'_>| !names.contains(field.0);
                let hidden = match self.select.is_all() && !self.is_known(&key) {
                    true => fields.iter().filter(is_hidden).map(|field| name(field.0)).collect(),
                    false => Vec::new(),
                };
                self.add(key, hidden, record.target, row, at)
            }
            Shape::Scalar(Value::Null) => Ok(()),
            Shape::Scalar(value) => self.scalar(record.target, &display(document, value)),
        }
    }

    /// Writes the sheets that are ready; the table above is ended by them.
    fn write_sheets(&mut self) -> io::Result<()> {
        if !self.sheets.is_ready() {
            return Ok(());
        }
        self.flush_pending(true)?;
        self.current = None;
        // They end with a blank line.
        self.begun = false;
        self.sheets.write(&mut self.writer)
    }

    fn finish(&mut self, target: TargetId) -> io::Result<()> {
        self.sheets.finish(target)?;
        self.write_sheets()
    }

    fn end(&mut self) -> io::Result<()> {
        self.sheets.finish_all()?;
        self.write_sheets()?;
        self.flush_pending(false)?;
        if self.is_page {
            return Ok(());
        }
        let columns = self.terminal.then_some(self.width);
        write_hidden(&mut self.writer, &self.hidden, self.color, columns)
    }

    /// Writes all that waits for widths.
    fn settle(&mut self) -> io::Result<()> {
        self.sheets.settle()?;
        self.write_sheets()?;
        self.flush_pending(true)
    }

    /// Text stands behind the rows before it, and those behind it need no new header.
    fn scalar(&mut self, target: TargetId, text: &str) -> io::Result<()> {
        let text = if self.many_hosts() { lines(self.host(target), text) } else { format!("{}\n", sanitize(text)) };
        match self.pending.last_mut() {
            Some(group) if text.len() <= WAITING_TEXT => {
                group.lines.push(Line::Text(text));
                self.flush_if_many()
            }
            _ => {
                self.flush_pending(true)?;
                self.begun = true;
                self.writer.write_all(text.as_bytes())
            }
        }
    }

    fn row(&self, target: TargetId, document: &Document, fields: &[Field<'_>]) -> Row {
        let mut row = Row { cells: Vec::new(), numbers: Vec::new() };
        if self.many_hosts() {
            row.cells.push(sanitize_line(self.host(target)).into_owned());
            row.numbers.push(false);
        }
        for (_, value) in fields {
            row.cells.push(sanitize_line(&cell(document, value)).into_owned());
            row.numbers.push(is_number(resolve(document, value)));
        }
        row
    }

    /// Whether rows of this shape wait, or are being written.
    fn is_known(&self, key: &Key) -> bool {
        self.current.as_ref().is_some_and(|(current, _)| current == key)
            || self.pending.iter().any(|group| group.key == *key)
    }

    fn add(&mut self, key: Key, hidden: Vec<String>, target: TargetId, row: Row, at: Timestamp) -> io::Result<()> {
        if let Some((current, layout)) = &self.current
            && *current == key
            && self.pending.is_empty()
        {
            return self.writer.write_all(layout.line(&row).as_bytes());
        }
        match self.pending.iter_mut().find(|group| group.key == key) {
            Some(group) => group.lines.push(Line::Row(target, row)),
            None => self.pending.push(Group { key, hidden, lines: vec![Line::Row(target, row)] }),
        }
        self.pending_since.get_or_insert(at);
        self.flush_if_many()
    }

    fn flush_if_many(&mut self) -> io::Result<()> {
        let waiting = self.pending.iter().map(|group| group.lines.len()).sum::<usize>();
        if waiting >= row_delay::ROWS { self.flush_pending(true) } else { Ok(()) }
    }

    /// Writes what waits, shape by shape; the last shape goes on with the rows that follow.
    fn flush_pending(&mut self, more: bool) -> io::Result<()> {
        self.pending_since = None;
        for group in std::mem::take(&mut self.pending) {
            let layout = match self.current.take() {
                Some((key, layout)) if key == group.key => layout,
                _ => self.open_table(&group, more)?,
            };
            for line in &group.lines {
                let text = match line {
                    Line::Row(_, row) => &layout.line(row),
                    Line::Text(text) => text,
                };
                self.writer.write_all(text.as_bytes())?;
            }
            self.current = Some((group.key, layout));
        }
        Ok(())
    }

    fn open_table(&mut self, group: &Group, more: bool) -> io::Result<Layout> {
        let mut titles = group.key.names.clone();
        let many = self.many_hosts();
        if many {
            titles.insert(0, host_column::COLUMN.to_owned());
        }
        let hosts = self.header.as_ref().filter(|_| many).map(|header| host_column::width(header));
        let rows: Vec<_> = group.rows().map(|(_, row)| row).collect();
        let layout = Layout::new(&titles, &rows, self.width, hosts, more);
        if self.begun {
            self.writer.write_all(b"\n")?;
        }
        self.begun = true;
        self.writer.write_all(layout.header(self.color).as_bytes())?;
        let of = group.key.kind.as_deref().and_then(kind).map(|name| sanitize_line(&name).into_owned());
        self.hidden.note(of, layout.dropped.iter().chain(&group.hidden).cloned());
        Ok(layout)
    }

    fn many_hosts(&self) -> bool {
        self.select.has_host() || self.header.as_ref().is_some_and(|header| header.targets.len() > 1)
    }

    fn host(&self, target: TargetId) -> &str {
        self.header.as_ref().map_or("", |header| header.host(target))
    }

    fn due(&self, event: &RunEvent) -> bool {
        let waited = self.pending_since.is_some_and(|since| event.at.duration_since(since) >= row_delay::TIME);
        waited
            || match &event.kind {
                RunEventKind::TargetFinished(finished) => {
                    let mut rows = self.pending.iter().flat_map(Group::rows);
                    rows.any(|(target, _)| target == finished.target)
                }
                _ => false,
            }
    }
}

impl Sink for Table {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        let written = match &event.kind {
            RunEventKind::RunStarted(header) => {
                self.begin(header);
                Ok(())
            }
            RunEventKind::Record(record) if record.stream == Stream::Output => self.record(record, event.at),
            RunEventKind::TargetFinished(finished) => self.finish(finished.target),
            _ => Ok(()),
        };
        let written = written.and_then(|()| if self.due(event) { self.settle() } else { Ok(()) });
        let quiet = matches!(event.kind, RunEventKind::Record(_)) && self.writer.buffer().is_empty();
        flow(written.and_then(|()| if quiet { Ok(()) } else { self.writer.flush() }))
    }

    fn idle(&mut self) -> anyhow::Result<Flow> {
        flow(self.settle().and_then(|()| self.writer.flush()))
    }

    fn complete(&mut self, _summary: &Summary) -> anyhow::Result<Flow> {
        flow(self.end().and_then(|()| self.writer.flush()))
    }
}
