//! Test-Path, Resolve-Path and Convert-Path.

use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::provider::{Item, ItemPath, Thing, find_all, path_info, resolve};
use super::super::super::value::Val;
use super::super::per_input::PerInput;
use super::{Bound, Names, Spec, for_each_item};

pub(in super::super) static SPECS: [Spec; 3] = [
    Spec {
        name: "Test-Path",
        aliases: &[],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "PathType|Type",
            "IsValid!",
            "Filter",
            "Include",
            "Exclude",
            "NewerThan",
            "OlderThan",
            "Credential",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential"])?;
            PerInput::boxed(bound, test)
        },
    },
    Spec {
        name: "Resolve-Path",
        aliases: &["rvpa"],
        params: &["Path:string@0<^+", "LiteralPath|PSPath|LP:string^/", "Relative!", "RelativeBasePath", "Credential"],
        make: |_, bound| {
            bound.refuse(&["RelativeBasePath", "Credential"])?;
            PerInput::boxed(bound, resolved)
        },
    },
    Spec {
        name: "Convert-Path",
        aliases: &["cvpa"],
        params: &["Path:string@0<^+", "LiteralPath|PSPath|LP:string^/"],
        make: |_, bound| PerInput::boxed(bound, converted),
    },
];

fn test(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let literal = bound.get("LiteralPath").is_some();
    let values = bound.items(if literal { "LiteralPath" } else { "Path" });
    if values.iter().all(Val::is_null) {
        let message = "The provided Path argument was null or an empty collection. (Parameter 'Path')";
        let record = ErrorRecord::new("System.ArgumentNullException", message, "NullPathNotPermitted", 5);
        return evaluator.write_error(record);
    }
    for value in values {
        let text = super::super::super::convert::text(&value);
        let exists = is_there(evaluator, bound, text.trim(), literal)?;
        out.put(evaluator, Val::Bool(exists))?;
    }
    Ok(())
}

fn is_there(evaluator: &mut Evaluator<'_>, bound: &Bound, text: &str, literal: bool) -> Run<bool> {
    if text.is_empty() {
        return Ok(false);
    }
    let path = match resolve(evaluator, text) {
        Ok(path) => path,
        Err(record) if &*record.id == "SandboxUnsupported" => return Err(record.into()),
        Err(_) => return Ok(false),
    };
    if bound.switch("IsValid") {
        return Ok(!path.path.contains(['<', '>', '"', '|']) || path.provider.name() != "FileSystem");
    }
    let items = match find_all(evaluator, &path, literal) {
        Ok(items) => items,
        Err(super::super::super::eval::Flow::Throw(record)) if &*record.id == "PathNotFound" => return Ok(false),
        Err(flow) => return Err(flow),
    };
    let names = Names::of(bound);
    for item in items {
        if names.wants(evaluator, &item)? && is_of_type(bound, &item)? && is_of_age(evaluator, bound, &item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_of_type(bound: &Bound, item: &Item) -> Run<bool> {
    let Some(kind) = bound.text("PathType") else { return Ok(true) };
    match kind.to_lowercase().as_str() {
        "any" => Ok(true),
        "container" => Ok(item.is_container),
        "leaf" => Ok(!item.is_container),
        _ => {
            let message = format!(
                "Cannot bind parameter 'PathType'. Cannot convert value \"{kind}\" to type \"Microsoft.PowerShell.Commands.TestPathType\"."
            );
            let kind = "System.Management.Automation.ParameterBindingException";
            Err(ErrorRecord::new(kind, message, "CannotConvertArgumentNoMessage", 5).into())
        }
    }
}

fn is_of_age(evaluator: &mut Evaluator<'_>, bound: &Bound, item: &Item) -> Run<bool> {
    let Thing::File(file) = &item.thing else { return Ok(true) };
    let written = file.written;
    for (name, newer) in [("NewerThan", true), ("OlderThan", false)] {
        if let Some(value) = bound.get(name) {
            let limit = super::super::super::provider::timestamp(evaluator, value).ok_or_else(|| {
                let message = format!("Cannot bind parameter '{name}'. The value is not a date.");
                let kind = "System.Management.Automation.ParameterBindingException";
                ErrorRecord::new(kind, message, "CannotConvertArgumentNoMessage", 5)
            })?;
            if (written > limit) != newer {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The way from where the runspace stands, as `.\a` and `..\b`.
fn relative(evaluator: &Evaluator<'_>, path: &ItemPath) -> String {
    let here = evaluator.state.locations.within(path.drive.as_ref().map_or("", |drive| &drive.name));
    let own: Vec<&str> = path.within().split('\\').filter(|part| !part.is_empty()).collect();
    let here: Vec<&str> = here.split('\\').filter(|part| !part.is_empty()).collect();
    let common = own.iter().zip(&here).take_while(|(left, right)| left.eq_ignore_ascii_case(right)).count();
    let ups = here.len() - common;
    let mut parts = vec![".."; ups];
    if ups == 0 {
        parts.push(".");
    }
    parts.extend(&own[common..]);
    parts.join("\\")
}

fn resolved(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    for_each_item(evaluator, bound, |evaluator, path, item| {
        let path = path.at(&item.path);
        let value = match bound.switch("Relative") {
            true => Val::str(relative(evaluator, &path)),
            false => path_info(evaluator, &path),
        };
        out.put(evaluator, value)
    })
}

fn converted(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    for_each_item(evaluator, bound, |evaluator, path, item| {
        out.put(evaluator, Val::str(path.at(&item.path).provider_path()))
    })
}
