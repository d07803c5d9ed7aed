//! Opening and closing sessions.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Error;
use crate::clixml::Document;
use crate::psrp::{Opening, Pool, PoolEvent, PoolState, ServerInfo};
use crate::transport::{Carrier, Channel, Priority, offload_on};

/// An open runspace pool on one target.
///
/// Close it with [`Session::close`] on every way out; a dropped session only drops its carrier, and the server then
/// finds out by itself.
pub struct Session {
    pub(super) carrier: Arc<dyn Carrier>,
    pub(super) pool: Pool,
    /// The server's Opened message has come.
    pub(super) opened: bool,
    /// The server has answered how many runspaces are free.
    pub(super) free_runspaces: bool,
    /// Pipelines that the server has taken.
    pub(super) pipelines: u32,
    pub(super) state: State,
    pub(super) took: Took,
}

/// How long the way to an open session took, without the time that it waited for leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Took {
    /// From nothing to a connection that may log on, or has.
    pub connecting: Duration,
    /// From there to the opened pool.
    pub opening: Duration,
}

/// What an open session can be used for.
///
/// ```text
/// Idle ----run----> Busy --it has ended, its slot is given back--> Idle
///                    |  --it has ended, its slot is kept---------> Holding --run: slot back first--> Busy
///                    |  --its end or its slot is in doubt--------> Spoiled
/// any --the pool is broken or closed-----------------------------> Spoiled
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing runs on it.
    Idle,
    /// A pipeline runs, or a run was dropped half-way: nobody knows what it would answer.
    Busy,
    /// The pipeline has ended; its slot on the server was kept, because nobody meant to use the session again.
    Holding(Uuid),
    /// Something went wrong on it: it must not be lent again.
    Spoiled,
}

impl Session {
    /// Opens a pool over a connected carrier.
    ///
    /// `messages` tell the server of the host: [`Opening::of_a_run`], or those of a host of the caller's own.
    /// Whatever goes wrong, the carrier is closed before this returns.
    ///
    /// # Errors
    /// The transport's or the protocol's fault, [`Error::OpenTimeout`] after `timeout`, [`Error::Stopped`] by `stop`.
    pub async fn open(
        messages: &Opening,
        carrier: Arc<dyn Carrier>,
        pool: Uuid,
        timeout: Duration,
        stop: &CancellationToken,
    ) -> Result<Self, Error> {
        let mut session = Self::over(carrier, pool);
        let session_carrier = Arc::clone(&session.carrier);
        let opening = tokio::time::timeout(timeout, session.establish(messages));
        let result = tokio::select! {
            result = opening => result.unwrap_or_else(|_| Err(late(&*session_carrier, timeout))),
            () = stop.cancelled() => Err(Error::Stopped),
        };
        match result {
            Ok(()) => Ok(session),
            Err(error) => {
                session.close().await;
                Err(error)
            }
        }
    }

    pub(super) fn over(carrier: Arc<dyn Carrier>, pool: Uuid) -> Self {
        let pool = Pool::new(pool);
        Self {
            carrier,
            pool,
            opened: false,
            free_runspaces: false,
            pipelines: 0,
            state: State::Idle,
            took: Took::default(),
        }
    }

    /// What carries it.
    pub fn carrier(&self) -> &Arc<dyn Carrier> {
        &self.carrier
    }

    /// What the server says about itself.
    pub fn server(&self) -> &ServerInfo {
        self.pool.server()
    }

    /// How long it took to get here.
    pub fn took(&self) -> Took {
        self.took
    }

    /// How many pipelines the server has taken on it.
    pub fn pipelines(&self) -> u32 {
        self.pipelines
    }

    /// Whether it can be lent again: nothing broke, nothing was left behind.
    pub fn is_reusable(&self) -> bool {
        matches!(self.state, State::Idle | State::Holding(_)) && self.pool.state() == PoolState::Ready
    }

    /// Deletes the pool on the server and lets the connection go. Bounded to ten seconds by the carrier.
    pub async fn close(self) {
        close(&*self.carrier).await;
    }

    async fn establish(&mut self, messages: &Opening) -> Result<(), Error> {
        let fragments = self.pool.open(messages, self.carrier.max_fragment())?;
        self.carrier.create(self.pool.id(), fragments).await?;
        while self.pool.state() == PoolState::Opening {
            self.receive_pool().await?;
        }
        Ok(())
    }

    /// Waits for the server's Opened message, where its private data was not proof enough.
    pub(super) async fn wait_for_opened(&mut self) -> Result<(), Error> {
        while !self.opened {
            self.receive_pool().await?;
        }
        Ok(())
    }

    pub(super) async fn receive_pool(&mut self) -> Result<(), Error> {
        let received = self.carrier.receive(Channel::Pool).await?;
        self.handle_pool(received.payload).await?;
        if received.done && self.pool.state() == PoolState::Opening {
            return Err(Error::PoolClosed("it ended while it was being opened".into()));
        }
        Ok(())
    }

    /// Takes bytes of the pool's channel and acts on what they say.
    pub(super) async fn handle_pool(&mut self, payload: Vec<u8>) -> Result<(), Error> {
        let largest = self.pool.pending() + payload.len();
        offload_on(largest, &mut self.pool, move |pool| pool.handle(&payload)).await?;
        while let Some(event) = self.pool.poll_event() {
            match event {
                PoolEvent::Ready | PoolEvent::Keyed => {}
                PoolEvent::KeyWanted if self.carrier.is_private() => self.send_public_key().await?,
                PoolEvent::KeyWanted => return Err(Error::Exposed),
                PoolEvent::Opened => self.opened = true,
                PoolEvent::FreeRunspaces => self.free_runspaces = true,
                PoolEvent::Broken(error) | PoolEvent::Closed(error) => {
                    self.state = State::Spoiled;
                    return Err(Error::PoolClosed(text_of(error)));
                }
                PoolEvent::HostCall(call) if call.wants_answer() => {
                    let max_fragment = self.carrier.max_fragment();
                    let answer = self.pool.host_response(Uuid::nil(), call.refusal(), max_fragment);
                    self.carrier.send(Channel::Pool, Priority::PromptResponse, answer).await?;
                }
                PoolEvent::HostCall(_) => {}
            }
        }
        Ok(())
    }
}

/// Why the pool is not open in time: the way, if nothing ever came over it, else whoever should open it.
pub(super) fn late(carrier: &dyn Carrier, timeout: Duration) -> Error {
    carrier.stall().map_or(Error::OpenTimeout(timeout), Error::Transport)
}

/// Closes a carrier with the pool on it, for those who have no [`Session`] in their hands any more.
pub async fn close(carrier: &dyn Carrier) {
    if let Err(error) = carrier.close().await {
        // Nothing can be done about it here: the server removes an idle shell by itself.
        tracing::warn!(%error, "the remote shell could not be deleted");
    }
}

/// The text of an error record, or a word that there is none.
pub(super) fn text_of(error: Option<Document>) -> String {
    let text = error.and_then(|error| error.root.as_object()?.to_string.as_ref().map(ToString::to_string));
    text.unwrap_or_else(|| "it gave no reason".to_owned())
}
