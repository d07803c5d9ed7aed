//! How many targets at once.

use std::num::NonZeroUsize;

/// How many more targets than may be at work may be connecting.
const AHEAD: usize = 4;
/// The most that connect at once, unless somebody asks for more: sockets, and what firewalls take for a scan.
const MOST: usize = 256;

/// How many targets may be at work, and how many on their way there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Targets at work; more of them need more memory, sockets and remote load.
    pub throttle: NonZeroUsize,
    /// Targets that connect, or are connected and wait; more of them get past more dead hosts at once.
    pub connecting: NonZeroUsize,
}

impl Limits {
    /// A throttle limit with what goes with it: four times as many may connect, at most 256 unless more may be at
    /// work. Where it is one at a time, the order counts: one connects, and not whoever is the fastest goes first.
    pub fn new(throttle: NonZeroUsize) -> Self {
        if throttle == NonZeroUsize::MIN {
            return Self { throttle, connecting: throttle };
        }
        let ahead = throttle.get().saturating_mul(AHEAD).min(MOST);
        Self { throttle, connecting: NonZeroUsize::new(ahead).map_or(throttle, |ahead| ahead.max(throttle)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connecting_goes_ahead_of_the_throttle() {
        let connecting = |throttle| Limits::new(NonZeroUsize::new(throttle).expect("not 0")).connecting.get();
        assert_eq!([1, 2, 32, 64, 100, 5000].map(connecting), [1, 8, 128, 256, 256, 5000]);
    }
}
