//! Services and processes.

use std::time::Duration;

use super::super::super::datetime::DateTime;
use super::super::super::eval::Evaluator;
use super::super::super::machine::{Process, Service, ServiceStatus, StartType};
use super::super::super::value::Val;
use super::{Row, number, s, yes};

pub(super) fn rows(evaluator: &Evaluator<'_>, class: &str) -> Option<Vec<Row>> {
    Some(match class {
        "Win32_Service" => services(evaluator),
        "Win32_Process" => processes(evaluator),
        "Win32_DependentService" => dependencies(evaluator),
        _ => return None,
    })
}

fn services(evaluator: &Evaluator<'_>) -> Vec<Row> {
    evaluator.machine.services().iter().map(service_row).collect()
}

/// Which service needs which: the one that is needed is the antecedent.
fn dependencies(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let services = evaluator.machine.services();
    let path = |name: &str| s(format!("\\\\{}\\root\\cimv2:Win32_Service.Name=\"{name}\"", super::computer(evaluator)));
    let needed = |name: &str| services.iter().find(|service| service.is_named(name));
    let of = |service: &Service| {
        let dependent = path(&service.name);
        let found: Vec<_> = service.depends_on.iter().filter_map(|name| needed(name)).collect();
        found.into_iter().map(move |other| vec![("Antecedent", path(&other.name)), ("Dependent", dependent.clone())])
    };
    services.iter().flat_map(|service| of(service).collect::<Vec<_>>()).collect()
}

/// `StartMode` of a start type.
pub(super) fn start_mode(start: StartType) -> &'static str {
    match start {
        StartType::Automatic => "Auto",
        StartType::Manual => "Manual",
        StartType::Disabled => "Disabled",
    }
}

fn service_row(service: &Service) -> Row {
    let is_running = service.is_active();
    let state = match service.status {
        ServiceStatus::Running => "Running",
        ServiceStatus::Paused => "Paused",
        ServiceStatus::Stopped => "Stopped",
    };
    vec![
        ("Caption", s(service.display_name.clone())),
        ("Description", s(service.description.clone())),
        ("Name", s(service.name.clone())),
        ("Status", s("OK")),
        ("Started", yes(is_running)),
        ("StartMode", s(start_mode(service.start_type))),
        ("AcceptPause", yes(service.can_pause())),
        ("AcceptStop", yes(service.can_stop())),
        ("DesktopInteract", yes(service.is_named("Spooler"))),
        ("DisplayName", s(service.display_name.clone())),
        ("ErrorControl", s("Normal")),
        ("ExitCode", number(service.exit_code())),
        ("PathName", s(service.path.clone())),
        ("ServiceSpecificExitCode", number(0)),
        ("ServiceType", s(if service.shares_process() { "Share Process" } else { "Own Process" })),
        ("StartName", s(service.account.clone())),
        ("State", s(state)),
        ("TagId", number(0)),
        ("CheckPoint", number(0)),
        ("DelayedAutoStart", yes(service.is_delayed)),
        ("ProcessId", number(service.process_id)),
        ("WaitHint", number(0)),
    ]
}

fn processes(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let mut all = evaluator.machine.processes(evaluator.host_time());
    all.sort_by_key(|process| process.id);
    all.iter().map(|process| process_row(evaluator, process)).collect()
}

fn process_row(evaluator: &Evaluator<'_>, process: &Process) -> Row {
    let name = process.image();
    let ticks = |time: Duration| number((time.as_nanos() / 100) as i64);
    let started = DateTime::local(process.started, evaluator.host.utc_offset_minutes());
    let text = |value: &str| if value.is_empty() { Val::Null } else { s(value) };
    let kib = |bytes: u64| number(bytes / 1024);
    vec![
        ("Caption", s(name.as_str())),
        ("Description", s(name.as_str())),
        ("Name", s(name)),
        ("CreationDate", Val::DateTime(started)),
        ("Handle", s(process.id.to_string())),
        ("KernelModeTime", ticks(process.cpu / 3)),
        ("OSCreationClassName", s("Win32_OperatingSystem")),
        ("OSName", s(super::system::system_name(evaluator))),
        ("Priority", number(8)),
        ("UserModeTime", ticks(process.cpu - process.cpu / 3)),
        ("WorkingSetSize", number(process.working_set)),
        ("CommandLine", text(&process.command_line)),
        ("ExecutablePath", text(&process.path)),
        ("HandleCount", number(process.handles)),
        ("MaximumWorkingSetSize", number(1380)),
        ("MinimumWorkingSetSize", number(200)),
        ("OtherOperationCount", number(process.handles * 7)),
        ("OtherTransferCount", number(u64::from(process.handles) * 310)),
        ("PageFaults", number(process.working_set / 3000)),
        ("PageFileUsage", kib(process.private_bytes)),
        ("ParentProcessId", number(process.parent_id)),
        ("PeakPageFileUsage", kib(process.private_bytes / 8 * 9)),
        ("PeakVirtualSize", number(2_203_318_222_848 + process.private_bytes * 2)),
        ("PeakWorkingSetSize", kib(process.working_set / 8 * 9)),
        ("PrivatePageCount", number(process.private_bytes)),
        ("ProcessId", number(process.id)),
        ("QuotaNonPagedPoolUsage", number(16)),
        ("QuotaPagedPoolUsage", number(190)),
        ("QuotaPeakNonPagedPoolUsage", number(18)),
        ("QuotaPeakPagedPoolUsage", number(195)),
        ("ReadOperationCount", number(process.handles * 2)),
        ("ReadTransferCount", number(u64::from(process.handles) * 4096)),
        ("SessionId", number(process.session)),
        ("ThreadCount", number(process.threads)),
        ("VirtualSize", number(2_203_318_222_848 + process.private_bytes * 2)),
        ("WindowsVersion", s(evaluator.host.operating_system().version)),
        ("WriteOperationCount", number(process.handles)),
        ("WriteTransferCount", number(u64::from(process.handles) * 512)),
    ]
}
