//! The sandbox's built-in engine: a documented subset of PowerShell over hosts drawn from a seed.
//!
//! In comes an [`Invocation`]: script text, arguments, `$using:` values, input. A [`Runspace`] parses the text into a
//! tree and evaluates it against its [`Machine`]; no answer is keyed by script text. Out come records, handed
//! to a [`Runtime`] in the form in which PSRP messages carry them, and at last how it [`Ended`].
//!
//! The engine has no I/O, no clock and no threads: the [`Runtime`] brings the time, sleeps, and says when to stop.
//! PSRP, WSMan and the choice of hosts are the server's part.
//!
//! Inside: `parser` makes the `ast`, `eval` walks it over `value`s, `cmdlets` are the commands,
//! `wire` the way from and to CLIXML.
//!
#![doc = include_str!("../../docs/sandbox_engine.md")]

mod ast;
mod cim;
mod cmdlets;
mod command_info;
mod convert;
mod datetime;
mod dotnet;
mod enums;
mod errors;
mod eval;
mod format;
mod invocation;
mod native;
mod ops;
mod parser;
mod pattern;
mod programs;
mod provider;
mod reference;
mod runspace;
mod stack;
mod switch;
mod text_file;
mod types;
mod value;
mod wire;

pub(super) use super::machine;
pub use invocation::{Argument, Command, EndState, Ended, Invocation, Runtime};
use machine::Host;
pub use machine::Machine;
pub use runspace::Runspace;

#[cfg(test)]
mod tests;
