//! One host: what its WinRM service does with a request.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::backend::{Backend, ShutDown};
use super::bridge::{Bridge, Habitat};
use super::fault::{FaultKind, mix};
use super::machine::Machine;
use super::options::{Engine, Options};
use super::outbox::Outbox;
use super::power::{self, Power};
use super::server::Builtin;
use super::shell::Shell;
use super::stats::{Counters, Stats};
use super::wsman::{Body, CommandState, Fault, Reply, Request, ShellFacts};
use crate::secret::Secret;
use crate::wsman::names;

/// What `slow` adds to every answer.
const SLOW: Duration = Duration::from_secs(2);
/// How long Windows keeps a shell that nobody uses, unless its client says otherwise.
const IDLE_TIMEOUT: Duration = Duration::from_secs(7200);
/// After this time `blocking` answers a Delete even so.
const BLOCKED_DELETE: Duration = Duration::from_secs(12);
/// `loss` drops one request in this many.
const LOSS: u64 = 5;

/// What the hosts of a fleet share.
pub(super) struct Shared {
    /// What the fleet is made from.
    pub options: Options,
    /// The one user of all hosts.
    pub user: String,
    /// The hosts' keys, if they take tickets.
    pub server: Option<Arc<psfleet_gssapi::Credential>>,
    /// When the fleet started.
    pub started: Timestamp,
    /// Where hosts keep their files.
    pub folder: PathBuf,
    /// Places for PowerShell processes.
    pub places: Arc<Semaphore>,
    /// What is counted.
    pub counters: Counters,
    /// Background work that must end with the fleet.
    pub tasks: TaskTracker,
    /// Set when the fleet ends.
    pub closing: CancellationToken,
    shells: Mutex<HashMap<ShellKey, Arc<Shell>>>,
    dice: AtomicU64,
}

/// MaxShellsPerUser of a host whose shells are used up: the default of most versions of Windows.
const USUAL_SHELLS: usize = 30;

/// A host's index and a ShellId.
type ShellKey = (u32, String);

impl Shared {
    /// The state of a new fleet.
    pub(super) fn new(options: Options, user: String, folder: PathBuf) -> Self {
        Self {
            places: Arc::new(Semaphore::new(options.engine_processes)),
            options,
            user,
            server: None,
            started: Timestamp::now(),
            folder,
            counters: Counters::default(),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            shells: Mutex::default(),
            dice: AtomicU64::new(0),
        }
    }

    /// The live shells of one host, by their ids.
    pub(super) fn shells_of(&self, index: u32) -> Vec<Arc<Shell>> {
        let shells = self.shells();
        let mut found: Vec<_> = shells.iter().filter(|((host, _), shell)| *host == index && shell.is_alive()).collect();
        found.sort_unstable_by_key(|(key, _)| *key);
        found.into_iter().map(|(_, shell)| Arc::clone(shell)).collect()
    }

    fn shells(&self) -> MutexGuard<'_, HashMap<ShellKey, Arc<Shell>>> {
        self.shells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the only user of a host may have another shell there.
    fn check_room(&self, shells: &HashMap<ShellKey, Arc<Shell>>, index: u32) -> Result<(), Fault> {
        let limit = self.options.shells_per_user;
        let is_full =
            shells.len() >= limit && shells.keys().filter(|(host, _)| *host == index).take(limit).count() == limit;
        if is_full { Err(Fault::shell_quota(limit)) } else { Ok(()) }
    }

    /// Takes the shells of one host out, to be closed.
    pub(super) fn take_shells_of(&self, index: u32) -> Vec<Arc<Shell>> {
        self.shells().extract_if(|(host, _), _| *host == index).map(|(_, shell)| shell).collect()
    }

    /// The counters now.
    pub(super) fn stats(&self) -> Stats {
        let counters = &self.counters;
        let (mut open_shells, mut open_commands) = (0, 0);
        for shell in self.shells().values().filter(|shell| shell.is_alive()) {
            open_shells += 1;
            open_commands += shell.command_count() as u64;
        }
        Stats {
            hosts: self.options.hosts,
            open_shells,
            open_commands,
            engine_processes: self.options.engine_processes.saturating_sub(self.places.available_permits()) as u64,
            connections: Counters::read(&counters.connections),
            logons: Counters::read(&counters.logons),
            failed_logons: Counters::read(&counters.failed_logons),
            requests: Counters::read(&counters.requests),
        }
    }

    /// Takes all shells out, to be closed.
    pub(super) fn take_shells(&self) -> Vec<Arc<Shell>> {
        self.shells().drain().map(|(_, shell)| shell).collect()
    }

    /// The next number of a sequence that the seed determines.
    fn roll(&self) -> u64 {
        mix(self.options.seed ^ mix(self.dice.fetch_add(1, Ordering::Relaxed)))
    }
}

/// One host of the fleet.
pub(super) struct Host {
    /// Its name, as in `web001`.
    pub name: String,
    /// Its place in the fleet, from 0.
    pub index: u32,
    /// What scripts on the built-in engine find.
    pub machine: Arc<Machine>,
    /// Whether it is up.
    pub power: Arc<Power>,
    /// What is wrong with it.
    pub fault: Option<FaultKind>,
    /// The password that it takes.
    pub password: Secret<String>,
    /// What all hosts share.
    pub shared: Arc<Shared>,
}

/// What becomes of a request that was understood.
#[derive(Debug)]
pub(super) enum Answer {
    /// A reply in full.
    Whole(Reply),
    /// A reply that breaks off in the middle.
    Broken(Reply),
}

impl Host {
    /// How long to hold an answer back.
    pub(super) fn delay(&self) -> Duration {
        let Options { latency, jitter, .. } = self.shared.options;
        let mut delay = latency;
        if !jitter.is_zero() {
            let span = 2 * jitter.as_micros() as u64 + 1;
            delay = (latency + Duration::from_micros(self.shared.roll() % span)).saturating_sub(jitter);
        }
        if self.fault == Some(FaultKind::Slow) { delay + SLOW } else { delay }
    }

    /// Whether the request that has just come gets lost.
    pub(super) fn loses_request(&self) -> bool {
        self.fault == Some(FaultKind::Loss) && self.shared.roll().is_multiple_of(LOSS)
    }

    /// Does what a request asks for.
    ///
    /// # Errors
    /// The fault to answer with.
    pub(super) async fn handle(&self, request: &Request, client: IpAddr) -> Result<Answer, Fault> {
        let hangs = matches!(
            (self.fault, &request.body),
            (Some(FaultKind::NoStart), Body::Create { .. })
                | (Some(FaultKind::Stuck), Body::Signal { .. } | Body::Delete)
        );
        if hangs {
            self.shared.closing.cancelled().await;
            return Err(Fault::plugin_failed("the sandbox ends"));
        }
        let reply = match &request.body {
            Body::Create { shell_id, name, creation } => {
                let facts = self.shell_facts(request, shell_id.as_deref(), name.clone(), client);
                self.create(request, facts, creation.clone()).await?
            }
            Body::Command { command_id, arguments } => {
                let shell = self.connected(request)?;
                self.block(&shell).await;
                let quota = self.shared.options.commands_per_shell;
                Reply::Started(match self.fault {
                    Some(FaultKind::Crash) => shell.die_under(command_id.as_deref(), quota).await?,
                    _ => shell.start(command_id.as_deref(), arguments, quota).await?,
                })
            }
            Body::Send(streams) => {
                let shell = self.connected(request)?;
                for stream in streams {
                    shell.send(stream).await?;
                }
                self.block(&shell).await;
                Reply::Sent
            }
            Body::Receive { command_id } => return self.receive(request, command_id.as_deref()).await,
            Body::Signal { command_id, code } => {
                let shell = self.connected(request)?;
                match &**code {
                    names::SIGNAL_STOP => shell.stop(command_id)?,
                    _ => shell.terminate(command_id)?,
                }
                Reply::Signalled
            }
            Body::Disconnect { idle } => {
                let shell = self.connected(request)?;
                self.keep(self.key(request)?, &shell, idle.unwrap_or(IDLE_TIMEOUT));
                Reply::Disconnected
            }
            Body::Reconnect => {
                self.shell(request)?.reconnect(request.session.as_deref())?;
                Reply::Reconnected
            }
            Body::Connect { command_id: None, opening } => {
                Reply::Connected(self.shell(request)?.connect(request.session.as_deref(), opening).await?)
            }
            Body::Connect { command_id: Some(id), .. } => {
                // It has its outbox already: that it exists is all there is to say.
                self.connected(request)?.outbox(Some(id))?;
                Reply::Connected(Vec::new())
            }
            Body::Delete => {
                let shell = self.find(request)?;
                // The time is up, or it is not: the shell is deleted either way.
                let _ = tokio::time::timeout(BLOCKED_DELETE, self.block(&shell)).await;
                self.delete(request)?
            }
            Body::Get => Reply::Shell(self.shell(request)?.facts()),
            Body::Enumerate { .. } | Body::Pull { .. } => Reply::Page(self.page(request)?),
            Body::Identify => return Err(Fault::schema("Identify is answered before the logon only")),
        };
        Ok(Answer::Whole(reply))
    }

    /// Keeps a shell without a client for so long, then removes it with what it runs.
    fn keep(&self, key: ShellKey, shell: &Arc<Shell>, idle: Duration) {
        let came = shell.disconnect();
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            tokio::select! {
                () = came => return,
                () = shared.closing.cancelled() => return,
                () = tokio::time::sleep(idle) => {}
            }
            let shell = shared.shells().remove(&key);
            if let Some(shell) = shell {
                shell.close().await;
            }
        });
    }

    /// Waits as long as the plug-in of a host that blocks has reports of the shell that nobody takes.
    async fn block(&self, shell: &Shell) {
        if self.fault == Some(FaultKind::Blocking) {
            tokio::select! {
                () = shell.awaited() => {}
                () = self.shared.closing.cancelled() => {}
            }
        }
    }

    fn shell_facts(&self, request: &Request, id: Option<&str>, name: Option<String>, client: IpAddr) -> ShellFacts {
        ShellFacts {
            id: id.map_or_else(|| format!("{:X}", Uuid::new_v4().hyphenated()), str::to_owned),
            name,
            resource_uri: request.resource_uri.clone(),
            owner: format!("{}\\{}", self.name.to_uppercase(), self.shared.user),
            client_ip: client.to_string(),
            process_id: 1000 + self.index,
            age: 0,
            idle: 0,
            is_connected: true,
        }
    }

    async fn create(&self, request: &Request, facts: ShellFacts, creation: Vec<u8>) -> Result<Reply, Fault> {
        self.admit(request)?;
        let key = (self.index, facts.id.clone());
        if self.shared.shells().contains_key(&key) {
            return Err(Fault::shell_exists());
        }
        self.shared.check_room(&self.shared.shells(), self.index)?;
        let pool = Arc::new(Outbox::default());
        let backend = self.backend(&pool).await?;
        let shell = Arc::new(Shell::new(facts.clone(), request.session.clone(), backend, pool));
        {
            let mut shells = self.shared.shells();
            // Others may have been quicker.
            self.shared.check_room(&shells, self.index)?;
            shells.insert(key.clone(), Arc::clone(&shell));
        }
        // A client that leaves in the middle must not leave a shell that is half open.
        let shared = Arc::clone(&self.shared);
        let opening = self.shared.tasks.spawn(async move {
            let opened = shell.open(&creation).await;
            if opened.is_err() {
                shared.shells().remove(&key);
                shell.close().await;
            }
            opened
        });
        opening.await.unwrap_or_else(|_| Err(Fault::plugin_failed("the sandbox has a bug")))?;
        Ok(Reply::Created(facts))
    }

    /// Whether a shell may be created at all.
    fn admit(&self, request: &Request) -> Result<(), Fault> {
        // A cmd shell has no protocolversion: which resource is asked for comes first.
        let configuration = request.resource_uri.strip_prefix(names::RESOURCE_PREFIX).unwrap_or_default();
        if configuration != "Microsoft.PowerShell" && !configuration.starts_with("PowerShell.7") {
            return Err(Fault::resource_uri(&request.resource_uri));
        }
        if request.protocol_version.is_none() {
            return Err(Fault::protocol_version_missing());
        }
        match self.fault {
            Some(FaultKind::Quota) => Err(Fault::shell_quota(self.shared.options.shells_per_user.min(USUAL_SHELLS))),
            Some(FaultKind::Denied) => Err(Fault::access_denied()),
            _ => Ok(()),
        }
    }

    async fn backend(&self, pool: &Arc<Outbox>) -> Result<Box<dyn Backend>, Fault> {
        match self.shared.options.engine {
            Engine::Builtin => Ok(Box::new(Builtin::new(
                Arc::clone(&self.machine),
                Arc::clone(pool),
                self.shared.options.reported_version.clone(),
                self.shut_down(),
            ))),
            Engine::Pwsh => {
                let place = Arc::clone(&self.shared.places).acquire_owned().await;
                let place = place.map_err(|_| Fault::plugin_failed("the sandbox ends"))?;
                let bridge = Bridge::start(&self.habitat(), Arc::clone(pool), place);
                Ok(Box::new(bridge.map_err(|why| Fault::plugin_failed(&why))?))
            }
        }
    }

    /// What scripts do to take the host down.
    fn shut_down(&self) -> ShutDown {
        let (power, machine, shared) = (Arc::clone(&self.power), Arc::clone(&self.machine), Arc::clone(&self.shared));
        let index = self.index;
        Arc::new(move |comes_back| {
            let fleet = Arc::clone(&shared);
            let loss = power::Loss {
                machine: Arc::clone(&machine),
                shells: Box::new(move || fleet.take_shells_of(index)),
                closing: shared.closing.clone(),
            };
            power::shut_down(&power, loss, &shared.tasks, comes_back);
        })
    }

    fn habitat(&self) -> Habitat {
        Habitat {
            pwsh: self.shared.options.pwsh.clone(),
            folder: self.shared.folder.join(&self.name),
            computer_name: self.name.to_uppercase(),
            reported_version: self.shared.options.reported_version.clone(),
        }
    }

    fn key(&self, request: &Request) -> Result<ShellKey, Fault> {
        let id = request.shell_id.clone().ok_or_else(|| Fault::schema("the selector ShellId is missing"))?;
        Ok((self.index, id))
    }

    /// The shell that a request names, dead or alive.
    fn find(&self, request: &Request) -> Result<Arc<Shell>, Fault> {
        let key = self.key(request)?;
        let shell = self.shared.shells().get(&key).cloned().ok_or_else(Fault::not_found)?;
        shell.used();
        Ok(shell)
    }

    /// The live shell that a request names.
    pub(super) fn shell(&self, request: &Request) -> Result<Arc<Shell>, Fault> {
        let shell = self.find(request)?;
        if shell.is_alive() { Ok(shell) } else { Err(Fault::not_found()) }
    }

    /// The live shell that a request names, if it has a client.
    fn connected(&self, request: &Request) -> Result<Arc<Shell>, Fault> {
        let shell = self.shell(request)?;
        if shell.is_connected() { Ok(shell) } else { Err(Fault::shell_disconnected()) }
    }

    async fn receive(&self, request: &Request, command_id: Option<&str>) -> Result<Answer, Fault> {
        // A dead shell's last words are still there.
        let shell = self.find(request)?;
        let outbox = shell.outbox(command_id)?;
        let batch = tokio::select! {
            biased;
            () = shell.left() => Err(Fault::shell_disconnected()),
            batch = outbox.receive(request.timeout, request.max_envelope) => batch,
        }?;
        let reply = Reply::Output {
            command_id: command_id.map(str::to_owned),
            chunks: batch.chunks.clone(),
            state: if batch.done { CommandState::Done } else { CommandState::Running },
        };
        if self.fault == Some(FaultKind::Reset) && command_id.is_some() && outbox.break_once() {
            outbox.restore(batch);
            return Ok(Answer::Broken(reply));
        }
        Ok(Answer::Whole(reply))
    }

    fn delete(&self, request: &Request) -> Result<Reply, Fault> {
        let key = self.key(request)?;
        let shell = self.shared.shells().remove(&key);
        let shell = shell.ok_or_else(Fault::not_found)?;
        self.shared.tasks.spawn(async move { shell.close().await });
        Ok(Reply::Deleted)
    }
}
