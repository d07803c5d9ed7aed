//! Runs against connectors that fail in every way, in virtual time: what the dispatcher owes whatever happens.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use proptest::prelude::*;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::*;
use crate::event::{Finished, Outcome, Reason, Summary};
use crate::psrp::Invocation;
use crate::secret::Secret;
use crate::target::{Credential, Endpoint, LocalEndpoint, Target, Timeouts};
use crate::transport::{self, Carrier, Connector};

/// How a host fails; none of them ever opens.
#[derive(Debug, Clone, Copy)]
enum Host {
    Refused,
    /// Refused at first, gone for good later.
    Flaky,
    WrongPassword,
    Hangs,
    Panics,
}

#[derive(Default)]
struct Hosts {
    kinds: BTreeMap<String, Host>,
    running: AtomicUsize,
    most_running: AtomicUsize,
    connects: Mutex<Vec<String>>,
}

impl Hosts {
    fn fail(&self, host: Host) -> transport::Error {
        match host {
            Host::WrongPassword => transport::Error::new(Reason::LogonDenied, "wrong"),
            Host::Flaky => transport::Error::new(Reason::Network, "reset").retryable(),
            _ => transport::Error::new(Reason::Refused, "nobody listens"),
        }
    }
}

#[async_trait]
impl Connector for Hosts {
    async fn connect(&self, target: &Target) -> Result<Box<dyn Carrier>, transport::Error> {
        self.connects.lock().expect("not poisoned").push(target.name.to_string());
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_running.fetch_max(running, Ordering::SeqCst);
        let host = self.kinds[&*target.name];
        let wait = if matches!(host, Host::Hangs) { Duration::MAX } else { Duration::from_millis(100) };
        let _running = Running(&self.running);
        tokio::time::sleep(wait).await;
        assert!(!matches!(host, Host::Panics), "a bug in a transport");
        Err(self.fail(host))
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
    let admin = Arc::new(Credential { user: "admin".into(), password: Some(Secret::new("wrong".to_owned())) });
    let name = |place: usize| format!("h{place}");
    let credential = |host: &Host| matches!(host, Host::WrongPassword).then(|| Arc::clone(&admin));
    let targets = hosts.iter().enumerate().map(|(place, host)| target(&name(place), credential(host))).collect();
    let known = Hosts {
        kinds: hosts.iter().enumerate().map(|(place, host)| (name(place), *host)).collect(),
        ..Hosts::default()
    };
    let invocation = Invocation { script: "1".into(), arguments: Vec::new(), input: false };
    let spec = RunSpec {
        header: Arc::new(RunHeader { run: Uuid::nil(), targets }),
        work: Work::Script(Arc::new(Command::new(&invocation, &[]))),
        throttle: NonZeroUsize::new(throttle).expect("not 0"),
        retries: 2,
        retry_delay: Duration::from_secs(2),
        auth_fail_limit: 1,
        deadline: None,
        strict: false,
        exit_zero: false,
        sessions: None,
    };
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
        Just(Host::WrongPassword),
        Just(Host::Hangs),
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
        prop_assert!(known.most_running.load(Ordering::SeqCst) <= throttle);
        let wrong = |name: &&String| matches!(known.kinds[*name], Host::WrongPassword);
        let logons = known.connects.lock().expect("not poisoned").iter().filter(wrong).count();
        prop_assert!(logons <= 1, "{} failed logons", logons);
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
            (Outcome::Skipped, Reason::CredentialTripped, 0),
            (Outcome::Unreachable, Reason::OpenTimeout, 1),
            (Outcome::Failed, Reason::Internal, 1),
        ]
    );
    assert_eq!(summary.exit_code(), 1);
    assert_eq!(known.connects.lock().expect("not poisoned").len(), 7);
}

#[test]
fn an_interrupt_ends_everything_in_order() {
    let (send, interrupts) = mpsc::channel(1);
    let (summary, finished, _) = in_virtual_time(async {
        let interrupt = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            send.send(Interrupt::Stop).await.expect("the run listens");
        };
        tokio::join!(run_all(spec(&[Host::Hangs; 5], 2), interrupts), interrupt).0
    });
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
    let (spec, hosts) = spec(&[Host::Hangs; 20], 20);
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
