//! Runs with hardly any room: one session, one shell on each host, a disk that is full.

#![cfg(unix)]

use std::process::Stdio;

use psfleet::sandbox::Options;

use crate::store::{Place, told};
use crate::support::sandbox::{assert_clean, fleet};

#[tokio::test(flavor = "multi_thread")]
async fn one_session_at_a_time_and_one_shell_a_host_are_enough_for_everybody() {
    let fleet = fleet(Options { hosts: 5, shells_per_user: 1, ..Options::default() }).await;
    let place = Place::of(&fleet);
    std::fs::write(place.path().join("gate.ps1"), "$env:COMPUTERNAME -like '*0*'").expect("written");
    for flags in [
        &["--max-sessions", "1", "-c", "10"][..],
        &["--max-sessions", "1", "-c", "10", "--ramp", "1,3", "--gate", "gate.ps1"],
        &["-c", "10", "--ramp", "1,3", "--gate", "gate.ps1", "--gate", "$x -eq 1"],
    ] {
        let script = ["-o", "csv", "-q", "$x = 1; $x", "--then", "$x + 1"];
        let (code, stdout, stderr) = told(place.run(&[flags, &script].concat()).output().expect("psfleet starts"));
        assert_eq!(code, Some(0), "{flags:?}: {stderr}");
        assert_eq!(stdout.lines().filter(|line| line.ends_with(",2")).count(), 5, "{flags:?}: {stdout}");
    }
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_share_the_shells_that_there_may_be() {
    let fleet = fleet(Options { hosts: 3, shells_per_user: 1, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let start = || {
        let mut command = place.run(&["-o", "csv", "-q", "Start-Sleep -Milliseconds 500; 'one'"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("psfleet starts")
    };
    for run in [start(), start()] {
        let (code, stdout, stderr) = told(run.wait_with_output().expect("an end"));
        assert_eq!((code, stdout.matches(",one").count()), (Some(0), 3), "{stderr}");
    }
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_the_run_in_order_and_the_rest_runs_later() {
    let fleet = fleet(Options { hosts: 6, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let script = "1..2000 | ForEach-Object { \"$([guid]::NewGuid())$([guid]::NewGuid())$([guid]::NewGuid())\" }";
    let run = place.run(&["-c", "2", "-o", "none", script]);
    // No file may be larger than the disk has room for.
    let mut full = std::process::Command::new("sh");
    full.args(["-c", "trap '' XFSZ; ulimit -f 800; exec \"$@\"", "sh"]).arg(run.get_program()).args(run.get_args());
    full.current_dir(place.path()).env_clear().env("HOME", place.path()).stdin(Stdio::null());
    let (code, _, stderr) = told(full.output().expect("psfleet starts"));
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("the run could not be kept to its end"), "{stderr}");
    let well = stderr.lines().filter(|line| line.contains("] ok ")).count();
    assert!(well > 0 && well < 6, "{stderr}");
    let (code, _, stderr) = place.output(&["runs", "resume", "--lost", "-o", "none"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stderr.lines().filter(|line| line.contains("] ok ")).count(), 6 - well, "nobody twice: {stderr}");
    assert!(place.kept().values().all(|outcome| outcome == "ok"), "{:?}", place.kept());
    assert_clean(fleet).await;
}
