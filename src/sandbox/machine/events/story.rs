//! What happened to a host in the last 30 days: starts, updates, and what its illnesses left behind.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::super::{Host, Illness, Machine, ServiceStatus, StartType};
use super::kinds::Known;
use super::known;

pub(super) type Values = Vec<Cow<'static, str>>;
pub(super) type Happening = (Known, Values);

/// What a machine writes when somebody restarts it.
pub(super) fn shut_down(host: &Host, user: &'static str) -> Vec<Happening> {
    let values: Values = vec![
        "C:\\Windows\\system32\\wbem\\wmiprvse.exe".into(),
        host.name().to_uppercase().into(),
        "Operating System: Upgrade (Planned)".into(),
        "0x80020003".into(),
        "restart".into(),
        "".into(),
        user.into(),
    ];
    vec![(known::SHUT_DOWN, values), (known::POWER_TRANSITION, Vec::new()), (known::LOG_STOPPED, Vec::new())]
}

/// What a machine writes when it comes up.
pub(super) fn start(host: &Host, at: Timestamp) -> Vec<Happening> {
    let system = host.operating_system();
    let version: Values = vec![format!("{}.", system.version).into(), system.build.into()];
    vec![
        (known::KERNEL_START, vec![at.to_string().into()]),
        (known::VERSION, version),
        (known::LOG_STARTED, Vec::new()),
    ]
}

fn before(at: Timestamp, seconds: u64) -> Timestamp {
    at.checked_sub(SignedDuration::from_secs(seconds as i64)).unwrap_or(at)
}

/// What happened since a time, and when.
pub(super) fn happenings(machine: &Machine, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Happening)> {
    let mut all = Vec::new();
    starts(machine, from, to, &mut all);
    updates(machine, from, &mut all);
    services(machine, to, &mut all);
    illnesses(machine, to, &mut all);
    errors(machine, to, &mut all);
    backups(machine, to, &mut all);
    all.retain(|(at, _)| (from..=to).contains(at));
    all
}

fn starts(machine: &Machine, from: Timestamp, to: Timestamp, all: &mut Vec<(Timestamp, Happening)>) {
    let host = &machine.host;
    let boot = host.boot_time(to);
    let mut rng = host.rng("how it went down");
    if rng.chance(120) {
        let civil = boot.to_string();
        let (day, time) = civil.split_once('T').unwrap_or((&civil, ""));
        let values = vec![Cow::Owned(time.get(..8).unwrap_or(time).to_owned()), Cow::Owned(day.to_owned())];
        let code = ["0", "0x0", "0x0", "0x0", "0x0", "0", "0"].map(Cow::from);
        all.push((boot, (known::POWER_LOST, code.into())));
        all.push((boot, (known::UNEXPECTED, values)));
    } else {
        let down = before(boot, rng.between(40, 400));
        all.extend(shut_down(host, "NT AUTHORITY\\SYSTEM").into_iter().map(|happening| (down, happening)));
        all.push((down, (known::KERNEL_STOP, vec![down.to_string().into()])));
    }
    all.extend(start(host, boot).into_iter().map(|happening| (boot, happening)));
    all.push((boot, (known::PROFILE, Vec::new())));
    // Noon by noon.
    let mut noon = (from.as_second() / 86_400) * 86_400 + 43_200;
    while noon < to.as_second() {
        let up = noon - boot.as_second();
        if let (true, Ok(at)) = (up > 0, Timestamp::from_second(noon)) {
            let up = Cow::from(up.to_string());
            let values = vec!["".into(), "".into(), "".into(), "".into(), up, "60".into(), "0 UTC".into()];
            all.push((at, (known::UPTIME, values)));
        }
        noon += 86_400;
    }
}

fn updates(machine: &Machine, from: Timestamp, all: &mut Vec<(Timestamp, Happening)>) {
    let mut rng = machine.host.rng("update times");
    for hotfix in machine.hotfixes() {
        let Ok(at) = Timestamp::from_second(hotfix.installed_day * 86_400 + rng.between(3600, 18_000) as i64) else {
            continue;
        };
        if at > from {
            let title = format!("{} for Windows Server ({})", hotfix.description, hotfix.id);
            let package = format!("{}~31bf3856ad364e35~amd64~~10.0.1.0", hotfix.id);
            all.push((before(at, 300), (known::PACKAGE_BEGUN, vec![package.clone().into()])));
            all.push((at, (known::PACKAGE_STATE, vec![package.into()])));
            all.push((at, (known::UPDATE_INSTALLED, vec![title.into()])));
        }
    }
}

/// An automatic service that is stopped fell some days ago.
fn services(machine: &Machine, to: Timestamp, all: &mut Vec<(Timestamp, Happening)>) {
    if !machine.host.has(Illness::ServiceStopped) {
        return;
    }
    let mut rng = machine.host.rng("falls");
    for service in super::super::services::draw(&machine.host) {
        let is_down = service.status == ServiceStatus::Stopped && service.start_type == StartType::Automatic;
        if is_down && service.name != "sppsvc" {
            let values = vec![service.display_name, rng.between(1, 3).to_string().into()];
            all.push((before(to, rng.between(3600, 3 * 86_400)), (known::SERVICE_CRASHED, values)));
        }
    }
}

fn illnesses(machine: &Machine, to: Timestamp, all: &mut Vec<(Timestamp, Happening)>) {
    let host = &machine.host;
    let mut rng = host.rng("traces");
    for illness in host.illnesses() {
        for _ in 0..rng.between(2, 5) {
            let at = before(to, rng.between(1800, 12 * 86_400));
            let happening = match illness {
                Illness::DiskFull => {
                    let full = host.disks().into_iter().find(|disk| disk.free_bytes * 10 < disk.size_bytes);
                    full.map(|disk| (known::DISK_NEARLY_FULL, vec![disk.id.into()]))
                }
                Illness::OldPatches => {
                    let values = vec!["0x80070643".into(), "Cumulative Update for Windows Server (KB5078740)".into()];
                    Some((known::UPDATE_FAILED, values))
                }
                Illness::ClockSkewed => Some((known::TIME_LOST, vec!["86400".into()])),
                Illness::CertificateExpiring => {
                    let thumbprint: String = (0..5).map(|_| format!("{:02x} ", rng.between(0, 255))).collect();
                    Some((known::CERTIFICATE_EXPIRES, vec![thumbprint.trim().to_owned().into()]))
                }
                Illness::TaskFailed => {
                    let task = super::super::tasks::failing(host);
                    let values = vec![
                        task.into(),
                        "{4c1f0c2b-7d51-4a2e-9a5e-2f5f6f0f7c11}".into(),
                        "powershell.exe".into(),
                        "2147942401".into(),
                    ];
                    Some((known::TASK_DONE, values))
                }
                Illness::OddAdministrator => {
                    let (name, sid) = super::super::accounts::odd_member(host);
                    let computer = host.name().to_uppercase();
                    let values: Values = vec![
                        name.into(),
                        sid.into(),
                        "Administrators".into(),
                        "Builtin".into(),
                        "S-1-5-32-544".into(),
                        "S-1-5-21-3623811015-3361044348-30300820-500".into(),
                        "Administrator".into(),
                        computer.into(),
                    ];
                    Some((known::MEMBER_ADDED, values))
                }
                Illness::DirtyVolume => {
                    let dirty = host.disks().into_iter().find(|disk| disk.is_dirty);
                    dirty.map(|disk| (known::VOLUME_CORRUPT, vec![disk.id.into()]))
                }
                Illness::LowMemory => {
                    let (id, bytes) = (rng.between(1000, 9000), host.memory_bytes() / 100 * rng.between(40, 60));
                    let values = vec!["Contoso.Agent.exe".into(), id.to_string().into(), bytes.to_string().into()];
                    Some((known::MEMORY_SHORT, values))
                }
                Illness::OldSignatures => Some((known::SIGNATURES_FAILED, vec!["0x80072ee7".into()])),
                Illness::ServiceStopped
                | Illness::RebootPending
                | Illness::LongUptime
                | Illness::EventErrors
                | Illness::BusyCpu
                | Illness::LegacyProtocols
                | Illness::OldBackup => None,
            };
            all.extend(happening.map(|happening| (at, happening)));
        }
    }
}

/// A disk that fails or a program that falls again and again: dozens of errors in the last hours.
fn errors(machine: &Machine, to: Timestamp, all: &mut Vec<(Timestamp, Happening)>) {
    if !machine.host.has(Illness::EventErrors) {
        return;
    }
    let mut rng = machine.host.rng("errors");
    let is_disk = rng.chance(500);
    for _ in 0..rng.between(40, 120) {
        let at = before(to, rng.between(60, 12 * 3600));
        let happening = if is_disk {
            (known::BAD_BLOCK, vec!["0".into()])
        } else {
            let crash = ["Contoso.Agent.exe", "7.2.1.0", "65d1c0de", "KERNELBASE.dll", "2c8a1", "1f04"];
            (known::PROGRAM_CRASHED, crash.map(Cow::from).into())
        };
        all.push((at, happening));
    }
}

/// What the nights left behind on which no backup succeeded.
fn backups(machine: &Machine, to: Timestamp, all: &mut Vec<(Timestamp, Happening)>) {
    let last = machine.backups(to).last;
    for night in 0..machine.host.failed_nights() {
        let at = before(last, night as u64 * 86_400);
        all.push((at, (known::BACKUP_FAILED, vec![at.to_string().into(), "0x80780049".into()])));
    }
}
