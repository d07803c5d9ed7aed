//! wmic: `get` of classes by their short names.

use super::super::cim::{self, Asked, Failure, Form};
use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::value::Val;
use super::{Said, refuse};

/// Short names of classes. Source: learn.microsoft.com, wmic.
const ALIASES: [(&str, &str); 29] = [
    ("baseboard", "Win32_BaseBoard"),
    ("bios", "Win32_BIOS"),
    ("bootconfig", "Win32_BootConfiguration"),
    ("cdrom", "Win32_CDROMDrive"),
    ("computersystem", "Win32_ComputerSystem"),
    ("cpu", "Win32_Processor"),
    ("csproduct", "Win32_ComputerSystemProduct"),
    ("diskdrive", "Win32_DiskDrive"),
    ("environment", "Win32_Environment"),
    ("group", "Win32_Group"),
    ("logicaldisk", "Win32_LogicalDisk"),
    ("memorychip", "Win32_PhysicalMemory"),
    ("nic", "Win32_NetworkAdapter"),
    ("nicconfig", "Win32_NetworkAdapterConfiguration"),
    ("os", "Win32_OperatingSystem"),
    ("pagefile", "Win32_PageFileUsage"),
    ("partition", "Win32_DiskPartition"),
    ("printer", "Win32_Printer"),
    ("printjob", "Win32_PrintJob"),
    ("process", "Win32_Process"),
    ("product", "Win32_Product"),
    ("qfe", "Win32_QuickFixEngineering"),
    ("service", "Win32_Service"),
    ("share", "Win32_Share"),
    ("startup", "Win32_StartupCommand"),
    ("systemenclosure", "Win32_SystemEnclosure"),
    ("timezone", "Win32_TimeZone"),
    ("useraccount", "Win32_UserAccount"),
    ("volume", "Win32_Volume"),
];

/// What was asked for.
#[derive(Default)]
struct Request {
    class: String,
    filter: Option<String>,
    properties: Vec<String>,
    is_list: bool,
}

/// Reads `alias [where condition] get properties [/value]`; nothing for what is not built.
fn request(args: &[String]) -> Option<Result<Request, String>> {
    let mut words = args.iter().map(String::as_str).peekable();
    let mut request = Request::default();
    let first = words.next()?;
    if first.eq_ignore_ascii_case("path") || first.eq_ignore_ascii_case("class") {
        request.class = words.next()?.to_owned();
    } else {
        let Some((_, class)) = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(first)) else {
            return if first.starts_with(['/', '-']) { None } else { Some(Err(first.to_owned())) };
        };
        request.class = (*class).to_owned();
    }
    if words.next_if(|word| word.eq_ignore_ascii_case("where")).is_some() {
        let mut condition = Vec::new();
        while let Some(word) = words.next_if(|word| !word.eq_ignore_ascii_case("get")) {
            condition.push(word);
        }
        let condition = condition.join(" ");
        let inner = condition.trim().trim_matches('"');
        let inner = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(inner);
        request.filter = Some(inner.to_owned());
    }
    if !words.next()?.eq_ignore_ascii_case("get") {
        return None;
    }
    for word in words {
        match word.to_ascii_lowercase().as_str() {
            "/value" | "/format:list" | "-value" => request.is_list = true,
            "/format:table" | "/all" => {}
            switch if switch.starts_with(['/', '-']) => return None,
            names => request.properties.extend(names.split(',').map(|name| name.trim().to_owned())),
        }
    }
    request.properties.retain(|name| !name.is_empty() && name != "*");
    Some(Ok(request))
}

/// A value as wmic writes it.
fn shown(value: &Val) -> String {
    match value {
        Val::Bool(true) => "TRUE".to_owned(),
        Val::Bool(false) => "FALSE".to_owned(),
        Val::List(list) => {
            let items = list.items();
            let quoted = items.iter().map(|item| match item {
                Val::Str(item) => format!("\"{item}\""),
                other => text(other),
            });
            format!("{{{}}}", quoted.collect::<Vec<_>>().join(","))
        }
        other => text(other),
    }
}

pub(super) fn wmic(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let request = match request(args) {
        None => return refuse("wmic", args),
        Some(Err(alias)) => return Ok(Said::error(&format!("{alias} - Alias not found."), 44_124)),
        Some(Ok(request)) => request,
    };
    let asked = Asked { class: request.class.clone(), filter: request.filter.clone(), ..Asked::default() };
    let invalid = |what: &str| {
        let node = evaluator_name(evaluator);
        Said::error(&format!("Node - {node}\nERROR:\nDescription = {what}"), 44_117)
    };
    let invalid_query = invalid("Invalid query");
    let found = match cim::ask(evaluator, &asked)? {
        Ok(found) => found,
        Err(Failure::Unknown(record)) => return Err((*record).into()),
        Err(Failure::Class(name)) => return Err(ErrorRecord::unsupported(&format!("the WMI class {name}")).into()),
        Err(_) => return Ok(invalid_query),
    };
    if found.is_empty() {
        return Ok(Said::error("No Instance(s) Available.", 0));
    }
    let known: Vec<&'static str> = found[0].class().property_names().collect();
    let mut names: Vec<&str> = known.clone();
    if !request.properties.is_empty() {
        names = Vec::new();
        for wanted in &request.properties {
            match known.iter().find(|name| name.eq_ignore_ascii_case(wanted)) {
                Some(name) => names.push(name),
                None => return Ok(invalid_query),
            }
        }
    }
    names.sort_by_key(|name| name.to_ascii_lowercase());
    names.dedup();
    let mut rows = Vec::new();
    for instance in found {
        let object = instance.into_object(evaluator, Form::Wmi);
        evaluator.step(names.len() as u64)?;
        let cell = |name: &&str| evaluator.member(&object, name).map_or_else(String::new, |value| shown(&value));
        rows.push(names.iter().map(cell).collect::<Vec<_>>());
    }
    Ok(Said::lines(if request.is_list { list(&names, &rows) } else { table(&names, &rows) }))
}

fn evaluator_name(evaluator: &Evaluator<'_>) -> String {
    evaluator.host.name().to_uppercase()
}

/// wmic ends lines with two carriage returns, which PowerShell reads as an empty line behind each.
fn table(names: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let width = |place: usize| {
        let cells = rows.iter().map(|row| row[place].chars().count());
        cells.chain([names[place].len()]).max().unwrap_or(0) + 2
    };
    let widths: Vec<usize> = (0..names.len()).map(width).collect();
    let line = |cells: &[String]| -> String {
        cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect()
    };
    let head: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut lines = vec![line(&head), String::new()];
    for row in rows {
        lines.extend([line(row), String::new()]);
    }
    lines.push(String::new());
    lines
}

fn list(names: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        lines.extend([String::new(), String::new(), String::new(), String::new()]);
        for (name, cell) in names.iter().zip(row) {
            lines.extend([format!("{name}={cell}"), String::new()]);
        }
    }
    lines.extend([String::new(), String::new(), String::new(), String::new()]);
    lines
}
