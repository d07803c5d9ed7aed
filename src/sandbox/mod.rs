//! An embedded fleet on loopback for demos, tests and benches: real HTTP, WSMan and PSRP.
//!
//! In: [`Options`], and then whatever a WinRM client sends. Out: a running [`Fleet`] with an inventory to reach it by,
//! and its [`Stats`]. Every host has a listener of its own; a connection carries its logon, a host its shells, a shell
//! its commands:
//!
//! ```text
//!   listener -> connection (logon, sealing) -> host -> shell -> backend: bridge to a real PowerShell,
//!                          wsman: requests, replies, faults      |    or server with the built-in engine
//!                                       outbox  <- output -------+
//! ```
//!
//! Nothing in the client knows the sandbox: it is reached as any WinRM host is. The scripts of the built-in engine are
//! [`engine`]'s part, the machines that they find behind a host are [`machine`]'s.

mod acceptor;
mod backend;
mod bridge;
mod certificate;
mod connection;
pub mod engine;
mod error;
mod fault;
mod fleet;
mod host;
mod inventory;
mod listener;
mod listing;
mod logon;
pub mod machine;
mod options;
mod outbox;
mod power;
mod reported_version;
mod server;
mod shell;
mod stats;
mod wsman;

pub use error::Error;
pub use fault::{FaultKind, FaultSpec};
pub use fleet::Fleet;
pub use options::{Engine, Options, delay, version};
pub use stats::Stats;
