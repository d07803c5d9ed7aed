//! jsonl: one event per line, as it happens.

use std::io::{BufWriter, Write};

use super::line::EventLines;
use super::{Flow, Settings, Sink, flow};
use crate::event::{RunEvent, RunEventKind};

/// Writes one event per line.
pub(super) struct Jsonl {
    writer: BufWriter<Box<dyn Write + Send>>,
    lines: EventLines,
    line: Vec<u8>,
}

impl Jsonl {
    /// Opens the sink on a writer.
    pub(super) fn new(writer: Box<dyn Write + Send>, settings: &Settings) -> Self {
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
        let flush = !matches!(event.kind, RunEventKind::Record(_));
        flow(written.and_then(|()| if flush { self.writer.flush() } else { Ok(()) }))
    }

    fn idle(&mut self) -> anyhow::Result<Flow> {
        flow(self.writer.flush())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::Jsonl;
    use crate::clixml::Value;
    use crate::outcome::Outcome;
    use crate::output::testing::{Capture, Script, settings};
    use crate::output::{Flow, Sink};
    use crate::stream::Stream;

    #[test]
    fn lines_are_there_when_the_run_pauses() {
        let capture = Capture::default();
        let mut sink = Jsonl::new(Box::new(capture.clone()), &settings());
        let mut script = Script::new(&["web01"]);
        sink.event(&script.started()).unwrap();
        sink.event(&script.record(0, Stream::Output, Value::I32(1))).unwrap();
        sink.idle().unwrap();
        assert_eq!(capture.text().lines().count(), 1);
    }

    struct Closed(io::ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_enough_and_a_full_disk_an_error() {
        let end = |kind| {
            let mut script = Script::new(&["web01"]);
            let mut sink = Jsonl::new(Box::new(Closed(kind)), &settings());
            sink.event(&script.started()).unwrap();
            sink.event(&script.finished(0, Outcome::Ok))
        };
        assert_eq!(end(io::ErrorKind::BrokenPipe).unwrap(), Flow::Enough);
        assert!(end(io::ErrorKind::StorageFull).unwrap_err().to_string().contains("cannot write"));
    }
}
