//! What asks the host: services, processes, updates, its name.

use std::sync::Arc;
use std::time::Duration;

use super::super::datetime::DateTime;
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::machine::{Hotfix, Process, Service, ServiceStatus, StartType};
use super::super::value::{Obj, Schema, Val};
use super::{Bound, Spec};

pub(super) static SPECS: [Spec; 4] = [
    Spec {
        name: "Get-Service",
        aliases: &["gsv"],
        params: &["Name|ServiceName@0", "DisplayName", "Include", "Exclude", "ComputerName|Cn", "InputObject"],
        make: |_, bound| {
            bound.refuse(&["ComputerName", "InputObject"])?;
            Ok(Box::new(Source { wanted: Wanted::of(&bound), kind: Kind::Service, is_fed: false }))
        },
    },
    Spec {
        name: "Get-Process",
        aliases: &["gps", "ps"],
        params: &["Name|ProcessName@0", "Id|PID", "ComputerName|Cn", "IncludeUserName!", "InputObject"],
        make: |_, bound| {
            bound.refuse(&["ComputerName", "IncludeUserName", "InputObject"])?;
            Ok(Box::new(Source { wanted: Wanted::of(&bound), kind: Kind::Process, is_fed: false }))
        },
    },
    Spec {
        name: "Get-HotFix",
        aliases: &[],
        params: &["Id|HFID@0", "Description", "ComputerName|Cn"],
        make: |_, bound| {
            bound.refuse(&["ComputerName"])?;
            Ok(Box::new(Source { wanted: Wanted::of(&bound), kind: Kind::Hotfix, is_fed: false }))
        },
    },
    Spec {
        name: "hostname",
        aliases: &["hostname.exe"],
        params: &[],
        make: |_, _| Ok(Box::new(Source { wanted: Wanted::default(), kind: Kind::Name, is_fed: false })),
    },
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Service,
    Process,
    Hotfix,
    Name,
}

/// Which of the host's things are wanted; empty lists want all.
#[derive(Default)]
struct Wanted {
    names: Vec<String>,
    /// Display names of services, descriptions of updates.
    titles: Vec<String>,
    include: Vec<String>,
    exclude: Vec<String>,
    ids: Vec<String>,
}

/// A thing of the host before it is an object: its name, its title, its id.
struct Found {
    name: String,
    title: String,
    id: String,
    object: Val,
}

struct Source {
    wanted: Wanted,
    kind: Kind,
    /// Names came by the pipeline.
    is_fed: bool,
}

impl Wanted {
    fn of(bound: &Bound) -> Self {
        let titles = [bound.texts("DisplayName"), bound.texts("Description")].concat();
        Self {
            names: bound.texts("Name"),
            titles,
            include: bound.texts("Include"),
            exclude: bound.texts("Exclude"),
            ids: bound.texts("Id"),
        }
    }
}

impl Cmdlet for Source {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        self.is_fed = true;
        let name = match &input {
            Val::Str(name) => name.to_string(),
            other => {
                evaluator.member(other, "Name").map_or_else(String::new, |name| super::super::convert::text(&name))
            }
        };
        let wanted = Wanted { names: vec![name], ..Wanted::default() };
        self.list(evaluator, &wanted, out)
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        if self.is_fed {
            return Ok(());
        }
        let wanted = std::mem::take(&mut self.wanted);
        self.list(evaluator, &wanted, out)
    }
}

impl Source {
    fn list(&self, evaluator: &mut Evaluator<'_>, wanted: &Wanted, out: &mut dyn Sink) -> Run<()> {
        let all = match self.kind {
            Kind::Service => services(evaluator),
            Kind::Process => processes(evaluator),
            Kind::Hotfix => hotfixes(evaluator),
            Kind::Name => return out.put(evaluator, Val::str(evaluator.host.name().to_uppercase())),
        };
        let names = if self.kind == Kind::Hotfix { &wanted.ids } else { &wanted.names };
        let is_any = |evaluator: &mut Evaluator<'_>, patterns: &[String], value: &str| -> Run<bool> {
            for pattern in patterns {
                if evaluator.patterns.like(value, pattern, false)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let mut chosen = Vec::new();
        for found in &all {
            let by_name = names.is_empty() || is_any(evaluator, names, &found.name)?;
            let by_title = wanted.titles.is_empty() || is_any(evaluator, &wanted.titles, &found.title)?;
            let by_id = self.kind == Kind::Hotfix || wanted.ids.is_empty() || wanted.ids.contains(&found.id);
            let included = wanted.include.is_empty() || is_any(evaluator, &wanted.include, &found.name)?;
            if by_name && by_title && by_id && included && !is_any(evaluator, &wanted.exclude, &found.name)? {
                chosen.push(found);
            }
        }
        for found in chosen {
            out.put(evaluator, found.object.clone())?;
        }
        let missing_ids = if self.kind == Kind::Process { &wanted.ids[..] } else { &[] };
        for id in missing_ids.iter().filter(|id| !all.iter().any(|found| found.id == **id)) {
            evaluator.write_error(self.missing(id, "process identifier", "NoProcessFoundForGivenId"))?;
        }
        let is_pattern = |name: &&String| !name.contains(['*', '?', '[']);
        for name in names.iter().filter(is_pattern) {
            if !all.iter().any(|found| found.name.eq_ignore_ascii_case(name)) {
                evaluator.write_error(self.missing_name(name))?;
            }
        }
        Ok(())
    }

    fn missing_name(&self, name: &str) -> ErrorRecord {
        match self.kind {
            Kind::Service => self.missing(name, "service name", "NoServiceFoundForGivenName"),
            Kind::Process => self.missing(name, "name", "NoProcessFoundForGivenName"),
            _ => {
                let message = format!(
                    "Cannot find the requested hotfix on the 'localhost' computer. Verify the input and run the command again. ({name})"
                );
                let id = "GetHotFixNoEntriesFound,Microsoft.PowerShell.Commands.GetHotFixCommand";
                ErrorRecord::new("System.ArgumentException", message, id, 13)
            }
        }
    }

    fn missing(&self, name: &str, what: &str, id: &str) -> ErrorRecord {
        let thing = if self.kind == Kind::Service { "service" } else { "process" };
        let (upper, tail) = if self.kind == Kind::Service {
            ("Service", "Microsoft.PowerShell.Commands.GetServiceCommand")
        } else {
            ("Process", "Microsoft.PowerShell.Commands.GetProcessCommand")
        };
        let message = match self.kind {
            Kind::Service => format!("Cannot find any {thing} with {what} '{name}'."),
            _ => format!(
                "Cannot find a {thing} with the {what} \"{name}\". Verify the {thing} {what} and call the cmdlet again."
            ),
        };
        let kind = format!("Microsoft.PowerShell.Commands.{upper}CommandException");
        ErrorRecord::new(&kind, message, format!("{id},{tail}"), 13).with_target(Val::str(name))
    }
}

/// The status of a service as .NET has it.
pub(super) fn status_value(status: ServiceStatus) -> Val {
    let name = match status {
        ServiceStatus::Stopped => "Stopped",
        ServiceStatus::Running => "Running",
    };
    Val::of_enum("System.ServiceProcess.ServiceControllerStatus", name, status as i32)
}

fn start_type_value(start: StartType) -> Val {
    let name = start_type_name(start);
    Val::of_enum("System.ServiceProcess.ServiceStartMode", name, start as i32)
}

pub(super) fn start_type_name(start: StartType) -> &'static str {
    match start {
        StartType::Automatic => "Automatic",
        StartType::Manual => "Manual",
        StartType::Disabled => "Disabled",
    }
}

fn services(evaluator: &Evaluator<'_>) -> Vec<Found> {
    let names = [
        "CanPauseAndContinue",
        "CanShutdown",
        "CanStop",
        "DisplayName",
        "DependentServices",
        "MachineName",
        "ServiceName",
        "ServicesDependedOn",
        "Status",
        "ServiceType",
        "StartType",
        "Site",
        "Container",
        "Name",
        "RequiredServices",
    ];
    let type_names = [
        "System.ServiceProcess.ServiceController",
        "System.ComponentModel.Component",
        "System.MarshalByRefObject",
        "System.Object",
    ];
    let schema = Schema::new(&type_names, &names);
    let none = Val::list("System.ServiceProcess.ServiceController[]", Vec::new());
    let make = |service: &Service| Found {
        name: service.name.into(),
        title: service.display_name.into(),
        id: String::new(),
        object: service_object(&schema, &none, service),
    };
    evaluator.machine.services().iter().map(make).collect()
}

fn service_object(schema: &Arc<Schema>, none: &Val, service: &Service) -> Val {
    let is_running = Val::Bool(service.status == ServiceStatus::Running);
    let name = Val::str(service.name);
    let values = vec![
        Val::Bool(false),
        is_running.clone(),
        is_running,
        Val::str(service.display_name),
        none.clone(),
        Val::str("."),
        name.clone(),
        none.clone(),
        status_value(service.status),
        Val::of_enum("System.ServiceProcess.ServiceType", "Win32ShareProcess", 32),
        start_type_value(service.start_type),
        Val::Null,
        Val::Null,
        name,
        none.clone(),
    ];
    Obj::typed(schema, service.name, values)
}

fn processes(evaluator: &Evaluator<'_>) -> Vec<Found> {
    let names = [
        "BasePriority",
        "HandleCount",
        "HasExited",
        "Id",
        "MachineName",
        "MainWindowTitle",
        "PagedMemorySize64",
        "PrivateMemorySize64",
        "ProcessName",
        "Responding",
        "SessionId",
        "StartTime",
        "TotalProcessorTime",
        "VirtualMemorySize64",
        "WorkingSet64",
        "Name",
        "SI",
        "Handles",
        "VM",
        "WS",
        "PM",
        "CPU",
        "Path",
        "Company",
    ];
    let schema =
        Schema::new(&["System.Diagnostics.Process", "System.ComponentModel.Component", "System.Object"], &names);
    let now = evaluator.now();
    let make = |process: Process| Found {
        name: process.name.into(),
        title: String::new(),
        id: process.id.to_string(),
        object: process_object(&schema, now, &process),
    };
    evaluator.machine.processes(evaluator.host_time()).into_iter().map(make).collect()
}

fn ticks(time: Duration) -> i64 {
    i64::try_from(time.as_nanos() / 100).unwrap_or(i64::MAX)
}

fn process_object(schema: &Arc<Schema>, now: DateTime, process: &Process) -> Val {
    let name = Val::str(process.name);
    let int = |number: u32| Val::I32(number as i32);
    let long = |number: u64| Val::I64(number as i64);
    let virtual_size = long(2_203_318_222_848 + process.private_bytes * 2);
    let start = now.plus(-ticks(process.age)).map_or(Val::Null, Val::DateTime);
    let path = format!("C:\\Windows\\System32\\{}.exe", process.name);
    let values = vec![
        Val::I32(8),
        int(process.handles),
        Val::Bool(false),
        int(process.id),
        Val::str("."),
        Val::str(""),
        long(process.private_bytes),
        long(process.private_bytes),
        name.clone(),
        Val::Bool(true),
        int(process.session),
        start,
        Val::TimeSpan(ticks(process.cpu)),
        virtual_size.clone(),
        long(process.working_set),
        name,
        int(process.session),
        int(process.handles),
        virtual_size,
        long(process.working_set),
        long(process.private_bytes),
        Val::F64(process.cpu.as_secs_f64()),
        Val::str(path),
        Val::str("Microsoft Corporation"),
    ];
    Obj::typed(schema, format!("System.Diagnostics.Process ({})", process.name), values)
}

/// Midnight of a day counted from 1970-01-01, as Get-HotFix has it.
fn installed_on(day: i64) -> Val {
    let epoch = DateTime::from_date(1970, 1, 1);
    epoch.and_then(|epoch| epoch.plus(day * 864_000_000_000)).map_or(Val::Null, Val::DateTime)
}

fn hotfixes(evaluator: &Evaluator<'_>) -> Vec<Found> {
    let names = [
        "PSComputerName",
        "Caption",
        "CSName",
        "Description",
        "FixComments",
        "HotFixID",
        "InstallDate",
        "InstalledBy",
        "InstalledOn",
        "Name",
        "ServicePackInEffect",
        "Status",
    ];
    let type_names = [
        "System.Management.ManagementObject#root\\cimv2\\Win32_QuickFixEngineering",
        "System.Management.ManagementObject",
        "System.Management.ManagementBaseObject",
        "System.ComponentModel.Component",
        "System.MarshalByRefObject",
        "System.Object",
    ];
    let schema = Schema::new(&type_names, &names);
    let computer = Val::str(evaluator.host.name().to_uppercase());
    let make = |hotfix: Hotfix| {
        let values = vec![
            computer.clone(),
            Val::str("http://support.microsoft.com/?kbid=".to_owned() + hotfix.id.trim_start_matches("KB")),
            computer.clone(),
            Val::str(hotfix.description),
            Val::str(""),
            Val::str(hotfix.id.as_str()),
            Val::Null,
            Val::str("NT AUTHORITY\\SYSTEM"),
            installed_on(hotfix.installed_day),
            Val::Null,
            Val::str(""),
            Val::Null,
        ];
        let text = format!(
            "\\\\{}\\root\\cimv2:Win32_QuickFixEngineering.HotFixID=\"{}\"",
            super::super::convert::text(&computer),
            hotfix.id
        );
        Found {
            name: hotfix.id.clone(),
            title: hotfix.description.into(),
            id: hotfix.id,
            object: Obj::typed(&schema, text, values),
        }
    };
    evaluator.host.hotfixes().into_iter().map(make).collect()
}
