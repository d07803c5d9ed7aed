//! table: columns for people, as wide as the terminal.
//!
//! Rows of one shape (type and properties) stand together under one header. The first rows of a shape wait until a host
//! is done, half a second has passed or there are many; their widths then hold for the rows that follow, which are
//! written as they come. Strings and numbers are no rows: they stand as `host: text`. What Format-Table and its like return
//! is printed as -o text prints it.

mod columns;
mod layout;
#[cfg(test)]
mod tests;

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use anstyle::Style;
use jiff::Timestamp;

use self::columns::chosen;
use self::layout::{Layout, Row};
use super::display::display;
use super::list::lines;
use super::object::{self, Shape};
use super::refs::resolve;
use super::select::{Field, Select};
use super::text::format::{Added, Sheets};
use super::{Flow, Settings, Sink, flow, host, sanitize, sanitize_line, waiting};
use crate::clixml::{Document, Object, Value};
use crate::event::{RunEvent, RunEventKind, RunHeader, Summary};
use crate::record::{Record, Stream};
use crate::target::TargetId;

/// Writes tables.
pub struct Table {
    writer: BufWriter<Box<dyn Write + Send>>,
    select: Select,
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
}

/// What rows under one header have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    kind: Option<String>,
    names: Vec<String>,
    /// Properties that the type's own view leaves out.
    hidden: usize,
}

struct Group {
    key: Key,
    rows: Vec<(TargetId, Row)>,
}

impl Table {
    /// Opens the sink on a writer.
    pub fn new(writer: Box<dyn Write + Send>, settings: &Settings) -> Self {
        Self {
            writer: BufWriter::new(writer),
            select: Select::new(&settings.select),
            width: settings.width,
            color: settings.color,
            header: None,
            sheets: Sheets::new(settings.width, settings.color),
            pending: Vec::new(),
            pending_since: None,
            current: None,
            begun: false,
        }
    }

    fn begin(&mut self, header: &Arc<RunHeader>) {
        self.sheets.share(header.targets.len() > 1);
        self.header = Some(Arc::clone(header));
    }

    fn record(&mut self, record: &Record, at: Timestamp) -> io::Result<()> {
        let host = self.header.as_ref().map_or("", |header| header.host(record.target));
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
        match object::shape(document) {
            Shape::Fields(mut fields) => {
                fields.retain(|(name, _)| !name.eq_ignore_ascii_case(super::host::COLUMN));
                let all = fields.len();
                let (fields, hidden) = if self.select.is_all() {
                    let shown = chosen(document, fields);
                    let hidden = all - shown.len();
                    (shown, hidden)
                } else {
                    (self.select.apply(fields), 0)
                };
                let kind = document.root.as_object().and_then(|object| object.type_names.first()).map(str::to_owned);
                let names = fields.iter().map(|(name, _)| sanitize_line(name).into_owned()).collect();
                let row = self.row(record.target, document, &fields);
                self.add(Key { kind, names, hidden }, record.target, row, at)
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
        self.flush_pending(false)
    }

    /// Writes all that waits for widths.
    fn settle(&mut self) -> io::Result<()> {
        self.sheets.settle()?;
        self.write_sheets()?;
        self.flush_pending(true)
    }

    fn scalar(&mut self, target: TargetId, text: &str) -> io::Result<()> {
        self.flush_pending(true)?;
        self.current = None;
        self.begun = true;
        let text = if self.many_hosts() { lines(self.host(target), text) } else { format!("{}\n", sanitize(text)) };
        self.writer.write_all(text.as_bytes())
    }

    fn row(&self, target: TargetId, document: &Document, fields: &[Field<'_>]) -> Row {
        let mut row = Row { cells: Vec::new(), numbers: Vec::new() };
        if self.many_hosts() {
            row.cells.push(sanitize_line(self.host(target)).into_owned());
            row.numbers.push(false);
        }
        for (_, value) in fields {
            row.cells.push(sanitize_line(&display(document, value)).into_owned());
            row.numbers.push(is_number(resolve(document, value)));
        }
        row
    }

    fn add(&mut self, key: Key, target: TargetId, row: Row, at: Timestamp) -> io::Result<()> {
        if let Some((current, layout)) = &self.current
            && *current == key
            && self.pending.is_empty()
        {
            return self.writer.write_all(layout.line(&row).as_bytes());
        }
        match self.pending.iter_mut().find(|group| group.key == key) {
            Some(group) => group.rows.push((target, row)),
            None => self.pending.push(Group { key, rows: vec![(target, row)] }),
        }
        self.pending_since.get_or_insert(at);
        if self.pending.iter().map(|group| group.rows.len()).sum::<usize>() >= waiting::ROWS {
            self.flush_pending(true)?;
        }
        Ok(())
    }

    /// Writes what waits, shape by shape; the last shape goes on with the rows that follow.
    fn flush_pending(&mut self, more: bool) -> io::Result<()> {
        self.pending_since = None;
        for group in std::mem::take(&mut self.pending) {
            let layout = match self.current.take() {
                Some((key, layout)) if key == group.key => layout,
                _ => self.open_table(&group, more)?,
            };
            for (_, row) in &group.rows {
                self.writer.write_all(layout.line(row).as_bytes())?;
            }
            self.current = Some((group.key, layout));
        }
        Ok(())
    }

    fn open_table(&mut self, group: &Group, more: bool) -> io::Result<Layout> {
        let mut titles = group.key.names.clone();
        let mut least = 0;
        if self.many_hosts() {
            titles.insert(0, host::COLUMN.to_owned());
            least = self.header.as_ref().map_or(0, |header| host::width(header));
        }
        let rows: Vec<_> = group.rows.iter().map(|(_, row)| row).collect();
        let layout = Layout::new(&titles, &rows, self.width, least, more);
        if self.begun {
            self.writer.write_all(b"\n")?;
        }
        self.begun = true;
        self.writer.write_all(layout.header(self.color).as_bytes())?;
        let missing = layout.dropped + group.key.hidden;
        if layout.dropped > 0 {
            let dim = if self.color { Style::new().dimmed() } else { Style::new() };
            let note = format!("({missing} more properties: use -o list, or choose with --select)");
            writeln!(self.writer, "{dim}{note}{dim:#}")?;
        }
        Ok(layout)
    }

    fn many_hosts(&self) -> bool {
        self.select.has_host() || self.header.as_ref().is_some_and(|header| header.targets.len() > 1)
    }

    fn host(&self, target: TargetId) -> &str {
        self.header.as_ref().map_or("", |header| header.host(target))
    }

    fn due(&self, event: &RunEvent) -> bool {
        let waited = self.pending_since.is_some_and(|since| event.at.duration_since(since) >= waiting::TIME);
        waited
            || match &event.kind {
                RunEventKind::TargetFinished(finished) => {
                    let mut rows = self.pending.iter().flat_map(|group| &group.rows);
                    rows.any(|(target, _)| *target == finished.target)
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

fn is_number(value: &Value) -> bool {
    if value.as_object().is_some_and(Object::is_enum) {
        return false;
    }
    let value = value.unboxed();
    matches!(value, Value::Null | Value::F32(_) | Value::F64(_) | Value::Decimal(_) | Value::U64(_))
        || value.as_i64().is_some()
}
