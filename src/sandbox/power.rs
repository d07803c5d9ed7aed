//! Whether a host is up: scripts can restart it and shut it down.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::host::Shared;
use super::machine::Machine;

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

/// Takes a host down after a moment, with its connections and shells; a host that `comes_back` is up again some
/// seconds later. Returns at once.
pub(super) fn shut_down(power: &Arc<Power>, machine: &Arc<Machine>, shared: &Arc<Shared>, comes_back: bool) {
    let Some(connections) = power.begin() else { return };
    let (power, machine, shared) = (Arc::clone(power), Arc::clone(machine), Arc::clone(shared));
    let tasks = shared.tasks.clone();
    tasks.spawn(async move {
        let closing = shared.closing.clone();
        let cycle = async {
            tokio::time::sleep(GRACE).await;
            power.set(State::Down);
            connections.cancel();
            for shell in shared.take_shells_of(machine.host().index()) {
                shell.close().await;
            }
            if comes_back {
                tokio::time::sleep(AWAY).await;
                machine.restart(machine.host().now(Timestamp::now()));
                power.set(State::Up(CancellationToken::new()));
            }
        };
        tokio::select! {
            () = closing.cancelled() => {}
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
