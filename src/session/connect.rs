//! Connecting to a target and opening a session on it, within one time limit.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Error, Session, Took};
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
        let begun = Instant::now();
        let opened = Self::open(messages, carrier, Uuid::new_v4(), left, stop).await;
        let took = Took { connecting: taken, opening: begun.elapsed() };
        opened.map(|session| Self { took, ..session }).map_err(|error| match error {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicBool, Ordering};

    use async_trait::async_trait;
    use bytes::Bytes;

    use super::*;
    use crate::channel::{Channel, Priority};
    use crate::target::{Endpoint, LocalEndpoint, Timeouts};
    use crate::transport::{Error as TransportError, Received};

    /// A host that never says a word once it is asked for a pool, or not even that it is there.
    struct Mute {
        connects: bool,
        closed: Arc<AtomicBool>,
    }

    #[async_trait]
    impl Connector for Mute {
        async fn connect(&self, _: &Target, _: &Admission) -> Result<Box<dyn Carrier>, TransportError> {
            match self.connects {
                true => Ok(Box::new(MuteCarrier(Arc::clone(&self.closed)))),
                false => std::future::pending().await,
            }
        }
    }

    struct MuteCarrier(Arc<AtomicBool>);

    #[async_trait]
    impl Carrier for MuteCarrier {
        fn max_fragment(&self) -> usize {
            32_768
        }

        fn is_private(&self) -> bool {
            true
        }

        fn pushes(&self) -> bool {
            true
        }

        async fn create(&self, _: Uuid, _: Vec<Bytes>) -> Result<(), TransportError> {
            std::future::pending().await
        }

        async fn command(&self, _: Uuid, _: Vec<Bytes>) -> Result<(), TransportError> {
            std::future::pending().await
        }

        async fn send(&self, _: Channel, _: Priority, _: Vec<Bytes>) -> Result<(), TransportError> {
            std::future::pending().await
        }

        async fn receive(&self, _: Channel) -> Result<Received, TransportError> {
            std::future::pending().await
        }

        async fn signal(&self, _: Uuid) -> Result<(), TransportError> {
            std::future::pending().await
        }

        async fn release(&self, _: Uuid) -> Result<(), TransportError> {
            std::future::pending().await
        }

        async fn close(&self) -> Result<(), TransportError> {
            self.0.store(true, Ordering::Relaxed);
            Ok(())
        }
    }

    /// How connecting ends within an open timeout of 2 s, and whether what was connected was closed.
    async fn end(connects: bool, stop: &CancellationToken) -> (Option<Error>, bool) {
        let closed = Arc::new(AtomicBool::new(false));
        let mute = Mute { connects, closed: Arc::clone(&closed) };
        let timeouts = Timeouts { open: Duration::from_secs(2), ..Timeouts::default() };
        let target = Target {
            name: "web01".into(),
            endpoint: Endpoint::Local(LocalEndpoint { pwsh: "pwsh".into() }),
            credential: None,
            vars: BTreeMap::new(),
            labels: BTreeMap::new(),
            timeouts,
        };
        let admission = Admission::free();
        let connected = Session::connect(&mute, &target, &admission, Opening::of_a_run(), stop, |_| {}).await;
        (connected.err(), closed.load(Ordering::Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_is_not_there_has_another_cause_than_one_that_opens_nothing() {
        let stop = CancellationToken::new();
        let (error, _) = end(false, &stop).await;
        assert!(matches!(&error, Some(error) if error.reason() == Reason::ConnectTimeout && error.hint().is_some()));
        let (error, closed) = end(true, &stop).await;
        assert!(matches!(error, Some(Error::OpenTimeout(timeout)) if timeout == Duration::from_secs(2)));
        assert!(closed, "the host would keep a shell that nobody knows");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_both_steps() {
        for connects in [false, true] {
            let stop = CancellationToken::new();
            let user = stop.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                user.cancel();
            });
            let (error, closed) = end(connects, &stop).await;
            assert!(matches!(error, Some(Error::Stopped)), "{connects}");
            assert_eq!(closed, connects);
        }
    }
}
