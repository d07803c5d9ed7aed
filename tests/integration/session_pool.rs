//! The pool of open sessions: used again by gates and by later runs, never too many, and nothing lost where one is gone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use psfleet::fleet::{Commands, Local, NoCommands, RunSpec};
use psfleet::job::{Interrupts, Job, execute};
use psfleet::outcome::{Outcome, Reason};
use psfleet::output::{Format, Settings, open};
use psfleet::psrp::{Command, Invocation, ServerInfo};
use psfleet::sandbox::{Engine, Fleet, Options};
use psfleet::session::Sessions;
use psfleet::target::{AuthMethod, Endpoint, LocalEndpoint, Target, TargetId, Timeouts};
use psfleet::transport::network::Network;
use psfleet::transport::wsman::HostShells;
use psfleet::transport::{Admission, http};
use serde_json::json;
use tokio::sync::mpsc;

use crate::support::pwsh;
use crate::support::run::{Ran, run, run_by, script, spec, targets};
use crate::support::sandbox::{assert_clean, fleet};

/// Runs over sessions that are kept.
struct Bench {
    network: Arc<Network>,
    sessions: Arc<Sessions>,
}

impl Bench {
    fn new() -> Self {
        Self { network: Arc::default(), sessions: Arc::default() }
    }

    async fn run(&self, spec: RunSpec) -> Ran {
        let executor = Local::new(Arc::clone(&self.network) as _, Some(Arc::clone(&self.sessions)));
        run_by(spec, executor, mpsc::channel(1).1).await
    }
}

/// Lets so much time pass for the pool, at once.
async fn later(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Deletes all shells of a fleet's hosts, as an administrator does.
async fn delete_shells(targets: &[Target]) {
    for target in targets {
        let admission = Admission::free();
        let host = HostShells::connect(target, &http::TlsCache::default(), &admission).await.expect("connects");
        for shell in host.list(&admission).await.expect("lists") {
            host.delete(&shell).await.expect("deletes");
        }
    }
}

fn assert_all_ok(ran: &Ran) {
    assert!(ran.ends.iter().all(|end| (end.outcome, end.attempts) == (Outcome::Ok, 1)), "{:?}", ran.ends);
}

async fn survives(fleet: &Fleet) {
    let (bench, targets) = (Bench::new(), targets(fleet, AuthMethod::Negotiate, None));
    assert_all_ok(&bench.run(spec(targets.clone(), "$x = 7")).await);
    let logons = fleet.stats().logons;
    for wait in [0, 6, 60, 3600] {
        later(Duration::from_secs(wait)).await;
        let ran = bench.run(spec(targets.clone(), "$x")).await;
        assert_all_ok(&ran);
        assert_eq!(ran.objects(), vec![json!(7); targets.len()], "the same sessions after {wait} s");
    }
    // A lane may be lost for the question, the session is not.
    assert!(fleet.stats().logons <= 2 * logons);
    // Older than the server keeps it.
    later(Duration::from_secs(7200)).await;
    let ran = bench.run(spec(targets.clone(), "$null -eq $x")).await;
    assert_all_ok(&ran);
    assert_eq!(ran.objects(), vec![json!(true); targets.len()]);
    bench.sessions.close_all().await;
}

#[tokio::test]
async fn a_session_is_used_again_while_it_is_there() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    survives(&fleet).await;
    assert_clean(fleet).await;
}

#[tokio::test]
async fn a_session_is_used_again_while_it_is_there_in_powershell() {
    let Some(pwsh) = pwsh() else { return };
    let fleet = fleet(Options { hosts: 1, engine: Engine::Pwsh, pwsh: pwsh.clone(), ..Options::default() }).await;
    survives(&fleet).await;
    assert_clean(fleet).await;
    // Out of process: the answer comes by itself.
    let bench = Bench::new();
    let local = Target {
        name: "localhost".into(),
        endpoint: Endpoint::Local(LocalEndpoint { pwsh }),
        credential: None,
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts: Timeouts::default(),
    };
    assert_all_ok(&bench.run(spec(vec![local.clone()], "$x = $PID")).await);
    for wait in [0, 6] {
        later(Duration::from_secs(wait)).await;
        let ran = bench.run(spec(vec![local.clone()], "$x -eq $PID")).await;
        assert_eq!(ran.objects(), [json!(true)]);
    }
    // Its process dies, which is asked for or not.
    for wait in [0, 6] {
        let ran = bench.run(spec(vec![local.clone()], "$x = $PID; $x")).await;
        let id = ran.objects()[0].to_string();
        let killed = std::process::Command::new("kill").args(["-9", &id]).status();
        assert!(killed.is_ok_and(|status| status.success()), "{id}");
        later(Duration::from_secs(wait)).await;
        let ran = bench.run(spec(vec![local.clone()], "$null -eq $x")).await;
        assert_all_ok(&ran);
        assert_eq!(ran.objects(), [json!(true)]);
    }
    bench.sessions.close_all().await;
}

#[tokio::test]
async fn what_is_gone_is_opened_anew_and_nothing_runs_twice() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let targets = targets(&fleet, AuthMethod::Negotiate, None);
    let bench = Bench::new();
    // Asked whether it is there, or not: then the host refuses the first command.
    for wait in [0, 6] {
        assert_all_ok(&bench.run(spec(targets.clone(), "Set-Content C:\\ran.txt ''")).await);
        delete_shells(&targets).await;
        later(Duration::from_secs(wait)).await;
        let ran = bench.run(spec(targets.clone(), "Add-Content C:\\ran.txt x; @(Get-Content C:\\ran.txt).Count")).await;
        assert_all_ok(&ran);
        assert_eq!(ran.objects(), vec![json!(2); 3], "once on each host");
    }
    bench.sessions.close_all().await;
    assert_clean(fleet).await;
}

#[tokio::test]
async fn a_host_that_has_restarted_is_logged_on_to_anew() {
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let targets = targets(&fleet, AuthMethod::Negotiate, None);
    let bench = Bench::new();
    assert_all_ok(&bench.run(spec(targets.clone(), "$x = 7; Restart-Computer -Force")).await);
    while fleet.stats().open_shells > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // It is away for some seconds.
    while run(spec(targets.clone(), "1")).await.ends[0].outcome != Outcome::Ok {}
    let ran = bench.run(spec(targets, "$null -eq $x")).await;
    assert_all_ok(&ran);
    assert_eq!(ran.objects(), [json!(true)]);
    bench.sessions.close_all().await;
    assert_clean(fleet).await;
}

/// A script before which all shells are deleted.
struct BehindTheirBacks(Vec<Target>, Command);

impl Commands for BehindTheirBacks {
    fn command(&self, target: TargetId, server: &ServerInfo) -> Command {
        let delete = delete_shells(&self.0);
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(delete));
        self.1.command(target, server)
    }

    fn without_text(&self, target: TargetId, server: &ServerInfo) -> Result<Command, NoCommands> {
        self.1.without_text(target, server)
    }
}

/// What the first script has set is gone with its session: the second one must not run as if nothing had happened.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_lost_between_two_scripts_is_the_outcome() {
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let targets = targets(&fleet, AuthMethod::Negotiate, None);
    let second = Invocation { script: "\"second $x\"".to_owned(), arguments: Vec::new(), input: false };
    let second = BehindTheirBacks(targets.clone(), Command::new(&second, &[]));
    let mut spec = spec(targets.clone(), "");
    spec.work = Arc::new(script("$x = 7; 'first'").then(Arc::new(second)));
    (spec.retry.retries, spec.retry.delay) = (2, Duration::from_millis(1));
    let bench = Bench::new();
    // The session was open before, too: that makes it no other one.
    assert_all_ok(&bench.run(self::spec(targets, "1")).await);
    let ran = bench.run(spec).await;
    let end = &ran.ends[0];
    assert_eq!((end.outcome, end.reason, end.attempts), (Outcome::Failed, Some(Reason::LinkBroken), 1));
    assert!(end.message.starts_with("script 2 of 2: the remote shell is gone"), "{}", end.message);
    assert_eq!(ran.objects(), [json!("first")]);
    bench.sessions.close_all().await;
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_share_a_pool() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let targets: Vec<Arc<Target>> = targets(&fleet, AuthMethod::Negotiate, None).into_iter().map(Arc::new).collect();
    let sessions = Arc::new(Sessions::default());
    for text in ["$x = 7", "if ($x -ne 7) { throw 'another session' }"] {
        let spec = RunSpec::new(Arc::new(script(text)), targets.clone());
        let nowhere = open(Format::None, Box::new(std::io::sink()), &Settings::default());
        let job = Job { sessions: Some(Arc::clone(&sessions)), ..Job::new(spec, nowhere) };
        let finished = execute(job, Interrupts::new()).await;
        assert_eq!(finished.summary.exit_code(), 0, "{text}");
        assert_eq!(fleet.stats().open_shells, 3);
    }
    assert_eq!(fleet.stats().logons, 3);
    sessions.close_all().await;
    assert_eq!(fleet.stats().open_shells, 0);
    assert_clean(fleet).await;
}

/// The most shells that a fleet had at once while something ran.
async fn most_shells<T>(fleet: &Fleet, work: impl Future<Output = T>) -> (T, u64) {
    let is_over = AtomicBool::new(false);
    let watch = async {
        let mut most = 0;
        while !is_over.load(Ordering::Relaxed) {
            most = most.max(fleet.stats().open_shells);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        most
    };
    let work = async {
        let done = work.await;
        is_over.store(true, Ordering::Relaxed);
        done
    };
    tokio::join!(work, watch)
}

/// Hosts of one machine, as names for one address are.
fn names_of(target: &Target, count: usize) -> Vec<Target> {
    (0..count).map(|place| Target { name: format!("name{place}").into(), ..target.clone() }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_quota_refuses_waits_until_others_give_back() {
    let fleet = fleet(Options { hosts: 1, shells_per_user: 2, ..Options::default() }).await;
    let mut spec =
        spec(names_of(&targets(&fleet, AuthMethod::Negotiate, None)[0], 12), "Start-Sleep -Milliseconds 20; 1");
    // Two retries would never be enough.
    (spec.retry.retries, spec.retry.delay) = (2, Duration::from_millis(30));
    let (ran, most) = most_shells(&fleet, run(spec)).await;
    assert!(ran.ends.iter().all(|end| end.outcome == Outcome::Ok), "{:?}", ran.ends);
    assert!(most <= 2 && ran.ends.iter().any(|end| end.attempts > 1), "{most}: {:?}", ran.ends);
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_stays_used_up_is_named_with_its_value_and_what_raises_it() {
    let faults = vec!["quota=1".parse().expect("a fault")];
    let fleet = fleet(Options { hosts: 2, faults, shells_per_user: 5, ..Options::default() }).await;
    let mut targets = targets(&fleet, AuthMethod::Negotiate, None);
    for target in &mut targets {
        target.timeouts.open = Duration::from_secs(2);
    }
    let mut spec = spec(targets, "1");
    // Who waits has no place: with one for all, the other host has its turn meanwhile.
    spec.limits = psfleet::fleet::Limits::new(std::num::NonZeroUsize::MIN);
    (spec.retry.retries, spec.retry.delay) = (1, Duration::from_millis(200));
    let ran = run(spec).await;
    let end = ran.ends.iter().find(|end| end.outcome != Outcome::Ok).expect("one has no room");
    assert_eq!((end.outcome, end.reason), (Outcome::Unreachable, Some(Reason::Quota)), "{}", end.message);
    assert!(end.attempts > 2, "{}", end.attempts);
    assert!(end.message.contains("MaxShellsPerUser is 5 there"), "{}", end.message);
    let hint = end.hint.as_deref().unwrap_or_default();
    assert!(hint.contains(r"Set-Item WSMan:\localhost\Shell\MaxShellsPerUser 100"), "{hint}");
    assert_eq!(ran.order.last(), Some(&end.target), "the other did not wait for it");
    assert_clean(fleet).await;
}

#[cfg(unix)]
mod program {
    use super::*;
    use crate::store::{Place, told};

    async fn output(place: &Place, args: &[&str]) -> (Option<i32>, String, String) {
        let mut command = place.run(args);
        let output = tokio::task::spawn_blocking(move || command.output());
        told(output.await.expect("no panic").expect("psfleet starts"))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_gate_asks_in_the_sessions_of_its_step() {
        let fleet = fleet(Options { hosts: 9, ..Options::default() }).await;
        let place = Place::of(&fleet);
        let args = ["-q", "-o", "csv", "--ramp", "1,4,100%", "--gate", "$x -eq 7", "--gate", "$x = 8; $true"];
        let (code, stdout, stderr) = output(&place, &[&args[..], &["$x = 7; $env:COMPUTERNAME"]].concat()).await;
        assert_eq!((code, stdout.lines().count()), (Some(0), 10), "{stderr}");
        assert_eq!(assert_clean(fleet).await.logons, 9, "one session for each host");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn never_more_than_may_be_open() {
        let fleet = fleet(Options { hosts: 24, ..Options::default() }).await;
        let place = Place::of(&fleet);
        let args = "-q -o none -c 8 --max-sessions 3 --ramp 4,100% --gate $true Start-Sleep(0.05)";
        let args: Vec<&str> = args.split(' ').collect();
        let run = output(&place, &args);
        let ((code, _, stderr), most) = most_shells(&fleet, run).await;
        assert_eq!(code, Some(0), "{stderr}");
        assert!((1..=3).contains(&most), "{most}");
        assert_clean(fleet).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_waits_for_a_gate_is_closed_when_the_run_ends_before() {
        let fleet = fleet(Options { hosts: 6, ..Options::default() }).await;
        let place = Place::of(&fleet);
        let first = fleet.hosts().map(|(name, ..)| name.to_uppercase()).min().expect("a host");
        // The step never ends: its first host hangs until the deadline.
        let script = format!("if ($env:COMPUTERNAME -eq '{first}') {{ Start-Sleep 600 }}");
        let args = ["-q", "-o", "none", "--ramp", "4,100%", "--gate", "$true", "--deadline", "3s", &script];
        let (code, _, stderr) = output(&place, &args).await;
        assert_ne!(code, Some(0), "{stderr}");
        assert_clean(fleet).await;
    }
}
