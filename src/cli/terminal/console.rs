//! What stdout and stderr are, and writing to them beside a progress bar.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::pause::{ANSWERS, Pause, Said};
use super::{Bar, wording};
use crate::cli::args::output::{ColorMode, OutputArgs, ProgressMode};
use crate::event::{RunHeader, Summary};
use crate::fleet::Interrupt;
use crate::report::{Phase, Progress};

/// Columns of a line where there is no terminal to ask.
const DEFAULT_WIDTH: usize = 120;

/// What stdout and stderr are, and the one way to write to them without garbling a progress bar.
pub struct Console {
    stdout: Channel,
    stderr: Channel,
    progress: ProgressMode,
    quiet: bool,
    verbose: bool,
    /// A reader of stdout may write to this terminal, too.
    is_read: bool,
    bar: Arc<Bar>,
    state: Mutex<Progress>,
    pause: Pause,
}

/// What stdout or stderr can do.
#[derive(Debug, Clone, Copy)]
pub struct Channel {
    /// People read it.
    pub terminal: bool,
    /// Colours are wanted.
    pub color: bool,
    /// Columns of a line.
    pub width: usize,
}

impl Console {
    /// Looks at stdout, stderr and the environment.
    pub fn detect(args: &OutputArgs) -> Arc<Self> {
        let stdout = Channel::stdout(args.color);
        let stderr = Channel::detect(args.color, io::stderr().is_terminal(), &console::Term::stderr());
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let progress = match args.progress {
            _ if args.quiet => ProgressMode::None,
            ProgressMode::Auto if stderr.terminal && !dumb && has_escapes() => ProgressMode::Bar,
            ProgressMode::Auto => ProgressMode::Plain,
            asked => asked,
        };
        Arc::new(Self {
            stdout,
            stderr,
            progress,
            quiet: args.quiet,
            verbose: args.verbose,
            is_read: !stdout.terminal && !is_file(),
            bar: Bar::new(stderr.width),
            state: Mutex::default(),
            pause: Pause::default(),
        })
    }

    /// Whether people read stdout.
    pub fn stdout_is_terminal(&self) -> bool {
        self.stdout.terminal
    }

    /// Whether stdout may have colours.
    pub fn stdout_color(&self) -> bool {
        self.stdout.color
    }

    /// Whether stderr may have colours.
    pub fn stderr_color(&self) -> bool {
        self.stderr.color
    }

    /// Columns of a line on stdout; 120 where there is no terminal.
    pub fn width(&self) -> usize {
        self.stdout.width
    }

    /// How progress is shown: a bar, lines, or not at all; never `Auto`.
    pub fn progress(&self) -> ProgressMode {
        self.progress
    }

    /// No progress and no totals.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// Say more.
    pub fn verbose(&self) -> bool {
        self.verbose
    }

    /// A writer to stdout that lifts the progress bar out of the way.
    pub fn stdout(self: &Arc<Self>) -> ConsoleWriter {
        ConsoleWriter { console: Arc::clone(self), line: Vec::new() }
    }

    /// Writes a line (or several) to stderr, above the progress bar. The text must be safe for a terminal.
    pub fn note(&self, text: &str) {
        // Nobody can be told that stderr is gone.
        let _ = self.bar.beside(|| writeln!(io::stderr().lock(), "{text}"));
    }

    /// Names the hosts whose shell may still be open, if there are any.
    pub fn note_shells_left(&self, header: &RunHeader, summary: &Summary) {
        if let Some(text) = wording::shells_left(summary.shells_left.iter().map(|&target| header.host(target))) {
            self.note(&format!("{} {text}", self.warning()));
        }
    }

    /// Says how the run ended to a user who left while its output waited for a reader, and so does not show it.
    pub fn left_unwritten(&self, header: &RunHeader, summary: &Summary) {
        self.bar.end();
        self.note(&format!(
            "{} left before all output was written, because its reader stopped reading",
            self.warning()
        ));
        self.note_shells_left(header, summary);
        if !self.quiet {
            self.note(&wording::summary(summary));
        }
    }

    /// The label of a warning.
    pub fn warning(&self) -> String {
        self.styled(AnsiColor::Yellow.on_default().bold(), "warning:")
    }

    /// The text in this style, if stderr has colours.
    pub fn styled(&self, style: Style, text: &str) -> String {
        if self.stderr.color && style != Style::new() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Says what a first Ctrl-C does; from now on, whoever is at work is being stopped.
    pub fn interrupted(&self) {
        let mut state = self.state();
        state.stop();
        let (running, done) = (state.count(Phase::Running), state.counts().total());
        let others = state.target_count().saturating_sub(done + running);
        drop(state);
        self.note(&wording::interrupted(running, others));
    }

    /// Says who is still running and for how long: what the Enter key asks.
    pub fn show_running(&self) {
        let running = self.state().running(Timestamp::now());
        self.note(&wording::running(&running));
    }

    /// Shows who is running whenever Enter is pressed, or takes that for the answer at a pause, for as long as the
    /// process lives. Does nothing where stdin is no terminal, or where neither progress nor an answer is wanted.
    pub fn watch_enter(self: &Arc<Self>, answers: Option<mpsc::Sender<Interrupt>>) {
        let is_wanted = answers.is_some() || self.progress != ProgressMode::None;
        if !is_wanted || !io::stdin().is_terminal() || !self.stderr.terminal {
            return;
        }
        answers.into_iter().for_each(|asker| self.pause.answers_to(asker));
        let console = Arc::clone(self);
        // Reading a terminal cannot be interrupted: the thread ends with the process.
        std::thread::spawn(move || {
            let mut line = String::new();
            while io::stdin().read_line(&mut line).is_ok_and(|length| length > 0) {
                console.bar.step_over_echo();
                console.typed(Some(&line));
                line.clear();
            }
            console.typed(None);
        });
    }

    fn typed(&self, line: Option<&str>) {
        match self.pause.line(line) {
            Said::Answered => {}
            Said::Unclear => self.note(ANSWERS),
            Said::Unasked if line.is_some() && self.progress != ProgressMode::None => self.show_running(),
            Said::Unasked => {}
        }
    }

    /// Asks whether the run goes on; the answer goes to whoever [`watch_enter`](Self::watch_enter) was told of.
    pub fn ask_to_go_on(&self, question: &str) {
        self.pause.asked(true);
        self.note(question);
    }

    /// Nobody needs the answer any more.
    pub fn ask_no_more(&self) {
        self.pause.asked(false);
    }

    /// The live state of the run.
    pub fn state(&self) -> MutexGuard<'_, Progress> {
        // The state is valid after any panic: each event is applied as a whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bar at the foot of the terminal; started only where [`ProgressMode::Bar`] is wanted.
    pub fn bar(&self) -> &Arc<Bar> {
        &self.bar
    }
}

impl Channel {
    /// Looks at stdout and the environment.
    pub fn stdout(mode: ColorMode) -> Self {
        Self::detect(mode, io::stdout().is_terminal(), &console::Term::stdout())
    }

    fn detect(mode: ColorMode, terminal: bool, term: &console::Term) -> Self {
        let color = wants_color(mode, terminal, |name| std::env::var(name).ok());
        let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let measured = || term.size_checked().filter(|_| terminal).map(|(_, columns)| usize::from(columns));
        Self { terminal, color, width: asked.or_else(measured).filter(|width| *width > 0).unwrap_or(DEFAULT_WIDTH) }
    }
}

/// Stdout beside a progress bar: on a terminal only whole lines are written, each with the bar out of the way.
pub struct ConsoleWriter {
    console: Arc<Console>,
    line: Vec<u8>,
}

impl Write for ConsoleWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.console.stdout.terminal {
            if self.console.is_read {
                self.console.bar.make_room();
            }
            return io::stdout().lock().write(bytes);
        }
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole > 0 {
            self.line.extend_from_slice(&bytes[..whole]);
            self.console.bar.beside(|| {
                let mut stdout = io::stdout().lock();
                stdout.write_all(&self.line).and_then(|()| stdout.flush())
            })?;
            self.line.clear();
        }
        self.line.extend_from_slice(&bytes[whole..]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush()
    }
}

impl Drop for ConsoleWriter {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            // The reader may be gone, and drop has nobody to tell.
            let _ = self.console.bar.beside(|| io::stdout().lock().write_all(&self.line));
        }
    }
}

/// Whether the terminal of stderr knows escape sequences; an old one of Windows does not.
fn has_escapes() -> bool {
    let term = console::Term::stderr();
    let features = term.features();
    cfg!(not(windows)) || features.is_msys_tty() || features.colors_supported()
}

/// Whether stdout is a file, which nobody shows while it is written.
fn is_file() -> bool {
    #[cfg(unix)]
    let stdout = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned().map(std::fs::File::from);
    #[cfg(windows)]
    let stdout = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned().map(std::fs::File::from);
    stdout.and_then(|stdout| stdout.metadata()).is_ok_and(|found| found.is_file())
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
