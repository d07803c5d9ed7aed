//! What readers get of a copy: an object for each file, error records, progress.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::cause::Cause;
use crate::clixml::{Document, Object, TypeNames, Value};
use crate::fleet::{Forward, TaskEnd};
use crate::outcome::Reason;
use crate::psrp::message::build;
use crate::session::Records;
use crate::stream::Stream;

/// Time between two progress records of a host.
const EVERY: Duration = Duration::from_millis(250);

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// All of it was sent.
    Copied,
    /// It was there already.
    Same,
    /// The rest of it was sent.
    Resumed,
}

/// Bytes of all hosts together.
#[derive(Debug, Default)]
pub(super) struct Totals {
    done: AtomicU64,
    all: AtomicU64,
}

impl Totals {
    pub(super) fn new(all: u64) -> Self {
        Self { done: AtomicU64::new(0), all: AtomicU64::new(all) }
    }

    /// More is to be copied.
    pub(super) fn expect(&self, bytes: u64) {
        self.all.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// The ledger of one host: counts, and tells the readers.
pub(super) struct Ledger<'a> {
    pub forward: &'a mut Forward,
    totals: &'a Totals,
    done: u64,
    all: u64,
    shown: Option<Instant>,
    files: u64,
    failed: u64,
    first: Option<Cause>,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(forward: &'a mut Forward, totals: &'a Totals, all: u64) -> Self {
        Self { forward, totals, done: 0, all, shown: None, files: 0, failed: 0, first: None }
    }

    /// More of this host is to be copied.
    pub(super) fn expect(&mut self, bytes: u64) {
        self.all += bytes;
        self.totals.expect(bytes);
    }

    /// Bytes that have arrived, or that were there.
    pub(super) async fn moved(&mut self, bytes: u64) {
        self.done += bytes;
        self.totals.done.fetch_add(bytes, Ordering::Relaxed);
        let now = Instant::now();
        if self.shown.is_some_and(|shown| now.duration_since(shown) < EVERY) && self.done < self.all {
            return;
        }
        self.shown = Some(now);
        let document = self.progress();
        // Whoever reads no more is noticed by the next object.
        let _ = self.forward.take(Stream::Progress, document).await;
    }

    /// A file is in its place.
    pub(super) async fn file(
        &mut self,
        action: Action,
        from: &str,
        to: &str,
        bytes: u64,
        sha256: &str,
        took: Duration,
    ) {
        self.files += 1;
        let action = match action {
            Action::Copied => "copied",
            Action::Same => "same",
            Action::Resumed => "resumed",
        };
        let members = [
            ("Action", Value::str(action)),
            ("Path", Value::str(to)),
            ("Bytes", Value::I64(i64::try_from(bytes).unwrap_or(i64::MAX))),
            ("Seconds", Value::F64((took.as_secs_f64() * 1000.0).round() / 1000.0)),
            ("Sha256", Value::str(sha256)),
            ("Source", Value::str(from)),
        ];
        let object = Object {
            type_names: TypeNames::new(["System.Management.Automation.PSCustomObject", "System.Object"]),
            notes: members.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            ..Object::default()
        };
        let _ = self.forward.take(Stream::Output, Document::new(object.into())).await;
    }

    /// A file could not be copied.
    pub(super) async fn failure(&mut self, cause: Cause) {
        self.failed += 1;
        let exception = build::bag([("Message", Value::str(cause.text()))]);
        let record = build::bag([
            ("Exception", exception),
            ("TargetObject", Value::str(cause.path.as_str())),
            ("FullyQualifiedErrorId", Value::str("CopyFailed,psfleet")),
            ("ErrorCategory_Category", Value::I32(0)),
            ("ErrorDetails_RecommendedAction", cause.hint.map_or(Value::Null, Value::str)),
        ]);
        // The first one stands in the outcome.
        let _ = match self.first {
            None => self.forward.cause(Document::new(record)).await,
            Some(_) => self.forward.take(Stream::Error, Document::new(record)).await,
        };
        self.first.get_or_insert(cause);
    }

    /// Whether something could not be copied.
    pub(super) fn has_failed(&self) -> bool {
        self.failed > 0
    }

    /// How the task ended, if files failed.
    pub(super) fn end_if_failed(&self) -> Option<TaskEnd> {
        let first = self.first.as_ref()?;
        let message = match self.failed {
            1 => first.text(),
            failed => {
                format!("{failed} of {} files could not be copied, the first: {}", self.files + failed, first.text())
            }
        };
        Some(TaskEnd::Failed { reason: Reason::CopyFailed, message, hint: first.hint.map(str::to_owned) })
    }

    fn progress(&self) -> Document {
        let percent = (self.done.min(self.all) * 100).checked_div(self.all).unwrap_or(100);
        let (done, all) = (self.totals.done.load(Ordering::Relaxed), self.totals.all.load(Ordering::Relaxed));
        let status = format!("{} of {} ({} of {} in all)", size(self.done), size(self.all), size(done), size(all));
        let kind = if self.done < self.all { ("Processing", 0) } else { ("Completed", 1) };
        Document::new(build::bag([
            ("Activity", Value::str("copying")),
            ("ActivityId", Value::I32(0)),
            ("StatusDescription", Value::str(status)),
            ("CurrentOperation", Value::Null),
            ("ParentActivityId", Value::I32(-1)),
            ("PercentComplete", Value::I32(i32::try_from(percent).unwrap_or(100))),
            ("Type", build::enumeration("System.Management.Automation.ProgressRecordType", kind.0, kind.1)),
            ("SecondsRemaining", Value::I32(-1)),
        ]))
    }
}

/// A number of bytes for people: `12.5 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if bytes < 1024 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes() {
        assert_eq!([size(0), size(1023), size(1024), size(13_107_200)].join(" "), "0 B 1023 B 1.0 KiB 12.5 MiB");
    }
}
