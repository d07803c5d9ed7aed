//! A shell that its client has left is attached to, and what its pipeline writes is handed on, as the task of a run.
//!
//! Whoever left it: psfleet, PowerShell's Disconnect-PSSession, another client. The shell's id is the pool's, and the
//! command's the pipeline's, as all of them have it. Unless it [shall be removed](Stays), it is left again when its
//! pipeline has ended, as it is when the user wants no more of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Uncollected;
use super::choice::{Refusal, Which, configuration};
use super::list::late;
use crate::fleet::{Approach, AttemptEnd, Task, TaskEnd};
use crate::left_shell::LeftShell;
use crate::outcome::{Outcome, Reason};
use crate::session::{self, Followed, Session};
use crate::target::{Endpoint, Target, WinrmEndpoint};
use crate::transport::http::TlsCache;
use crate::transport::wsman::{HostShells, ListedShell, WsmanCarrier};
use crate::transport::{self, Admission, Carrier};
use crate::wsman::names::code;

/// For how long a host keeps a shell that does not say so: the default since WinRM 3.
const KEPT: Duration = Duration::from_secs(2 * 60 * 60);

/// What becomes of a shell whose pipeline has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// It is left again, with all its variables.
    Yes,
    /// It is removed.
    No,
}

/// Attaches to a shell of each target.
pub struct Connect {
    which: Which,
    stays: Stays,
    /// How long to wait for the end on each target.
    wait: Option<Duration>,
    uncollected: Uncollected,
    tls_cache: TlsCache,
    /// Targets on which it still runs, and those whose shell is there without running anything.
    running: AtomicUsize,
    idle: AtomicUsize,
}

/// How an attempt without an end of its pipeline ended.
enum Failure {
    Refused(Refusal),
    Session(session::Error),
}

impl<E: Into<session::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Session(error.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Connect {
    /// `wait` limits the time on each target, after which what still runs is left again.
    pub fn new(which: Which, stays: Stays, wait: Option<Duration>, uncollected: Uncollected) -> Self {
        let (running, idle) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { which, stays, wait, uncollected, tls_cache: TlsCache::new(), running, idle }
    }

    /// On how many targets the pipeline still runs.
    pub fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    /// On how many targets the shell was left with nothing running in it.
    pub fn idle(&self) -> usize {
        self.idle.load(Ordering::Relaxed)
    }

    async fn work(&self, approach: Approach<'_>) -> Result<TaskEnd, Failure> {
        let Approach { target, forward, admission, stop, .. } = approach;
        let limit = target.timeouts.open;
        let looking = admission.clock().within(limit, self.look(target, &admission));
        let found = stop.run_until_cancelled(looking).await.ok_or(session::Error::Stopped)?;
        let (host, shell, command) = found.unwrap_or_else(|| Err(late(limit).into()))?;
        let site = Seen { host: &host, shell: &shell, limit, stop };
        let Some(command) = command else { return self.nothing_runs(site).await };
        let mut left = left(&shell, &command)?;
        if let Some(owned) = self.uncollected.owner(&shell) {
            // Whoever looks in does not shorten the time of the run that left it.
            left.keep_for = left.keep_for.max(owned.keep_for.as_secs());
        }
        let told = |error| denied(error, &shell);
        // The list was answered: the password is right.
        let carrier: Arc<dyn Carrier> = Arc::new(WsmanCarrier::new(&of(target, &shell), &self.tls_cache)?);
        let mut session = Session::attach(Arc::clone(&carrier), &left, limit, stop).await.map_err(told)?;
        match session.follow(&left, self.wait, stop, forward).await {
            // Its command has kept its slot, as some clients let it, but nothing more comes of it.
            Err(error) if is_over(&error) && site.is_there().await? => self.nothing_runs(site).await,
            Err(error) => Err(error.into()),
            Ok(Followed::Ended(report)) => {
                match self.stays {
                    Stays::No => session.close().await,
                    Stays::Yes => {
                        session.leave_idle(&left).await;
                        self.idle.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Ok(TaskEnd::Ran(report))
            }
            Ok(Followed::Left(keep_for)) => {
                self.running.fetch_add(1, Ordering::Relaxed);
                let end = AttemptEnd::detached(LeftShell { keep_for, ..left });
                Ok(TaskEnd::Ended(AttemptEnd { message: format!("still running: {}", end.message), ..end }))
            }
        }
    }

    /// The shell that is meant, and the command in it.
    async fn look(
        &self,
        target: &Target,
        admission: &Admission,
    ) -> Result<(HostShells, ListedShell, Option<String>), Failure> {
        let host = HostShells::connect(target, &self.tls_cache, admission).await?;
        let shells = host.list(admission).await?;
        let shell = self.which.choose(&shells, &self.uncollected)?.clone();
        let mut commands = host.commands(&shell).await?;
        if commands.len() > 1 {
            let message = format!("{} pipelines are in the shell {}", commands.len(), shell.shell_id);
            let hint = "psfleet receives from one; Connect-PSSession takes them all";
            return Err(Refusal::new(Reason::NoShell, message, hint).into());
        }
        Ok((host, shell, commands.pop()))
    }

    /// The end where a shell has nothing that could be received: it may still be removed.
    async fn nothing_runs(&self, seen: Seen<'_>) -> Result<TaskEnd, Failure> {
        match self.stays {
            Stays::No => {
                seen.delete().await?;
                Ok(TaskEnd::Ended(AttemptEnd::new(Outcome::Ok, None, "")))
            }
            Stays::Yes => {
                let shell = &seen.shell.shell_id;
                let message = format!("no pipeline runs in the shell {shell}, so there is nothing to receive");
                let hint = "--close removes it; Connect-PSSession takes it back";
                Err(Refusal::new(Reason::NoShell, message, hint).into())
            }
        }
    }
}

/// Whether nothing more comes of a command, or of its shell.
fn is_over(error: &session::Error) -> bool {
    error.is_gone() || matches!(error, session::Error::Vanished)
}

/// A shell that was seen on its host, and how long whoever asks about it waits.
#[derive(Clone, Copy)]
struct Seen<'a> {
    host: &'a HostShells,
    shell: &'a ListedShell,
    limit: Duration,
    stop: &'a CancellationToken,
}

impl Seen<'_> {
    /// Whether the host still has it. A host that does not say so proves nothing.
    async fn is_there(self) -> Result<bool, session::Error> {
        let admission = Admission::free();
        let shells = self.in_time(self.host.list(&admission), late).await?;
        Ok(shells.iter().any(|other| other.shell_id == self.shell.shell_id))
    }

    async fn delete(self) -> Result<(), session::Error> {
        self.in_time(self.host.delete(self.shell), undeleted).await
    }

    /// The answer, unless it is late or the user wants no more of it.
    async fn in_time<T>(
        self,
        asking: impl Future<Output = Result<T, transport::Error>>,
        late: fn(Duration) -> transport::Error,
    ) -> Result<T, session::Error> {
        let asking = tokio::time::timeout(self.limit, asking);
        let answer = self.stop.run_until_cancelled(asking).await.ok_or(session::Error::Stopped)?;
        Ok(answer.unwrap_or_else(|_| Err(late(self.limit)))?)
    }
}

fn undeleted(limit: Duration) -> transport::Error {
    let message = format!("the host did not remove the shell within the open timeout of {} s", limit.as_secs_f32());
    let hint = "it may still be there: psfleet session ls shows it; --open-timeout waits longer";
    transport::Error::new(Reason::ConnectTimeout, message).with_hint(hint).behind_proof()
}

/// What it takes to attach to the command in a shell.
fn left(shell: &ListedShell, command: &str) -> Result<LeftShell, Refusal> {
    let id = |text: &str| Uuid::try_parse(text).ok();
    let (Some(pool), Some(pipeline)) = (id(&shell.shell_id), id(command)) else {
        let message = format!("the shell {} has ids that no client of PowerShell gives", shell.shell_id);
        return Err(Refusal::new(Reason::NoShell, message, "only its own client can attach to it"));
    };
    let keep_for = shell.idle_timeout.unwrap_or(KEPT).as_secs();
    Ok(LeftShell {
        pool,
        shell: shell.shell_id.clone(),
        pipeline,
        command: command.to_owned(),
        wrapped: false,
        keep_for,
        process: None,
    })
}

/// The target as the shell's requests must address it.
fn of(target: &Target, shell: &ListedShell) -> Target {
    let endpoint = match (&target.endpoint, configuration(shell)) {
        (Endpoint::Winrm(endpoint), Some(name)) => {
            Endpoint::Winrm(WinrmEndpoint { configuration_name: name.to_owned(), ..endpoint.clone() })
        }
        (other, _) => other.clone(),
    };
    Target { endpoint, ..target.clone() }
}

/// What a refusal means for a shell that was seen: an administrator sees those of others, and cannot attach to them.
fn denied(error: session::Error, shell: &ListedShell) -> Failure {
    match &error {
        session::Error::Transport(fault)
            if matches!(fault.fault, Some(code::ACCESS_DENIED | code::DIFFERENT_AUTHZ_TOKEN)) =>
        {
            let owner = if shell.owner.is_empty() { "another user" } else { &shell.owner };
            let message = format!("the shell {} is of {owner}, and only its user can attach to it", shell.shell_id);
            Refusal::new(Reason::EndpointDenied, message, "--user names that user").into()
        }
        _ => error.into(),
    }
}

impl Failure {
    fn end(self) -> AttemptEnd {
        let error = match self {
            Self::Refused(Refusal { reason, message, hint }) => {
                let outcome = if reason == Reason::EndpointDenied { Outcome::Auth } else { Outcome::Failed };
                return AttemptEnd { hint: Some(hint.into_owned()), ..AttemptEnd::new(outcome, Some(reason), message) };
            }
            Self::Session(error) => error,
        };
        if is_over(&error) {
            let message = "the shell went while it was attached to: it was removed, or the host restarted";
            return AttemptEnd::new(Outcome::Lost, Some(Reason::LinkBroken), message);
        }
        match error.reason() {
            Reason::InUse => AttemptEnd { outcome: Outcome::Failed, ..AttemptEnd::not_opened(&error) },
            _ => AttemptEnd::not_opened(&error),
        }
    }
}

#[async_trait]
impl Task for Connect {
    async fn approach(&self, approach: Approach<'_>) -> Option<TaskEnd> {
        Some(self.work(approach).await.unwrap_or_else(|failure| TaskEnd::Ended(failure.end())))
    }

    fn leaves(&self) -> bool {
        true
    }

    /// What had come is not there a second time.
    fn is_repeatable(&self) -> bool {
        false
    }
}
