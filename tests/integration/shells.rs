//! Shells that a killed psfleet leaves on its hosts: seen, and removed without touching those of others.

#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use psfleet::sandbox::{Fleet, Options};
use serde_json::Value;

use crate::sandbox::protocol::creation;
use crate::support::folder::Folder;
use crate::support::program::PATIENCE;
use crate::support::sandbox::{assert_clean, fleet};
use crate::support::wire::{Envelope, Wire, basic};

/// The program in a folder with a fleet's inventory.
struct Place(Folder);

impl Place {
    fn of(fleet: &Fleet) -> Self {
        let folder = Folder::new("shells");
        let file = folder.path().join("fleet.toml");
        std::fs::write(&file, fleet.inventory_toml()).expect("written");
        // It holds the password.
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("made private");
        Self(folder)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(words).args(["--no-input", "-i", "fleet.toml", "-t", "@all", "-q"]);
        command.current_dir(self.0.path()).env_clear().env("HOME", self.0.path()).env("USER", "ada");
        command.stdin(Stdio::null());
        command
    }

    /// The objects that a command of `session` shows.
    fn objects(&self, words: &[&str]) -> Vec<Value> {
        let output = self.command(&[&["session"], words, &["-o", "jsonl"]].concat()).output().expect("psfleet starts");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).expect("UTF-8");
        let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
        events.filter(|event| event["type"] == "object").map(|event| event["data"].clone()).collect()
    }

    /// What a clean says of each shell of ours.
    fn actions(&self, words: &[&str]) -> Vec<String> {
        let shown = self.objects(&[&["clean"], words].concat());
        shown.iter().map(|object| object["Action"].as_str().expect("a word").to_owned()).collect()
    }
}

/// Waits until the hosts have so many shells and commands.
async fn wait_for(fleet: &Fleet, shells: u64, commands: u64) {
    let begin = Instant::now();
    loop {
        let stats = fleet.stats();
        if (stats.open_shells, stats.open_commands) == (shells, commands) {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "not {shells} shells and {commands} commands: {stats:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Opens shells on the first host as another program does, without a name.
async fn foreign(fleet: &Fleet, ids: &[String]) -> (Wire, String) {
    let (_, address, _) = fleet.hosts().next().expect("a host");
    let authorization = basic(fleet.user(), fleet.password().expose());
    let mut wire = Wire::connect(address).await;
    for id in ids {
        let answer = wire.wsman(&authorization, &Envelope::create(id, &creation()).text()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    (wire, authorization)
}

fn kill(mut child: Child) {
    child.kill().expect("it runs");
    child.wait().expect("a child");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_run_leaves_is_removed_and_nothing_else() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let theirs = "11111111-AAAA-4000-8000-000000000001".to_owned();
    let (mut wire, authorization) = foreign(&fleet, std::slice::from_ref(&theirs)).await;
    let run = place.command(&["run", "Start-Sleep 600"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let run = run.expect("psfleet starts");
    wait_for(&fleet, 4, 3).await;

    let shown = place.objects(&["ls"]);
    assert_eq!(shown.len(), 4, "{shown:#?}");
    let process = format!("-{}", run.id());
    for object in &shown {
        let is_theirs = object["ShellId"] == *theirs;
        assert_eq!(object["Ours"], !is_theirs, "{object}");
        assert_eq!(object["InUse"], if is_theirs { Value::Null } else { Value::Bool(true) }, "{object}");
        assert_eq!(object["State"], "Connected");
        assert!(object["Owner"].as_str().expect("text").ends_with("\\psfleet"), "{object}");
        let name = object["Name"].as_str().unwrap_or_default();
        assert_eq!(name.starts_with("psfleet-ada@") && name.ends_with(&process), !is_theirs, "{object}");
    }
    let is_all = |found: Vec<String>, word: &str| assert_eq!(found, [word; 3]);
    is_all(place.actions(&["--older", "0"]), "left: in use");
    kill(run);
    is_all(place.actions(&[]), "left: younger than --older");
    is_all(place.actions(&["--older", "0", "--plan"]), "would be removed");
    assert_eq!(fleet.stats().open_shells, 4, "nothing was removed so far");
    is_all(place.actions(&["--older", "0"]), "removed");
    wait_for(&fleet, 1, 0).await;
    assert_eq!(place.objects(&["ls", "--where", "Ours -eq true"]), Vec::<Value>::new());
    assert!(place.actions(&["--older", "0"]).is_empty());

    let gone = wire.wsman(&authorization, &Envelope::delete(&theirs).text()).await;
    assert_eq!(gone.status, 200, "the other program's shell was there to the end: {}", gone.text());
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn force_takes_shells_from_a_psfleet_that_runs() {
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let run = place.command(&["run", "Start-Sleep 600"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut run = run.expect("psfleet starts");
    wait_for(&fleet, 1, 1).await;
    assert_eq!(place.actions(&["--older", "0", "--force"]), ["removed"]);
    assert_eq!(run.wait().expect("a child").code(), Some(1), "its host is lost");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_needs_two_answers_is_whole() {
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let ids: Vec<String> = (0..160).map(|number| format!("11111111-AAAA-4000-8000-{number:012}")).collect();
    let (mut wire, authorization) = foreign(&fleet, &ids).await;
    let shown = place.objects(&["ls"]);
    let shown: Vec<&str> = shown.iter().map(|object| object["ShellId"].as_str().expect("an id")).collect();
    assert_eq!(shown, ids);
    for id in &ids {
        wire.wsman(&authorization, &Envelope::delete(id).text()).await;
    }
    assert_clean(fleet).await;
}

#[test]
fn hosts_without_shells_to_connect_to_are_named() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_psfleet"))
        .args(["session", "connect", "localhost", "--transport", "local"])
        .current_dir(here)
        .output()
        .expect("psfleet starts");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0), "{said}");
    let note = "note: not reached over WinRM: localhost; a session ends with its connection there, and psfleet runs \
                collect has what --detach left\n";
    assert_eq!(said, note);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_out_of_reach_is_unreachable() {
    let faults = vec!["refused=1".parse().expect("a fault")];
    let fleet = fleet(Options { hosts: 2, faults, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let list = place.command(&["session", "ls", "--retries", "0", "-o", "jsonl"]).output().expect("psfleet starts");
    assert_eq!(list.status.code(), Some(3), "{}", String::from_utf8_lossy(&list.stderr));
    let text = String::from_utf8(list.stdout).expect("UTF-8");
    assert!(text.contains("\"unreachable\""), "{text}");
    assert_clean(fleet).await;
}
