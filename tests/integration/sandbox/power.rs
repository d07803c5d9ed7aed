//! Hosts that scripts restart and shut down.

use std::time::Duration;

use psfleet::fleet::RetryRule;
use psfleet::outcome::Outcome;
use psfleet::sandbox::Options;
use psfleet::target::AuthMethod;

use crate::support::run::{Ran, run, spec, targets};
use crate::support::sandbox::{assert_clean, fleet};

const UPTIME: &str =
    "(Get-Date) - (Get-CimInstance Win32_OperatingSystem).LastBootUpTime | ForEach-Object TotalMinutes";

fn minutes(ran: &Ran) -> Vec<f64> {
    ran.objects().iter().map(|value| value.as_f64().expect("a number")).collect()
}

/// A roll-out's restart: the sessions of three hosts end, the fourth keeps its own, and all answer again.
#[tokio::test(flavor = "multi_thread")]
async fn hosts_restart_and_come_back() {
    let fleet = fleet(Options { hosts: 4, ..Options::default() }).await;
    let all = targets(&fleet, AuthMethod::Negotiate, None);
    let some = all[..3].to_vec();
    let ran = run(spec(all.clone(), UPTIME)).await;
    assert!(minutes(&ran).iter().all(|minutes| *minutes > 5.0), "{:?}", minutes(&ran));
    let ran = run(spec(some.clone(), "Restart-Computer -Force")).await;
    // A script that ends in time does not notice; on a machine under load it may lose its session.
    assert_eq!(ran.summary.counts.of(Outcome::Ok) + ran.summary.counts.of(Outcome::Lost), 3);
    let ran = run(spec(some, "Start-Sleep 60; 'still here'")).await;
    assert_eq!((ran.summary.counts.of(Outcome::Ok), ran.objects().len()), (0, 0));
    let mut later = spec(all, UPTIME);
    later.retry = RetryRule { retries: 20, delay: Duration::from_millis(500) };
    let ran = run(later).await;
    assert_eq!(ran.summary.counts.of(Outcome::Ok), 4);
    let young = minutes(&ran).iter().filter(|minutes| **minutes < 5.0).count();
    assert_eq!(young, 3, "{:?}", minutes(&ran));
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_was_shut_down_stays_away() {
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let mut all = targets(&fleet, AuthMethod::Negotiate, None);
    let ran = run(spec(all.clone(), "Stop-Computer -Force; Start-Sleep 60")).await;
    assert_eq!(ran.summary.counts.of(Outcome::Lost), 1);
    // Nobody needs to wait for a host that stays away.
    all[0].timeouts.connect = Duration::from_secs(2);
    let ran = run(spec(all, "'here'")).await;
    assert_eq!(ran.summary.counts.of(Outcome::Unreachable), 1);
    assert_clean(fleet).await;
}
