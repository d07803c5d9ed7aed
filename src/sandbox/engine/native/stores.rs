//! schtasks /query, certutil -store, dism /get-features, wevtutil el: lists of what the machine keeps.

use super::super::datetime::{self, DateTime};
use super::super::eval::{Evaluator, Run};
use super::super::machine::{LOGS, OPTIONAL_FEATURES, Task};
use super::{Said, columns, refuse, switch};

/// What is asked of schtasks.
#[derive(Default)]
struct Query {
    format: String,
    has_no_head: bool,
    name: Option<String>,
}

pub(super) fn schtasks(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let mut query = Query { format: "table".into(), ..Query::default() };
    let mut rest = args.iter();
    if !args.is_empty() && switch(&args[0]).as_deref() != Some("query") {
        return refuse("schtasks", args);
    }
    rest.next();
    while let Some(arg) = rest.next() {
        match switch(arg).as_deref() {
            Some("fo") => query.format = rest.next().map_or_else(String::new, |format| format.to_ascii_lowercase()),
            Some("nh") => query.has_no_head = true,
            Some("tn") => query.name = rest.next().cloned(),
            _ => return refuse("schtasks", args),
        }
    }
    let tasks = evaluator.machine.tasks();
    let full = |task: &Task| format!("{}{}", task.path, task.name);
    let is_it = |task: &&Task| match &query.name {
        Some(name) => full(task).trim_start_matches('\\').eq_ignore_ascii_case(name.trim_start_matches('\\')),
        None => true,
    };
    let mut found: Vec<&Task> = tasks.iter().filter(is_it).collect();
    if found.is_empty() {
        return Ok(Said::error("ERROR: The system cannot find the file specified.", 1));
    }
    found.sort_by_key(|task| (task.path.to_lowercase(), task.name.to_lowercase()));
    let (now, offset) = (evaluator.host_time(), evaluator.host.utc_offset_minutes());
    let next = |task: &Task| match task.next_run(&evaluator.machine, now) {
        Some(at) => datetime::format(&DateTime::local(at, offset), "M/d/yyyy h:mm:ss tt"),
        None => "N/A".to_owned(),
    };
    let status = |task: &Task| if task.is_enabled { "Ready" } else { "Disabled" };
    let mut lines = Vec::new();
    let mut folder = None;
    for task in found {
        let is_new = folder != Some(&task.path) && query.format != "csv";
        if is_new {
            folder = Some(&task.path);
            let shown = if task.path.len() > 1 { task.path.trim_end_matches('\\') } else { &task.path };
            lines.extend([String::new(), format!("Folder: {shown}")]);
        }
        match query.format.as_str() {
            "table" => {
                if is_new && !query.has_no_head {
                    lines.push(columns(&[("TaskName", 40), ("Next Run Time", 22), ("Status", 15)]));
                    lines.push(["=".repeat(40), "=".repeat(22), "=".repeat(15)].join(" "));
                }
                lines.push(columns(&[(&task.name, 40), (&next(task), 22), (status(task), 15)]));
            }
            "list" => lines.extend([
                format!("HostName:      {}", evaluator.host.name().to_uppercase()),
                format!("TaskName:      {}", full(task)),
                format!("Next Run Time: {}", next(task)),
                format!("Status:        {}", status(task)),
                "Logon Mode:    Interactive/Background".to_owned(),
                String::new(),
            ]),
            "csv" => {
                if lines.is_empty() && !query.has_no_head {
                    lines.push("\"TaskName\",\"Next Run Time\",\"Status\"".to_owned());
                }
                lines.push(format!("\"{}\",\"{}\",\"{}\"", full(task), next(task), status(task)));
            }
            _ => return refuse("schtasks", args),
        }
    }
    Ok(Said::lines(lines))
}

/// The personal certificates of the machine.
///
/// Source: public transcripts of `certutil -store my`.
pub(super) fn certutil(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let words: Vec<String> = args.iter().map(|arg| arg.to_ascii_lowercase()).collect();
    let store = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["-store" | "/store"] => "my",
        ["-store" | "/store", store @ ("my" | "root" | "ca")] => store,
        _ => return refuse("certutil", args),
    };
    let shown = match store {
        "my" => "my \"Personal\"",
        "root" => "root \"Trusted Root Certification Authorities\"",
        _ => "ca \"Intermediate Certification Authorities\"",
    };
    let offset = evaluator.host.utc_offset_minutes();
    let date = |at| datetime::format(&DateTime::local(at, offset), "M/d/yyyy h:mm tt");
    let mut lines = vec![shown.to_owned()];
    let certificates = evaluator.machine.certificates();
    let own = certificates
        .iter()
        .filter(|certificate| certificate.location == "LocalMachine" && certificate.store.eq_ignore_ascii_case(store));
    for (place, certificate) in own.enumerate() {
        let is_root = certificate.subject == certificate.issuer;
        lines.extend([
            format!("================ Certificate {place} ================"),
            format!("Serial Number: {}", certificate.serial_number.to_lowercase()),
            format!("Issuer: {}", certificate.issuer),
            format!(" NotBefore: {}", date(certificate.not_before)),
            format!(" NotAfter: {}", date(certificate.not_after)),
            format!("Subject: {}", certificate.subject),
            if is_root { "Signature matches Public Key" } else { "Non-root Certificate" }.to_owned(),
        ]);
        if is_root {
            lines.push("Root Certificate: Subject matches Issuer".to_owned());
        }
        lines.push(format!("Cert Hash(sha1): {}", certificate.thumbprint.to_lowercase()));
        lines.push(
            if certificate.has_private_key { "Encryption test passed" } else { "No key provider information" }
                .to_owned(),
        );
        lines.push(String::new());
    }
    lines.push("CertUtil: -store command completed successfully.".to_owned());
    Ok(Said::lines(lines))
}

pub(super) fn dism(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let words: Vec<String> = args.iter().filter_map(|arg| switch(arg)).collect();
    let knows = |word: &String| matches!(word.as_str(), "online" | "get-features" | "format:table" | "english");
    let asks = |wanted: &str| words.iter().any(|word| word == wanted);
    if words.len() != args.len() || !words.iter().all(knows) || !asks("online") || !asks("get-features") {
        return refuse("dism", args);
    }
    let version = format!("{}.1", evaluator.host.operating_system().version);
    let mut lines: Vec<String> = [
        "",
        "Deployment Image Servicing and Management tool",
        &format!("Version: {version}"),
        "",
        &format!("Image Version: {version}"),
        "",
        &format!(
            "Features listing for package : Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~{version}"
        ),
        "",
    ]
    .map(str::to_owned)
    .into();
    let installed = evaluator.machine.installed_features();
    let is_table = asks("format:table");
    let rule = format!("{} | --------", "-".repeat(43));
    if is_table {
        lines.extend([rule.clone(), format!("{:<43} | State", "Feature Name"), rule]);
    }
    for (name, _, feature) in OPTIONAL_FEATURES {
        let state = if installed.contains(&feature) { "Enabled" } else { "Disabled" };
        if is_table {
            lines.push(format!("{name:<43} | {state}"));
        } else {
            lines.extend([format!("Feature Name : {name}"), format!("State : {state}"), String::new()]);
        }
    }
    lines.extend([String::new(), "The operation completed successfully.".to_owned()]);
    Ok(Said::lines(lines))
}

pub(super) fn wevtutil(_: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    match args {
        [word] if matches!(word.to_ascii_lowercase().as_str(), "el" | "enum-logs") => {
            Ok(Said::lines(LOGS.iter().map(|log| log.name)))
        }
        _ => refuse("wevtutil", args),
    }
}
