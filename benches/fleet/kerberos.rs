//! What Kerberos costs beside NTLM: the same fleet, the same messages, sealed by either.
//!
//! A KDC of MIT's on loopback has a key for each host, so that each costs a service ticket of its own. It works on the
//! same cores as client and sandbox, and so does the sandbox's search for a host's key among those of all: the wall time
//! of Kerberos has both in it, the client's CPU has not.

use std::process::Command;
use std::time::Duration;

use crate::Scale;
use crate::kdc::{Kdc, REALM};
use crate::measure::{median, row};
use crate::process::{PSFLEET, SCRIPT, Sandbox, Used, watch};

const USER: &str = "psfleet";
const PASSWORD: &str = "right-5ecret";

/// How a run logs on.
enum By<'a> {
    /// As the sandbox's inventory says.
    Ntlm,
    /// A password, by which the KDC gives a ticket.
    Password(&'a Kdc),
    /// The tickets of a cache.
    Cache(&'a Kdc),
}

/// Wall time and CPU of one whole run by each.
pub(crate) fn beside_ntlm(scale: Scale) {
    let sandbox = Sandbox::start(scale.hosts, "20ms", "ntlm");
    let text = std::fs::read_to_string(sandbox.inventory()).expect("the sandbox wrote it");
    let Some(kdc) = Kdc::start(&[(USER, PASSWORD)], &principals(&text)) else { return };
    let ntlm = typical(scale, &sandbox.inventory(), &By::Ntlm);
    drop(sandbox);
    let keytab = kdc.keytab().display().to_string();
    let sandbox = Sandbox::start_with(scale.hosts, "20ms", "kerberos", &["--keytab", &keytab]);
    let text = std::fs::read_to_string(sandbox.inventory()).expect("the sandbox wrote it");
    let inventory = kdc.file("fleet.toml");
    std::fs::write(&inventory, without_user(&text)).expect("written");
    let inventory = inventory.display().to_string();
    let password = typical(scale, &inventory, &By::Password(&kdc));
    let cache = typical(scale, &inventory, &By::Cache(&kdc));
    for (name, used) in [("ntlm", &ntlm), ("kerberos by password", &password), ("kerberos by kinit", &cache)] {
        let name = format!("{name}: {} hosts, 20 ms, throttle 128", scale.hosts);
        row(&format!("{name}: wall"), used.wall.as_secs_f64(), "s");
        row(&format!("{name}: CPU"), used.cpu.as_secs_f64(), "s");
    }
    for (name, used) in [("password", &password), ("kinit", &cache)] {
        row(&format!("kerberos by {name} against NTLM: wall"), ratio(used.wall, ntlm.wall), "x");
        row(&format!("kerberos by {name} against NTLM: CPU"), ratio(used.cpu, ntlm.cpu), "x");
    }
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

/// The median of each figure over some runs.
fn typical(scale: Scale, inventory: &str, by: &By<'_>) -> Used {
    let runs: Vec<Used> = (0..scale.runs).map(|_| run(inventory, by)).collect();
    let middle = |of: fn(&Used) -> Duration| {
        let mut runs = runs.iter();
        median(scale.runs, || runs.next().map(of).expect("as many as were run"))
    };
    let peak = runs.iter().map(|used| used.peak).max().unwrap_or_default();
    Used { wall: middle(|used| used.wall), cpu: middle(|used| used.cpu), peak }
}

fn run(inventory: &str, by: &By<'_>) -> Used {
    let place = tempfile::TempDir::new().expect("a folder");
    let mut command = Command::new(PSFLEET);
    command.args(["run", "-i", inventory, "-t", "@all", "-c", "128", "-o", "none", "--progress", "none", "--no-input"]);
    command.args(["--confirm-above", "0", SCRIPT]).env("PSFLEET_STATE_DIR", place.path());
    match by {
        By::Ntlm => {}
        By::Password(kdc) => {
            kdc.environment(&mut command).env("PSFLEET_PASSWORD", PASSWORD);
            command.args(["--auth", "kerberos", "-u", &format!("{USER}@{REALM}")]);
        }
        By::Cache(kdc) => {
            // No ticket of the run before.
            let _ = std::fs::remove_file(kdc.cache());
            kdc.kinit(USER, PASSWORD, "1h");
            kdc.environment(&mut command).args(["--auth", "kerberos"]);
        }
    }
    watch(&mut command)
}

/// The principals of the hosts of an inventory.
fn principals(inventory: &str) -> Vec<String> {
    let known: toml::Table = inventory.parse().expect("TOML");
    let hosts = known["hosts"].as_table().expect("hosts");
    hosts.keys().map(|name| format!("HTTP/{}", name.to_lowercase())).collect()
}

/// An inventory without those whom the sandbox knows by a password.
fn without_user(inventory: &str) -> String {
    let names_somebody = |line: &&str| line.starts_with("user =") || line.starts_with("password =");
    inventory.lines().filter(|line| !names_somebody(line)).map(|line| format!("{line}\n")).collect()
}
