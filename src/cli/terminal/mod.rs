//! The terminal: what it can do, and what people see on stderr beside the data.
//!
//! [`Console`] knows the terminal and is the one way to write to it without garbling the bar. [`Diagnostics`] shows
//! notices and the other streams, [`ProgressLine`] how far the run is and, at its end, why hosts failed and the totals.

mod console;
mod diagnostics;
mod progress;
mod words;

pub use console::{Console, ConsoleWriter};
pub use diagnostics::Diagnostics;
pub use progress::ProgressLine;
