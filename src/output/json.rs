//! json: one document. Records wait in a spool, since the counts stand before them.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use anyhow::Context;
use serde::Serialize;

use super::line::{CountsJson, EventLines, HostDone, VERSION, append};
use super::spool::Spool;
use super::{Flow, Settings, Sink, flow};
use crate::event::{Finished, RunEvent, RunEventKind, Summary};
use crate::target::TargetId;

/// Writes one document when the run is over.
pub struct Json {
    writer: BufWriter<Box<dyn Write + Send>>,
    lines: EventLines,
    targets: BTreeMap<TargetId, Vec<u8>>,
    records: Spool,
}

#[derive(Serialize)]
struct TargetEntry<'a> {
    host: &'a str,
    #[serde(flatten)]
    done: HostDone<'a>,
}

impl Json {
    /// Opens the sink on a writer.
    pub fn new(writer: Box<dyn Write + Send>, settings: &Settings) -> Self {
        Self {
            writer: BufWriter::new(writer),
            lines: EventLines::new(settings),
            targets: BTreeMap::new(),
            records: Spool::new(),
        }
    }

    fn target(&mut self, finished: &Finished) {
        let mut entry = Vec::new();
        append(&mut entry, &TargetEntry { host: self.lines.host(finished.target), done: HostDone::new(finished) });
        self.targets.insert(finished.target, entry);
    }

    fn record(&mut self, event: &RunEvent) -> io::Result<()> {
        let mut record = Vec::new();
        if self.lines.write_entry(event, &mut record) {
            let separator: &[u8] = if self.records.len() == 0 { b"\n" } else { b",\n" };
            self.records.write_all(separator)?;
            self.records.write_all(&record)?;
        }
        Ok(())
    }

    fn document(&mut self, summary: &Summary) -> io::Result<()> {
        let mut head = format!("{{\"v\":{VERSION},\"run\":").into_bytes();
        append(&mut head, &summary.run);
        head.extend_from_slice(b",\"counts\":");
        append(&mut head, &CountsJson(summary.counts));
        write!(head, ",\"target_count\":{},\"targets\":[", summary.target_count)?;
        self.writer.write_all(&head)?;
        let mut separator = "\n";
        for target in std::mem::take(&mut self.targets).values() {
            self.writer.write_all(separator.as_bytes())?;
            self.writer.write_all(target)?;
            separator = ",\n";
        }
        self.writer.write_all(b"],\"records\":[")?;
        let records = std::mem::replace(&mut self.records, Spool::new());
        io::copy(&mut records.into_reader()?, &mut self.writer)?;
        writeln!(self.writer, "],\"exit_code\":{}}}", summary.exit_code)?;
        self.writer.flush()
    }
}

impl Sink for Json {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        match &event.kind {
            RunEventKind::RunStarted(_) => self.lines.start(event),
            RunEventKind::TargetFinished(finished) => self.target(finished),
            RunEventKind::Record(_) => {
                self.record(event).context("cannot keep the records in a temporary file")?;
            }
            RunEventKind::RunFinished(summary) => return flow(self.document(summary)),
            _ => {}
        }
        Ok(Flow::Continue)
    }
}
