//! Processes as objects: `System.Diagnostics.Process`, and its methods.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::datetime::DateTime;
use super::super::super::eval::{Evaluator, Run};
use super::super::super::machine::Process;
use super::super::super::value::{Obj, Schema, Val};
use super::super::members::method_failed;
use super::{id_of, wait_for};

const CLASS: &str = "System.Diagnostics.Process";

// Source: learn.microsoft.com, Process Class (System.Diagnostics); the last ones from PowerShell's types.ps1xml.
const NAMES: [&str; 45] = [
    "BasePriority",
    "ExitCode",
    "HasExited",
    "ExitTime",
    "HandleCount",
    "Id",
    "MachineName",
    "MainWindowHandle",
    "MainWindowTitle",
    "NonpagedSystemMemorySize64",
    "PagedMemorySize64",
    "PagedSystemMemorySize64",
    "PeakPagedMemorySize64",
    "PeakWorkingSet64",
    "PeakVirtualMemorySize64",
    "PriorityClass",
    "PrivateMemorySize64",
    "PrivilegedProcessorTime",
    "ProcessName",
    "Responding",
    "SessionId",
    "StartTime",
    "TotalProcessorTime",
    "UserProcessorTime",
    "VirtualMemorySize64",
    "WorkingSet64",
    "WorkingSet",
    "PagedMemorySize",
    "PrivateMemorySize",
    "VirtualMemorySize",
    "Name",
    "SI",
    "Handles",
    "VM",
    "WS",
    "PM",
    "NPM",
    "Path",
    "CommandLine",
    "Company",
    "CPU",
    "FileVersion",
    "ProductVersion",
    "Description",
    "Product",
];

fn ticks(time: Duration) -> i64 {
    i64::try_from(time.as_nanos() / 100).unwrap_or(i64::MAX)
}

/// Who made a program, its version, what it is, and the product: what the file's version information says.
fn version_info(process: &Process) -> [Val; 4] {
    let path = process.path.to_ascii_lowercase();
    let info = |company: &str, version: &str, product: &str| {
        [Val::str(company), Val::str(version), Val::str(process.name.clone()), Val::str(product)]
    };
    match path {
        path if path.is_empty() => [Val::Null, Val::Null, Val::Null, Val::Null],
        path if path.contains("\\vmware\\") => info("VMware, Inc.", "12.4.0.54688", "VMware Tools"),
        path if path.contains("\\contoso\\") => info("Contoso Ltd.", "4.2.0.0", "Contoso Suite"),
        path if path.contains("sql server") => info("Microsoft Corporation", "15.0.4382.1", "Microsoft SQL Server"),
        _ => info("Microsoft Corporation", "10.0.20348.1", "Microsoft® Windows® Operating System"),
    }
}

/// A process, with the account that it runs as if that is wanted.
pub(super) fn of(evaluator: &Evaluator<'_>, process: &Process, with_user: bool) -> Val {
    let plain = [CLASS, "System.ComponentModel.Component", "System.MarshalByRefObject", "System.Object"];
    let schema = match with_user {
        true => Schema::new(&[&["System.Diagnostics.Process#IncludeUserName"], &plain[..]].concat(), &NAMES),
        false => Schema::new(&plain, &NAMES),
    };
    let name = || Val::str(process.name.clone());
    let int = |number: u32| Val::I32(number as i32);
    let long = |number: u64| Val::I64(number as i64);
    // The old properties have 32 bits.
    let short = |number: u64| Val::I32(number as i32);
    let virtual_size = 2_203_318_222_848 + process.private_bytes * 2;
    let nonpaged = u64::from(process.handles) * 40;
    // Windows tells nobody about the times of what isn't a process.
    let is_idle = process.id == 0;
    let unless_idle = |value: Val| if is_idle { Val::Null } else { value };
    let start = unless_idle(Val::DateTime(DateTime::local(process.started, evaluator.host.utc_offset_minutes())));
    let text = |text: &str| if text.is_empty() { Val::Null } else { Val::str(text) };
    let [company, version, description, product] = version_info(process);
    let values = vec![
        Val::I32(8),
        Val::Null,
        Val::Bool(false),
        Val::Null,
        int(process.handles),
        int(process.id),
        Val::str("."),
        Val::I64(0),
        Val::str(""),
        long(nonpaged),
        long(process.private_bytes),
        long(process.private_bytes / 20),
        long(process.private_bytes / 8 * 9),
        long(process.working_set / 8 * 9),
        long(virtual_size),
        Val::of_enum("System.Diagnostics.ProcessPriorityClass", "Normal", 32),
        long(process.private_bytes),
        unless_idle(Val::TimeSpan(ticks(process.cpu / 3))),
        name(),
        Val::Bool(true),
        int(process.session),
        start,
        unless_idle(Val::TimeSpan(ticks(process.cpu))),
        unless_idle(Val::TimeSpan(ticks(process.cpu - process.cpu / 3))),
        long(virtual_size),
        long(process.working_set),
        short(process.working_set),
        short(process.private_bytes),
        short(process.private_bytes),
        short(virtual_size),
        name(),
        int(process.session),
        int(process.handles),
        long(virtual_size),
        long(process.working_set),
        long(process.private_bytes),
        long(nonpaged),
        text(&process.path),
        text(&process.command_line),
        company,
        unless_idle(Val::F64(process.cpu.as_secs_f64())),
        version.clone(),
        version,
        description,
        product,
    ];
    let object = Obj::typed(&schema, format!("{CLASS} ({})", process.name), values);
    if let (true, Val::Object(object)) = (with_user, &object) {
        object.set_note("UserName", Val::str(process.user.clone()));
    }
    object
}

/// The object of a process says that it has ended.
pub(super) fn mark_ended(object: &Val, id: u32) {
    if let Val::Object(object) = object
        && id_of(object) == Some(id)
    {
        object.set("HasExited", Val::Bool(true));
        object.set("ExitCode", Val::I32(0));
    }
}

/// Methods of the processes.
pub(in super::super) fn method(
    evaluator: &mut Evaluator<'_>,
    object: &Arc<Obj>,
    name: &str,
    args: &[Val],
) -> Run<Option<Val>> {
    if !object.type_name().starts_with(CLASS) {
        return Ok(None);
    }
    let Some(id) = id_of(object) else { return Ok(None) };
    let shown = Val::Object(Arc::clone(object));
    match name {
        "kill" => {
            let all = evaluator.machine.processes(evaluator.host_time());
            if all.iter().any(|process| process.id == id && process.is_guarded()) {
                return Err(method_failed("Kill", args, "Access is denied.", "Win32Exception").into());
            }
            evaluator.machine.end_process(id, evaluator.host_time());
            mark_ended(&shown, id);
            Ok(Some(Val::Void))
        }
        "waitforexit" => {
            let limit = args.first().map(super::super::super::convert::index).transpose()?;
            let limit = limit.and_then(|limit| u64::try_from(limit).ok()).map(Duration::from_millis);
            let has_ended = wait_for(evaluator, &[id], limit)?.is_empty();
            if has_ended {
                mark_ended(&shown, id);
            }
            Ok(Some(if args.is_empty() { Val::Void } else { Val::Bool(has_ended) }))
        }
        "refresh" => {
            let all = evaluator.machine.processes(evaluator.host_time());
            if !all.iter().any(|process| process.id == id) {
                mark_ended(&shown, id);
            }
            Ok(Some(Val::Void))
        }
        "closemainwindow" => Ok(Some(Val::Bool(false))),
        "close" | "dispose" => Ok(Some(Val::Void)),
        _ => Ok(None),
    }
}
