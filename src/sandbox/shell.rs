//! One shell: a backend, its outboxes, and the commands in it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use uuid::Uuid;

use super::backend::Backend;
use super::outbox::{End, Outbox};
use super::wsman::{Fault, ShellFacts, Stream};
use crate::channel::{Channel, Priority};
use crate::psrp::Defragmenter;
use crate::wsman::names;

/// The largest message that a client may send, in bytes (MaximumReceivedDataSizePerCommandMB).
const MAX_MESSAGE: usize = 50 << 20;

/// A shell and everything in it.
pub(super) struct Shell {
    facts: ShellFacts,
    opened_at: Instant,
    used_at: Mutex<Instant>,
    client: watch::Sender<Client>,
    backend: Box<dyn Backend>,
    pool: Arc<Outbox>,
    input: tokio::sync::Mutex<Inputs>,
    commands: Mutex<HashMap<String, Arc<Command>>>,
    closed: AtomicBool,
}

/// The client session that a shell belongs to.
struct Client {
    session: Option<String>,
    is_connected: bool,
    /// How often it has left.
    departures: u64,
}

/// One command: a pipeline, or the slot of one that has ended.
struct Command {
    id: Uuid,
    outbox: Arc<Outbox>,
    input: tokio::sync::Mutex<Inputs>,
}

/// The two input streams of a channel.
struct Inputs {
    default: Defragmenter,
    prompt_response: Defragmenter,
}

impl Default for Inputs {
    fn default() -> Self {
        Self { default: Defragmenter::new(MAX_MESSAGE), prompt_response: Defragmenter::new(MAX_MESSAGE) }
    }
}

impl Inputs {
    /// Adds a piece; returns the messages that are whole now.
    fn push(&mut self, priority: Priority, payload: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
        let defragmenter = match priority {
            Priority::Default => &mut self.default,
            Priority::PromptResponse => &mut self.prompt_response,
        };
        defragmenter.push(payload);
        let mut messages = Vec::new();
        while let Some(message) = defragmenter.next_message().map_err(|error| Fault::aborted(&error.to_string()))? {
            messages.push(message);
        }
        Ok(messages)
    }
}

impl Shell {
    /// A shell over a backend that has not been opened yet.
    pub(super) fn new(
        facts: ShellFacts,
        session: Option<String>,
        backend: Box<dyn Backend>,
        pool: Arc<Outbox>,
    ) -> Self {
        Self {
            facts,
            opened_at: Instant::now(),
            used_at: Mutex::new(Instant::now()),
            client: watch::Sender::new(Client { session, is_connected: true, departures: 0 }),
            backend,
            pool,
            input: tokio::sync::Mutex::default(),
            commands: Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    /// What Create, Get and Enumerate tell.
    pub(super) fn facts(&self) -> ShellFacts {
        let idle = self.used_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed().as_secs();
        let age = self.opened_at.elapsed().as_secs();
        ShellFacts { age, idle, is_connected: self.is_connected(), ..self.facts.clone() }
    }

    /// Whether it has a client.
    pub(super) fn is_connected(&self) -> bool {
        self.client.borrow().is_connected
    }

    /// Waits until its client leaves it.
    pub(super) async fn left(&self) {
        // The sender lives as long as the shell.
        let _ = self.client.subscribe().wait_for(|client| !client.is_connected).await;
    }

    /// Its client leaves it; what it runs goes on, until nobody takes the output. What comes back ends when that is not
    /// true any more: another client has come.
    pub(super) fn disconnect(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let mut departure = 0;
        self.client.send_modify(|client| {
            client.is_connected = false;
            client.departures += 1;
            departure = client.departures;
        });
        let mut client = self.client.subscribe();
        async move {
            let came = |client: &Client| client.is_connected || client.departures != departure;
            let _ = client.wait_for(came).await;
        }
    }

    /// The client session that left it is back.
    ///
    /// # Errors
    /// It is another one.
    pub(super) fn reconnect(&self, session: Option<&str>) -> Result<(), Fault> {
        if self.client.borrow().session.as_deref() != session {
            return Err(Fault::session_mismatch());
        }
        self.client.send_modify(|client| client.is_connected = true);
        Ok(())
    }

    /// A client session attaches to it; returns what the pool says to it.
    ///
    /// # Errors
    /// It has a client, or the messages are not those of one that attaches.
    pub(super) async fn connect(&self, session: Option<&str>, opening: &[u8]) -> Result<Vec<u8>, Fault> {
        if self.is_connected() {
            return Err(Fault::shell_connected());
        }
        let messages = Inputs::default().push(Priority::Default, opening)?;
        if messages.len() < 2 {
            return Err(Fault::schema("connectXml must hold two whole PSRP messages"));
        }
        let said = self.backend.connect(messages).await;
        let said = said.map_err(|_| Fault::plugin_failed("it takes no client but the one that it was made for"))?;
        self.client.send_modify(|client| {
            (client.session, client.is_connected) = (session.map(str::to_owned), true);
        });
        Ok(said)
    }

    /// Somebody has asked something of it.
    pub(super) fn used(&self) {
        *self.used_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// The ids of the commands that hold a slot, sorted.
    pub(super) fn command_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.commands().keys().cloned().collect();
        ids.sort_unstable();
        ids
    }

    /// Whether its backend is still there.
    pub(super) fn is_alive(&self) -> bool {
        !self.closed.load(Ordering::Acquire) && !self.pool.has_ended()
    }

    /// How many commands hold a slot.
    pub(super) fn command_count(&self) -> usize {
        self.commands().len()
    }

    fn commands(&self) -> MutexGuard<'_, HashMap<String, Arc<Command>>> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn command(&self, id: &str) -> Result<Arc<Command>, Fault> {
        self.commands().get(id).cloned().ok_or_else(Fault::not_found)
    }

    /// Hands the content of `creationXml` to the backend.
    ///
    /// # Errors
    /// It does not hold whole messages, or PowerShell did not start.
    pub(super) async fn open(&self, creation: &[u8]) -> Result<(), Fault> {
        let messages = Inputs::default().push(Priority::Default, creation)?;
        if messages.len() < 2 {
            return Err(Fault::schema("creationXml must hold two whole PSRP messages"));
        }
        self.backend.open(messages).await.map_err(|_| Fault::plugin_failed("it ended at once"))
    }

    /// Starts a command with the first fragments of its CREATE_PIPELINE; returns its id.
    ///
    /// # Errors
    /// The pool is not known to be open (the shell dies of that), the id is taken, the quota is used up.
    pub(super) async fn start(&self, id: Option<&str>, arguments: &[u8], quota: usize) -> Result<String, Fault> {
        let (id, command) = self.admit(id, quota).await?;
        self.feed(&command.input, Channel::Pipeline(command.id), Priority::Default, arguments).await?;
        Ok(id)
    }

    /// Takes a command and dies before it has run; returns its id.
    ///
    /// # Errors
    /// Those of [`start`](Self::start).
    pub(super) async fn die_under(&self, id: Option<&str>, quota: usize) -> Result<String, Fault> {
        let (id, _) = self.admit(id, quota).await?;
        self.close().await;
        Ok(id)
    }

    async fn admit(&self, id: Option<&str>, quota: usize) -> Result<(String, Arc<Command>), Fault> {
        if !self.pool.is_opened() {
            self.close().await;
            return Err(Fault::aborted("a command came before the runspace pool was open"));
        }
        let uuid = id.map_or_else(|| Ok(Uuid::new_v4()), Uuid::try_parse);
        let uuid = uuid.map_err(|_| Fault::schema("CommandId is not a GUID"))?;
        let id = id.map_or_else(|| format!("{:X}", uuid.hyphenated()), str::to_owned);
        let command = self.register(&id, uuid, quota)?;
        Ok((id, command))
    }

    fn register(&self, id: &str, uuid: Uuid, quota: usize) -> Result<Arc<Command>, Fault> {
        let mut commands = self.commands();
        if commands.contains_key(id) {
            return Err(Fault::command_exists());
        }
        if commands.len() >= quota {
            return Err(Fault::command_quota(quota));
        }
        let outbox = Arc::new(Outbox::default());
        self.backend.register(uuid, Arc::clone(&outbox));
        let command = Arc::new(Command { id: uuid, outbox, input: tokio::sync::Mutex::default() });
        commands.insert(id.to_owned(), Arc::clone(&command));
        Ok(command)
    }

    /// Takes input for the shell or a command.
    ///
    /// # Errors
    /// No such command or stream, fragments out of order, or a dead backend.
    pub(super) async fn send(&self, stream: &Stream) -> Result<(), Fault> {
        let priority = match &*stream.name {
            names::STREAM_STDIN => Priority::Default,
            names::STREAM_PROMPT_RESPONSE => Priority::PromptResponse,
            other => return Err(Fault::schema(format!("unknown input stream '{other}'"))),
        };
        match &stream.command_id {
            None => self.feed(&self.input, Channel::Pool, priority, &stream.payload).await,
            Some(id) => {
                let command = self.command(id)?;
                self.feed(&command.input, Channel::Pipeline(command.id), priority, &stream.payload).await
            }
        }
    }

    async fn feed(
        &self,
        input: &tokio::sync::Mutex<Inputs>,
        channel: Channel,
        priority: Priority,
        payload: &[u8],
    ) -> Result<(), Fault> {
        // The lock is held while the backend takes the messages: they must arrive in order.
        let mut input = input.lock().await;
        let messages = match input.push(priority, payload) {
            Ok(messages) => messages,
            Err(fault) => {
                self.close().await;
                return Err(fault);
            }
        };
        for message in messages {
            let taken = self.backend.message(channel, priority, message).await;
            taken.map_err(|_| Fault::not_found())?;
        }
        Ok(())
    }

    /// Waits until a Receive of the shell has taken all there is and waits for more, or the shell has ended.
    pub(super) async fn awaited(&self) {
        self.pool.awaited().await;
    }

    /// The outbox of the shell or of a command.
    ///
    /// # Errors
    /// No such command.
    pub(super) fn outbox(&self, command_id: Option<&str>) -> Result<Arc<Outbox>, Fault> {
        match command_id {
            None => Ok(Arc::clone(&self.pool)),
            Some(id) => Ok(Arc::clone(&self.command(id)?.outbox)),
        }
    }

    /// Stops a command; its last state comes through its outbox. Does not wait: the client may have to receive first.
    ///
    /// # Errors
    /// No such command.
    pub(super) fn stop(self: &Arc<Self>, id: &str) -> Result<(), Fault> {
        let command = self.command(id)?;
        let shell = Arc::clone(self);
        tokio::spawn(async move { shell.backend.stop(command.id).await });
        Ok(())
    }

    /// Closes a command and frees its slot; the rest happens in the background.
    ///
    /// # Errors
    /// No such command.
    pub(super) fn terminate(self: &Arc<Self>, id: &str) -> Result<(), Fault> {
        let command = self.command(id)?;
        self.commands().remove(id);
        command.outbox.end(End::Terminated);
        let shell = Arc::clone(self);
        tokio::spawn(async move { shell.backend.release(command.id).await });
        Ok(())
    }

    /// Ends the shell and its backend; what it had written stays deliverable. Returns when the backend is gone.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.end_all();
        self.backend.close().await;
    }

    fn end_all(&self) {
        self.pool.end(End::Gone);
        self.commands().values().for_each(|command| command.outbox.end(End::Gone));
    }
}
