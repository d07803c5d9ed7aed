//! Get-WmiObject, and the methods of its objects.

use std::sync::Arc;

use super::super::cim::{self, Failure, Form, Outcome};
use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::value::{Obj, Schema, Val};
use super::cim::{asked, refuse_others};
use super::cim_method::{by_place, wmi_result};
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Get-WmiObject",
    aliases: &["gwmi"],
    params: &[
        "Class|ClassName@0",
        "Property@1",
        "Filter",
        "Query",
        "Namespace|NS",
        "ComputerName|Cn",
        "List!",
        "Recurse!",
        "Amended!",
        "DirectRead!",
        "EnableAllPrivileges!",
        "Credential",
        "AsJob!",
        "Impersonation",
        "Authentication",
        "Locale",
        "Authority",
        "ThrottleLimit",
    ],
    make: |_, bound| {
        bound.refuse(&["Credential", "AsJob", "Recurse"])?;
        PerInput::boxed(bound, get)
    },
}];

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    refuse_others(evaluator, bound)?;
    if bound.switch("List") {
        return list(evaluator, bound, out);
    }
    if bound.get("Class").is_none() && bound.get("Query").is_none() {
        return Err(super::binding::missing("Class").into());
    }
    match cim::ask(evaluator, &asked(bound, "Class"))? {
        Ok(found) => {
            for instance in found {
                let value = instance.into_object(evaluator, Form::Wmi);
                out.put(evaluator, value)?;
            }
            Ok(())
        }
        Err(failure) => evaluator.write_error(error(&failure)),
    }
}

/// The errors of Get-WmiObject: what WMI says, and what was asked for in quotes.
/// Source: public transcripts of Windows PowerShell 5.1.
pub(super) fn error(failure: &Failure) -> ErrorRecord {
    let (message, category) = match failure {
        Failure::Class(name) => {
            let near = crate::nearest::nearest(name, cim::all().iter().map(|class| class.name));
            let hint = near.map_or_else(String::new, |near| format!(". Did you mean '{near}'?"));
            (format!("Invalid class \"{name}\"{hint}"), 9)
        }
        Failure::Namespace(name) => (format!("Invalid namespace \"{}\"", name.replace('/', "\\")), 5),
        Failure::Query(query) => (format!("Invalid query \"{query}\""), 5),
        Failure::Unknown(record) => return record.as_ref().clone(),
    };
    ErrorRecord::new("System.Management.ManagementException", message, "GetWMIManagementException", category)
}

/// `-List`: classes instead of objects.
fn list(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let wanted = bound.text("Class").unwrap_or_else(|| "*".to_owned());
    let namespace = bound.text("Namespace").unwrap_or_else(|| "root/cimv2".to_owned());
    let schema = Schema::new(
        &["System.Management.ManagementClass", "System.Management.ManagementObject", "System.Object"],
        &["Name", "Methods", "Properties", "__CLASS"],
    );
    for class in cim::all() {
        if !cim::is_in(class, &namespace) || !evaluator.patterns.like(class.name, &wanted, false)? {
            continue;
        }
        let values = vec![
            Val::str(class.name),
            cim::texts(class.methods.iter().map(|method| method.name)),
            cim::texts(class.property_names()),
            Val::str(class.name),
        ];
        let shown = class.namespace_shown().replace('/', "\\");
        out.put(evaluator, Obj::typed(&schema, format!("{shown}:{}", class.name), values))?;
    }
    Ok(())
}

/// Methods of WMI objects: those of their class, and the two that PowerShell adds.
pub(super) fn method(evaluator: &mut Evaluator<'_>, object: &Arc<Obj>, name: &str, args: &[Val]) -> Run<Option<Val>> {
    if !object.type_name().starts_with("System.Management.ManagementObject#") {
        return Ok(None);
    }
    let first = || args.first().map_or_else(String::new, text);
    match name {
        "converttodatetime" => {
            let time = cim::of_dmtf(&first(), evaluator.host.utc_offset_minutes());
            return match time {
                Some(time) => Ok(Some(Val::DateTime(time))),
                None => {
                    let message = "Exception calling \"ConvertToDateTime\" with \"1\" argument(s): \"Specified argument was out \
                                   of the range of valid values. (Parameter 'dmtfDate')\"";
                    Err(ErrorRecord::runtime(message, "ScriptMethodRuntimeException", 0).into())
                }
            };
        }
        "convertfromdatetime" => {
            let time = super::super::types::TypeRef::named("System.DateTime");
            let given = args.first().unwrap_or(&Val::Null);
            let Val::DateTime(time) = super::super::convert::cast(given, &time)? else { return Ok(None) };
            return Ok(Some(Val::str(cim::dmtf_text(time.to_local(evaluator.host.utc_offset_minutes())))));
        }
        "get" if args.is_empty() => return Ok(Some(Val::Void)),
        _ => {}
    }
    let Some(class) = cim::class_of(object) else { return Ok(None) };
    let args = by_place(class, name, args.to_vec());
    match cim::invoke(evaluator, class, Some(object), name, &args)? {
        Outcome::Done(outs) => Ok(Some(wmi_result(outs))),
        Outcome::NoSuchMethod => Ok(None),
    }
}
