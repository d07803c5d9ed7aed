//! The inventories of fleets, and the program that runs on them: as a user would, with two commands or with one.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("psfleet-test-{}", Uuid::new_v4()));
        std::fs::create_dir(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What a failed test leaves behind is no failure of its own.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn psfleet(folder: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command
        .current_dir(&folder.0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs a script on all hosts but the web servers; returns its objects and what went to stderr.
async fn run(folder: &Folder, inventory: &Path) -> (Vec<Value>, String) {
    let mut command = psfleet(folder);
    command.arg("run").arg("-i").arg(inventory).args(["-t", "@all!@web", "-o", "jsonl", "$env:COMPUTERNAME"]);
    let output = timeout(PATIENCE, command.output()).await.expect("in time").expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut objects: Vec<_> =
        events.filter(|event| event["type"] == "object").map(|event| event["data"].clone()).collect();
    objects.sort_by_key(ToString::to_string);
    (objects, stderr)
}

const OTHERS: [&str; 5] = ["APP001", "APP002", "DC001", "FILE001", "SQL001"];

async fn a_table_is_enough(table: &str) {
    let folder = Folder::new();
    let file = folder.0.join("fleet.toml");
    std::fs::write(&file, table).expect("written");
    let (objects, stderr) = run(&folder, &file).await;
    assert_eq!(objects, OTHERS, "{stderr}");
    assert!(!stderr.contains("warning"), "{stderr}");
}

#[tokio::test]
async fn a_sandbox_table_starts_a_fleet_that_can_be_run_on() {
    a_table_is_enough("[sandbox]\nhosts = 10\nseed = 3\n").await;
}

#[tokio::test]
async fn a_sandbox_table_with_tls_brings_its_authority() {
    a_table_is_enough("[sandbox]\nhosts = 10\ntls = true\n").await;
}

#[tokio::test]
async fn a_sandbox_table_with_basic_allows_what_basic_needs() {
    a_table_is_enough("[sandbox]\nhosts = 10\nauth = 'basic'\n").await;
}

/// Starts `psfleet sandbox` and waits until it says that it runs.
async fn sandbox(folder: &Folder, inventory: &Path) -> Child {
    let mut command = psfleet(folder);
    command.args(["sandbox", "--hosts", "10", "--write-inventory"]).arg(inventory);
    let mut child = command.spawn().expect("it starts");
    let stderr = child.stderr.as_mut().expect("piped");
    let mut line = String::new();
    timeout(PATIENCE, BufReader::new(stderr).read_line(&mut line)).await.expect("in time").expect("a line");
    assert!(line.starts_with("sandbox: 10 hosts on 127.0.0.1"), "{line}");
    child
}

#[cfg(unix)]
#[tokio::test]
async fn a_fleet_of_another_process_is_reached_by_its_inventory_and_ends_when_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let inventory = folder.0.join("fleet.toml");
    let mut child = sandbox(&folder, &inventory).await;
    let mode = std::fs::metadata(&inventory).expect("written").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "it holds the password");
    assert_eq!(run(&folder, &inventory).await.0, OTHERS);
    let id = child.id().expect("it runs").to_string();
    let killed = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill");
    assert!(killed.success());
    let status = timeout(PATIENCE, child.wait()).await.expect("it ends").expect("a status");
    assert_eq!(status.code(), Some(0));
}
