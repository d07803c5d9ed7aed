//! The shells that hosts hold, as tasks of a run: [listed and removed](Shells) without opening one, and [taken
//! over](Connect) where their clients have left them.

mod choice;
mod connect;
mod list;
mod uncollected;

pub use choice::Which;
pub use connect::{Connect, Stays};
pub use list::{Cleaning, Shells};
pub use uncollected::Uncollected;

/// The state of a shell that its client has left.
const DISCONNECTED: &str = "Disconnected";

/// The states of what was left running beside a session's server: its script runs, or has ended.
const RUNNING: &str = "Running";
const ENDED: &str = "Ended";
