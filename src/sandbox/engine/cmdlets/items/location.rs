//! Where a runspace stands, and its drives.

use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::provider::{
    Drive, ItemPath, all_drives, drive_object, find_all, not_found, path_info, provider, provider_object, providers,
    resolve,
};
use super::super::super::value::Val;
use super::super::per_input::PerInput;
use super::{Bound, Spec, paths_of};

pub(in super::super) static SPECS: [Spec; 8] = [
    Spec {
        name: "Get-Location",
        aliases: &["gl", "pwd"],
        params: &["PSProvider", "PSDrive", "Stack!", "StackName"],
        make: |_, bound| {
            bound.refuse(&["PSProvider", "Stack", "StackName"])?;
            PerInput::boxed(bound, get)
        },
    },
    Spec {
        name: "Set-Location",
        aliases: &["sl", "cd", "chdir"],
        params: &["Path:string@0<^", "LiteralPath|PSPath|LP:string^/", "PassThru!", "StackName"],
        make: |_, bound| {
            bound.refuse(&["StackName"])?;
            PerInput::boxed(bound, set)
        },
    },
    Spec {
        name: "Push-Location",
        aliases: &["pushd"],
        params: &["Path:string@0<^", "LiteralPath|PSPath|LP:string^/", "PassThru!", "StackName^"],
        make: |_, bound| PerInput::boxed(bound, push),
    },
    Spec {
        name: "Pop-Location",
        aliases: &["popd"],
        params: &["PassThru!", "StackName^"],
        make: |_, bound| PerInput::boxed(bound, pop),
    },
    Spec {
        name: "Get-PSDrive",
        aliases: &["gdr"],
        params: &["Name@0^", "LiteralName^", "Scope", "PSProvider"],
        make: |_, bound| PerInput::boxed(bound, drives),
    },
    Spec {
        name: "New-PSDrive",
        aliases: &["ndr", "mount"],
        params: &[
            "Name@0^+",
            "PSProvider@1^+",
            "Root@2^+",
            "Description",
            "Scope",
            "Persist!",
            "Credential",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Persist", "Credential"])?;
            PerInput::boxed(bound, new_drive)
        },
    },
    Spec {
        name: "Remove-PSDrive",
        aliases: &["rdr"],
        params: &["Name@0<^+", "LiteralName^/", "PSProvider", "Scope", "Force!", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| PerInput::boxed(bound, remove_drive),
    },
    Spec {
        name: "Get-PSProvider",
        aliases: &[],
        params: &["PSProvider@0<^"],
        make: |_, bound| PerInput::boxed(bound, list_providers),
    },
];

fn here(evaluator: &Evaluator<'_>) -> Run<ItemPath> {
    Ok(resolve(evaluator, ".")?)
}

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let names = bound.texts("PSDrive");
    let texts: Vec<String> =
        if names.is_empty() { vec![".".into()] } else { names.iter().map(|name| format!("{name}:.")).collect() };
    for text in texts {
        let path = resolve(evaluator, &text)?;
        let value = path_info(evaluator, &path);
        out.put(evaluator, value)?;
    }
    Ok(())
}

/// Goes to a container.
fn go(evaluator: &mut Evaluator<'_>, text: &str, literal: bool) -> Run<()> {
    let before = here(evaluator)?;
    let back = if text == "-" { evaluator.state.locations.stacks.entry("-".into()).or_default().pop() } else { None };
    let path = match back {
        Some(path) => path,
        None if text == "-" => {
            let message = "There is no location history left to navigate backwards.";
            return Err(ErrorRecord::new("System.InvalidOperationException", message, "InvalidOperation", 7).into());
        }
        None => resolve(evaluator, text)?,
    };
    let mut found = find_all(evaluator, &path, literal)?;
    found.retain(|item| item.is_container);
    let path = match &found[..] {
        [item] => path.at(&item.path),
        [] => return Err(not_found(&path.shown()).into()),
        _ => {
            let message = format!(
                "Cannot set the location because path '{text}' resolved to multiple containers. You can only set the location to a single container at a time."
            );
            return Err(
                ErrorRecord::new("System.Management.Automation.PSArgumentException", message, "Argument", 5).into()
            );
        }
    };
    let Some(drive) = &path.drive else {
        return Err(ErrorRecord::unsupported("a location in a provider's path without a drive").into());
    };
    let history = evaluator.state.locations.stacks.entry("-".into()).or_default();
    if text != "-" && history.len() < 20 {
        history.push(before);
    }
    let (name, within) = (drive.name.to_string(), path.within().to_owned());
    evaluator.state.locations.go(&name, &within);
    Ok(())
}

fn set(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let (texts, literal) = paths_of(bound)?;
    match texts.first() {
        Some(text) => go(evaluator, text, literal)?,
        None => go(evaluator, "~", true)?,
    }
    put_here(evaluator, bound, out)
}

fn put_here(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    if !bound.switch("PassThru") {
        return Ok(());
    }
    let value = path_info(evaluator, &here(evaluator)?);
    out.put(evaluator, value)
}

/// Locations that a stack may hold.
const MAX_STACK: usize = 1000;

fn stack_name(bound: &Bound) -> String {
    bound.text("StackName").unwrap_or_else(|| "default".into()).to_lowercase()
}

fn push(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let before = here(evaluator)?;
    let (texts, literal) = paths_of(bound)?;
    if let Some(text) = texts.first() {
        go(evaluator, text, literal)?;
    }
    let stack = evaluator.state.locations.stacks.entry(stack_name(bound)).or_default();
    if stack.len() < MAX_STACK {
        stack.push(before);
    }
    put_here(evaluator, bound, out)
}

fn pop(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let last = evaluator.state.locations.stacks.get_mut(&stack_name(bound)).and_then(Vec::pop);
    if let Some(ItemPath { drive: Some(drive), path, provider }) = last {
        let within = ItemPath { drive: Some(drive.clone()), path, provider }.within().to_owned();
        evaluator.state.locations.go(&drive.name, &within);
    }
    put_here(evaluator, bound, out)
}

fn no_drive(name: &str) -> ErrorRecord {
    let message = format!("Cannot find drive. A drive with the name '{name}' does not exist.");
    let kind = "System.Management.Automation.DriveNotFoundException";
    ErrorRecord::new(kind, message, "GetLocationNoMatchingDrive", 13).with_target(Val::str(name))
}

fn drives(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let literal = bound.get("LiteralName").is_some();
    let names = bound.texts(if literal { "LiteralName" } else { "Name" });
    let wanted = bound.texts("PSProvider");
    let all = all_drives(evaluator);
    let of_provider = |drive: &&Drive| {
        wanted.is_empty() || wanted.iter().any(|name| name.eq_ignore_ascii_case(drive.provider.name()))
    };
    let patterns = if names.is_empty() { vec!["*".to_owned()] } else { names };
    for pattern in patterns {
        let mut found = false;
        for drive in all.iter().filter(of_provider) {
            let matches = match literal {
                true => drive.name.eq_ignore_ascii_case(&pattern),
                false => evaluator.patterns.like(&drive.name, &pattern, false)?,
            };
            if matches {
                found = true;
                let object = drive_object(evaluator, drive);
                out.put(evaluator, object)?;
            }
        }
        if !found && !super::super::super::provider::has_wildcards(&pattern) {
            evaluator.write_error(no_drive(&pattern))?;
        }
    }
    Ok(())
}

/// Drives that a runspace may have.
const MAX_DRIVES: usize = 64;

fn new_drive(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let text = |name| bound.text(name).unwrap_or_default();
    let (name, root) = (text("Name"), text("Root"));
    let Some(found) = provider(&text("PSProvider")) else {
        let message = format!("Cannot find a provider with the name '{}'.", text("PSProvider"));
        let kind = "System.Management.Automation.ProviderNotFoundException";
        return Err(ErrorRecord::new(kind, message, "ProviderNotFound", 13).into());
    };
    let is_taken = all_drives(evaluator).iter().any(|drive| drive.name.eq_ignore_ascii_case(&name));
    if is_taken || evaluator.state.locations.made.len() >= MAX_DRIVES {
        let message = format!("A drive with the name '{name}' already exists.");
        let kind = "System.Management.Automation.SessionStateException";
        return Err(ErrorRecord::new(kind, message, "DriveAlreadyExists", 20).with_target(Val::str(name)).into());
    }
    let full = format!("{}\\{}::{root}", found.module(), found.name());
    let path = match root.contains("::") || root.starts_with("\\\\") {
        true => resolve(evaluator, &root)?,
        false if found.name() == "FileSystem" || root.contains(":\\") => resolve(evaluator, &root)?,
        false => resolve(evaluator, &full)?,
    };
    let item = path.provider.find(evaluator, &path.path)?.filter(|item| item.is_container);
    let Some(item) = item else {
        let message = format!("The specified drive root \"{root}\" either does not exist, or it is not a folder.");
        return Err(ErrorRecord::new("System.IO.IOException", message, "DriveRootError", 22)
            .with_target(Val::str(name))
            .into());
    };
    let target = format!("Name: {name} Provider: {}\\{} Root: {root}", found.module(), found.name());
    if !evaluator.should_process(bound, &target, "New drive")? {
        return Ok(());
    }
    let space = path.drive.as_ref().and_then(|drive| drive.space);
    let description = text("Description").into();
    let drive = Drive { name: name.into(), provider: path.provider, root: item.path.into(), description, space };
    evaluator.state.locations.made.push(drive.clone());
    let object = drive_object(evaluator, &drive);
    out.put(evaluator, object)
}

fn remove_drive(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    let literal = bound.get("LiteralName").is_some();
    for name in bound.texts(if literal { "LiteralName" } else { "Name" }) {
        let place = evaluator.state.locations.made.iter().position(|drive| drive.name.eq_ignore_ascii_case(&name));
        let Some(place) = place else {
            let exists = all_drives(evaluator).iter().any(|drive| drive.name.eq_ignore_ascii_case(&name));
            let record = match exists {
                true => ErrorRecord::unsupported("how to remove a drive that was there from the start"),
                false => ErrorRecord { id: "DriveNotFound".into(), ..no_drive(&name) },
            };
            evaluator.write_error(record)?;
            continue;
        };
        if evaluator.state.locations.current().eq_ignore_ascii_case(&name) {
            let message = format!("Cannot remove drive '{name}' because it is in use.");
            let kind = "System.Management.Automation.PSInvalidOperationException";
            evaluator.write_error(ErrorRecord::new(kind, message, "InvalidOperation", 7))?;
        } else if evaluator.should_process(bound, &format!("Name: {name}"), "Remove Drive")? {
            evaluator.state.locations.made.remove(place);
        }
    }
    Ok(())
}

fn list_providers(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let names = bound.texts("PSProvider");
    for name in &names {
        if provider(name).is_none() {
            let message = format!("Cannot find a provider with the name '{name}'.");
            let kind = "System.Management.Automation.ItemNotFoundException";
            let record = ErrorRecord::new(kind, message, "ProviderNotFound", 13).with_target(Val::str(name.as_str()));
            evaluator.write_error(record)?;
        }
    }
    for found in providers() {
        if names.is_empty() || names.iter().any(|name| provider(name).is_some_and(|own| own.name() == found.name())) {
            out.put(evaluator, provider_object(found))?;
        }
    }
    Ok(())
}
