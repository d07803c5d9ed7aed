//! A real PowerShell behind a shell: a child process that speaks the out-of-process framing.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::process::Command;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;

use super::backend::{Backend, Gone};
use super::outbox::{End, Outbox, Urgency};
use super::reported_version::ReportedVersion;
use super::server;
use crate::error_text;
use crate::psrp::message::{Header, MessageType};
use crate::psrp::{Defragmenter, cut};
use crate::target::LocalEndpoint;
use crate::transport::{self, Carrier, Channel, Priority};

/// How long the release of one pipeline may take before the child's end takes care of it.
const RELEASE_WAIT: Duration = Duration::from_secs(2);
/// The largest message of the child, in bytes.
const MAX_MESSAGE: usize = 256 << 20;

/// How many runspaces a client is told that the pool has which it attaches to.
const RUNSPACES: usize = 1;

/// Where a host's PowerShell lives: its own home, temporary folder, current folder and name.
#[derive(Debug, Clone)]
pub(super) struct Habitat {
    /// The program.
    pub pwsh: PathBuf,
    /// A folder that is the host's alone.
    pub folder: PathBuf,
    /// `COMPUTERNAME`.
    pub computer_name: String,
    /// The version that is reported to clients, if not its own.
    pub reported_version: Option<String>,
}

impl Habitat {
    /// Makes the folders.
    fn prepare(&self) -> io::Result<()> {
        [self.home(), self.tmp()].iter().try_for_each(fs::create_dir_all)
    }

    fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    fn tmp(&self) -> PathBuf {
        self.folder.join("tmp")
    }

    /// Gives the child the host's surroundings. Our own variables may hold secrets: it doesn't get them.
    fn settle(&self, command: &mut Command) {
        let ours =
            std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("PSFLEET_"));
        for name in ours {
            command.env_remove(name);
        }
        let tmp = self.tmp();
        command.env("HOME", self.home()).env("TMPDIR", &tmp).env("TEMP", &tmp).env("TMP", &tmp);
        command.env("COMPUTERNAME", &self.computer_name).current_dir(self.home());
    }
}

/// A child with the tasks that carry its output to the outboxes.
pub(super) struct Bridge {
    carrier: Arc<dyn Carrier>,
    object_id: AtomicU64,
    pipelines: Mutex<HashMap<Uuid, Pipeline>>,
    pool: Arc<Outbox>,
    reported_version: Option<String>,
    pool_pump: Mutex<Option<JoinHandle<()>>>,
    /// Holds one of the places for children until the child is gone.
    place: Mutex<Option<OwnedSemaphorePermit>>,
}

/// A registered pipeline. It is unknown to the child until its first message is whole.
struct Pipeline {
    outbox: Arc<Outbox>,
    started: bool,
}

impl Bridge {
    /// Starts a PowerShell.
    ///
    /// # Errors
    /// Why it cannot be started, in words.
    pub(super) fn start(habitat: &Habitat, pool: Arc<Outbox>, place: OwnedSemaphorePermit) -> Result<Self, String> {
        habitat.prepare().map_err(|error| format!("{}: {}", habitat.folder.display(), error_text::io(&error)))?;
        let endpoint = LocalEndpoint { pwsh: absolute(&habitat.pwsh) };
        let carrier = transport::local::start_with(&endpoint, |command| habitat.settle(command));
        let carrier: Arc<dyn Carrier> = Arc::from(carrier.map_err(|error| error.message)?);
        Ok(Self {
            carrier,
            object_id: AtomicU64::new(0),
            pipelines: Mutex::default(),
            pool,
            reported_version: habitat.reported_version.clone(),
            pool_pump: Mutex::default(),
            place: Mutex::new(Some(place)),
        })
    }

    fn pipelines(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Pipeline>> {
        self.pipelines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One message as one fragment: in one packet it cannot be torn apart.
    fn fragment(&self, message: &[u8]) -> Bytes {
        let object_id = self.object_id.fetch_add(1, Ordering::Relaxed) + 1;
        cut(object_id, &[message], usize::MAX).concat().into()
    }

    /// Marks a pipeline as started; says whether it is there and was not started before.
    fn begin(&self, id: Uuid) -> Option<Arc<Outbox>> {
        let mut pipelines = self.pipelines();
        let pipeline = pipelines.get_mut(&id).filter(|pipeline| !pipeline.started)?;
        pipeline.started = true;
        Some(Arc::clone(&pipeline.outbox))
    }
}

#[async_trait]
impl Backend for Bridge {
    async fn open(&self, messages: Vec<Vec<u8>>) -> Result<(), Gone> {
        let fragments = messages.iter().map(|message| self.fragment(message)).collect();
        self.carrier.create(Uuid::nil(), fragments).await.map_err(|_| Gone)?;
        let reported_version = self.reported_version.clone().map(|version| ReportedVersion::new(version, MAX_MESSAGE));
        let pump =
            tokio::spawn(pump(Arc::clone(&self.carrier), Channel::Pool, Arc::clone(&self.pool), reported_version));
        *self.pool_pump.lock().unwrap_or_else(PoisonError::into_inner) = Some(pump);
        Ok(())
    }

    /// PowerShell's server over stdio knows no second client, and takes this one for the first: what WSMan's plug-in
    /// would say to it is said here.
    async fn connect(&self, messages: Vec<Vec<u8>>) -> Result<Vec<u8>, Gone> {
        let (said, report) = server::welcome(&messages, RUNSPACES).ok_or(Gone)?;
        report.into_iter().for_each(|fragment| self.pool.push(fragment, Urgency::Flush));
        Ok(said)
    }

    fn register(&self, pipeline: Uuid, outbox: Arc<Outbox>) {
        self.pipelines().insert(pipeline, Pipeline { outbox, started: false });
    }

    async fn message(&self, channel: Channel, priority: Priority, message: Vec<u8>) -> Result<(), Gone> {
        let fragments = vec![self.fragment(&message)];
        if let Channel::Pipeline(id) = channel
            && let Some(outbox) = self.begin(id)
        {
            self.carrier.command(id, fragments).await.map_err(|_| Gone)?;
            tokio::spawn(pump(Arc::clone(&self.carrier), channel, outbox, None));
            return Ok(());
        }
        self.carrier.send(channel, priority, fragments).await.map_err(|_| Gone)
    }

    async fn stop(&self, pipeline: Uuid) {
        // A child that is gone has nothing to stop; its outbox tells the client.
        let _ = self.carrier.signal(pipeline).await;
    }

    async fn release(&self, pipeline: Uuid) {
        let started = self.pipelines().remove(&pipeline).is_some_and(|pipeline| pipeline.started);
        if started {
            let _ = timeout(RELEASE_WAIT, self.carrier.release(pipeline)).await;
        }
    }

    async fn close(&self) {
        let started: Vec<Uuid> =
            self.pipelines().drain().filter(|(_, pipeline)| pipeline.started).map(|(id, _)| id).collect();
        let released = started.iter().map(|id| timeout(RELEASE_WAIT, self.carrier.release(*id)));
        futures::future::join_all(released).await;
        // It has no way to fail: at worst the child was killed.
        let _ = self.carrier.close().await;
        self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Carries the output of one channel to its outbox until either ends.
async fn pump(
    carrier: Arc<dyn Carrier>,
    channel: Channel,
    outbox: Arc<Outbox>,
    mut reported_version: Option<ReportedVersion>,
) {
    let mut watcher = Watcher::new();
    while !outbox.has_ended() {
        let Ok(received) = carrier.receive(channel).await else { return outbox.end(End::Gone) };
        if received.done {
            return;
        }
        let (urgency, done) = watcher.watch(&received.payload);
        let payload = match &mut reported_version {
            Some(reported_version) => reported_version.apply(&received.payload),
            None => received.payload,
        };
        if !payload.is_empty() {
            outbox.push(payload.into(), urgency);
        }
        if done {
            return outbox.end(End::Done);
        }
        outbox.room().await;
    }
}

/// Follows the messages in a stream of fragments, for what the transport must know about them.
struct Watcher {
    defragmenter: Defragmenter,
}

impl Watcher {
    fn new() -> Self {
        Self { defragmenter: Defragmenter::new(MAX_MESSAGE) }
    }

    /// How urgent these bytes are, and whether they end a pipeline.
    fn watch(&mut self, payload: &[u8]) -> (Urgency, bool) {
        let (mut urgency, mut done) = (Urgency::Linger, false);
        self.defragmenter.push(payload);
        // A broken stream is for the client to find: what the child wrote is passed on as it is.
        while let Ok(Some(message)) = self.defragmenter.next_message() {
            match message_type(&message) {
                Some(MessageType::PipelineState) => done = true,
                Some(MessageType::ApplicationPrivateData) => urgency = Urgency::Opens,
                Some(MessageType::RunspacePoolState) if urgency == Urgency::Linger => urgency = Urgency::Flush,
                Some(
                    MessageType::RunspaceAvailability
                    | MessageType::EncryptedSessionKey
                    | MessageType::RunspacePoolHostCall
                    | MessageType::PipelineHostCall
                    | MessageType::UserEvent,
                ) if urgency == Urgency::Linger => urgency = Urgency::Flush,
                _ => {}
            }
        }
        (urgency, done)
    }
}

fn message_type(message: &[u8]) -> Option<MessageType> {
    Header::read(message).ok()?.0.message_type
}

/// The child gets another current folder, so a relative path must be resolved before; a bare name is for `PATH`.
fn absolute(program: &Path) -> PathBuf {
    match program.components().count() {
        1 => program.to_owned(),
        _ => std::path::absolute(program).unwrap_or_else(|_| program.to_owned()),
    }
}
