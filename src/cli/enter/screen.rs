//! What the user sees of a session: text of the other side, made safe.

use std::io::{self, Write};

use anstyle::{AnsiColor, Color, Style};

use crate::cli::args::output::ColorMode;
use crate::cli::terminal::{Channel, status_line};
use crate::clixml::{Document, Value};
use crate::output::{MessageData, Shown, TextPrinter, console_color, progress_text, sanitize, sanitize_line};
use crate::psrp::{HostCall, HostMethod};
use crate::record::Record;
use crate::stream::Stream;
use crate::target::TargetId;

/// The user's terminal, or whatever stdout is.
pub(super) struct Screen {
    stdout: Channel,
    /// A line of progress stands where the next text goes.
    has_progress: bool,
    /// Prints objects that the other side has not formatted: the sandbox's own engine does not.
    objects: Option<TextPrinter>,
}

impl Screen {
    /// Looks at stdout.
    pub(super) fn detect() -> Self {
        Self { stdout: Channel::stdout(ColorMode::Auto), has_progress: false, objects: None }
    }

    /// Shows a record; progress is a line that goes away.
    pub(super) fn record(&mut self, stream: Stream, value: Document) {
        if stream == Stream::Output {
            return self.object(&value);
        }
        let record = Record { target: TargetId(0), stream, value, terminating: false };
        if stream == Stream::Progress {
            return self.progress(&record);
        }
        let shown = Shown::of(&record, true);
        self.write(&format!("{}\n", shown.text), shown.style);
    }

    /// Writes what a call wants to have written; other calls that want no answer (titles, colours) mean nothing here.
    pub(super) fn call(&mut self, call: &HostCall) {
        let color = |value: &Value| value.as_i64().and_then(console_color).map(Color::Ansi);
        let (text, style) = match &*call.parameters {
            [] => (None, Style::new()),
            [text] => (text.as_text(), Style::new()),
            [foreground, background, text, ..] => {
                (text.as_text(), Style::new().fg_color(color(foreground)).bg_color(color(background)))
            }
            _ => return,
        };
        let text = text.map(|text| text.to_str_lossy()).unwrap_or_default();
        let yellow = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
        match (call.method(), &*call.name) {
            (HostMethod::Write, _) => self.write(&text, style),
            (HostMethod::WriteLine, _) => self.write(&format!("{text}\n"), style),
            (HostMethod::WriteErrorLine, _) => self.error(&text),
            (HostMethod::WriteRecord, "WriteWarningLine") => self.write(&format!("WARNING: {text}\n"), yellow),
            (HostMethod::WriteRecord, "WriteVerboseLine") => self.write(&format!("VERBOSE: {text}\n"), yellow),
            (HostMethod::WriteRecord, "WriteDebugLine") => self.write(&format!("DEBUG: {text}\n"), yellow),
            _ => {}
        }
    }

    /// Writes a line as an error.
    pub(super) fn error(&mut self, text: &str) {
        self.write(&format!("{text}\n"), Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red))));
    }

    /// Takes progress away and shows what waits, as something else comes to stand there.
    pub(super) fn settle(&mut self) {
        self.clear_progress();
        if let Some(objects) = self.objects.take() {
            put(|out| objects.end(out));
        }
    }

    fn clear_progress(&mut self) {
        if std::mem::take(&mut self.has_progress) {
            put(|out| out.write_all(status_line::ERASE.as_bytes()));
        }
    }

    fn object(&mut self, value: &Document) {
        self.clear_progress();
        let Channel { width, color, .. } = self.stdout;
        let objects = self.objects.get_or_insert_with(|| TextPrinter::new(width, color));
        put(|out| objects.object(out, value));
    }

    fn progress(&mut self, record: &Record) {
        let MessageData::Progress(progress) = MessageData::of(record) else { return };
        self.settle();
        if self.stdout.terminal && !progress.completed {
            let line = sanitize_line(&progress_text(&progress)).into_owned();
            let line = console::truncate_str(&line, self.stdout.width.saturating_sub(1), "…");
            put(|out| out.write_all(status_line::drawn(&line).as_bytes()));
            self.has_progress = true;
        }
    }

    /// Writes text, in its colours if somebody looks.
    fn write(&mut self, text: &str, style: Style) {
        self.settle();
        let text = sanitize(text);
        let body = text.trim_end_matches('\n');
        let end = &text[body.len()..];
        put(|out| match self.stdout.color && style != Style::new() {
            true => write!(out, "{style}{body}{style:#}{end}"),
            false => out.write_all(text.as_bytes()),
        });
    }
}

/// A reader that went away ends the session by its own means: the input ends too, or the user sees it.
fn put(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
    let mut out = io::stdout().lock();
    let _ = write(&mut out).and_then(|()| out.flush());
}
