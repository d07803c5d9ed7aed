//! Folds a run's events: who is running, who is done, and why hosts failed. Prints nothing.
//!
//! [`Progress`] is the live state, for the bar and for whoever asks what a run is doing; [`Causes`] groups the targets
//! that failed alike. Words and colours are left to the command line.

mod causes;
mod progress;

pub use causes::{Cause, Causes};
pub use progress::{Mismatch, Phase, Progress, Running};
