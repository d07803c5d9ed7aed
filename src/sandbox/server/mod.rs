//! The built-in PSRP server: messages in, records and states out, scripts left to the built-in engine.
//!
//! [`Builtin`] is a shell's backend: one runspace pool on one host of the sandbox. [`messages`] reads and writes what
//! travels; [`pipeline`] runs one pipeline on a thread of its own, and tells the
//! client's host what [`host_calls`] makes of its records.

mod backend;
mod host_calls;
mod messages;
mod pipeline;
mod references;

pub(super) use backend::Builtin;
