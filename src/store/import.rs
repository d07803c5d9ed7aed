//! Reads a bundle that somebody else may have made, and takes its run over.
//!
//! Nothing is believed of the file. SQLite opens it only if its head is one of ours, and nothing is asked of it before
//! its schema is, to the letter, the one that we write: no trigger, view or expression of others is ever run. Every row is
//! then looked at once, on its way into the store, in one transaction. What objects say in CLIXML is left to the reading
//! of a run, which is limited as the wire is.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, Value};
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params};
use serde::Deserialize;
use uuid::Uuid;

use super::chunk::{MOST, Opened};
use super::error::Error;
use super::event::{KeptEnd, KeptEvent, KeptSummary, of_json};
use super::find::{outcome_of, timestamp};
use super::header::{Header, TITLE_LENGTH, check_label};
use super::schema::{RUN, TABLES};
use super::{Run, Store, checksum, schema, unpack_up_to};
use crate::error_text;
use crate::event::RunEventKind;
use crate::outcome::Outcome;
use crate::target::TargetSnapshot;

/// Bytes of the head of an SQLite file.
const HEAD: usize = 100;

/// Bytes of one value in the file.
const VALUE: i32 = 100 << 20;

/// Bytes of a header once unpacked.
const HEADER: u64 = 32 << 20;

/// Bytes of a list of targets once unpacked.
const TARGETS: u64 = 128 << 20;

/// What came of an import.
#[derive(Debug)]
pub enum Imported {
    /// The run is in the store now.
    New(Run),
    /// It was there already, with the same contents.
    Already(Run),
}

impl Store {
    /// Takes over the run of a bundle.
    ///
    /// # Errors
    /// The file cannot be read or is no bundle, a run of that id is here with other contents, or the store cannot be
    /// written.
    pub fn import(&self, file: &Path, now: jiff::Timestamp) -> Result<Imported, Error> {
        let bundle = |what: String| Error::Bundle { path: file.to_owned(), what };
        let of_file = |error: Error| match error {
            Error::Damaged(what) => bundle(damaged(&what)),
            Error::Sql(error) if !is_of_store(&error) => bundle(damaged(&error.to_string())),
            other => other,
        };
        check_head(file).map_err(bundle)?;
        let source = open(file).map_err(of_file)?;
        let found = Found::read(&source).map_err(of_file)?;
        // Of several processes that import one bundle all but the first find the run there.
        let change = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        if let Some(here) = self.with_id(found.run)? {
            return match self.is_same(&here, &source).map_err(of_file)? {
                true => Ok(Imported::Already(here)),
                false => Err(bundle(others(found.run))),
            };
        }
        copy(&source, &change, &found, now).map_err(of_file)?;
        change.commit()?;
        match self.with_id(found.run)? {
            Some(run) => Ok(Imported::New(run)),
            None => Err(Error::damaged("the run is gone")),
        }
    }

    /// Whether a run of the store is the one of a file, row by row.
    fn is_same(&self, run: &Run, source: &Connection) -> Result<bool, Error> {
        if !same_rows(&self.db, source, ("runs", RUN, "id"), "id", run.row)? {
            return Ok(false);
        }
        for (table, columns, order) in TABLES {
            if !same_rows(&self.db, source, (table, columns, order), "run", run.row)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What to do where a run is there and another in the file.
fn others(run: Uuid) -> String {
    format!(
        "a run {run} is here already, with other contents: one of them has gone on since, as runs resume and runs collect \
         do. With PSFLEET_STATE_DIR=FOLDER in front, import puts this one into a store of its own, and the other runs \
         commands find it there"
    )
}

fn damaged(what: &str) -> String {
    format!("it is damaged: {what}; copy it here once more, or export the run again where it was made")
}

/// Whether an error is of the store that is written, and not of the file that is only read.
fn is_of_store(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    // Of two processes that import one bundle the later finds the run there.
    let written =
        [ErrorCode::DiskFull, ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked, ErrorCode::ConstraintViolation];
    code.is_some_and(|code| written.contains(&code))
}

/// Looks at the head of a file before SQLite does.
fn check_head(file: &Path) -> Result<(), String> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut head = Vec::new();
        // To open a pipe would wait for its other end.
        if !file.metadata()?.is_file() {
            return Ok(head);
        }
        File::open(file)?.take(HEAD as u64).read_to_end(&mut head)?;
        Ok(head)
    };
    let head = read().map_err(|error| error_text::io(&error))?;
    let number =
        |at: usize| head.get(at..at + 4).map(|bytes| bytes.iter().fold(0, |all, byte| all << 8 | i64::from(*byte)));
    let not_ours = || "it is not a file of psfleet runs export".to_owned();
    if head.len() < HEAD || !head.starts_with(b"SQLite format 3\0") || number(68) != Some(schema::APPLICATION) {
        return Err(not_ours());
    }
    match number(60) {
        Some(layout) if layout > schema::LAYOUT => Err(format!(
            "it is of a newer psfleet (its layout is {layout}, this one knows {}): update psfleet",
            schema::LAYOUT
        )),
        // A store in use has a log beside it (WAL), which is not this file's.
        Some(1..) if head[18] == 1 && head[19] == 1 => Ok(()),
        _ => Err(not_ours()),
    }
}

/// Opens a file whose schema is ours, and that is what was written.
fn open(file: &Path) -> Result<Connection, Error> {
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "cell_size_check", true)?;
    db.pragma_update(None, "mmap_size", 0)?;
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE)?;
    let layout: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let ours = Connection::open_in_memory()?;
    schema::create_until(&ours, layout)?;
    let expected = objects(&ours, usize::MAX)?;
    if objects(&db, expected.len() + 1)? != expected {
        return Err(Error::damaged("its tables are not those of psfleet"));
    }
    let check: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if check != "ok" {
        return Err(Error::damaged(check));
    }
    checksum::check(&db, layout)?;
    Ok(db)
}

/// An object of a schema: its kind, its name, its table, and how it is made.
type SchemaObject = (String, String, String, Option<String>);

fn objects(db: &Connection, most: usize) -> Result<Vec<SchemaObject>, Error> {
    let mut rows = db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name")?;
    let found = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(found.take(most).collect::<Result<_, _>>()?)
}

/// What is known of the run in a file.
struct Found {
    run: Uuid,
    begun: i64,
    label: Option<String>,
    title: String,
    target_count: u32,
    header: Vec<u8>,
    targets: Vec<u8>,
}

impl Found {
    fn read(source: &Connection) -> Result<Self, Error> {
        let mut rows = source.prepare(&format!("SELECT {RUN} FROM runs LIMIT 2"))?;
        let mut rows = rows.query([])?;
        let row = rows.next()?.ok_or_else(|| Error::damaged("it has no run"))?;
        let found = Self {
            run: row.get::<_, String>(0)?.parse().map_err(Error::damaged)?,
            begun: row.get(1)?,
            label: row.get(2)?,
            title: row.get(3)?,
            target_count: row.get(4)?,
            header: row.get(5)?,
            targets: row.get(6)?,
        };
        if rows.next()?.is_some() {
            return Err(Error::damaged("it has more than one run"));
        }
        found.check()?;
        Ok(found)
    }

    fn check(&self) -> Result<(), Error> {
        let header: Header = of_json(&unpack_up_to(&self.header, HEADER)?)?;
        let is_said = header.run == self.run
            && header.begun.as_microsecond() == self.begun
            && header.label == self.label
            && header.title == self.title;
        if !is_said {
            return Err(Error::damaged("its header is of another run"));
        }
        if self.title.chars().count() > TITLE_LENGTH {
            return Err(Error::damaged("its title is too long"));
        }
        self.label.as_deref().map_or(Ok(()), check_label).map_err(Error::damaged)?;
        let targets: Vec<TargetSnapshot> = of_json(&unpack_up_to(&self.targets, TARGETS)?)?;
        if targets.len() != self.target_count as usize {
            return Err(Error::damaged("targets are missing"));
        }
        if let Some(wrong) = targets.iter().map(|target| &target.name).find(|name| !is_host_name(name)) {
            return Err(Error::damaged(format_args!("'{wrong}' is not the name of a host")));
        }
        Ok(())
    }

    fn target(&self, target: u32) -> Result<(), Error> {
        match target < self.target_count {
            true => Ok(()),
            false => Err(Error::damaged(format_args!("the run has no target {target}"))),
        }
    }
}

/// Whether an inventory could have such a host, or a command line: what is a name for us is an argument for others.
fn is_host_name(name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || ".-_:[]%@+".contains(c);
    !name.is_empty() && !name.starts_with(['-', '@']) && name.chars().all(is_part)
}

/// Copies all rows, looking at each.
fn copy(source: &Connection, change: &Transaction<'_>, found: &Found, now: jiff::Timestamp) -> Result<(), Error> {
    change.execute(
        &format!("INSERT INTO runs ({RUN}, imported) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
        params![
            found.run.to_string(),
            found.begun,
            found.label,
            found.title,
            found.target_count,
            found.header,
            found.targets,
            now.as_microsecond(),
        ],
    )?;
    let run = change.last_insert_rowid();
    for (table, columns, order) in TABLES {
        let count = columns.split(',').count();
        let mut into =
            change.prepare(&format!("INSERT INTO {table} (run, {columns}) VALUES (?{})", ", ?".repeat(count)))?;
        let mut rows = source.prepare(&format!("SELECT {columns} FROM {table} WHERE run = 1 ORDER BY {order}"))?;
        let all: i64 = source.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
        let mut rows = rows.query([])?;
        let mut copied = 0;
        while let Some(row) = rows.next()? {
            match table {
                "parts" => part(row, found)?,
                "events" => event(row, found)?,
                "outcomes" => outcome(row, found)?,
                _ => chunk(row, found)?,
            }
            into.raw_bind_parameter(1, run)?;
            for column in 0..count {
                into.raw_bind_parameter(column + 2, ToSqlOutput::Borrowed(row.get_ref(column)?))?;
            }
            into.raw_execute()?;
            copied += 1;
        }
        if copied != all {
            return Err(Error::damaged("it has rows of another run"));
        }
    }
    Ok(())
}

type Row<'r> = rusqlite::Row<'r>;

/// A place among what happened; those of a run rise, so there is room behind each.
fn place(row: &Row<'_>, column: usize) -> Result<u64, Error> {
    let place: i64 = row.get(column)?;
    match u64::try_from(place) {
        Ok(place) if place > 0 && place < u64::MAX / 4 => Ok(place),
        _ => Err(Error::damaged(format_args!("there is no place {place}"))),
    }
}

fn part(row: &Row<'_>, found: &Found) -> Result<(), Error> {
    /// What is added up of a summary.
    #[derive(Deserialize)]
    struct Totals {
        counts: Vec<(Outcome, u64)>,
        #[serde(default)]
        shells_left: Vec<u32>,
    }
    let first = place(row, 0)?;
    timestamp(row.get(1)?)?;
    let last = row.get::<_, Option<i64>>(2)?.map(|_| place(row, 2)).transpose()?;
    row.get::<_, Option<i64>>(3)?.map(timestamp).transpose()?;
    if last.is_some_and(|last| last < first) {
        return Err(Error::damaged("a part ends before it begins"));
    }
    if let Some(summary) = row.get::<_, Option<String>>(4)? {
        let _: KeptSummary = of_json(&summary)?;
        let totals: Totals = of_json(&summary)?;
        let sum = totals.counts.iter().try_fold(0u64, |sum, (_, count)| sum.checked_add(*count));
        if sum.is_none_or(|sum| sum > u64::from(found.target_count)) {
            return Err(Error::damaged("a part has more outcomes than the run has targets"));
        }
        totals.shells_left.into_iter().try_for_each(|target| found.target(target))?;
    }
    Ok(())
}

fn event(row: &Row<'_>, found: &Found) -> Result<(), Error> {
    place(row, 0)?;
    timestamp(row.get(1)?)?;
    let event: KeptEvent = of_json(&row.get::<_, String>(2)?)?;
    match event.kind() {
        RunEventKind::TargetStarted { target, .. }
        | RunEventKind::TargetRunning { target }
        | RunEventKind::AttemptFailed { target, .. } => found.target(target.0),
        _ => Ok(()),
    }
}

fn outcome(row: &Row<'_>, found: &Found) -> Result<(), Error> {
    found.target(row.get(0)?)?;
    place(row, 1)?;
    timestamp(row.get(2)?)?;
    outcome_of(&row.get::<_, String>(3)?)?;
    let _: KeptEnd = of_json(&row.get::<_, String>(4)?)?;
    Ok(())
}

fn chunk(row: &Row<'_>, found: &Found) -> Result<(), Error> {
    found.target(row.get(0)?)?;
    let (first, last) = (place(row, 1)?, place(row, 2)?);
    let (records, size): (u64, u64) = (row.get(3)?, row.get(4)?);
    if size > MOST {
        return Err(Error::damaged("a chunk is larger than any record"));
    }
    let mut opened = Opened::up_to(size, first, row.get_ref(5)?.as_blob().map_err(Error::damaged)?)?;
    let (mut count, mut before) = (0, None);
    while let Some(entry) = opened.next()? {
        timestamp(entry.at)?;
        let is_next = before.map_or(entry.place == first, |before| entry.place > before);
        if !is_next || entry.place > last {
            return Err(Error::damaged("the records of a chunk are not in order"));
        }
        before = Some(entry.place);
        count += 1;
    }
    match before == Some(last) && count == records && opened.len() as u64 == size {
        true => Ok(()),
        false => Err(Error::damaged("a chunk is not what its row says")),
    }
}

/// Whether a table has the same rows of a run in the store and in a file.
fn same_rows(
    store: &Connection,
    source: &Connection,
    (table, columns, order): (&str, &str, &str),
    key: &str,
    run: i64,
) -> Result<bool, Error> {
    let mut ours = store.prepare(&format!("SELECT {columns} FROM {table} WHERE {key} = ?1 ORDER BY {order}"))?;
    let mut theirs = source.prepare(&format!("SELECT {columns} FROM {table} ORDER BY {order}"))?;
    let (mut ours, mut theirs) = (ours.query([run])?, theirs.query([])?);
    let count = columns.split(',').count();
    loop {
        match (ours.next()?, theirs.next()?) {
            (None, None) => return Ok(true),
            (Some(one), Some(two)) => {
                for column in 0..count {
                    if one.get::<_, Value>(column)? != two.get::<_, Value>(column)? {
                        return Ok(false);
                    }
                }
            }
            _ => return Ok(false),
        }
    }
}
