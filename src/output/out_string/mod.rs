//! text: what PowerShell itself would print of the objects.
//!
//! Objects come out as Out-String prints deserialized objects under the invariant culture: strings raw, collections
//! opened one level, the tables and lists of PowerShell's own views for the types in [`views`] and [`cim`], and for all
//! others a table of up to four properties, else a list. The blank lines are PowerShell's, the first and the last one
//! too.
//!
//! The whole run is one document, as the output of Invoke-Command is: see [`page::Page`]. With one target nothing is
//! added. With more, tables have a last column PSComputerName and lists a last line of this name; strings and numbers
//! stay bare.
//!
//! Rows of tables whose widths hang on their cells wait until a host is done, half a second has passed or there are
//! many; later cells that are wider are cut, where PowerShell would have waited for all. Otherwise it differs on
//! purpose in what could harm a terminal (controls are visible, a tab in a cell is a space), and in dates with an
//! offset: they stay on the clock of the host that sent them, as its own prompt would show them.
//!
//! What Format-Table and its like return are not objects but orders to print; [`mod@format`] follows them.

mod block;
mod cell;
pub(super) mod cim;
mod columns;
mod date;
mod described;
pub(super) mod format;
mod modules;
pub(super) mod number;
mod page;
mod paper;
mod scalar;
#[cfg(test)]
mod tests;
mod view;
mod views;
mod windows;
mod xml;

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use jiff::Timestamp;

pub(super) use self::cell::spoken;
#[cfg(feature = "sandbox")]
pub(crate) use self::cell::{ITEMS, items_in_braces};
use self::paper::Paper;
#[cfg(feature = "sandbox")]
pub(crate) use self::scalar::URI;
use super::select::Select;
use super::{Flow, Losses, Settings, Sink, flow, row_delay};
use crate::clixml::Document;
use crate::event::{RunEvent, RunEventKind, RunHeader, Summary};
use crate::record::Record;
use crate::stream::Stream;
use crate::target::TargetId;

/// Writes what PowerShell would print.
pub(super) struct Text {
    writer: BufWriter<Box<dyn Write + Send>>,
    select: Select,
    losses: Losses,
    paper: Paper,
    header: Option<Arc<RunHeader>>,
    waiting_since: Option<Timestamp>,
}

impl Text {
    /// Opens the sink on a writer.
    pub(super) fn new(writer: Box<dyn Write + Send>, settings: &Settings) -> Self {
        Self {
            writer: BufWriter::new(writer),
            select: Select::new(&settings.select),
            losses: settings.losses.clone(),
            paper: Paper::new(settings.width, settings.color),
            header: None,
            waiting_since: None,
        }
    }

    fn begin(&mut self, header: &Arc<RunHeader>) {
        self.paper.begin(header, self.select.has_host());
        self.header = Some(Arc::clone(header));
    }

    fn record(&mut self, record: &Record, at: Timestamp) -> io::Result<()> {
        let host = self.header.as_ref().map_or("", |header| header.host(record.target));
        self.losses.note_sheet(host, &record.value, &self.select);
        self.paper.object(&mut self.writer, &record.value, &self.select, (record.target, host))?;
        self.waiting_since = self.paper.waits().then(|| self.waiting_since.unwrap_or(at));
        Ok(())
    }

    fn settle(&mut self) -> io::Result<()> {
        self.waiting_since = None;
        self.paper.settle(&mut self.writer)
    }

    fn finish(&mut self, target: TargetId) -> io::Result<()> {
        self.paper.finish(&mut self.writer, target)?;
        self.settle().and_then(|()| self.writer.flush())
    }

    fn is_late(&self, at: Timestamp) -> bool {
        self.waiting_since.is_some_and(|since| at.duration_since(since) >= row_delay::TIME)
    }
}

/// Prints the objects of one pipeline, outside of a run.
pub struct TextPrinter(Paper);

impl TextPrinter {
    /// For lines of this width.
    pub fn new(width: usize, color: bool) -> Self {
        Self(Paper::new(width, color))
    }

    /// Prints an object, or keeps it until the widths of its table are known.
    ///
    /// # Errors
    /// The writer's own.
    pub fn object(&mut self, out: &mut dyn Write, document: &Document) -> io::Result<()> {
        self.0.object(out, document, &Select::default(), (TargetId(0), ""))
    }

    /// Prints what waits, and the end.
    ///
    /// # Errors
    /// The writer's own.
    pub fn end(mut self, out: &mut dyn Write) -> io::Result<()> {
        self.0.end(out)
    }
}

impl Sink for Text {
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
        flow(written.and_then(|()| if self.is_late(event.at) { self.settle() } else { Ok(()) }))
    }

    fn idle(&mut self) -> anyhow::Result<Flow> {
        flow(self.settle().and_then(|()| self.writer.flush()))
    }

    fn complete(&mut self, _summary: &Summary) -> anyhow::Result<Flow> {
        flow(self.paper.end(&mut self.writer).and_then(|()| self.writer.flush()))
    }
}
