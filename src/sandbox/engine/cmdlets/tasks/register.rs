//! Register-ScheduledTask, and the parts that it puts together.

use super::super::super::convert::{cast, text};
use super::super::super::datetime::{self, DateTime, Kind};
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::machine::{NOT_RUN, Task, TaskLogon, TaskRefusal, Trigger};
use super::super::super::types::TypeRef;
use super::super::super::value::Val;
use super::super::Bound;
use super::super::cdxml::provider_error;
use super::object::{ACTION, PRINCIPAL, object, trigger as trigger_object};

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

pub(super) fn action(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let part = |name: &str| bound.text(name).map_or(Val::Null, Val::str);
    let values = vec![part("Id"), part("Argument"), part("Execute"), part("WorkingDirectory")];
    out.put(evaluator, ACTION.instance(&ACTION.schema(), values))
}

pub(super) fn principal(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let part = |name: &str| bound.text(name).map_or(Val::Null, Val::str);
    let values =
        vec![Val::Null, part("GroupId"), part("Id"), part("LogonType"), part("RunLevel"), part("UserId"), Val::Null];
    out.put(evaluator, PRINCIPAL.instance(&PRINCIPAL.schema(), values))
}

/// The time of `-At`: a time, or a text such as `3am`, which is one of today.
fn time_of(evaluator: &Evaluator<'_>, value: &Val) -> Run<DateTime> {
    let value = match value {
        Val::Str(clock) if !clock.contains(['/', '-']) => {
            Val::str(format!("{} {clock}", datetime::format(&evaluator.now(), "yyyy-MM-dd")))
        }
        other => other.clone(),
    };
    match cast(&value, &TypeRef::named("System.DateTime"))? {
        Val::DateTime(time) if time.kind == Kind::Utc => Ok(time.to_local(evaluator.host.utc_offset_minutes())),
        Val::DateTime(time) => Ok(DateTime { kind: Kind::Local(evaluator.host.utc_offset_minutes()), ..time }),
        _ => Ok(evaluator.now()),
    }
}

pub(super) fn trigger(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let (minute, start) = match bound.get("At") {
        Some(value) => {
            let time = time_of(evaluator, value)?;
            ((time.time_of_day() / 600_000_000) as u32, datetime::format(&time, "yyyy-MM-ddTHH:mm:ssK"))
        }
        None if bound.switch("AtStartup") => (0, String::new()),
        None => return Err(super::super::binding::missing("At").into()),
    };
    let made = if bound.switch("AtStartup") {
        Trigger::Boot
    } else if bound.switch("Weekly") {
        let day = bound.text("DaysOfWeek").unwrap_or_default();
        match DAYS.iter().position(|name| name.eq_ignore_ascii_case(&day)) {
            Some(day) => Trigger::Weekly(day as u32, minute),
            None => return Err(ErrorRecord::unsupported("a weekly trigger of several days or none").into()),
        }
    } else if bound.switch("Daily") {
        Trigger::Daily(minute)
    } else {
        return Err(ErrorRecord::unsupported("this kind of trigger").into());
    };
    for object in trigger_object(made, &start).into_items() {
        out.put(evaluator, object)?;
    }
    Ok(())
}

/// The trigger of an object that New-ScheduledTaskTrigger made.
fn trigger_of(evaluator: &Evaluator<'_>, object: &Val) -> Option<Trigger> {
    let member = |name: &str| evaluator.member(object, name).filter(|value| !value.is_null());
    let boundary = member("StartBoundary").map_or_else(String::new, |boundary| text(&boundary));
    let number = |from: usize| boundary.get(from..from + 2).and_then(|digits| digits.parse::<u32>().ok());
    let minute = number(11).zip(number(14)).map(|(hour, minute)| hour * 60 + minute);
    if let Some(days) = member("DaysOfWeek").and_then(|days| text(&days).parse::<u16>().ok()) {
        return Some(Trigger::Weekly(days.trailing_zeros().min(6), minute?));
    }
    match (member("DaysInterval"), minute) {
        (Some(_), Some(minute)) => Some(Trigger::Daily(minute)),
        (None, None) => Some(Trigger::Boot),
        _ => None,
    }
}

fn no_such_name(parameter: &str, value: &str, names: &str) -> ErrorRecord {
    let message = format!(
        "Cannot process argument transformation on parameter '{parameter}'. Cannot convert value \"{value}\" to type \
         \"Microsoft.PowerShell.Cmdletization.GeneratedTypes.ScheduledTask.{parameter}Enum\". Error: \"Unable to match the \
         identifier name {value} to a valid enumerator name. Specify one of the following enumerator names and try \
         again:\n{names}\""
    );
    let kind = "System.Management.Automation.ParameterBindingException";
    ErrorRecord::new(kind, message, "ParameterArgumentTransformationError", 6)
}

fn is_elevated(level: &str) -> Run<bool> {
    match level.to_ascii_lowercase().as_str() {
        "highest" | "1" => Ok(true),
        "" | "limited" | "0" => Ok(false),
        _ => Err(no_such_name("RunLevel", level, "Limited, Highest").into()),
    }
}

/// How a task logs on: as it was said, else as its account does.
fn logon_of(said: &str, user: &str, is_group: bool) -> Run<TaskLogon> {
    let all = [
        ("password", TaskLogon::Password),
        ("s4u", TaskLogon::S4U),
        ("interactive", TaskLogon::Interactive),
        ("group", TaskLogon::Group),
        ("serviceaccount", TaskLogon::ServiceAccount),
    ];
    let is_service = ["SYSTEM", "LOCAL SERVICE", "NETWORK SERVICE"].iter().any(|own| own.eq_ignore_ascii_case(user));
    match all.iter().find(|(name, _)| name.eq_ignore_ascii_case(said)) {
        Some((_, logon)) => Ok(*logon),
        None if !said.is_empty() => Err(no_such_name(
            "LogonType",
            said,
            "None, Password, S4U, Interactive, Group, ServiceAccount, InteractiveOrPassword",
        )
        .into()),
        None if is_group => Ok(TaskLogon::Group),
        None if is_service => Ok(TaskLogon::ServiceAccount),
        None => Ok(TaskLogon::Interactive),
    }
}

pub(super) fn register(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let name = bound.text("TaskName").unwrap_or_default();
    let path = format!("\\{}\\", bound.text("TaskPath").unwrap_or_default().trim_matches('\\')).replace("\\\\", "\\");
    let Some(action) = bound.items("Action").into_iter().next() else {
        return Err(super::super::binding::missing("Action").into());
    };
    let part = |object: &Val, name: &str| {
        evaluator.member(object, name).filter(|value| !value.is_null()).map_or_else(String::new, |value| text(&value))
    };
    let trigger = match bound.items("Trigger").first() {
        Some(object) => match trigger_of(evaluator, object) {
            Some(trigger) => trigger,
            None => return Err(ErrorRecord::unsupported("this kind of trigger").into()),
        },
        None => Trigger::Never,
    };
    let (user, group, level, logon) = match bound.get("Principal") {
        Some(principal) => {
            let part = |name: &str| part(principal, name);
            (part("UserId"), part("GroupId"), part("RunLevel"), part("LogonType"))
        }
        None => {
            let level = bound.text("RunLevel").unwrap_or_default();
            let logon = if bound.get("Password").is_some() { "Password" } else { "" };
            (bound.text("User").unwrap_or_else(|| "sandbox".into()), String::new(), level, logon.to_owned())
        }
    };
    let start = bound.items("Trigger").first().map_or_else(String::new, |trigger| part(trigger, "StartBoundary"));
    let user = if user.is_empty() { &group } else { &user };
    let user = user.rsplit("NT AUTHORITY\\").next().unwrap_or_default().to_owned();
    let is_elevated = is_elevated(&level)?;
    let logon = logon_of(&logon, &user, !group.is_empty())?;
    let task = Task {
        path,
        name,
        description: bound.text("Description").unwrap_or_default(),
        author: String::new(),
        user,
        execute: part(&action, "Execute"),
        arguments: part(&action, "Arguments"),
        folder: part(&action, "WorkingDirectory"),
        is_elevated,
        logon,
        trigger,
        start,
        is_enabled: true,
        started: None,
        result: NOT_RUN,
    };
    match evaluator.machine.add_task(task.clone(), bound.switch("Force")) {
        Ok(()) => return out.put(evaluator, object(&task)),
        Err(TaskRefusal::Full) => return evaluator.write_error(ErrorRecord::full("scheduled tasks")),
        Err(TaskRefusal::Exists) => {}
    }
    let message = "Cannot create a file when that file already exists.";
    let target = Val::str("PS_ScheduledTask");
    evaluator.write_error(provider_error("Register-ScheduledTask", 0x8007_00B7, message, 20, target))
}
