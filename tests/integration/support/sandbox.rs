//! Fleets for tests, and Python clients to reach them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use psfleet::sandbox::{Fleet, Options, Stats};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Starts a fleet.
pub(crate) async fn fleet(options: Options) -> Fleet {
    Fleet::start(options).await.expect("the fleet starts")
}

/// Waits until no shell is open and no PowerShell process runs any more, and ends the fleet.
pub(crate) async fn assert_clean(fleet: Fleet) -> Stats {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let stats = fleet.stats();
        if stats.open_shells == 0 && stats.engine_processes == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "something remains open: {stats:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let folder = fleet.folder().to_owned();
    let stats = fleet.shutdown().await;
    assert_eq!(processes_below(&folder), Vec::<PathBuf>::new(), "children remain");
    assert!(!folder.exists(), "the fleet's folder remains");
    stats
}

/// Processes whose home is in a folder: children of a fleet.
pub(crate) fn processes_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let home = format!("HOME={}", folder.display()).into_bytes();
    let is_ours = |process: &PathBuf| {
        let variables = std::fs::read(process.join("environ")).unwrap_or_default();
        variables.split(|&byte| byte == 0).any(|variable| variable.starts_with(&home))
    };
    processes.flatten().map(|entry| entry.path()).filter(is_ours).collect()
}

/// Whether this Python has pypsrp; says so loudly if not.
pub(crate) async fn has_pypsrp() -> bool {
    let found = Command::new("python3").args(["-c", "import pypsrp, spnego"]).stderr(Stdio::null()).status().await;
    let found = found.is_ok_and(|status| status.success());
    if !found {
        super::skip("no python3 with pypsrp (pip install pypsrp)");
    }
    found
}

/// Runs script blocks on the first host of a fleet by pypsrp, with the right password unless another one is given; the
/// answer is what its script prints.
pub(crate) async fn pypsrp(fleet: &Fleet, auth: &str, password: Option<&str>, scripts: &[&str]) -> Value {
    let password = password.unwrap_or(fleet.password().expose());
    pypsrp_job(fleet, json!({ "password": password, "auth": auth, "scripts": scripts })).await
}

/// Lets pypsrp do a job on the first host of a fleet.
pub(crate) async fn pypsrp_job(fleet: &Fleet, mut job: Value) -> Value {
    let (_, address, _) = fleet.hosts().next().expect("a host");
    job["address"] = json!(address.ip());
    job["port"] = json!(address.port());
    job["ssl"] = json!(fleet.options().tls);
    job["ca"] = json!(fleet.authority());
    job["user"] = json!(fleet.user());
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/sandbox/pypsrp_client.py");
    let mut child = Command::new("python3")
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("python3 starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(job.to_string().as_bytes()).await.expect("the script reads its job");
    drop(stdin);
    let output = tokio::time::timeout(Duration::from_secs(120), child.wait_with_output()).await;
    let output = output.expect("pypsrp ends").expect("pypsrp ran");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "pypsrp failed: {stderr}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}
