//! Something that happened, on its way to the readers.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::event::{RunEventKind, Summary};

/// Something that happened, on its way to the sinks; they number the events in the order of arrival.
#[derive(Debug)]
pub struct Emission {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: RunEventKind,
    /// The room that a record takes until it has been written; whoever takes it apart keeps this until then.
    pub room: Option<Taken>,
    /// Who waits until the journal has noted it; a run's end is answered with what readers are told of it.
    pub(super) noted: Option<oneshot::Sender<Option<Arc<Summary>>>>,
}

/// Room that is taken until this is dropped.
#[derive(Debug)]
pub struct Taken(#[expect(dead_code, reason = "held, not looked at")] OwnedSemaphorePermit);

impl Taken {
    pub(super) fn new(permit: OwnedSemaphorePermit) -> Self {
        Self(permit)
    }
}

impl Emission {
    /// An emission of that moment.
    pub fn new(at: Timestamp, kind: RunEventKind) -> Self {
        Self { at, kind, room: None, noted: None }
    }

    /// An emission that happens now.
    pub fn now(kind: RunEventKind) -> Self {
        Self::new(Timestamp::now(), kind)
    }

    /// An emission that happens now, and what is answered once the journal has noted it.
    pub(super) fn to_be_noted(kind: RunEventKind) -> (Self, oneshot::Receiver<Option<Arc<Summary>>>) {
        let (noted, answer) = oneshot::channel();
        (Self { noted: Some(noted), ..Self::now(kind) }, answer)
    }
}
