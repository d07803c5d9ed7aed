//! Far more targets than hosts: what one process needs for whole fleets, and how that grows with them.
//!
//! A sandbox with few listeners, in a process of its own, stands for all targets: each of them is a host of its own for
//! the client, with its own session.

use std::fmt::Write;
use std::process::Command;

use crate::Scale;
use crate::measure::row;
use crate::process::{PSFLEET, Sandbox, Used, watch};

/// Listeners that the targets are spread over.
const LISTENERS: u32 = 20;

/// Targets at work at once.
const THROTTLE: &str = "128";

/// Runs a small script on fleets of several sizes.
pub(crate) fn targets(scale: Scale) {
    let sandbox = Sandbox::start(LISTENERS, "0ms", "basic");
    let mut points = Vec::new();
    for &count in scale.targets {
        let used = run(&sandbox, count);
        let name = format!("basic: {count} targets, throttle {THROTTLE}, kept");
        row(&format!("{name}: wall"), used.wall.as_secs_f64(), "s");
        row(&format!("{name}: CPU"), used.cpu.as_secs_f64(), "s");
        row(&format!("{name}: VmHWM"), used.peak as f64 / f64::from(1 << 20), "MiB");
        points.push((f64::from(count), used));
    }
    let of = |time: fn(&Used) -> f64| exponent(points.iter().map(|(count, used)| (*count, time(used))));
    row("basic: exponent of wall time over targets", of(|used| used.wall.as_secs_f64()), "");
    row("basic: exponent of CPU time over targets", of(|used| used.cpu.as_secs_f64()), "");
}

fn run(sandbox: &Sandbox, count: u32) -> Used {
    let place = tempfile::TempDir::new().expect("a folder");
    let file = place.path().join("many.toml");
    std::fs::write(&file, inventory(sandbox, count)).expect("written");
    private(&file);
    let mut command = Command::new(PSFLEET);
    command.arg("run").arg("-i").arg(&file).args(["-t", "@all", "-c", THROTTLE, "-o", "none"]);
    command.args(["--progress", "none", "--no-input", "--confirm-above", "0", "$env:COMPUTERNAME"]);
    watch(command.env("PSFLEET_STATE_DIR", place.path()))
}

/// An inventory in which ranges of names share an address and a port each.
fn inventory(sandbox: &Sandbox, count: u32) -> String {
    let text = std::fs::read_to_string(sandbox.inventory()).expect("the sandbox wrote it");
    let known: toml::Table = text.parse().expect("TOML");
    let hosts = known["hosts"].as_table().expect("hosts");
    let mut defaults = toml::Table::new();
    defaults.insert("defaults".into(), known["defaults"].clone());
    let mut inventory = defaults.to_string();
    let each = count.div_ceil(LISTENERS);
    for (number, host) in hosts.values().enumerate() {
        let first = number as u32 * each + 1;
        let last = count.min(first + each - 1);
        if first <= last {
            let (address, port) = (&host["address"], &host["port"]);
            let _ = write!(
                inventory,
                "\n[groups.listener{number}]\nhosts = [\"n[{first:05}-{last:05}]\"]\naddress = {address}\nport = {port}\n"
            );
        }
    }
    inventory
}

/// It holds a password.
fn private(file: &std::path::Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).expect("ours");
    }
    #[cfg(not(unix))]
    let _ = file;
}

/// The slope of a line through the logarithms: 1 where twice as many take twice as long.
fn exponent(points: impl Iterator<Item = (f64, f64)>) -> f64 {
    let points: Vec<_> = points.map(|(count, time)| (count.ln(), time.ln())).collect();
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let (mut rise, mut run) = (0.0, 0.0);
    for point in &points {
        rise += (point.0 - x) * (point.1 - y);
        run += (point.0 - x) * (point.0 - x);
    }
    rise / run
}
