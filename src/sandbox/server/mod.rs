//! The built-in PSRP server: messages in, records and states out, scripts left to the built-in engine.
//!
//! [`Builtin`] is a shell's backend: one runspace pool on one host of the sandbox. [`messages`] reads and writes what
//! travels; [`pipeline`] runs one pipeline on a thread of its own, and tells the
//! client's host what [`host_calls`] makes of its records.

mod backend;
mod host_calls;
mod key;
mod messages;
mod pipeline;
mod references;

use bytes::Bytes;
use uuid::Uuid;

pub(super) use backend::Builtin;

use self::messages::Writer;
use crate::psrp::message::MessageType;

/// What an open pool of so many runspaces says to a client that attaches to it, in its answer and then in a report, for
/// a server that knows no second client; `None` if the messages are not those of one.
pub(super) fn welcome(opening: &[Vec<u8>], size: usize) -> Option<(Vec<u8>, Vec<Bytes>)> {
    let (header, _) = messages::read(opening.first()?).ok()?;
    let writer = Writer::new(header.pool, false);
    let (_, said) = messages::welcome(opening, &writer, size)?;
    let opened = messages::pool_state(messages::POOL_OPENED);
    Some((said, writer.write(MessageType::RunspacePoolState, Uuid::nil(), &opened)))
}
