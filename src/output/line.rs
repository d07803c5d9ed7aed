//! An event as one line of JSON (`events.schema.json`).

use std::io::Write;
use std::sync::Arc;

use serde::Serialize;

use super::Settings;
use crate::event::{Counts, Finished, RunEvent, RunEventKind, RunHeader};
use crate::target::TargetId;

/// The version of the format: it changes when a reader of the old one could misread the new one.
pub const VERSION: u32 = 1;

/// Writes events as JSON objects.
pub struct EventLines {
    header: Option<Arc<RunHeader>>,
}

impl EventLines {
    /// Writes events with all fields.
    pub fn new(_: &Settings) -> Self {
        Self { header: None }
    }

    /// Appends the event's object to `out`; false if the event is none of those that the format has.
    pub fn write(&mut self, event: &RunEvent, out: &mut Vec<u8>) -> bool {
        match &event.kind {
            RunEventKind::RunStarted(header) => {
                self.header = Some(Arc::clone(header));
                false
            }
            RunEventKind::TargetFinished(finished) => {
                self.begin(event, "host_done", Some(finished.target), out);
                append(out, &HostDone::new(finished));
                out.push(b'}');
                true
            }
            RunEventKind::RunFinished(summary) => {
                self.begin(event, "run_done", None, out);
                append(
                    out,
                    &RunDone {
                        counts: CountsJson(summary.counts),
                        target_count: summary.target_count,
                        duration_ms: millis(summary.duration),
                        exit_code: summary.exit_code,
                    },
                );
                out.push(b'}');
                true
            }
            _ => false,
        }
    }

    fn begin(&self, event: &RunEvent, kind: &str, target: Option<TargetId>, out: &mut Vec<u8>) {
        let run = self.header.as_ref().map(|header| header.run);
        let host = self.header.as_ref().zip(target).map(|(header, target)| header.host(target));
        // Writing to a Vec cannot fail.
        let _ = write!(out, r#"{{"v":{VERSION},"seq":{},"type":"{kind}","run":"#, event.seq);
        append(out, &run);
        out.extend_from_slice(br#","host":"#);
        append(out, &host);
        let _ = write!(out, r#","t":"{:.3}","data":"#, event.at);
    }
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
