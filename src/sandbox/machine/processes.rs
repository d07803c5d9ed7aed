//! Processes.

use std::time::Duration;

use super::{Host, Role};

/// A process.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// Name without `.exe`.
    pub name: &'static str,
    /// Process id.
    pub id: u32,
    /// Working set in bytes.
    pub working_set: u64,
    /// Private bytes.
    pub private_bytes: u64,
    /// Handles.
    pub handles: u32,
    /// Threads.
    pub threads: u32,
    /// Processor time used.
    pub cpu: Duration,
    /// Session id.
    pub session: u32,
    /// Time since it started.
    pub age: Duration,
}

const COMMON: &[&str] = &[
    "conhost",
    "csrss",
    "csrss",
    "dwm",
    "fontdrvhost",
    "LogonUI",
    "lsass",
    "msdtc",
    "MsMpEng",
    "Registry",
    "services",
    "smss",
    "spoolsv",
    "svchost",
    "svchost",
    "svchost",
    "svchost",
    "svchost",
    "svchost",
    "svchost",
    "svchost",
    "svchost",
    "svchost",
    "svchost",
    "svchost",
    "VGAuthService",
    "vmtoolsd",
    "wininit",
    "winlogon",
    "WmiPrvSE",
    "wsmprovhost",
];

fn of_role(role: Role) -> &'static [&'static str] {
    match role {
        Role::Web => &["w3wp", "w3wp", "inetinfo"],
        Role::App => &["Contoso.Orders", "Contoso.Sync", "dotnet"],
        Role::Sql => &["sqlservr", "SQLAGENT", "sqlwriter"],
        Role::File => &["srmhost"],
        Role::DomainController => &["dfsrs", "dns", "ismserv", "Microsoft.ActiveDirectory.WebServices"],
    }
}

pub(super) fn draw(host: &Host, uptime: Duration) -> Vec<Process> {
    let mut rng = host.rng("processes");
    let mut id = 4;
    let mut all = vec![Process {
        name: "System",
        id,
        working_set: 144 << 10,
        private_bytes: 40 << 10,
        handles: rng.between(1800, 4200) as u32,
        threads: rng.between(110, 220) as u32,
        cpu: uptime / 400,
        session: 0,
        age: uptime,
    }];
    for &name in COMMON.iter().chain(of_role(host.role())) {
        id += 4 * rng.between(3, 90) as u32;
        let big = matches!(name, "sqlservr" | "w3wp" | "MsMpEng" | "lsass" | "Contoso.Orders" | "dotnet");
        let megabytes = if big { rng.between(90, 1400) } else { rng.between(3, 60) };
        let working_set = (megabytes << 20) + (rng.between(0, 255) << 12);
        let age = uptime.mul_f64(if rng.chance(250) { rng.between(1, 99) as f64 / 100.0 } else { 0.999 });
        all.push(Process {
            name,
            id,
            working_set,
            private_bytes: working_set / 10 * rng.between(6, 13),
            handles: rng.between(60, 1500) as u32,
            threads: rng.between(2, if big { 80 } else { 20 }) as u32,
            cpu: age.mul_f64(rng.between(1, if big { 400 } else { 20 }) as f64 / 100_000.0),
            session: u32::from(matches!(name, "LogonUI" | "winlogon" | "dwm" | "fontdrvhost")),
            age,
        });
    }
    all.sort_by_cached_key(|process| (process.name.to_ascii_lowercase(), process.id));
    all
}
