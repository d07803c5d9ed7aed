//! tasklist, taskkill.

use super::super::eval::{Evaluator, Run};
use super::super::machine::Process;
use super::{Said, columns, grouped, refuse, switch};

/// A process as tasklist shows it.
struct Row {
    image: String,
    id: u32,
    session: u32,
    kilobytes: u64,
    services: String,
}

/// What was asked of tasklist.
#[derive(Default)]
struct Asked {
    format: String,
    no_head: bool,
    services: bool,
    filters: Vec<String>,
}

pub(super) fn tasklist(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let mut asked = Asked { format: "table".into(), ..Asked::default() };
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match switch(arg).as_deref() {
            Some("svc") => asked.services = true,
            Some("nh") => asked.no_head = true,
            Some("fo") => asked.format = rest.next().map_or_else(String::new, |format| format.to_ascii_lowercase()),
            Some("fi") => asked.filters.extend(rest.next().cloned()),
            _ => return refuse("tasklist", args),
        }
    }
    let mut rows = rows(evaluator);
    for filter in &asked.filters {
        let words: Vec<&str> = filter.split_whitespace().collect();
        let [what, op, value] = words[..] else { return refuse("tasklist", args) };
        let is_not = op.eq_ignore_ascii_case("ne");
        if !is_not && !op.eq_ignore_ascii_case("eq") {
            return refuse("tasklist", args);
        }
        match what.to_ascii_lowercase().as_str() {
            "imagename" => {
                let start = value.strip_suffix('*');
                rows.retain(|row| {
                    let fits = match start {
                        Some(start) => row.image.to_ascii_lowercase().starts_with(&start.to_ascii_lowercase()),
                        None => row.image.eq_ignore_ascii_case(value),
                    };
                    fits != is_not
                });
            }
            "pid" => rows.retain(|row| (row.id.to_string() == value) != is_not),
            _ => return refuse("tasklist", args),
        }
    }
    if rows.is_empty() {
        return Ok(Said::lines(["INFO: No tasks are running which match the specified criteria."]));
    }
    match asked.format.as_str() {
        "table" => Ok(Said::lines(table(&rows, &asked))),
        "csv" => Ok(Said::lines(csv(&rows, &asked))),
        "list" if !asked.services => Ok(Said::lines(list(&rows))),
        _ => refuse("tasklist", args),
    }
}

fn rows(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let mut processes = evaluator.machine.processes(evaluator.host_time());
    processes.sort_by_key(|process| process.id);
    let services = evaluator.machine.services();
    let of = |id: u32| {
        let names: Vec<&str> =
            services.iter().filter(|service| service.process_id == id).map(|service| &*service.name).collect();
        // Stopped services have no process, and the idle one has no services.
        if id == 0 || names.is_empty() { "N/A".to_owned() } else { names.join(", ") }
    };
    let row = |process: &Process| Row {
        image: process.image(),
        id: process.id,
        session: process.session,
        kilobytes: process.working_set / 1024,
        services: of(process.id),
    };
    processes.iter().map(row).collect()
}

fn session(row: &Row) -> &'static str {
    if row.session == 0 { "Services" } else { "Console" }
}

fn table(rows: &[Row], asked: &Asked) -> Vec<String> {
    let mut lines = Vec::new();
    if !asked.no_head {
        lines.push(String::new());
        lines.push(match asked.services {
            true => format!("{:<25} {:>8} Services", "Image Name", "PID"),
            false => format!(
                "{:<25} {:>8} {:<16} {:>11} {:>12}",
                "Image Name", "PID", "Session Name", "Session#", "Mem Usage"
            ),
        });
        let widths: &[usize] = if asked.services { &[25, 8, 44] } else { &[25, 8, 16, 11, 12] };
        lines.push(widths.iter().map(|width| "=".repeat(*width)).collect::<Vec<_>>().join(" "));
    }
    lines.extend(rows.iter().map(|row| match asked.services {
        true => format!("{:<25.25} {:>8} {}", row.image, row.id, columns(&[(&row.services, 44)])),
        false => format!(
            "{:<25.25} {:>8} {:<16} {:>11} {:>12}",
            row.image,
            row.id,
            session(row),
            row.session,
            format!("{} K", grouped(row.kilobytes))
        ),
    }));
    lines
}

fn csv(rows: &[Row], asked: &Asked) -> Vec<String> {
    let quoted = |cells: &[&str]| cells.iter().map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(",");
    let head: &[&str] = match asked.services {
        true => &["Image Name", "PID", "Services"],
        false => &["Image Name", "PID", "Session Name", "Session#", "Mem Usage"],
    };
    let line = |row: &Row| match asked.services {
        true => quoted(&[&row.image, &row.id.to_string(), &row.services]),
        false => {
            let memory = format!("{} K", grouped(row.kilobytes));
            quoted(&[&row.image, &row.id.to_string(), session(row), &row.session.to_string(), &memory])
        }
    };
    let head = (!asked.no_head).then(|| quoted(head));
    head.into_iter().chain(rows.iter().map(line)).collect()
}

fn list(rows: &[Row]) -> Vec<String> {
    let one = |row: &Row| {
        [
            String::new(),
            format!("Image Name:   {}", row.image),
            format!("PID:          {}", row.id),
            format!("Session Name: {}", session(row)),
            format!("Session#:     {}", row.session),
            format!("Mem Usage:    {} K", grouped(row.kilobytes)),
        ]
    };
    rows.iter().flat_map(one).collect()
}

pub(super) fn taskkill(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let (mut ids, mut images, mut forced) = (Vec::new(), Vec::new(), false);
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match switch(arg).as_deref() {
            Some("pid") => ids.extend(rest.next().cloned()),
            Some("im") => images.extend(rest.next().cloned()),
            Some("f") => forced = true,
            Some("t") => {}
            _ => return refuse("taskkill", args),
        }
    }
    if ids.is_empty() && images.is_empty() {
        return Ok(Said::error(
            "ERROR: Invalid syntax. Neither /FI nor /PID nor /IM were specified.\nType \"TASKKILL /?\" for usage.",
            1,
        ));
    }
    let processes = evaluator.machine.processes(evaluator.host_time());
    let mut said = Said::default();
    let wanted =
        |process: &Process, name: &str| process.id.to_string() == name || process.image().eq_ignore_ascii_case(name);
    for name in ids.iter().chain(&images) {
        let found: Vec<&Process> = processes.iter().filter(|process| wanted(process, name)).collect();
        if found.is_empty() {
            said.errors.push(format!("ERROR: The process \"{name}\" not found."));
            said.code = 128;
        }
        for process in found {
            let (id, shown) = (process.id, process.image());
            if process.is_guarded() || !forced {
                // Source: public transcripts of taskkill.
                let why = match (process.is_critical(), forced) {
                    (true, _) => "Reason: This is critical system process. Taskkill cannot end this process.",
                    (false, true) => "Reason: Access is denied.",
                    (false, false) => "Reason: This process can only be terminated forcefully (with /F option).",
                };
                said.errors
                    .extend([format!("ERROR: The process with PID {id} could not be terminated."), why.to_owned()]);
                said.code = 1;
                continue;
            }
            evaluator.machine.end_process(id, evaluator.host_time());
            said.lines.push(match images.contains(name) {
                true => format!("SUCCESS: The process \"{shown}\" with PID {id} has been terminated."),
                false => format!("SUCCESS: The process with PID {id} has been terminated."),
            });
        }
    }
    Ok(said)
}
