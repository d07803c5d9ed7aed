//! jsonl: one event per line, as it happens.

use std::io::{BufWriter, Write};

use super::line::EventLines;
use super::{Flow, Settings, Sink, flow};
use crate::event::{RunEvent, RunEventKind};

/// Writes one event per line.
pub struct Jsonl {
    writer: BufWriter<Box<dyn Write + Send>>,
    lines: EventLines,
    line: Vec<u8>,
}

impl Jsonl {
    /// Opens the sink on a writer.
    pub fn new(writer: Box<dyn Write + Send>, settings: &Settings) -> Self {
        Self { writer: BufWriter::new(writer), lines: EventLines::new(settings), line: Vec::new() }
    }
}

impl Sink for Jsonl {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        self.lines.start(event);
        self.line.clear();
        if !self.lines.write(event, &mut self.line) {
            return Ok(Flow::Continue);
        }
        self.line.push(b'\n');
        let written = self.writer.write_all(&self.line);
        // A reader in a pipe sees each host's objects at the latest when the host is done.
        let flush = !matches!(event.kind, RunEventKind::Record(_));
        flow(written.and_then(|()| if flush { self.writer.flush() } else { Ok(()) }))
    }
}
