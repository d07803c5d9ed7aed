//! Attempts that failed, and the streams beside the output, as text on stderr.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::{Console, wording};
use crate::event::{RunEvent, RunEventKind, RunHeader};
use crate::output::{Flow, Losses, SelectedStreams, Shown, Sink, sanitize, sanitize_line};
use crate::record::Record;
use crate::report::Repeats;
use crate::stream::Stream;
use crate::target::TargetId;

/// Bytes of a line that `Write-Host -NoNewline` may begin before it is shown unfinished.
const LINE_LIMIT: usize = 1 << 16;

/// Shows on stderr what is not data: notices, failed attempts, and the other streams as `host: text`.
pub struct Diagnostics {
    console: Arc<Console>,
    streams: SelectedStreams,
    header: Option<Arc<RunHeader>>,
    /// Lines that `Write-Host -NoNewline` has begun.
    begun: HashMap<TargetId, String>,
    repeats: Repeats,
    losses: Losses,
}

impl Diagnostics {
    /// Shows these streams on this console, and what the data loses.
    pub fn new(console: &Arc<Console>, streams: SelectedStreams, losses: Losses) -> Self {
        Self {
            console: Arc::clone(console),
            streams,
            header: None,
            begun: HashMap::new(),
            repeats: Repeats::default(),
            losses,
        }
    }

    /// The error that ended a script stands among the causes at the end, too, with all its hosts: here only when its
    /// position is asked for.
    fn shows(&self, record: &Record) -> bool {
        let told_later = record.terminating && !self.console.verbose();
        record.stream != Stream::Output && self.streams.contains(record.stream) && !told_later
    }

    /// Tells the errors that were not shown one by one.
    fn repeated(&self) {
        let label = self.console.styled(AnsiColor::Red.on_default().bold(), "error:");
        for repeat in self.repeats.repeated() {
            self.console.note(&format!("{label} {}", wording::repeated(&repeat)));
        }
    }

    fn losses(&self) {
        for lost in self.losses.take() {
            self.console.note(&format!("{} {}", self.console.warning(), sanitize_line(&lost)));
        }
    }

    fn host(&self, target: TargetId) -> String {
        self.header.as_ref().map_or_else(String::new, |header| sanitize_line(header.host(target)).into_owned())
    }

    fn attempt(&self, target: TargetId, attempt: u32, message: &str, retry_in: Duration) {
        let wait = wording::duration(retry_in);
        let message = sanitize_line(message);
        self.console.note(&format!("{}: attempt {attempt} failed, next in {wait}: {message}", self.host(target)));
    }

    fn record(&mut self, record: &Record) {
        let verbose = self.console.verbose();
        let shown = Shown::of(record, verbose);
        if record.stream == Stream::Error && !verbose && self.repeats.is_repeat(record.target, &shown.text) {
            return;
        }
        let text = self.painted(shown.style, shown.prefix, &shown.text);
        if shown.no_newline {
            let line = self.begun.entry(record.target).or_default();
            line.push_str(&text);
            if line.len() > LINE_LIMIT {
                self.end_line(record.target);
            }
            return;
        }
        if record.stream != Stream::Information {
            self.end_line(record.target);
        }
        let begun = self.begun.remove(&record.target).unwrap_or_default();
        self.lines(record.target, &(begun + &text));
    }

    /// Each line in colour by itself, so that the host in front keeps its own.
    fn painted(&self, style: Style, prefix: &str, text: &str) -> String {
        let safe = sanitize(text);
        let lines = safe.strip_suffix('\n').unwrap_or(&safe).split('\n').enumerate();
        let painted = lines.map(|(place, line)| {
            let prefix = if place == 0 { prefix } else { "" };
            if prefix.is_empty() && line.is_empty() {
                return String::new();
            }
            self.console.styled(style, &format!("{prefix}{line}"))
        });
        painted.collect::<Vec<_>>().join("\n")
    }

    fn end_line(&mut self, target: TargetId) {
        if let Some(line) = self.begun.remove(&target) {
            self.lines(target, &line);
        }
    }

    fn lines(&self, target: TargetId, text: &str) {
        let host = self.host(target);
        let lines: Vec<_> = text.split('\n').map(|line| format!("{host}: {line}").trim_end().to_owned()).collect();
        self.console.line(&lines.join("\n"));
    }
}

impl Sink for Diagnostics {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        match &event.kind {
            RunEventKind::RunStarted(header) => {
                self.header = Some(Arc::clone(header));
                self.repeats.start(header);
            }
            RunEventKind::AttemptFailed { target, attempt, message, retry_in, .. } if self.console.verbose() => {
                self.attempt(*target, *attempt, message, *retry_in);
            }
            RunEventKind::Record(record) if self.shows(record) => self.record(record),
            RunEventKind::TargetFinished(finished) => self.end_line(finished.target),
            RunEventKind::RunFinished(_) => self.repeated(),
            _ => {}
        }
        self.losses();
        Ok(Flow::Continue)
    }
}
