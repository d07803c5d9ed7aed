//! `--log-file`: what it has, who may read it, and what a run does without it.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use psfleet::sandbox::{Fleet, Options};
use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::sandbox::{assert_clean, fleet};

/// A run on a fleet, logged.
fn run(fleet: &Fleet, folder: &Path, log: &str, variables: &[(&str, &str)], more: &[&str]) -> Output {
    let inventory = folder.join("fleet.toml");
    std::fs::write(&inventory, fleet.inventory_toml()).expect("written");
    // It holds the password.
    std::fs::set_permissions(&inventory, std::fs::Permissions::from_mode(0o600)).expect("made private");
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["run", "-i", "fleet.toml", "-t", "@all", "-o", "text", "'mar' + 'ker-7f3a'", "--log-file", log]);
    command.args(more).current_dir(folder).env_clear().env("HOME", folder).envs(variables.iter().copied());
    command.output().expect("psfleet starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_file_tells_the_course_of_runs_and_no_secret() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let folder = Folder::new("log-file");
    for _ in 0..2 {
        let output = run(&fleet, folder.path(), "psfleet.log", &[("PSFLEET_LOG", "trace")], &["--log-format", "json"]);
        assert!(output.status.success() && !String::from_utf8_lossy(&output.stderr).contains("TRACE"), "{output:?}");
    }
    let file = folder.path().join("psfleet.log");
    assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).expect("written");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect();
    assert!(lines.iter().all(|line| ["timestamp", "level", "target", "fields"].iter().all(|key| !line[key].is_null())));
    let told = |message: &str| lines.iter().filter(|line| line["fields"]["message"] == message).count();
    // The second run is appended.
    assert_eq!(["the run starts", "a host is done", "the run is over"].map(told), [2, 6, 2], "{text}");
    let done = lines.iter().find(|line| line["fields"]["message"] == "a host is done").expect("a host");
    assert_eq!((&done["level"], &done["fields"]["outcome"]), (&"INFO".into(), &"ok".into()), "{done}");
    assert!(text.contains("TRACE"), "{text}");
    for secret in [fleet.password().expose().as_str(), "ker-7f3a"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_ends_no_run() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let folder = Folder::new("log-full");
    let output = run(&fleet, folder.path(), "/dev/full", &[], &[]);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!((output.status.code(), stdout.lines().count()), (Some(0), 3), "{stderr}");
    assert_eq!(stderr.matches("nothing more is logged there").count(), 1, "{stderr}");
    let output = run(&fleet, folder.path(), "no/such/folder.log", &[], &[]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("cannot open the log file no/such/folder.log: "), "{stderr}");
    // A pipe that nobody reads would be waited for for ever.
    let made = Command::new("mkfifo").arg(folder.path().join("pipe")).status().expect("mkfifo");
    let output = run(&fleet, folder.path(), "pipe", &[], &[]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!((made.success(), output.status.code()), (true, Some(2)), "{stderr}");
    assert!(stderr.contains("cannot open the log file pipe: it is a pipe that nobody reads from"), "{stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_filter_it_has_what_the_program_says_and_no_library() {
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let folder = Folder::new("log-plain");
    let output = run(&fleet, folder.path(), "psfleet.log", &[], &[]);
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(folder.path().join("psfleet.log")).expect("written");
    assert!(text.contains("DEBUG psfleet::") && text.contains(" INFO psfleet::"), "{text}");
    assert!(text.lines().all(|line| line.contains(" psfleet::")) && !text.contains('\u{1b}'), "{text}");
    assert_clean(fleet).await;
}
