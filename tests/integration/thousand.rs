//! A thousand hosts, a tenth of them faulty in every way that the sandbox knows.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use psfleet::sandbox::{FaultKind, Options};

use crate::support::folder::Folder;
use crate::support::program::Running;
use crate::support::sandbox::fleet;

const HOSTS: u32 = 1_000;

/// What may become of a host with this fault.
fn ends(fault: Option<FaultKind>) -> &'static [&'static str] {
    match fault {
        None | Some(FaultKind::Reset | FaultKind::Stuck | FaultKind::Blocking | FaultKind::Skewed) => &["ok"],
        // As fast as its answers come, or lost on the way.
        Some(FaultKind::Slow) => &["ok", "unreachable"],
        Some(FaultKind::Loss) => &["ok", "unreachable", "lost"],
        Some(FaultKind::Crash) => &["lost"],
        Some(FaultKind::Denied | FaultKind::WrongPassword | FaultKind::RejectToken) => &["auth"],
        Some(_) => &["unreachable"],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_accounted_for_in_time() {
    // Without TLS two of the kinds cannot be.
    let kinds = FaultKind::ALL.iter().filter(|(kind, ..)| !matches!(kind, FaultKind::Expired | FaultKind::WrongName));
    let faults = kinds.map(|(_, name, _)| format!("{name}=7").parse().expect("a fault")).collect();
    let fleet = fleet(Options { hosts: HOSTS, faults, ..Options::default() }).await;
    let folder = Folder::new("thousand");
    let file = folder.path().join("fleet.toml");
    std::fs::write(&file, fleet.inventory_toml()).expect("written");
    // It holds the password.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("made private");
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["run", "-i", "fleet.toml", "-t", "@all", "--no-input", "-o", "jsonl", "--throttle", "64"]);
    // A breaker that trips would skip hosts that have no fault.
    command.args(["--deadline", "4m", "--connect-timeout", "20s", "--open-timeout", "10s", "--auth-fail-limit", "20"]);
    command.args(["--retries", "1", "--retry-delay", "100ms", "Get-Service | Where-Object Status -eq Stopped"]);
    command.current_dir(folder.path()).env("HOME", folder.path()).env("PSFLEET_STATE_DIR", folder.path());
    let mut running = Running::start(&mut command);
    running.wait_for("host_done", 300);
    let early = running.peak_memory();
    running.wait_for("host_done", 900);
    let late = running.peak_memory();
    let ended = running.end();
    assert_eq!(ended.code, Some(1), "some are lost: {}", ended.stderr);
    let outcomes: BTreeMap<&str, &str> = ended
        .outcomes()
        .into_iter()
        .map(|(host, data)| (host, data["outcome"].as_str().expect("an outcome")))
        .collect();
    assert_eq!(outcomes.len(), HOSTS as usize, "each host once");
    let wrong: Vec<_> = fleet
        .hosts()
        .filter(|(host, _, fault)| !ends(*fault).contains(&outcomes[host]))
        .map(|(host, _, fault)| (host.to_owned(), fault, outcomes[host]))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    if let (Some(early), Some(late)) = (early, late) {
        assert!(late < early * 3 / 2, "memory grows with the hosts that are done: {early} -> {late}");
    }
    fleet.shutdown().await;
}
