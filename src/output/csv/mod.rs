//! CSV: the union of all properties, one row per object.
//!
//! The columns are known only when the last object has come, so rows wait in a spool; memory holds the columns alone.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufRead, BufWriter, Read, Write};
use std::sync::Arc;

use anyhow::{Context, bail};

use super::merged::merged;
use super::object::{self, Shape};
use super::select::Select;
use super::spool::Spool;
use super::{CsvSettings, Flow, Groups, Losses, Settings, Sink, flow, sanitize};
use crate::clixml::{self, Object, PlainJson, Single, Value};
use crate::event::{RunEvent, RunEventKind, RunHeader, Summary};
use crate::record::Record;
use crate::stream::Stream;
use crate::target::TargetId;

/// The first column.
const HOST_COLUMN: &str = "PSComputerName";

/// The first columns where rows are of groups of hosts.
const GROUP_COLUMNS: [&str; 2] = ["Hosts", "Count"];

/// The column of values that have no properties.
const VALUE_COLUMN: &str = "Value";

/// Columns that a spreadsheet can hold; a host that sends more has put data into names.
const MAX_COLUMNS: usize = 16_384;

/// Writes the union of all properties when the run is over.
pub(super) struct Csv {
    writer: BufWriter<Box<dyn Write + Send>>,
    csv: CsvSettings,
    terminal: bool,
    select: Select,
    header: Option<Arc<RunHeader>>,
    columns: Columns,
    /// Records seen of each target, which orders columns within a target.
    seen: HashMap<TargetId, u64>,
    rows: Spool,
    losses: Losses,
    groups: Option<Groups>,
}

/// The columns so far, found by name without regard to case, as PowerShell compares names.
#[derive(Default)]
struct Columns {
    by_spelling: HashMap<Box<str>, u32>,
    by_name: HashMap<String, u32>,
    all: Vec<Column>,
    /// The columns of the row before: most rows have the same.
    before: Vec<u32>,
}

struct Column {
    name: String,
    first: First,
}

/// Where a column was first seen: the target's place in the inventory, then the object, then the property.
type First = (TargetId, u64, usize);

/// A cell in the spool.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Null: empty and unquoted.
    Null = 0,
    /// A string, which a spreadsheet may take for a formula.
    Text = 1,
    /// A number, a date and the like.
    Typed = 2,
}

impl Csv {
    /// Opens the sink on a writer.
    pub(super) fn new(writer: Box<dyn Write + Send>, settings: &Settings) -> Self {
        Self {
            writer: BufWriter::new(writer),
            csv: settings.csv,
            terminal: settings.terminal,
            select: Select::new(&settings.select),
            header: None,
            columns: Columns::default(),
            seen: HashMap::new(),
            rows: Spool::new(),
            losses: settings.losses.clone(),
            groups: settings.groups.clone(),
        }
    }

    fn record(&mut self, record: &Record) -> anyhow::Result<()> {
        let seen = self.seen.entry(record.target).or_default();
        *seen += 1;
        let document = &record.value;
        let mut json = PlainJson::new(document);
        let line = self.select.is_all().then(|| merged(document, &document.root)).flatten().map(Value::str);
        let fields = match (&line, object::shape(document, &self.select)) {
            (Some(line), _) => vec![(VALUE_COLUMN, line)],
            (None, Shape::Fields(fields)) => self.select.apply(fields),
            (None, Shape::Scalar(value)) => vec![(VALUE_COLUMN, value)],
        };
        let mut row = Vec::with_capacity(16 * fields.len());
        row.extend_from_slice(&record.target.0.to_le_bytes());
        row.extend_from_slice(&u32::try_from(fields.len())?.to_le_bytes());
        for (place, (name, value)) in fields.into_iter().enumerate() {
            let first = (record.target, *seen, place);
            let Some(column) = self.columns.id(name, first) else {
                bail!(
                    "the objects have more than {MAX_COLUMNS} distinct properties, too many for CSV; choose some with --select, or use -o jsonl"
                );
            };
            let kind = kind(super::refs::resolve(document, value));
            // Asked for in any case: it notes what it cannot show.
            let text = json.under(name, |json| object::cell(json, value));
            let text = if kind == Kind::Null { "".into() } else { text };
            row.extend_from_slice(&column.to_le_bytes());
            row.push(kind as u8);
            row.extend_from_slice(&u64::try_from(text.len())?.to_le_bytes());
            row.extend_from_slice(text.as_bytes());
        }
        let host = self.header.as_ref().map_or("", |header| header.host(record.target));
        self.losses.note_format(host, document, &self.select);
        self.losses.note(host, &json.finish());
        self.rows.write_all(&row).context("cannot keep the rows in a temporary file")
    }

    fn document(&mut self) -> io::Result<()> {
        let order = self.columns.order(&self.select);
        if self.csv.bom {
            self.writer.write_all("\u{feff}".as_bytes())?;
        }
        let names = order.iter().map(|column| match column {
            Ok(id) => self.columns.all[*id as usize].name.as_str(),
            Err(name) => *name,
        });
        let names = names.map(|name| self.unlike_ours(name));
        let mut line = Vec::new();
        match &self.groups {
            Some(_) => {
                self.push_cell(&mut line, Kind::Text, GROUP_COLUMNS[0]);
                line.push(self.csv.delimiter);
                self.push_cell(&mut line, Kind::Text, GROUP_COLUMNS[1]);
            }
            None => self.push_cell(&mut line, Kind::Text, HOST_COLUMN),
        }
        for name in names {
            line.push(self.csv.delimiter);
            self.push_cell(&mut line, Kind::Text, &name);
        }
        line.extend_from_slice(b"\r\n");
        self.writer.write_all(&line)?;
        let mut places = vec![None; self.columns.all.len()];
        for (place, column) in order.iter().enumerate() {
            if let Ok(id) = column {
                places[*id as usize] = Some(place);
            }
        }
        let width = order.len();
        self.write_rows(&places, width)?;
        self.writer.flush()
    }

    /// The name of a column that is none of those of groups: no reader takes two of one name.
    fn unlike_ours<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let is_ours = self.groups.is_some() && GROUP_COLUMNS.iter().any(|ours| ours.eq_ignore_ascii_case(name));
        let mut name = Cow::Borrowed(name);
        while is_ours && (!name.contains('.') || self.columns.by_name.contains_key(&name.to_ascii_lowercase())) {
            name = format!("Object.{name}").into();
        }
        name
    }

    fn write_rows(&mut self, places: &[Option<usize>], width: usize) -> io::Result<()> {
        let mut rows = std::mem::replace(&mut self.rows, Spool::new()).into_reader()?;
        let mut line = Vec::new();
        while !rows.fill_buf()?.is_empty() {
            let target = TargetId(read_u32(&mut rows)?);
            let mut cells = vec![(Kind::Null, String::new()); width];
            for _ in 0..read_u32(&mut rows)? {
                let (column, kind, text) = read_cell(&mut rows)?;
                if let Some(place) = places.get(column as usize).copied().flatten() {
                    cells[place] = (kind, text);
                }
            }
            line.clear();
            let host = self.header.as_ref().map_or("", |header| header.host(target));
            self.push_cell(&mut line, Kind::Text, host);
            if let Some(group) = self.groups.as_ref().and_then(|groups| groups.of(target)) {
                line.push(self.csv.delimiter);
                self.push_cell(&mut line, Kind::Typed, &group.count.to_string());
            }
            for (kind, text) in &cells {
                line.push(self.csv.delimiter);
                self.push_cell(&mut line, *kind, text);
            }
            line.extend_from_slice(b"\r\n");
            self.writer.write_all(&line)?;
        }
        Ok(())
    }

    /// Appends a cell by RFC 4180. A string that a spreadsheet would run as a formula gets a `'` in front.
    fn push_cell(&self, line: &mut Vec<u8>, kind: Kind, text: &str) {
        if kind == Kind::Null {
            return;
        }
        let safe = if self.terminal { sanitize(text) } else { text.into() };
        let formula = kind == Kind::Text && !self.csv.raw && is_formula(&safe);
        quoted(line, &safe, self.csv.delimiter, formula);
    }
}

/// Appends a cell of text by RFC 4180, between commas. One that a spreadsheet would run as a formula gets a `'` in front.
pub fn csv_cell(line: &mut Vec<u8>, text: &str) {
    quoted(line, text, b',', is_formula(text));
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn quoted(line: &mut Vec<u8>, text: &str, delimiter: u8, formula: bool) {
    let quote = text.is_empty()
        || text.starts_with(' ')
        || text.ends_with(' ')
        || text.bytes().any(|byte| matches!(byte, b'"' | b'\r' | b'\n') || byte == delimiter);
    if quote {
        line.push(b'"');
    }
    if formula {
        line.push(b'\'');
    }
    for byte in text.bytes() {
        line.push(byte);
        if byte == b'"' {
            line.push(b'"');
        }
    }
    if quote {
        line.push(b'"');
    }
}

impl Sink for Csv {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        match &event.kind {
            RunEventKind::RunStarted(header) => self.header = Some(Arc::clone(header)),
            RunEventKind::Record(record) if record.stream == Stream::Output => self.record(record)?,
            _ => {}
        }
        Ok(Flow::Continue)
    }

    fn complete(&mut self, _summary: &Summary) -> anyhow::Result<Flow> {
        flow(self.document())
    }
}

impl Columns {
    /// The column of this name, made if there is none and there is room.
    fn id(&mut self, name: &str, first: First) -> Option<u32> {
        let (_, _, place) = first;
        let guess = self.before.get(place).copied();
        let known = match guess.filter(|id| self.all[*id as usize].name == name) {
            Some(id) => id,
            None => match self.by_spelling.get(name) {
                Some(id) => *id,
                None => self.spelled(name, first)?,
            },
        };
        match self.before.get_mut(place) {
            Some(before) => *before = known,
            None => self.before.push(known),
        }
        let column = &mut self.all[known as usize];
        if first < column.first {
            column.first = first;
        }
        Some(known)
    }

    fn spelled(&mut self, name: &str, first: First) -> Option<u32> {
        if self.by_spelling.len() >= MAX_COLUMNS {
            return None;
        }
        let next = u32::try_from(self.all.len()).ok()?;
        let id = *self.by_name.entry(name.to_ascii_lowercase()).or_insert(next);
        if id == next {
            self.all.push(Column { name: name.to_owned(), first });
        }
        self.by_spelling.insert(name.into(), id);
        Some(id)
    }

    /// The columns as they are written: those that were seen, and names that `--select` asks for though no object has
    /// them.
    fn order<'a>(&self, select: &'a Select) -> Vec<Result<u32, &'a str>> {
        let seen = (0..).zip(&self.all).map(|(id, column)| (select.place(&column.name), Some(column.first), Ok(id)));
        let unseen = select.fixed().filter(|name| !self.by_name.contains_key(&name.to_ascii_lowercase()));
        let unseen = unseen.map(|name| (select.place(name), None, Err(name)));
        let mut order: Vec<_> = seen.chain(unseen).collect();
        order.sort_by_key(|(place, first, _)| (*place, *first));
        order.into_iter().map(|(_, _, column)| column).collect()
    }
}

fn kind(value: &Value) -> Kind {
    if value.as_object().is_some_and(Object::is_enum) {
        return Kind::Text;
    }
    match clixml::single(value) {
        Some(Single::Text(_)) => return Kind::Text,
        Some(Single::Integer(_) | Single::Time(_) | Single::Version(_)) => return Kind::Typed,
        Some(Single::Same(value)) => return kind(&value),
        None => {}
    }
    match value.unboxed() {
        Value::Null | Value::SecureString(_) => Kind::Null,
        Value::Bool(_) | Value::F32(_) | Value::F64(_) | Value::Decimal(_) => Kind::Typed,
        Value::DateTime(_) | Value::TimeSpan(_) | Value::Guid(_) | Value::Version(_) | Value::Bytes(_) => Kind::Typed,
        number if number.as_i64().is_some() || matches!(number, Value::U64(_)) => Kind::Typed,
        _ => Kind::Text,
    }
}

fn read_u32(rows: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    rows.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn read_cell(rows: &mut impl Read) -> io::Result<(u32, Kind, String)> {
    let column = read_u32(rows)?;
    let mut kind = [0];
    rows.read_exact(&mut kind)?;
    let mut length = [0; 8];
    rows.read_exact(&mut length)?;
    let mut text = String::new();
    rows.take(u64::from_le_bytes(length)).read_to_string(&mut text)?;
    let kind = [Kind::Null, Kind::Text, Kind::Typed].into_iter().find(|one| *one as u8 == kind[0]);
    Ok((column, kind.unwrap_or(Kind::Text), text))
}
