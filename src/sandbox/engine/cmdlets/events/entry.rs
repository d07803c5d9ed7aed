//! Get-EventLog: entries of the classic logs, newest first.

use super::super::super::convert::{self, cast, text};
use super::super::super::datetime::DateTime;
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::machine::{Event, EventLog, LOGS, Level};
use super::super::super::types::TypeRef;
use super::super::super::value::{Obj, Schema, Val};
use super::super::Bound;
use super::list;

// Source: learn.microsoft.com, EventLogEntry Class; EventID is a script property of PowerShell's types.ps1xml.
const NAMES: [&str; 16] = [
    "EventID",
    "MachineName",
    "Data",
    "Index",
    "Category",
    "CategoryNumber",
    "EntryType",
    "Message",
    "Source",
    "ReplacementStrings",
    "InstanceId",
    "TimeGenerated",
    "TimeWritten",
    "UserName",
    "Site",
    "Container",
];

/// The type of an entry by its level.
pub(super) fn entry_type(level: Level) -> (&'static str, i32) {
    match level {
        Level::Error | Level::Critical => ("Error", 1),
        Level::Warning => ("Warning", 2),
        Level::Information => ("Information", 4),
        Level::AuditSuccess => ("SuccessAudit", 8),
        Level::AuditFailure => ("FailureAudit", 16),
    }
}

pub(super) fn user_name(sid: Option<&str>) -> Option<&'static str> {
    match sid {
        Some("S-1-5-18") => Some("NT AUTHORITY\\SYSTEM"),
        _ => None,
    }
}

/// The host's name as events carry it.
pub(super) fn machine_name(evaluator: &Evaluator<'_>) -> String {
    format!("{}.{}", evaluator.host.name().to_uppercase(), evaluator.host.domain())
}

fn object(evaluator: &Evaluator<'_>, event: &Event) -> Val {
    const CLASS: &str = "System.Diagnostics.EventLogEntry";
    let (kind, instance) = (&event.kind, event.kind.instance_id());
    let exact = format!("{CLASS}#{}/{}/{instance}", kind.log, kind.source());
    let of_source = format!("{CLASS}#{}/{}", kind.log, kind.source());
    let of_log = format!("{CLASS}#{}", kind.log);
    let type_names = [
        exact.as_str(),
        &of_source,
        &of_log,
        CLASS,
        "System.ComponentModel.Component",
        "System.MarshalByRefObject",
        "System.Object",
    ];
    let (entry_type, number) = entry_type(kind.level);
    let at = DateTime::local(event.at, evaluator.host.utc_offset_minutes());
    // Entries have whole seconds.
    let at = Val::DateTime(at.plus(-at.ticks.rem_euclid(10_000_000)).unwrap_or(at));
    let category = if kind.task.1.is_empty() { format!("({})", kind.task.0) } else { kind.task.1.to_string() };
    let strings = event.values.iter().map(|value| Val::str(value.clone())).collect();
    let values = vec![
        Val::I32(kind.id as i32),
        Val::str(machine_name(evaluator)),
        Val::list("System.Byte[]", Vec::new()),
        Val::I32(event.record_id as i32),
        Val::str(category),
        Val::I16(kind.task.0 as i16),
        Val::of_enum("System.Diagnostics.EventLogEntryType", entry_type, number),
        Val::str(event.message()),
        Val::str(kind.source()),
        Val::list("System.String[]", strings),
        Val::I64(instance),
        at.clone(),
        at,
        user_name(kind.user).map_or(Val::Null, Val::str),
        Val::Null,
        Val::Null,
    ];
    Obj::typed(&Schema::new(&type_names, &NAMES), CLASS, values)
}

/// The conditions of Get-EventLog.
struct Wanted {
    after: Option<i64>,
    before: Option<i64>,
    instances: Vec<i64>,
    indexes: Vec<i64>,
    types: Vec<String>,
    sources: Vec<String>,
    users: Vec<String>,
    message: Option<String>,
}

impl Wanted {
    fn of(evaluator: &Evaluator<'_>, bound: &Bound) -> Run<Self> {
        let offset = evaluator.host.utc_offset_minutes();
        let time = |name: &str| -> Run<Option<i64>> {
            let Some(value) = bound.get(name) else { return Ok(None) };
            match cast(value, &TypeRef::named("System.DateTime"))? {
                Val::DateTime(time) => Ok(Some(time.to_utc(offset).ticks)),
                _ => Ok(None),
            }
        };
        let numbers = |name: &str| bound.items(name).iter().map(convert::index).collect::<Result<Vec<_>, _>>();
        let types = bound.texts("EntryType");
        let known = ["Error", "Information", "FailureAudit", "SuccessAudit", "Warning"];
        if let Some(wrong) = types.iter().find(|wanted| !known.iter().any(|known| known.eq_ignore_ascii_case(wanted))) {
            let message = format!(
                "Cannot validate argument on parameter 'EntryType'. The argument \"{wrong}\" does not belong to the set \
                 \"Error,Information,FailureAudit,SuccessAudit,Warning\" specified by the ValidateSet attribute. Supply an \
                 argument that is in the set and then try the command again."
            );
            let kind = "System.Management.Automation.ParameterBindingException";
            return Err(ErrorRecord::new(kind, message, "ParameterArgumentValidationError", 5).into());
        }
        Ok(Self {
            after: time("After")?,
            before: time("Before")?,
            instances: numbers("InstanceId")?,
            indexes: numbers("Index")?,
            types,
            sources: bound.texts("Source"),
            users: bound.texts("UserName"),
            message: bound.text("Message"),
        })
    }

    fn takes(&self, evaluator: &mut Evaluator<'_>, event: &Event) -> Run<bool> {
        let ticks = DateTime::utc(event.at).ticks;
        let kind = &event.kind;
        if self.after.is_some_and(|after| ticks <= after) || self.before.is_some_and(|before| ticks >= before) {
            return Ok(false);
        }
        if !self.types.is_empty() && !self.types.iter().any(|name| name.eq_ignore_ascii_case(entry_type(kind.level).0))
        {
            return Ok(false);
        }
        if !self.instances.is_empty() && !self.instances.contains(&kind.instance_id()) {
            return Ok(false);
        }
        if !self.indexes.is_empty() && !self.indexes.contains(&(event.record_id as i64)) {
            return Ok(false);
        }
        let user = user_name(kind.user).unwrap_or_default();
        for (patterns, value) in [(&self.sources, kind.source()), (&self.users, user)] {
            let mut is_one = patterns.is_empty();
            for pattern in patterns {
                is_one = is_one || evaluator.patterns.like(value, pattern, false)?;
            }
            if !is_one {
                return Ok(false);
            }
        }
        match &self.message {
            Some(pattern) => Ok(evaluator.patterns.like(&event.message(), pattern, false)?),
            None => Ok(true),
        }
    }
}

fn logs(evaluator: &mut Evaluator<'_>, pattern: &str) -> Run<Vec<&'static EventLog>> {
    let mut found = Vec::new();
    for log in LOGS.iter().filter(|log| log.is_classic) {
        if evaluator.patterns.like(log.name, pattern, false)? {
            found.push(log);
        }
    }
    if found.is_empty() {
        let message = format!("The event log '{pattern}' on computer '.' does not exist.");
        let kind = "System.InvalidOperationException";
        return Err(ErrorRecord::new(kind, message, kind, 0).into());
    }
    Ok(found)
}

pub(super) fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    if bound.switch("List") || (bound.switch("AsString") && bound.get("LogName").is_none()) {
        return list::classic(evaluator, bound.switch("AsString"), out);
    }
    let Some(name) = bound.get("LogName").map(text) else {
        return Err(super::super::binding::missing("LogName").into());
    };
    let wanted = Wanted::of(evaluator, bound)?;
    let most = bound.count("Newest")?.unwrap_or(usize::MAX);
    let mut count = 0;
    for log in logs(evaluator, &name)? {
        for event in evaluator.machine.events(log).iter().rev() {
            evaluator.step(2)?;
            if count >= most {
                return Ok(());
            }
            if wanted.takes(evaluator, event)? {
                count += 1;
                let object = object(evaluator, event);
                out.put(evaluator, object)?;
            }
        }
    }
    if count > 0 || most == 0 {
        return Ok(());
    }
    evaluator.write_error(ErrorRecord::new(
        "System.ArgumentException",
        "No matches found",
        "GetEventLogNoEntriesFound",
        13,
    ))
}
