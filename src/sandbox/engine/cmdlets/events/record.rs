//! Events as Get-WinEvent gives them: `System.Diagnostics.Eventing.Reader.EventLogRecord`.

use std::fmt::Write as _;
use std::sync::Arc;

use super::super::super::convert::text;
use super::super::super::datetime::DateTime;
use super::super::super::eval::{Evaluator, Run};
use super::super::super::machine::{Event, Level};
use super::super::super::value::{Obj, Schema, Val};
use super::entry::machine_name;

const CLASS: &str = "System.Diagnostics.Eventing.Reader.EventLogRecord";

// Source: learn.microsoft.com, EventLogRecord Class.
const NAMES: [&str; 26] = [
    "Id",
    "Version",
    "Qualifiers",
    "Level",
    "Task",
    "Opcode",
    "Keywords",
    "RecordId",
    "ProviderName",
    "ProviderId",
    "LogName",
    "ProcessId",
    "ThreadId",
    "MachineName",
    "UserId",
    "TimeCreated",
    "ActivityId",
    "RelatedActivityId",
    "ContainerLog",
    "MatchedQueryIds",
    "Bookmark",
    "LevelDisplayName",
    "OpcodeDisplayName",
    "TaskDisplayName",
    "KeywordsDisplayNames",
    "Properties",
];

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Critical => "Critical",
        Level::Error => "Error",
        Level::Warning => "Warning",
        Level::Information | Level::AuditSuccess | Level::AuditFailure => "Information",
    }
}

/// The number of the keywords, and their names.
pub(super) fn keywords(event: &Event) -> (i64, &'static [&'static str]) {
    match event.kind.level {
        Level::AuditSuccess => (0x8020_0000_0000_0000_u64 as i64, &["Audit Success"]),
        Level::AuditFailure => (0x8010_0000_0000_0000_u64 as i64, &["Audit Failure"]),
        _ if event.kind.is_classic => (0x0080_0000_0000_0000, &["Classic"]),
        _ => (i64::MIN, &[]),
    }
}

/// The process that wrote an event: of the system, or one that is long gone.
fn process_id(evaluator: &Evaluator<'_>, event: &Event) -> i32 {
    let of_system = |name: &str| evaluator.machine.system_process_id(name) as i32;
    match &*event.kind.provider {
        "Service Control Manager" => of_system("services"),
        "Microsoft-Windows-Security-Auditing" | "Schannel" => of_system("lsass"),
        "Microsoft-Windows-Kernel-General" | "Microsoft-Windows-Kernel-Power" | "srv" => of_system("System"),
        _ => 1124 + 4 * (event.kind.id % 300) as i32,
    }
}

pub(super) fn object(evaluator: &Evaluator<'_>, event: &Event) -> Val {
    let kind = &event.kind;
    let sid = |sid: &'static str| {
        let names = ["System.Security.Principal.SecurityIdentifier", "System.Object"];
        Obj::typed(
            &Schema::new(&names, &["BinaryLength", "AccountDomainSid", "Value"]),
            sid,
            vec![Val::I32(12), Val::Null, Val::str(sid)],
        )
    };
    let property = Schema::new(&["System.Diagnostics.Eventing.Reader.EventProperty", "System.Object"], &["Value"]);
    let value = |value: &std::borrow::Cow<'static, str>| {
        let name = "System.Diagnostics.Eventing.Reader.EventProperty";
        Obj::typed(&property, name, vec![Val::str(value.clone())])
    };
    let (keywords, keyword_names) = keywords(event);
    let process = process_id(evaluator, event);
    let at = DateTime::local(event.at, evaluator.host.utc_offset_minutes());
    let names = keyword_names.iter().map(|name| Val::str(*name)).collect();
    let qualifiers = if kind.is_classic { Val::I32((kind.instance_id() >> 16) as i32) } else { Val::Null };
    let list = "System.Collections.Generic.List`1";
    let values = vec![
        Val::I32(kind.id as i32),
        if kind.is_classic { Val::Null } else { Val::U8(0) },
        qualifiers,
        Val::U8(kind.level.number()),
        Val::I32(kind.task.0.into()),
        Val::I16(0),
        Val::I64(keywords),
        Val::I64(event.record_id as i64),
        Val::str(kind.provider.clone()),
        Val::Null,
        Val::str(kind.log),
        Val::I32(process),
        Val::I32(process + 132),
        Val::str(machine_name(evaluator)),
        kind.user.map_or(Val::Null, sid),
        Val::DateTime(at),
        Val::Null,
        Val::Null,
        Val::str(kind.log),
        Val::list("System.UInt32[]", Vec::new()),
        Val::Null,
        Val::str(level_name(kind.level)),
        Val::str(if kind.is_classic { "" } else { "Info" }),
        if kind.task.1.is_empty() { Val::Null } else { Val::str(kind.task.1.clone()) },
        Val::list(format!("{list}[[System.String]]"), names),
        Val::list(
            format!("{list}[[System.Diagnostics.Eventing.Reader.EventProperty]]"),
            event.values.iter().map(value).collect(),
        ),
    ];
    let type_names = [CLASS, "System.Diagnostics.Eventing.Reader.EventRecord", "System.Object"];
    let object = Obj::typed(&Schema::new(&type_names, &NAMES), CLASS, values);
    if let Val::Object(object) = &object {
        object.set_note("Message", Val::str(event.message()));
    }
    object
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&apos;")
}

/// The event in the schema of Windows events.
fn xml(object: &Obj) -> String {
    let get = |name: &str| object.get(name).map_or_else(String::new, |value| text(&value));
    let time = match object.get("TimeCreated") {
        Some(Val::DateTime(time)) => time.to_utc(0).to_wire(),
        _ => String::new(),
    };
    let mut data = String::new();
    if let Some(Val::List(properties)) = object.get("Properties") {
        for property in properties.items() {
            let value = if let Val::Object(property) = &property { property.get("Value") } else { None };
            let _ = write!(data, "<Data>{}</Data>", escaped(&value.map_or_else(String::new, |value| text(&value))));
        }
    }
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{}'/>\
         <EventID>{}</EventID><Level>{}</Level><Task>{}</Task><Keywords>0x{:x}</Keywords>\
         <TimeCreated SystemTime='{time}'/><EventRecordID>{}</EventRecordID><Channel>{}</Channel><Computer>{}</Computer>\
         <Security/></System><EventData>{data}</EventData></Event>",
        escaped(&get("ProviderName")),
        get("Id"),
        get("Level"),
        get("Task"),
        get("Keywords").parse::<i64>().unwrap_or_default(),
        get("RecordId"),
        escaped(&get("LogName")),
        get("MachineName"),
    )
}

/// Methods of the records.
pub(in super::super) fn method(
    _evaluator: &mut Evaluator<'_>,
    object: &Arc<Obj>,
    name: &str,
    _args: &[Val],
) -> Run<Option<Val>> {
    if object.type_name() != CLASS {
        return Ok(None);
    }
    Ok(match name {
        "toxml" => Some(Val::str(xml(object))),
        "formatdescription" => object.get("Message"),
        "dispose" => Some(Val::Void),
        _ => None,
    })
}
