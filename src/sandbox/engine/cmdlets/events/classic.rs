//! Write-, New- and Clear-EventLog.

use std::borrow::Cow;

use super::super::super::convert;
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::machine::{EventKind, EventLog, Level, SourceRefusal, log_named};
use super::super::super::value::Val;
use super::super::Bound;

/// Source: public transcripts of Windows PowerShell 5.1.
fn missing_log(name: &str) -> ErrorRecord {
    let message = format!("The Log name \"{name}\" does not exist in the computer \"localhost\".");
    ErrorRecord::new("System.InvalidOperationException", message, "LogDoesNotExist", 7).with_target(Val::Null)
}

fn classic(name: &str) -> Option<&'static EventLog> {
    log_named(name).filter(|log| log.is_classic)
}

/// Characters of an entry's text.
const MOST_TEXT: usize = 32_766;

/// `-EntryType`: a name of EventLogEntryType or the start of one, or its number.
fn level(bound: &Bound) -> Run<Level> {
    let Some(wanted) = bound.text("EntryType") else { return Ok(Level::Information) };
    let all = [
        ("error", "1", Level::Error),
        ("warning", "2", Level::Warning),
        ("information", "4", Level::Information),
        ("successaudit", "8", Level::AuditSuccess),
        ("failureaudit", "16", Level::AuditFailure),
    ];
    let lower = wanted.to_ascii_lowercase();
    let is_start = |name: &str| !lower.is_empty() && name.starts_with(&lower);
    if let Some((.., level)) = all.iter().find(|(name, number, _)| is_start(name) || *number == lower) {
        return Ok(*level);
    }
    let message = format!(
        "Cannot bind parameter 'EntryType'. Cannot convert value \"{wanted}\" to type \
         \"System.Diagnostics.EventLogEntryType\". Error: \"Unable to match the identifier name {wanted} to a valid \
         enumerator name. Specify one of the following enumerator names and try again:\nError, Warning, Information, \
         SuccessAudit, FailureAudit\""
    );
    let kind = "System.Management.Automation.ParameterBindingException";
    Err(ErrorRecord::new(kind, message, "CannotConvertArgumentNoMessage", 5).into())
}

pub(super) fn write(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    let (name, source) = (bound.text("LogName").unwrap_or_default(), bound.text("Source").unwrap_or_default());
    let Some(log) = classic(&name) else { return evaluator.write_error(missing_log(&name)) };
    if evaluator.machine.source_log(&source) != Some(log.name) {
        let message = format!("The source name \"{source}\" does not exist on computer \"localhost\".");
        let record = ErrorRecord::new("System.InvalidOperationException", message, "SourceDoesNotExist", 7);
        return evaluator.write_error(record);
    }
    let number = |name: &str, most: i64| -> Run<i64> {
        let value = bound.get(name).map_or(Ok(0), convert::index)?;
        if (0..=most).contains(&value) {
            return Ok(value);
        }
        let message = format!(
            "Cannot validate argument on parameter '{name}'. The {value} argument is outside the allowed range of 0 to \
             {most}."
        );
        let kind = "System.Management.Automation.ParameterBindingException";
        Err(ErrorRecord::new(kind, message, "ParameterArgumentValidationError", 5).into())
    };
    let level = level(bound)?;
    let kind = EventKind {
        log: log.name,
        provider: source.into(),
        id: number("EventId", 65_535)? as u32,
        level,
        task: (number("Category", 32_767)? as u16, "".into()),
        is_classic: true,
        user: None,
        text: "%1".into(),
    };
    let message: Cow<'static, str> = bound.text("Message").unwrap_or_default().into();
    if message.encode_utf16().count() > MOST_TEXT {
        // Source: EventLog of the public repository dotnet/runtime (Strings.resx, LogEntryTooLong).
        let message = "Log entry string is too long. A string written to the event log cannot exceed 32766 characters.";
        let kind = "System.ArgumentException";
        return evaluator.write_error(ErrorRecord::new(kind, message, "Log entry string is too long", 5));
    }
    evaluator.machine.write_event(kind, vec![message], evaluator.host_time());
    Ok(())
}

pub(super) fn new(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    let name = bound.text("LogName").unwrap_or_default();
    let Some(log) = classic(&name) else {
        return Err(ErrorRecord::unsupported(&format!(
            "new event logs ('{name}'), only sources of those that are there"
        ))
        .into());
    };
    for source in bound.texts("Source") {
        let added = evaluator.machine.add_source(log, &source);
        if added == Err(SourceRefusal::Full) {
            evaluator.write_error(ErrorRecord::full("sources of events"))?;
        } else if added.is_err() {
            let message = format!("The \"{source}\" source is already registered on the \"localhost\" computer.");
            let record = ErrorRecord::new("System.InvalidOperationException", message, "NewEventLogException", 7);
            evaluator.write_error(record)?;
        }
    }
    Ok(())
}

pub(super) fn clear(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    for name in bound.texts("LogName") {
        let Some(log) = classic(&name) else {
            evaluator.write_error(missing_log(&name))?;
            continue;
        };
        if evaluator.should_process(bound, log.name, "Clear-EventLog")? {
            evaluator.machine.clear_log(log, evaluator.host_time());
        }
    }
    Ok(())
}
