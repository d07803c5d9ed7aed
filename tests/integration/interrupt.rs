//! Ctrl-C, Ctrl-C again, SIGTERM and outputs that fail: how the program itself ends then, and what it leaves behind.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use psfleet::hostlist::fold;
use psfleet::sandbox::{FaultKind, Fleet, Options};
use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::program::{Ended, PATIENCE, Running, end_of, read_all, signal};
use crate::support::sandbox::{assert_clean, fleet};
use crate::support::sshd::{Setup, Sshd, user};
use crate::support::{processes, pwsh};

/// Says that it runs, and does not end by itself.
const ENDLESS: &str = "'started'; Start-Sleep 600";

/// The program away from the settings of whoever runs the tests.
fn psfleet(folder: &Folder, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["run", "--no-input", "--retries", "0", "-o", "jsonl"]).args(args);
    command.current_dir(folder.path()).env("HOME", folder.path()).env("PSFLEET_STATE_DIR", folder.path());
    command.env_remove("SSH_AUTH_SOCK");
    command
}

/// A folder with the fleet's inventory in `fleet.toml`.
fn inventory(fleet: &Fleet) -> Folder {
    let folder = Folder::new("interrupt");
    let file = folder.path().join("fleet.toml");
    std::fs::write(&file, fleet.inventory_toml()).expect("written");
    // It holds the password.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("made private");
    folder
}

fn on_fleet(folder: &Folder, args: &[&str]) -> Command {
    psfleet(folder, &[&["-i", "fleet.toml", "-t", "@all"], args].concat())
}

fn outcomes(ended: &Ended) -> Vec<&Value> {
    ended.outcomes().into_iter().map(|(_, data)| &data["outcome"]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_ctrl_c_leaves_and_names_the_hosts_whose_shell_may_remain() {
    let faults = vec!["stuck=3".parse().expect("a fault")];
    let fleet = fleet(Options { hosts: 6, faults, ..Options::default() }).await;
    let folder = inventory(&fleet);
    let mut running = Running::start(&mut on_fleet(&folder, &[ENDLESS]));
    running.wait_for("object", 6);
    running.signal("INT");
    running.wait_for("host_done", 3);
    // What is stuck would take 10 s to stop and 10 s to close.
    let begin = Instant::now();
    running.signal("INT");
    let ended = running.end();
    assert!(begin.elapsed() < Duration::from_secs(20), "it took {:?}", begin.elapsed());

    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert_eq!(outcomes(&ended), [&json!("cancelled"); 6]);
    let stuck = fleet.hosts().filter(|(_, _, fault)| *fault == Some(FaultKind::Stuck)).map(|(name, ..)| name);
    let mut stuck: Vec<_> = stuck.collect();
    stuck.sort_unstable();
    let left = ended.outcomes().into_iter().filter(|(_, data)| data["shell_may_remain"] == true);
    assert_eq!(left.map(|(host, _)| host).collect::<Vec<_>>(), stuck);
    let warning = format!("warning: the remote shell may remain on 3 hosts ({})", fold(stuck.iter().copied()));
    assert!(ended.stderr.contains(&warning), "{}", ended.stderr);
    assert!(ended.stderr.contains("6 targets: 6 cancelled"), "{}", ended.stderr);
    assert_eq!(fleet.stats().open_shells, 3);
    fleet.shutdown().await;
}

/// Presses Ctrl-C until the program leaves, which it must do as interrupted. Signals that come together are one to it,
/// and it does not say that it has seen the first.
async fn leave(child: &mut std::process::Child) {
    let begin = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        assert!(begin.elapsed() < PATIENCE, "psfleet does not end");
        signal(child, "INT");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(end_of(child).code(), Some(130));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_ctrl_c_waits_for_no_reader() {
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    let folder = inventory(&fleet);
    let mut command = on_fleet(&folder, &["foreach ($n in 1..1000000) { 'x' * 1000 }"]);
    // A pipe that is always full.
    let (unread, writer) = std::io::pipe().expect("a pipe");
    let mut filler = writer.try_clone().expect("another end");
    let filling = std::thread::spawn(move || std::io::copy(&mut std::io::repeat(b'x'), &mut filler));
    let mut child = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).spawn().expect("starts");
    drop(command);
    let stderr = read_all(child.stderr.take().expect("piped"));
    let begin = Instant::now();
    while fleet.stats().open_commands < 2 {
        assert!(begin.elapsed() < PATIENCE, "no command starts");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    leave(&mut child).await;
    let stderr = stderr.join().expect("stderr is read");
    assert!(stderr.contains("left before all output was written"), "{stderr}");
    assert!(stderr.contains("2 targets: 2 cancelled"), "{stderr}");
    drop(unread);
    filling.join().expect("no panic").expect_err("nobody reads");
    assert_clean(fleet).await;
}

/// How many outcomes the store has.
fn kept_outcomes(folder: &Folder) -> u64 {
    let counted = rusqlite::Connection::open(folder.path().join("runs.db"))
        .and_then(|store| store.query_row("SELECT count(*) FROM outcomes", [], |row| row.get(0)));
    // It may not be there yet.
    counted.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_over_can_be_left_while_nobody_reads() {
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    let folder = inventory(&fleet);
    // More than a pipe holds, and less than what may wait in the program.
    let mut command = on_fleet(&folder, &["'x' * 200000"]);
    let (unread, writer) = std::io::pipe().expect("a pipe");
    let mut child = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).spawn().expect("starts");
    drop(command);
    let stderr = read_all(child.stderr.take().expect("piped"));
    let begin = Instant::now();
    while kept_outcomes(&folder) < 2 {
        assert!(begin.elapsed() < PATIENCE, "the run does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    leave(&mut child).await;
    let stderr = stderr.join().expect("stderr is read");
    assert!(stderr.contains("left before all output was written"), "{stderr}");
    assert!(stderr.contains("2 targets: 2 ok"), "{stderr}");
    drop(unread);
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_ctrl_c_stops_what_runs_and_starts_no_more() {
    let fleet = fleet(Options { hosts: 5, ..Options::default() }).await;
    let folder = inventory(&fleet);
    let mut running = Running::start(&mut on_fleet(&folder, &["-c", "2", ENDLESS]));
    running.wait_for("object", 2);
    running.signal("INT");
    let ended = running.end();
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(ended.stderr.contains("5 targets: 2 cancelled, 3 not started"), "{}", ended.stderr);
    let told = "interrupted: stopping the script on 2 hosts; it will not start on 3 others (press Ctrl-C again";
    assert_eq!(ended.stderr.matches(told).count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("the run was interrupted before its turn"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("may remain"), "{}", ended.stderr);
    assert_eq!(ended.outcomes().len(), 5);
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_and_a_closed_terminal_close_every_shell() {
    let fleet = fleet(Options { hosts: 4, ..Options::default() }).await;
    let folder = inventory(&fleet);
    for signal in ["TERM", "HUP"] {
        let mut running = Running::start(&mut on_fleet(&folder, &[ENDLESS]));
        running.wait_for("object", 4);
        running.signal(signal);
        let ended = running.end();
        assert_eq!(ended.code, Some(143), "{}", ended.stderr);
        assert_eq!(outcomes(&ended), [&json!("cancelled"); 4]);
        assert!(!ended.stderr.contains("may remain"), "{}", ended.stderr);
    }
    assert_clean(fleet).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn nohup_outlives_its_terminal() {
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    let folder = inventory(&fleet);
    let run = on_fleet(&folder, &["'started'; Start-Sleep 2; 'over'"]);
    let mut command = Command::new("nohup");
    command.arg(run.get_program()).args(run.get_args()).current_dir(folder.path());
    command.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut running = Running::start(&mut command);
    running.wait_for("object", 2);
    running.signal("HUP");
    let ended = running.end();
    assert_eq!((ended.code, outcomes(&ended)), (Some(0), vec![&json!("ok"); 2]), "{}", ended.stderr);
    assert_clean(fleet).await;
}

/// Waits until no process has the mark in its environment.
fn assert_no_process(mark: &str) {
    let begin = Instant::now();
    loop {
        let left = processes::with_variable("PSFLEET_TEST_MARK", mark);
        if left.is_empty() {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "still running: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs the script here until it has started, sends the signals, and gives the end; no child remains.
fn signalled_here(pwsh: &Path, script: &str, signals: &[&str]) -> Ended {
    let folder = Folder::new("interrupt");
    let mark = folder.path().display().to_string();
    let program = pwsh.display().to_string();
    let args = ["-t", "localhost", "--transport", "local", "--pwsh", &program, script];
    let mut running = Running::start(psfleet(&folder, &args).env("PSFLEET_TEST_MARK", &mark));
    for (place, name) in signals.iter().enumerate() {
        // Each is sent only when the last one has shown its effect.
        running.wait_for("object", place + 1);
        running.signal(name);
    }
    let ended = running.end();
    assert_no_process(&mark);
    assert_eq!(outcomes(&ended), [&json!("cancelled")], "{}", ended.stderr);
    assert!(!ended.stderr.contains("may remain"), "{}", ended.stderr);
    ended
}

#[test]
fn signals_leave_no_child_behind() {
    let Some(pwsh) = pwsh() else { return };
    assert_eq!(signalled_here(&pwsh, ENDLESS, &["INT"]).code, Some(130));
    assert_eq!(signalled_here(&pwsh, ENDLESS, &["TERM"]).code, Some(143));
    // It does not stop, and says so to let the second signal come.
    let stubborn = "try { 'started'; Start-Sleep 600 } finally { 'stopping'; [Threading.Thread]::Sleep(600000) }";
    assert_eq!(signalled_here(&pwsh, stubborn, &["INT", "INT"]).code, Some(130));
}

/// The same over SSH: nothing of the server's is left either.
fn signalled_over_ssh(server: &Sshd, name: &str) -> Option<i32> {
    let folder = Folder::new("interrupt");
    let host = format!("ssh://{}@127.0.0.1:{}", user(), server.port);
    let mut command = psfleet(&folder, &["-t", &host, "--connect-timeout", "60s", ENDLESS]);
    command.arg("--identity").arg(server.user_key()).arg("--known-hosts").arg(server.known_hosts());
    let mut running = Running::start(&mut command);
    running.wait_for("object", 1);
    running.signal(name);
    let ended = running.end();
    assert_eq!(outcomes(&ended), [&json!("cancelled")], "{}", ended.stderr);
    let begin = Instant::now();
    while !server.children().is_empty() {
        assert!(begin.elapsed() < PATIENCE, "still running: {:?}", server.children());
        std::thread::sleep(Duration::from_millis(20));
    }
    ended.code
}

#[test]
fn signals_leave_nothing_behind_on_an_ssh_server() {
    let Some(pwsh) = pwsh() else { return };
    let Some(server) = Sshd::start(&Setup::with_powershell(&pwsh)) else { return };
    assert_eq!(signalled_over_ssh(&server, "INT"), Some(130));
    assert_eq!(signalled_over_ssh(&server, "TERM"), Some(143));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_fails_leaves_the_others_whole() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let folder = inventory(&fleet);
    std::os::unix::fs::symlink("/dev/full", folder.path().join("full.csv")).expect("a link");
    let script = "1..3 | ForEach-Object { [pscustomobject]@{ Number = $_ } }";
    let outs = ["--out", "whole.json", "--out", "whole.csv"];
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    let assert_whole = |counted: u64| {
        let document: Value = serde_json::from_str(&read("whole.json")).expect("one document");
        assert_eq!(document["targets"].as_array().expect("targets").len(), 3);
        let rows = csv::Reader::from_reader(read("whole.csv").as_bytes()).records().filter(|row| row.is_ok()).count();
        assert_eq!(rows, document["records"].as_array().expect("records").len());
        assert!(rows as u64 >= counted, "{rows} rows");
        assert_eq!(document["exit_code"], 2, "as the process ends");
    };

    let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let mut command = on_fleet(&folder, &[&outs[..], &[script]].concat());
    let output = command.stdin(Stdio::null()).stdout(full).output().expect("runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("the output could not be written: stdout: cannot write the data: No space left"),
        "{stderr}"
    );
    assert!(stderr.contains("3 targets: "), "{stderr}");
    assert_whole(0);

    // This one fails only when all is over.
    let ended = Running::start(&mut on_fleet(&folder, &[&outs[..], &["--out", "full.csv", script]].concat())).end();
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("could not be written: full.csv: cannot write the data"), "{}", ended.stderr);
    assert_eq!(outcomes(&ended), [&json!("ok"); 3]);
    assert_eq!(run_done_code(&ended), 2);
    assert_whole(9);
    assert_clean(fleet).await;
}

fn run_done_code(ended: &Ended) -> &Value {
    let last = ended.events.last().expect("events");
    assert_eq!(last["type"], "run_done");
    &last["data"]["exit_code"]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_event_tells_the_exit_code_of_the_process() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let folder = inventory(&fleet);
    for (args, code) in [
        (&["throw 'no'"][..], 1),
        (&["--exit-zero", "throw 'no'"], 0),
        (&["--exit-zero", "--deadline", "1s", ENDLESS], 5),
        (&["--strict", "Write-Error 'no'"], 1),
        (&["--strict", "--exit-zero", "Write-Error 'no'"], 0),
        (&["--sort-by", "Name", "throw 'no'"], 1),
    ] {
        let ended = Running::start(&mut on_fleet(&folder, args)).end();
        assert_eq!(ended.code, Some(code), "{args:?}: {}", ended.stderr);
        assert_eq!(run_done_code(&ended), code, "{args:?}");
    }
    assert_clean(fleet).await;
}

/// Numbers rise, and no host is done before its last object, whatever the order of the objects.
#[tokio::test(flavor = "multi_thread")]
async fn sorted_events_are_numbered_as_they_are_read() {
    let fleet = fleet(Options { hosts: 4, ..Options::default() }).await;
    let folder = inventory(&fleet);
    let script = "1..3 | ForEach-Object { [pscustomobject]@{ Number = $_ } }; Write-Warning 'low'; throw 'no'";
    for args in [&["--sort-by", "Number:desc"][..], &["--sort-by", "Number", "--where", "Number -gt 1"], &[]] {
        let ended = Running::start(&mut on_fleet(&folder, &[args, &[script]].concat())).end();
        let numbers: Vec<_> = ended.events.iter().map(|event| event["seq"].as_u64().expect("a number")).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{args:?}: {numbers:?}");
        let place = |host: &Value, kind: &str| {
            ended.events.iter().rposition(|event| event["type"] == kind && event["host"] == *host).expect(kind)
        };
        for host in ended.outcomes().into_iter().map(|(host, _)| Value::from(host)) {
            assert!(place(&host, "object") < place(&host, "host_done"), "{args:?}: {host}");
        }
    }
    assert_clean(fleet).await;
}

/// What the program says on stderr about a script, with its objects in a table.
fn told(pwsh: &Path, script: &str, more: &[&str]) -> String {
    let folder = Folder::new("interrupt");
    let program = pwsh.display().to_string();
    let args = ["-t", "localhost", "--transport", "local", "--pwsh", &program, "--progress", "none", script];
    let output = psfleet(&folder, &[&args[..], more].concat()).stdin(Stdio::null()).output().expect("runs");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_people_are_told_is_told_once() {
    let Some(pwsh) = pwsh() else { return };
    let thrown = told(&pwsh, "throw 'out of luck'", &["-o", "table"]);
    assert_eq!(thrown.matches("out of luck").count(), 1, "{thrown}");
    assert!(thrown.contains("error: localhost: out of luck"), "{thrown}");
    let cycles = "1..3 | ForEach-Object { $o = [pscustomobject]@{ Own = $null }; $o.Own = @($o); $o }";
    let lost = told(&pwsh, cycles, &["-o", "csv", "--out", "all.json"]);
    assert_eq!(lost.matches("is shown as null").count(), 1, "{lost}");
}

#[test]
fn a_failed_copy_is_told_once() {
    let Some(pwsh) = pwsh() else { return };
    let folder = Folder::new("interrupt");
    let program = pwsh.display().to_string();
    let copy = |files: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(["copy", "pull"]).args(files).arg("here").args(["-t", "localhost", "--transport", "local"]);
        command.args(["--pwsh", &program, "--progress", "none", "-o", "table"]);
        command.current_dir(folder.path()).env("HOME", folder.path()).env("PSFLEET_STATE_DIR", folder.path());
        let output = command.stdin(Stdio::null()).output().expect("runs");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let one = copy(&["/nowhere/one"]);
    assert_eq!(one.matches("/nowhere/one").count(), 1, "{one}");
    let three = copy(&["/nowhere/one", "/nowhere/two", "/nowhere/three"]);
    for name in ["one", "two", "three"] {
        assert_eq!(three.matches(&format!("/nowhere/{name}")).count(), 1, "{three}");
    }
}

/// Errors of many hosts are one line, in full with -v and in jsonl.
#[tokio::test(flavor = "multi_thread")]
async fn equal_errors_of_hosts_are_told_together() {
    let fleet = fleet(Options { hosts: 12, ..Options::default() }).await;
    let folder = inventory(&fleet);
    let script = "Write-Error 'no such path'; Write-Error 'twice'; Write-Error 'twice'";
    let said = |more: &[&str]| {
        let args = [&["-o", "none", "--progress", "none", script][..], more].concat();
        let output = on_fleet(&folder, &args).stdin(Stdio::null()).output().expect("runs");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let short = said(&[]);
    assert_eq!(short.matches("no such path").count(), 2, "{short}");
    assert_eq!(short.matches("twice").count(), 3, "both of the first host, and the line at the end: {short}");
    assert!(short.contains("11 more hosts (") && short.contains(", 22 records in all: "), "{short}");
    let long = said(&["-v"]);
    assert_eq!(long.matches("ERROR: twice").count(), 24, "{long}");
    let ended = Running::start(&mut on_fleet(&folder, &[script])).end();
    assert_eq!(ended.events.iter().filter(|event| event["type"] == "error").count(), 36);
    assert_clean(fleet).await;
}

/// `| head`: the reader goes away after its first lines.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_did_not_start_says_why() {
    let fleet = fleet(Options { hosts: 40, ..Options::default() }).await;
    let folder = inventory(&fleet);
    let mut command = on_fleet(&folder, &["-c", "1", "--progress", "none", "1"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    drop(child.stdout.take());
    let stderr = read_all(child.stderr.take().expect("piped"));
    assert_eq!(end_of(&mut child).code(), Some(5));
    let stderr = stderr.join().expect("read");
    assert!(stderr.contains("the reader of the output took no more, so the run ended before its turn"), "{stderr}");

    let late = on_fleet(&folder, &["-c", "1", "-o", "none", "--deadline", "1s", ENDLESS]).output().expect("runs");
    let stderr = String::from_utf8_lossy(&late.stderr);
    assert!(stderr.contains("the deadline has passed: stopping the script on 1 host"), "{stderr}");
    assert!(stderr.contains("the deadline passed: stopped while it was running"), "{stderr}");
    assert!(stderr.contains("39 hosts (") && stderr.contains("the deadline passed before its turn"), "{stderr}");
    assert_clean(fleet).await;
}

#[test]
fn a_wrong_setting_names_its_file() {
    let folder = Folder::new("interrupt");
    std::fs::write(folder.path().join("psfleet.toml"), "retries = 1\nthrottle = 'many'\n").expect("written");
    let output = psfleet(&folder, &["-t", "localhost", "1"]).stdin(Stdio::null()).output().expect("runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("psfleet.toml:2:12: throttle: invalid value 'many'"), "{stderr}");

    let elsewhere = Folder::new("interrupt");
    let mut command = psfleet(&elsewhere, &["-t", "localhost", "1"]);
    command.env("PSFLEET_THROTTLE", "many").env("PSFLEET_STRICT", "1").env("PSFLEET_EXIT_ZERO", "perhaps");
    let output = command.env("PSFLEET_COLOR", "green").stdin(Stdio::null()).output().expect("runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    for said in
        ["PSFLEET_THROTTLE: invalid value 'many'", "PSFLEET_EXIT_ZERO: 'perhaps'", "PSFLEET_COLOR: invalid value"]
    {
        assert_eq!(stderr.matches(said).count(), 1, "{stderr}");
    }
    assert!(!stderr.contains("PSFLEET_STRICT"), "{stderr}");

    let unknown = psfleet(&elsewhere, &["-t", "@web", "1"]).stdin(Stdio::null()).output().expect("runs");
    let stderr = String::from_utf8_lossy(&unknown.stderr);
    assert!(stderr.contains("unknown group '@web'") && stderr.contains("name one with -i FILE"), "{stderr}");
}
