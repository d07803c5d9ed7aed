//! Copy-Item and Move-Item.

use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::provider::{Item, ItemPath, Relocation, resolve};
use super::super::super::value::Val;
use super::super::per_input::PerInput;
use super::{Bound, Spec, for_each_item, pass_thru};

pub(in super::super) static SPECS: [Spec; 2] = [
    Spec {
        name: "Copy-Item",
        aliases: &["cpi", "cp", "copy"],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "Destination@1^",
            "Container!",
            "Filter",
            "Include",
            "Exclude",
            "Recurse!",
            "Force!",
            "PassThru!",
            "FromSession",
            "ToSession",
            "Credential",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["FromSession", "ToSession", "Credential"])?;
            PerInput::boxed(bound, copy)
        },
    },
    Spec {
        name: "Move-Item",
        aliases: &["mi", "mv", "move"],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "Destination@1^",
            "Filter",
            "Include",
            "Exclude",
            "Force!",
            "PassThru!",
            "Credential",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential"])?;
            PerInput::boxed(bound, relocate)
        },
    },
];

/// Where an item goes: into the destination, if that is a container.
fn destination(evaluator: &mut Evaluator<'_>, bound: &Bound, item: &Item, verb: &str) -> Run<ItemPath> {
    let given = bound.text("Destination").unwrap_or_else(|| ".".into());
    let to = resolve(evaluator, &given)?;
    let there = to.provider.find(evaluator, &to.path)?;
    // A path that ends as a folder's does is no name for a file.
    if there.is_none() && !item.is_container && to.provider.name() == "FileSystem" && given.ends_with(['\\', '/']) {
        let shown = to.provider_path();
        let message = format!("Could not find a part of the path '{}\\'.", shown.trim_end_matches('\\'));
        let id = format!("{verb}FileInfoItemIOError");
        return Err(ErrorRecord::new("System.IO.DirectoryNotFoundException", message, id, 23)
            .with_target(Val::str(item.path.as_str()))
            .into());
    }
    Ok(match there {
        Some(there) if there.is_container => to.inside(&item.name),
        _ => to,
    })
}

fn target_text(path: &ItemPath, item: &Item, to: &ItemPath) -> String {
    format!("Item: {} Destination: {}", path.at(&item.path).provider_path(), to.provider_path())
}

fn kind_of(path: &ItemPath, item: &Item) -> &'static str {
    match (path.provider.name(), item.is_container) {
        ("FileSystem", true) => "Directory",
        ("FileSystem", false) => "File",
        ("Registry", _) => "Key",
        _ => "Item",
    }
}

fn copy(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    for_each_item(evaluator, bound, |evaluator, path, item| {
        let to = destination(evaluator, bound, item, "Copy")?;
        let action = format!("Copy {}", kind_of(path, item));
        if !evaluator.should_process(bound, &target_text(path, item, &to), &action)? {
            return Ok(());
        }
        if to.provider.name() != path.provider.name() {
            let message = "Source and destination path did not resolve to the same provider.";
            let kind = "System.Management.Automation.PSArgumentException";
            let id = "CopyItemSourceAndDestinationNotSameProvider";
            return Err(ErrorRecord::new(kind, message, id, 5).into());
        }
        // Listed before, so that a folder copied into itself ends.
        let mut waiting = vec![(item.clone(), to)];
        if item.is_container && bound.switch("Recurse") {
            let mut place = 0;
            while let Some((folder, to)) = waiting.get(place).cloned() {
                evaluator.step(2)?;
                if folder.is_container {
                    for child in path.provider.children(evaluator, &folder.path)? {
                        let to = to.inside(&child.name);
                        waiting.push((child, to));
                    }
                }
                place += 1;
            }
        }
        for (item, to) in waiting {
            path.provider.copy(evaluator, &item, &to.path, bound.switch("Force"))?;
            pass_thru(evaluator, bound, &to, out)?;
        }
        Ok(())
    })
}

fn relocate(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    for_each_item(evaluator, bound, |evaluator, path, item| {
        let to = destination(evaluator, bound, item, "Move")?;
        let action = format!("Move {}", kind_of(path, item));
        if !evaluator.should_process(bound, &target_text(path, item, &to), &action)? {
            return Ok(());
        }
        let inside = format!("{}\\", item.path.to_lowercase());
        if item.is_container && to.path.to_lowercase().starts_with(&inside) {
            let shown = to.provider_path();
            let message =
                format!("Destination path cannot be a subdirectory of the source or the source itself: {shown}.");
            return Err(ErrorRecord::new("System.IO.IOException", message, "MoveItemArgumentError", 5)
                .with_target(Val::str(shown))
                .into());
        }
        let how = Relocation { is_rename: false, force: bound.switch("Force") };
        path.provider.relocate(evaluator, item, &to.path, how)?;
        pass_thru(evaluator, bound, &to, out)
    })
}
