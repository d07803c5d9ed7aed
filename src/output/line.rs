//! An event as one line of JSON (`events.schema.json`).

use std::io::Write;
use std::sync::Arc;

use serde::Serialize;

use super::select::Select;
use super::{MessageData, SelectedStreams, Settings, object};
use crate::event::{Counts, Finished, RunEvent, RunEventKind, RunHeader};
use crate::record::{Record, Stream};
use crate::target::TargetId;

/// The version of the format: it changes when a reader of the old one could misread the new one.
pub const VERSION: u32 = 1;

/// Writes events as JSON objects.
pub struct EventLines {
    header: Option<Arc<RunHeader>>,
    streams: SelectedStreams,
    select: Select,
    terminal: bool,
}

impl EventLines {
    /// Writes events as the settings want them.
    pub fn new(settings: &Settings) -> Self {
        Self {
            header: None,
            streams: settings.streams,
            select: Select::new(&settings.select),
            terminal: settings.terminal,
        }
    }

    /// Takes the run's header from its first event.
    pub fn start(&mut self, event: &RunEvent) {
        if let RunEventKind::RunStarted(header) = &event.kind {
            self.header = Some(Arc::clone(header));
        }
    }

    /// The name of a target.
    pub fn host(&self, target: TargetId) -> &str {
        self.header.as_ref().map_or("", |header| header.host(target))
    }

    /// Appends the event as an object with all fields; false if it is none of those that the format has.
    pub fn write(&self, event: &RunEvent, out: &mut Vec<u8>) -> bool {
        let run = self.header.as_ref().map(|header| header.run);
        // Writing to a Vec cannot fail.
        let _ = write!(out, r#"{{"v":{VERSION},"seq":{},"type":"{}","run":"#, event.seq, type_name(event));
        append(out, &run);
        self.rest(event, out)
    }

    /// Appends the event as an entry of json's `records`, which has `v` and `run` at its top.
    pub fn write_entry(&self, event: &RunEvent, out: &mut Vec<u8>) -> bool {
        let _ = write!(out, r#"{{"seq":{},"type":"{}""#, event.seq, type_name(event));
        self.rest(event, out)
    }

    fn rest(&self, event: &RunEvent, out: &mut Vec<u8>) -> bool {
        let target = match &event.kind {
            RunEventKind::TargetFinished(finished) => Some(finished.target),
            RunEventKind::Record(record) if self.streams.contains(record.stream) => Some(record.target),
            RunEventKind::RunFinished(_) => None,
            _ => return false,
        };
        out.extend_from_slice(br#","host":"#);
        append(out, &target.map(|target| self.host(target)));
        let _ = write!(out, r#","t":"{:.3}","data":"#, event.at);
        let data = out.len();
        self.data(event, out);
        out.push(b'}');
        if self.terminal {
            escape_controls(out, data);
        }
        true
    }

    fn data(&self, event: &RunEvent, out: &mut Vec<u8>) {
        match &event.kind {
            RunEventKind::TargetFinished(finished) => append(out, &HostDone::new(finished)),
            RunEventKind::Record(record) => self.record(record, out),
            RunEventKind::RunFinished(summary) => append(
                out,
                &RunDone {
                    counts: CountsJson(summary.counts),
                    target_count: summary.target_count,
                    duration_ms: millis(summary.duration),
                    exit_code: summary.exit_code,
                },
            ),
            _ => {}
        }
    }

    fn record(&self, record: &Record, out: &mut Vec<u8>) {
        if record.stream == Stream::Output {
            object::write_plain(&record.value, &self.select, out);
        } else {
            append(out, &MessageData::of(record));
        }
    }
}

/// The event's `type`.
fn type_name(event: &RunEvent) -> &'static str {
    match &event.kind {
        RunEventKind::TargetFinished(_) => "host_done",
        RunEventKind::RunFinished(_) => "run_done",
        RunEventKind::Record(record) if record.stream != Stream::Output => record.stream.name(),
        _ => "object",
    }
}

/// Escapes what JSON allows raw in strings but a terminal obeys: DEL, C1 controls, marks that reorder text.
fn escape_controls(line: &mut Vec<u8>, from: usize) {
    let Ok(data) = std::str::from_utf8(&line[from..]) else { return };
    let unsafe_char = |c: char| c > '\u{7e}' && super::sanitize::is_hidden(c);
    if !data.contains(unsafe_char) {
        return;
    }
    let mut escaped = String::with_capacity(data.len() + 16);
    for c in data.chars() {
        if unsafe_char(c) { escaped.push_str(&format!("\\u{:04x}", c as u32)) } else { escaped.push(c) }
    }
    line.truncate(from);
    line.extend_from_slice(escaped.as_bytes());
}

/// `data` of `host_done`, and an entry of `targets` in json.
#[derive(Serialize)]
pub struct HostDone<'a> {
    outcome: &'static str,
    reason: Option<&'static str>,
    message: &'a str,
    hint: Option<&'a str>,
    exit_code: Option<i32>,
    attempts: u32,
    duration_ms: u64,
    errors: u64,
    objects: u64,
}

impl<'a> HostDone<'a> {
    /// The fields of a finished target.
    pub fn new(finished: &'a Finished) -> Self {
        Self {
            outcome: finished.outcome.code(),
            reason: finished.reason.map(|reason| reason.code()),
            message: &finished.message,
            hint: finished.hint.as_deref(),
            exit_code: finished.exit_code,
            attempts: finished.attempts,
            duration_ms: millis(finished.duration),
            errors: finished.errors,
            objects: finished.objects,
        }
    }
}

#[derive(Serialize)]
struct RunDone {
    counts: CountsJson,
    target_count: u64,
    duration_ms: u64,
    exit_code: u8,
}

/// Counts by outcome as an object, zeros included.
pub struct CountsJson(pub Counts);

impl Serialize for CountsJson {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(outcome, count)| (outcome.code(), count)))
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Appends a value as JSON.
pub fn append<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    // Plain structs into a Vec: neither the writer nor a key can fail.
    let _ = serde_json::to_writer(out, value);
}
