//! The shell on the server: how it comes, what is done in it, how it goes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::fault_error::{broken, without_answer};
use super::label::our_label;
use super::listener::Listener;
use super::lock;
use super::queue::Queue;
use super::wire::{Wire, read};
use crate::left_shell::LeftShell;
use crate::outcome::Reason;
use crate::transport::http::Failure;
use crate::transport::{Admission, Channel, Error, Received};
use crate::wsman::names::{self, code};
use crate::wsman::{Fault, Requests, Response};

/// PSRP version that we offer; Create must name it outside the PSRP messages, too.
const PROTOCOL_VERSION: &str = "2.3";
/// How long an operation may stay without answer: the server's 60 s and something for the way.
const PATIENCE: Duration = Duration::from_secs(70);

/// How long a server keeps an idle shell that does not say so: the default since WinRM 3.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2 * 60 * 60);

/// A shell and what is known of it.
pub(super) struct Shell {
    pub(super) wire: Arc<Wire>,
    pub(super) listener: Listener,
    admission: Admission,
    stage: Mutex<Stage>,
    /// The Create, or the Connect, has left, so a shell may exist or be ours.
    create_sent: AtomicBool,
    /// How long it may be idle, once it exists.
    idle_timeout: OnceLock<Duration>,
    /// How long the server would keep it idle at most, if it says so.
    max_idle_timeout: OnceLock<Duration>,
}

/// Whether there is a shell to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// None was made, or it is deleted.
    None,
    /// It was asked for; the answer is not known.
    Asked,
    /// It was there before, and was asked to be ours; the answer is not known.
    Joining,
    /// It exists.
    Open,
}

impl Shell {
    /// One that has not been asked for.
    pub(super) fn new(wire: Wire, admission: Admission) -> Self {
        let wire = Arc::new(wire);
        let listener = Listener::new(Arc::clone(&wire));
        let (stage, create_sent) = (Mutex::new(Stage::None), AtomicBool::new(false));
        let (idle_timeout, max_idle_timeout) = (OnceLock::new(), OnceLock::new());
        Self { wire, listener, admission, stage, create_sent, idle_timeout, max_idle_timeout }
    }

    pub(super) async fn create(&self, pool: Uuid, fragments: &[u8]) -> Result<(), Error> {
        let request = self
            .wire
            .request(|requests| requests.create(Uuid::new_v4(), pool, our_label(), PROTOCOL_VERSION, fragments));
        *lock(&self.stage) = Stage::Asked;
        self.wire.select(&pool.hyphenated().to_string().to_uppercase());
        let sending = || self.create_sent.store(true, Ordering::SeqCst);
        let answer = self.wire.lanes.exchange(&request, PATIENCE, sending).await;
        let answer = match answer {
            Ok(text) => read(text, None).await,
            Err(failure) => Err(failure),
        };
        self.note_logon(&answer);
        let mut stage = lock(&self.stage);
        if !matches!(answer, Err(Failure::Broken(_))) {
            *stage = Stage::None;
        }
        match answer.map_err(Failure::into_error)? {
            Response::Created(created) => {
                self.wire.select(&created.shell_id);
                // It is created once.
                let _ = self.idle_timeout.set(created.idle_timeout.unwrap_or(IDLE_TIMEOUT));
                if let Some(longest) = created.max_idle_timeout {
                    let _ = self.max_idle_timeout.set(longest);
                }
                if created.large_envelopes {
                    self.wire.use_large_envelopes();
                }
                *stage = Stage::Open;
                Ok(())
            }
            Response::Fault(fault) => {
                if fault.is_timed_out() {
                    *stage = Stage::Asked;
                }
                Err(self.wire.error(&fault))
            }
            _ => Err(Error::new(Reason::Protocol, "the server answers a Create with something else")),
        }
    }

    /// Whoever answers in SOAP has looked at the user, whatever else it refuses.
    fn note_logon(&self, answer: &Result<Response, Failure>) {
        match answer {
            Ok(Response::Fault(fault)) if self.wire.error(fault).is_credential_refused() => {}
            Ok(_) => self.admission.accepted(self.wire.lanes.authenticated()),
            Err(_) => {}
        }
    }

    /// Attaches to a shell that was left, and to the command in it; returns what its pool says to that.
    pub(super) async fn attach(&self, left: &LeftShell, fragments: &[u8]) -> Result<Vec<u8>, Error> {
        self.wire.select(&left.shell);
        // Only WinRM 3 and later know disconnected shells.
        self.wire.use_large_envelopes();
        let request = self.wire.request(|requests| requests.connect(Uuid::new_v4(), PROTOCOL_VERSION, fragments));
        // Whoever gives up in the middle may have it, and has to leave it again.
        *lock(&self.stage) = Stage::Joining;
        let sending = || self.create_sent.store(true, Ordering::SeqCst);
        let answer = match self.wire.lanes.exchange(&request, PATIENCE, sending).await {
            Ok(text) => read(text, None).await,
            Err(failure) => Err(failure),
        };
        self.note_logon(&answer);
        let is_open = match &answer {
            Err(Failure::Broken(_)) => true,
            Ok(Response::Fault(fault)) => fault.leaves_open(),
            _ => false,
        };
        if !is_open {
            // A shell that was refused to us is somebody else's.
            *lock(&self.stage) = Stage::None;
        }
        let said = match answer.map_err(Failure::into_error)? {
            Response::Connected(said) => said,
            Response::Fault(fault) if fault.code == code::CONCURRENCY => {
                return Err(self.wire.error(&Fault { code: code::CONNECTED_ELSEWHERE, ..*fault }));
            }
            Response::Fault(fault) => return Err(self.wire.error(&fault)),
            _ => return Err(Error::new(Reason::Protocol, "the server answers a Connect with something else")),
        };
        *lock(&self.stage) = Stage::Open;
        let make = |requests: &Requests| requests.connect_command(Uuid::new_v4(), &left.command);
        match self.listener.ask(make, PATIENCE).await.map_err(without_answer)? {
            Response::Fault(fault) => return Err(self.wire.error(&fault)),
            _ => self.wire.started(left.pipeline, left.command.clone()),
        }
        Ok(said)
    }

    /// Leaves a shell in the name of a client that is gone.
    pub(super) async fn leave_for(&self, left: &LeftShell) -> Result<(), Error> {
        self.wire.select(&left.shell);
        let keep_for = Duration::from_secs(left.keep_for);
        let make = |requests: &Requests| requests.disconnect(Uuid::new_v4(), keep_for);
        match self.wire.exchange(make, PATIENCE, || {}).await.map_err(Failure::into_error)? {
            Response::Fault(fault) if fault.code != code::SHELL_DISCONNECTED => Err(self.wire.error(&fault)),
            _ => Ok(()),
        }
    }

    /// Leaves the shell running without a client; returns for how long the server keeps it.
    pub(super) async fn leave(&self, keep_for: Duration) -> Result<Duration, Error> {
        let keep_for = self.max_idle_timeout.get().map_or(keep_for, |&longest| keep_for.min(longest));
        let make = |requests: &Requests| requests.disconnect(Uuid::new_v4(), keep_for);
        let answer = match self.listener.ask(make, PATIENCE).await {
            // To leave twice is to leave.
            Err(Failure::Broken(_)) => self.listener.ask(make, PATIENCE).await,
            answer => answer,
        };
        match answer.map_err(broken)? {
            Response::Fault(fault) if fault.code != code::SHELL_DISCONNECTED => Err(self.wire.error(&fault)),
            _ => {
                // It is nobody's now: there is nothing to delete.
                *lock(&self.stage) = Stage::None;
                self.listener.stop();
                Ok(keep_for)
            }
        }
    }

    /// Takes the shell back that was left. It has no client, but whoever knows it may delete it.
    pub(super) fn own_again(&self) {
        *lock(&self.stage) = Stage::Open;
    }

    /// Starts a pipeline: Command with as many fragments as fit, and Sends for the rest.
    pub(super) async fn start(&self, pipeline: Uuid, fragments: Vec<Bytes>) -> Result<(), Error> {
        let mut rest = self.register(pipeline, fragments).await?;
        let sent = self.send(Channel::Pipeline(pipeline), names::STREAM_STDIN, &mut rest).await;
        // The server begins a pipeline when it has all of the message that makes it. The command is there, though: to
        // ask for it again would find its id taken, so the fault is not one that a second Command could avoid.
        sent.map_err(|error| {
            let nothing_ran = error.nothing_ran || !rest.is_empty();
            let retryable = nothing_ran && (error.retryable || error.is_link_broken());
            Error { nothing_ran, retryable, fault: None, ..error }
        })
    }

    /// Sends Command with as many fragments as fit, and gives back the rest.
    async fn register(&self, pipeline: Uuid, fragments: Vec<Bytes>) -> Result<Queue, Error> {
        let mut queue = Queue::new(fragments);
        loop {
            let chunk = queue.take(self.wire.capacity());
            let make = |requests: &Requests| requests.command(Uuid::new_v4(), pipeline, &chunk);
            match self.listener.ask(make, PATIENCE).await.map_err(without_answer)? {
                Response::CommandStarted(id) => {
                    self.wire.started(pipeline, id);
                    return Ok(queue);
                }
                Response::Fault(fault) if fault.is_too_large() && self.wire.shrink() => queue.put_back(chunk),
                Response::Fault(fault) => return Err(self.wire.refused(&fault)),
                _ => return Err(Error::new(Reason::Protocol, "the server answers a Command with something else")),
            }
        }
    }

    /// Sends what is in a queue to an input stream of the shell or of a command.
    pub(super) async fn send(&self, to: Channel, stream: &str, queue: &mut Queue) -> Result<(), Error> {
        while !queue.is_empty() {
            let command_id = self.wire.command_id(to)?;
            let chunk = queue.take(self.wire.capacity());
            let make = |requests: &Requests| requests.send(Uuid::new_v4(), command_id.as_deref(), stream, &chunk);
            match self.listener.ask(make, PATIENCE).await.map_err(without_answer)? {
                Response::Fault(fault) if fault.is_too_large() && self.wire.shrink() => queue.put_back(chunk),
                Response::Fault(fault) => return Err(self.wire.refused(&fault)),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) async fn receive(&self, from: Channel) -> Result<Received, Error> {
        match self.wire.command_id(from)? {
            Some(command_id) => self.wire.receive(Some(&command_id)).await,
            None => self.listener.receive().await,
        }
    }

    /// Signals a command. One that is not there any more needs no signal.
    pub(super) async fn signal(&self, pipeline: Uuid, code: &str) -> Result<(), Error> {
        let Some(command_id) = self.wire.command(pipeline) else { return Ok(()) };
        let make = |requests: &Requests| requests.signal(Uuid::new_v4(), &command_id, code);
        let answer = match self.listener.ask(make, PATIENCE).await {
            // To stop twice is to stop.
            Err(Failure::Broken(_)) => self.listener.ask(make, PATIENCE).await,
            answer => answer,
        };
        match answer.map_err(broken)? {
            Response::Fault(fault) if !fault.is_gone() && fault.code != code::COMMAND_TERMINATED => {
                Err(self.wire.error(&fault))
            }
            _ => Ok(()),
        }
    }

    /// How long the server keeps it while nobody uses it.
    pub(super) fn idle_timeout(&self) -> Duration {
        self.idle_timeout.get().copied().unwrap_or(IDLE_TIMEOUT)
    }

    /// Whether the Create has left.
    pub(super) fn was_asked_for(&self) -> bool {
        self.create_sent.load(Ordering::SeqCst)
    }

    pub(super) fn may_exist(&self) -> bool {
        *lock(&self.stage) != Stage::None && self.was_asked_for()
    }

    /// Deletes the shell, if there may be one that is ours.
    pub(super) async fn delete(&self, patience: Duration) -> Result<(), Error> {
        if !self.may_exist() || *lock(&self.stage) == Stage::Joining {
            return Ok(());
        }
        let make = |requests: &Requests| requests.delete(Uuid::new_v4());
        let answer = match self.listener.ask(make, patience).await {
            Err(Failure::Broken(_)) => self.listener.ask(make, patience).await,
            answer => answer,
        };
        match answer.map_err(Failure::into_error)? {
            Response::Fault(fault) if !fault.is_gone() => Err(self.wire.error(&fault)),
            _ => {
                *lock(&self.stage) = Stage::None;
                self.wire.all_ended();
                Ok(())
            }
        }
    }
}
