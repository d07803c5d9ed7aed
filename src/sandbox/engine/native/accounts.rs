//! net: services, shares, accounts of the host.

use super::super::convert::text;
use super::super::datetime;
use super::super::eval::{Evaluator, Run};
use super::super::machine::{Machine, Refusal, Role};
use super::{Said, columns, refuse};

pub(super) const DONE: &str = "The command completed successfully.";

pub(super) fn net(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let verb = args.first().map(|verb| verb.to_ascii_lowercase());
    let name = args.get(1..).unwrap_or_default().join(" ");
    Ok(match (verb.as_deref(), name.is_empty()) {
        (Some("start"), true) => started(evaluator),
        (Some("start"), false) => start(evaluator, &name),
        (Some("stop"), false) => stop(evaluator, &name),
        (Some("share"), true) => shares(evaluator),
        (Some("use"), true) => Said::text("New connections will be remembered.\n\nThere are no entries in the list.\n"),
        (Some("accounts"), true) => accounts(evaluator),
        (Some("statistics"), false) => statistics(evaluator, &name),
        (Some("user"), true) => users(evaluator),
        (Some("user"), false) if args.len() == 2 => super::user::user(evaluator, &name),
        (Some("localgroup"), false)
            if args.len() == 4 && ["/add", "/delete"].contains(&args[3].to_lowercase().as_str()) =>
        {
            super::user::change_member(evaluator, &args[1], &args[2], args[3].eq_ignore_ascii_case("/add"))
        }
        (Some("pause"), false) => switch_service(evaluator, &name, "paused", Machine::pause_service),
        (Some("continue"), false) => switch_service(evaluator, &name, "continued", Machine::continue_service),
        (Some("session" | "file"), true) => Said::text("There are no entries in the list.\n"),
        (Some("config"), false) if name.eq_ignore_ascii_case("workstation") => workstation(evaluator),
        (Some("localgroup"), true) => groups(evaluator),
        (Some("localgroup"), false) if args.len() == 2 => members(evaluator, &name),
        (None, _) => Said::error(
            "The syntax of this command is:\n\nNET\n    [ ACCOUNTS | COMPUTER | CONFIG | CONTINUE | FILE | GROUP | HELP |\n      \
             HELPMSG | LOCALGROUP | PAUSE | SESSION | SHARE | START |\n      STATISTICS | STOP | TIME | USE | USER | VIEW ]",
            1,
        ),
        _ => return refuse("net", args),
    })
}

/// Short and display name of a service by one of both.
fn service(evaluator: &Evaluator<'_>, name: &str) -> Option<(String, String)> {
    let services = evaluator.machine.services();
    let found = services.iter().find(|own| own.is_named(name) || own.display_name.eq_ignore_ascii_case(name))?;
    Some((found.name.to_string(), found.display_name.to_string()))
}

fn start(evaluator: &Evaluator<'_>, name: &str) -> Said {
    let Some((name, shown)) = service(evaluator, name) else { return helped("The service name is invalid.", 2185) };
    match evaluator.machine.start_service(&name, evaluator.host_time()) {
        Ok(()) => Said::lines([
            format!("The {shown} service is starting."),
            format!("The {shown} service was started successfully."),
            String::new(),
        ]),
        Err(Refusal::AlreadyRunning) => helped("The requested service has already been started.", 2182),
        Err(refusal) => system_error(refusal.code(), refusal.message()),
    }
}

fn stop(evaluator: &Evaluator<'_>, name: &str) -> Said {
    let Some((name, shown)) = service(evaluator, name) else { return helped("The service name is invalid.", 2185) };
    match evaluator.machine.stop_service(&name, false, evaluator.host_time()) {
        Ok(_) => Said::lines([
            format!("The {shown} service is stopping."),
            format!("The {shown} service was stopped successfully."),
            String::new(),
        ]),
        Err(Refusal::NotRunning) => helped(&format!("The {shown} service is not started."), 3521),
        Err(refusal) => system_error(refusal.code(), refusal.message()),
    }
}

pub(super) fn switch_service(
    evaluator: &Evaluator<'_>,
    name: &str,
    done: &str,
    switch: fn(&Machine, &str) -> Result<(), Refusal>,
) -> Said {
    let Some((name, shown)) = service(evaluator, name) else { return helped("The service name is invalid.", 2185) };
    match switch(&evaluator.machine, &name) {
        Ok(()) => Said::lines([format!("The {shown} service was {done} successfully."), String::new()]),
        Err(Refusal::NotRunning) => helped(&format!("The {shown} service is not started."), 3521),
        Err(refusal) => system_error(refusal.code(), refusal.message()),
    }
}

/// Source: public transcripts of net config workstation.
fn workstation(evaluator: &Evaluator<'_>) -> Said {
    let host = &evaluator.host;
    let line = |label: &str, value: &str| format!("{label:<37}{value}");
    let name = host.name().to_uppercase();
    Said::lines([
        line("Computer name", &format!("\\\\{name}")),
        line("Full Computer name", &host.full_name()),
        line("User name", "sandbox"),
        String::new(),
        line("Software version", host.operating_system().caption.trim_start_matches("Microsoft ")),
        String::new(),
        line("Workstation domain", host.domain_name()),
        line("Workstation Domain DNS Name", host.domain()),
        line("Logon domain", host.domain_name()),
        String::new(),
        DONE.into(),
        String::new(),
    ])
}

pub(super) fn helped(text: &str, number: i32) -> Said {
    Said::error(&format!("{text}\n\nMore help is available by typing NET HELPMSG {number}.\n"), 2)
}

pub(super) fn system_error(code: u32, text: &str) -> Said {
    Said::error(&format!("System error {code} has occurred.\n\n{text}\n"), 2)
}

fn started(evaluator: &Evaluator<'_>) -> Said {
    let services = evaluator.machine.services();
    let running = services.iter().filter(|service| service.is_active());
    let mut names: Vec<String> = running.map(|service| format!("   {}", service.display_name)).collect();
    names.sort_by_cached_key(|name| name.to_lowercase());
    let head = ["These Windows services are started:".to_owned(), String::new()];
    Said::lines(head.into_iter().chain(names).chain([String::new(), DONE.into(), String::new()]))
}

/// A property of each object of a class, with another one beside it.
fn of_class(evaluator: &mut Evaluator<'_>, class: &str, names: [&str; 3]) -> Vec<[String; 3]> {
    let values = super::super::cim::all_of(evaluator, class);
    let get = |object: &super::super::value::Val, name: &str| {
        evaluator.member(object, name).map_or_else(String::new, |value| text(&value))
    };
    values.iter().map(|object| names.map(|name| get(object, name))).collect()
}

fn shares(evaluator: &mut Evaluator<'_>) -> Said {
    let mut lines = vec![
        String::new(),
        columns(&[("Share name", 12), ("Resource", 31), ("Remark", 30)]),
        String::new(),
        "-".repeat(79),
    ];
    for [name, path, about] in of_class(evaluator, "Win32_Share", ["Name", "Path", "Description"]) {
        lines.push(columns(&[(&name, 12), (&path, 31), (&about, 30)]));
    }
    lines.extend([DONE.to_owned(), String::new()]);
    Said::lines(lines)
}

/// Three names a line, as net shows accounts.
fn in_columns(names: &[String]) -> Vec<String> {
    names
        .chunks(3)
        .map(|row| row.iter().map(|name| format!("{name:<25}")).collect::<String>().trim_end().to_owned())
        .collect()
}

fn users(evaluator: &mut Evaluator<'_>) -> Said {
    let computer = evaluator.host.name().to_uppercase();
    let found = of_class(evaluator, "Win32_UserAccount", ["Name", "SID", "Caption"]);
    let names: Vec<String> = found.into_iter().map(|[name, ..]| name).collect();
    let mut lines = vec![String::new(), format!("User accounts for \\\\{computer}"), String::new(), "-".repeat(79)];
    lines.extend(in_columns(&names));
    lines.extend([DONE.to_owned(), String::new()]);
    Said::lines(lines)
}

fn groups(evaluator: &mut Evaluator<'_>) -> Said {
    let computer = evaluator.host.name().to_uppercase();
    let mut lines = vec![String::new(), format!("Aliases for \\\\{computer}"), String::new(), "-".repeat(79)];
    for [name, ..] in of_class(evaluator, "Win32_Group", ["Name", "SID", "Caption"]) {
        lines.push(format!("*{name}"));
    }
    lines.extend([DONE.to_owned(), String::new()]);
    Said::lines(lines)
}

fn members(evaluator: &mut Evaluator<'_>, group: &str) -> Said {
    let accounts = evaluator.machine.accounts();
    let Some(group) = accounts.groups.iter().find(|own| own.name.eq_ignore_ascii_case(group)) else {
        return system_error(1376, "The specified local group does not exist.");
    };
    let own = format!("{}\\", evaluator.host.account_authority());
    let mut lines = vec![
        format!("Alias name     {}", group.name),
        format!("Comment        {}", group.description),
        String::new(),
        "Members".into(),
        String::new(),
        "-".repeat(79),
    ];
    lines.extend(group.members.iter().map(|member| member.name.strip_prefix(&own).unwrap_or(&member.name).to_owned()));
    lines.extend([DONE.to_owned(), String::new()]);
    Said::lines(lines)
}

fn accounts(evaluator: &Evaluator<'_>) -> Said {
    let role = match evaluator.host.role() {
        Role::DomainController if evaluator.host.is_primary_controller() => "PRIMARY",
        Role::DomainController => "BACKUP",
        _ => "SERVER",
    };
    Said::lines([
        "Force user logoff how long after time expires?:       Never".to_owned(),
        "Minimum password age (days):                          1".into(),
        "Maximum password age (days):                          42".into(),
        "Minimum password length:                              14".into(),
        "Length of password history maintained:                24".into(),
        "Lockout threshold:                                    10".into(),
        "Lockout duration (minutes):                           30".into(),
        "Lockout observation window (minutes):                 30".into(),
        format!("Computer role:                                        {role}"),
        DONE.into(),
        String::new(),
    ])
}

fn statistics(evaluator: &mut Evaluator<'_>, what: &str) -> Said {
    let computer = evaluator.host.name().to_uppercase();
    let title = match what.to_ascii_lowercase().as_str() {
        "workstation" => "Workstation",
        "server" => "Server",
        _ => return helped("The service name is invalid.", 2185),
    };
    let offset = evaluator.host.utc_offset_minutes();
    let boot = datetime::DateTime::local(evaluator.machine.boot_time(), offset);
    Said::lines([
        format!("{title} Statistics for \\\\{computer}"),
        String::new(),
        String::new(),
        format!("Statistics since {}", datetime::format(&boot, "M/d/yyyy h:mm:ss tt")),
        String::new(),
        DONE.into(),
        String::new(),
    ])
}
