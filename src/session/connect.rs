//! Connecting to a target and opening a session on it, within one time limit.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Error, Session};
use crate::outcome::Reason;
use crate::psrp::Opening;
use crate::target::Target;
use crate::transport::{self, Admission, Carrier, Connector};

impl Session {
    /// Connects to a target and opens a pool there. What the host takes for both is limited by the target's open
    /// timeout; what it has to wait for by its admission is not. `connected` sees the carrier before anything is opened
    /// on it.
    ///
    /// # Errors
    /// What [`Session::open`] gives, and why there is no connection.
    pub async fn connect(
        connector: &dyn Connector,
        target: &Target,
        admission: &Admission,
        messages: &Opening,
        stop: &CancellationToken,
        connected: impl FnOnce(&Arc<dyn Carrier>),
    ) -> Result<Self, Error> {
        let timeout = target.timeouts.open;
        let begin = Instant::now();
        let connecting = connector.connect(target, admission);
        let carrier = tokio::select! {
            carrier = admission.clock().within(timeout, connecting) => carrier,
            () = stop.cancelled() => return Err(Error::Stopped),
        };
        let carrier: Arc<dyn Carrier> = carrier.ok_or_else(|| not_connected(timeout))??.into();
        connected(&carrier);
        let taken = begin.elapsed().saturating_sub(admission.clock().stood());
        let left = timeout.saturating_sub(taken);
        let opened = Self::open(messages, carrier, Uuid::new_v4(), left, stop).await;
        opened.map_err(|error| match error {
            // What the user has set, not what connecting had left of it.
            Error::OpenTimeout(_) => Error::OpenTimeout(timeout),
            error => error,
        })
    }
}

/// A host that takes longer to be connected to than the whole opening may take.
fn not_connected(timeout: Duration) -> Error {
    let message = format!("no connection within the open timeout of {} s", timeout.as_secs_f32());
    Error::Transport(
        transport::Error::new(Reason::ConnectTimeout, message)
            .with_hint("the host is down, or what listens there does not answer; --open-timeout waits longer")
            // If it had leave to send a proof by then.
            .behind_proof(),
    )
}
