//! The client's end of one pipeline.

use std::collections::VecDeque;

use uuid::Uuid;

use crate::clixml::{Decoder, Document, Limits, Value};
use crate::record::Stream;

use super::input::Unsent;
use super::message::host_call::HostCall;
use super::message::{self, MessageType, state};
use super::pool::MAX_MESSAGE;
use super::{Defragmenter, ProtocolError};

/// How a pipeline ended (PSInvocationState).
#[derive(Debug, Clone, PartialEq)]
pub enum PipelineEnd {
    /// Stopped on request.
    Stopped,
    /// Ran to the end.
    Completed,
    /// A terminating error; its record comes in no other message.
    Failed(Option<Document>),
}

/// What happened in a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub enum PipelineEvent {
    /// An object on a stream.
    Record(Stream, Document),
    /// The script calls our host.
    HostCall(HostCall),
    /// The end; nothing follows.
    Ended(PipelineEnd),
}

/// The client's end of one pipeline: hand in what arrives, then drain the events.
#[derive(Debug)]
pub struct Pipeline {
    id: Uuid,
    incoming: Defragmenter,
    decoder: Decoder,
    events: VecDeque<PipelineEvent>,
    ended: bool,
    /// Input that is still to be sent.
    pub(super) input: Option<Unsent>,
    /// Each output object comes as a text that holds it.
    wrapped: bool,
}

impl Pipeline {
    pub(super) fn new(id: Uuid, input: Option<Unsent>, wrapped: bool) -> Self {
        Self {
            id,
            incoming: Defragmenter::new(MAX_MESSAGE),
            decoder: Decoder::new(Limits::default()),
            events: VecDeque::new(),
            ended: false,
            input,
            wrapped,
        }
    }

    /// The pipeline's id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Whether the terminal state has arrived.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Takes bytes that arrived on the pipeline's channel. What follows the terminal state is ignored.
    ///
    /// # Errors
    /// What the server did against the protocol; the pipeline is then of no use.
    pub fn handle(&mut self, payload: &[u8]) -> Result<(), ProtocolError> {
        self.incoming.push(payload);
        while !self.ended {
            let Some(message) = self.incoming.next_message()? else { break };
            let (header, document) = message::read(&message, &mut self.decoder)?;
            match (header.message_type, document) {
                (Some(message_type), Some(document)) => self.handle_message(message_type, document)?,
                // A null on the output stream comes without any data (seen from 7.6.9).
                (Some(MessageType::PipelineOutput), None) => {
                    self.handle_message(MessageType::PipelineOutput, Document::new(Value::Null))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<PipelineEvent> {
        self.events.pop_front()
    }

    fn handle_message(&mut self, message_type: MessageType, document: Document) -> Result<(), ProtocolError> {
        let stream = match message_type {
            MessageType::PipelineOutput if self.wrapped => {
                let document = self.unwrap(document);
                self.events.push_back(PipelineEvent::Record(Stream::Output, document));
                return Ok(());
            }
            MessageType::PipelineOutput => Stream::Output,
            MessageType::ErrorRecord => Stream::Error,
            MessageType::WarningRecord => Stream::Warning,
            MessageType::VerboseRecord => Stream::Verbose,
            MessageType::DebugRecord => Stream::Debug,
            MessageType::InformationRecord => Stream::Information,
            MessageType::ProgressRecord => Stream::Progress,
            MessageType::PipelineState => return self.handle_state(document),
            MessageType::PipelineHostCall => {
                self.events.push_back(PipelineEvent::HostCall(HostCall::read(&document)?));
                return Ok(());
            }
            _ => return Ok(()),
        };
        self.events.push_back(PipelineEvent::Record(stream, document));
        Ok(())
    }

    /// The object in a text; what holds none is an object itself.
    fn unwrap(&mut self, document: Document) -> Document {
        let inner = document.root.as_text().and_then(|text| {
            let element = self.decoder.elements(text.to_str_lossy().as_bytes()).next()?.ok();
            element.map(|element| element.document)
        });
        inner.unwrap_or(document)
    }

    fn handle_state(&mut self, document: Document) -> Result<(), ProtocolError> {
        let (state, error) = state::read_state(document, "PIPELINE_STATE", "PipelineState")?;
        let end = match state {
            3 => PipelineEnd::Stopped,
            4 => PipelineEnd::Completed,
            5 => PipelineEnd::Failed(error),
            _ => return Ok(()),
        };
        self.ended = true;
        self.events.push_back(PipelineEvent::Ended(end));
        Ok(())
    }
}
