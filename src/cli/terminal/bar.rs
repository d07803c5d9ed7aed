//! The bar at the foot of the terminal, and writing beside it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::bar_text::BarText;
use super::status_line::{self, ERASE, UP};

/// Between two drawings: the width of the terminal is asked for each.
const TICK: Duration = Duration::from_millis(100);
/// The widest text of a bar. Where a window becomes far narrower at once, tmux moves a bar near the top of the screen
/// out of reach, by the rows that it wraps to.
const WIDEST: usize = 79;
/// A reader of stdout has shown what it got after so long.
const READER_TIME: Duration = Duration::from_millis(300);
/// An Enter key is heard after so long.
const ECHO_TIME: Duration = Duration::from_millis(50);

/// A bar on stderr: one line that is redrawn while it is shown and makes way for whatever else is written.
#[derive(Debug)]
pub struct Bar {
    /// Columns where the terminal does not tell.
    width: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What is shown, and since when.
    shown: Option<(Instant, BarText)>,
    /// It stands on the terminal now.
    is_drawn: bool,
    /// It is out of the way for longer.
    is_hidden: bool,
    /// When something was last written above it.
    written: Option<Instant>,
    /// When something was last given to a reader who may write to the same terminal.
    given: Option<Instant>,
}

impl Bar {
    /// A bar that is not shown yet; `width`: columns where the terminal does not tell.
    pub fn new(width: usize) -> Arc<Self> {
        Arc::new(Self { width, state: Mutex::default() })
    }

    /// Shows it until [`Bar::end`].
    pub fn start(self: &Arc<Self>, total: u64) {
        let mut state = self.state();
        state.shown = Some((Instant::now(), BarText { total, ..BarText::default() }));
        self.draw(&mut state);
        drop(state);
        let bar = Arc::downgrade(self);
        thread::spawn(move || tick(&bar));
    }

    /// Changes what it says, with the next drawing. The message must be one line that is safe for a terminal.
    pub fn update(&self, done: u64, message: String) {
        if let Some((_, text)) = &mut self.state().shown {
            (text.done, text.message) = (done, message);
        }
    }

    /// Takes it away until [`Bar::show`].
    pub fn hide(&self) {
        let mut state = self.state();
        state.is_hidden = true;
        state.erase();
    }

    /// Brings it back with the next drawing.
    pub fn show(&self) {
        self.state().is_hidden = false;
    }

    /// Takes it away for good.
    pub fn end(&self) {
        let mut state = self.state();
        state.shown = None;
        state.erase();
    }

    /// Writes something to this terminal with the bar out of the way. It must end with the end of a line.
    pub fn beside<T>(&self, write: impl FnOnce() -> T) -> T {
        let mut state = self.state();
        state.erase();
        let written = write();
        state.written = Some(Instant::now());
        self.draw(&mut state);
        written
    }

    /// Makes way for a reader of stdout who is about to get something and may write to this terminal. For a moment the
    /// bar then ends where the next character begins a new row.
    pub fn make_room(&self) {
        let mut state = self.state();
        if !state.is_reader_at_work() {
            state.erase();
        }
        state.given = Some(Instant::now());
    }

    /// Takes the bar and the echo of an Enter key away: the terminal has gone to the next row, which would leave a copy
    /// of the bar behind.
    pub fn step_over_echo(&self) {
        let heard = Instant::now();
        let mut state = self.state();
        // What was written a moment ago may stand after the echo. Then a copy of the bar is better than a lost line.
        let is_sure = state.written.is_none_or(|written| heard.saturating_duration_since(written) > ECHO_TIME);
        if state.is_drawn && is_sure {
            put(UP);
        }
        state.erase();
    }

    /// Draws it if it is shown; says whether it is.
    fn redraw(&self) -> bool {
        let mut state = self.state();
        self.draw(&mut state);
        state.shown.is_some()
    }

    fn draw(&self, state: &mut State) {
        let Some((begin, text)) = state.shown.as_ref().filter(|_| !state.is_hidden) else { return };
        let size = console::Term::stderr().size_checked();
        let columns = size.map(|(_, columns)| usize::from(columns)).filter(|columns| *columns > 0);
        let columns = columns.unwrap_or(self.width);
        let line = if state.is_reader_at_work() {
            status_line::drawn_to_the_edge(&text.text(begin.elapsed(), columns.min(WIDEST)), columns)
        } else {
            // In the last column some terminals wait for the next character to wrap.
            status_line::drawn(&text.text(begin.elapsed(), columns.saturating_sub(1).min(WIDEST)))
        };
        put(&format!("{}{line}", if state.is_drawn { ERASE } else { "" }));
        state.is_drawn = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What was written by a thread that panicked is written all the same.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn erase(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            put(ERASE);
        }
    }

    fn is_reader_at_work(&self) -> bool {
        self.given.is_some_and(|given| given.elapsed() < READER_TIME)
    }
}

/// Redraws a bar for as long as it is shown.
fn tick(bar: &Weak<Bar>) {
    loop {
        thread::sleep(TICK);
        if !bar.upgrade().is_some_and(|bar| bar.redraw()) {
            return;
        }
    }
}

/// Writes to stderr at once, so that a window that changes meanwhile finds the line whole.
fn put(text: &str) {
    // Nobody can be told that stderr is gone.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
