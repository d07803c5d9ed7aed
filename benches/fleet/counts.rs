//! What one more host costs the client, in instructions and in allocations: counts by valgrind hold where times don't.
//!
//! The program runs alone below valgrind, the sandbox beside it; two fleets of different sizes leave only what hosts
//! cost. Each is counted as users run it, and without the store: so both show which of the two has grown.

use std::process::{Command, Stdio};

use crate::Scale;
use crate::measure::row;
use crate::process::{PSFLEET, SCRIPT, Sandbox};

/// The two fleets: their difference is what is counted.
const FLEETS: [u32; 2] = [50, 150];

/// What is allowed above the committed figure.
const ALLOWED: f64 = 1.1;

/// One kind of count.
struct Count {
    /// What it is called in the table.
    name: &'static str,
    /// What one host costs today, kept and not kept: to be replaced whenever a change makes it smaller, or larger for a
    /// good reason.
    committed: [f64; 2],
    /// The figure's divisor and its unit in the table.
    unit: (f64, &'static str),
    /// How valgrind is called for it.
    flags: &'static [&'static str],
    /// What stands before the number in valgrind's report.
    label: &'static str,
}

/// The two ways to run, by what the command line has for them.
const WAYS: [(&str, &[&str]); 2] = [("one-shot", &[]), ("not kept", &["--no-store"])];

const COUNTS: [Count; 2] = [
    Count {
        name: "instructions",
        committed: [2_230_000.0, 1_600_000.0],
        unit: (1000.0, "thousand"),
        flags: &["--tool=callgrind", "--callgrind-out-file=/dev/null"],
        label: "Collected :",
    },
    Count {
        name: "allocations",
        committed: [1_330.0, 1_010.0],
        unit: (1.0, ""),
        flags: &["--tool=memcheck", "--leak-check=no", "--undef-value-errors=no"],
        label: "total heap usage:",
    },
];

/// Counts both, and with `--hold` leaves with 1 where one is above what is allowed.
pub(crate) fn per_host(scale: Scale) {
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        crate::skip("valgrind is not installed");
        return exit_if(scale.hold);
    }
    let fleets = FLEETS.map(|hosts| (hosts, Sandbox::start(hosts, "0ms", "basic")));
    let mut above = false;
    for count in &COUNTS {
        for ((way, flags), committed) in WAYS.iter().zip(count.committed) {
            let [small, large] = fleets.each_ref().map(|(_, sandbox)| count.of_run(&sandbox.inventory(), flags));
            let each = (large - small) / f64::from(FLEETS[1] - FLEETS[0]);
            row(&format!("basic, {way}: {} per host", count.name), each / count.unit.0, count.unit.1);
            if each > committed * ALLOWED {
                eprintln!("{way}: {} per host: {each:.0}, more than {ALLOWED} times {committed}", count.name);
                above = true;
            }
        }
    }
    drop(fleets);
    exit_if(scale.hold && above);
}

fn exit_if(failed: bool) {
    if failed {
        std::process::exit(1);
    }
}

impl Count {
    /// The count of one whole run on all hosts of an inventory.
    fn of_run(&self, inventory: &str, flags: &[&str]) -> f64 {
        let state = tempfile::TempDir::new().expect("a folder for the run");
        let report = tempfile::NamedTempFile::new().expect("a file for valgrind's report");
        let client = Command::new("valgrind")
            .args(self.flags)
            .arg(format!("--log-file={}", report.path().display()))
            .args([PSFLEET, "run", "-i", inventory, "-t", "@all", "-o", "none", "--progress", "none", SCRIPT])
            .args(flags)
            // What runs below valgrind is slow, on a busy machine very much so.
            .args(["--throttle", "16", "--connect-timeout", "10m"])
            // As many as on any other machine: each worker has an idle loop of its own.
            .env("TOKIO_WORKER_THREADS", "2")
            .env("PSFLEET_STATE_DIR", state.path())
            .stdin(Stdio::null())
            .output()
            .expect("valgrind starts");
        assert!(client.status.success(), "under valgrind: {}", String::from_utf8_lossy(&client.stderr));
        let text = std::fs::read_to_string(report.path()).expect("valgrind's report");
        let number = text.lines().find_map(|line| line.split_once(self.label)).expect("a count").1;
        let digits: String =
            number.trim_start().chars().take_while(|c| !c.is_whitespace()).filter(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    }
}
