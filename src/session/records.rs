//! Who takes what a pipeline sends: its records, and the calls of its host.

use std::ops::ControlFlow;

use crate::clixml::Document;
use crate::psrp::{HostAnswer, HostCall};
use crate::stream::Stream;

/// Takes the records of a pipeline. Waiting in [`Records::take`] slows the remote pipeline down.
pub trait Records: Send {
    /// Takes the next record; `Break` when no more are wanted: the pipeline is then stopped.
    fn take(&mut self, stream: Stream, value: Document) -> impl Future<Output = ControlFlow<()>> + Send;

    /// All that has come so far was handed on, of a pipeline that was attached to: its server does not have that any more,
    /// and is asked for what follows only when this returns. `Break` leaves it to others.
    fn caught_up(&mut self) -> impl Future<Output = ControlFlow<()>> + Send {
        std::future::ready(ControlFlow::Continue(()))
    }

    /// Is the host that scripts write to and ask. A run without a user takes what is written as records.
    fn host_call(&mut self, _call: &HostCall) -> impl Future<Output = HostReply> + Send {
        std::future::ready(HostReply::Refused)
    }

    /// The pipeline is being stopped: from now on only its end is waited for, and not for longer than
    /// [`STOP_WAIT`](super::STOP_WAIT).
    fn stopping(&mut self) {}
}

/// What a host does with a call.
#[derive(Debug)]
pub enum HostReply {
    /// There is no user: what is written becomes a record, what is asked fails.
    Refused,
    /// It was shown.
    Done,
    /// The user's answer.
    Answer(HostAnswer),
}
