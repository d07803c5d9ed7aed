//! Whether and when a target is tried again: numbers in, a time out.

use std::time::Duration;

/// Doublings of the delay at most; the run's deadline ends what waits longer.
const DOUBLINGS: u32 = 16;

/// The rule for attempts behind the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryRule {
    /// Attempts behind the first one.
    pub retries: u32,
    /// Time before the second attempt; doubled for each one after it.
    pub delay: Duration,
}

impl RetryRule {
    /// How long to wait after this attempt (1 for the first) before the next one; `None` if it was the last.
    pub fn after(self, attempt: u32) -> Option<Duration> {
        let doublings = attempt.saturating_sub(1);
        (attempt <= self.retries).then(|| self.delay.saturating_mul(1 << doublings.min(DOUBLINGS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_until_the_retries_are_used_up() {
        let rule = RetryRule { retries: 3, delay: Duration::from_secs(2) };
        let waits: Vec<_> = (1..=4).map(|attempt| rule.after(attempt).map(|wait| wait.as_secs())).collect();
        assert_eq!(waits, [Some(2), Some(4), Some(8), None]);
        assert_eq!(RetryRule { retries: 0, ..rule }.after(1), None);
        let patient = RetryRule { retries: u32::MAX, ..rule };
        assert_eq!(patient.after(40), patient.after(u32::MAX), "the doubling ends");
    }
}
