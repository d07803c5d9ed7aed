//! The everyday entries of the logs, drawn from the seed.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::super::{Host, Illness, Machine, Rng, domain_sid};
use super::kinds::Known;
use super::known;
use super::story::{self, Values};
use super::{Event, LOGS};

/// How a kind's values are drawn.
type Fill = fn(&Host, &mut Rng) -> Values;

/// An everyday event: how often, of all of its log, in thousandths.
struct Everyday {
    kind: Known,
    weight: u64,
    fill: Fill,
}

fn of(kind: Known, weight: u64, fill: Fill) -> Everyday {
    Everyday { kind, weight, fill }
}

fn nothing(_host: &Host, _rng: &mut Rng) -> Values {
    Vec::new()
}

fn number(rng: &mut Rng, low: u64, high: u64) -> Cow<'static, str> {
    rng.between(low, high).to_string().into()
}

fn address(rng: &mut Rng) -> Cow<'static, str> {
    format!("10.20.{}.{}", rng.between(1, 12), rng.between(10, 240)).into()
}

const PRODUCTS: [(&str, &str, &str); 4] = [
    ("Microsoft Visual C++ 2022 X64 Minimum Runtime - 14.38.33135", "14.38.33135", "Microsoft Corporation"),
    ("VMware Tools", "12.4.0.23259341", "VMware, Inc."),
    ("Contoso Monitoring Agent", "7.2.1", "Contoso Ltd."),
    ("7-Zip 24.08 (x64 edition)", "24.08.00.0", "Igor Pavlov"),
];

const SERVICES: [&str; 8] = [
    "Windows Modules Installer",
    "Background Intelligent Transfer Service",
    "Windows Update",
    "Software Protection",
    "WinHTTP Web Proxy Auto-Discovery Service",
    "Device Setup Manager",
    "Volume Shadow Copy",
    "Optimize drives",
];

/// Security id, name, domain and logon id of an account that logs on.
fn account(host: &Host, rng: &mut Rng) -> [Cow<'static, str>; 4] {
    let (sid, name, of) = match rng.between(0, 9) {
        0..=3 => ("S-1-5-18".to_owned(), "SYSTEM".to_owned(), "NT AUTHORITY"),
        4..=6 => (domain_sid("sandbox"), "sandbox".to_owned(), "SANDBOX"),
        7 => (domain_sid("svc-backup"), "svc-backup".to_owned(), "SANDBOX"),
        8 => (domain_sid("svc-monitor"), "svc-monitor".to_owned(), "SANDBOX"),
        _ => {
            let own = format!("{}$", host.name().to_uppercase());
            (domain_sid(&own), own, "SANDBOX")
        }
    };
    [sid.into(), name.into(), of.into(), format!("0x{:x}", rng.between(0x3E7, 0xFF_FFFF)).into()]
}

fn logon(host: &Host, rng: &mut Rng) -> Values {
    let [sid, name, domain, id] = account(host, rng);
    let kind = if sid == "S-1-5-18" { "5" } else { rng.pick(&["3", "3", "3", "4", "10"]) };
    let mut values: Values = vec!["S-1-0-0".into(), "-".into(), "-".into(), "0x0".into(), sid, name, domain, id];
    values.push(kind.into());
    values.extend(["Kerberos", "Kerberos"].map(Cow::from));
    values.extend(["-", "{00000000-0000-0000-0000-000000000000}", "-", "-", "0", "0x0", "-"].map(Cow::from));
    values.extend([address(rng), number(rng, 49_152, 65_000)]);
    // Impersonation, no restricted admin mode, no outbound account, no virtual one, nothing linked, an elevated token.
    values.extend(["%%1833", "-", "-", "-", "%%1843", "0x0", "%%1842"].map(Cow::from));
    values
}

fn failed_logon(_host: &Host, rng: &mut Rng) -> Values {
    let name = rng.pick(&["administrator", "admin", "svc-backup", "jsmith", "test"]);
    let mut values: Values = ["S-1-0-0", "-", "-", "0x0", "S-1-0-0", name, "SANDBOX"].map(Cow::from).into();
    values.extend(["0xc000006d", "%%2313", "0xc000006a", "3", "NtLmSsp ", "NTLM"].map(Cow::from));
    values.extend(["DESKTOP-7K2Q", "-", "-", "0", "0x0", "-"].map(Cow::from));
    values.extend([address(rng), number(rng, 49_152, 65_000)]);
    values
}

fn privileges(host: &Host, rng: &mut Rng) -> Values {
    let mut values: Values = account(host, rng).into();
    values.push("SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeRestorePrivilege".into());
    values
}

fn account_and_kind(host: &Host, rng: &mut Rng) -> Values {
    let mut values: Values = account(host, rng).into();
    values.push("3".into());
    values
}

fn engine(_host: &Host, rng: &mut Rng) -> Values {
    let provider = rng.pick(&["Registry", "Alias", "Environment", "FileSystem", "Function", "Variable", "WSMan"]);
    vec![number(rng, 1000, 2900), provider.into()]
}

fn computer(host: &Host, rng: &mut Rng) -> Values {
    vec![format!("SANDBOX\\{}$", host.name().to_uppercase()).into(), number(rng, 1, 4)]
}

fn system() -> Vec<Everyday> {
    vec![
        of(known::SERVICE_STATE, 420, |_, rng| {
            vec![rng.pick(&SERVICES).into(), rng.pick(&["running", "stopped"]).into()]
        }),
        of(known::START_TYPE, 110, |_, rng| {
            let types = ["demand start", "auto start"];
            let from = rng.between(0, 1) as usize;
            vec![
                "Background Intelligent Transfer Service".into(),
                types[from].into(),
                types[1 - from].into(),
                "BITS".into(),
            ]
        }),
        of(known::DCOM, 150, |_, _| {
            let (class, program) = ("{2593F8B9-4EAF-457C-B68A-50F6B8EA6B54}", "{15C20B67-12E7-4BB6-92BB-7AFF07997402}");
            let mut values = vec!["application-specific", "Local", "Activation", class, program];
            values.extend([
                "NT AUTHORITY",
                "SYSTEM",
                "S-1-5-18",
                "LocalHost (Using LRPC)",
                "Unavailable",
                "Unavailable",
            ]);
            values.into_iter().map(Cow::from).collect()
        }),
        of(known::GROUP_POLICY, 130, nothing),
        of(known::GROUP_POLICY_FAILED, 12, nothing),
        of(known::TIME_SYNCED, 60, |host, rng| vec![format!("dc001.{}", host.domain()).into(), address(rng)]),
        of(known::SCHANNEL, 50, nothing),
        of(known::SERVICE_INSTALLED, 8, |_, _| {
            let path = "C:\\Program Files\\Contoso\\Agent\\agent.exe";
            ["Contoso Monitoring Agent", path, "user mode service", "auto start", "LocalSystem"].map(Cow::from).into()
        }),
        of(known::UPDATE_INSTALLED, 60, |_, rng| {
            let version = rng.between(100, 900);
            let update = format!(
                "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.437.{version}.0)"
            );
            vec![update.into()]
        }),
    ]
}

fn application() -> Vec<Everyday> {
    vec![
        of(known::LICENSE, 330, |_, rng| {
            vec![format!("2126-08-{:02}T04:12:0{}Z", rng.between(1, 28), rng.between(0, 9)).into()]
        }),
        of(known::LICENSE_STOP, 180, nothing),
        of(known::DATABASE, 160, |_, rng| vec![number(rng, 1000, 9000)]),
        of(known::SHADOW_COPY, 100, nothing),
        of(known::INSTALLER, 60, |_, rng| {
            let (name, version, maker) = rng.pick(&PRODUCTS);
            vec![name.into(), version.into(), maker.into()]
        }),
        of(known::INSTALLED, 60, |_, rng| vec![rng.pick(&PRODUCTS).0.into()]),
        of(known::PERFLIB, 40, |_, rng| {
            let (service, library) =
                rng.pick(&[("BITS", "bitsperf.dll"), ("Lsa", "Secur32.dll"), ("WmiApRpl", "wmiaprpl.dll")]);
            vec![service.into(), library.into(), "2".into()]
        }),
        of(known::PROGRAM_CRASHED, 35, |_, rng| {
            let (program, version) = rng.pick(&[
                ("w3wp.exe", "10.0.20348.1"),
                ("Contoso.Agent.exe", "7.2.1.0"),
                ("mmc.exe", "10.0.20348.1"),
            ]);
            let module = rng.pick(&["ntdll.dll", "KERNELBASE.dll", "clr.dll"]);
            let hex = |rng: &mut Rng, low: u64, high: u64| Cow::Owned(format!("{:x}", rng.between(low, high)));
            vec![
                program.into(),
                version.into(),
                hex(rng, 0x5000_0000, 0x6FFF_FFFF),
                module.into(),
                hex(rng, 0x1_0000, 0x9_FFFF),
                hex(rng, 0x400, 0x2FFF),
            ]
        }),
        of(known::ERROR_REPORT, 35, |_, rng| vec![rng.pick(&["w3wp.exe", "Contoso.Agent.exe", "mmc.exe"]).into()]),
    ]
}

fn security() -> Vec<Everyday> {
    vec![
        of(known::LOGON_SUCCEEDED, 380, logon),
        of(known::LOGOFF, 280, account_and_kind),
        of(known::PRIVILEGES, 260, privileges),
        of(known::LOGON_FAILED, 40, failed_logon),
        of(known::GROUPS_READ, 39, |_, rng| {
            let group = rng.pick(&["Administrators", "Backup Operators"]);
            let sid = if group == "Administrators" { "S-1-5-32-544" } else { "S-1-5-32-551" };
            let by = ["S-1-5-18", "SYSTEM", "NT AUTHORITY", "0x3e7", "0x4d8", "C:\\Windows\\System32\\svchost.exe"];
            [group, "Builtin", sid].into_iter().chain(by).map(Cow::from).collect()
        }),
        of(known::USER_CREATED, 1, |host, _| {
            let computer: Cow<'_, str> = host.name().to_uppercase().into();
            let sid = "S-1-5-21-3623811015-3361044348-30300820-1013";
            let by = format!("{}500", &sid[..sid.len() - 4]);
            vec!["svc-task".into(), computer.clone(), sid.into(), by.into(), "Administrator".into(), computer]
        }),
    ]
}

/// The everyday events of a log, and how many of them 30 days bring.
fn everyday(log: &str) -> (u64, Vec<Everyday>) {
    match log {
        "System" => (430, system()),
        "Application" => (320, application()),
        "Security" => (900, security()),
        "Windows PowerShell" => (
            260,
            vec![
                of(known::ENGINE_STATE, 140, engine),
                of(known::PROVIDER_STARTED, 720, engine),
                of(known::ENGINE_STOPPED, 140, engine),
            ],
        ),
        "Microsoft-Windows-GroupPolicy/Operational" => {
            (220, vec![of(known::POLICY_DONE, 500, computer), of(known::POLICY_BEGUN, 500, computer)])
        }
        "Microsoft-Windows-PowerShell/Operational" => {
            (120, vec![of(known::SCRIPT_BLOCK, 500, nothing), of(known::CONSOLE_READY, 500, nothing)])
        }
        "Microsoft-Windows-TaskScheduler/Operational" => {
            let started: Fill = |_, rng| vec![task(rng), "NT AUTHORITY\\SYSTEM".into(), INSTANCE.into()];
            let done: Fill =
                |_, rng| vec![task(rng), INSTANCE.into(), "C:\\Windows\\System32\\rundll32.exe".into(), "0".into()];
            (240, vec![of(known::TASK_STARTED, 500, started), of(known::TASK_DONE, 500, done)])
        }
        "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational" => {
            let user: Fill = |_, rng| vec!["SANDBOX\\sandbox".into(), number(rng, 2, 9), address(rng)];
            (40, vec![of(known::SESSION_LOGON, 500, user), of(known::SESSION_LOGOFF, 500, user)])
        }
        "Microsoft-Windows-Windows Defender/Operational" => (
            90,
            vec![
                of(known::SIGNATURES, 700, |_, rng| vec![number(rng, 100, 900)]),
                of(known::SCAN_DONE, 300, |_, rng| vec![number(rng, 10, 50), number(rng, 10, 59)]),
            ],
        ),
        "Microsoft-Windows-WindowsUpdateClient/Operational" => {
            (60, vec![of(known::UPDATE_SEARCH, 1000, |_, rng| vec![number(rng, 0, 4)])])
        }
        "Microsoft-Windows-WinRM/Operational" => {
            let shell: Fill = |_, _| vec!["http://schemas.microsoft.com/powershell/Microsoft.PowerShell".into()];
            (150, vec![of(known::SHELL_CREATED, 500, shell), of(known::SHELL_REQUEST, 500, shell)])
        }
        _ => (0, Vec::new()),
    }
}

const INSTANCE: &str = "{9a5e4c1f-0c2b-4d51-8a2e-5f6f0f7c112f}";

fn task(rng: &mut Rng) -> Cow<'static, str> {
    let tasks = [
        "\\Contoso\\Clean temp folders",
        "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag",
        "\\Microsoft\\Windows\\Time Synchronization\\SynchronizeTime",
        "\\Microsoft\\Windows\\UpdateOrchestrator\\Schedule Scan",
    ];
    rng.pick(&tasks).into()
}

const DAYS: i64 = 30;

/// The entries that the log had when the sandbox started, oldest first.
pub(super) fn events(machine: &Machine, log: &'static str) -> Vec<Event> {
    let host = &machine.host;
    let mut rng = host.rng(&format!("events {log}"));
    let to = host.now(machine.since());
    let from = to.checked_sub(SignedDuration::from_hours(24 * DAYS)).unwrap_or(to);
    let (count, kinds) = everyday(log);
    let count = count * rng.between(90, 115) / 100;
    // Since the last signatures came, no log tells of newer ones.
    let came = host.has(Illness::OldSignatures).then(|| host.signatures_came(machine.since()));
    let total: u64 = kinds.iter().map(|everyday| everyday.weight).sum();
    let mut all: Vec<(Timestamp, Known, Values)> = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let milliseconds = rng.between(60_000, DAYS as u64 * 86_400_000) as i64;
        let at = to.checked_sub(SignedDuration::from_millis(milliseconds)).unwrap_or(to);
        let mut left = rng.between(0, total.saturating_sub(1));
        let chosen = kinds.iter().find(|everyday| {
            let is_it = left < everyday.weight;
            left = left.saturating_sub(everyday.weight);
            is_it
        });
        if let Some(everyday) = chosen {
            let values = (everyday.fill)(host, &mut rng);
            let is_missing = came.is_some_and(|came| at > came) && tells_of_signatures(everyday.kind, &values);
            if !is_missing {
                all.push((at, everyday.kind, values));
            }
        }
    }
    let happened = story::happenings(machine, from, to);
    all.extend(
        happened.into_iter().filter(|(_, (kind, _))| kind.log == log).map(|(at, (kind, values))| (at, kind, values)),
    );
    all.sort_by_key(|(at, ..)| *at);
    let first = first_record(host, log);
    let numbered = all.into_iter().zip(first..);
    numbered.map(|((at, kind, values), record_id)| Event { record_id, kind: kind.into(), at, values }).collect()
}

fn tells_of_signatures(kind: Known, values: &Values) -> bool {
    kind.id == known::SIGNATURES.id && kind.log == known::SIGNATURES.log
        || values.iter().any(|value| value.starts_with("Security Intelligence Update"))
}

fn first_record(host: &Host, log: &str) -> u64 {
    let place = LOGS.iter().position(|own| own.name == log).unwrap_or_default() as u64;
    host.rng(&format!("records {log}")).between(2000, 60_000) + place
}

impl Machine {
    /// The number of the first entry that a script writes to a log.
    pub(super) fn first_free_record(&self, log: &'static str) -> u64 {
        first_record(&self.host, log) + events(self, log).len() as u64
    }
}
