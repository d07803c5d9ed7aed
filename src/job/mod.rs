//! What an application does with the run: a room between whoever asks for it and the fleet.
//!
//! In: a script with what it was given ([`script`]), or any other [`Task`](crate::fleet::Task), on resolved targets,
//! and the sinks that want to know. Out: a [`Summary`](crate::event::Summary) and how far the writing came. Nothing
//! here knows a command line, a terminal or a signal: whoever wants to stop a run has its [`Interrupts`].

pub mod checks;
mod execute;
mod gate;
mod replay;
pub mod script;
mod sink_thread;
mod truth;

pub use execute::{Finished, Interrupts, Job, execute};
pub use gate::Gates;
pub use replay::replay;
pub use sink_thread::Written;
