//! Folds a run's events: who is running, who is done, why hosts failed, what came cut. Prints nothing.
//!
//! [`Progress`] is the live state, for the bar and for whoever asks what a run is doing; [`Causes`] groups the targets
//! that failed alike, [`Repeats`] the error records, [`Cuts`] the members that PowerShell cut; [`Slow`] hosts take much
//! longer than the rest. Words and colours are left to the command line.

mod alike;
mod causes;
mod cuts;
mod progress;
mod repeats;
mod slow;

pub use causes::{Cause, Causes};
pub use cuts::{Cut, Cuts};
pub use progress::{Mismatch, Phase, Progress, Running};
pub use repeats::{Repeat, Repeats};
pub use slow::Slow;
