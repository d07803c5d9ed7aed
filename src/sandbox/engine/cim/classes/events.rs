//! Event logs of the old interface.

use super::super::super::datetime::DateTime;
use super::super::super::eval::Evaluator;
use super::super::super::machine::{Event, EventLog, LOGS, Level};
use super::super::super::value::Val;
use super::{Row, computer, number, s, texts, yes};

pub(super) fn rows(evaluator: &Evaluator<'_>, class: &str) -> Option<Vec<Row>> {
    let logs = LOGS.iter().filter(|log| log.is_classic);
    Some(match class {
        "Win32_NTEventlogFile" => logs.map(|log| file(evaluator, log)).collect(),
        "Win32_NTLogEvent" => logs.flat_map(|log| events(evaluator, log)).collect(),
        _ => return None,
    })
}

/// About what an entry takes in a file.
const ENTRY_BYTES: u64 = 700;

fn file(evaluator: &Evaluator<'_>, log: &EventLog) -> Row {
    let path = format!("C:\\Windows\\System32\\Winevt\\Logs\\{}.evtx", log.name);
    let count = evaluator.machine.events(log).len() as u64;
    let size = (count * ENTRY_BYTES + 65_536).min(log.max_bytes) / 65_536 * 65_536;
    vec![
        ("Caption", s(path.as_str())),
        ("Description", s(path.as_str())),
        ("Name", s(path)),
        ("Status", s("OK")),
        ("Compressed", yes(false)),
        ("Drive", s("c:")),
        ("Encrypted", yes(false)),
        ("Extension", s("evtx")),
        ("FileName", s(log.name)),
        ("FileSize", number(size + 4096)),
        ("FileType", s("evtx File")),
        ("FSName", s("NTFS")),
        ("Hidden", yes(false)),
        ("Path", s("\\windows\\system32\\winevt\\logs\\")),
        ("Readable", yes(true)),
        ("System", yes(false)),
        ("Writeable", yes(true)),
        ("LogfileName", s(log.name)),
        ("MaxFileSize", number(log.max_bytes)),
        ("NumberOfRecords", number(count)),
        ("OverwriteOutDated", number(0)),
        ("OverWritePolicy", s("WhenNeeded")),
    ]
}

/// Newest first.
fn events(evaluator: &Evaluator<'_>, log: &EventLog) -> Vec<Row> {
    evaluator.machine.events(log).iter().rev().map(|event| row(evaluator, log, event)).collect()
}

/// `EventType` and `Type` of a level.
fn kind(level: Level) -> (i64, &'static str) {
    match level {
        Level::Critical | Level::Error => (1, "Error"),
        Level::Warning => (2, "Warning"),
        Level::Information => (3, "Information"),
        Level::AuditSuccess => (4, "Audit Success"),
        Level::AuditFailure => (5, "Audit Failure"),
    }
}

fn row(evaluator: &Evaluator<'_>, log: &EventLog, event: &Event) -> Row {
    let at = Val::DateTime(DateTime::local(event.at, evaluator.host.utc_offset_minutes()));
    let (number_of_kind, name) = kind(event.kind.level);
    vec![
        ("Category", number(event.kind.task.0)),
        ("CategoryString", s(event.kind.task.1.to_string())),
        ("ComputerName", s(format!("{}.{}", computer(evaluator), evaluator.host.domain()))),
        ("EventCode", number(event.kind.id)),
        ("EventIdentifier", number(event.kind.instance_id())),
        ("EventType", number(number_of_kind)),
        ("InsertionStrings", texts(event.values.iter().map(ToString::to_string))),
        ("Logfile", s(log.name)),
        ("Message", s(event.message())),
        ("RecordNumber", number(event.record_id)),
        ("SourceName", s(event.kind.source())),
        ("TimeGenerated", at.clone()),
        ("TimeWritten", at),
        ("Type", s(name)),
    ]
}
