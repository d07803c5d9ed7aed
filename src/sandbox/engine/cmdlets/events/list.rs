//! The logs themselves: `Get-EventLog -List`, `Get-WinEvent -ListLog` and `-ListProvider`.

use super::super::super::datetime::DateTime;
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::machine::{EventLog, LOGS};
use super::super::super::value::{Obj, Schema, Val};

/// `Get-EventLog -List`
pub(super) fn classic(evaluator: &mut Evaluator<'_>, as_string: bool, out: &mut dyn Sink) -> Run<()> {
    // Source: learn.microsoft.com, EventLog Class (System.Diagnostics).
    let names = [
        "Entries",
        "LogDisplayName",
        "Log",
        "MachineName",
        "MaximumKilobytes",
        "OverflowAction",
        "MinimumRetentionDays",
        "EnableRaisingEvents",
        "SynchronizingObject",
        "Source",
        "Site",
        "Container",
    ];
    let type_names = [
        "System.Diagnostics.EventLog",
        "System.ComponentModel.Component",
        "System.MarshalByRefObject",
        "System.Object",
    ];
    let schema = Schema::new(&type_names, &names);
    let entries = Schema::new(&["System.Diagnostics.EventLogEntryCollection", "System.Object"], &[]);
    for log in LOGS.iter().filter(|log| log.is_classic) {
        if as_string {
            out.put(evaluator, Val::str(log.name))?;
            continue;
        }
        let count = Val::I32(evaluator.machine.events(log).len() as i32);
        let own = Obj::typed(&entries, "System.Diagnostics.EventLogEntryCollection", Vec::new());
        // How many there are goes along as a note: the entries themselves are too many.
        if let Val::Object(own) = &own {
            own.set_note("Count", count);
        }
        let values = vec![
            own,
            Val::str(log.name),
            Val::str(log.name),
            Val::str("."),
            Val::I64((log.max_bytes >> 10) as i64),
            Val::of_enum("System.Diagnostics.OverflowAction", "OverwriteAsNeeded", 0),
            Val::I32(0),
            Val::Bool(false),
            Val::Null,
            Val::str(""),
            Val::Null,
            Val::Null,
        ];
        out.put(evaluator, Obj::typed(&schema, "System.Diagnostics.EventLog", values))?;
    }
    Ok(())
}

const NAMESPACE: &str = "System.Diagnostics.Eventing.Reader";

/// `Get-WinEvent -ListLog`
pub(super) fn logs(evaluator: &mut Evaluator<'_>, patterns: &[String], out: &mut dyn Sink) -> Run<()> {
    for pattern in patterns {
        let mut found = false;
        for log in &LOGS {
            if evaluator.patterns.like(log.name, pattern, false)? {
                found = true;
                let object = configuration(evaluator, log);
                out.put(evaluator, object)?;
            }
        }
        if !found {
            let record = missing_log(pattern);
            evaluator.write_error(record)?;
        }
    }
    Ok(())
}

pub(super) fn missing_log(pattern: &str) -> ErrorRecord {
    let message = format!("There is not an event log on the localhost computer that matches \"{pattern}\".");
    ErrorRecord::new("System.Exception", message, "NoMatchingLogsFound", 13).with_target(Val::str(pattern))
}

pub(super) fn missing_provider(pattern: &str) -> ErrorRecord {
    let message = format!("There is not an event provider on the localhost computer that matches \"{pattern}\".");
    ErrorRecord::new("System.Exception", message, "NoMatchingProvidersFound", 13).with_target(Val::str(pattern))
}

fn configuration(evaluator: &Evaluator<'_>, log: &EventLog) -> Val {
    // Source: learn.microsoft.com, EventLogConfiguration Class; the last six are notes of Get-WinEvent.
    let names = [
        "LogName",
        "LogType",
        "LogIsolation",
        "IsEnabled",
        "IsClassicLog",
        "SecurityDescriptor",
        "LogFilePath",
        "MaximumSizeInBytes",
        "LogMode",
        "OwningProviderName",
        "ProviderNames",
        "ProviderLevel",
        "ProviderKeywords",
        "ProviderBufferSize",
        "ProviderMinimumNumberOfBuffers",
        "ProviderMaximumNumberOfBuffers",
        "ProviderLatency",
        "ProviderControlGuid",
    ];
    let class = format!("{NAMESPACE}.EventLogConfiguration");
    let events = evaluator.machine.events(log);
    let kind = if log.is_classic || !log.name.contains('/') { ("Administrative", 0) } else { ("Operational", 1) };
    let sources = evaluator.machine.sources().into_iter().filter(|(_, name)| *name == log.name);
    let sources = sources.map(|(name, _)| Val::str(name)).collect();
    let file = log.name.replace('/', "%4");
    let values = vec![
        Val::str(log.name),
        Val::of_enum(format!("{NAMESPACE}.EventLogType"), kind.0, kind.1),
        Val::of_enum(
            format!("{NAMESPACE}.EventLogIsolation"),
            if log.is_classic { "System" } else { "Application" },
            1,
        ),
        Val::Bool(log.name != "ForwardedEvents"),
        Val::Bool(log.is_classic),
        Val::str("O:BAG:SYD:(A;;0x2;;;S-1-15-2-1)(A;;0xf0007;;;SY)(A;;0x7;;;BA)(A;;0x1;;;S-1-5-32-573)"),
        Val::str(format!("%SystemRoot%\\System32\\Winevt\\Logs\\{file}.evtx")),
        Val::I64(log.max_bytes as i64),
        Val::of_enum(format!("{NAMESPACE}.EventLogMode"), "Circular", 0),
        Val::str(if log.name.contains('/') { log.name.split('/').next().unwrap_or("") } else { "" }),
        Val::list("System.String[]", sources),
        Val::Null,
        Val::Null,
        Val::I32(64),
        Val::I32(0),
        Val::I32(64),
        Val::I32(1000),
        Val::Null,
    ];
    let object = Obj::typed(&Schema::new(&[&class, "System.Object"], &names), class.as_str(), values);
    if let Val::Object(object) = &object {
        let offset = evaluator.host.utc_offset_minutes();
        let last = events.last().map_or(Val::Null, |event| Val::DateTime(DateTime::local(event.at, offset)));
        let size = 69_632 + events.len() as i64 * 512;
        for (name, value) in [
            ("FileSize", Val::I64(size)),
            ("IsLogFull", Val::Bool(false)),
            ("LastAccessTime", last.clone()),
            ("LastWriteTime", last),
            ("OldestRecordNumber", events.first().map_or(Val::Null, |event| Val::I64(event.record_id as i64))),
            ("RecordCount", Val::I64(events.len() as i64)),
        ] {
            object.set_note(name, value);
        }
    }
    object
}

/// `Get-WinEvent -ListProvider`
pub(super) fn providers(evaluator: &mut Evaluator<'_>, patterns: &[String], out: &mut dyn Sink) -> Run<()> {
    let class = format!("{NAMESPACE}.ProviderMetadata");
    let link = format!("{NAMESPACE}.EventLogLink");
    let schema = Schema::new(&[&class, "System.Object"], &["Name", "Id", "HelpLink", "DisplayName", "LogLinks"]);
    let link_schema = Schema::new(&[&link, "System.Object"], &["LogName", "IsImported", "DisplayName"]);
    let sources = evaluator.machine.sources();
    for pattern in patterns {
        let mut found: Vec<(String, Vec<Val>)> = Vec::new();
        for (name, log) in &sources {
            if !evaluator.patterns.like(name, pattern, false)? {
                continue;
            }
            let values = vec![Val::str(*log), Val::Bool(true), Val::str(*log)];
            let link = Obj::typed(&link_schema, link.as_str(), values);
            match found.last_mut() {
                Some((last, links)) if **last == **name => links.push(link),
                _ => found.push((name.to_string(), vec![link])),
            }
        }
        if found.is_empty() {
            let record = missing_provider(pattern);
            evaluator.write_error(record)?;
        }
        for (name, links) in found {
            let links = Val::list(format!("System.Collections.Generic.List`1[[{NAMESPACE}.EventLogLink]]"), links);
            let name = Val::str(name);
            let values = vec![name.clone(), Val::Null, Val::Null, name, links];
            out.put(evaluator, Obj::typed(&schema, class.as_str(), values))?;
        }
    }
    Ok(())
}
