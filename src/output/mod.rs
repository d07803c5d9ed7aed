//! The reading side: sinks that turn a run's events into what people and programs read.

use crate::event::RunEvent;

/// Whether a sink wants more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Enough (the reader closed the pipe): the run may stop.
    Enough,
}

/// A reader of a run's events. Sinks run on a thread of their own and may block: a full channel slows the targets.
pub trait Sink: Send {
    /// Takes the next event. [`crate::event::RunEventKind::RunFinished`] is the last one: write out what is left.
    ///
    /// # Errors
    /// The writer's fault, with what was being written; the run then ends, and its pools are closed all the same.
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow>;
}
