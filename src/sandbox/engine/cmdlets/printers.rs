//! Printers: functions of the module PrintManagement.

use super::super::datetime::DateTime;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::machine::{PrintJob, Printer};
use super::super::value::Val;
use super::cdxml::{CimClass, is_any, is_literal, provider_error};
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 4] = [
    Spec {
        name: "Get-Printer",
        aliases: &[],
        params: &["Name:string@0", "ComputerName|CN", "Full!", "CimSession|Session", "ThrottleLimit", "AsJob!"],
        make: |_, bound| {
            bound.refuse(&["ComputerName", "CimSession", "AsJob"])?;
            PerInput::boxed(bound, printers)
        },
    },
    Spec {
        name: "Get-PrintJob",
        aliases: &[],
        params: &[
            "PrinterName:string@0+",
            "PrinterObject:MSFT_Printer</",
            "ID@1",
            "ComputerName|CN",
            "CimSession|Session",
            "ThrottleLimit",
            "AsJob!",
        ],
        make: |_, bound| {
            bound.refuse(&["ComputerName", "CimSession", "AsJob"])?;
            PerInput::boxed(bound, jobs)
        },
    },
    Spec {
        name: "Get-PrinterDriver",
        aliases: &[],
        params: &["Name:string@0", "ComputerName|CN", "CimSession|Session", "ThrottleLimit", "AsJob!"],
        make: |_, bound| {
            bound.refuse(&["ComputerName", "CimSession", "AsJob"])?;
            PerInput::boxed(bound, drivers)
        },
    },
    Spec {
        name: "Get-PrinterPort",
        aliases: &[],
        params: &["Name:string@0", "ComputerName|CN", "CimSession|Session", "ThrottleLimit", "AsJob!"],
        make: |_, bound| {
            bound.refuse(&["ComputerName", "CimSession", "AsJob"])?;
            PerInput::boxed(bound, ports)
        },
    },
];

const NAMESPACE: &str = "ROOT/StandardCimv2";
const TYPES: &str = "Microsoft.PowerShell.Cmdletization.GeneratedTypes";

// Source: learn.microsoft.com, MSFT_Printer, MSFT_PrintJob, MSFT_PrinterDriver, MSFT_PrinterPort.
const PRINTER: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_Printer",
    properties: &[
        "Name",
        "ComputerName",
        "Type",
        "ShareName",
        "PortName",
        "DriverName",
        "Location",
        "Comment",
        "SeparatorPageFile",
        "PrintProcessor",
        "Datatype",
        "Shared",
        "Published",
        "DeviceType",
        "PrinterStatus",
        "JobCount",
        "Priority",
        "KeepPrintedJobs",
        "RenderingMode",
    ],
};
const JOB: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_PrintJob",
    properties: &[
        "Id",
        "ComputerName",
        "PrinterName",
        "DocumentName",
        "UserName",
        "Datatype",
        "JobStatus",
        "Size",
        "TotalPages",
        "PagesPrinted",
        "Position",
        "Priority",
        "SubmittedTime",
    ],
};
const DRIVER: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_PrinterDriver",
    properties: &["Name", "ComputerName", "PrinterEnvironment", "MajorVersion", "Manufacturer", "provider"],
};
const PORT: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_PrinterPort",
    properties: &["Name", "ComputerName", "Description", "PortMonitor", "PrinterHostAddress", "PortNumber"],
};

/// Printers are there as long as the spooler runs.
fn all(evaluator: &mut Evaluator<'_>, function: &str) -> Run<Option<Vec<Printer>>> {
    if evaluator.machine.runs("Spooler") {
        return Ok(Some(evaluator.host.printers()));
    }
    let message = "The spooler service is not reachable. Ensure the spooler service is running.";
    let record = provider_error(function, 0x8007_06BA, message, 0, Val::str("MSFT_Printer"));
    evaluator.write_error(record)?;
    Ok(None)
}

fn missing(names: &[String], is_there: impl Fn(&str) -> bool, error: impl Fn(&str) -> ErrorRecord) -> Vec<ErrorRecord> {
    names.iter().filter(|name| is_literal(name) && !is_there(name)).map(|name| error(name)).collect()
}

fn printers(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let Some(all) = all(evaluator, "Get-Printer")? else { return Ok(()) };
    let names = bound.texts("Name");
    let (schema, computer) = (PRINTER.schema(), evaluator.host.name().to_uppercase());
    for printer in &all {
        if !is_any(evaluator, &names, printer.name)? {
            continue;
        }
        let values = vec![
            Val::str(printer.name),
            Val::str(computer.as_str()),
            Val::of_enum(format!("{TYPES}.Printer.Type"), "Local", 0),
            Val::str(printer.share.unwrap_or_default()),
            Val::str(printer.port),
            Val::str(printer.driver),
            Val::str(printer.location),
            Val::str(""),
            Val::str(""),
            Val::str("winprint"),
            Val::str("RAW"),
            Val::Bool(printer.share.is_some()),
            Val::Bool(false),
            Val::of_enum(format!("{TYPES}.Printer.DeviceType"), "Print", 0),
            Val::of_enum(format!("{TYPES}.Printer.PrinterStatus"), "Normal", 0),
            Val::U32(printer.jobs.len() as u32),
            Val::U32(1),
            Val::Bool(false),
            Val::of_enum(format!("{TYPES}.Printer.RenderingMode"), "SSR", 0),
        ];
        out.put(evaluator, PRINTER.instance(&schema, values))?;
    }
    let is_there = |name: &str| all.iter().any(|printer| printer.name.eq_ignore_ascii_case(name));
    for record in missing(&names, is_there, |name| PRINTER.not_found("Get-Printer", "Name", name)) {
        evaluator.write_error(record)?;
    }
    Ok(())
}

fn jobs(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let Some(all) = all(evaluator, "Get-PrintJob")? else { return Ok(()) };
    let given = bound.get("PrinterObject").and_then(|printer| evaluator.member(printer, "Name"));
    let name = match given {
        Some(name) => super::super::convert::text(&name),
        None => bound.text("PrinterName").unwrap_or_default(),
    };
    let Some(printer) = all.iter().find(|printer| printer.name.eq_ignore_ascii_case(&name)) else {
        let message = "The specified printer was not found.";
        return evaluator.write_error(provider_error("Get-PrintJob", 0x8007_0709, message, 0, Val::str(name)));
    };
    let wanted = bound.count("ID")?;
    let (schema, computer) = (JOB.schema(), evaluator.host.name().to_uppercase());
    for (place, job) in printer.jobs.iter().enumerate() {
        if wanted.is_none_or(|wanted| wanted == job.id as usize) {
            let values = job_values(evaluator, printer, job, place, &computer);
            out.put(evaluator, JOB.instance(&schema, values))?;
        }
    }
    Ok(())
}

fn job_values(evaluator: &Evaluator<'_>, printer: &Printer, job: &PrintJob, place: usize, computer: &str) -> Vec<Val> {
    let since = evaluator.host.now(evaluator.machine.since());
    let at = since.checked_sub(jiff::SignedDuration::from_mins(job.minutes_ago.into())).unwrap_or(since);
    vec![
        Val::U32(job.id),
        Val::str(computer),
        Val::str(printer.name),
        Val::str(job.document),
        Val::str(job.user),
        Val::str("RAW"),
        Val::of_enum(format!("{TYPES}.PrintJob.JobStatus"), "Normal", 0),
        Val::U32(job.bytes),
        Val::U32(job.pages),
        Val::U32(0),
        Val::U32(place as u32 + 1),
        Val::U32(1),
        Val::DateTime(DateTime::local(at, evaluator.host.utc_offset_minutes())),
    ]
}

fn drivers(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let Some(all) = all(evaluator, "Get-PrinterDriver")? else { return Ok(()) };
    let (names, schema) = (bound.texts("Name"), DRIVER.schema());
    let mut seen: Vec<&str> = Vec::new();
    for printer in &all {
        if seen.contains(&printer.driver) || !is_any(evaluator, &names, printer.driver)? {
            continue;
        }
        seen.push(printer.driver);
        let maker = printer.driver.split(' ').next().unwrap_or_default();
        let values = vec![
            Val::str(printer.driver),
            Val::str(""),
            Val::str("Windows x64"),
            Val::U32(if maker == "Microsoft" { 4 } else { 3 }),
            Val::str(maker),
        ];
        out.put(evaluator, DRIVER.instance(&schema, values))?;
    }
    let is_there = |name: &str| seen.iter().any(|driver| driver.eq_ignore_ascii_case(name));
    for record in missing(&names, is_there, |name| DRIVER.not_found("Get-PrinterDriver", "Name", name)) {
        evaluator.write_error(record)?;
    }
    Ok(())
}

/// Ports that every host has.
const LOCAL_PORTS: [&str; 6] = ["COM1:", "FILE:", "LPT1:", "LPT2:", "NUL:", "PORTPROMPT:"];

fn ports(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let Some(all) = all(evaluator, "Get-PrinterPort")? else { return Ok(()) };
    let (names, schema) = (bound.texts("Name"), PORT.schema());
    let network = all.iter().map(|printer| printer.port).filter(|port| port.starts_with("IP_"));
    let ports: Vec<&str> = LOCAL_PORTS.into_iter().chain(network).collect();
    for port in &ports {
        if !is_any(evaluator, &names, port)? {
            continue;
        }
        let address = port.strip_prefix("IP_");
        let monitor = if address.is_some() { "TCPMON.DLL" } else { "Local Monitor" };
        let values = vec![
            Val::str(*port),
            Val::str(""),
            Val::str(if address.is_some() { "Standard TCP/IP Port" } else { "Local Port" }),
            Val::str(monitor),
            address.map_or(Val::Null, Val::str),
            address.map_or(Val::Null, |_| Val::U32(9100)),
        ];
        out.put(evaluator, PORT.instance(&schema, values))?;
    }
    let is_there = |name: &str| ports.iter().any(|port| port.eq_ignore_ascii_case(name));
    for record in missing(&names, is_there, |name| PORT.not_found("Get-PrinterPort", "Name", name)) {
        evaluator.write_error(record)?;
    }
    Ok(())
}
