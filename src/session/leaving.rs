//! When a pipeline is left running that was attached to.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long the rest of a message may take that has begun to arrive: whoever attaches next cannot have it.
const REST: Duration = Duration::from_secs(5);
/// How long the answer to a Receive may take once the server knows that we leave.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(2);

/// Watches for the time to leave.
pub(super) struct Leaving {
    /// Leaves at that time.
    until: Option<Instant>,
    /// The caller wants to leave.
    stop: CancellationToken,
    /// For how long the server shall keep what is left.
    pub(super) keep_for: Duration,
    /// Until when the rest of a message is waited for, once it is to be left.
    rest_until: Option<Instant>,
    /// For how long the server keeps it, once it was left.
    pub(super) left_for: Option<Duration>,
}

impl Leaving {
    pub(super) fn new(until: Option<Instant>, stop: CancellationToken, keep_for: Duration) -> Self {
        Self { until, stop, keep_for, rest_until: None, left_for: None }
    }

    /// Wants to leave.
    pub(super) fn begin(&mut self) {
        self.rest_until.get_or_insert_with(|| Instant::now() + REST);
    }

    /// Whether it is to be left now; `is_between`: nothing has arrived in part.
    pub(super) fn is_due(&self, is_between: bool) -> bool {
        self.rest_until.is_some_and(|until| is_between || until <= Instant::now())
    }

    /// Waits for the next step and takes it. Loses nothing when it is dropped.
    pub(super) async fn step(&mut self) {
        match self.rest_until {
            Some(until) if until > Instant::now() => tokio::time::sleep_until(until).await,
            Some(_) => std::future::pending().await,
            None => {
                tokio::select! {
                    () = self.stop.cancelled() => {}
                    () = sleep_until(self.until) => {}
                }
                self.begin();
            }
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_message_that_has_begun_is_waited_for_but_not_for_ever() {
        let stop = CancellationToken::new();
        let mut leaving = Leaving::new(None, stop.clone(), Duration::ZERO);
        assert!(!leaving.is_due(true), "nobody wants to");
        stop.cancel();
        leaving.step().await;
        assert!(leaving.is_due(true) && !leaving.is_due(false));
        leaving.step().await;
        assert!(leaving.is_due(false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_is_a_reason_to_leave() {
        let until = Instant::now() + Duration::from_secs(60);
        let mut leaving = Leaving::new(Some(until), CancellationToken::new(), Duration::ZERO);
        leaving.step().await;
        assert!(leaving.is_due(true) && Instant::now() >= until);
    }
}
