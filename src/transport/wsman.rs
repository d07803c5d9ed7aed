//! The carrier over WinRM: PSRP fragments in WSMan shells and commands, on HTTP lanes.
//!
//! A shell is a runspace pool, a command is a pipeline. A long poll and whatever must be said meanwhile use two lanes,
//! the second made when it is needed. What may be repeated after a broken connection is decided here: a Receive may
//! (the server keeps what was not delivered), Create and Command may not.

mod fault_error;
mod host_shells;
mod label;
mod listener;
mod poll;
mod queue;
mod shell;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::task::AbortHandle;
use uuid::Uuid;

pub use self::host_shells::{HostShells, Opener};
pub use self::label::our_label;
use self::queue::Queue;
use self::shell::Shell;
use self::wire::Wire;
use super::http::TlsCache;
use super::{Admission, Carrier, Channel, Error, Priority, Received};
use crate::left_shell::LeftShell;
use crate::outcome::Reason;
use crate::target::{Endpoint, Target};
pub use crate::wsman::ListedShell;
use crate::wsman::names;

/// How long closing may take in all.
const CLOSE: Duration = Duration::from_secs(10);
/// How long closing may take in all with a server that has never answered.
const SILENT_CLOSE: Duration = Duration::from_secs(1);

/// A running Create that outlives the future that asked for it.
type Creation = Shared<BoxFuture<'static, Result<(), Error>>>;

/// PSRP over WSMan over HTTP(S), for one target.
pub struct WsmanCarrier {
    shell: Arc<Shell>,
    creation: Mutex<Option<(Creation, AbortHandle)>>,
    private: bool,
}

impl WsmanCarrier {
    /// A carrier to a WinRM target, connected, with leave to log on.
    ///
    /// # Errors
    /// Those of [`WsmanCarrier::new`]; there is no way to the server; what [`Admission::ask`] says.
    pub async fn connect(target: &Target, tls_cache: &TlsCache, admission: &Admission) -> Result<Self, Error> {
        let carrier = Self::with(target, tls_cache, admission.clone())?;
        carrier.shell.wire.lanes.approach(admission).await?;
        Ok(carrier)
    }

    /// A carrier to a WinRM target, outside of a run; nothing is connected before [`Carrier::create`].
    ///
    /// # Errors
    /// When the target is not a WinRM one, or policy forbids the way it wants to log on.
    pub fn new(target: &Target, tls_cache: &TlsCache) -> Result<Self, Error> {
        Self::with(target, tls_cache, Admission::free())
    }

    fn with(target: &Target, tls_cache: &TlsCache, admission: Admission) -> Result<Self, Error> {
        let Endpoint::Winrm(endpoint) = &target.endpoint else {
            return Err(Error::new(Reason::Internal, "the target is not reached over WinRM"));
        };
        let shell = Arc::new(Shell::new(Wire::new(target, endpoint, tls_cache)?, admission));
        Ok(Self { shell, creation: Mutex::new(None), private: target.endpoint.is_private() })
    }
}

#[async_trait]
impl Carrier for WsmanCarrier {
    fn max_fragment(&self) -> usize {
        self.shell.wire.capacity()
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
        self.shell.start(pipeline, fragments).await
    }

    async fn send(&self, to: Channel, priority: Priority, fragments: Vec<Bytes>) -> Result<(), Error> {
        let stream = match priority {
            Priority::Default => names::STREAM_STDIN,
            Priority::PromptResponse => names::STREAM_PROMPT_RESPONSE,
        };
        self.shell.send(to, stream, &mut Queue::new(fragments)).await
    }

    async fn receive(&self, from: Channel) -> Result<Received, Error> {
        self.shell.receive(from).await
    }

    async fn news(&self) -> Result<Received, Error> {
        Ok(self.shell.listener.news().await)
    }

    async fn signal(&self, pipeline: Uuid) -> Result<(), Error> {
        self.shell.signal(pipeline, names::SIGNAL_STOP).await
    }

    async fn release(&self, pipeline: Uuid) -> Result<(), Error> {
        self.shell.signal(pipeline, names::SIGNAL_TERMINATE).await?;
        self.shell.wire.ended(pipeline);
        Ok(())
    }

    async fn close(&self) -> Result<(), Error> {
        let creation = lock(&self.creation).take();
        let shell = &self.shell;
        // Where nobody has ever said a word, waiting for one would only add to a limit that is over. But a Create that
        // has left may have been taken.
        let limit = if shell.wire.lanes.was_answered() { CLOSE } else { SILENT_CLOSE };
        let closing = async {
            if let Some((creation, abort)) = creation {
                if shell.was_asked_for() {
                    let _ = creation.await;
                } else {
                    abort.abort();
                }
            }
            shell.delete(CLOSE).await
        };
        let late = || Error::new(Reason::Network, "the shell could not be deleted in time and may remain");
        let result = tokio::time::timeout(limit, closing).await.unwrap_or_else(|_| Err(late()));
        shell.listener.stop();
        shell.wire.lanes.forget_idle();
        result
    }

    async fn leave(&self, keep_for: Duration) -> Result<Duration, Error> {
        let kept_for = self.shell.leave(keep_for).await?;
        *lock(&self.creation) = None;
        Ok(kept_for)
    }

    fn own_again(&self) {
        self.shell.own_again();
    }

    async fn leave_for(&self, shell: &LeftShell) -> Result<(), Error> {
        self.shell.leave_for(shell).await
    }

    async fn attach(&self, shell: &LeftShell, fragments: Vec<Bytes>) -> Result<Vec<u8>, Error> {
        self.shell.attach(shell, &fragments.concat()).await
    }

    fn ids(&self, pipeline: Uuid) -> Option<(String, String)> {
        Some((self.shell.wire.shell_id(), self.shell.wire.command(pipeline)?))
    }

    fn no_kerberos(&self) -> Option<Error> {
        self.shell.wire.lanes.no_kerberos()
    }

    fn idle_timeout(&self) -> Option<Duration> {
        Some(self.shell.idle_timeout())
    }

    fn stall(&self) -> Option<Error> {
        self.shell.wire.lanes.stall()
    }

    fn shell_may_remain(&self) -> bool {
        self.shell.may_exist()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
