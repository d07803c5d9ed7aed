//! What is behind a shell: a real PowerShell or the built-in engine.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::outbox::Outbox;
use crate::channel::{Channel, Priority};

/// Takes the host down; whether it comes back.
pub(super) type ShutDown = Arc<dyn Fn(bool) + Send + Sync>;

/// A PSRP server, driven by whole messages. Its output goes to the outboxes that it was given.
#[async_trait]
pub(super) trait Backend: Send + Sync {
    /// Takes the opening messages of the pool, in one piece.
    async fn open(&self, messages: Vec<Vec<u8>>) -> Result<(), Gone>;

    /// Takes the messages of a client that attaches to the open pool; returns what the pool says to it at once.
    async fn connect(&self, messages: Vec<Vec<u8>>) -> Result<Vec<u8>, Gone>;

    /// Registers a pipeline before its first message.
    fn register(&self, pipeline: Uuid, outbox: Arc<Outbox>);

    /// Takes the next whole message of a channel; one call at a time for each channel.
    async fn message(&self, channel: Channel, priority: Priority, message: Vec<u8>) -> Result<(), Gone>;

    /// Stops a pipeline; its last state then comes through its outbox.
    async fn stop(&self, pipeline: Uuid);

    /// Forgets a pipeline, stopping it if need be.
    async fn release(&self, pipeline: Uuid);

    /// Ends everything. Returns when nothing remains: no process, no thread that runs a script.
    async fn close(&self);
}

/// What was behind the shell is there no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone;
