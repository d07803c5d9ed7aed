//! What the user sees of a session: text of the other side, made safe.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Color, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::clixml::{Document, Value};
use crate::output::{MessageData, Shown, console_color, progress_text, sanitize, sanitize_line};
use crate::psrp::{HostCall, HostMethod};
use crate::record::{Record, Stream};
use crate::target::TargetId;

/// To the beginning of the line, and away with it.
const CLEAR_LINE: &str = "\r\x1b[K";

/// The user's terminal, or whatever stdout is.
pub struct Screen {
    is_terminal: bool,
    /// A line of progress stands where the next text goes.
    has_progress: bool,
}

impl Screen {
    /// Looks at stdout.
    pub fn detect() -> Self {
        Self { is_terminal: io::stdout().is_terminal(), has_progress: false }
    }

    /// Shows a record, as an error unless it is output that nothing has formatted; progress is a line that goes away.
    pub fn record(&mut self, stream: Stream, value: Document) {
        let record = Record { target: TargetId(0), stream, value, terminating: false };
        if stream == Stream::Progress {
            return self.progress(&record);
        }
        let shown = Shown::of(&record, true);
        self.write(&format!("{}\n", shown.text), shown.style);
    }

    /// Writes what a call wants to have written; other calls that want no answer (titles, colours) mean nothing here.
    pub fn call(&mut self, call: &HostCall) {
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
    pub fn error(&mut self, text: &str) {
        self.write(&format!("{text}\n"), Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red))));
    }

    /// Takes progress away, as something else comes to stand there.
    pub fn settle(&mut self) {
        if std::mem::take(&mut self.has_progress) {
            put(CLEAR_LINE);
        }
    }

    fn progress(&mut self, record: &Record) {
        let MessageData::Progress(progress) = MessageData::of(record) else { return };
        self.settle();
        if self.is_terminal && !progress.completed {
            let width = console::Term::stdout().size_checked().map_or(80, |(_, width)| usize::from(width));
            let line = sanitize_line(&progress_text(&progress)).into_owned();
            put(fitting(&line, width.saturating_sub(1)));
            self.has_progress = true;
        }
    }

    /// Writes text, in its colours if somebody looks.
    fn write(&mut self, text: &str, style: Style) {
        self.settle();
        let text = sanitize(text);
        let body = text.trim_end_matches('\n');
        let end = &text[body.len()..];
        if self.is_terminal && style != Style::new() {
            put(&format!("{style}{body}{style:#}{end}"));
        } else {
            put(&text);
        }
    }
}

/// A reader that went away ends the session by its own means: the input ends too, or the user sees it.
fn put(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The beginning of a line that fits into a width.
fn fitting(line: &str, width: usize) -> &str {
    if line.width() <= width {
        return line;
    }
    let mut used = 0;
    let end = line.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > width
    });
    end.map_or(line, |(end, _)| &line[..end])
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn lines_are_cut_by_width() {
        assert_eq!(fitting("abc", 3), "abc");
        assert_eq!(fitting("abcd", 3), "abc");
        assert_eq!(fitting("日本", 3), "日");
        assert_eq!(fitting("日本", 0), "");
    }
}
