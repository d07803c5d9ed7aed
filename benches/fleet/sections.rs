//! The figures, section by section.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use psfleet::config::{Config, Machine};
use psfleet::event::Summary;
use psfleet::fleet::{Emission, Limits, Local, RetryRule, Run, RunSpec, Script};
use psfleet::inventory::{self, Request};
use psfleet::psrp::{self, Defragmenter, Invocation, SERVER_MAX_FRAGMENT};
use psfleet::session::Sessions;
use psfleet::target::Target;
use psfleet::transport::network::Network;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::Scale;
use crate::measure::{median, row, time};
use crate::process::{PSFLEET, SCRIPT, Sandbox, resident, watch};

/// Fragments cut and put together again.
pub(crate) fn fragments(_scale: Scale) {
    const COUNT: u32 = 200_000;
    let message = vec![b'x'; 600];
    let took = time(|| {
        let mut defragmenter = Defragmenter::new(1 << 20);
        for id in 1..=COUNT {
            for fragment in psrp::cut(u64::from(id), &[&message], SERVER_MAX_FRAGMENT) {
                defragmenter.push(&fragment);
            }
            black_box(defragmenter.next_message().expect("in order"));
        }
    });
    row("fragments of 600 bytes, cut and joined", f64::from(COUNT) / took.as_secs_f64(), "/s");
}

/// From exec to exit.
pub(crate) fn start(scale: Scale) {
    let took = median(scale.runs * 5, || watch(Command::new(PSFLEET).arg("--version")).wall);
    row("start and end of the program", took.as_secs_f64() * 1e3, "ms");
}

/// Hosts per second, one-shot and on sessions that are open already.
pub(crate) fn throughput(scale: Scale) {
    for auth in ["basic", "ntlm"] {
        for latency in ["0ms", "20ms"] {
            let sandbox = Sandbox::start(scale.hosts, latency, auth);
            let targets = targets(&sandbox);
            for throttle in [32, 128, 512] {
                let name = |kind| format!("{auth}, {latency}, throttle {throttle}: {kind}");
                let bench = Bench::new();
                let one_shot = median(scale.runs, || bench.run(&targets, throttle, None));
                row(&name("one-shot"), f64::from(scale.hosts) / one_shot.as_secs_f64(), "hosts/s");
                let sessions = Arc::new(Sessions::default());
                bench.run(&targets, throttle, Some(&sessions));
                let open = median(scale.runs, || bench.run(&targets, throttle, Some(&sessions)));
                row(&name("on open sessions"), f64::from(scale.hosts) / open.as_secs_f64(), "hosts/s");
                bench.runtime.block_on(sessions.close_all());
            }
        }
    }
}

/// What an idle open session holds; each mechanism in a process of its own, because memory that one has freed would
/// serve the other.
pub(crate) fn idle(scale: Scale) {
    for auth in ["basic", "ntlm"] {
        let program = std::env::current_exe().expect("our own path");
        let child = Command::new(program).args([IDLE, auth, &scale.hosts.to_string()]).output().expect("a child");
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
        let bytes: f64 = String::from_utf8_lossy(&child.stdout).trim().parse().expect("a number");
        row(&format!("{auth}: memory of an idle open session"), bytes / 1024.0, "KiB");
    }
}

/// What such a child is called with, before the mechanism and the number of hosts.
pub(crate) const IDLE: &str = "--idle";

/// Bytes that each idle open session adds to the resident set of this process.
pub(crate) fn idle_session(auth: &str, hosts: u32) -> f64 {
    let sandbox = Sandbox::start(hosts, "0ms", auth);
    let targets = targets(&sandbox);
    let bench = Bench::new();
    // The first half pays for what all of them share, and for what a busy client needs while it opens sessions.
    let sessions = Arc::new(Sessions::default());
    let (first, second) = targets.split_at(targets.len() / 2);
    bench.run(first, 128, Some(&sessions));
    let before = resident(std::process::id(), "VmRSS:").unwrap_or_default();
    bench.run(second, 128, Some(&sessions));
    let after = resident(std::process::id(), "VmRSS:").unwrap_or_default();
    bench.runtime.block_on(sessions.close_all());
    after.saturating_sub(before) as f64 / second.len() as f64
}

/// The figure that the design is held to: 1,000 hosts at 20 ms and throttle 128 against four round trips each.
pub(crate) fn target(scale: Scale) {
    for auth in ["basic", "ntlm"] {
        let sandbox = Sandbox::start(scale.hosts, "20ms", auth);
        let targets = targets(&sandbox);
        let bench = Bench::new();
        let took = median(scale.runs, || bench.run(&targets, 128, None));
        let ideal = 4.0 * 0.020 * f64::from(scale.hosts) / 128.0;
        let name = format!("{auth}: {} hosts, 20 ms, throttle 128", scale.hosts);
        row(&name, took.as_secs_f64(), "s");
        row(&format!("{name}: against 4 round trips"), took.as_secs_f64() / ideal, "x");
    }
}

/// The client's memory and time for whole fleets, as a process of its own.
pub(crate) fn scale(scale: Scale) {
    for auth in ["basic", "ntlm"] {
        for &hosts in scale.fleets {
            let sandbox = Sandbox::start(hosts, "20ms", auth);
            let used = watch(Command::new(PSFLEET).args([
                "run",
                "-i",
                &sandbox.inventory(),
                "-t",
                "@all",
                "-c",
                "128",
                "-o",
                "none",
                "--progress",
                "none",
                SCRIPT,
            ]));
            let name = format!("{auth}: {hosts} hosts, 20 ms, throttle 128, the program");
            row(&format!("{name}: wall"), used.wall.as_secs_f64(), "s");
            row(&format!("{name}: CPU"), used.cpu.as_secs_f64(), "s");
            row(&format!("{name}: VmHWM"), used.peak as f64 / f64::from(1 << 20), "MiB");
        }
    }
}

fn targets(sandbox: &Sandbox) -> Vec<Arc<Target>> {
    let request =
        Request { targets: vec!["@all".into()], inventories: vec![sandbox.inventory()], ..Request::default() };
    let mut no_sandbox = |_: &serde_json::Map<String, serde_json::Value>| Err("not here".to_owned());
    let resolved = inventory::resolve(&request, &Config::default(), &mut Machine::default(), &mut no_sandbox);
    resolved.expect("the sandbox's inventory is valid").targets
}

/// A client in this process.
struct Bench {
    runtime: Runtime,
    network: Arc<Network>,
    command: psrp::Command,
}

impl Bench {
    fn new() -> Self {
        let invocation = Invocation { script: SCRIPT.to_owned(), arguments: Vec::new(), input: false };
        Self {
            runtime: Runtime::new().expect("a runtime"),
            network: Arc::default(),
            command: psrp::Command::new(&invocation, &[]),
        }
    }

    /// Runs the script once on all targets; every one must succeed.
    fn run(&self, targets: &[Arc<Target>], throttle: usize, sessions: Option<&Arc<Sessions>>) -> Duration {
        let spec = RunSpec {
            limits: Limits::new(NonZeroUsize::new(throttle).expect("not 0")),
            retry: RetryRule { retries: 0, delay: Duration::ZERO },
            ..RunSpec::new(Arc::new(Script::new(Arc::new(self.command.clone()))), targets.to_vec())
        };
        let summary: Summary = self.runtime.block_on(async {
            let (events, mut received) = mpsc::channel::<Emission>(256);
            let drain = tokio::spawn(async move { while received.recv().await.is_some() {} });
            let (_interrupt, interrupts) = mpsc::channel(1);
            let executor = Local::new(Arc::clone(&self.network) as _, sessions.cloned());
            let summary = Run::new(spec, Arc::new(executor)).go(events, interrupts).await;
            drain.await.expect("drains");
            summary
        });
        assert_eq!(summary.exit_code(), 0, "{:?}", summary.counts);
        summary.duration
    }
}
