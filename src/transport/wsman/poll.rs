//! The long poll: a Receive that is asked again until something comes.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::fault_error::gone;
use super::wire::Wire;
use crate::outcome::Reason;
use crate::transport::{Error, Received};
use crate::wsman::names::code;
use crate::wsman::{Fault, Receipt, Requests, Response};

/// How long a quiet Receive may stay without answer: the server's 20 s and something for the way.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a broken link may take to come back before a Receive gives up.
const REPAIR: Duration = Duration::from_secs(30);
/// First pause before a broken Receive is repeated; each further one is twice as long.
const REPAIR_PAUSE: Duration = Duration::from_millis(250);

impl Wire {
    /// Receives from a command, or from the shell, until something comes.
    pub(super) async fn receive(&self, command_id: Option<&str>) -> Result<Received, Error> {
        let mut repair = Repair::default();
        loop {
            let make = |requests: &Requests| requests.receive(Uuid::new_v4(), command_id);
            match self.exchange_for(command_id, make, PATIENCE, || {}).await {
                Ok(Response::Received(Receipt { payload, done })) => {
                    repair = Repair::default();
                    if done || !payload.is_empty() {
                        return Ok(Received { payload, done });
                    }
                }
                Ok(Response::Fault(fault)) if fault.is_timed_out() => repair = Repair::default(),
                Ok(Response::Fault(fault)) if fault.code == code::COMMAND_TERMINATED && command_id.is_some() => {
                    return Ok(Received { payload: Vec::new(), done: true });
                }
                Ok(Response::Fault(fault)) => {
                    if !repair.may_pass(&fault) || !repair.pause().await {
                        return Err(self.error(&fault));
                    }
                }
                Ok(_) => return Err(Error::new(Reason::Protocol, "the server answers a Receive with something else")),
                Err(failure) => {
                    let error = failure.into_error();
                    if !error.retryable || !repair.pause().await {
                        return Err(gone(error));
                    }
                }
            }
        }
    }
}

/// Pauses between the attempts of a Receive whose link is broken.
#[derive(Default)]
struct Repair {
    since: Option<Instant>,
    attempts: u32,
}

impl Repair {
    /// Whether another attempt may get what this one was refused.
    fn may_pass(&self, fault: &Fault) -> bool {
        match fault.code {
            code::OPERATION_ABORTED => self.attempts == 0,
            // The server still holds an earlier Receive of ours, whose connection has gone.
            code::CONCURRENCY => true,
            _ => false,
        }
    }

    /// Waits before the next attempt; `false` when the time for repairs is up.
    async fn pause(&mut self) -> bool {
        let since = *self.since.get_or_insert_with(Instant::now);
        let pause = REPAIR_PAUSE * 2_u32.saturating_pow(self.attempts.min(5));
        self.attempts += 1;
        if since.elapsed() + pause > REPAIR {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}
