//! The client's end of a runspace pool.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use crate::clixml::{self, Decoder, Document, Limits, Value};
use crate::secret::Secret;

use super::fragment::MAX_MESSAGE;
use super::input::message_data;
use super::key_error::KeyError;
use super::key_exchange::ExchangeKey;
use super::message::host_answer::HostAnswer;
use super::message::host_call::HostCall;
use super::message::{self, Destination, Header, MessageType, build, capability, state};
use super::pool_state::PoolState;
use super::session_key::SessionKey;
use super::{Command, Defragmenter, Opening, Pipeline, ProtocolError, fragment};

/// Fragments of input objects that are sent together, in bytes. More would save exchanges, but PowerShell moves all
/// that follows a message in a packet when it takes the message out: small objects by the thousand would take it
/// forever.
const INPUT_PORTION: usize = 64 << 10;

/// What the server says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerInfo {
    /// `protocolversion`, such as `2.3`.
    pub protocol: Option<String>,
    /// `PSVersionTable.PSVersion`, such as `5.1.17763.1490`.
    pub ps_version: Option<String>,
}

/// What happened to a pool.
#[derive(Debug, Clone, PartialEq)]
pub enum PoolEvent {
    /// The server takes pipelines now.
    Ready,
    /// The server sent its Opened message.
    Opened,
    /// The pool is broken, with the server's error record.
    Broken(Option<Document>),
    /// The pool is closed, with the server's error record.
    Closed(Option<Document>),
    /// The server calls our host.
    HostCall(HostCall),
    /// The session has a key now.
    Keyed,
    /// The server has said how many runspaces are free.
    FreeRunspaces,
    /// The server waits for our public key (PowerShell 2, before it sends a SecureString).
    KeyWanted,
}

/// The client's end of a runspace pool.
///
/// The rule of use: hand in what arrives with [`Pool::handle`], then drain [`Pool::poll_event`].
#[derive(Debug)]
pub struct Pool {
    id: Uuid,
    state: PoolState,
    incoming: Defragmenter,
    decoder: Decoder,
    next_object_id: u64,
    events: VecDeque<PoolEvent>,
    server: ServerInfo,
    exchange: Option<Arc<ExchangeKey>>,
    key: Option<SessionKey>,
    /// Questions that the server was asked so far, and the number of the last one.
    questions: i64,
}

/// Stands in for a pool that is being worked on elsewhere.
impl Default for Pool {
    fn default() -> Self {
        Self::new(Uuid::nil())
    }
}

impl Pool {
    /// A pool of this id; ids come from the caller, so that tests can name them.
    pub fn new(id: Uuid) -> Self {
        Self {
            id,
            state: PoolState::New,
            incoming: Defragmenter::new(MAX_MESSAGE),
            decoder: Decoder::new(Limits::default()),
            next_object_id: 1,
            events: VecDeque::new(),
            server: ServerInfo::default(),
            exchange: None,
            key: None,
            questions: 0,
        }
    }

    /// The pool's id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Where it stands.
    pub fn state(&self) -> PoolState {
        self.state
    }

    /// What the server has said about itself so far.
    pub fn server(&self) -> &ServerInfo {
        &self.server
    }

    /// Begins to open: the fragments of SESSION_CAPABILITY and INIT_RUNSPACEPOOL for one runspace, to be sent together.
    ///
    /// # Errors
    /// [`ProtocolError::State`] when it was opened before.
    pub fn open(&mut self, opening: &Opening, max_fragment: usize) -> Result<Vec<Bytes>, ProtocolError> {
        self.expect_state("open it", PoolState::New)?;
        self.state = PoolState::Opening;
        let mut fragments = self.serialized(MessageType::SessionCapability, &opening.capability, max_fragment);
        fragments.extend(self.serialized(MessageType::InitRunspacePool, &opening.init, max_fragment));
        Ok(fragments)
    }

    /// Begins to attach to a pool that has lost its client: the fragments of SESSION_CAPABILITY and
    /// CONNECT_RUNSPACEPOOL, to be sent together.
    ///
    /// # Errors
    /// [`ProtocolError::State`] when it was opened before.
    pub fn connect(&mut self, opening: &Opening, max_fragment: usize) -> Result<Vec<Bytes>, ProtocolError> {
        self.expect_state("attach to it", PoolState::New)?;
        self.state = PoolState::Opening;
        self.incoming = Defragmenter::joining(MAX_MESSAGE);
        let mut fragments = self.serialized(MessageType::SessionCapability, &opening.capability, max_fragment);
        let data = Opening::of_an_attachment();
        fragments.extend(self.serialized(MessageType::ConnectRunspacePool, data.as_bytes(), max_fragment));
        Ok(fragments)
    }

    /// A pipeline of a pool that was attached to; `wrapped` if its [`Command`] was made by [`Command::deep`].
    pub fn join_pipeline(&self, id: Uuid, wrapped: bool) -> Pipeline {
        Pipeline::joined(id, wrapped)
    }

    /// Begins a pipeline: its state and the fragments of CREATE_PIPELINE. Its input must not travel with them:
    /// PowerShell 7.6 loses what arrives together with the message that makes the pipeline.
    ///
    /// # Errors
    /// [`ProtocolError::State`] unless the pool is ready: a server would tear the whole shell down.
    /// [`ProtocolError::Key`] if the command has secrets and the session no key.
    pub fn create_pipeline(
        &mut self,
        command: &Command,
        id: Uuid,
        max_fragment: usize,
    ) -> Result<(Pipeline, Vec<Bytes>), ProtocolError> {
        self.expect_state("create a pipeline", PoolState::Ready)?;
        let object_id = self.take_object_id();
        let fragments = command.create_fragments(object_id, (self.id, id), self.key.as_ref(), max_fragment)?;
        Ok((Pipeline::new(id, command.input(), command.is_wrapped()), fragments))
    }

    /// The fragments of the next portion of the input that a pipeline was created with, the end of it included; `None`
    /// when all is made. So a target holds no more than a portion of an input, however large it is.
    pub fn more_input(&mut self, pipeline: &mut Pipeline, max_fragment: usize) -> Option<Vec<Bytes>> {
        let mut unsent = pipeline.input.take()?;
        let mut fragments = Vec::new();
        let mut size = 0;
        while size < INPUT_PORTION {
            let Some(object) = unsent.take() else {
                fragments.extend(self.end_of_input(pipeline.id(), max_fragment));
                return Some(fragments);
            };
            let message = self.input_message(pipeline.id(), object, max_fragment);
            size += message.iter().map(Bytes::len).sum::<usize>();
            fragments.extend(message);
        }
        pipeline.input = Some(unsent);
        Some(fragments)
    }

    /// The fragments of one more input object of a pipeline that was created with input to follow.
    pub fn input(&mut self, pipeline: Uuid, object: &Document, max_fragment: usize) -> Vec<Bytes> {
        self.input_message(pipeline, &message_data(object), max_fragment)
    }

    /// The fragments that tell a pipeline that no more input follows.
    pub fn end_of_input(&mut self, pipeline: Uuid, max_fragment: usize) -> Vec<Bytes> {
        let header = Header::write(Destination::Server, MessageType::EndOfPipelineInput, self.id, pipeline);
        fragment::cut(self.take_object_id(), &[&header], max_fragment)
    }

    /// The fragments of a user's answer to a host call of a pipeline; a refusal if it has secrets and there is no key.
    pub fn host_answer(
        &mut self,
        pipeline: Uuid,
        call: &HostCall,
        answer: &HostAnswer,
        max_fragment: usize,
    ) -> Vec<Bytes> {
        let value = answer.to_value(self.key.as_ref()).map_or_else(|_| call.refusal(), |value| call.result(value));
        self.host_response(pipeline, value, max_fragment)
    }

    /// The fragments of the answer to a host call, of a pipeline or (with the zero id) of the pool.
    pub fn host_response(&mut self, pipeline: Uuid, answer: Value, max_fragment: usize) -> Vec<Bytes> {
        let message_type =
            if pipeline.is_nil() { MessageType::RunspacePoolHostResponse } else { MessageType::PipelineHostResponse };
        self.message(message_type, pipeline, answer, max_fragment)
    }

    /// Whether SecureStrings can be sent and read.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Asks for a session key: the fragments of PUBLIC_KEY. [`PoolEvent::Keyed`] tells of the answer.
    ///
    /// # Errors
    /// [`ProtocolError::State`] unless the pool is ready.
    pub fn request_key(
        &mut self,
        exchange: Arc<ExchangeKey>,
        max_fragment: usize,
    ) -> Result<Vec<Bytes>, ProtocolError> {
        self.expect_state("exchange a key", PoolState::Ready)?;
        let data = build::bag([("PublicKey", Value::str(exchange.public_blob()))]);
        self.exchange = Some(exchange);
        Ok(self.message(MessageType::PublicKey, Uuid::nil(), data, max_fragment))
    }

    /// Asks how many runspaces are free: the fragments of GET_AVAILABLE_RUNSPACES. [`PoolEvent::FreeRunspaces`] tells of
    /// the answer. It is a question that changes nothing, for whoever wants to know whether the server is there.
    pub fn ask_for_free_runspaces(&mut self, max_fragment: usize) -> Vec<Bytes> {
        self.questions += 1;
        let data = build::bag([("ci", Value::I64(self.questions))]);
        self.message(MessageType::GetAvailableRunspaces, Uuid::nil(), data, max_fragment)
    }

    /// The text of a SecureString that the server sent.
    ///
    /// # Errors
    /// No key yet, or bytes of another session.
    pub fn decrypt(&self, secure_string: &[u8]) -> Result<Secret<String>, KeyError> {
        self.key.as_ref().ok_or(KeyError::Missing)?.decrypt(secure_string)
    }

    /// How many bytes wait for the rest of their message; the next bytes may complete one of this size.
    pub fn pending(&self) -> usize {
        self.incoming.pending()
    }

    /// Takes bytes that arrived on the pool's channel.
    ///
    /// # Errors
    /// What the server did against the protocol; the pool is then of no use.
    pub fn handle(&mut self, payload: &[u8]) -> Result<(), ProtocolError> {
        self.incoming.push(payload);
        while let Some(message) = self.incoming.next_message()? {
            let (header, document) = message::read(&message, &mut self.decoder)?;
            if let (Some(message_type), Some(document)) = (header.message_type, document) {
                self.handle_message(message_type, document)?;
            }
        }
        Ok(())
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<PoolEvent> {
        self.events.pop_front()
    }

    fn handle_message(&mut self, message_type: MessageType, document: Document) -> Result<(), ProtocolError> {
        match message_type {
            MessageType::SessionCapability => self.server.protocol = Some(capability::read_version(&document)?),
            MessageType::ApplicationPrivateData => {
                self.server.ps_version = ps_version(&document);
                self.become_ready();
            }
            // Only a pool that is attached to says this.
            MessageType::RunspacePoolInitData => self.become_ready(),
            MessageType::RunspacePoolState => self.handle_state(document)?,
            MessageType::RunspacePoolHostCall => {
                self.events.push_back(PoolEvent::HostCall(HostCall::read(document)?));
            }
            MessageType::EncryptedSessionKey => self.take_key(&document)?,
            MessageType::PublicKeyRequest => self.events.push_back(PoolEvent::KeyWanted),
            MessageType::RunspaceAvailability => self.take_availability(&document),
            // Events and whatever newer servers send are of no concern to a runner.
            _ => {}
        }
        Ok(())
    }

    fn take_key(&mut self, document: &Document) -> Result<(), ProtocolError> {
        let property = ProtocolError::Property { message: "ENCRYPTED_SESSION_KEY", property: "EncryptedSessionKey" };
        let blob = document.root.member("EncryptedSessionKey").and_then(Value::as_text).ok_or(property)?;
        // Nobody asked: a key that is not for us.
        let exchange = self.exchange.as_ref().ok_or(KeyError::Refused)?;
        self.key = Some(exchange.open(&blob.to_str_lossy())?);
        self.events.push_back(PoolEvent::Keyed);
        Ok(())
    }

    /// Only the answer to the last question counts.
    fn take_availability(&mut self, document: &Document) {
        if document.root.member("ci").and_then(Value::as_i64) == Some(self.questions) {
            self.events.push_back(PoolEvent::FreeRunspaces);
        }
    }

    fn handle_state(&mut self, document: Document) -> Result<(), ProtocolError> {
        let (state, error) = state::read_state(document, "RUNSPACEPOOL_STATE", "RunspaceState")?;
        match state {
            2 => {
                self.become_ready();
                self.events.push_back(PoolEvent::Opened);
            }
            3 | 4 => {
                self.state = PoolState::Closed;
                self.events.push_back(PoolEvent::Closed(error));
            }
            5 => {
                self.state = PoolState::Broken;
                self.events.push_back(PoolEvent::Broken(error));
            }
            _ => {}
        }
        Ok(())
    }

    fn become_ready(&mut self) {
        if self.state == PoolState::Opening {
            self.state = PoolState::Ready;
            self.events.push_back(PoolEvent::Ready);
        }
    }

    fn input_message(&mut self, pipeline: Uuid, object: &[u8], max_fragment: usize) -> Vec<Bytes> {
        let header = Header::write(Destination::Server, MessageType::PipelineInput, self.id, pipeline);
        fragment::cut(self.take_object_id(), &[&header, object], max_fragment)
    }

    fn serialized(&mut self, kind: MessageType, data: &[u8], max_fragment: usize) -> Vec<Bytes> {
        let header = Header::write(Destination::Server, kind, self.id, Uuid::nil());
        fragment::cut(self.take_object_id(), &[&header, data], max_fragment)
    }

    fn message(&mut self, kind: MessageType, pipeline: Uuid, data: Value, max_fragment: usize) -> Vec<Bytes> {
        let header = Header::write(Destination::Server, kind, self.id, pipeline);
        let data = clixml::encode(&Document::new(data));
        fragment::cut(self.take_object_id(), &[&header, data.as_bytes()], max_fragment)
    }

    fn take_object_id(&mut self) -> u64 {
        let id = self.next_object_id;
        self.next_object_id += 1;
        id
    }

    fn expect_state(&self, action: &'static str, wanted: PoolState) -> Result<(), ProtocolError> {
        if self.state == wanted { Ok(()) } else { Err(ProtocolError::State { action, state: self.state }) }
    }
}

/// `PSVersionTable.PSVersion` of the private data.
fn ps_version(document: &Document) -> Option<String> {
    let data = document.root.member("ApplicationPrivateData")?;
    match entry(entry(data, "PSVersionTable")?, "PSVersion")?.unboxed() {
        Value::Version(version) => Some(version.to_string()),
        // PowerShell 7 has a SemanticVersion there, which travels as an object with its text.
        Value::Object(object) => object.to_string.as_ref().map(ToString::to_string),
        Value::Str(text) => Some(text.to_string()),
        _ => None,
    }
}

/// The value of a dictionary's string key.
fn entry<'a>(dictionary: &'a Value, key: &str) -> Option<&'a Value> {
    let entries = dictionary.as_dict()?;
    entries.iter().find(|(name, _)| name.as_text().is_some_and(|name| *name == key)).map(|(_, value)| value)
}
