//! Runs against connectors that fail in every way, in virtual time: what the dispatcher owes whatever happens.

mod rollout;
mod seams;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use proptest::prelude::*;
use tokio::sync::mpsc;

use super::*;
use crate::event::{Finished, RunEventKind, Summary};
use crate::outcome::{Outcome, Reason};
use crate::psrp::{Command, Invocation};
use crate::schedule::PROOF_PATIENCE;
use crate::secret::Secret;
use crate::target::{Credential, Endpoint, LocalEndpoint, Target, Timeouts};
use crate::transport::{self, Admission, Authenticated, Carrier, Connector, Step};

/// How a host fails; none of them ever opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    Refused,
    /// Refused at first, gone for good later.
    Flaky,
    /// Takes all the time it may to connect, which is four seconds.
    Dead,
    /// Never connects.
    Hangs,
    WrongPassword,
    /// Accepts the password, but does not let its user in: as good as a host gets here.
    Accepts,
    /// Neither accepts nor refuses: the link breaks once the password is sent.
    Breaks,
    /// Neither accepts nor refuses: it says nothing any more for a minute.
    Swallows,
    /// Hangs at work.
    Works,
    Panics,
}

/// How long each step of a host takes.
const STEP: Duration = Duration::from_millis(100);

impl Host {
    /// Whether it gets as far as to be asked for its password.
    fn proves(self) -> bool {
        matches!(self, Self::WrongPassword | Self::Accepts | Self::Breaks | Self::Swallows)
    }
}

/// Hosts, and what is counted of them.
#[derive(Default)]
struct Hosts {
    kinds: BTreeMap<String, Host>,
    connecting: Count,
    working: Count,
    connects: Mutex<Vec<String>>,
    /// Passwords that were sent, and who got them.
    proofs: Mutex<Vec<String>>,
}

/// How many there are at once, and were at most.
#[derive(Default)]
struct Count(AtomicUsize, AtomicUsize);

impl Count {
    fn one(&self) -> Running<'_> {
        self.1.fetch_max(self.0.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Running(&self.0)
    }

    fn most(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Connector for Hosts {
    async fn connect(&self, target: &Target, admission: &Admission) -> Result<Box<dyn Carrier>, transport::Error> {
        self.connects.lock().expect("not poisoned").push(target.name.to_string());
        let host = self.kinds[&*target.name];
        let refused = || transport::Error::new(Reason::Refused, "nobody listens");
        let broken = || transport::Error::new(Reason::Network, "reset").retryable();
        {
            let _connecting = self.connecting.one();
            let wait = match host {
                Host::Dead => Duration::from_secs(4),
                Host::Hangs => Duration::MAX,
                _ => STEP,
            };
            tokio::time::sleep(wait).await;
            match host {
                Host::Refused => return Err(refused()),
                Host::Flaky => return Err(broken()),
                Host::Dead => return Err(transport::Error::new(Reason::ConnectTimeout, "silence").retryable()),
                _ => {}
            }
            admission.ask(if host.proves() { Step::Prove } else { Step::Begin }).await?;
        }
        let _working = self.working.one();
        if host.proves() {
            self.proofs.lock().expect("not poisoned").push(target.name.to_string());
        }
        let wait = match host {
            Host::Works => Duration::MAX,
            Host::Swallows => Duration::from_secs(60),
            _ => STEP,
        };
        tokio::time::sleep(wait).await;
        assert!(host != Host::Panics, "a bug in a transport");
        match host {
            Host::WrongPassword => Err(transport::Error::new(Reason::LogonDenied, "wrong")),
            Host::Accepts => {
                admission.accepted(Authenticated::By("password"));
                Err(transport::Error::new(Reason::EndpointDenied, "not for you"))
            }
            Host::Breaks | Host::Swallows => Err(broken().behind_proof()),
            _ => Err(refused()),
        }
    }
}

struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn target(name: &str, credential: Option<Arc<Credential>>) -> Arc<Target> {
    Arc::new(Target {
        name: name.into(),
        endpoint: Endpoint::Local(LocalEndpoint { pwsh: "pwsh".into() }),
        credential,
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts: Timeouts::default(),
    })
}

fn spec(hosts: &[Host], throttle: usize) -> (RunSpec, Hosts) {
    let admin = Arc::new(Credential::of("admin", Some(Secret::new("wrong".to_owned()))));
    let name = |place: usize| format!("h{place}");
    let credential = |host: &Host| host.proves().then(|| Arc::clone(&admin));
    let targets = hosts.iter().enumerate().map(|(place, host)| target(&name(place), credential(host))).collect();
    let known = Hosts {
        kinds: hosts.iter().enumerate().map(|(place, host)| (name(place), *host)).collect(),
        ..Hosts::default()
    };
    let invocation = Invocation { script: "1".into(), arguments: Vec::new(), input: false };
    let work = Arc::new(Script::new(Arc::new(Command::new(&invocation, &[]))));
    let limits = Limits::new(NonZeroUsize::new(throttle).expect("not 0"));
    let spec = RunSpec { limits, ..RunSpec::new(work, targets) };
    (spec, known)
}

/// Runs and returns the summary, the outcomes in the order of their events, and the hosts.
async fn run_all(
    (spec, hosts): (RunSpec, Hosts),
    interrupts: mpsc::Receiver<Interrupt>,
) -> (Summary, Vec<Finished>, Arc<Hosts>) {
    let hosts = Arc::new(hosts);
    let (events, mut received) = mpsc::channel::<Emission>(4);
    let reader = tokio::spawn(async move {
        let mut finished = Vec::new();
        let mut last = None;
        while let Some(emission) = received.recv().await {
            last = Some(emission.kind.clone());
            if let RunEventKind::TargetFinished(end) = emission.kind {
                finished.push(end);
            }
        }
        assert!(matches!(last, Some(RunEventKind::RunFinished(_))), "the last event ends the run");
        finished
    });
    let summary = run(spec, Arc::clone(&hosts) as Arc<dyn Connector>, events, interrupts).await;
    (summary, reader.await.expect("reads to the end"), hosts)
}

fn quiet() -> mpsc::Receiver<Interrupt> {
    mpsc::channel(1).1
}

fn in_virtual_time<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(test)
}

fn any_host() -> impl Strategy<Value = Host> {
    prop_oneof![
        Just(Host::Refused),
        Just(Host::Flaky),
        Just(Host::Dead),
        Just(Host::Hangs),
        Just(Host::WrongPassword),
        Just(Host::Breaks),
        Just(Host::Swallows),
        Just(Host::Works),
        Just(Host::Panics)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn n_targets_in_n_outcomes_out(hosts in prop::collection::vec(any_host(), 0..40), throttle in 1usize..8) {
        let (summary, finished, known) = in_virtual_time(run_all(spec(&hosts, throttle), quiet()));
        prop_assert_eq!(finished.len(), hosts.len());
        let mut places: Vec<_> = finished.iter().map(|end| end.target.index()).collect();
        places.sort_unstable();
        prop_assert_eq!(places, (0..hosts.len()).collect::<Vec<_>>());
        prop_assert_eq!(summary.counts.total(), summary.target_count);
        prop_assert!(known.working.most() <= throttle);
        prop_assert!(known.connecting.most() <= throttle * 4);
        let wrong = |name: &&String| matches!(known.kinds[*name], Host::WrongPassword);
        let logons = known.proofs.lock().expect("not poisoned").iter().filter(wrong).count();
        prop_assert!(logons <= usize::from(hosts.contains(&Host::WrongPassword)), "failed logons");
        prop_assert!(known.proofs.lock().expect("not poisoned").len() <= 4, "of which nobody knows what they were");
    }
}

#[test]
fn each_failure_has_its_outcome() {
    let hosts = [Host::Refused, Host::Flaky, Host::WrongPassword, Host::WrongPassword, Host::Hangs, Host::Panics];
    let (summary, mut finished, known) = in_virtual_time(run_all(spec(&hosts, 1), quiet()));
    finished.sort_by_key(|end| end.target);
    let ends: Vec<_> = finished.iter().map(|end| (end.outcome, end.reason.expect("a reason"), end.attempts)).collect();
    assert_eq!(
        ends,
        [
            (Outcome::Unreachable, Reason::Refused, 1),
            (Outcome::Unreachable, Reason::Network, 3),
            (Outcome::Auth, Reason::LogonDenied, 1),
            (Outcome::Skipped, Reason::CredentialTripped, 1),
            (Outcome::Unreachable, Reason::ConnectTimeout, 1),
            (Outcome::Failed, Reason::Internal, 1),
        ]
    );
    assert_eq!(summary.exit_code(), 1);
    assert_eq!(known.connects.lock().expect("not poisoned").len(), 8);
}

#[test]
fn an_interrupt_ends_everything_in_order() {
    let (send, interrupts) = mpsc::channel(1);
    let (summary, finished, _) = in_virtual_time(async {
        let interrupt = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            send.send(Interrupt::Stop).await.expect("the run listens");
        };
        // Two at work, one in line, two that connect.
        let hosts = [Host::Works, Host::Works, Host::Works, Host::Hangs, Host::Hangs];
        tokio::join!(run_all(spec(&hosts, 2), interrupts), interrupt).0
    });
    let untouched = finished.iter().filter(|end| end.outcome == Outcome::NotStarted);
    assert!(untouched.into_iter().all(|end| (end.attempts, end.duration) == (0, Duration::ZERO)));
    assert_eq!((summary.counts.of(Outcome::Cancelled), summary.counts.of(Outcome::NotStarted)), (2, 3));
    assert_eq!((finished.len(), summary.exit_code()), (5, 130));
}

#[test]
fn a_deadline_stops_early() {
    let (mut spec, hosts) = spec(&[Host::Hangs, Host::Hangs], 1);
    spec.deadline = Some(Duration::from_secs(3));
    let (summary, _, _) = in_virtual_time(run_all((spec, hosts), quiet()));
    assert_eq!((summary.exit_code(), summary.duration), (5, Duration::from_secs(3)));
}

#[test]
fn readers_that_are_gone_stop_the_run() {
    let (spec, hosts) = spec(&[Host::Hangs; 3], 2);
    let summary = in_virtual_time(async {
        let (events, received) = mpsc::channel(4);
        drop(received);
        run(spec, Arc::new(hosts), events, quiet()).await
    });
    assert_eq!((summary.counts.total(), summary.exit_code()), (3, 5));
}

#[test]
fn whoever_leaves_waits_for_no_reader() {
    let (spec, hosts) = spec(&[Host::Works; 20], 20);
    let summary = in_virtual_time(async {
        // Never read, and never closed.
        let (events, _unread) = mpsc::channel(4);
        let (send, interrupts) = mpsc::channel(1);
        let interrupt = async {
            for interrupt in [Interrupt::Stop, Interrupt::Leave] {
                tokio::time::sleep(Duration::from_secs(1)).await;
                send.send(interrupt).await.expect("the run listens");
            }
        };
        tokio::join!(run(spec, Arc::new(hosts), events, interrupts), interrupt).0
    });
    assert_eq!((summary.counts.total(), summary.exit_code()), (20, 130));
    assert_eq!(summary.duration, Duration::from_secs(5));
}

/// Runs hosts, and gives the outcomes in their order, when each ended, and the names of those that got the password.
fn ends(hosts: &[Host], throttle: usize, auth_fail_limit: u32) -> (Vec<Finished>, Vec<String>) {
    let (mut spec, known) = spec(hosts, throttle);
    spec.auth_fail_limit = auth_fail_limit;
    let (_, mut finished, known) = in_virtual_time(run_all((spec, known), quiet()));
    finished.sort_by_key(|end| end.target);
    let proofs = known.proofs.lock().expect("not poisoned").clone();
    (finished, proofs)
}

fn count(ends: &[Finished], reason: Reason) -> usize {
    ends.iter().filter(|end| end.reason == Some(reason)).count()
}

#[test]
fn dead_hosts_hold_back_nobody() {
    let mut hosts = vec![Host::Dead; 6];
    hosts.extend([Host::Accepts; 54]);
    let (order, last) = order_of_ends(&hosts, 32);
    assert_eq!(order[..54], [Host::Accepts; 54], "every healthy host has its outcome before any dead one");
    // Connecting, the first proof, and two rounds of the others.
    assert!(last < STEP * 5, "{last:?}");
}

/// The kinds of the hosts in the order of their ends, and when the last one that accepts ended.
fn order_of_ends(hosts: &[Host], throttle: usize) -> (Vec<Host>, Duration) {
    let (spec, known) = spec(hosts, throttle);
    in_virtual_time(async {
        let begin = tokio::time::Instant::now();
        let (events, mut received) = mpsc::channel::<Emission>(4);
        let reader = async {
            let (mut order, mut last) = (Vec::new(), Duration::ZERO);
            while let Some(emission) = received.recv().await {
                if let RunEventKind::TargetFinished(end) = emission.kind {
                    let host = hosts[end.target.index()];
                    last = if host == Host::Accepts { begin.elapsed() } else { last };
                    order.push(host);
                }
            }
            (order, last)
        };
        tokio::join!(run(spec, Arc::new(known), events, quiet()), reader).1
    })
}

#[test]
fn hosts_that_swallow_connections_cost_the_others_no_time() {
    let healthy = vec![Host::Accepts; 400];
    let (_, alone) = order_of_ends(&healthy, 32);
    let mixed: Vec<_> = (0..500).map(|place| if place % 5 == 0 { Host::Dead } else { Host::Accepts }).collect();
    let (_, beside) = order_of_ends(&mixed, 32);
    assert!(beside.as_secs_f64() <= alone.as_secs_f64() * 1.3, "{alone:?} without the dead ones, {beside:?} with them");
}

#[test]
fn one_refuser_in_the_middle_is_its_own_affair() {
    for place in [1, 100, 199] {
        let mut hosts = vec![Host::Accepts; 200];
        hosts[place] = Host::WrongPassword;
        let (ends, proofs) = ends(&hosts, 32, 1);
        let denied = (count(&ends, Reason::EndpointDenied), count(&ends, Reason::LogonDenied));
        assert_eq!((denied, proofs.len()), ((199, 1), 200));
    }
}

#[test]
fn a_wrong_password_on_500_hosts_is_one_failed_logon() {
    let (ends, proofs) = ends(&[Host::WrongPassword; 500], 32, 1);
    assert_eq!((proofs.len(), count(&ends, Reason::CredentialTripped)), (1, 499));
    let refuser = &proofs[0];
    let skipped = ends.iter().find(|end| end.outcome == Outcome::Skipped).expect("skipped");
    for part in [&format!("{refuser} refused the credential of admin"), &format!("-x {refuser}"), "--auth-fail-limit 2"]
    {
        assert!(skipped.message.contains(part), "{}", skipped.message);
    }
}

#[test]
fn more_refusals_are_allowed_one_after_the_other() {
    let (ends, proofs) = ends(&[Host::WrongPassword; 50], 32, 3);
    assert_eq!((proofs.len(), count(&ends, Reason::CredentialTripped)), (3, 47));
    assert!(ends.iter().any(|end| end.message.contains("3 hosts refused")), "{ends:?}");
}

#[test]
fn a_password_that_is_changed_meanwhile_trips_after_five_refusals() {
    let mut hosts = vec![Host::Accepts; 10];
    hosts.extend([Host::WrongPassword; 90]);
    let (ends, proofs) = ends(&hosts, 1, 1);
    assert_eq!((proofs.len(), count(&ends, Reason::LogonDenied)), (15, 5));
    assert_eq!(count(&ends, Reason::CredentialTripped), 85);
}

#[test]
fn a_prober_that_breaks_hands_on_at_once() {
    let mut hosts = vec![Host::Breaks; 2];
    hosts.extend([Host::Accepts; 20]);
    let (_, last) = order_of_ends(&hosts, 32);
    // Connecting, two proofs that break, one that is accepted, and those of all others: not one delay of two seconds.
    assert!(last < STEP * 6, "{last:?}");
}

#[test]
fn a_prober_that_says_nothing_gives_way() {
    let mut hosts = vec![Host::Swallows];
    hosts.extend([Host::Accepts; 20]);
    let (_, last) = order_of_ends(&hosts, 32);
    assert!(last < PROOF_PATIENCE + STEP * 4, "{last:?}");
}

#[test]
fn a_password_that_nobody_answers_is_sent_three_times() {
    for (kind, limit, sent) in [(Host::Breaks, 1, 3), (Host::Breaks, 5, 5), (Host::Swallows, 1, 4)] {
        let (ends, proofs) = ends(&[kind; 50], 32, limit);
        assert_eq!(proofs.len(), sent, "{kind:?}");
        let broken = ends.iter().filter(|end| end.outcome == Outcome::Unreachable).count();
        let distinct: std::collections::BTreeSet<_> = proofs.iter().collect();
        assert_eq!(broken, distinct.len(), "{kind:?}: whoever got it has a failure of its own");
        let skipped = ends.iter().find(|end| end.outcome == Outcome::Skipped).expect("skipped");
        for part in ["each time the host closed the connection or fell silent", "--auth-fail-limit", "-x h"] {
            assert!(skipped.message.contains(part), "{}", skipped.message);
        }
    }
}

#[test]
fn time_in_line_is_not_the_hosts() {
    let (mut spec, known) = spec(&[Host::Accepts; 4], 1);
    for target in &mut Arc::get_mut(&mut spec.header).expect("not shared").targets {
        Arc::get_mut(target).expect("not shared").timeouts.open = STEP * 2 + STEP / 2;
    }
    let (summary, finished, _) = in_virtual_time(run_all((spec, known), quiet()));
    assert_eq!(summary.counts.of(Outcome::Auth), 4);
    assert!(summary.duration >= STEP * 5, "one after the other: {:?}", summary.duration);
    assert!(finished.iter().all(|end| end.duration < STEP * 3), "{finished:?}");
}

#[test]
fn a_deadline_ends_those_in_line_at_once() {
    let (mut spec, hosts) = spec(&[Host::Works; 6], 1);
    spec.deadline = Some(Duration::from_secs(3));
    let (summary, _, _) = in_virtual_time(run_all((spec, hosts), quiet()));
    let counts = (summary.counts.of(Outcome::Cancelled), summary.counts.of(Outcome::NotStarted));
    assert_eq!((counts, summary.duration, summary.exit_code()), ((1, 5), Duration::from_secs(3), 5));
}

#[tokio::test(start_paused = true)]
async fn a_user_who_leaves_ends_the_run() {
    let (spec, hosts) = spec(&[Host::Works; 20], 2);
    let (hosts, departure) = (Arc::new(hosts), Departure::default());
    let local = Local::new(Arc::clone(&hosts) as Arc<dyn Connector>, None);
    let (events, mut received) = mpsc::channel::<Emission>(64);
    let user = async {
        tokio::time::sleep(5 * STEP).await;
        let connected = hosts.connects.lock().expect("not poisoned").len();
        departure.leave();
        connected
    };
    let run = Run::new(spec, Arc::new(local)).departing(departure.clone()).go(events, quiet());
    let reader = async { while received.recv().await.is_some() {} };
    let (summary, connected, ()) = tokio::join!(run, user, reader);
    assert_eq!(summary.exit_code(), crate::exit::SIGINT_CODE);
    assert_eq!(hosts.connects.lock().expect("not poisoned").len(), connected, "nothing begins any more");
    assert_eq!(summary.counts.of(Outcome::Cancelled) + summary.counts.of(Outcome::NotStarted), 20);
}
