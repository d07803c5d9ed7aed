//! How far a target is.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::fleet::attempt_end::AttemptEnd;
use crate::outcome::Outcome;

/// What the dispatcher knows of a target.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub started: Option<Instant>,
    /// Attempts that have begun.
    pub attempts: u32,
    /// The last attempt has leave to go on at its host.
    pub admitted: bool,
    /// It waits for that since then.
    pub in_line: Option<Instant>,
    /// For how long it has waited for that.
    pub waited: Duration,
    /// When the attempt under way began, and how long the target had waited by then.
    attempt: Option<(Instant, Duration)>,
    /// Stops the attempt under way.
    pub stop: Option<CancellationToken>,
    pub outcome: Option<Outcome>,
    /// What proved the user, once the host has accepted it.
    pub auth: Option<&'static str>,
    pub shell_may_remain: bool,
    /// Attempts that a quota of the host has refused, and when the first of them ended.
    pub quota: Option<(u32, Instant)>,
    /// The last failed attempt, in case that there will be no other.
    pub failure: Option<AttemptEnd>,
}

impl Progress {
    /// An attempt begins, which this stops.
    pub(super) fn begin(&mut self, attempt: u32, stop: CancellationToken) {
        let now = Instant::now();
        self.started.get_or_insert(now);
        (self.attempts, self.admitted) = (attempt, false);
        (self.attempt, self.stop) = (Some((now, self.waited)), Some(stop));
    }

    /// Whether an attempt is under way that is not called back when nothing else shall start.
    pub(super) fn is_at_work(&self) -> bool {
        self.admitted && self.stop.is_some() && self.outcome.is_none()
    }

    /// A quota of the host has refused an attempt; says how many it has refused by now, and how long ago the first.
    pub(super) fn refused_by_quota(&mut self) -> (u32, Duration) {
        let (refusals, since) = self.quota.get_or_insert((0, Instant::now()));
        *refusals += 1;
        (*refusals, since.elapsed())
    }

    /// How long the attempt under way has taken so far, without the time that it had to wait for us.
    pub(super) fn time_of_attempt(&self) -> Duration {
        self.attempt.map_or(Duration::ZERO, |(begin, waited)| {
            begin.elapsed().saturating_sub(self.waited.saturating_sub(waited))
        })
    }
}
