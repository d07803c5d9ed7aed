//! Other processes: the sandbox, and clients whose memory and CPU are measured.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program under measurement.
pub(crate) const PSFLEET: &str = env!("CARGO_BIN_EXE_psfleet");

/// What the hosts are asked.
pub(crate) const SCRIPT: &str = "Get-Service | Where-Object Status -eq Stopped";

/// A sandbox in a process of its own.
pub(crate) struct Sandbox {
    child: Child,
    folder: PathBuf,
}

impl Sandbox {
    /// Starts one and waits until it listens.
    pub(crate) fn start(hosts: u32, latency: &str, auth: &str) -> Self {
        Self::start_with(hosts, latency, auth, &[])
    }

    /// The same with more flags.
    pub(crate) fn start_with(hosts: u32, latency: &str, auth: &str, more: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("psfleet-bench-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).expect("a folder for the inventory");
        let hosts = hosts.to_string();
        let mut child = Command::new(PSFLEET)
            .args(["sandbox", "--hosts", &hosts, "--latency", latency, "--auth", auth, "--write-inventory"])
            .arg(folder.join("inventory.toml"))
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the sandbox starts");
        let mut line = String::new();
        let stderr = child.stderr.take().expect("piped");
        BufReader::new(stderr).read_line(&mut line).expect("the sandbox says that it listens");
        assert!(line.contains("hosts on"), "the sandbox did not start: {line}");
        Self { child, folder }
    }

    /// The inventory that it wrote.
    pub(crate) fn inventory(&self) -> String {
        self.folder.join("inventory.toml").display().to_string()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It is a bench's child: nothing is lost by force.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What a finished client used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    /// From start to end.
    pub wall: Duration,
    /// User and system time of the process, as far as it was seen before its end.
    pub cpu: Duration,
    /// The largest resident set in bytes (VmHWM), as far as it was seen before its end.
    pub peak: u64,
}

/// Runs a client to its end and watches what it uses.
pub(crate) fn watch(command: &mut Command) -> Used {
    let begin = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let (mut peak, mut cpu) = (0, Duration::ZERO);
    let status = loop {
        peak = resident(child.id(), "VmHWM:").unwrap_or(peak).max(peak);
        cpu = cpu_time(child.id()).unwrap_or(cpu).max(cpu);
        if let Some(status) = child.try_wait().expect("our child") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{command:?} failed: {status}");
    Used { wall: begin.elapsed(), cpu, peak }
}

/// A memory figure of a process in bytes.
pub(crate) fn resident(process: u32, key: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// User and system time of a process.
fn cpu_time(process: u32) -> Option<Duration> {
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = [11, 12].iter().filter_map(|&place| fields.get(place)?.parse::<f64>().ok()).sum();
    Some(Duration::from_secs_f64(ticks / TICKS))
}
