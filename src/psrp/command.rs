//! What is to be run, and its message, serialized once for all targets.

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use crate::clixml::{self, Document, Value};

use super::fragment;
use super::input::{Input, Unsent};
use super::invocation::{CommandCall, Invocation};
use super::key_error::KeyError;
use super::message::create_pipeline::{self, Source};
use super::message::{Destination, Header, MessageType};
use super::secrets::{Part, Places, SecretArgument};
use super::session_key::SessionKey;

/// An invocation as it goes over the wire: serialized once per run and shared by all targets. Only the ids in the
/// headers and the ciphertexts of secrets differ from target to target.
#[derive(Debug, Clone)]
pub struct Command {
    create_pipeline: Arc<[u8]>,
    input: Option<Arc<Input>>,
    secrets: Arc<Places>,
    /// Each output object comes as a text that holds it.
    wrapped: bool,
}

impl Command {
    /// Serializes an invocation and its input objects. Without any, an invocation that announces input gets it while it
    /// runs.
    pub fn new(invocation: &Invocation, input: &[Document]) -> Self {
        let input = (!input.is_empty()).then(|| Arc::new(input.iter().collect()));
        Self::of(create_pipeline::create_pipeline(invocation), input, false)
    }

    /// Serializes an invocation that announces input, all of which is known.
    pub fn with_input(invocation: &Invocation, input: Arc<Input>) -> Self {
        let (source, input) = Self::source(invocation, Some(input));
        Self::of(create_pipeline::fed(invocation, source), input, false)
    }

    /// Serializes an invocation whose output has members down to this depth, where PowerShell would cut them at 1.
    ///
    /// The other side serializes each object once more, by itself: that costs time and memory there.
    pub fn deep(invocation: &Invocation, input: Option<Arc<Input>>, depth: u32) -> Self {
        let (source, input) = Self::source(invocation, input);
        Self::of(create_pipeline::deep(invocation, source, depth), input, true)
    }

    /// Where the input comes from, and what of it is to be sent.
    fn source(invocation: &Invocation, input: Option<Arc<Input>>) -> (Source, Option<Arc<Input>>) {
        match input {
            Some(input) if input.is_empty() => (Source::Nothing, None),
            input => (Source::of(invocation), input),
        }
    }

    /// Serializes statements of commands, each a pipeline, for an endpoint that allows no script text. The first
    /// command takes the input.
    pub fn of_calls(statements: &[Vec<CommandCall>], input: Option<Arc<Input>>) -> Self {
        Self::of(create_pipeline::calls(statements, input.is_some()), input, false)
    }

    fn of(create_pipeline: Value, input: Option<Arc<Input>>, wrapped: bool) -> Self {
        let create_pipeline = clixml::encode(&Document::new(create_pipeline)).into_bytes().into();
        Self { create_pipeline, input, secrets: Arc::default(), wrapped }
    }

    /// Whether each output object comes as a text that holds it.
    pub fn is_wrapped(&self) -> bool {
        self.wrapped
    }

    /// The data of CREATE_PIPELINE.
    pub fn create_pipeline(&self) -> &[u8] {
        &self.create_pipeline
    }

    /// A line that a user typed, formatted for our host by the other side.
    pub fn interactive(script: &str) -> Self {
        Self::of(create_pipeline::interactive(script), None, false)
    }

    /// A line that a user typed, as statements of commands, for an endpoint that allows no script text.
    pub fn interactive_calls(statements: &[Vec<CommandCall>]) -> Self {
        Self::of(create_pipeline::interactive_calls(statements), None, false)
    }

    /// Marks the secrets among the arguments; each session encrypts their values with its own key.
    #[must_use]
    pub fn with_secrets(mut self, secrets: &[SecretArgument]) -> Self {
        self.secrets = Arc::new(Places::find(&self.create_pipeline, secrets));
        self
    }

    /// Whether a session must have a key before it can send this.
    pub fn has_secrets(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// The fragments of CREATE_PIPELINE for one pipeline.
    pub(super) fn create_fragments(
        &self,
        object_id: u64,
        (pool, pipeline): (Uuid, Uuid),
        key: Option<&SessionKey>,
        max: usize,
    ) -> Result<Vec<Bytes>, KeyError> {
        let header = Header::write(Destination::Server, MessageType::CreatePipeline, pool, pipeline);
        let filled = self.secrets.fill(&self.create_pipeline, key)?;
        let parts: Vec<&[u8]> = std::iter::once(&header[..]).chain(filled.iter().map(Part::bytes)).collect();
        Ok(fragment::cut(object_id, &parts, max))
    }

    /// The input to send, if it is known already.
    pub(super) fn input(&self) -> Option<Unsent> {
        self.input.clone().map(Unsent::new)
    }
}
