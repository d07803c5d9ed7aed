//! How many targets may fail before a run starts no others.

use super::Share;
use crate::outcome::Outcome;

/// A share of targets is looked at once so many have ended, or all of a smaller run: of two targets one is half.
pub const SAMPLE: usize = 10;

/// How many targets may fail, or not be reached, before no other starts. Any number unless set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budgets {
    /// Once so many have failed, timed out or were lost, or that share of those that have ended.
    pub failed: Option<Share>,
    /// Once so many could not be reached or logged on to, or that share of those that have ended.
    pub unreachable: Option<Share>,
}

/// What a budget counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// Targets that have failed, timed out or were lost.
    Failed,
    /// Targets that could not be reached or logged on to.
    Unreachable,
}

/// A budget that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overrun {
    /// Which one.
    pub spent: Spent,
    /// How many targets it counted.
    pub count: usize,
    /// How many targets had ended by then.
    pub ended: usize,
    /// How many it allows: so many are too many.
    pub limit: Share,
}

/// The budgets of a run under way.
#[derive(Debug, Default)]
pub(super) struct Spending {
    budgets: Budgets,
    sample: usize,
    ended: usize,
    failed: usize,
    unreachable: usize,
}

impl Spending {
    /// Budgets for so many targets.
    pub(super) fn new(budgets: Budgets, targets: usize) -> Self {
        Self { budgets, sample: SAMPLE.min(targets), ..Self::default() }
    }

    /// A target has its outcome. One that never ran by our own decision says nothing about the others.
    pub(super) fn ended(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Failed | Outcome::Timeout | Outcome::Lost => self.failed += 1,
            Outcome::Unreachable | Outcome::Auth => self.unreachable += 1,
            Outcome::Ok | Outcome::OkWithErrors | Outcome::Detached => {}
            Outcome::Cancelled | Outcome::Skipped | Outcome::NotStarted => return,
        }
        self.ended += 1;
    }

    /// Whether there is a budget.
    pub(super) fn is_limited(&self) -> bool {
        self.budgets != Budgets::default()
    }

    /// The budget that is used up, if one is.
    pub(super) fn overrun(&self) -> Option<Overrun> {
        let spent = [
            (Spent::Failed, self.failed, self.budgets.failed),
            (Spent::Unreachable, self.unreachable, self.budgets.unreachable),
        ];
        spent.into_iter().find_map(|(spent, count, limit)| {
            let limit = limit.filter(|limit| self.is_used_up(*limit, count))?;
            Some(Overrun { spent, count, ended: self.ended, limit })
        })
    }

    fn is_used_up(&self, limit: Share, count: usize) -> bool {
        match limit {
            Share::Count(most) => count >= most.get(),
            Share::Percent(percent) => {
                count > 0 && self.ended >= self.sample && count * 100 >= self.ended * usize::from(percent)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many ends the budgets of so many targets are used up; `-` fails, `?` cannot be reached, `+` is fine,
    /// `.` is left out.
    fn trips(failed: &str, unreachable: &str, targets: usize, ends: &str) -> Option<(usize, Overrun)> {
        let budgets = Budgets { failed: failed.parse().ok(), unreachable: unreachable.parse().ok() };
        let mut spending = Spending::new(budgets, targets);
        ends.chars().enumerate().find_map(|(place, end)| {
            spending.ended(match end {
                '-' => Outcome::Failed,
                '?' => Outcome::Auth,
                '.' => Outcome::Skipped,
                _ => Outcome::Ok,
            });
            Some((place + 1, spending.overrun()?))
        })
    }

    fn after(failed: &str, unreachable: &str, targets: usize, ends: &str) -> Option<usize> {
        trips(failed, unreachable, targets, ends).map(|(place, _)| place)
    }

    #[test]
    fn a_count_is_used_up_by_the_one_that_reaches_it() {
        assert_eq!(after("1", "", 50, "++-"), Some(3));
        assert_eq!(after("2", "", 50, "-?+?-"), Some(5), "who could not be reached has not failed");
        assert_eq!(after("", "2", 50, "-?+--?"), Some(6));
        assert_eq!(after("3", "", 50, "--"), None);
        assert_eq!(after("", "", 50, "------??????"), None);
    }

    #[test]
    fn a_share_is_looked_at_from_ten_ends_on() {
        assert_eq!(after("10%", "", 200, "-+++++++++"), Some(10), "one of ten");
        assert_eq!(after("11%", "", 200, "-+++++++++"), None);
        assert_eq!(after("50%", "", 200, "-------"), None, "seven are too few to say");
        assert_eq!(after("20%", "", 200, "++++++++++++---"), Some(15), "three of fifteen");
        assert_eq!(after("20%", "", 200, "+++++++++++++---"), None, "three of sixteen are less");
        assert_eq!(after("1%", "", 200, "++++++++++++"), None, "nothing has failed");
        assert_eq!(after("100%", "", 200, "----------"), Some(10));
    }

    #[test]
    fn all_of_a_small_fleet_are_enough() {
        assert_eq!(after("50%", "", 4, "-+-+"), Some(4));
        assert_eq!(after("50%", "", 4, "-+-"), None);
    }

    #[test]
    fn who_was_left_out_does_not_count() {
        assert_eq!(after("10%", "", 200, "...........-"), None);
        assert_eq!(after("10%", "", 200, "...........-+++++++++"), Some(21));
    }

    #[test]
    fn an_overrun_says_what_was_counted() {
        let (_, overrun) = trips("", "20%", 200, "+++++++++??+?").expect("used up");
        let expected = Overrun { spent: Spent::Unreachable, count: 3, ended: 13, limit: Share::Percent(20) };
        assert_eq!(overrun, expected);
    }
}
