//! Which hosts run much longer than the rest.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::target::TargetId;

/// So many must have ended before anybody is slow.
const FEWEST: usize = 3;
/// Nobody is slow sooner.
const SHORTEST: Duration = Duration::from_secs(10);
/// Slow is who takes more than so many times what most took.
const TIMES: u32 = 3;
/// Notices of one run.
const NOTICES: u32 = 4;
/// Between two of them, so that those that become slow one after the other are told together.
const APART: Duration = Duration::from_secs(15);

/// Compares what is at work with what has ended, and names each host once.
#[derive(Debug, Default)]
pub(super) struct Slowness {
    ended: Vec<Duration>,
    told: BTreeSet<TargetId>,
    notices: u32,
    last: Option<Timestamp>,
}

/// Hosts that have been running for much longer than most took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slow {
    /// Who.
    pub targets: Vec<TargetId>,
    /// For how long, the one of them that began last.
    pub elapsed: Duration,
    /// The median of those that have ended.
    pub usual: Duration,
}

impl Slowness {
    /// A host has ended after this time.
    pub(super) fn ended(&mut self, took: Duration) {
        self.ended.push(took);
    }

    /// Those of the hosts at work that are slow, and were not named before.
    pub(super) fn look(&mut self, now: Timestamp, at_work: &[(TargetId, Duration)]) -> Option<Slow> {
        let is_soon = self.last.is_some_and(|last| now.duration_since(last).unsigned_abs() < APART);
        if self.ended.len() < FEWEST || self.notices >= NOTICES || is_soon {
            return None;
        }
        let middle = self.ended.len() / 2;
        let usual = *self.ended.select_nth_unstable(middle).1;
        let limit = SHORTEST.max(usual.saturating_mul(TIMES));
        let is_new = |(target, elapsed): &&(TargetId, Duration)| *elapsed > limit && !self.told.contains(target);
        let slow: Vec<_> = at_work.iter().filter(is_new).copied().collect();
        let elapsed = slow.iter().map(|(_, elapsed)| *elapsed).min()?;
        let targets: Vec<TargetId> = slow.into_iter().map(|(target, _)| target).collect();
        self.told.extend(&targets);
        (self.notices, self.last) = (self.notices + 1, Some(now));
        Some(Slow { targets, elapsed, usual })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::at;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn after(ended: &[u64]) -> Slowness {
        let mut slowness = Slowness::default();
        ended.iter().for_each(|took| slowness.ended(seconds(*took)));
        slowness
    }

    #[test]
    fn slow_is_who_takes_several_times_what_most_took() {
        let at_work = [(TargetId(7), seconds(31)), (TargetId(8), seconds(30)), (TargetId(9), seconds(45))];
        let slow = after(&[10, 1, 90, 10, 11]).look(at(0), &at_work).expect("two are slow");
        assert_eq!(slow, Slow { targets: vec![TargetId(7), TargetId(9)], elapsed: seconds(31), usual: seconds(10) });
        assert_eq!(after(&[1, 1]).look(at(0), &at_work), None, "too few have ended");
        assert_eq!(after(&[1, 1, 1]).look(at(0), &[(TargetId(7), seconds(10))]), None, "nobody waits for that");
    }

    #[test]
    fn each_is_named_once_and_few_notices_come() {
        let mut slowness = after(&[1, 1, 1]);
        let mut look = |now: i64, targets: &[u32]| {
            let at_work: Vec<_> = targets.iter().map(|target| (TargetId(*target), seconds(60))).collect();
            slowness.look(at(now), &at_work).map(|slow| slow.targets.iter().map(|target| target.0).collect::<Vec<_>>())
        };
        assert_eq!(look(0, &[1]), Some(vec![1]));
        assert_eq!(look(14, &[1, 2]), None, "too soon");
        assert_eq!(look(15, &[1, 2, 3]), Some(vec![2, 3]));
        assert_eq!(look(60, &[1, 2, 3]), None);
        assert_eq!((look(60, &[4]), look(90, &[5]), look(120, &[6])), (Some(vec![4]), Some(vec![5]), None));
    }
}
