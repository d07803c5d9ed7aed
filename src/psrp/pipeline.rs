//! The client's end of one pipeline.

use uuid::Uuid;

use crate::clixml::{Decoder, Document, Limits, Value};
use crate::stream::Stream;

use super::fragment::MAX_MESSAGE;
use super::input::Unsent;
use super::message::host_call::HostCall;
use super::message::{self, MessageType, state};
use super::{Defragmenter, ProtocolError};

/// How a pipeline ended (PSInvocationState). Error records of the end come in no other message.
#[derive(Debug, Clone, PartialEq)]
pub enum PipelineEnd {
    /// Stopped, on request or not; with the server's reason.
    Stopped(Option<Document>),
    /// Ran to the end.
    Completed,
    /// A terminating error.
    Failed(Option<Document>),
    /// It may run on, but tells us nothing more; with the server's reason.
    Disconnected(Option<Document>),
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

/// The client's end of one pipeline.
///
/// The rule of use: hand in what arrives with [`Pipeline::push`], then take out one message after another and
/// [`read`](Pipeline::read) it. So no more is decoded at a time than one message, and whoever drives it knows how large
/// that is before the work begins.
#[derive(Debug)]
pub struct Pipeline {
    id: Uuid,
    incoming: Defragmenter,
    decoder: Decoder,
    ended: bool,
    /// Input that is still to be sent.
    pub(super) input: Option<Unsent>,
    /// Each output object comes as a text that holds it.
    wrapped: bool,
}

/// Stands in for a pipeline that is being worked on elsewhere.
impl Default for Pipeline {
    fn default() -> Self {
        Self::new(Uuid::nil(), None, false)
    }
}

impl Pipeline {
    pub(super) fn new(id: Uuid, input: Option<Unsent>, wrapped: bool) -> Self {
        Self {
            id,
            incoming: Defragmenter::new(MAX_MESSAGE),
            decoder: Decoder::new(Limits::default()),
            ended: false,
            input,
            wrapped,
        }
    }

    /// One that another client has started. `wrapped` as its command was.
    pub(super) fn joined(id: Uuid, wrapped: bool) -> Self {
        Self { incoming: Defragmenter::joining(MAX_MESSAGE), ..Self::new(id, None, wrapped) }
    }

    /// Whether nothing of a message has arrived that is not whole yet.
    pub fn is_between_messages(&self) -> bool {
        self.incoming.pending() == 0
    }

    /// The pipeline's id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Whether the terminal state has arrived.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Takes bytes that arrived on the pipeline's channel.
    pub fn push(&mut self, payload: &[u8]) {
        self.incoming.push(payload);
    }

    /// The next message that has arrived whole, still encoded. What follows the terminal state is ignored.
    ///
    /// # Errors
    /// What the server did against the protocol; the pipeline is then of no use.
    pub fn next_message(&mut self) -> Result<Option<Vec<u8>>, ProtocolError> {
        if self.ended { Ok(None) } else { self.incoming.next_message() }
    }

    /// Decodes a message; `None` if it is of no concern to a runner.
    ///
    /// # Errors
    /// Those of [`next_message`](Self::next_message).
    pub fn read(&mut self, message: Vec<u8>) -> Result<Option<PipelineEvent>, ProtocolError> {
        let (header, document) = message::read(&message, &mut self.decoder)?;
        // It may be large, and so may be what comes out of the document.
        drop(message);
        let (message_type, document) = match (header.message_type, document) {
            (Some(message_type), Some(document)) => (message_type, document),
            // A null on the output stream comes without any data (seen from 7.6.9).
            (Some(MessageType::PipelineOutput), None) => (MessageType::PipelineOutput, Document::new(Value::Null)),
            _ => return Ok(None),
        };
        let stream = match message_type {
            MessageType::PipelineOutput if self.wrapped => {
                return Ok(Some(PipelineEvent::Record(Stream::Output, self.unwrap(document))));
            }
            MessageType::PipelineOutput => Stream::Output,
            MessageType::ErrorRecord => Stream::Error,
            MessageType::WarningRecord => Stream::Warning,
            MessageType::VerboseRecord => Stream::Verbose,
            MessageType::DebugRecord => Stream::Debug,
            MessageType::InformationRecord => Stream::Information,
            MessageType::ProgressRecord => Stream::Progress,
            MessageType::PipelineState => return self.end(document),
            MessageType::PipelineHostCall => return Ok(Some(PipelineEvent::HostCall(HostCall::read(document)?))),
            _ => return Ok(None),
        };
        Ok(Some(PipelineEvent::Record(stream, document)))
    }

    /// The object in a text; what holds none is an object itself.
    fn unwrap(&mut self, document: Document) -> Document {
        let inner = document.root.as_text().and_then(|text| {
            let element = self.decoder.elements(text.to_str_lossy().as_bytes()).next()?.ok();
            element.map(|element| element.document)
        });
        inner.unwrap_or(document)
    }

    /// The end of the pipeline, if this state is one.
    fn end(&mut self, document: Document) -> Result<Option<PipelineEvent>, ProtocolError> {
        let (state, error) = state::read_state(document, "PIPELINE_STATE", "PipelineState")?;
        let end = match state {
            3 => PipelineEnd::Stopped(error),
            4 => PipelineEnd::Completed,
            5 => PipelineEnd::Failed(error),
            6 => PipelineEnd::Disconnected(error),
            _ => return Ok(None),
        };
        self.ended = true;
        Ok(Some(PipelineEvent::Ended(end)))
    }
}
