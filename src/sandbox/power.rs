//! Whether a host is up: scripts can restart it and shut it down.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::machine::Machine;
use super::shell::Shell;

/// How long a host that goes down still answers: as on Windows, the script that asked for it usually ends before.
const GRACE: Duration = Duration::from_secs(2);
/// How long a host that restarts is away.
const AWAY: Duration = Duration::from_secs(4);

/// The power of one host.
#[derive(Debug)]
pub(super) struct Power(Mutex<State>);

#[derive(Debug)]
enum State {
    /// Up; the token ends its connections.
    Up(CancellationToken),
    /// On its way down; further wishes come too late.
    Ending(CancellationToken),
    Down,
}

impl Power {
    /// A host that is up.
    pub(super) fn on() -> Self {
        Self(Mutex::new(State::Up(CancellationToken::new())))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What ends the connections of a host that is up.
    pub(super) fn connection(&self) -> Option<CancellationToken> {
        match &*self.state() {
            State::Up(token) | State::Ending(token) => Some(token.clone()),
            State::Down => None,
        }
    }

    /// Marks the host as going down; nothing if it already is.
    fn begin(&self) -> Option<CancellationToken> {
        let mut state = self.state();
        let State::Up(token) = &*state else { return None };
        let token = token.clone();
        *state = State::Ending(token.clone());
        Some(token)
    }

    fn set(&self, next: State) {
        *self.state() = next;
    }
}

/// What goes down with a host.
pub(super) struct Loss {
    /// The machine, which starts anew.
    pub machine: Arc<Machine>,
    /// Takes the host's shells out, to be closed.
    pub shells: Box<dyn Fn() -> Vec<Arc<Shell>> + Send + Sync>,
    /// Set when the fleet ends.
    pub closing: CancellationToken,
}

/// Takes a host down after a moment, with its connections and shells; a host that `comes_back` is up again some
/// seconds later. Returns at once; the rest is one of the `tasks`.
pub(super) fn shut_down(power: &Arc<Power>, loss: Loss, tasks: &TaskTracker, comes_back: bool) {
    let Some(connections) = power.begin() else { return };
    let power = Arc::clone(power);
    tasks.spawn(async move {
        let cycle = async {
            tokio::time::sleep(GRACE).await;
            power.set(State::Down);
            connections.cancel();
            for shell in (loss.shells)() {
                shell.close().await;
            }
            if comes_back {
                tokio::time::sleep(AWAY).await;
                loss.machine.restart(loss.machine.host().now(Timestamp::now()));
                power.set(State::Up(CancellationToken::new()));
            }
        };
        tokio::select! {
            () = loss.closing.cancelled() => {}
            () = cycle => {}
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wish_at_a_time() {
        let power = Power::on();
        let connection = power.connection().expect("it is up");
        assert!(power.begin().is_some());
        assert!(power.begin().is_none(), "it goes down already");
        assert!(power.connection().is_some() && !connection.is_cancelled(), "it still answers");
        power.set(State::Down);
        assert!(power.connection().is_none());
    }
}
