//! The terminal: what it can do, and what people see on stderr beside the data.
//!
//! [`Console`] knows the terminal and is the one way to write to it without garbling the [`Bar`]. [`Diagnostics`] shows
//! the streams beside the output, [`ProgressLine`] how far the run is and, at its end, why hosts failed, what
//! [`CutNote`] says of members that came cut, and the totals. [`FoldNote`] names what a fold has ignored.

mod bar;
mod bar_text;
mod console;
mod cut_note;
mod diagnostics;
mod fold_note;
mod pause;
mod progress;
mod prompter;
pub mod status_line;
pub(super) mod wording;

use std::io::{self, Write};

pub use bar::Bar;
pub use console::{Channel, Console, ConsoleWriter};
pub use cut_note::CutNote;
pub use diagnostics::Diagnostics;
pub use fold_note::FoldNote;
pub use progress::ProgressLine;
pub use prompter::TerminalPrompter;

/// Writes a page to stdout. A reader that is gone has seen enough.
///
/// # Errors
/// What stdout says.
pub fn print(page: &str) -> io::Result<()> {
    match io::stdout().lock().write_all(page.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
