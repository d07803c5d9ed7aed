//! The sheets of a run: each host's by itself, whole, though many hosts send at the same time.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::packet::{Class, Node};
use super::sheet::Sheet;
use crate::clixml::Document;
use crate::output::spool::Spool;
use crate::output::{host_column, sanitize_line};
use crate::target::TargetId;

/// What became of a record.
pub(crate) enum Added {
    /// Format-* did not make it.
    Object,
    /// It is a part of a sheet; see [`Sheets::write`].
    Sheet,
    /// It is text that stands by itself, as safe for a terminal as all of this.
    Text(String),
}

/// Prints what Format-* returns. With one host lines come as they can; with several, each sheet waits for its end.
pub(crate) struct Sheets {
    width: usize,
    color: bool,
    /// Whether there are several hosts, so that a line above each sheet says whose it is.
    is_shared: bool,
    open: BTreeMap<TargetId, Open>,
    ready: Vec<Spool>,
}

struct Open {
    name: String,
    sheet: Sheet,
    lines: Spool,
}

impl Sheets {
    /// For lines of this width.
    pub(crate) fn new(width: usize, color: bool) -> Self {
        Self { width, color, is_shared: false, open: BTreeMap::new(), ready: Vec::new() }
    }

    /// Says whether there are several hosts.
    pub(crate) fn share(&mut self, is_shared: bool) {
        self.is_shared = is_shared;
    }

    /// Takes a record of a host, if it is an order of Format-*.
    ///
    /// # Errors
    /// Those of the temporary file in which large sheets wait.
    pub(crate) fn add(&mut self, document: &Document, target: TargetId, name: &str) -> io::Result<Added> {
        let Some(order) = Node::read(document) else { return Ok(Added::Object) };
        let (width, color) = (self.width, self.color);
        let fresh = || Open { name: name.to_owned(), sheet: Sheet::new(width, color), lines: Spool::new() };
        let is_aside = order.class() == Some(Class::Entry) && order.flag("outOfBand");
        match self.open.get_mut(&target) {
            None if is_aside => {
                let mut text = Vec::new();
                fresh().sheet.add(&mut text, order)?;
                let text = String::from_utf8_lossy(&text).into_owned();
                return Ok(Added::Text(text.strip_suffix('\n').map(str::to_owned).unwrap_or(text)));
            }
            Some(_) if order.class() == Some(Class::FormatStart) => self.finish(target)?,
            _ => {}
        }
        let Open { sheet, lines, .. } = self.open.entry(target).or_insert_with(fresh);
        sheet.add(lines, order)?;
        if !sheet.is_open() {
            self.finish(target)?;
        } else if !self.is_shared {
            take(lines, &mut self.ready);
        }
        Ok(Added::Sheet)
    }

    /// Ends the sheet of a host that is done, though its end never came.
    ///
    /// # Errors
    /// Those of [`Sheets::add`].
    pub(crate) fn finish(&mut self, target: TargetId) -> io::Result<()> {
        let Some(Open { name, mut sheet, mut lines }) = self.open.remove(&target) else { return Ok(()) };
        sheet.end(&mut lines)?;
        if self.is_shared && lines.len() > 0 {
            // As PowerShell writes the line above a group.
            let mut heading = Spool::new();
            writeln!(heading, "\n   {}: {}", host_column::COLUMN, sanitize_line(&name))?;
            self.ready.push(heading);
        }
        take(&mut lines, &mut self.ready);
        Ok(())
    }

    /// Ends all sheets.
    ///
    /// # Errors
    /// Those of [`Sheets::add`].
    pub(crate) fn finish_all(&mut self) -> io::Result<()> {
        let targets: Vec<_> = self.open.keys().copied().collect();
        targets.into_iter().try_for_each(|target| self.finish(target))
    }

    /// Makes the rows ready that wait for the widths of their columns, where nobody else's stand between.
    ///
    /// # Errors
    /// Those of [`Sheets::add`].
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        if self.is_shared {
            return Ok(());
        }
        for Open { sheet, lines, .. } in self.open.values_mut() {
            sheet.settle(lines)?;
            take(lines, &mut self.ready);
        }
        Ok(())
    }

    /// Whether rows wait that [`Sheets::settle`] could make ready.
    pub(crate) fn waits(&self) -> bool {
        !self.is_shared && self.open.values().any(|open| open.sheet.waits())
    }

    /// Whether there are lines to write.
    pub(crate) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Writes the lines that are ready.
    ///
    /// # Errors
    /// The writer's own, or as [`Sheets::add`].
    pub(crate) fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        for lines in std::mem::take(&mut self.ready) {
            io::copy(&mut lines.into_reader()?, out)?;
        }
        Ok(())
    }
}

/// Moves lines to those that are ready.
fn take(lines: &mut Spool, ready: &mut Vec<Spool>) {
    if lines.len() > 0 {
        ready.push(std::mem::replace(lines, Spool::new()));
    }
}
