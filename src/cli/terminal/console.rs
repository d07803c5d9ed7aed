//! What stdout and stderr are, and writing to them beside a progress bar.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::pause::{ANSWERS, Pause, Said};
use super::{Bar, wording};
use crate::cli::args::output::{ColorMode, OutputArgs, ProgressMode};
use crate::event::{RunHeader, StepEnd, Summary};
use crate::fleet::{Interrupt, Step};
use crate::output::wrapped;
use crate::report::{Phase, Progress};

/// Between two looks for slow hosts.
const LOOK_TIME: Duration = Duration::from_secs(1);

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
    /// A run is under way.
    is_live: AtomicBool,
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
            is_live: AtomicBool::new(false),
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

    /// Says something on stderr, above the progress bar; a terminal gets lines of its width. The text must be safe for a
    /// terminal.
    pub fn note(&self, text: &str) {
        if !self.stderr.terminal {
            return self.line(text);
        }
        // The window may have changed since the start.
        let size = console::Term::stderr().size_checked();
        let columns = size.map(|(_, columns)| usize::from(columns)).filter(|columns| *columns > 0);
        self.line(&wrapped(text, columns.unwrap_or(self.stderr.width)));
    }

    /// Writes a line (or several) to stderr as it is, above the progress bar. The text must be safe for a terminal.
    pub fn line(&self, text: &str) {
        // Nobody can be told that stderr is gone.
        let _ = self.bar.beside(|| writeln!(io::stderr().lock(), "{text}"));
    }

    /// Names the hosts whose shell may still be open, if there are any.
    pub fn note_shells_left(&self, hosts: &[&str]) {
        if let Some((text, hint)) = wording::shells_left(hosts) {
            self.note(&format!("{} {text}", self.warning()));
            self.hint(&hint);
        }
    }

    /// Says how the run ended to a user who left while its output waited for a reader, and so does not show it.
    pub fn left_unwritten(&self, header: &RunHeader, summary: &Summary) {
        self.bar.end();
        self.note(&format!(
            "{} left before all output was written, because its reader stopped reading",
            self.warning()
        ));
        self.note_shells_left(&wording::with_shells_left(header, summary));
        if !self.quiet {
            self.note(&wording::summary(summary));
        }
    }

    /// Says what to do. The text must be safe for a terminal.
    pub fn hint(&self, text: &str) {
        self.note(&format!("{} {text}", self.styled(AnsiColor::Cyan.on_default().bold(), "hint:")));
    }

    /// The label of a warning.
    pub fn warning(&self) -> String {
        self.styled(AnsiColor::Yellow.on_default().bold(), "warning:")
    }

    /// The text in this style, if stderr has colours.
    pub fn styled(&self, style: Style, text: &str) -> String {
        if self.stderr.color && style != Style::new() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Says what a first Ctrl-C does; from now on, whoever is at work is being stopped. `leaves` if what runs on the
    /// hosts is not.
    pub fn interrupted(&self, leaves: bool) {
        let mut state = self.state();
        state.stop();
        let (running, done) = (state.count(Phase::Running), state.counts().total());
        let unfinished = state.target_count().saturating_sub(done);
        drop(state);
        self.note(&match leaves {
            true => wording::interrupted_leaving(unfinished),
            false => wording::interrupted(running, unfinished.saturating_sub(running)),
        });
    }

    /// Says who is still running and for how long: what the Enter key asks.
    pub fn show_running(&self) {
        let running = self.state().running(Timestamp::now());
        self.note(&wording::running(&running));
    }

    /// Names hosts that take much longer than the rest, each once, for as long as the run lasts.
    pub fn watch_slow(self: &Arc<Self>) {
        if self.progress == ProgressMode::None {
            return;
        }
        self.is_live.store(true, Ordering::Relaxed);
        let console = Arc::downgrade(self);
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(LOOK_TIME);
                let Some(console) = console.upgrade().filter(|console| console.is_live.load(Ordering::Relaxed)) else {
                    return;
                };
                console.name_slow();
            }
        });
    }

    /// The run is over: nobody is slow any more.
    pub fn watch_no_more(&self) {
        self.is_live.store(false, Ordering::Relaxed);
    }

    fn name_slow(&self) {
        let mut state = self.state();
        let Some(slow) = state.slow(Timestamp::now()) else { return };
        let names: Vec<&str> = slow.targets.iter().map(|&target| state.host(target)).collect();
        let line = wording::slow_line(&slow, &names);
        drop(state);
        self.note(&line);
    }

    /// Shows who is running whenever Enter is pressed, or takes that for the answer at a pause, for as long as the
    /// process lives. Does nothing where stdin is no terminal, or where neither progress nor an answer is wanted.
    pub fn watch_enter(self: &Arc<Self>, answers: Option<(mpsc::Sender<Interrupt>, Vec<Step>)>) {
        let is_wanted = answers.is_some() || self.progress != ProgressMode::None;
        if !is_wanted || !io::stdin().is_terminal() || !self.stderr.terminal {
            return;
        }
        answers.into_iter().for_each(|(asker, steps)| self.pause.answers_to(asker, steps));
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
            Said::Answered => self.bar.show(),
            Said::Unclear => self.note(ANSWERS),
            Said::Unasked if line.is_some() && self.progress != ProgressMode::None => self.show_running(),
            Said::Unasked => {}
        }
    }

    /// Asks whether the run goes on; the answer goes to whoever [`watch_enter`](Self::watch_enter) was told of. Until
    /// then nothing moves below the question.
    pub fn ask_to_go_on(&self, end: &StepEnd) {
        self.bar.hide();
        self.pause.asked(true);
        let all = self.state().target_count();
        self.note(&wording::paused(end, all, self.pause.step_after(end).as_ref()));
    }

    /// Nobody needs the answer any more.
    pub fn ask_no_more(&self) {
        self.pause.asked(false);
        self.bar.show();
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
