//! `psfleet run` over SSH: the whole program against OpenSSH with real PowerShell behind it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::pwsh;
use crate::support::sshd::{Setup, Sshd, user};

/// Longer than anything takes here on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn server() -> Option<Sshd> {
    Sshd::start(&Setup::with_powershell(&pwsh()?))
}

/// The program on one SSH target, away from the settings of whoever runs the tests.
fn psfleet(server: &Sshd, script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["run", "-o", "jsonl", "--no-input", "--retries", "0", "-t"]);
    command.arg(format!("ssh://{}@127.0.0.1:{}", user(), server.port));
    command.arg("--identity").arg(server.user_key()).arg("--known-hosts").arg(server.known_hosts());
    command.args(["--connect-timeout", "60s", script]);
    command.env("HOME", server.file("")).env("PSFLEET_STATE_DIR", server.file("state")).current_dir(server.file(""));
    command.env_remove("SSH_AUTH_SOCK").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn events(stdout: &[u8]) -> Vec<Value> {
    let lines = stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("a line of JSON")).collect()
}

fn end_of(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return status;
        }
        assert!(start.elapsed() < PATIENCE, "psfleet does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn assert_nothing_runs(server: &Sshd) {
    let start = Instant::now();
    while !server.children().is_empty() {
        assert!(start.elapsed() < PATIENCE, "still running: {:?}", server.children());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn objects_come_back() {
    let Some(server) = server() else { return };
    let output = psfleet(&server, "1..3; [bool]$env:SSH_CONNECTION").output().expect("psfleet runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let events = events(&output.stdout);
    let objects: Vec<&Value> =
        events.iter().filter(|event| event["type"] == "object").map(|event| &event["data"]).collect();
    assert_eq!(objects, [1.into(), 2.into(), 3.into(), true.into()].iter().collect::<Vec<&Value>>());
    assert_nothing_runs(&server);
}

/// A program on aliases of a server that the user's own SSH configuration has.
fn on_aliases(server: &Sshd, targets: &str) -> Command {
    std::fs::create_dir_all(server.file(".ssh")).expect(".ssh");
    let (port, user, keys, known) = (server.port, user(), server.user_key(), server.known_hosts());
    let config = format!(
        "Include ~/.ssh/more/*\nHost n*\n  HostName 127.0.0.1\n  Port {port}\n  User {user}\n  IdentityFile {}\n  \
         IdentitiesOnly yes\n  UserKnownHostsFile {}\n",
        keys.display(),
        known.display()
    );
    std::fs::write(server.file(".ssh/config"), config).expect("a configuration");
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["run", "-o", "jsonl", "--no-input", "--transport", "ssh", "-t", targets, "--connect-timeout", "60s"]);
    command.env("HOME", server.file("")).env("PSFLEET_STATE_DIR", server.file("state")).current_dir(server.file(""));
    command.env_remove("SSH_AUTH_SOCK").stdin(Stdio::null());
    command
}

#[test]
fn the_users_own_ssh_config_leads_to_hosts() {
    let Some(server) = server() else { return };
    let output = on_aliases(&server, "n1").arg("'in'").output().expect("psfleet runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // What ssh would not read either is an error before anything connects.
    let run = |change: &[&str]| {
        let mut command = on_aliases(&server, "n1");
        let changed = Command::new("chmod").args(change).arg(server.file(".ssh/config")).status();
        assert!(changed.expect("chmod runs").success());
        command.arg("'in'").output().expect("psfleet runs")
    };
    let output = run(&["666"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(".ssh/config: n1: it is refused, as by ssh, because others can write "), "{said}");
    assert!(run(&["644"]).status.success());
}

#[test]
fn a_busy_server_is_tried_again_until_it_has_room() {
    let Some(pwsh) = pwsh() else { return };
    let setup = Setup { config: "MaxStartups 2:100:2\n".to_owned(), ..Setup::with_powershell(&pwsh) };
    let Some(server) = Sshd::start(&setup) else { return };
    let mut command = on_aliases(&server, "n[1-6]");
    let output = command.args(["--retries", "20", "--retry-delay", "200ms", "'in'"]).output().expect("psfleet runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let events = events(&output.stdout);
    let done = |event: &&Value| event["type"] == "host_done" && event["data"]["outcome"] == "ok";
    assert_eq!(events.iter().filter(done).count(), 6);
}

#[test]
fn an_unknown_host_key_is_unreachable_with_the_next_step() {
    let Some(server) = server() else { return };
    std::fs::write(server.known_hosts(), "").expect("known_hosts");
    let output = psfleet(&server, "1").output().expect("psfleet runs");
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let events = events(&output.stdout);
    let done = &events.iter().find(|event| event["type"] == "host_done").expect("a host_done")["data"];
    assert_eq!((&done["outcome"], &done["reason"]), (&"unreachable".into(), &"host_key".into()), "{done}");
    assert!(done["hint"].as_str().is_some_and(|hint| hint.contains("add this line to known_hosts")), "{done}");
}

/// Starts a script that never ends by itself, and waits for its first object.
fn begin(server: &Sshd) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = psfleet(server, "'started'; while ($true) { Start-Sleep -Milliseconds 50; 'x' * 1000 }");
    let mut child = child.stderr(Stdio::null()).spawn().expect("psfleet starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a line");
    assert!(line.contains("started"), "{line}");
    (child, stdout)
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let Some(server) = server() else { return };
    let (mut child, mut stdout) = begin(&server);
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.expect("kill runs").success());
    let rest = std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
    assert_eq!(end_of(&mut child).code(), Some(130));
    rest.join().expect("no panic").expect("the rest is read");
    assert_nothing_runs(&server);
}

#[test]
fn a_reader_that_goes_away_leaves_nothing_behind() {
    let Some(server) = server() else { return };
    let (mut child, stdout) = begin(&server);
    drop(stdout);
    end_of(&mut child);
    assert_nothing_runs(&server);
}
