//! Stores and outputs that cannot be used: what is said of them, and when.

#![cfg(unix)]

use std::fs;

use psfleet::sandbox::Options;

use crate::store::{Place, told};
use crate::support::program::Running;
use crate::support::sandbox::{assert_clean, fleet};

const STATE: &str = ".local/state/psfleet";

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_fails_where_the_run_would_for_its_store() {
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let plan = |more: &[&str]| told(place.run(&[&["--plan", "1"], more].concat()).output().expect("psfleet starts"));
    let state = place.path().join(STATE);
    let (code, _, stderr) = plan(&[]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(!state.exists(), "a plan makes nothing");
    assert_eq!(told(place.run(&["-q", "-o", "none", "1"]).output().expect("psfleet starts")).0, Some(0));
    assert_eq!(plan(&[]).0, Some(0));
    place.store().pragma_update(None, "user_version", 1000).expect("changed");
    for command in [&["--plan", "1"][..], &["1"]] {
        let (code, _, stderr) = told(place.run(command).output().expect("psfleet starts"));
        assert_eq!(code, Some(2), "{command:?}: {stderr}");
        assert!(stderr.contains("is of a newer psfleet"), "{stderr}");
    }
    assert_eq!(plan(&["--no-store"]).0, Some(0));
    fs::write(state.join("runs.db"), "something else, and more than a hundred bytes of it: ".repeat(9))
        .expect("written");
    for beside in ["runs.db-wal", "runs.db-shm"] {
        let _ = fs::remove_file(state.join(beside));
    }
    let (code, _, stderr) = plan(&[]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("is not a store of psfleet"), "{stderr}");
    fs::remove_dir_all(&state).expect("removed");
    fs::write(&state, "").expect("written");
    let (code, _, stderr) = plan(&[]);
    assert_eq!(code, Some(2), "{stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_goes_away_in_the_midst_ends_the_run() {
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let script = "'begun'; while (!(Test-Path C:\\go)) { Start-Sleep -Milliseconds 50 }";
    let mut running = Running::start(&mut place.run(&["-o", "jsonl", script]));
    running.wait_for("object", 2);
    fs::remove_dir_all(place.path().join(STATE)).expect("removed");
    let go = ["-q", "-o", "none", "--no-store", "Set-Content C:\\go x"];
    assert_eq!(told(place.run(&go).output().expect("psfleet starts")).0, Some(0));
    let ended = running.end();
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("it was removed while a run was being kept in it"), "{}", ended.stderr);
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bundle_is_imported_by_several_at_once() {
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let line = ["-q", "-o", "none", "--label", "b", "foreach ($n in 1..2000) { \"$n\" }"];
    assert_eq!(told(place.run(&line).output().expect("psfleet starts")).0, Some(0));
    assert_eq!(place.output(&["runs", "export", "b"]).0, Some(0));
    let import = || {
        let mut command = place.command(&["runs", "import", "b.psfleet"]);
        let command = command.env("PSFLEET_STATE_DIR", place.path().join("there"));
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("starts")
    };
    let all: Vec<_> = (0..4).map(|_| import()).collect();
    let said: Vec<_> = all.into_iter().map(|child| told(child.wait_with_output().expect("ended"))).collect();
    assert!(said.iter().all(|(code, ..)| *code == Some(0)), "{said:?}");
    assert_eq!(said.iter().filter(|(_, stdout, _)| stdout.starts_with("imported: ")).count(), 1, "{said:?}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_finds_the_variables_of_as_many_hosts_as_sessions_may_be_open() {
    let fleet = fleet(Options { hosts: 8, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let line = ["-q", "-o", "none", "-c", "2", "--ramp", "4", "--gate", "$x -eq 1", "--max-sessions", "8", "$x = 1"];
    let (code, _, stderr) = told(place.run(&line).output().expect("psfleet starts"));
    assert_eq!(code, Some(0), "{stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_on_after_a_budget_is_counted() {
    let fleet = fleet(Options { hosts: 12, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let line = ["-o", "none", "-c", "4", "--max-fail", "3", "Start-Sleep -Milliseconds 300; throw 'no'"];
    let (code, _, stderr) = told(place.run(&line).output().expect("psfleet starts"));
    assert_eq!(code, Some(5), "{stderr}");
    let failed = place.kept().values().filter(|outcome| *outcome == "failed").count();
    let said = match failed - 3 {
        0 => "ends the run\n".to_owned(),
        1 => "; 1 that is at work goes on to its end".to_owned(),
        count => format!("; {count} that are at work go on to their end"),
    };
    assert!(stderr.contains(&said), "{failed} failed: {stderr}");
    assert_clean(fleet).await;
}
