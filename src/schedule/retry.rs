//! Whether and when a target is tried again: numbers in, a time out.

use std::time::Duration;

/// Doublings of the delay at most; the run's deadline ends what waits longer.
const DOUBLINGS: u32 = 16;

/// The rule for attempts behind the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryRule {
    /// Attempts behind the first one.
    pub retries: u32,
    /// Time before the second attempt at most, and at least half of it; doubled for each one after it.
    pub delay: Duration,
}

impl RetryRule {
    /// How long to wait after this attempt (1 for the first) before the next one; `None` if it was the last.
    ///
    /// `chance` is a number from 0 up to 1 that nobody can foresee: targets that failed together, because a switch or a
    /// domain controller did, must not come back together.
    pub fn after(self, attempt: u32, chance: f64) -> Option<Duration> {
        let doublings = attempt.saturating_sub(1).min(DOUBLINGS);
        let half = self.delay.saturating_mul(1 << doublings) / 2;
        (attempt <= self.retries).then(|| half + half.mul_f64(chance.clamp(0.0, 1.0)))
    }
}

/// The longest pause of a target that waits for a quota: somebody who gives back is noticed soon.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl RetryRule {
    /// How long a target waits before its next attempt that a quota of its server has refused so often, the first time
    /// `waited` ago; `None` if its patience is over. Others use up what it waits for, so this counts as no retry; but
    /// who wants no retries at all wants none here.
    pub fn after_quota(self, refusals: u32, waited: Duration, patience: Duration, chance: f64) -> Option<Duration> {
        let left = patience.checked_sub(waited).filter(|left| !left.is_zero() && self.retries > 0)?;
        let endless = Self { retries: u32::MAX, delay: self.delay };
        endless.after(refusals, chance).map(|pause| pause.min(LONGEST_PAUSE).min(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: RetryRule = RetryRule { retries: 3, delay: Duration::from_secs(2) };

    fn waits(chance: f64) -> Vec<Option<u128>> {
        (1..=4).map(|attempt| RULE.after(attempt, chance).map(|wait| wait.as_millis())).collect()
    }

    #[test]
    fn the_delay_doubles_until_the_retries_are_used_up() {
        assert_eq!(waits(1.0), [Some(2000), Some(4000), Some(8000), None]);
        assert_eq!(RetryRule { retries: 0, ..RULE }.after(1, 0.5), None);
        let patient = RetryRule { retries: u32::MAX, ..RULE };
        assert_eq!(patient.after(40, 0.5), patient.after(u32::MAX, 0.5), "the doubling ends");
    }

    #[test]
    fn a_quota_is_waited_for_as_long_as_patience_lasts() {
        let after = |refusals, waited| {
            let (waited, patience) = (Duration::from_secs(waited), Duration::from_secs(60));
            RULE.after_quota(refusals, waited, patience, 1.0).map(|pause| pause.as_secs())
        };
        let pauses = [(1, 0), (2, 2), (3, 6), (4, 14), (9, 55), (10, 60), (11, 70)];
        let expected = [Some(2), Some(4), Some(8), Some(10), Some(5), None, None];
        assert_eq!(pauses.map(|(refusals, waited)| after(refusals, waited)), expected);
        let once = RetryRule { retries: 0, ..RULE };
        assert_eq!(once.after_quota(1, Duration::ZERO, Duration::from_secs(60), 0.5), None);
    }

    #[test]
    fn chance_takes_up_to_half_of_it_away() {
        assert_eq!(waits(0.0), [Some(1000), Some(2000), Some(4000), None]);
        assert_eq!(waits(0.25), [Some(1250), Some(2500), Some(5000), None]);
        assert_eq!(RetryRule { delay: Duration::ZERO, ..RULE }.after(1, 0.9), Some(Duration::ZERO));
        let endless = RetryRule { delay: Duration::MAX, ..RULE }.after(3, 1.0);
        assert!(endless.is_some_and(|wait| wait > Duration::MAX / 4), "{endless:?}");
    }
}
