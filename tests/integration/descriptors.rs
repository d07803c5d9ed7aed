//! Runs within a small limit on open files: the program itself, as a shell with `ulimit -n` starts it.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use psfleet::sandbox::{Fleet, Options};

use crate::support::folder::Folder;
use crate::support::sandbox::{assert_clean, fleet};

/// Runs a script on a fleet under this limit, soft and hard.
async fn run_under(limit: &str, fleet: &Fleet, flags: &[&str]) -> Output {
    let folder = Folder::new("descriptors");
    let file = folder.path().join("fleet.toml");
    std::fs::write(&file, fleet.inventory_toml()).expect("written");
    // It holds the password.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("made private");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit {limit} && exec \"$@\""), "sh", env!("CARGO_BIN_EXE_psfleet")]);
    command.args(["run", "--no-input", "--retries", "0", "-o", "csv", "-i", "fleet.toml", "-t", "@all"]).args(flags);
    command.arg("'here'").current_dir(folder.path());
    command.env("HOME", folder.path()).env("PSFLEET_STATE_DIR", folder.path());
    tokio::task::spawn_blocking(move || command.output().expect("sh starts")).await.expect("it ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_throttle_is_cut_to_what_the_limit_carries() {
    let fleet = fleet(Options { hosts: 60, ..Options::default() }).await;
    for flags in [&["-c", "5000"][..], &["-c", "32"], &["-c", "4", "--connect-throttle", "500"]] {
        let output = run_under("-n 64", &fleet, flags).await;
        let (rows, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!((output.status.code(), rows.lines().count()), (Some(0), 61), "{flags:?}: {said}");
        assert_eq!(said.matches("may open only 64 files").count(), 1, "{flags:?}: {said}");
    }
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soft_limit_is_raised_without_a_word() {
    let fleet = fleet(Options { hosts: 60, ..Options::default() }).await;
    let output = run_under("-S -n 64", &fleet, &["-c", "60"]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("may open"), "{said}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_files_for_one_host_end_the_run_before_its_first_connection() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let output = run_under("-n 24", &fleet, &[]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("too few for even one host") && said.contains("ulimit -n"), "{said}");
    assert_eq!(assert_clean(fleet).await.logons, 0);
}
