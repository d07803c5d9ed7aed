//! sc.exe.

use super::super::eval::{Evaluator, Run};
use super::super::machine::{Controls, Refusal, Service, ServiceStatus, StartType};
use super::{Said, refuse};

pub(super) fn sc(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let mut args = args;
    // The first may be the computer.
    if let Some(name) = args.first().and_then(|first| first.strip_prefix("\\\\")) {
        if !evaluator.host.is_named(name) {
            return refuse("sc.exe", args);
        }
        args = &args[1..];
    }
    let name = args.get(1).map_or("", String::as_str);
    match args.first().map(|verb| verb.to_ascii_lowercase()).as_deref() {
        Some("query" | "queryex") if name.is_empty() || name.contains('=') => Ok(query_all(evaluator, args)),
        Some(verb @ ("query" | "queryex")) => {
            Ok(with(evaluator, name, "EnumQueryServicesStatus:OpenService", |service| {
                Said::lines(state(service, verb == "queryex"))
            }))
        }
        Some("qc") => Ok(with(evaluator, name, "OpenService", |service| Said::lines(configuration(service)))),
        Some("qdescription") => Ok(with(evaluator, name, "OpenService", |service| {
            Said::lines([
                "[SC] QueryServiceConfig2 SUCCESS".to_owned(),
                String::new(),
                format!("SERVICE_NAME: {}", service.name),
                format!("DESCRIPTION:  {}", service.description),
            ])
        })),
        Some("qtriggerinfo") => Ok(with(evaluator, name, "OpenService", triggers)),
        Some("start") => Ok(start(evaluator, name)),
        Some("stop") => Ok(stop(evaluator, name)),
        Some("config") => config(evaluator, args),
        Some("create") => create(evaluator, args),
        Some("delete") => Ok(match evaluator.machine.delete_service(name) {
            Ok(()) => Said::lines(["[SC] DeleteService SUCCESS"]),
            Err(refusal) => refused("OpenService", refusal),
        }),
        _ => refuse("sc.exe", args),
    }
}

fn failed(what: &str, code: i32, text: &str) -> Said {
    Said::text(&format!("[SC] {what} FAILED {code}:\n\n{text}\n\n")).failed(code)
}

fn with(evaluator: &Evaluator<'_>, name: &str, what: &str, say: impl FnOnce(&Service) -> Said) -> Said {
    match evaluator.machine.services().iter().find(|service| service.name.eq_ignore_ascii_case(name)) {
        Some(service) => say(service),
        None => failed(what, 1060, "The specified service does not exist as an installed service."),
    }
}

fn query_all(evaluator: &Evaluator<'_>, args: &[String]) -> Said {
    let rest = args.join(" ").to_ascii_lowercase().replace("= ", "=");
    let (all, inactive) = (rest.contains("state=all"), rest.contains("state=inactive"));
    let mut lines = Vec::new();
    for service in evaluator.machine.services().iter() {
        let is_running = service.is_active();
        if all || is_running != inactive {
            lines.extend(state(service, false));
        }
    }
    Said::lines(lines)
}

fn kind(service: &Service) -> &'static str {
    // The spooler has been interactive since Windows NT.
    match service.shares_process() {
        true => "20  WIN32_SHARE_PROCESS  ",
        false if service.is_named("Spooler") => "110  WIN32_OWN_PROCESS  (interactive)",
        false => "10  WIN32_OWN_PROCESS  ",
    }
}

fn state(service: &Service, with_process: bool) -> Vec<String> {
    let is_running = service.is_active();
    let mut lines = vec![
        String::new(),
        format!("SERVICE_NAME: {}", service.name),
        format!("DISPLAY_NAME: {}", service.display_name),
        format!("        TYPE               : {}", kind(service)),
    ];
    lines.push(match service.status {
        ServiceStatus::Stopped => "        STATE              : 1  STOPPED ".to_owned(),
        ServiceStatus::Running => "        STATE              : 4  RUNNING ".to_owned(),
        ServiceStatus::Paused => "        STATE              : 7  PAUSED ".to_owned(),
    });
    if is_running {
        let stop = if service.can_stop() { "STOPPABLE" } else { "NOT_STOPPABLE" };
        let pause = if service.can_pause() { "PAUSABLE" } else { "NOT_PAUSABLE" };
        lines.push(format!("                                ({stop}, {pause}, ACCEPTS_SHUTDOWN)"));
    }
    let exit = service.exit_code();
    lines.extend([
        format!("        WIN32_EXIT_CODE    : {exit}  (0x{exit:x})"),
        "        SERVICE_EXIT_CODE  : 0  (0x0)".into(),
        "        CHECKPOINT         : 0x0".into(),
        "        WAIT_HINT          : 0x0".into(),
    ]);
    if with_process {
        lines.extend([
            format!("        PID                : {}", service.process_id),
            "        FLAGS              :".into(),
        ]);
    }
    lines
}

fn configuration(service: &Service) -> Vec<String> {
    let start = match service.start_type {
        StartType::Automatic if service.is_delayed => "2   AUTO_START  (DELAYED)",
        StartType::Automatic => "2   AUTO_START",
        StartType::Manual => "3   DEMAND_START",
        StartType::Disabled => "4   DISABLED",
    };
    vec![
        "[SC] QueryServiceConfig SUCCESS".into(),
        String::new(),
        format!("SERVICE_NAME: {}", service.name),
        format!("        TYPE               : {}", kind(service)),
        format!("        START_TYPE         : {start}"),
        "        ERROR_CONTROL      : 1   NORMAL".into(),
        format!("        BINARY_PATH_NAME   : {}", service.path),
        "        LOAD_ORDER_GROUP   : ".into(),
        "        TAG                : 0".into(),
        format!("        DISPLAY_NAME       : {}", service.display_name),
        format!("        DEPENDENCIES       : {}", service.depends_on.join("\n                           : ")),
        format!("        SERVICE_START_NAME : {}", service.account),
    ]
}

/// Source: public transcripts of sc.exe qtriggerinfo.
fn triggers(service: &Service) -> Said {
    if !service.has_trigger() {
        let none = format!("The service {} has not registered for any start or stop triggers.", service.name);
        return Said::lines(["[SC] QueryServiceConfig2 SUCCESS".to_owned(), String::new(), none]);
    }
    Said::lines([
        "[SC] QueryServiceConfig2 SUCCESS".to_owned(),
        String::new(),
        format!("SERVICE_NAME: {}", service.name),
        String::new(),
        "        START SERVICE".into(),
        "          CUSTOM                       : [ETW PROVIDER UUID]".into(),
    ])
}

fn start(evaluator: &Evaluator<'_>, name: &str) -> Said {
    match evaluator.machine.start_service(name, evaluator.host_time()) {
        Ok(()) => with(evaluator, name, "StartService", |service| Said::lines(state(service, true))),
        Err(Refusal::Missing) => refused("StartService: OpenService", Refusal::Missing),
        Err(refusal) => refused("StartService", refusal),
    }
}

fn stop(evaluator: &Evaluator<'_>, name: &str) -> Said {
    match evaluator.machine.stop_service(name, false, evaluator.host_time()) {
        Ok(_) => with(evaluator, name, "ControlService", |service| Said::lines(state(service, false))),
        Err(Refusal::Missing) => refused("OpenService", Refusal::Missing),
        Err(refusal) => refused("ControlService", refusal),
    }
}

fn refused(what: &str, refusal: Refusal) -> Said {
    failed(what, refusal.code() as i32, refusal.message())
}

/// `sc create NAME binPath= PATH`, each option a word of its own before its value, or in one with it.
fn create(evaluator: &Evaluator<'_>, args: &[String]) -> Run<Said> {
    let Some(name) = args.get(1).filter(|name| !name.contains('=')) else { return refuse("sc.exe", args) };
    let mut new = Service {
        name: name.clone().into(),
        display_name: name.clone().into(),
        description: "".into(),
        path: "".into(),
        account: "LocalSystem".into(),
        depends_on: Vec::new(),
        status: ServiceStatus::Stopped,
        start_type: StartType::Manual,
        is_delayed: false,
        controls: Controls::Stop,
        process_id: 0,
        started: None,
    };
    let mut rest = args[2..].iter();
    while let Some(word) = rest.next() {
        let Some((option, value)) = word.split_once('=') else { return refuse("sc.exe", args) };
        let value = if value.is_empty() { rest.next().map_or("", String::as_str) } else { value };
        match option.to_ascii_lowercase().as_str() {
            "binpath" => new.path = value.to_owned().into(),
            "displayname" => new.display_name = value.to_owned().into(),
            "obj" => new.account = value.to_owned().into(),
            "depend" => new.depends_on = value.split('/').map(|name| name.to_owned().into()).collect(),
            "start" => match start_of(value) {
                Some(start) => (new.start_type, new.is_delayed) = start,
                None => return refuse("sc.exe", args),
            },
            "password" => {}
            _ => return refuse("sc.exe", args),
        }
    }
    if new.path.is_empty() {
        return refuse("sc.exe", args);
    }
    Ok(match evaluator.machine.create_service(new, evaluator.host_time()) {
        Ok(()) => Said::lines(["[SC] CreateService SUCCESS"]),
        Err(refusal) => refused("CreateService", refusal),
    })
}

/// What `start=` says.
fn start_of(value: &str) -> Option<(StartType, bool)> {
    Some(match value.to_ascii_lowercase().as_str() {
        "auto" => (StartType::Automatic, false),
        "delayed-auto" => (StartType::Automatic, true),
        "demand" => (StartType::Manual, false),
        "disabled" => (StartType::Disabled, false),
        _ => return None,
    })
}

/// `sc config NAME start= auto`
fn config(evaluator: &Evaluator<'_>, args: &[String]) -> Run<Said> {
    let name = args.get(1).map_or("", String::as_str);
    let rest = args.get(2..).unwrap_or_default().join(" ").to_ascii_lowercase().replace("= ", "=");
    let Some((start, is_delayed)) = rest.strip_prefix("start=").and_then(start_of) else {
        return refuse("sc.exe", args);
    };
    let changed = evaluator.machine.configure_service(name, evaluator.host_time(), |service| {
        (service.start_type, service.is_delayed) = (start, is_delayed);
    });
    Ok(match changed {
        Ok(()) => Said::lines(["[SC] ChangeServiceConfig SUCCESS"]),
        Err(refusal) => refused("OpenService", refusal),
    })
}
