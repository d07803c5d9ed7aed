//! The next leg of a handshake, with what the mechanism must wait for on the way.

use tokio::time::Instant;

use crate::auth::{self, Leg, Mechanism, Step, Wait};
use crate::outcome::Reason;
use crate::transport::Error;

/// More legs than any of our handshakes has.
pub(super) const MAX_LEGS: usize = 6;

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

/// A logon with more legs than any has.
pub(super) fn in_circles() -> Error {
    Error::new(Reason::Protocol, "the logon goes round in circles")
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
