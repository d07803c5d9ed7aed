//! The carrier over WinRM: PSRP fragments in WSMan shells and commands, on HTTP lanes.
//!
//! A shell is a runspace pool, a command is a pipeline. A long poll and whatever must be said meanwhile use two lanes,
//! the second made when it is needed. What may be repeated after a broken connection is decided here: a Receive may
//! (the server keeps what was not delivered), Create and Command may not.

mod faults;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::task::AbortHandle;
use uuid::Uuid;

use self::faults::{broken, from_fault, from_parse, gone};
use super::http::{Failure, Http, Lanes};
use super::{Carrier, Channel, Error, Priority, Received};
use crate::event::Reason;
use crate::target::{Endpoint, Target};
use crate::wsman::names::{self, code};
use crate::wsman::{Fault, Receipt, Requests, Response};

/// PSRP version that we offer; Create must name it outside the PSRP messages, too.
const PROTOCOL_VERSION: &str = "2.3";
/// How long a quiet Receive may stay without answer: the server's 20 s and something for the way.
const POLL_PATIENCE: Duration = Duration::from_secs(30);
/// How long any other operation may stay without answer: the server's 60 s and something for the way.
const PATIENCE: Duration = Duration::from_secs(70);
/// How long a broken link may take to come back before a Receive gives up.
const REPAIR: Duration = Duration::from_secs(30);
/// First pause before a broken Receive is repeated; each further one is twice as long.
const REPAIR_PAUSE: Duration = Duration::from_millis(250);
/// How long closing may take in all.
const CLOSE: Duration = Duration::from_secs(10);
/// Below this envelope size it is not the size that a server complains about, in bytes.
const SMALLEST_ENVELOPE: usize = 16 * 1024;

/// A running Create that outlives the future that asked for it.
type Creation = Shared<BoxFuture<'static, Result<(), Error>>>;

/// PSRP over WSMan over HTTP(S), for one target.
pub struct WsmanCarrier {
    shell: Arc<Shell>,
    creation: Mutex<Option<(Creation, AbortHandle)>>,
    private: bool,
}

impl WsmanCarrier {
    /// A carrier to a WinRM target; nothing is connected before [`Carrier::create`].
    ///
    /// # Errors
    /// When the target is not a WinRM one, or policy forbids the way it wants to log on.
    pub fn new(target: &Target, http: &Http) -> Result<Self, Error> {
        let Endpoint::Winrm(endpoint) = &target.endpoint else {
            return Err(Error::new(Reason::Internal, "the target is not reached over WinRM"));
        };
        let lanes = Lanes::new(target, endpoint, http)?;
        let requests = Requests::new(&endpoint.url(), &endpoint.configuration_name, Uuid::new_v4());
        let state = State { envelope: requests.max_envelope(), requests, stage: Stage::None, commands: HashMap::new() };
        let configuration_name = endpoint.configuration_name.clone();
        let shell = Shell { lanes, configuration_name, state: Mutex::new(state), create_sent: AtomicBool::new(false) };
        Ok(Self { shell: Arc::new(shell), creation: Mutex::new(None), private: target.endpoint.is_private() })
    }
}

#[async_trait]
impl Carrier for WsmanCarrier {
    fn max_fragment(&self) -> usize {
        self.shell.capacity()
    }

    fn is_private(&self) -> bool {
        self.private
    }

    fn pushes(&self) -> bool {
        false
    }

    async fn create(&self, pool: Uuid, fragments: Vec<Bytes>) -> Result<(), Error> {
        // In a task of its own: if the caller gives up in the middle, the server still creates the shell, and `close`
        // must learn of it.
        let shell = Arc::clone(&self.shell);
        let task = tokio::spawn(async move { shell.create(pool, &fragments.concat()).await });
        let abort = task.abort_handle();
        let lost = || Error::new(Reason::Internal, "the Create was abandoned");
        let creation = task.map(move |result| result.unwrap_or_else(|_| Err(lost()))).boxed().shared();
        *lock(&self.creation) = Some((creation.clone(), abort));
        creation.await
    }

    async fn command(&self, pipeline: Uuid, fragments: Vec<Bytes>) -> Result<(), Error> {
        let rest = self.shell.start(pipeline, fragments).await?;
        self.send(Channel::Pipeline(pipeline), Priority::Default, rest).await
    }

    async fn send(&self, to: Channel, priority: Priority, fragments: Vec<Bytes>) -> Result<(), Error> {
        let mut queue = Queue::new(fragments);
        while !queue.is_empty() {
            let command_id = self.shell.command_id(to)?;
            let chunk = queue.take(self.shell.capacity());
            let stream = match priority {
                Priority::Default => names::STREAM_STDIN,
                Priority::PromptResponse => names::STREAM_PROMPT_RESPONSE,
            };
            let make = |requests: &Requests| requests.send(Uuid::new_v4(), command_id.as_deref(), stream, &chunk);
            match self.shell.ask(make, PATIENCE).await.map_err(broken)? {
                Response::Fault(fault) if fault.is_too_large() && self.shell.shrink() => queue.put_back(chunk),
                Response::Fault(fault) => return Err(self.shell.error(&fault)),
                _ => {}
            }
        }
        Ok(())
    }

    async fn receive(&self, from: Channel) -> Result<Received, Error> {
        let command_id = self.shell.command_id(from)?;
        let mut repair = Repair::default();
        loop {
            let make = |requests: &Requests| requests.receive(Uuid::new_v4(), command_id.as_deref());
            match self.shell.ask(make, POLL_PATIENCE).await {
                Ok(Response::Received(receipt)) => {
                    repair = Repair::default();
                    let received = pick(receipt, command_id.as_deref());
                    if received.done || !received.payload.is_empty() {
                        return Ok(received);
                    }
                }
                Ok(Response::Fault(fault)) if fault.is_timed_out() => repair = Repair::default(),
                Ok(Response::Fault(fault)) if fault.code == code::COMMAND_TERMINATED && command_id.is_some() => {
                    return Ok(Received { payload: Vec::new(), done: true });
                }
                Ok(Response::Fault(fault)) => {
                    let error = self.shell.error(&fault);
                    let passing = fault.code == code::OPERATION_ABORTED && repair.first();
                    if !passing || !repair.pause().await {
                        return Err(error);
                    }
                }
                Ok(_) => return Err(Error::new(Reason::Protocol, "the server answers a Receive with something else")),
                Err(failure) => {
                    let error = failure.into_error();
                    if !error.retryable || !repair.pause().await {
                        return Err(gone(error));
                    }
                }
            }
        }
    }

    async fn signal(&self, pipeline: Uuid) -> Result<(), Error> {
        self.shell.signal(pipeline, names::SIGNAL_STOP).await
    }

    async fn release(&self, pipeline: Uuid) -> Result<(), Error> {
        self.shell.signal(pipeline, names::SIGNAL_TERMINATE).await?;
        lock(&self.shell.state).commands.remove(&pipeline);
        Ok(())
    }

    async fn close(&self) -> Result<(), Error> {
        let creation = lock(&self.creation).take();
        let shell = &self.shell;
        let closing = async {
            if let Some((creation, abort)) = creation {
                if shell.create_sent.load(Ordering::SeqCst) {
                    let _ = creation.await;
                } else {
                    abort.abort();
                }
            }
            shell.delete().await
        };
        let late = || Error::new(Reason::Network, "the shell could not be deleted within 10 s and may remain");
        let result = tokio::time::timeout(CLOSE, closing).await.unwrap_or_else(|_| Err(late()));
        shell.lanes.forget_idle();
        result
    }

    fn shell_may_remain(&self) -> bool {
        self.shell.may_exist()
    }
}

/// The shell on the server and what is known of it.
struct Shell {
    lanes: Lanes,
    configuration_name: String,
    state: Mutex<State>,
    /// The Create has left, so a shell may exist.
    create_sent: AtomicBool,
}

struct State {
    requests: Requests,
    stage: Stage,
    /// The server's ids of our pipelines.
    commands: HashMap<Uuid, String>,
    /// The largest envelope that the server takes, in bytes.
    envelope: usize,
}

/// Whether there is a shell to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// None was made, or it is deleted.
    None,
    /// It was asked for; the answer is not known.
    Asked,
    /// It exists.
    Open,
}

impl Shell {
    async fn create(&self, pool: Uuid, fragments: &[u8]) -> Result<(), Error> {
        let request = lock(&self.state).requests.create(Uuid::new_v4(), pool, PROTOCOL_VERSION, fragments);
        {
            let mut state = lock(&self.state);
            state.stage = Stage::Asked;
            state.requests.select(&pool.hyphenated().to_string().to_uppercase());
        }
        let sending = || self.create_sent.store(true, Ordering::SeqCst);
        let answer = self.lanes.exchange(&request, PATIENCE, sending).await;
        let answer = answer.and_then(|text| Response::parse(&text).map_err(|error| from_parse(&error)));
        let mut state = lock(&self.state);
        if !matches!(answer, Err(Failure::Broken(_))) {
            state.stage = Stage::None;
        }
        match answer.map_err(Failure::into_error)? {
            Response::Created(created) => {
                state.requests.select(&created.shell_id);
                if created.large_envelopes {
                    state.requests.use_large_envelopes();
                    state.envelope = state.requests.max_envelope();
                }
                state.stage = Stage::Open;
                Ok(())
            }
            Response::Fault(fault) => {
                if fault.is_timed_out() {
                    state.stage = Stage::Asked;
                }
                Err(self.error(&fault))
            }
            _ => Err(Error::new(Reason::Protocol, "the server answers a Create with something else")),
        }
    }

    /// Sends Command with as many fragments as fit, and gives back the rest.
    async fn start(&self, pipeline: Uuid, fragments: Vec<Bytes>) -> Result<Vec<Bytes>, Error> {
        let mut queue = Queue::new(fragments);
        loop {
            let chunk = queue.take(self.capacity());
            let make = |requests: &Requests| requests.command(Uuid::new_v4(), pipeline, &chunk);
            let started = self.ask(make, PATIENCE).await.map_err(|failure| match failure {
                Failure::Broken(error) => gone(error),
                // Nothing was started, so the whole attempt can be repeated if the cause may pass.
                other => {
                    let error = other.into_error();
                    Error { retryable: error.retryable, ..gone(error) }
                }
            })?;
            match started {
                Response::CommandStarted(id) => {
                    lock(&self.state).commands.insert(pipeline, id);
                    return Ok(queue.fragments);
                }
                Response::Fault(fault) if fault.is_too_large() && self.shrink() => queue.put_back(chunk),
                Response::Fault(fault) => return Err(self.error(&fault)),
                _ => return Err(Error::new(Reason::Protocol, "the server answers a Command with something else")),
            }
        }
    }

    /// Signals a command. One that is not there any more needs no signal.
    async fn signal(&self, pipeline: Uuid, code: &str) -> Result<(), Error> {
        let Some(command_id) = lock(&self.state).commands.get(&pipeline).cloned() else { return Ok(()) };
        let make = |requests: &Requests| requests.signal(Uuid::new_v4(), &command_id, code);
        let answer = match self.ask(make, PATIENCE).await {
            // To stop twice is to stop.
            Err(Failure::Broken(_)) => self.ask(make, PATIENCE).await,
            answer => answer,
        };
        match answer.map_err(broken)? {
            Response::Fault(fault) if !fault.is_gone() && fault.code != code::COMMAND_TERMINATED => {
                Err(self.error(&fault))
            }
            _ => Ok(()),
        }
    }

    fn may_exist(&self) -> bool {
        lock(&self.state).stage != Stage::None && self.create_sent.load(Ordering::SeqCst)
    }

    /// Deletes the shell, if there may be one.
    async fn delete(&self) -> Result<(), Error> {
        if !self.may_exist() {
            return Ok(());
        }
        let make = |requests: &Requests| requests.delete(Uuid::new_v4());
        let answer = match self.ask(make, CLOSE).await {
            Err(Failure::Broken(_)) => self.ask(make, CLOSE).await,
            answer => answer,
        };
        match answer.map_err(Failure::into_error)? {
            Response::Fault(fault) if !fault.is_gone() => Err(self.error(&fault)),
            _ => {
                let mut state = lock(&self.state);
                state.stage = Stage::None;
                state.commands.clear();
                Ok(())
            }
        }
    }

    /// One exchange on the shell.
    async fn ask(&self, make: impl Fn(&Requests) -> String, patience: Duration) -> Result<Response, Failure> {
        let request = make(&lock(&self.state).requests);
        let text = self.lanes.exchange(&request, patience, || {}).await;
        let text = match text {
            // The HTTP layer of the server is stricter than its WSMan layer.
            Err(Failure::Final(error)) if error.fault == Some(code::HTTP_TOO_LARGE) => {
                let fault = Fault { code: code::ENVELOPE_TOO_LARGE, message: error.message, ..Fault::default() };
                return Ok(Response::Fault(Box::new(fault)));
            }
            text => text?,
        };
        Response::parse(&text).map_err(|error| from_parse(&error))
    }

    /// How many bytes of fragments fit into one request.
    fn capacity(&self) -> usize {
        let state = lock(&self.state);
        state.requests.capacity(state.envelope)
    }

    /// Halves the envelope, unless it is small already.
    fn shrink(&self) -> bool {
        let mut state = lock(&self.state);
        let fits = state.envelope / 2 >= SMALLEST_ENVELOPE;
        if fits {
            state.envelope /= 2;
        }
        fits
    }

    /// The server's id of a channel's command, `None` for the pool.
    fn command_id(&self, channel: Channel) -> Result<Option<String>, Error> {
        let Channel::Pipeline(pipeline) = channel else { return Ok(None) };
        let found = lock(&self.state).commands.get(&pipeline).cloned();
        found.map(Some).ok_or_else(|| Error::new(Reason::Internal, format!("no command {pipeline} was started")))
    }

    fn error(&self, fault: &Fault) -> Error {
        from_fault(fault, &self.configuration_name)
    }
}

/// Pauses between the attempts of a Receive whose link is broken.
#[derive(Default)]
struct Repair {
    since: Option<Instant>,
    attempts: u32,
}

impl Repair {
    fn first(&self) -> bool {
        self.attempts == 0
    }

    /// Waits before the next attempt; `false` when the time for repairs is up.
    async fn pause(&mut self) -> bool {
        let since = *self.since.get_or_insert_with(Instant::now);
        let pause = REPAIR_PAUSE * 2_u32.saturating_pow(self.attempts.min(5));
        self.attempts += 1;
        if since.elapsed() + pause > REPAIR {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}

/// Fragments on their way into requests.
struct Queue {
    fragments: Vec<Bytes>,
}

impl Queue {
    fn new(fragments: Vec<Bytes>) -> Self {
        Self { fragments: fragments.into_iter().filter(|fragment| !fragment.is_empty()).collect() }
    }

    fn is_empty(&self) -> bool {
        self.fragments.is_empty()
    }

    /// As many whole fragments as fit, but never nothing: the receiver takes a stream of bytes, so a fragment that is
    /// too large for the server is cut.
    fn take(&mut self, capacity: usize) -> Bytes {
        let mut size = 0;
        let count = self.fragments.iter().take_while(|fragment| {
            size += fragment.len();
            size <= capacity
        });
        match (count.count(), self.fragments.first_mut()) {
            (0, Some(first)) => first.split_to(capacity.min(first.len())),
            (1, Some(_)) => self.fragments.remove(0),
            (count, _) => self.fragments.drain(..count).collect::<Vec<_>>().concat().into(),
        }
    }

    fn put_back(&mut self, chunk: Bytes) {
        self.fragments.insert(0, chunk);
    }
}

/// What of an answer belongs to the command that was asked for.
fn pick(receipt: Receipt, command_id: Option<&str>) -> Received {
    let ours = |id: &Option<String>| match (id.as_deref(), command_id) {
        (Some(id), Some(wanted)) => id.eq_ignore_ascii_case(wanted),
        (None, _) => true,
        (Some(_), None) => false,
    };
    let done = receipt.state.is_some_and(|state| state.done && ours(&state.command_id));
    let payloads = receipt.streams.into_iter().filter(|(id, _)| ours(id)).map(|(_, bytes)| bytes);
    let payload = payloads.reduce(|mut all, more| {
        all.extend(more);
        all
    });
    Received { payload: payload.unwrap_or_default(), done: done && command_id.is_some() }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Queue, pick};
    use crate::transport::Received;
    use crate::wsman::{CommandState, Receipt};

    fn chunks(sizes: &[usize], capacity: usize) -> Vec<usize> {
        let mut queue = Queue::new(sizes.iter().map(|&size| Bytes::from(vec![7; size])).collect());
        let mut taken = Vec::new();
        while !queue.is_empty() {
            taken.push(queue.take(capacity).len());
        }
        taken
    }

    #[test]
    fn packs_whole_fragments_and_cuts_only_what_cannot_fit() {
        assert_eq!(chunks(&[3, 3, 3], 10), [9]);
        assert_eq!(chunks(&[6, 3, 4], 10), [9, 4]);
        assert_eq!(chunks(&[10, 1], 10), [10, 1]);
        assert_eq!(chunks(&[25, 2], 10), [10, 10, 7]);
        assert_eq!(chunks(&[0], 10), [0_usize; 0]);
    }

    #[test]
    fn picks_what_belongs_to_the_command() {
        let receipt = || Receipt {
            streams: vec![(Some("A".into()), vec![1]), (Some("B".into()), vec![2]), (None, vec![3])],
            state: Some(CommandState { command_id: Some("a".into()), done: true }),
        };
        assert_eq!(pick(receipt(), Some("A")), Received { payload: vec![1, 3], done: true });
        assert_eq!(pick(receipt(), Some("B")), Received { payload: vec![2, 3], done: false });
        assert_eq!(pick(receipt(), None), Received { payload: vec![3], done: false });
    }
}
