//! Leave to continue: asked for by an attempt on its way to a session, given by the run.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Clock, Error};

/// How long a connection on which nobody is logged on may wait before it is better made anew: sshd closes it after
/// LoginGraceTime, http.sys sooner.
pub(super) const FRESH: Duration = Duration::from_secs(10);

/// What an attempt is about to do on the connection that it has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Take up the server's time, without a password.
    Begin,
    /// Send a proof of the credential's password, for the first time.
    Prove,
}

/// How a step may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Like any other.
    Freely,
    /// Others wait until the server has said yes or no to the proof, so it should be asked for no more than that.
    Alone,
}

/// What proved the user to a server that has accepted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authenticated {
    /// This mechanism, by the name that people use: `Kerberos`, `NTLM`, `Basic`, `password`.
    By(&'static str),
    /// An earlier attempt, whose session was kept.
    Before,
}

/// Who gives leave: the run, which lets many targets connect, few be at work, and one after the other prove a
/// credential that no host has accepted.
#[async_trait]
pub trait Gatekeeper: Send + Sync {
    /// Waits for leave to take a step.
    ///
    /// # Errors
    /// It must not be taken: the credential was refused elsewhere, or the run ends.
    async fn ask(&self, step: Step) -> Result<Leave, Error>;

    /// Whether some server has accepted the credential, so that nobody waits for another proof of it.
    fn is_proven(&self) -> bool;

    /// The server has accepted the credential's proof.
    fn accepted(&self, how: Authenticated);
}

/// An attempt's side: whom it asks, and its clock, which stands still meanwhile.
#[derive(Clone, Default)]
pub struct Admission {
    keeper: Option<Arc<dyn Gatekeeper>>,
    clock: Clock,
}

impl Admission {
    /// For an attempt of a run.
    pub fn new(keeper: Arc<dyn Gatekeeper>) -> Self {
        Self { keeper: Some(keeper), clock: Clock::default() }
    }

    /// The same, by a clock that the caller has too.
    pub fn on(clock: &Clock, keeper: Arc<dyn Gatekeeper>) -> Self {
        Self { keeper: Some(keeper), clock: clock.clone() }
    }

    /// For whoever connects to one target, outside of a run: may do everything at once.
    pub fn free() -> Self {
        Self::default()
    }

    /// Waits for leave to take a step; says how long it took.
    ///
    /// # Errors
    /// Those of [`Gatekeeper::ask`].
    pub async fn ask(&self, step: Step) -> Result<(Leave, Duration), Error> {
        let Some(keeper) = &self.keeper else { return Ok((Leave::Freely, Duration::ZERO)) };
        let (leave, waited) = self.clock.halted(keeper.ask(step)).await;
        leave.map(|leave| (leave, waited))
    }

    /// Whether nobody waits for a proof of the credential.
    pub fn is_proven(&self) -> bool {
        self.keeper.as_ref().is_none_or(|keeper| keeper.is_proven())
    }

    /// The server has accepted the credential's proof.
    pub fn accepted(&self, how: Authenticated) {
        if let Some(keeper) = &self.keeper {
            keeper.accepted(how);
        }
    }

    /// The attempt's time.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}
