//! A thousand hosts in one process.

use std::num::NonZeroUsize;

use psfleet::outcome::Outcome;
use psfleet::sandbox::Options;
use psfleet::target::AuthMethod;

use crate::support::run::{run, spec, targets};
use crate::support::sandbox::{assert_clean, fleet};

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_hosts_answer() {
    let fleet = fleet(Options { hosts: 1000, ..Options::default() }).await;
    let mut spec = spec(targets(&fleet, AuthMethod::Basic, None), "$env:COMPUTERNAME");
    spec.limits = psfleet::fleet::Limits::new(NonZeroUsize::new(128).expect("not 0"));
    let ran = run(spec).await;
    assert_eq!(ran.summary.counts.of(Outcome::Ok), 1000);
    let names: std::collections::HashSet<_> = ran.objects().iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), 1000);
    let stats = assert_clean(fleet).await;
    assert_eq!((stats.failed_logons, stats.hosts), (0, 1000));
}

/// The resident memory of this process in bytes: now, and at most so far.
fn memory() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib * 1024)
    };
    Some((field("VmRSS:")?, field("VmHWM:")?))
}

/// Machines that nobody touches cost next to nothing, and those that scripts changed stay small.
#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_hosts_fit_into_300_megabytes() {
    const HOSTS: u32 = 5000;
    let Some((before, _)) = memory() else {
        crate::support::skip("no /proc to read the memory from");
        return;
    };
    let fleet = fleet(Options { hosts: HOSTS, ..Options::default() }).await;
    let (after, _) = memory().expect("read before");
    let each = after.saturating_sub(before) / u64::from(HOSTS);
    assert!(each < 32 * 1024, "{each} bytes for a host that nobody has touched");
    let touched = targets(&fleet, AuthMethod::Basic, None).into_iter().take(500).collect();
    let script = "Stop-Service Spooler -Force; (Get-Service).Count; (Get-Process).Count";
    let ran = run(spec(touched, script)).await;
    assert_eq!(ran.summary.counts.of(Outcome::Ok), 500);
    let (_, peak) = memory().expect("read before");
    assert!(peak < 300 << 20, "{} MiB", peak >> 20);
    assert_clean(fleet).await;
}
