//! Runs scripts on the sandbox's own engine without a server, and keeps what they emit.

use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;
use psfleet::clixml::Value;
use psfleet::sandbox::engine::Runtime;
use psfleet::stream::Stream;

/// Keeps what the engine emits; time stands still.
#[derive(Default)]
pub(crate) struct Recorder {
    records: Vec<(Stream, Value)>,
    /// Lines that were written to the host itself: what `-WhatIf` says.
    pub(crate) lines: Vec<String>,
}

impl Recorder {
    /// What came on a stream, in order.
    pub(crate) fn of(&self, wanted: Stream) -> impl Iterator<Item = &Value> {
        self.records.iter().filter(move |(stream, _)| *stream == wanted).map(|(_, value)| value)
    }
}

impl Runtime for Recorder {
    fn emit(&mut self, stream: Stream, value: Value) -> ControlFlow<()> {
        self.records.push((stream, value));
        ControlFlow::Continue(())
    }

    fn write_line(&mut self, text: &str) -> ControlFlow<()> {
        self.lines.push(text.to_owned());
        ControlFlow::Continue(())
    }

    fn next_input(&mut self) -> ControlFlow<(), Option<Value>> {
        ControlFlow::Continue(None)
    }

    fn sleep(&mut self, _time: Duration) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn poll_stop(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn shut_down(&mut self, _comes_back: bool) {}

    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_790_000_000).expect("a valid time")
    }
}

/// The id of an error record.
pub(crate) fn error_id(record: &Value) -> String {
    let id = record.member("FullyQualifiedErrorId").and_then(Value::as_text).expect("a record has an id");
    id.to_string()
}
