//! systeminfo.

use super::super::datetime::{self, DateTime};
use super::super::eval::{Evaluator, Run};
use super::super::machine::Role;
use super::{Said, grouped, refuse};

/// Where the values stand.
const INDENT: usize = 27;

pub(super) fn systeminfo(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let facts = facts(evaluator);
    let format: Vec<String> = args.iter().map(|arg| arg.to_ascii_lowercase()).collect();
    match format.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["/fo" | "-fo", "list"] => Ok(Said::lines(list(&facts))),
        ["/fo" | "-fo", "csv"] => Ok(Said::lines(csv(&facts))),
        _ => refuse("systeminfo", args),
    }
}

fn list(facts: &[(&str, Vec<String>)]) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (label, values) in facts {
        let label = format!("{label}:");
        for (place, value) in values.iter().enumerate() {
            let start = if place == 0 { label.as_str() } else { "" };
            lines.push(format!("{start:<INDENT$}{value}"));
        }
    }
    lines
}

fn csv(facts: &[(&str, Vec<String>)]) -> Vec<String> {
    let quoted = |texts: Vec<String>| texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(",");
    vec![
        quoted(facts.iter().map(|(label, _)| (*label).to_owned()).collect()),
        quoted(
            facts
                .iter()
                .map(|(_, values)| values.iter().map(|value| value.trim()).collect::<Vec<_>>().join(","))
                .collect(),
        ),
    ]
}

/// `1/2/2026, 3:04:05 PM`
fn shown(time: DateTime) -> String {
    datetime::format(&time, "M/d/yyyy, h:mm:ss tt")
}

fn facts(evaluator: &Evaluator<'_>) -> Vec<(&'static str, Vec<String>)> {
    let host = &evaluator.host;
    let system = host.operating_system();
    let local = |time| DateTime::local(time, host.utc_offset_minutes());
    let megabytes = |bytes: u64| format!("{} MB", grouped(bytes >> 20));
    let one = |text: &str| vec![text.to_owned()];
    let (limit, committed) = (host.commit_limit_bytes(), host.committed_bytes());
    let role = match host.role() {
        Role::DomainController if host.is_primary_controller() => "Primary Domain Controller",
        Role::DomainController => "Additional/Backup Domain Controller",
        _ => "Member Server",
    };
    let (sockets, _) = host.sockets();
    let processor = host.processor();
    let mut processors = vec![format!("{sockets} Processor(s) Installed.")];
    let kind = format!("{} GenuineIntel ~{} Mhz", processor.caption, processor.mhz);
    processors.extend((1..=sockets).map(|place| format!("[{place:02}]: {kind}")));
    let hotfixes = evaluator.machine.hotfixes();
    let mut updates = vec![format!("{} Hotfix(s) Installed.", hotfixes.len())];
    updates.extend(hotfixes.iter().enumerate().map(|(place, hotfix)| format!("[{:02}]: {}", place + 1, hotfix.id)));
    let adapter = host.adapter();
    let cards = vec![
        "1 NIC(s) Installed.".to_owned(),
        format!("[01]: {}", adapter.description),
        format!("      Connection Name: {}", adapter.name),
        "      DHCP Enabled:    No".into(),
        "      IP address(es)".into(),
        format!("      [01]: {}", adapter.address),
    ];
    vec![
        ("Host Name", vec![host.name().to_uppercase()]),
        ("OS Name", one(system.caption)),
        ("OS Version", vec![format!("{} N/A Build {}", system.version, system.build)]),
        ("OS Manufacturer", one("Microsoft Corporation")),
        ("OS Configuration", one(role)),
        ("OS Build Type", one("Multiprocessor Free")),
        ("Registered Owner", one(host.registered().0)),
        ("Registered Organization", one(host.registered().1)),
        ("Product ID", vec![host.product_id()]),
        ("Original Install Date", vec![shown(local(host.install_date()))]),
        ("System Boot Time", vec![shown(local(evaluator.machine.boot_time()))]),
        ("System Manufacturer", one("VMware, Inc.")),
        ("System Model", one("VMware7,1")),
        ("System Type", one("x64-based PC")),
        ("Processor(s)", processors),
        ("BIOS Version", one("VMware, Inc. VMW71.00V.18452719.B64.2108091906, 8/9/2021")),
        ("Windows Directory", one("C:\\Windows")),
        ("System Directory", one("C:\\Windows\\system32")),
        ("Boot Device", one("\\Device\\HarddiskVolume2")),
        ("System Locale", one("en-us;English (United States)")),
        ("Input Locale", one("en-us;English (United States)")),
        ("Time Zone", one(host.time_zone().display_name)),
        ("Total Physical Memory", vec![megabytes(host.visible_memory_bytes())]),
        ("Available Physical Memory", vec![megabytes(host.free_memory_bytes())]),
        ("Virtual Memory: Max Size", vec![megabytes(limit)]),
        ("Virtual Memory: Available", vec![megabytes(limit - committed)]),
        ("Virtual Memory: In Use", vec![megabytes(committed)]),
        ("Page File Location(s)", one("C:\\pagefile.sys")),
        ("Domain", one(host.domain())),
        ("Logon Server", one("N/A")),
        ("Hotfix(s)", updates),
        ("Network Card(s)", cards),
        (
            "Hyper-V Requirements",
            one("A hypervisor has been detected. Features required for Hyper-V will not be displayed."),
        ),
    ]
}
