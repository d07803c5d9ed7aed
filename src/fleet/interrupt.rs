//! The ways to interrupt a run from outside.

use crate::exit::{SIGINT_CODE, SIGTERM_CODE};

/// What the user may ask of a run under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupt {
    /// Start no more, stop remote pipelines, finish in order (first Ctrl-C).
    Stop,
    /// Stop as at the first Ctrl-C, by SIGTERM or because the terminal was closed.
    Terminate,
    /// Wait for no more results, give the closes two seconds and leave (second Ctrl-C).
    Leave,
    /// Go on after a pause ([`Step::pauses`](super::Step::pauses)).
    GoOn,
    /// End at a pause: start no more.
    EndHere,
    /// The readers want no more: the same as `Stop`, without a user.
    Enough,
    /// The output cannot be written: the same again.
    Unwritable,
}

impl Interrupt {
    /// The exit code of a process that ends by it; `None` where no user or system has asked for the end.
    pub fn exit_code(self) -> Option<u8> {
        match self {
            Self::Stop | Self::Leave => Some(SIGINT_CODE),
            Self::Terminate => Some(SIGTERM_CODE),
            Self::GoOn | Self::EndHere | Self::Enough | Self::Unwritable => None,
        }
    }
}
