//! Random fleets, outcomes, steps, limits and budgets: what holds for all of them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// A run, and what becomes of its targets.
#[derive(Debug, Clone)]
struct Story {
    throttle: usize,
    connecting: usize,
    /// Of each target: its outcome, how often it is tried again before, and its cohorts.
    targets: Vec<(Outcome, u32, Vec<usize>)>,
    cohorts: Vec<usize>,
    sizes: Vec<usize>,
    pauses: Vec<usize>,
    failed: Option<Share>,
    unreachable: Option<Share>,
    /// How many of the first targets have their outcome from before.
    done: usize,
    /// Steps that are refused: their numbers.
    refused: Vec<usize>,
    /// Which of several targets under way goes on next.
    chances: Vec<u8>,
}

fn share() -> impl Strategy<Value = Option<Share>> {
    let count = (1usize..12).prop_map(|count| Share::Count(NonZeroUsize::new(count).expect("not 0")));
    prop_oneof![Just(None), count.prop_map(Some), (1u8..=100).prop_map(|percent| Some(Share::Percent(percent)))]
}

fn target() -> impl Strategy<Value = (Outcome, u32, Vec<usize>)> {
    let outcome = prop_oneof![
        6 => Just(Outcome::Ok),
        1 => Just(Outcome::OkWithErrors),
        1 => Just(Outcome::Failed),
        1 => Just(Outcome::Timeout),
        1 => Just(Outcome::Lost),
        1 => Just(Outcome::Unreachable),
        1 => Just(Outcome::Auth),
        1 => Just(Outcome::Skipped),
    ];
    (outcome, 0u32..3, prop::collection::btree_set(0usize..3, 0..3).prop_map(|of| of.into_iter().collect()))
}

fn story() -> impl Strategy<Value = Story> {
    let limits = (1usize..8, 1usize..12, prop::collection::vec(1usize..4, 3));
    let steps = (
        prop::collection::vec(1usize..60, 0..4),
        prop::collection::vec(1usize..4, 0..2),
        prop::collection::vec(1usize..9, 0..2),
    );
    let run = (prop::collection::vec(target(), 0..50), 0usize..10, prop::collection::vec(any::<u8>(), 200));
    (limits, steps, run, share(), share()).prop_map(|(limits, steps, (targets, done, chances), failed, unreachable)| {
        let ((throttle, connecting, cohorts), (mut sizes, pauses, refused)) = (limits, steps);
        sizes.sort_unstable();
        let done = done.min(targets.len());
        Story { throttle, connecting, targets, cohorts, sizes, pauses, failed, unreachable, done, refused, chances }
    })
}

/// How far a target under way is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Connecting,
    InLine,
    Work,
    Closing,
}

/// Plays a story, and checks each step that the schedule takes.
struct Play<'s> {
    story: &'s Story,
    schedule: Schedule,
    now: Duration,
    under_way: BTreeMap<u32, (At, u32)>,
    begun: BTreeSet<u32>,
    ended: Vec<(u32, Outcome)>,
    /// Who never had a turn.
    left: Vec<u32>,
    /// How many targets may have begun: the end of the step under way.
    reach: usize,
    checks: usize,
    chance: usize,
    is_closed: bool,
}

impl<'s> Play<'s> {
    fn new(story: &'s Story) -> Self {
        let not_0 = |number: &usize| NonZeroUsize::new(*number).expect("not 0");
        let limits = Limits { throttle: not_0(&story.throttle), connecting: not_0(&story.connecting) };
        let count = story.targets.len();
        let sizes: Vec<Share> = story.sizes.iter().map(|size| Share::Count(not_0(size))).collect();
        let steps = if sizes.is_empty() { Vec::new() } else { ramp(&sizes, &story.pauses, count) };
        let budgets = Budgets { failed: story.failed, unreachable: story.unreachable };
        let cohorts = Cohorts {
            limits: story.cohorts.iter().map(not_0).collect(),
            of_target: story.targets.iter().map(|(_, _, of)| of.clone()).collect(),
        };
        // Taken up again, it is at the last step that is whole: what comes after that is checked first.
        let whole = steps.iter().take_while(|step| step.end <= story.done).last();
        let reach = whole.or(steps.first()).map_or(count, |step| step.end);
        let done = (0..story.done as u32).map(TargetId);
        let schedule = Schedule::new(limits, Gate::new(1), vec![None; count], done)
            .with_brake(Brake { steps, budgets })
            .with_cohorts(cohorts);
        Self {
            story,
            schedule,
            now: T0,
            under_way: BTreeMap::new(),
            begun: BTreeSet::new(),
            ended: Vec::new(),
            left: Vec::new(),
            reach,
            checks: 0,
            chance: 0,
            is_closed: false,
        }
    }

    /// Plays it to its end.
    fn play(&mut self) {
        loop {
            match self.schedule.next(self.now) {
                Next::Start { target, attempt } => self.start(target.0, attempt),
                Next::Admit { target, .. } => self.admit(target.0),
                Next::Check(step) => self.check(step),
                Next::Pause(step) => {
                    assert!(step.pauses && self.under_way.is_empty(), "{step:?}");
                    self.schedule.go_on();
                    self.reach_behind(step);
                }
                Next::Stop(_) => {
                    assert!(self.is_spent(), "no budget is used up");
                    self.close();
                }
                Next::Wait | Next::WaitUntil(_) if !self.under_way.is_empty() => self.something_happens(),
                Next::WaitUntil(at) => self.now = at,
                Next::Done => return assert!(self.under_way.is_empty(), "{:?} are under way", self.under_way),
                next => panic!("nobody is under way, and {next:?}"),
            }
        }
    }

    fn start(&mut self, target: u32, attempt: u32) {
        assert!(!self.is_closed && !self.is_spent(), "it starts {target} though the run has ended");
        assert!((target as usize) < self.reach, "{target} is behind the step that ends at {}", self.reach);
        assert!(target as usize >= self.story.done && self.ended.iter().all(|(other, _)| *other != target));
        assert_eq!(attempt == 1, self.begun.insert(target), "attempt {attempt} of {target}");
        assert!(self.under_way.insert(target, (At::Connecting, attempt)).is_none(), "{target} runs twice");
        self.limits_hold();
    }

    fn admit(&mut self, target: u32) {
        assert!(self.is_closed || !self.is_spent(), "it admits {target} though a budget is used up");
        let (at, _) = self.under_way.get_mut(&target).expect("under way");
        assert_eq!(std::mem::replace(at, At::Work), At::InLine);
        self.limits_hold();
    }

    fn limits_hold(&self) {
        let count = |wanted: &[At]| self.under_way.values().filter(|(at, _)| wanted.contains(at)).count();
        assert!(count(&[At::Connecting, At::InLine]) <= self.story.connecting, "{:?}", self.under_way);
        assert!(count(&[At::Work]) <= self.story.throttle, "{:?}", self.under_way);
        for (cohort, limit) in self.story.cohorts.iter().enumerate() {
            let is_in = |target: &&u32| self.story.targets[**target as usize].2.contains(&cohort);
            assert!(self.under_way.keys().filter(is_in).count() <= *limit, "{cohort}: {:?}", self.under_way);
        }
    }

    fn check(&mut self, step: Step) {
        assert!(self.under_way.is_empty(), "{step:?} is checked while {:?} are under way", self.under_way);
        assert_eq!(step.end, self.reach);
        let ended = self.ended.iter().filter(|(target, _)| (*target as usize) < step.end).count();
        assert_eq!(ended + self.story.done.min(step.end), step.end, "all of the step have their outcome");
        assert!(self.begun.iter().all(|target| (*target as usize) < step.end), "nobody behind it has begun");
        self.checks += 1;
        if self.story.refused.contains(&self.checks) {
            return self.close();
        }
        self.schedule.passed();
        let is_answered = self.checks == 1 && step.end <= self.story.done;
        if !step.pauses || is_answered {
            self.reach_behind(step);
        }
    }

    fn reach_behind(&mut self, step: Step) {
        let sizes = self.story.sizes.iter().copied().filter(|size| *size > step.end);
        self.reach = sizes.min().unwrap_or(usize::MAX).min(self.story.targets.len());
    }

    fn close(&mut self) {
        assert!(!std::mem::replace(&mut self.is_closed, true), "it ends twice");
        for (target, attempts) in self.schedule.close() {
            assert_eq!(attempts > 0, self.begun.contains(&target.0));
            self.left.push(target.0);
        }
    }

    /// One of those under way goes on.
    fn something_happens(&mut self) {
        let moving: Vec<u32> =
            self.under_way.iter().filter(|(_, (at, _))| *at != At::InLine).map(|(target, _)| *target).collect();
        assert!(!moving.is_empty(), "all stand in line, and nobody is let in: {:?}", self.under_way);
        let chance = usize::from(self.story.chances[self.chance % self.story.chances.len()]);
        self.chance += 1;
        let target = moving[chance % moving.len()];
        let id = TargetId(target);
        let (at, attempt) = self.under_way[&target];
        let (outcome, retries, _) = self.story.targets[target as usize];
        if attempt <= retries && !self.is_closed {
            self.under_way.remove(&target);
            self.schedule.retry(id, attempt + 1, self.now + Duration::from_secs(chance as u64), Proof::Settled);
        } else if at == At::Connecting && chance.is_multiple_of(2) {
            self.under_way.insert(target, (At::InLine, attempt));
            self.schedule.asks(id, false);
        } else if at == At::Work && chance.is_multiple_of(2) {
            self.under_way.insert(target, (At::Closing, attempt));
            self.schedule.closing(id);
        } else {
            self.under_way.remove(&target);
            self.ended.push((target, outcome));
            self.schedule.ended(id, outcome, Proof::Settled);
        }
    }

    /// Whether what has ended since this run began uses up a budget.
    fn is_spent(&self) -> bool {
        use Outcome::{Auth, Failed, Lost, Ok, OkWithErrors, Timeout, Unreachable};
        let count = |wanted: &[Outcome]| self.ended.iter().filter(|(_, outcome)| wanted.contains(outcome)).count();
        let all = count(&[Ok, OkWithErrors, Failed, Timeout, Lost, Unreachable, Auth]);
        let sample = SAMPLE.min(self.story.targets.len() - self.story.done);
        let is_spent = |limit: Option<Share>, count: usize| match limit {
            None => false,
            Some(Share::Count(limit)) => count >= limit.get(),
            Some(Share::Percent(limit)) => {
                count > 0 && all >= sample && count as f64 / all as f64 >= f64::from(limit) / 100.0
            }
        };
        is_spent(self.story.failed, count(&[Failed, Timeout, Lost]))
            || is_spent(self.story.unreachable, count(&[Unreachable, Auth]))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_limit_is_passed_and_each_target_has_one_end(story in story()) {
        let mut play = Play::new(&story);
        play.play();
        let ended = play.ended.iter().map(|(target, _)| *target);
        let mut all: Vec<u32> = ended.chain(play.left.iter().copied()).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (story.done as u32..story.targets.len() as u32).collect::<Vec<_>>());
        prop_assert!(play.is_closed || play.left.is_empty());
    }
}
