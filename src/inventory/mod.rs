//! Inventories and target expressions: from files and command line to targets.
//!
//! In come a [`Request`] and the texts of inventories; out go complete [`Target`](crate::target::Target)s, or every
//! mistake at once ([`Errors`]). Files, environment and the terminal are reached through [`Surroundings`] only. Connecting is left to others: nothing here opens a socket.

mod request;
mod resolve;
mod surroundings;

pub use request::{Order, Request};
pub use resolve::{Errors, Resolved, SandboxStarter};
pub use surroundings::{FileBytes, Surroundings};
