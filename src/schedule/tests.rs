//! The rules of the schedule, in numbers.

mod random;

use std::num::NonZeroUsize;
use std::time::Duration;

use super::*;
use crate::outcome::Outcome;
use crate::target::TargetId;

const T0: Duration = Duration::ZERO;
const ADMIN: Option<CredentialId> = Some(CredentialId(0));
/// Until the server that was sent a proof at first is overdue.
const OVERDUE: Next = Next::WaitUntil(PROOF_PATIENCE);

fn limited(throttle: usize, connecting: usize, credentials: Vec<Option<CredentialId>>) -> Schedule {
    let not_0 = |number| NonZeroUsize::new(number).expect("not 0");
    let limits = Limits { throttle: not_0(throttle), connecting: not_0(connecting) };
    Schedule::new(limits, Gate::new(1), credentials, [])
}

/// As many may connect as are there.
fn schedule(throttle: usize, credentials: Vec<Option<CredentialId>>) -> Schedule {
    limited(throttle, credentials.len(), credentials)
}

fn start(target: u32, attempt: u32) -> Next {
    Next::Start { target: TargetId(target), attempt }
}

fn admit(target: u32) -> Next {
    Next::Admit { target: TargetId(target), alone: false }
}

/// For a proof whose answer others wait for.
fn admit_alone(target: u32) -> Next {
    Next::Admit { target: TargetId(target), alone: true }
}

fn skip(target: u32) -> Next {
    Next::Skip(TargetId(target))
}

fn ask(schedule: &mut Schedule, targets: &[u32], proof: bool) {
    targets.iter().for_each(|&target| schedule.asks(TargetId(target), proof));
}

/// All that is to be done now.
fn due(schedule: &mut Schedule, now: Duration) -> Vec<Next> {
    let mut all = Vec::new();
    loop {
        let next = schedule.next(now);
        all.push(next);
        if matches!(
            next,
            Next::Wait | Next::WaitUntil(_) | Next::Check(_) | Next::Pause(_) | Next::Stop(_) | Next::Done
        ) {
            return all;
        }
    }
}

#[test]
fn keeps_the_throttle_limit() {
    let mut schedule = schedule(2, vec![None; 3]);
    assert_eq!(due(&mut schedule, T0), [start(0, 1), start(1, 1), start(2, 1), Next::Wait]);
    // Whoever was started first is served first.
    ask(&mut schedule, &[2, 0, 1], false);
    assert_eq!(due(&mut schedule, T0), [admit(0), admit(1), Next::Wait]);
    schedule.ended(TargetId(1), Outcome::Ok, Proof::Settled);
    assert_eq!(due(&mut schedule, T0), [admit(2), Next::Wait]);
    schedule.ended(TargetId(0), Outcome::Ok, Proof::Settled);
    schedule.ended(TargetId(2), Outcome::Ok, Proof::Settled);
    assert_eq!(schedule.next(T0), Next::Done);
}

#[test]
fn connecting_has_a_limit_of_its_own() {
    let mut schedule = limited(1, 3, vec![None; 5]);
    assert_eq!(due(&mut schedule, T0), [start(0, 1), start(1, 1), start(2, 1), Next::Wait]);
    // 0 and 1 hang; 2 is connected, works and ends, and so does whoever follows.
    schedule.asks(TargetId(2), false);
    assert_eq!(due(&mut schedule, T0), [admit(2), start(3, 1), Next::Wait]);
    schedule.asks(TargetId(3), false);
    assert_eq!(due(&mut schedule, T0), [Next::Wait], "connected and in line counts as connecting");
    schedule.ended(TargetId(2), Outcome::Ok, Proof::Settled);
    assert_eq!(due(&mut schedule, T0), [admit(3), start(4, 1), Next::Wait]);
}

#[test]
fn nobody_connects_only_to_stand_in_line() {
    let mut schedule = limited(1, 4, vec![None; 6]);
    assert_eq!(due(&mut schedule, T0).len(), 5);
    ask(&mut schedule, &[0, 1], false);
    assert_eq!(due(&mut schedule, T0), [admit(0), Next::Wait], "1 is ready for the one place");
    schedule.ended(TargetId(0), Outcome::Ok, Proof::Settled);
    assert_eq!(due(&mut schedule, T0), [admit(1), start(4, 1), start(5, 1), Next::Wait]);
}

#[test]
fn whoever_only_closes_makes_room() {
    let mut schedule = schedule(1, vec![None; 3]);
    due(&mut schedule, T0);
    ask(&mut schedule, &[0, 1, 2], false);
    assert_eq!(due(&mut schedule, T0), [admit(0), Next::Wait]);
    schedule.closing(TargetId(0));
    assert_eq!(due(&mut schedule, T0), [admit(1), Next::Wait]);
    // The first still closes: it has taken the one place for that.
    schedule.closing(TargetId(1));
    assert_eq!(due(&mut schedule, T0), [Next::Wait]);
    schedule.ended(TargetId(0), Outcome::Ok, Proof::Settled);
    assert_eq!(due(&mut schedule, T0), [Next::Wait]);
    schedule.ended(TargetId(1), Outcome::Ok, Proof::Settled);
    assert_eq!(due(&mut schedule, T0), [admit(2), Next::Wait]);
    schedule.ended(TargetId(2), Outcome::Ok, Proof::Settled);
    assert_eq!(schedule.next(T0), Next::Done);
}

#[test]
fn retries_after_their_delay() {
    let mut schedule = limited(1, 1, vec![None; 2]);
    let later = Duration::from_secs(2);
    assert_eq!(due(&mut schedule, T0), [start(0, 1), Next::Wait]);
    schedule.retry(TargetId(0), 2, later, Proof::Unanswered);
    assert_eq!(due(&mut schedule, T0), [start(1, 1), Next::Wait]);
    schedule.ended(TargetId(1), Outcome::Ok, Proof::Settled);
    assert_eq!(due(&mut schedule, T0), [Next::WaitUntil(later)]);
    assert_eq!(due(&mut schedule, later), [start(0, 2), Next::Wait]);
}

#[test]
fn one_alone_proves_a_credential_while_all_connect() {
    let mut schedule = schedule(8, vec![ADMIN, ADMIN, None, ADMIN]);
    assert_eq!(due(&mut schedule, T0).len(), 5);
    // 0 is dead. The first that is connected proves it; 2 has no password and goes on at once.
    ask(&mut schedule, &[3, 1, 2], true);
    assert_eq!(due(&mut schedule, T0), [admit_alone(1), admit(2), OVERDUE]);
    // It breaks and retries: the next one may at once.
    schedule.retry(TargetId(1), 2, Duration::from_secs(2), Proof::Unanswered);
    assert_eq!(due(&mut schedule, T0), [admit_alone(3), Next::WaitUntil(Duration::from_secs(2))]);
    schedule.authenticated(TargetId(3));
    schedule.asks(TargetId(0), true);
    assert_eq!(due(&mut schedule, T0)[0], admit(0));
}

#[test]
fn a_wrong_password_is_sent_once() {
    let mut schedule = limited(8, 3, vec![ADMIN, ADMIN, None, ADMIN]);
    due(&mut schedule, T0);
    ask(&mut schedule, &[0, 1, 2], true);
    assert_eq!(due(&mut schedule, T0), [admit_alone(0), admit(2), start(3, 1), OVERDUE]);
    schedule.ended(TargetId(0), Outcome::Auth, Proof::Refused);
    let trip = Trip { last: TargetId(0), count: 1, cause: TripCause::NeverAccepted };
    assert_eq!((schedule.trip(TargetId(3)), schedule.trip(TargetId(2))), (Some(trip), None));
    assert_eq!(due(&mut schedule, T0), [skip(1), Next::Wait]);
    schedule.asks(TargetId(3), true);
    assert_eq!(due(&mut schedule, T0), [skip(3), Next::Wait]);
    (1..4).for_each(|target| schedule.ended(TargetId(target), Outcome::Ok, Proof::Settled));
    assert_eq!(schedule.next(T0), Next::Done);
}

#[test]
fn a_server_that_swallows_the_proof_gives_way() {
    let mut schedule = schedule(8, vec![ADMIN; 4]);
    due(&mut schedule, T0);
    ask(&mut schedule, &[0, 1, 2, 3], true);
    assert_eq!(due(&mut schedule, T0), [admit_alone(0), OVERDUE]);
    assert_eq!(due(&mut schedule, PROOF_PATIENCE), [admit_alone(1), Next::Wait]);
    schedule.authenticated(TargetId(1));
    assert_eq!(due(&mut schedule, PROOF_PATIENCE), [admit(2), admit(3), Next::Wait]);
}

#[test]
fn nobody_waits_for_the_only_one_with_a_credential() {
    let mut schedule = schedule(8, vec![ADMIN, None, Some(CredentialId(1)), Some(CredentialId(1))]);
    due(&mut schedule, T0);
    ask(&mut schedule, &[0, 1, 2], true);
    assert_eq!(due(&mut schedule, T0), [admit(0), admit(1), admit_alone(2), Next::Wait]);
}

#[test]
fn silence_counts_where_a_target_tries_again_too() {
    let mut schedule = schedule(8, vec![ADMIN; 2]);
    due(&mut schedule, T0);
    for attempt in 2..5 {
        schedule.asks(TargetId(0), true);
        assert_eq!(schedule.next(T0), admit_alone(0));
        schedule.retry(TargetId(0), attempt, T0, Proof::Unanswered);
        if attempt < 4 {
            assert_eq!(due(&mut schedule, T0)[0], start(0, attempt));
        }
    }
    schedule.asks(TargetId(1), true);
    assert_eq!(due(&mut schedule, T0), [skip(1), skip(0), Next::Wait]);
}

#[test]
fn whoever_never_started_is_skipped_without_a_connection() {
    let mut schedule = limited(1, 1, vec![ADMIN; 3]);
    due(&mut schedule, T0);
    schedule.asks(TargetId(0), true);
    assert_eq!(schedule.next(T0), admit_alone(0));
    schedule.ended(TargetId(0), Outcome::Auth, Proof::Refused);
    assert_eq!(due(&mut schedule, T0), [skip(1), skip(2), Next::Done]);
}

#[test]
fn who_waits_for_leave_holds_no_place() {
    // Both log on by a key first, at work already, and turn to the password then.
    let mut schedule = schedule(2, vec![ADMIN, ADMIN, None]);
    due(&mut schedule, T0);
    ask(&mut schedule, &[0, 1, 2], false);
    assert_eq!(due(&mut schedule, T0), [admit(0), admit(1), Next::Wait]);
    ask(&mut schedule, &[0, 1], true);
    assert_eq!(
        due(&mut schedule, T0),
        [admit_alone(0), admit(2), Next::Wait],
        "no place, so no use in waking up for 1"
    );
    schedule.authenticated(TargetId(0));
    assert_eq!(due(&mut schedule, T0), [Next::Wait], "1 may, but 0 and 2 have the places");
    schedule.ended(TargetId(2), Outcome::Ok, Proof::Settled);
    assert_eq!(due(&mut schedule, T0), [admit(1), Next::Wait]);
}

#[test]
fn close_names_who_is_left() {
    let mut schedule = limited(1, 1, vec![None; 3]);
    assert_eq!(schedule.next(T0), start(0, 1));
    schedule.retry(TargetId(0), 2, Duration::from_secs(9), Proof::Unanswered);
    assert_eq!(schedule.next(T0), start(1, 1));
    schedule.asks(TargetId(1), false);
    assert_eq!(schedule.close(), [(TargetId(0), 1), (TargetId(2), 0)]);
    assert_eq!(due(&mut schedule, T0), [admit(1), Next::Wait], "it may be at work already, and log on once more");
    schedule.asks(TargetId(1), false);
    schedule.withdraw(TargetId(1));
    assert_eq!(due(&mut schedule, T0), [Next::Wait]);
    schedule.ended(TargetId(1), Outcome::Ok, Proof::Settled);
    assert_eq!(schedule.next(T0), Next::Done);
}

fn steps(ends: &[(usize, bool)]) -> Brake {
    let steps = ends.iter().enumerate();
    let steps = steps.map(|(place, &(end, pauses))| Step { number: place + 1, end, pauses }).collect();
    Brake { steps, ..Brake::default() }
}

#[test]
fn a_step_ends_before_the_next_one_starts() {
    let brake = steps(&[(2, true), (3, false), (5, false)]);
    let [first, second, _] = brake.steps[..] else { unreachable!() };
    let mut schedule = schedule(4, vec![None; 5]).with_brake(brake);
    assert_eq!(due(&mut schedule, T0), [start(0, 1), start(1, 1), Next::Wait]);
    schedule.ended(TargetId(0), Outcome::Ok, Proof::Settled);
    schedule.retry(TargetId(1), 2, Duration::from_secs(2), Proof::Settled);
    let later = Duration::from_secs(2);
    assert_eq!(due(&mut schedule, T0), [Next::WaitUntil(later)], "its second attempt belongs to the step");
    assert_eq!(due(&mut schedule, later), [start(1, 2), Next::Wait]);
    schedule.ended(TargetId(1), Outcome::Failed, Proof::Settled);
    assert_eq!(due(&mut schedule, later), [Next::Check(first)]);
    assert_eq!(due(&mut schedule, later), [Next::Wait], "somebody is looking");
    schedule.passed();
    assert_eq!(due(&mut schedule, later), [Next::Pause(first)]);
    assert_eq!(due(&mut schedule, later), [Next::Wait]);
    schedule.go_on();
    assert_eq!(due(&mut schedule, later), [start(2, 1), Next::Wait]);
    schedule.ended(TargetId(2), Outcome::Ok, Proof::Settled);
    assert_eq!(due(&mut schedule, later), [Next::Check(second)]);
    schedule.passed();
    assert_eq!(due(&mut schedule, later), [start(3, 1), start(4, 1), Next::Wait]);
    (3..5).for_each(|target| schedule.ended(TargetId(target), Outcome::Ok, Proof::Settled));
    assert_eq!(due(&mut schedule, later), [Next::Done], "nothing comes after the last step");
}

#[test]
fn who_is_skipped_in_a_step_has_ended() {
    let brake = steps(&[(2, false), (4, false)]);
    let first = brake.steps[0];
    let mut schedule = limited(1, 1, vec![ADMIN; 4]).with_brake(brake);
    assert_eq!(due(&mut schedule, T0), [start(0, 1), Next::Wait]);
    ask(&mut schedule, &[0], true);
    assert_eq!(schedule.next(T0), admit_alone(0));
    schedule.ended(TargetId(0), Outcome::Auth, Proof::Refused);
    assert_eq!(due(&mut schedule, T0), [skip(1), Next::Check(first)]);
    assert_eq!(schedule.close(), [(TargetId(2), 0), (TargetId(3), 0)]);
    assert_eq!(due(&mut schedule, T0), [Next::Done]);
}

#[test]
fn so_many_failures_start_no_others() {
    let failed = Some("2".parse().expect("a share"));
    let brake = Brake { budgets: Budgets { failed, unreachable: None }, ..Brake::default() };
    let mut schedule = schedule(2, vec![None; 9]).with_brake(brake);
    assert_eq!(due(&mut schedule, T0).len(), 9 + 1, "all may connect");
    for (target, outcome) in [(0, Outcome::Failed), (1, Outcome::OkWithErrors), (2, Outcome::Unreachable)] {
        schedule.ended(TargetId(target), outcome, Proof::Settled);
    }
    schedule.retry(TargetId(3), 2, T0, Proof::Settled);
    assert_eq!(due(&mut schedule, T0), [start(3, 2), Next::Wait]);
    schedule.retry(TargetId(3), 3, T0, Proof::Settled);
    schedule.ended(TargetId(4), Outcome::Lost, Proof::Settled);
    let stops = due(&mut schedule, T0);
    assert!(matches!(stops[..], [Next::Stop(Overrun { spent: Spent::Failed, count: 2, ended: 4, .. })]), "{stops:?}");
    assert_eq!(schedule.close(), [(TargetId(3), 2)]);
    (5..9).for_each(|target| schedule.ended(TargetId(target), Outcome::Ok, Proof::Settled));
    assert_eq!(due(&mut schedule, T0), [Next::Done]);
}

#[test]
fn under_a_budget_a_place_is_free_when_the_outcome_is_known() {
    let failed = Some("1".parse().expect("a share"));
    let brake = Brake { budgets: Budgets { failed, unreachable: None }, ..Brake::default() };
    let mut schedule = schedule(1, vec![None; 2]).with_brake(brake);
    due(&mut schedule, T0);
    ask(&mut schedule, &[0, 1], false);
    assert_eq!(due(&mut schedule, T0), [admit(0), Next::Wait]);
    schedule.closing(TargetId(0));
    assert_eq!(due(&mut schedule, T0), [Next::Wait], "it may have failed");
    schedule.ended(TargetId(0), Outcome::Failed, Proof::Settled);
    assert!(matches!(schedule.next(T0), Next::Stop(_)));
}

#[test]
fn a_cohort_is_under_way_as_far_as_it_may() {
    let of_target = vec![vec![0], vec![0], vec![0], vec![], vec![0]];
    let cohorts = Cohorts { limits: vec![NonZeroUsize::new(2).expect("not 0")], of_target };
    let mut schedule = schedule(8, vec![None; 5]).with_cohorts(cohorts);
    assert_eq!(due(&mut schedule, T0), [start(0, 1), start(1, 1), start(3, 1), Next::Wait]);
    let later = Duration::from_secs(2);
    schedule.retry(TargetId(1), 2, later, Proof::Settled);
    assert_eq!(due(&mut schedule, T0), [start(2, 1), Next::WaitUntil(later)]);
    assert_eq!(due(&mut schedule, later), [Next::Wait], "its second attempt waits like the others");
    schedule.ended(TargetId(2), Outcome::Ok, Proof::Settled);
    assert_eq!(due(&mut schedule, later), [start(1, 2), Next::Wait]);
}

#[test]
fn at_its_own_pace_it_begins_with_few() {
    let mut schedule = limited(64, 64, vec![None; 64]).at_its_own_pace();
    assert_eq!(due(&mut schedule, T0).len(), 32 + 1, "four times as many connect as may be at work");
    (0..32).for_each(|target| schedule.asks(TargetId(target), false));
    assert_eq!(due(&mut schedule, T0).len(), 8 + 1);
    (0..8).for_each(|_| schedule.opened(Duration::from_millis(100)));
    assert_eq!(due(&mut schedule, T0), [admit(8), Next::Wait], "a round of successes adds one");
    schedule.strained();
    (0..6).for_each(|target| schedule.ended(TargetId(target), Outcome::Ok, Proof::Settled));
    let next = due(&mut schedule, T0);
    assert!(matches!(next[..], [Next::Admit { .. }, Next::Wait]), "half of nine: {next:?}");
}

#[test]
fn what_is_done_never_starts_and_shares_no_credential() {
    let limits = Limits::new(NonZeroUsize::new(2).expect("not 0"));
    let mut schedule = Schedule::new(limits, Gate::new(1), vec![ADMIN; 3], [TargetId(0), TargetId(2)]);
    assert_eq!(due(&mut schedule, T0), [start(1, 1), Next::Wait]);
    ask(&mut schedule, &[1], true);
    assert_eq!(schedule.next(T0), admit(1), "nobody else waits for its proof");
    schedule.ended(TargetId(1), Outcome::Ok, Proof::Settled);
    assert_eq!(due(&mut schedule, T0), [Next::Done]);
}
