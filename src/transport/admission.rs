//! Leave to continue: asked for by an attempt on its way to a session, given by the run.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

    /// Whether a credential that a server has accepted for this target may be proved once more, on a connection that
    /// takes the place of a broken one. Nobody waits for that: the target is at work.
    ///
    /// # Errors
    /// The credential was refused elsewhere meanwhile.
    fn again(&self) -> Result<(), Error>;
}

/// How far an attempt is with proving its credential.
#[derive(Debug, Clone, Copy, Default)]
enum Proving {
    /// It has not asked for leave.
    #[default]
    NotAsked,
    /// It has leave, and the server has not accepted a proof so far.
    Given(Leave),
    /// The server has accepted one.
    Accepted,
}

/// An attempt's side: whom it asks, and its clock, which stands still meanwhile.
#[derive(Clone, Default)]
pub struct Admission {
    keeper: Option<Arc<dyn Gatekeeper>>,
    clock: Clock,
    proving: Arc<Mutex<Proving>>,
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("proving", &*self.proving()).finish_non_exhaustive()
    }
}

impl Admission {
    /// For an attempt of a run.
    pub fn new(keeper: Arc<dyn Gatekeeper>) -> Self {
        Self { keeper: Some(keeper), ..Self::default() }
    }

    /// The same, by a clock that the caller has too.
    pub fn on(clock: &Clock, keeper: Arc<dyn Gatekeeper>) -> Self {
        Self { keeper: Some(keeper), clock: clock.clone(), ..Self::default() }
    }

    /// For whoever connects to one target, outside of a run: may do everything at once.
    pub fn free() -> Self {
        Self::default()
    }

    /// The same attempt's, by a clock of its own: for connections that are made when the session is open, several at a
    /// time.
    pub(super) fn for_later(&self) -> Self {
        Self { clock: Clock::default(), ..self.clone() }
    }

    /// Waits for leave to take a step; says how long it took.
    ///
    /// Leave for the proof is asked for once: who has it may repeat the proof until the server has accepted it, where
    /// it was lost on the way, since all others wait for it meanwhile. Later it is repeated unless it was refused
    /// elsewhere.
    ///
    /// # Errors
    /// Those of [`Gatekeeper::ask`].
    pub async fn ask(&self, step: Step) -> Result<(Leave, Duration), Error> {
        let Some(keeper) = &self.keeper else { return Ok((Leave::Freely, Duration::ZERO)) };
        let proving = *self.proving();
        match proving {
            Proving::Given(leave) if step == Step::Prove => return Ok((leave, Duration::ZERO)),
            Proving::Accepted if step == Step::Prove => {
                return keeper.again().map(|()| (Leave::Freely, Duration::ZERO));
            }
            _ => {}
        }
        let (leave, waited) = self.clock.halted(keeper.ask(step)).await;
        let leave = leave?;
        if step == Step::Prove {
            *self.proving() = Proving::Given(leave);
        }
        Ok((leave, waited))
    }

    fn proving(&self) -> MutexGuard<'_, Proving> {
        self.proving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody waits for a proof of the credential.
    pub fn is_proven(&self) -> bool {
        self.keeper.as_ref().is_none_or(|keeper| keeper.is_proven())
    }

    /// The server has accepted the credential's proof.
    pub fn accepted(&self, how: Authenticated) {
        *self.proving() = Proving::Accepted;
        if let Some(keeper) = &self.keeper {
            keeper.accepted(how);
        }
    }

    /// The attempt's time.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::outcome::Reason;

    /// Counts who asks, and has heard of a refusal elsewhere once somebody was accepted twice.
    #[derive(Default)]
    struct Counts {
        asked: AtomicUsize,
        accepted: AtomicUsize,
    }

    #[async_trait]
    impl Gatekeeper for Counts {
        async fn ask(&self, _: Step) -> Result<Leave, Error> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            Ok(Leave::Alone)
        }

        fn is_proven(&self) -> bool {
            false
        }

        fn accepted(&self, _: Authenticated) {
            self.accepted.fetch_add(1, Ordering::Relaxed);
        }

        fn again(&self) -> Result<(), Error> {
            match self.accepted.load(Ordering::Relaxed) {
                1 => Ok(()),
                _ => Err(Error::new(Reason::CredentialTripped, "refused elsewhere")),
            }
        }
    }

    #[tokio::test]
    async fn leave_for_a_proof_is_asked_for_once() {
        let counts = Arc::new(Counts::default());
        let admission = Admission::new(Arc::clone(&counts) as Arc<dyn Gatekeeper>);
        let later = admission.for_later();
        let leave = async |admission: &Admission| admission.ask(Step::Prove).await.map(|(leave, _)| leave);
        assert_eq!(leave(&admission).await, Ok(Leave::Alone));
        // Whoever holds it would wait for itself.
        assert_eq!(leave(&later).await, Ok(Leave::Alone));
        assert_eq!(counts.asked.load(Ordering::Relaxed), 1);
        admission.accepted(Authenticated::Before);
        assert_eq!(leave(&later).await, Ok(Leave::Freely));
        admission.accepted(Authenticated::Before);
        assert_eq!(leave(&later).await.map_err(|error| error.reason), Err(Reason::CredentialTripped));
        assert_eq!(counts.asked.load(Ordering::Relaxed), 1, "none of them stood in line");
        assert_eq!(admission.ask(Step::Begin).await.map(|(leave, _)| leave), Ok(Leave::Alone));
    }
}
