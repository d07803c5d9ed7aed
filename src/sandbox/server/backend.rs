//! A runspace pool on a host of the sandbox, as a shell's backend.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::host_calls;
use super::key::PoolKey;
use super::messages::{self, POOL_OPENED, Writer};
use super::pipeline::{Order, Pipeline, Thread};
use crate::clixml::Value;
use crate::psrp::message::MessageType;
use crate::sandbox::backend::{Backend, Gone, ShutDown};
use crate::sandbox::engine::Runspace;
use crate::sandbox::machine::Machine;
use crate::sandbox::outbox::{End, Outbox, Urgency};
use crate::transport::{Channel, Priority};

/// The most pipelines that one pool runs at once, whatever the client asks for.
const MAX_RUNSPACES: usize = 16;

/// The built-in server of one shell.
pub(crate) struct Builtin {
    pool: Arc<Outbox>,
    runspaces: Arc<Runspaces>,
    reported_version: Option<String>,
    writer: OnceLock<Arc<Writer>>,
    /// What INIT_RUNSPACEPOOL asked for.
    size: OnceLock<usize>,
    key: PoolKey,
    pipelines: Mutex<HashMap<Uuid, Arc<Pipeline>>>,
    shut_down: ShutDown,
    tasks: TaskTracker,
}

/// The runspaces of a pool; each serves one pipeline at a time.
struct Runspaces {
    machine: Arc<Machine>,
    idle: Mutex<Vec<Runspace>>,
    free: Semaphore,
}

impl Runspaces {
    fn idle(&self) -> MutexGuard<'_, Vec<Runspace>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that was used before, so that a script finds what the last one left behind; else a fresh one.
    fn take(&self) -> Runspace {
        let used = self.idle().pop();
        used.unwrap_or_else(|| Runspace::new(Arc::clone(&self.machine)))
    }
}

impl Builtin {
    /// A server that has not been opened.
    pub(crate) fn new(
        machine: Arc<Machine>,
        pool: Arc<Outbox>,
        reported_version: Option<String>,
        shut_down: ShutDown,
    ) -> Self {
        let runspaces = Arc::new(Runspaces { machine, idle: Mutex::default(), free: Semaphore::new(0) });
        Self {
            pool,
            runspaces,
            reported_version,
            writer: OnceLock::new(),
            size: OnceLock::new(),
            key: PoolKey::default(),
            pipelines: Mutex::default(),
            shut_down,
            tasks: TaskTracker::new(),
        }
    }

    fn pipelines(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Pipeline>>> {
        self.pipelines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pipeline(&self, id: Uuid) -> Option<Arc<Pipeline>> {
        self.pipelines().get(&id).cloned()
    }

    fn say(&self, writer: &Writer, message_type: MessageType, data: &Value, urgency: Urgency) {
        let mut fragments = writer.write(message_type, Uuid::nil(), data);
        let last = fragments.pop();
        fragments.into_iter().for_each(|fragment| self.pool.push(fragment, Urgency::Linger));
        last.into_iter().for_each(|fragment| self.pool.push(fragment, urgency));
    }

    /// Answers what is asked of the pool itself.
    fn answer(&self, message: &[u8]) {
        let (Some(writer), Ok((header, Some(data)))) = (self.writer.get(), messages::read(message)) else { return };
        match header.message_type {
            Some(MessageType::PublicKey) => self.exchange_key(writer, &data),
            Some(MessageType::GetAvailableRunspaces) => {
                let free = self.runspaces.free.available_permits();
                if let Some(answer) = messages::free_runspaces(&data, free) {
                    self.say(writer, MessageType::RunspaceAvailability, &answer, Urgency::Flush);
                }
            }
            _ => {}
        }
    }

    /// Answers a public key with the session's key. A broken one stays without answer, as with a real server.
    fn exchange_key(&self, writer: &Writer, data: &Value) {
        if let Some(sealed) = messages::encrypted_session_key(data, self.key.get()) {
            self.say(writer, MessageType::EncryptedSessionKey, &sealed, Urgency::Flush);
        }
    }

    /// Runs an order as soon as a runspace is free.
    fn run(&self, pipeline: Arc<Pipeline>, order: Order) {
        let Some(writer) = self.writer.get().cloned() else { return };
        let runspaces = Arc::clone(&self.runspaces);
        let (shut_down, key) = (Arc::clone(&self.shut_down), self.key.clone());
        self.tasks.spawn(async move {
            let Ok(_turn) = runspaces.free.acquire().await else { return };
            let mut runspace = runspaces.take();
            let runtime = Handle::current();
            let (own, own_writer) = (Arc::clone(&pipeline), Arc::clone(&writer));
            let used = supervise(&own, &own_writer, move |stack| {
                let thread = Thread { runtime, stack };
                pipeline.run(order, &mut runspace, &writer, &shut_down, &key, &thread);
                runspace
            });
            if let Some(runspace) = used.await {
                runspaces.idle().push(runspace);
            }
        });
    }
}

/// Threads that run pipelines, of all hosts together; others wait for their turn.
static THREADS: Semaphore = Semaphore::const_new(512);

/// Bytes of stack of such a thread, of which the system gives what is used: scripts call each other some thousand times.
const STACK: usize = 128 << 20;

/// Bytes of stack of a thread of tokio.
const SMALL_STACK: usize = 2 << 20;

/// Runs a pipeline on a thread of its own, and tells it the bytes of its stack. One that panics ends as failed at once,
/// and its runspace is gone.
async fn supervise<R: Send + 'static>(
    pipeline: &Pipeline,
    writer: &Writer,
    work: impl FnOnce(usize) -> R + Send + 'static,
) -> Option<R> {
    let _turn = THREADS.acquire().await.ok()?;
    let (sender, done) = oneshot::channel();
    let slot = Arc::new(Mutex::new(Some((work, sender))));
    let runtime = Handle::current();
    let run = |slot: Arc<Mutex<Option<_>>>, runtime: Handle, stack| {
        // What runs there waits for times and starts tasks.
        let _entered = runtime.enter();
        let taken = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((work, sender)) = taken {
            let work: Box<dyn FnOnce(usize) -> R + Send> = Box::new(work);
            let sender: oneshot::Sender<R> = sender;
            // Who asked for it may be gone.
            let _ = sender.send(work(stack));
        }
    };
    let (own, here) = (Arc::clone(&slot), runtime.clone());
    let thread = std::thread::Builder::new().name("pipeline".to_owned()).stack_size(STACK);
    if let Err(error) = thread.spawn(move || run(own, here, STACK)) {
        tracing::debug!(%error, "no thread with a great stack: a small one has to do");
        let own = Arc::clone(&slot);
        drop(tokio::task::spawn_blocking(move || run(own, runtime, SMALL_STACK)));
    }
    drop(slot);
    match done.await {
        Ok(result) => Some(result),
        Err(error) => {
            tracing::error!(%error, "the engine failed under a pipeline");
            pipeline.break_down(writer);
            None
        }
    }
}

#[async_trait]
impl Backend for Builtin {
    async fn open(&self, opening: Vec<Vec<u8>>) -> Result<(), Gone> {
        let [capability, init, ..] = &opening[..] else { return Err(Gone) };
        let (header, capability) = messages::read(capability).map_err(|_| Gone)?;
        let version = capability.as_ref().and_then(messages::agree).ok_or(Gone)?;
        let (_, init) = messages::read(init).map_err(|_| Gone)?;
        let runspaces = init.as_ref().map_or(1, messages::max_runspaces).clamp(1, MAX_RUNSPACES);
        let writer = Arc::new(Writer::new(header.pool, init.as_ref().is_some_and(host_calls::has_interface)));
        self.runspaces.free.add_permits(runspaces);
        self.size.set(runspaces).map_err(|_| Gone)?;
        let private_data =
            messages::private_data(self.runspaces.machine.host(), &version, self.reported_version.as_deref());
        let capability = messages::session_capability(&version);
        self.say(&writer, MessageType::SessionCapability, &capability, Urgency::Linger);
        self.say(&writer, MessageType::ApplicationPrivateData, &private_data, Urgency::Opens);
        self.say(&writer, MessageType::RunspacePoolState, &messages::pool_state(POOL_OPENED), Urgency::Flush);
        self.writer.set(writer).map_err(|_| Gone)
    }

    async fn connect(&self, messages: Vec<Vec<u8>>) -> Result<Vec<u8>, Gone> {
        let (Some(writer), Some(size)) = (self.writer.get(), self.size.get()) else { return Err(Gone) };
        let (version, said) = messages::welcome(&messages, writer, *size).ok_or(Gone)?;
        let private_data =
            messages::private_data(self.runspaces.machine.host(), &version, self.reported_version.as_deref());
        self.say(writer, MessageType::RunspacePoolState, &messages::pool_state(POOL_OPENED), Urgency::Flush);
        self.say(writer, MessageType::ApplicationPrivateData, &private_data, Urgency::Flush);
        Ok(said)
    }

    fn register(&self, pipeline: Uuid, outbox: Arc<Outbox>) {
        self.pipelines().insert(pipeline, Arc::new(Pipeline::new(pipeline, outbox)));
    }

    async fn message(&self, channel: Channel, _priority: Priority, message: Vec<u8>) -> Result<(), Gone> {
        // An open pool takes nothing but a public key, and no host call waits for an answer.
        let Channel::Pipeline(id) = channel else {
            self.answer(&message);
            return Ok(());
        };
        let Some(pipeline) = self.pipeline(id) else { return Ok(()) };
        let Ok((header, data)) = messages::read(&message) else {
            self.pool.end(End::Gone);
            return Err(Gone);
        };
        if let Some(order) = header.message_type.and_then(|message_type| pipeline.take(message_type, data)) {
            self.run(pipeline, order);
        }
        Ok(())
    }

    async fn stop(&self, pipeline: Uuid) {
        if let Some(pipeline) = self.pipeline(pipeline) {
            pipeline.stop();
        }
    }

    async fn release(&self, pipeline: Uuid) {
        let pipeline = self.pipelines().remove(&pipeline);
        pipeline.into_iter().for_each(|pipeline| pipeline.stop());
    }

    async fn close(&self) {
        self.pipelines().drain().for_each(|(_, pipeline)| pipeline.stop());
        self.tasks.close();
        self.tasks.wait().await;
        // Whoever sees the shell gone sees what it started gone.
        self.runspaces.idle().clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use uuid::Uuid;

    use super::{Pipeline, Writer, supervise};
    use crate::sandbox::outbox::Outbox;

    /// The client waits for the pipeline's end: a panic must be one.
    #[tokio::test]
    async fn a_panic_ends_the_pipeline() {
        let outbox = Arc::new(Outbox::default());
        let pipeline = Pipeline::new(Uuid::from_u128(7), Arc::clone(&outbox));
        let writer = Writer::new(Uuid::from_u128(3), false);
        let used: Option<()> = supervise(&pipeline, &writer, |_| panic!("a fault of the engine")).await;
        assert!(used.is_none());
        let batch = outbox.receive(Duration::from_secs(5), 500_000).await.expect("the end");
        let text: Vec<u8> = batch.chunks.concat();
        assert!(batch.done && String::from_utf8_lossy(&text).contains("SandboxFailed"));
    }
}
