//! New-Item, Remove-Item, Rename-Item and Clear-Item.

use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::provider::{Item, ItemPath, New, Relocation, Write, resolve};
use super::super::super::value::Val;
use super::super::per_input::PerInput;
use super::{Bound, Spec, for_each_item, pass_thru, paths_of, put_item};

pub(in super::super) static SPECS: [Spec; 5] = [
    Spec {
        name: "New-Item",
        aliases: &["ni"],
        params: &[
            "Path@0^",
            "Name^",
            "ItemType|Type^",
            "Value|Target<^",
            "Force!",
            "Credential",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential"])?;
            PerInput::boxed(bound, make)
        },
    },
    Spec {
        name: "mkdir",
        aliases: &["md"],
        params: &["Path@0^", "Name^", "Value<^", "Force!", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| PerInput::boxed(bound, make_folder),
    },
    Spec {
        name: "Remove-Item",
        aliases: &["ri", "rm", "rmdir", "del", "erase", "rd"],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "Filter",
            "Include",
            "Exclude",
            "Recurse!",
            "Force!",
            "Stream",
            "Credential",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Stream", "Credential"])?;
            PerInput::boxed(bound, remove)
        },
    },
    Spec {
        name: "Rename-Item",
        aliases: &["rni", "ren"],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "NewName@1^+",
            "Force!",
            "PassThru!",
            "Credential",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential"])?;
            PerInput::boxed(bound, rename)
        },
    },
    Spec {
        name: "Set-Item",
        aliases: &["si"],
        params: &[
            "Path:string@0^+",
            "LiteralPath|PSPath|LP:string^/",
            "Value@1<^",
            "Force!",
            "PassThru!",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| PerInput::boxed(bound, set),
    },
];

fn make(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    make_of_kind(evaluator, bound, bound.text("ItemType"), out)
}

fn make_folder(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    make_of_kind(evaluator, bound, Some("directory".into()), out)
}

fn make_of_kind(evaluator: &mut Evaluator<'_>, bound: &Bound, kind: Option<String>, out: &mut dyn Sink) -> Run<()> {
    let paths = bound.texts("Path");
    let name = bound.text("Name");
    let texts = match (&paths[..], &name) {
        ([], None) => return Err(super::super::binding::missing("Path").into()),
        ([], Some(name)) => vec![name.clone()],
        (paths, None) => paths.to_vec(),
        (paths, Some(name)) => paths.iter().map(|path| format!("{path}\\{name}")).collect(),
    };
    let new = New { kind, value: bound.get("Value").cloned(), force: bound.switch("Force") };
    for text in texts {
        let done = resolve(evaluator, &text).map_err(Into::into).and_then(|path| {
            let (action, target) = match path.provider.name() {
                "FileSystem" => {
                    let is_folder = new.kind.as_ref().is_some_and(|kind| kind.to_lowercase().starts_with('d'));
                    let action = if is_folder { "Create Directory" } else { "Create File" };
                    (action, format!("Destination: {}", path.provider_path()))
                }
                "Registry" => ("New Item", format!("Item: {}", path.provider_path())),
                _ => ("New Item", path.shown()),
            };
            if !evaluator.should_process(bound, &target, action)? {
                return Ok(());
            }
            path.provider.make(evaluator, &path.path, &new)?;
            put_item(evaluator, &path, out)
        });
        if let Err(flow) = done {
            evaluator.report_throw(flow)?;
        }
    }
    Ok(())
}

/// What a session without a user says instead of asking.
fn has_children(shown: &str) -> ErrorRecord {
    let message = format!(
        "A command that prompts the user failed because the host program or the command type does not support user \
         interaction. The host was attempting to request confirmation with the following message: The item at {shown} \
         has children and the Recurse parameter was not specified. If you continue, all children will be removed with \
         the item. Are you sure you want to continue?"
    );
    ErrorRecord::new("System.Management.Automation.Host.HostException", message, "HostFunctionNotImplemented", 11)
}

fn remove(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    let force = bound.switch("Force");
    for_each_item(evaluator, bound, |evaluator, path, item| {
        let here = path.at(&item.path);
        if item.is_container && !bound.switch("Recurse") && path.provider.is_nested() {
            let is_empty = path.provider.children(evaluator, &item.path)?.is_empty();
            if !is_empty {
                return Err(has_children(&here.shown()).into());
            }
        }
        let (action, target) = match (path.provider.name(), item.is_container) {
            ("FileSystem", true) => ("Remove Directory", here.provider_path()),
            ("FileSystem", false) => ("Remove File", here.provider_path()),
            ("Registry", _) => ("Remove Key", format!("Item: {}", here.provider_path())),
            _ => ("Remove Item", format!("Item: {}", item.name)),
        };
        if evaluator.should_process(bound, &target, action)? {
            path.provider.remove(evaluator, item, force)?;
        }
        Ok(())
    })
}

fn rename(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let (texts, literal) = paths_of(bound)?;
    for text in texts {
        let path = match resolve(evaluator, &text) {
            Ok(path) => path,
            Err(record) => {
                evaluator.write_error(record)?;
                continue;
            }
        };
        let found = super::super::super::provider::find_all(evaluator, &path, literal);
        let Some(item) = found.ok().and_then(|mut items| if items.is_empty() { None } else { Some(items.remove(0)) })
        else {
            let message = format!("Cannot rename because item at '{text}' does not exist.");
            let kind = "System.Management.Automation.PSInvalidOperationException";
            evaluator.write_error(ErrorRecord::new(kind, message, "InvalidOperation", 7))?;
            continue;
        };
        if let Err(flow) = rename_one(evaluator, bound, &path, &item, out) {
            evaluator.report_throw(flow)?;
        }
    }
    Ok(())
}

fn rename_one(
    evaluator: &mut Evaluator<'_>,
    bound: &Bound,
    path: &ItemPath,
    item: &Item,
    out: &mut dyn Sink,
) -> Run<()> {
    let name = bound.text("NewName").unwrap_or_default();
    let here = path.at(&item.path);
    let plain = name.trim_start_matches(".\\");
    if plain.contains(['\\', '/']) && !plain.eq_ignore_ascii_case(&format!("{}\\{}", here.around().path, here.leaf())) {
        let message = "Cannot rename the specified target, because it represents a path or device name.";
        return Err(ErrorRecord::new("System.Management.Automation.PSArgumentException", message, "Argument", 5).into());
    }
    let to = here.around().inside(plain);
    let action = match (path.provider.name(), item.is_container) {
        ("FileSystem", true) => "Rename Directory",
        ("FileSystem", false) => "Rename File",
        ("Registry", _) => "Rename Key",
        _ => "Rename Item",
    };
    let target = format!("Item: {} Destination: {}", here.provider_path(), to.provider_path());
    if evaluator.should_process(bound, &target, action)? {
        let how = Relocation { is_rename: true, force: bound.switch("Force") };
        path.provider.relocate(evaluator, item, &to.path, how)?;
        pass_thru(evaluator, bound, &to, out)?;
    }
    Ok(())
}

fn set(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let (texts, _) = paths_of(bound)?;
    for text in texts {
        let path = resolve(evaluator, &text)?;
        let value = bound.get("Value").cloned().unwrap_or(Val::Null);
        let target = format!("Item: {} Value: {}", path.path, super::super::super::convert::text(&value));
        if evaluator.should_process(bound, &target, "Set Item")? {
            if path.provider.name() == "FileSystem" {
                let what =
                    "Cannot use interface. The ItemCmdletProvider.SetItem method is not supported by this provider.";
                return Err(super::super::super::provider::not_supported(what).into());
            }
            let write = Write {
                values: vec![value],
                bytes: Vec::new(),
                append: false,
                force: bound.switch("Force"),
                is_out_file: false,
            };
            path.provider.set_content(evaluator, &path.path, &write)?;
            pass_thru(evaluator, bound, &path, out)?;
        }
    }
    Ok(())
}
