//! Steps, checkpoints, pauses and budgets: when a run goes on, and how it ends where it does not.

use tokio_util::sync::CancellationToken;

use super::seams::{Elsewhere, fine, finished, hosts, made, unreachable};
use super::*;
use crate::event::StepEnd;
use crate::schedule::Step;
use crate::target::{TargetId, TargetSnapshot};

/// Steps that end so, each with whether the run pauses after it.
fn steps(ends: &[(usize, bool)]) -> Brake {
    let steps = ends.iter().enumerate();
    let steps = steps.map(|(place, &(end, pauses))| Step { number: place + 1, end, pauses }).collect();
    Brake { steps, ..Brake::default() }
}

fn budgets(failed: &str, unreachable: &str) -> Brake {
    Brake {
        budgets: Budgets { failed: failed.parse().ok(), unreachable: unreachable.parse().ok() },
        ..Brake::default()
    }
}

/// Says no from one of its questions on, and remembers them.
#[derive(Default)]
struct Looks {
    refuses: Option<usize>,
    asked: Mutex<Vec<Vec<u32>>>,
}

#[async_trait]
impl Checkpoint for Arc<Looks> {
    async fn pass(&self, done: Vec<TargetId>, _: CancellationToken) -> Result<(), String> {
        let mut asked = self.asked.lock().expect("not poisoned");
        asked.push(done.iter().map(|target| target.0).collect());
        if self.refuses == Some(asked.len()) { Err("h2 is not well".to_owned()) } else { Ok(()) }
    }
}

fn odd_fails(target: &TargetSnapshot) -> AttemptEnd {
    let is_odd = target.name.ends_with(['1', '3', '5', '7', '9']);
    if is_odd { AttemptEnd::new(Outcome::Failed, Some(Reason::ScriptError), "thrown") } else { fine(target) }
}

fn step_ends(events: &[RunEventKind]) -> Vec<StepEnd> {
    let ends = events.iter().filter_map(|kind| match kind {
        RunEventKind::StepFinished(end) => Some(end.clone()),
        _ => None,
    });
    ends.collect()
}

fn ended(step: usize, targets: u64, refusal: Option<&str>) -> StepEnd {
    StepEnd { step, steps: 3, targets, refusal: refusal.map(str::to_owned) }
}

#[tokio::test]
async fn each_step_is_looked_at_before_the_next() {
    let looks = Arc::new(Looks::default());
    let spec = RunSpec { brake: steps(&[(1, false), (4, false), (6, false)]), ..hosts(6) };
    let run = Run::new(spec, Arc::new(Elsewhere(odd_fails))).checked(Arc::new(Arc::clone(&looks)));
    let (summary, events) = made(run, quiet()).await;
    assert_eq!(*looks.asked.lock().expect("not poisoned"), [vec![0], vec![1, 2, 3]], "those of the step, well or not");
    assert_eq!(step_ends(&events), [ended(1, 1, None), ended(2, 4, None)]);
    assert_eq!((summary.exit_code(), summary.counts.total()), (1, 6));
    let first = events.iter().position(|kind| matches!(kind, RunEventKind::StepFinished(_))).expect("a step");
    let started = events[..first].iter().filter(|kind| matches!(kind, RunEventKind::TargetStarted { .. })).count();
    assert_eq!(started, 1);
}

#[tokio::test]
async fn a_gate_that_is_not_passed_ends_the_run() {
    let looks = Arc::new(Looks { refuses: Some(2), ..Looks::default() });
    let spec = RunSpec { brake: steps(&[(1, false), (4, false), (6, false)]), ..hosts(6) };
    let run = Run::new(spec, Arc::new(Elsewhere(fine))).checked(Arc::new(looks));
    let (summary, events) = made(run, quiet()).await;
    assert_eq!((summary.counts.of(Outcome::Ok), summary.exit_code()), (4, 5));
    assert_eq!(finished(&events)[4..], [4, 5].map(|host| (host, Outcome::NotStarted, Some(Reason::Gate))));
    assert_eq!(step_ends(&events), [ended(1, 1, None), ended(2, 4, Some("h2 is not well"))]);
    let why = events.iter().find_map(|kind| match kind {
        RunEventKind::TargetFinished(end) if end.outcome == Outcome::NotStarted => Some((&*end.message, &end.hint)),
        _ => None,
    });
    let (message, hint) = why.expect("one that never started");
    assert_eq!(message, "the run ended after step 2: h2 is not well");
    assert!(hint.as_ref().is_some_and(|hint| hint.contains("psfleet runs resume")), "{hint:?}");
}

#[tokio::test]
async fn where_nobody_ended_well_nobody_passes() {
    let looks = Arc::new(Looks::default());
    let spec = RunSpec { brake: steps(&[(1, false), (3, false)]), ..hosts(3) };
    let run = Run::new(spec, Arc::new(Elsewhere(unreachable))).checked(Arc::new(Arc::clone(&looks)));
    let (summary, events) = made(run, quiet()).await;
    assert_eq!((summary.counts.of(Outcome::NotStarted), summary.exit_code()), (2, 5));
    assert!(step_ends(&events)[0].refusal.as_ref().is_some_and(|why| why.contains("no host of step 1")));
    // The last run may be another one by then, which has mended it.
    let rerun = format!("psfleet run --rerun {}", summary.run);
    assert!(step_ends(&events)[0].refusal.as_ref().is_some_and(|why| why.contains(&rerun)));
    assert!(looks.asked.lock().expect("not poisoned").is_empty());
}

#[tokio::test]
async fn without_anybody_to_answer_a_pause_is_the_end() {
    let spec = RunSpec { brake: steps(&[(2, true), (5, false)]), ..hosts(5) };
    let (summary, events) = made(Run::new(spec, Arc::new(Elsewhere(fine))), quiet()).await;
    assert_eq!((summary.counts.of(Outcome::Ok), summary.exit_code()), (2, 5));
    assert_eq!(finished(&events)[2], (2, Outcome::NotStarted, Some(Reason::Paused)));
    assert!(!events.iter().any(|kind| matches!(kind, RunEventKind::RunPaused(_))), "nobody is told to answer");
}

/// Answers each pause of five hosts, of which two are in the first step; how many ended well, and the exit code.
async fn answered(answer: Interrupt) -> (u64, u8) {
    let spec = RunSpec { brake: steps(&[(2, true), (5, false)]), attended: true, ..hosts(5) };
    let (interrupt, interrupts) = mpsc::channel(1);
    let (events, mut received) = mpsc::channel::<Emission>(4);
    let reader = async {
        while let Some(emission) = received.recv().await {
            if matches!(emission.kind, RunEventKind::RunPaused(_)) {
                let none = tokio::time::timeout(STEP, received.recv()).await;
                assert!(none.is_err(), "nothing starts: {none:?}");
                interrupt.send(answer).await.expect("the run listens");
            }
        }
    };
    let run = Run::new(spec, Arc::new(Elsewhere(fine)));
    let (summary, ()) = tokio::join!(run.go(events, interrupts), reader);
    (summary.counts.of(Outcome::Ok), summary.exit_code())
}

#[tokio::test]
async fn the_others_start_once_somebody_says_so() {
    assert_eq!(answered(Interrupt::GoOn).await, (5, 0));
    assert_eq!(answered(Interrupt::EndHere).await, (2, 5));
    assert_eq!(answered(Interrupt::Stop).await, (2, 130));
}

#[tokio::test]
async fn taken_up_again_it_asks_the_gate_of_the_last_step() {
    let looks = Arc::new(Looks::default());
    let done = vec![(TargetId(0), Outcome::Ok), (TargetId(1), Outcome::Failed)];
    let spec = hosts(5);
    let header =
        crate::event::RunHeader { done, ..crate::event::RunHeader::new(spec.header.run, spec.header.targets.clone()) };
    let spec = RunSpec { brake: steps(&[(2, true), (5, false)]), header: Arc::new(header), ..spec };
    let run = Run::new(spec, Arc::new(Elsewhere(fine))).checked(Arc::new(Arc::clone(&looks)));
    let (summary, _) = made(run, quiet()).await;
    assert_eq!(*looks.asked.lock().expect("not poisoned"), [vec![0, 1]]);
    assert_eq!((summary.counts.of(Outcome::Ok), summary.exit_code()), (4, 1), "the pause is answered by that");
}

#[tokio::test]
async fn taken_up_again_after_a_step_that_nobody_passed_it_asks_about_all_of_it() {
    for gated in [true, false] {
        let looks = Arc::new(Looks::default());
        let done = vec![(TargetId(0), Outcome::Failed), (TargetId(1), Outcome::Unreachable)];
        let spec = hosts(5);
        let targets = spec.header.targets.clone();
        let header = crate::event::RunHeader { done, ..crate::event::RunHeader::new(spec.header.run, targets) };
        let spec = RunSpec { brake: steps(&[(2, false), (5, false)]), header: Arc::new(header), ..spec };
        let run = Run::new(spec, Arc::new(Elsewhere(fine)));
        let run = if gated { run.checked(Arc::new(Arc::clone(&looks))) } else { run };
        let (summary, _) = made(run, quiet()).await;
        let asked = looks.asked.lock().expect("not poisoned").clone();
        assert_eq!(asked, if gated { vec![vec![0, 1]] } else { vec![] }, "of hosts that may be mended by now");
        assert_eq!(summary.counts.of(Outcome::Ok), 3);
    }
}

#[tokio::test]
async fn whoever_is_strict_takes_errors_for_a_failure() {
    let with_errors = |_: &TargetSnapshot| AttemptEnd { errors: 1, ..AttemptEnd::new(Outcome::OkWithErrors, None, "") };
    for (strict, brake, ok, code) in [
        (false, steps(&[(2, false), (5, false)]), 5, 0),
        (true, steps(&[(2, false), (5, false)]), 2, 5),
        (false, budgets("2", ""), 5, 0),
        (true, budgets("2", ""), 2, 5),
    ] {
        let limits = Limits::new(NonZeroUsize::MIN);
        let spec = RunSpec { brake, strict, limits, ..hosts(5) };
        let (summary, _) = made(Run::new(spec, Arc::new(Elsewhere(with_errors))), quiet()).await;
        assert_eq!((summary.counts.of(Outcome::OkWithErrors), summary.exit_code()), (ok, code), "{strict}");
    }
}

#[tokio::test]
async fn who_was_lost_stays_lost_until_its_turn_comes_again() {
    let spec = hosts(5);
    let targets = spec.header.targets.clone();
    let lost = vec![TargetId(0), TargetId(3)];
    let header = crate::event::RunHeader { lost, ..crate::event::RunHeader::new(spec.header.run, targets) };
    let spec = RunSpec { brake: steps(&[(2, true), (5, false)]), header: Arc::new(header), ..spec };
    let (summary, events) = made(Run::new(spec, Arc::new(Elsewhere(fine))), quiet()).await;
    let paused = Some(Reason::Paused);
    let ends = [(2, Outcome::NotStarted, paused), (3, Outcome::Lost, paused), (4, Outcome::NotStarted, paused)];
    assert_eq!(finished(&events)[2..], ends);
    assert_eq!((summary.counts.of(Outcome::Ok), summary.counts.of(Outcome::Lost)), (2, 1));
}

#[tokio::test]
async fn who_was_lost_and_cannot_be_reached_stays_lost() {
    let ends: [fn(&TargetSnapshot) -> AttemptEnd; 2] = [
        |_| AttemptEnd::new(Outcome::Unreachable, Some(Reason::Refused), "no"),
        |_| AttemptEnd::new(Outcome::Auth, Some(Reason::EndpointDenied), "no"),
    ];
    for end in ends {
        let spec = hosts(2);
        let targets = spec.header.targets.clone();
        let header = crate::event::RunHeader {
            lost: vec![TargetId(0)],
            ..crate::event::RunHeader::new(spec.header.run, targets)
        };
        let spec = RunSpec { header: Arc::new(header), ..spec };
        let target = TargetSnapshot::from(&*spec.header.targets[1]);
        let AttemptEnd { outcome, reason, .. } = end(&target);
        let (_, events) = made(Run::new(spec, Arc::new(Elsewhere(end))), quiet()).await;
        let mut found = finished(&events);
        found.sort_unstable_by_key(|(target, ..)| *target);
        assert_eq!(found, [(0, Outcome::Lost, reason), (1, outcome, reason)]);
    }
}

#[tokio::test]
async fn a_budget_ends_the_run_and_spares_who_is_at_work() {
    let limits = Limits { connecting: NonZeroUsize::MIN, ..Limits::new(NonZeroUsize::MIN) };
    let spec = RunSpec { brake: budgets("", "2"), limits, ..hosts(9) };
    let (summary, events) = made(Run::new(spec, Arc::new(Elsewhere(unreachable))), quiet()).await;
    assert_eq!((summary.counts.of(Outcome::Unreachable), summary.counts.of(Outcome::NotStarted)), (2, 7));
    assert_eq!(summary.exit_code(), 5);
    assert_eq!(finished(&events)[8], (8, Outcome::NotStarted, Some(Reason::Budget)));
    let closed = events.iter().filter(|kind| matches!(kind, RunEventKind::RunClosed { reason: Reason::Budget, .. }));
    assert_eq!(closed.count(), 1);
    assert!(!events.iter().any(|kind| matches!(kind, RunEventKind::RunStopping { .. })), "nothing is stopped");
}

#[test]
fn who_is_connecting_is_called_back_by_a_budget_and_who_is_at_work_is_not() {
    let hosts = [Host::Panics, Host::Swallows, Host::Hangs, Host::Works, Host::Refused];
    let (spec, known) = spec(&hosts, 2);
    let spec = RunSpec { brake: budgets("1", ""), retry: RetryRule { retries: 0, delay: STEP }, ..spec };
    let (summary, mut ends, _) = in_virtual_time(run_all((spec, known), quiet()));
    ends.sort_by_key(|end| end.target);
    let ends: Vec<_> = ends.iter().map(|end| (end.outcome, end.reason)).collect();
    assert_eq!(ends[0], (Outcome::Failed, Some(Reason::Internal)));
    assert_eq!(ends[1], (Outcome::Unreachable, Some(Reason::ConnectTimeout)), "it was at work, and took all its time");
    let called_back = (Outcome::NotStarted, Some(Reason::Budget));
    assert_eq!(ends[2..4], [called_back; 2], "one was connecting, one in line");
    assert_eq!(summary.exit_code(), 5);
}
