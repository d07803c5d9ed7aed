//! What members a value has.

use std::sync::Arc;

use super::super::super::ast::Script;
use super::super::super::cim;
use super::super::super::errors::ErrorRecord;
use super::super::super::types::TypeRef;
use super::super::super::value::{Live, Obj, Val};
use super::tables;

/// One member.
pub(super) struct Member {
    pub(super) kind: &'static str,
    pub(super) name: Arc<str>,
    pub(super) definition: String,
}

/// The methods of every object.
const OBJECT: [tables::Row; 4] = [
    ("Method", "Equals", "bool Equals(System.Object obj)"),
    ("Method", "GetHashCode", "int GetHashCode()"),
    ("Method", "GetType", "type GetType()"),
    ("Method", "ToString", "string ToString()"),
];

/// The name of the value's type and its members, sorted by kind and name.
pub(super) fn members(value: &Val) -> (String, Vec<Member>) {
    let type_name = match value {
        Val::Object(object) => object.type_names().first().unwrap_or("System.Object").to_owned(),
        other => other.type_name().to_string(),
    };
    let mut members: Vec<Member> = known(value, &type_name).iter().map(of_row).collect();
    if let Val::Object(object) = value {
        of_object(object, &mut members);
    }
    if let Val::Net(instance) = value {
        let own = instance.names().into_iter().filter(|name| !members.iter().any(|member| member.name == *name));
        let own: Vec<_> = own.collect();
        members.extend(own.into_iter().map(|name| {
            let value = instance.get(&name.to_ascii_lowercase(), None).unwrap_or(Val::Null);
            let kind = if value.is_null() { "object".into() } else { short_name(&value) };
            let accessors = if matches!(value, Val::Str(_)) { "{get;set;}" } else { "{get;}" };
            Member { kind: "Property", definition: format!("{kind} {name} {accessors}"), name }
        }));
    }
    members.sort_by(|left, right| {
        left.kind.cmp(right.kind).then_with(|| left.name.to_lowercase().cmp(&right.name.to_lowercase()))
    });
    (type_name, members)
}

/// The static members of a type, or of a value's type.
pub(super) fn static_members(value: &Val) -> Result<(String, Vec<Member>), ErrorRecord> {
    let type_name = if let Val::Type(kind) = value { kind.full.clone() } else { value.type_name() };
    match tables::of_type(&format!("{type_name}::")) {
        Some(rows) => Ok((type_name.to_string(), rows.iter().map(of_row).collect())),
        None => Err(ErrorRecord::unsupported(&format!("the static members of [{type_name}]"))),
    }
}

fn known(value: &Val, type_name: &str) -> &'static [tables::Row] {
    let base = match value {
        Val::Enum(_) => Some("System.Enum"),
        Val::Exception(_) => Some("System.Exception"),
        Val::List(list) if list.is_fixed_size() => Some("System.Object[]"),
        Val::List(_) => Some("System.Collections.ArrayList"),
        Val::Object(object) => object.schema.type_names.iter().find_map(|name| {
            let base = name.split('#').next().unwrap_or(name);
            tables::of_type(base).is_some().then_some(base)
        }),
        _ => None,
    };
    tables::of_type(type_name).or_else(|| tables::of_type(base?)).unwrap_or(&OBJECT)
}

fn of_row(row: &tables::Row) -> Member {
    Member { kind: row.0, name: row.1.into(), definition: row.2.to_owned() }
}

/// Adapted properties that the tables lack, and notes.
fn of_object(object: &Arc<Obj>, members: &mut Vec<Member>) {
    let values = object.members();
    let is_wmi = object.type_name().starts_with("System.Management.ManagementObject#");
    // Properties of CIM come by an adapter that says of most that they cannot be set.
    let accessors = if object.type_name().contains("CimInstance#") { "{get;}" } else { "{get;set;}" };
    let class = cim::class_of(object);
    let has = |members: &[Member], name: &str| members.iter().any(|known| known.name.eq_ignore_ascii_case(name));
    for (name, value) in object.schema.names.iter().zip(&values.values) {
        if !has(members, name) && !object.schema.is_hidden(name) {
            let declared = class.filter(|_| !is_wmi).and_then(|class| class.type_of(name));
            let of_value = || if value.is_null() { "string".into() } else { short_name(value) };
            let definition = format!("{} {name} {accessors}", declared.unwrap_or_else(of_value));
            members.push(Member { kind: "Property", name: name.clone(), definition });
        }
    }
    for (name, value) in &values.notes {
        let script = |script: &Arc<Script>| script.span.of(&script.source).to_owned();
        let live = match object.live(name) {
            Some(Live::Property { get, set }) => {
                let set = set.map_or_else(String::new, |set| format!("set={};", script(&set)));
                Some(("ScriptProperty", format!("System.Object {name} {{get={};{set}}}", script(&get))))
            }
            Some(Live::Alias(target)) => Some(("AliasProperty", format!("{name} = {target}"))),
            _ => None,
        };
        if let Some((kind, definition)) = live {
            members.push(Member { kind, name: name.clone(), definition });
            continue;
        }
        let kind = if value.is_null() { "object".into() } else { short_name(value) };
        let definition = format!("{kind} {name}={}", super::shown(value));
        members.retain(|known| !known.name.eq_ignore_ascii_case(name));
        members.push(Member { kind: "NoteProperty", name: name.clone(), definition });
    }
    for (name, live) in object.lives() {
        if let Live::Method(_) = live {
            let definition = format!("System.Object {name}();");
            members.push(Member { kind: "ScriptMethod", name, definition });
        }
    }
    if let Some(class) = class.filter(|_| is_wmi) {
        members.extend(class.methods.iter().filter(|method| !method.is_static).map(|method| Member {
            kind: "Method",
            name: method.name.into(),
            definition: method.definition(),
        }));
    }
}

/// The type of a value as definitions have it: short, where there is a short name, and lists without their namespace.
fn short_name(value: &Val) -> String {
    let full = value.type_name();
    match value {
        Val::List(list) if list.is_fixed_size() => full.strip_prefix("System.").unwrap_or(&full).to_owned(),
        Val::Object(object) if object.text.is_none() => "System.Management.Automation.PSCustomObject".into(),
        _ => TypeRef::named(full).text(),
    }
}
