//! Lending open sessions: at most so many at once, each to one user at a time, none left open.
//!
//! ```text
//!            Sessions::place, Session::connect
//! (nothing) ----------------------------------> leased --give_back--> idle --Sessions::lease--> leased
//!                                                 |                    |
//!                                                 |                    +--room is needed, too old, not alive--> closing
//!                                                 +--close, or dropped: a panic, a future that is given up----> closing
//! ```
//!
//! A session has its place from before it is opened until it is closed. Nothing here runs a pipeline.

use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::Session;
use super::shelf::Shelf;
use crate::target::{Credential, Endpoint, Target};

/// A session that has been idle for longer is asked whether it is still there before it is lent.
const TRUSTED: Duration = Duration::from_secs(5);

/// Pipelines after which a session is not lent any more. MaxConcurrentCommandsPerShell does not demand that: it counts
/// pipelines whose slot was not given back, and ours is before another starts. But a shell that has run hundreds has
/// grown, and a server may lose a slot.
const MOST_PIPELINES: u32 = 500;

/// What a session belongs to: an endpoint and who is logged on there. Sessions never change identity.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionKey {
    endpoint: Endpoint,
    /// With its password.
    credential: Option<Arc<Credential>>,
}

/// How many sessions a pool has at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolLimits {
    /// Open at once: leased, idle, being opened or closed. `None` where something else limits that.
    pub open: Option<NonZeroUsize>,
    /// Idle at once.
    pub idle: usize,
}

/// A pool of open sessions.
#[derive(Default)]
pub struct Sessions {
    limits: PoolLimits,
    /// A permit for each session that may be opened.
    places: Option<Arc<Semaphore>>,
    state: Mutex<State>,
    closing: TaskTracker,
}

#[derive(Default)]
struct State {
    idle: Shelf<ConnectionKey, Held>,
    /// What is being closed, and what could not be.
    unclosed: Vec<ConnectionKey>,
    /// Somebody waits for a place, each of them once: what is given back meanwhile is closed for them.
    waiting: usize,
}

/// A session and its place.
struct Held {
    session: Session,
    place: Place,
}

/// Leave for one session to be open.
#[derive(Debug, Default)]
pub struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

/// A session that one user has; it is closed if it is dropped.
pub struct Lease {
    sessions: Arc<Sessions>,
    key: ConnectionKey,
    /// There until it is given back or closed.
    held: Option<Held>,
    /// Pipelines that it had run before it was lent; `None` for one that was opened for this lease.
    before: Option<u32>,
}

/// What became of a session that was given back.
pub enum Return {
    /// It is kept.
    Kept,
    /// It is kept, and another one must be closed for it.
    KeptFor(Lease),
    /// It is not kept, and must be closed.
    Refused(Lease),
}

impl Default for PoolLimits {
    /// No limits.
    fn default() -> Self {
        Self { open: None, idle: usize::MAX }
    }
}

impl From<&Target> for ConnectionKey {
    fn from(target: &Target) -> Self {
        Self { endpoint: target.endpoint.clone(), credential: target.credential.clone() }
    }
}

impl Eq for ConnectionKey {}

impl Hash for ConnectionKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The part that can be printed tells nearly all of them apart.
        self.endpoint.to_string().hash(state);
    }
}

impl Sessions {
    /// A pool within these limits.
    pub fn new(limits: PoolLimits) -> Self {
        let places = limits.open.map(|open| Arc::new(Semaphore::new(open.get().min(Semaphore::MAX_PERMITS))));
        Self { limits, places, ..Self::default() }
    }

    /// A pool that keeps nothing: each session is closed when it is given back.
    pub fn keeping_none() -> Self {
        Self::new(PoolLimits { idle: 0, ..PoolLimits::default() })
    }

    /// Whether sessions are kept.
    pub fn keeps(&self) -> bool {
        self.limits.idle > 0
    }

    /// Whether there is an idle session of this key; it need not be alive.
    pub fn has_idle(&self, key: &ConnectionKey) -> bool {
        self.state().idle.has(key)
    }

    /// An idle session of this key, if there is one that is still there.
    pub async fn lease(self: &Arc<Self>, key: &ConnectionKey) -> Option<Lease> {
        loop {
            let (mut lease, since) = {
                let (held, since) = self.state().idle.take(key)?;
                (self.leased(key.clone(), held, true), since)
            };
            let age = since.elapsed();
            if !lease.is_too_old(age) && (age < TRUSTED || lease.is_alive().await) {
                return Some(lease);
            }
            // In the background: whoever dies takes its time, and the place of a new session need not wait for it.
            drop(lease);
        }
    }

    /// Waits until another session may be open. Idle ones make room, the longest idle one first.
    pub async fn place(self: &Arc<Self>) -> Place {
        let Some(places) = &self.places else { return Place::default() };
        if let Ok(permit) = Arc::clone(places).try_acquire_owned() {
            return Place { _permit: Some(permit) };
        }
        let _waiting = Waiting::new(self);
        let oldest = self.state().idle.take_oldest();
        if let Some((key, held)) = oldest {
            self.leased(key, held, true).close().await;
        }
        // It is never closed.
        Place { _permit: Arc::clone(places).acquire_owned().await.ok() }
    }

    /// Takes care of a session that has just been opened on a place of this pool.
    pub fn hold(self: &Arc<Self>, key: ConnectionKey, session: Session, place: Place) -> Lease {
        self.leased(key, Held { session, place }, false)
    }

    /// Closes all idle sessions, at the same time.
    pub async fn close_idle(self: &Arc<Self>) {
        let idle: Vec<_> = std::iter::from_fn(|| self.state().idle.take_oldest()).collect();
        let close = |(key, held)| self.leased(key, held, true).close();
        futures::future::join_all(idle.into_iter().map(close)).await;
    }

    /// Closes all idle sessions, and waits until those are closed that nobody has any more.
    pub async fn close_all(self: &Arc<Self>) {
        self.close_idle().await;
        self.closing.close();
        self.closing.wait().await;
        self.closing.reopen();
    }

    fn leased(self: &Arc<Self>, key: ConnectionKey, held: Held, is_used: bool) -> Lease {
        let before = is_used.then(|| held.session.pipelines());
        Lease { sessions: Arc::clone(self), key, held: Some(held), before }
    }

    /// Where the server may still hold a shell of a session that is idle, being closed, or could not be.
    pub fn shells_left(&self) -> Vec<ConnectionKey> {
        let state = self.state();
        state.unclosed.iter().chain(state.idle.keys()).cloned().collect()
    }

    /// Closes a session in a task of its own, so that whoever waits for it may give up.
    fn close(self: &Arc<Self>, key: ConnectionKey, held: Held) -> Option<JoinHandle<()>> {
        // Without a runtime nothing can be sent any more.
        let runtime = Handle::try_current().ok()?;
        let sessions = Arc::clone(self);
        sessions.state().unclosed.push(key.clone());
        let closing = async move {
            let carrier = Arc::clone(held.session.carrier());
            held.session.close().await;
            drop(held.place);
            if !carrier.shell_may_remain() {
                let unclosed = &mut sessions.state().unclosed;
                let place = unclosed.iter().position(|unclosed| *unclosed == key);
                place.map(|place| unclosed.swap_remove(place));
            }
        };
        Some(self.closing.spawn_on(closing, &runtime))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// Whether the session was open before, and nothing has run on it since it was lent: what it refuses, another one
    /// may take.
    pub fn is_untried(&self) -> bool {
        self.before.is_some_and(|before| before == self.pipelines())
    }

    /// Keeps the session for others, where there is room and it can be used again.
    pub fn give_back(mut self) -> Return {
        let sessions = Arc::clone(&self.sessions);
        let mut state = sessions.state();
        let fits = self.is_reusable() && self.pipelines() < MOST_PIPELINES;
        if !fits || state.waiting > 0 || !sessions.keeps() {
            drop(state);
            return Return::Refused(self);
        }
        let oldest = if state.idle.len() < sessions.limits.idle { None } else { state.idle.take_oldest() };
        if let Some(held) = self.held.take() {
            state.idle.put(self.key.clone(), held, Instant::now());
        }
        drop(state);
        match oldest {
            Some((key, held)) => Return::KeptFor(sessions.leased(key, held, true)),
            None => Return::Kept,
        }
    }

    /// Deletes the pool on the server and lets the connection go. Bounded to ten seconds, and it goes on if nobody
    /// waits for it any more.
    pub fn close(mut self) -> impl Future<Output = ()> + use<> {
        let closing = self.held.take().and_then(|held| self.sessions.close(self.key.clone(), held));
        async move {
            if let Some(closing) = closing {
                // A close that panics has told so.
                let _ = closing.await;
            }
        }
    }

    /// Whether the server may have removed it by itself: that is asked of nobody.
    fn is_too_old(&self, age: Duration) -> bool {
        self.carrier.idle_timeout().is_some_and(|timeout| age >= timeout / 4 * 3)
    }
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        let held = self.held.as_ref();
        &held.expect("it is taken by what consumes the lease alone").session
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Session {
        let held = self.held.as_mut();
        &mut held.expect("it is taken by what consumes the lease alone").session
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            self.sessions.close(self.key.clone(), held);
        }
    }
}

/// Somebody who waits for a place.
struct Waiting<'a>(&'a Sessions);

impl<'a> Waiting<'a> {
    fn new(sessions: &'a Sessions) -> Self {
        sessions.state().waiting += 1;
        Self(sessions)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

#[cfg(test)]
mod tests;
