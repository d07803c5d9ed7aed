//! How far the stopping of a running pipeline is: times in, decisions out; no clock, no server.
//!
//! ```text
//! Running --its time is up--------> Told ------confirmed in time--> (its end, or the session's)
//!         --the caller wants so-->     |
//!         --its input is lost----->    +------STOP_WAIT is over---> Over
//! ```

use std::time::{Duration, Instant};

/// How long a stopped pipeline may take to report that it has stopped. `finally` blocks run in this time.
pub const STOP_WAIT: Duration = Duration::from_secs(10);

/// Why we stop a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// Its time was up.
    Timeout,
    /// The caller wanted so.
    Stop,
    /// Its input could not be delivered.
    Input,
}

/// A pipeline, by how long it may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopping {
    /// It may run until then.
    Running {
        /// The end of its time.
        until: Instant,
    },
    /// It has been told to stop, and may take until then to say that it has.
    Told {
        /// The first reason.
        why: Halt,
        /// The end of our patience.
        until: Instant,
    },
    /// It was told to stop, and never said that it has.
    Over {
        /// The first reason.
        why: Halt,
    },
}

impl Stopping {
    /// A pipeline that has just been started.
    pub(super) fn new(until: Instant) -> Self {
        Self::Running { until }
    }

    /// Why the pipeline is being stopped, if it is.
    pub(super) fn why(self) -> Option<Halt> {
        match self {
            Self::Running { .. } => None,
            Self::Told { why, .. } | Self::Over { why } => Some(why),
        }
    }

    /// When to call [`Stopping::wake`].
    pub(super) fn wakes(self) -> Option<Instant> {
        match self {
            Self::Running { until } | Self::Told { until, .. } => Some(until),
            Self::Over { .. } => None,
        }
    }

    /// Stops it for this reason. The first reason counts; says whether the server is to be told now.
    pub(super) fn begin(&mut self, why: Halt, now: Instant) -> bool {
        let begins = matches!(self, Self::Running { .. });
        if begins {
            *self = Self::Told { why, until: now + STOP_WAIT };
        }
        begins
    }

    /// Goes on when a time has come; says whether the server is to be told to stop now.
    pub(super) fn wake(&mut self, now: Instant) -> bool {
        match *self {
            Self::Running { until } if until <= now => return self.begin(Halt::Timeout, now),
            Self::Told { why, until } if until <= now => *self = Self::Over { why },
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_is_told_once_and_given_up_after_the_wait() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut stopping = Stopping::new(at(60));
        assert!(!stopping.wake(at(59)), "not yet");
        assert_eq!((stopping.why(), stopping.wakes()), (None, Some(at(60))));
        assert!(stopping.wake(at(60)));
        assert_eq!((stopping.why(), stopping.wakes()), (Some(Halt::Timeout), Some(at(70))));
        assert!(!stopping.wake(at(69)) && !stopping.begin(Halt::Stop, at(69)), "it was told already");
        assert!(!stopping.wake(at(70)));
        assert_eq!((stopping, stopping.wakes()), (Stopping::Over { why: Halt::Timeout }, None));
        assert!(!stopping.wake(at(99)) && !stopping.begin(Halt::Input, at(99)));
    }

    #[test]
    fn the_first_reason_counts_and_starts_the_wait() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for (first, second) in [(Halt::Stop, Halt::Timeout), (Halt::Input, Halt::Stop), (Halt::Timeout, Halt::Input)] {
            let mut stopping = Stopping::new(at(5));
            assert!(stopping.begin(first, at(3)));
            assert!(!stopping.begin(second, at(4)));
            assert!(!stopping.wake(at(5)), "the time to run is of no more interest");
            assert_eq!((stopping.why(), stopping.wakes()), (Some(first), Some(at(13))));
        }
    }
}
