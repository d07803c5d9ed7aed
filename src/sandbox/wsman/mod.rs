//! The server's half of WSMan: request envelopes in, response and fault envelopes out. No I/O.

mod fault;
mod request;
mod response;

pub use fault::Fault;
pub use request::{Body, Request, Stream};
pub use response::{CommandState, OVERHEAD, Reply, ShellFacts, chunk_size, fault_envelope, identify_envelope};
