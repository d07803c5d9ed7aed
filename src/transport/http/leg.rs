//! The next leg of a handshake, with what the mechanism must wait for on the way.

use tokio::time::Instant;

use crate::auth::{self, Leg, Mechanism, Step, Wait};

/// More waits than any logon has.
const MOST_WAITS: usize = 4;

/// Why there is no next leg.
#[derive(Debug)]
pub(super) enum Stuck {
    /// The mechanism cannot go on.
    Mechanism(auth::Error),
    /// What it waits for takes too long.
    Late,
}

/// The next leg of a handshake. A library that is waited for in vain goes on by itself, on a thread of its own.
pub(super) async fn next_leg(
    mechanism: &mut dyn Mechanism,
    token: Option<&[u8]>,
    deadline: Instant,
) -> Result<Leg, Stuck> {
    let mut step = mechanism.step(token).map_err(Stuck::Mechanism)?;
    for _ in 0..MOST_WAITS {
        match step {
            Step::Send(leg) => return Ok(leg),
            Step::Wait(wait) => {
                let done = async {
                    match wait {
                        // One that panicked has done nothing: the mechanism finds that out.
                        Wait::Work(work) => drop(tokio::task::spawn_blocking(work).await),
                        Wait::Others(others) => others.await,
                    }
                };
                tokio::time::timeout_at(deadline, done).await.map_err(|_| Stuck::Late)?;
                step = mechanism.step(None).map_err(Stuck::Mechanism)?;
            }
        }
    }
    Err(Stuck::Late)
}
