//! Events as Get-WinEvent gives them: `System.Diagnostics.Eventing.Reader.EventLogRecord`.

use std::fmt::Write as _;
use std::sync::Arc;

use super::super::super::convert::text;
use super::super::super::datetime::DateTime;
use super::super::super::eval::{Evaluator, Run};
use super::super::super::machine::{Event, Level, Place};
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
    let attribute = |name: &str, value: String| {
        if value.is_empty() { value } else { format!(" {name}='{}'", escaped(&value)) }
    };
    let provider = get("ProviderName");
    let (guid, of_audit) = match &*provider {
        "Microsoft-Windows-Security-Auditing" => (" Guid='{54849625-5478-4994-a5ba-3e3b0328c30d}'", true),
        _ => ("", false),
    };
    // The second version of a logon's audit is that of Windows Server 2016 and later.
    let version = if of_audit && get("Id") == "4624" { "2" } else { "0" };
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{}'{guid}/>\
         <EventID{}>{}</EventID><Version>{version}</Version><Level>{}</Level><Task>{}</Task><Opcode>{}</Opcode>\
         <Keywords>0x{:x}</Keywords><TimeCreated SystemTime='{time}'/><EventRecordID>{}</EventRecordID><Correlation/>\
         <Execution ProcessID='{}' ThreadID='{}'/><Channel>{}</Channel><Computer>{}</Computer><Security{}/></System>\
         {}</Event>",
        escaped(&provider),
        attribute("Qualifiers", get("Qualifiers")),
        get("Id"),
        get("Level"),
        get("Task"),
        get("Opcode"),
        get("Keywords").parse::<i64>().unwrap_or_default(),
        get("RecordId"),
        get("ProcessId"),
        get("ThreadId"),
        escaped(&get("LogName")),
        get("MachineName"),
        attribute("UserID", get("UserId")),
        data(object, Place::of(&provider, get("Id").parse().unwrap_or_default())),
    )
}

/// The values of the event, under their names.
fn data(object: &Obj, place: Place) -> String {
    let properties = match object.get("Properties") {
        Some(Val::List(properties)) => properties.items(),
        _ => Vec::new(),
    };
    let values = properties.iter().map(|property| {
        let value = if let Val::Object(property) = property { property.get("Value") } else { None };
        escaped(&value.map_or_else(String::new, |value| text(&value)))
    });
    let mut all = String::new();
    match place {
        Place::Data(names) => {
            for (place, value) in values.enumerate() {
                let name = names.get(place).map_or_else(String::new, |name| format!(" Name='{name}'"));
                let _ = write!(all, "<Data{name}>{value}</Data>");
            }
            format!("<EventData>{all}</EventData>")
        }
        Place::User(element, namespace, names) => {
            for (name, value) in names.iter().zip(values) {
                let _ = write!(all, "<{name}>{value}</{name}>");
            }
            format!("<UserData><{element} xmlns='{namespace}'>{all}</{element}></UserData>")
        }
    }
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
