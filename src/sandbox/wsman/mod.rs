//! The server's half of WSMan: request envelopes in, response and fault envelopes out. No I/O.

mod fault;
mod request;
mod response;

pub(super) use fault::Fault;
pub(super) use request::{Body, Request, Stream};
pub(super) use response::{
    CommandState, Items, OVERHEAD, Page, Reply, ShellFacts, chunk_size, fault_envelope, identify_envelope, shell_size,
};
