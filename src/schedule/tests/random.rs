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
    /// Who has an outcome from before.
    done: BTreeSet<u32>,
    /// After how many turns of those under way the process is killed.
    killed_after: usize,
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
    let first = (0u32..10).prop_map(|count| (0..count).collect());
    let done = prop_oneof![first, prop::collection::btree_set(0u32..50, 0..20)];
    let chances = (prop::collection::vec(any::<u8>(), 200), 0usize..150);
    let run = (prop::collection::vec(target(), 0..50), done, chances);
    (limits, steps, run, share(), share()).prop_map(|(limits, steps, run, failed, unreachable)| {
        let (targets, mut done, (chances, killed_after)): (Vec<_>, BTreeSet<u32>, _) = run;
        let ((throttle, connecting, cohorts), (mut sizes, pauses, refused)) = (limits, steps);
        sizes.sort_unstable();
        done.retain(|target| (*target as usize) < targets.len());
        Story {
            throttle,
            connecting,
            targets,
            cohorts,
            sizes,
            pauses,
            failed,
            unreachable,
            done,
            killed_after,
            refused,
            chances,
        }
    })
}

impl Story {
    /// The first target that has no outcome yet.
    fn first_left(&self) -> usize {
        (0..self.targets.len()).find(|target| !self.done.contains(&(*target as u32))).unwrap_or(self.targets.len())
    }

    /// How many targets have none.
    fn left(&self) -> usize {
        self.targets.len() - self.done.len()
    }
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
        let whole = steps.iter().take_while(|step| step.end <= story.first_left()).last();
        let reach = whole.or(steps.first()).map_or(count, |step| step.end);
        let done = story.done.iter().copied().map(TargetId);
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

    /// Plays it to its end, or until so many turns have been taken.
    fn play(&mut self, turns: usize) {
        while self.chance < turns {
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
        assert!(!self.story.done.contains(&target) && self.ended.iter().all(|(other, _)| *other != target));
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
        let before = self.story.done.iter().filter(|target| (**target as usize) < step.end).count();
        assert_eq!(ended + before, step.end, "all of the step have their outcome");
        assert!(self.begun.iter().all(|target| (*target as usize) < step.end), "nobody behind it has begun");
        self.checks += 1;
        if self.story.refused.contains(&self.checks) {
            return self.close();
        }
        self.schedule.passed();
        let is_answered = self.checks == 1 && step.end <= self.story.first_left();
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
        let sample = SAMPLE.min(self.story.left());
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
        play.play(usize::MAX);
        let ended = play.ended.iter().map(|(target, _)| *target);
        let mut all: Vec<u32> = ended.chain(play.left.iter().copied()).collect();
        all.sort_unstable();
        let left = (0..story.targets.len() as u32).filter(|target| !story.done.contains(target));
        prop_assert_eq!(all, left.collect::<Vec<_>>());
        prop_assert!(play.is_closed || play.left.is_empty());
    }

    #[test]
    fn a_run_that_was_killed_goes_on_without_those_that_have_an_outcome(story in story(), repeats_lost: bool) {
        let mut killed = Play::new(&story);
        killed.play(story.killed_after);
        let had_turn = killed.ended.iter().filter(|(_, outcome)| outcome.had_turn()).map(|(target, _)| *target);
        // Who was at work is lost; who only connected has run nothing.
        let at_work = killed.under_way.iter().filter(|(_, (at, _))| matches!(at, At::Work | At::Closing));
        let lost: BTreeSet<u32> = at_work.map(|(target, _)| *target).filter(|_| !repeats_lost).collect();
        let done: BTreeSet<u32> = story.done.iter().copied().chain(had_turn).chain(lost).collect();
        let rest = Story { done: done.clone(), refused: Vec::new(), failed: None, unreachable: None, ..story.clone() };
        let mut resumed = Play::new(&rest);
        // It asserts that nobody starts who has an outcome.
        resumed.play(usize::MAX);
        let mut all: Vec<u32> = resumed.ended.iter().map(|(target, _)| *target).chain(done).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..story.targets.len() as u32).collect::<Vec<_>>(), "everybody, and nobody twice");
    }
}
