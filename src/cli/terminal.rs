//! The terminal: what it can do, and what people see on it besides the data.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use indicatif::MultiProgress;

use super::args::output::{ColorMode, OutputArgs};
use crate::event::{RunEvent, RunEventKind};
use crate::output::{Flow, SelectedStreams, Sink};

/// What stdout and stderr are, and the one way to write to them without garbling a progress bar.
pub struct Console {
    stdout_terminal: bool,
    stdout_color: bool,
    width: usize,
    bars: MultiProgress,
}

impl Console {
    /// Looks at stdout, stderr and the environment.
    pub fn detect(args: &OutputArgs) -> Arc<Self> {
        let stdout_terminal = io::stdout().is_terminal();
        Arc::new(Self {
            stdout_terminal,
            stdout_color: wants_color(args.color, stdout_terminal, |name| std::env::var(name).ok()),
            width: 120,
            bars: MultiProgress::new(),
        })
    }

    /// Whether people read stdout.
    pub fn stdout_is_terminal(&self) -> bool {
        self.stdout_terminal
    }

    /// Whether stdout may have colours.
    pub fn stdout_color(&self) -> bool {
        self.stdout_color
    }

    /// Columns of a line on the terminal; 120 where there is none.
    pub fn width(&self) -> usize {
        self.width
    }

    /// A writer to stdout that lifts the progress bar out of the way.
    pub fn stdout(self: &Arc<Self>) -> ConsoleWriter {
        ConsoleWriter { console: Arc::clone(self) }
    }

    /// Writes one line to stderr, above the progress bar.
    pub fn note(&self, line: &str) {
        // Nobody can be told that stderr is gone.
        let _ = self.bars.suspend(|| writeln!(io::stderr().lock(), "{line}"));
    }
}

/// Stdout beside a progress bar.
pub struct ConsoleWriter {
    console: Arc<Console>,
}

impl Write for ConsoleWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.console.stdout_terminal {
            self.console.bars.suspend(|| io::stdout().lock().write(bytes))
        } else {
            io::stdout().lock().write(bytes)
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush()
    }
}

/// Shows on stderr what is no data: notices, and the other streams as text.
pub struct Diagnostics {
    console: Arc<Console>,
    streams: SelectedStreams,
}

impl Diagnostics {
    /// Shows these streams on this console.
    pub fn new(console: &Arc<Console>, streams: SelectedStreams) -> Self {
        Self { console: Arc::clone(console), streams }
    }
}

impl Sink for Diagnostics {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        match &event.kind {
            RunEventKind::Notice(notice) => self.console.note(&notice.text),
            RunEventKind::Record(record) if self.streams.contains(record.stream) => {}
            _ => {}
        }
        Ok(Flow::Continue)
    }
}

/// Whether to colour: the flag, else `NO_COLOR` (no-color.org), else `CLICOLOR_FORCE`, else whether people read it.
fn wants_color(mode: ColorMode, terminal: bool, var: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| var(name).filter(|value| !value.is_empty());
    match mode {
        ColorMode::Always => true,
        ColorMode::Never => false,
        ColorMode::Auto if set("NO_COLOR").is_some() => false,
        ColorMode::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        ColorMode::Auto => terminal && set("TERM").as_deref() != Some("dumb"),
    }
}

#[cfg(test)]
mod tests {
    use super::{ColorMode, wants_color};

    #[test]
    fn colours_follow_the_conventions() {
        let with = |mode, terminal, vars: &'static [(&str, &str)]| {
            wants_color(mode, terminal, |name| vars.iter().find(|(key, _)| *key == name).map(|(_, v)| v.to_string()))
        };
        assert!(with(ColorMode::Auto, true, &[]));
        assert!(!with(ColorMode::Auto, false, &[]));
        assert!(!with(ColorMode::Auto, true, &[("NO_COLOR", "1")]));
        assert!(with(ColorMode::Auto, true, &[("NO_COLOR", "")]));
        assert!(with(ColorMode::Auto, false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!with(ColorMode::Auto, false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!with(ColorMode::Auto, true, &[("TERM", "dumb")]));
        assert!(with(ColorMode::Always, false, &[("NO_COLOR", "1")]));
        assert!(!with(ColorMode::Never, true, &[("CLICOLOR_FORCE", "1")]));
    }
}
