//! How many targets at once, found out by the run itself: more as long as all goes well, half as many when it does not.

use std::num::NonZeroUsize;
use std::time::Duration;

/// Targets at work at once in the beginning.
const FIRST: usize = 8;
/// The part of a new latency in the smoothed one.
const PART: u32 = 8;
/// Sessions that take longer than the best by this factor ...
const FACTOR: u32 = 2;
/// ... and by this much say that there are too many: less is what busy machines differ by.
const NOISE: Duration = Duration::from_millis(50);

/// The throttle limit of a run that sets its own. Numbers in, a number out.
///
/// It grows by one for each round of successes, a round being as many as it allows at once. It is halved when a server
/// is overloaded or out of quota, or when sessions take twice as long to open as at best: once a round at most, since
/// what was under way by then says the same thing again.
#[derive(Debug)]
pub struct Pace {
    limit: usize,
    most: usize,
    successes: usize,
    /// Ends that still belong to the round in which the limit was halved.
    deaf: usize,
    smoothed: Option<Duration>,
    best: Duration,
}

impl Pace {
    /// A pace that allows so many at most.
    pub fn new(most: NonZeroUsize) -> Self {
        let limit = FIRST.min(most.get());
        Self { limit, most: most.get(), successes: 0, deaf: 0, smoothed: None, best: Duration::MAX }
    }

    /// How many targets may be at work at once.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// A session was open this long after its connection began.
    pub fn opened(&mut self, latency: Duration) {
        let smoothed = self.smoothed.map_or(latency, |known| known - known / PART + latency / PART);
        self.smoothed = Some(smoothed);
        self.best = self.best.min(smoothed);
        if smoothed > self.best.saturating_mul(FACTOR).max(self.best.saturating_add(NOISE)) {
            return self.strained();
        }
        self.deaf = self.deaf.saturating_sub(1);
        self.successes += 1;
        if self.successes >= self.limit {
            (self.limit, self.successes) = ((self.limit + 1).min(self.most), 0);
        }
    }

    /// A server was overloaded, or a quota of it used up.
    pub fn strained(&mut self) {
        if self.deaf > 0 {
            self.deaf -= 1;
            return;
        }
        self.deaf = self.limit;
        (self.limit, self.successes) = ((self.limit / 2).max(1), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST: Duration = Duration::from_millis(100);
    const SLOW: Duration = Duration::from_millis(400);

    fn pace(most: usize) -> Pace {
        Pace::new(NonZeroUsize::new(most).expect("not 0"))
    }

    fn opened(pace: &mut Pace, count: usize, latency: Duration) -> usize {
        (0..count).for_each(|_| pace.opened(latency));
        pace.limit()
    }

    #[test]
    fn a_round_of_successes_adds_one() {
        let mut pace = pace(256);
        assert_eq!([pace.limit(), opened(&mut pace, 7, FAST), opened(&mut pace, 1, FAST)], [8, 8, 9]);
        assert_eq!([opened(&mut pace, 8, FAST), opened(&mut pace, 1, FAST)], [9, 10]);
        assert_eq!(opened(&mut pace, 100_000, FAST), 256, "at most");
    }

    #[test]
    fn it_never_allows_more_than_it_may() {
        assert_eq!(opened(&mut pace(3), 100, FAST), 3);
        assert_eq!(pace(1).limit(), 1);
    }

    #[test]
    fn a_strain_halves_it_once_a_round() {
        let mut pace = pace(256);
        opened(&mut pace, 8 + 9 + 10 + 11 + 12 + 13 + 14 + 15, FAST);
        assert_eq!(pace.limit(), 16);
        pace.strained();
        assert_eq!(pace.limit(), 8);
        (0..16).for_each(|_| pace.strained());
        assert_eq!(pace.limit(), 8, "these were under way by then");
        pace.strained();
        assert_eq!(pace.limit(), 4);
    }

    #[test]
    fn it_never_allows_nobody() {
        let mut pace = pace(256);
        (0..1000).for_each(|_| pace.strained());
        assert_eq!(pace.limit(), 1);
        assert_eq!(opened(&mut pace, 1, FAST), 2, "and recovers from that");
    }

    #[test]
    fn latency_beyond_twice_the_best_halves_it() {
        let mut pace = pace(256);
        assert_eq!(opened(&mut pace, 8, FAST), 9);
        assert_eq!(opened(&mut pace, 3, SLOW), 9, "a few slow ones say nothing");
        let after: Vec<usize> = (0..7).map(|_| opened(&mut pace, 1, SLOW)).collect();
        assert!(after.contains(&4), "{after:?}");
        assert_eq!(after.last(), Some(&4), "once a round");
    }

    #[test]
    fn small_differences_are_noise() {
        let mut pace = pace(256);
        opened(&mut pace, 8, Duration::from_millis(2));
        assert!(opened(&mut pace, 100, Duration::from_millis(40)) > 9);
    }
}
