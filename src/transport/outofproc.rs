//! The carrier over the out-of-process framing: any pair of byte streams with a PowerShell server behind it.
//!
//! The server hands each line to a thread of its own, so only acknowledgements order anything. Breaking these rules
//! loses packets for good, as measured on a real server: per id, the next `Data` only after the `DataAck` of the last
//! one, the first `Data` of a pipeline only after its `CommandAck`, everything that belongs together in one packet.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{Carrier, Channel, Error, Files, Priority, Received};
use crate::error_text;
use crate::left_shell::LeftShell;
use crate::outcome::Reason;
use crate::outofproc::{self, FrameError, Packet, Verb};

/// A stream that is over.
const ENDED: &str = "the remote PowerShell ended without a word";

/// Packets of one channel that wait for their reader. A full queue stops the reading of the whole stream, and so,
/// through the pipe or the SSH window, the remote pipeline.
const QUEUED_PACKETS: usize = 16;

/// Longest line that is taken, in bytes. A server puts one fragment of 32 KiB into a line, which base64 makes 44 KiB;
/// as many lines as are queued must not hurt.
const MAX_LINE: u64 = 2 << 20;

/// How long the server may take to acknowledge the end of a session, as part of the ten seconds of a close.
const CLOSE_WAIT: Duration = Duration::from_secs(4);

/// A fragment as large as a message: one packet for each message is the safe way.
const MAX_FRAGMENT: usize = 16 << 20;

/// What stands behind the streams: a child process or an SSH channel.
#[async_trait]
pub trait Peer: Send + Sync {
    /// Why the stream ended, in words, if the peer knows more: the last lines of stderr, an exit code.
    async fn obituary(&self) -> Option<String>;

    /// What the user can do when no PowerShell answered at all; `None` if it was the link that broke.
    fn never_started(&self) -> Option<&'static str>;

    /// Ends the peer after its input was closed: waits a moment unless it is `mute`, then uses force. Bounded to five
    /// seconds.
    async fn end(&self, mute: bool);

    /// What was asked to start PowerShell, where there is a choice ([`Carrier::started_by`]).
    fn started_by(&self) -> Option<&str> {
        None
    }

    /// Opens a channel for the bytes of files, where there is one ([`Carrier::open_files`]).
    async fn open_files(&self) -> Option<Box<dyn Files>> {
        None
    }

    /// Whether what its server writes is kept, and read by others later: what pipelines send is not handed on then.
    fn keeps_output(&self) -> bool {
        false
    }

    /// Leaves the server running, where it outlives the streams ([`Carrier::leave`]).
    async fn leave(&self, _keep_for: Duration) -> Result<Duration, Error> {
        Err(Error::new(Reason::Internal, "what this transport starts ends with its connection"))
    }
}

/// A carrier over a stream of lines.
pub struct OutOfProcCarrier {
    writer: tokio::sync::Mutex<Option<Box<dyn AsyncWrite + Send + Unpin>>>,
    shared: Arc<Shared>,
    receivers: tokio::sync::Mutex<HashMap<Uuid, Inbox>>,
    reader: JoinHandle<()>,
    peer: Box<dyn Peer>,
    /// The pool is what another client has opened: its messages are of no concern to this one.
    attached: AtomicBool,
}

type Inbox = Arc<tokio::sync::Mutex<mpsc::Receiver<Vec<u8>>>>;

/// What the reading task and the callers share.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Callers that wait for an acknowledgement.
    waiting: HashMap<(Verb, Uuid), oneshot::Sender<()>>,
    /// Where the payloads of each channel go.
    inboxes: HashMap<Uuid, mpsc::Sender<Vec<u8>>>,
    /// Acknowledgements that a later call must wait for before it sends more.
    owed: HashMap<Uuid, oneshot::Receiver<()>>,
    /// Why the stream ended.
    broken: Option<String>,
    /// The first lines that were no packets.
    stray: Vec<String>,
    /// A packet has come.
    heard: bool,
}

impl State {
    /// Whether the server has never said a word, or does not obey: asking it to leave would only take more time.
    fn is_mute(&self) -> bool {
        !self.heard || self.waiting.keys().any(|(verb, _)| *verb == Verb::SignalAck)
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends everything that waits: dropping the senders wakes the callers.
    fn break_all(&self, cause: String) {
        let mut state = self.state();
        state.broken.get_or_insert(cause);
        state.waiting.clear();
        state.inboxes.clear();
    }
}

impl OutOfProcCarrier {
    /// A carrier over a peer's output and input. Must be called within a runtime.
    pub fn new<R, W>(reader: R, writer: W, peer: Box<dyn Peer>) -> Self
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let shared = Arc::new(Shared::default());
        let reader = tokio::spawn(read_packets(reader, Arc::clone(&shared)));
        let writer = tokio::sync::Mutex::new(Some(Box::new(writer) as Box<dyn AsyncWrite + Send + Unpin>));
        let receivers = tokio::sync::Mutex::default();
        let carrier = Self { writer, shared, receivers, reader, peer, attached: AtomicBool::new(false) };
        // Nobody else can hold the lock of a carrier that is just being made.
        if let Ok(mut receivers) = carrier.receivers.try_lock() {
            receivers.insert(Uuid::nil(), carrier.open_inbox(Uuid::nil()));
        }
        carrier
    }

    fn open_inbox(&self, id: Uuid) -> Inbox {
        let (sender, receiver) = mpsc::channel(QUEUED_PACKETS);
        self.shared.state().inboxes.insert(id, sender);
        Arc::new(tokio::sync::Mutex::new(receiver))
    }

    /// Begins to wait for an acknowledgement, before the packet that asks for it is written.
    fn expect(&self, verb: Verb, id: Uuid) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.shared.state();
        // Nobody would end a wait that begins after the stream has ended.
        if state.broken.is_none() {
            state.waiting.insert((verb, id), sender);
        }
        receiver
    }

    async fn wait(&self, ack: oneshot::Receiver<()>) -> Result<(), Error> {
        match ack.await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.broken().await),
        }
    }

    async fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        let written = match &mut *self.writer.lock().await {
            None => false,
            Some(writer) => writer.write_all(bytes).await.is_ok() && writer.flush().await.is_ok(),
        };
        if written { Ok(()) } else { Err(self.broken().await) }
    }

    async fn control(&self, verb: Verb, ack: Verb, id: Uuid) -> Result<(), Error> {
        let ack = self.expect(ack, id);
        let mut packet = Vec::new();
        outofproc::write_control(&mut packet, verb, id);
        self.write(&packet).await?;
        self.wait(ack).await
    }

    /// Writes a `Data` packet and leaves its acknowledgement to whoever sends next on this id: waiting for it here
    /// could deadlock behind output that nobody reads yet.
    async fn data(&self, priority: Priority, id: Uuid, fragments: &[Bytes]) -> Result<(), Error> {
        self.settle(id).await?;
        let ack = self.expect(Verb::DataAck, id);
        self.shared.state().owed.insert(id, ack);
        let mut packet = Vec::new();
        outofproc::write_data(&mut packet, priority, id, fragments);
        self.write(&packet).await
    }

    /// Waits for the acknowledgement of the last `Data` on this id.
    async fn settle(&self, id: Uuid) -> Result<(), Error> {
        let owed = self.shared.state().owed.remove(&id);
        match owed {
            Some(ack) => self.wait(ack).await,
            None => Ok(()),
        }
    }

    /// The error of a stream that has ended.
    async fn broken(&self) -> Error {
        let obituary = self.peer.obituary().await;
        // A write may fail before the reader has seen the end.
        let cause = self.shared.state().broken.clone().unwrap_or_else(|| ENDED.to_owned());
        let stray = self.shared.state().stray.join(" | ");
        let mut message = match obituary {
            Some(obituary) => format!("{cause}: {obituary}"),
            None => cause,
        };
        if !stray.is_empty() {
            message.push_str(&format!(" (it also wrote: {stray})"));
        }
        Error::new(Reason::LinkBroken, message)
    }

    /// The error of a stream that ended before it acknowledged anything, as only PowerShell does.
    fn never_started(&self, error: Error) -> Error {
        match self.peer.never_started() {
            Some(hint) => Error::new(Reason::NoPowershell, format!("no PowerShell answered: {error}")).with_hint(hint),
            None => Error::new(Reason::Network, error.message).retryable(),
        }
    }

    /// Ends the session politely as far as the peer is still there.
    async fn say_goodbye(&self) {
        let polite = self.control(Verb::Close, Verb::CloseAck, Uuid::nil());
        // A peer that died or hangs gives no answer; its input is closed either way.
        let _ = tokio::time::timeout(CLOSE_WAIT, polite).await;
    }
}

impl Drop for OutOfProcCarrier {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

#[async_trait]
impl Carrier for OutOfProcCarrier {
    fn max_fragment(&self) -> usize {
        MAX_FRAGMENT
    }

    fn is_private(&self) -> bool {
        true
    }

    fn pushes(&self) -> bool {
        true
    }

    fn started_by(&self) -> Option<&str> {
        self.peer.started_by()
    }

    async fn create(&self, _pool: Uuid, fragments: Vec<Bytes>) -> Result<(), Error> {
        let sent = self.data(Priority::Default, Uuid::nil(), &fragments).await;
        let taken = match sent {
            Ok(()) => self.settle(Uuid::nil()).await,
            Err(error) => Err(error),
        };
        taken.map_err(|error| self.never_started(error))
    }

    async fn command(&self, pipeline: Uuid, fragments: Vec<Bytes>) -> Result<(), Error> {
        if !self.peer.keeps_output() {
            let inbox = self.open_inbox(pipeline);
            self.receivers.lock().await.insert(pipeline, inbox);
        }
        // It is the data that makes the pipeline.
        let registered = self.control(Verb::Command, Verb::CommandAck, pipeline).await;
        registered.map_err(|error| error.retryable().before_anything_ran())?;
        self.data(Priority::Default, pipeline, &fragments).await
    }

    async fn send(&self, to: Channel, priority: Priority, fragments: Vec<Bytes>) -> Result<(), Error> {
        self.data(priority, id_of(to), &fragments).await
    }

    async fn receive(&self, from: Channel) -> Result<Received, Error> {
        let inbox = self.receivers.lock().await.get(&id_of(from)).cloned();
        let Some(inbox) = inbox else { return Ok(Received { payload: Vec::new(), done: true }) };
        let next = inbox.lock().await.recv().await;
        match next {
            Some(payload) => Ok(Received { payload, done: false }),
            None => Err(self.broken().await),
        }
    }

    async fn signal(&self, pipeline: Uuid) -> Result<(), Error> {
        self.control(Verb::Signal, Verb::SignalAck, pipeline).await
    }

    async fn release(&self, pipeline: Uuid) -> Result<(), Error> {
        // First let the reader drop what is still queued for this pipeline, so that the acknowledgements behind it
        // can be read.
        self.receivers.lock().await.remove(&pipeline);
        self.shared.state().inboxes.remove(&pipeline);
        self.settle(pipeline).await?;
        self.control(Verb::Close, Verb::CloseAck, pipeline).await
    }

    async fn close(&self) -> Result<(), Error> {
        self.receivers.lock().await.clear();
        self.shared.state().inboxes.clear();
        let (alive, mute) = {
            let state = self.shared.state();
            (state.broken.is_none(), state.is_mute())
        };
        if alive && !mute {
            self.say_goodbye().await;
        }
        // The server stays until it sees the end of its input.
        *self.writer.lock().await = None;
        self.peer.end(mute).await;
        Ok(())
    }

    async fn open_files(&self) -> Option<Box<dyn Files>> {
        self.peer.open_files().await
    }

    async fn leave(&self, keep_for: Duration) -> Result<Duration, Error> {
        // What the server has not taken is lost with the streams.
        let owed: Vec<Uuid> = self.shared.state().owed.keys().copied().collect();
        if !self.attached.load(Ordering::Relaxed) {
            for id in owed {
                self.settle(id).await?;
            }
        }
        self.peer.leave(keep_for).await
    }

    /// What the server has written from its start on comes once more, of which only the command's part is of concern.
    async fn attach(&self, shell: &LeftShell, _fragments: Vec<Bytes>) -> Result<Vec<u8>, Error> {
        self.attached.store(true, Ordering::Relaxed);
        self.shared.state().inboxes.clear();
        let inbox = self.open_inbox(shell.pipeline);
        self.receivers.lock().await.insert(shell.pipeline, inbox);
        Ok(Vec::new())
    }

    async fn news(&self) -> Result<Received, Error> {
        match self.attached.load(Ordering::Relaxed) {
            true => std::future::pending().await,
            false => self.receive(Channel::Pool).await,
        }
    }
}

fn id_of(channel: Channel) -> Uuid {
    match channel {
        Channel::Pool => Uuid::nil(),
        Channel::Pipeline(id) => id,
    }
}

/// Reads lines until the stream ends and hands each to whom it concerns.
async fn read_packets<R: AsyncRead + Unpin>(reader: R, shared: Arc<Shared>) {
    let mut reader = BufReader::with_capacity(64 << 10, reader);
    let mut line = Vec::new();
    let cause = loop {
        line.clear();
        match (&mut reader).take(MAX_LINE).read_until(b'\n', &mut line).await {
            Ok(0) => break ENDED.to_owned(),
            Ok(_) if line.len() as u64 == MAX_LINE => break format!("a packet is longer than {MAX_LINE} bytes"),
            Ok(_) => {}
            Err(error) => break format!("reading from the remote PowerShell failed: {}", error_text::io(&error)),
        }
        match outofproc::read_line(&line) {
            Ok(None) => {}
            Ok(Some(packet)) => deliver(packet, &shared).await,
            Err(FrameError::Stray(text)) => match text.strip_prefix("__NamedPipeError__:") {
                Some(error) => break format!("the remote PowerShell failed: {}", error.trim().escape_debug()),
                None => note_stray(&shared, text),
            },
            Err(error) => break error.to_string(),
        }
    };
    shared.break_all(cause);
}

/// A profile or a native program wrote between the packets; that is not a fault of the session.
fn note_stray(shared: &Shared, text: String) {
    const KEPT: usize = 5;
    tracing::warn!(line = %text.escape_debug(), "the remote PowerShell's stream carries a line that is not a packet");
    let mut state = shared.state();
    if state.stray.len() < KEPT {
        state.stray.push(text.escape_debug().to_string());
    }
}

async fn deliver(packet: Packet, shared: &Shared) {
    shared.state().heard = true;
    match packet {
        Packet::Data { id, payload, .. } => {
            let inbox = shared.state().inboxes.get(&id).cloned();
            if let Some(inbox) = inbox {
                // Nobody reads any more: the pipeline was released.
                let _ = inbox.send(payload).await;
            }
        }
        Packet::Control { verb, id } => {
            let waiting = shared.state().waiting.remove(&(verb, id));
            match waiting {
                // The caller may have given up.
                Some(waiting) => drop(waiting.send(())),
                None => tracing::debug!(%verb, %id, "nobody waits for this acknowledgement"),
            }
        }
    }
}
