//! Properties of items: times of files, values of registry keys.

use std::sync::Arc;

use super::super::super::convert::text;
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::provider::{Decor, Item, ItemPath, SetProperty};
use super::super::super::value::{Obj, Val};
use super::super::per_input::PerInput;
use super::{Bound, Spec, for_each_item};

pub(in super::super) static SPECS: [Spec; 7] = [
    Spec {
        name: "Get-ItemProperty",
        aliases: &["gp"],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "Name|PSProperty@1",
            "Filter",
            "Include",
            "Exclude",
            "Credential",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential"])?;
            PerInput::boxed(bound, get)
        },
    },
    Spec {
        name: "Get-ItemPropertyValue",
        aliases: &["gpv"],
        params: &[
            "Path:string@0<^",
            "LiteralPath|PSPath|LP:string^/",
            "Name|PSProperty@1+",
            "Filter",
            "Include",
            "Exclude",
            "Credential",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential"])?;
            PerInput::boxed(bound, get_value)
        },
    },
    Spec {
        name: "Set-ItemProperty",
        aliases: &["sp"],
        params: &[
            "Path:string@0^+",
            "LiteralPath|PSPath|LP:string^/",
            "Name|PSProperty@1^",
            "Value@2^",
            "InputObject<^",
            "Type",
            "PassThru!",
            "Force!",
            "Filter",
            "Include",
            "Exclude",
            "Credential",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential"])?;
            PerInput::boxed(bound, set)
        },
    },
    Spec {
        name: "New-ItemProperty",
        aliases: &[],
        params: &[
            "Path:string@0^+",
            "LiteralPath|PSPath|LP:string^/",
            "Name|PSProperty@1^+",
            "PropertyType|Type^",
            "Value^",
            "Force!",
            "Filter",
            "Include",
            "Exclude",
            "Credential",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential"])?;
            PerInput::boxed(bound, new)
        },
    },
    Spec {
        name: "Remove-ItemProperty",
        aliases: &["rp"],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "Name|PSProperty@1^+",
            "Force!",
            "Filter",
            "Include",
            "Exclude",
            "Credential",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential"])?;
            PerInput::boxed(bound, remove)
        },
    },
    Spec {
        name: "Rename-ItemProperty",
        aliases: &["rnp"],
        params: &[
            "Path:string@0^+",
            "LiteralPath|PSPath|LP:string^/",
            "Name|PSProperty@1^+",
            "NewName@2^+",
            "PassThru!",
            "Force!",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| PerInput::boxed(bound, rename),
    },
    Spec {
        name: "Clear-ItemProperty",
        aliases: &["clp"],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "Name|PSProperty@1^+",
            "PassThru!",
            "Force!",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| PerInput::boxed(bound, clear),
    },
];

fn missing(name: &str, path: &ItemPath) -> ErrorRecord {
    if path.provider.name() == "FileSystem" {
        let message = format!("The property {name} does not exist or was not found.");
        return ErrorRecord::new("System.IO.IOException", message, "GetValueError", 22).with_target(Val::str(name));
    }
    let message = format!("Property {name} does not exist at path {}.", path.provider_path());
    let id = "System.Management.Automation.PSArgumentException";
    ErrorRecord::new(id, message, id, 5).with_target(Val::str(name))
}

/// The properties of an item that are asked for; errors are written for names that it has not.
fn properties(evaluator: &mut Evaluator<'_>, bound: &Bound, path: &ItemPath, item: &Item) -> Run<Vec<(Arc<str>, Val)>> {
    let all = path.provider.properties(evaluator, item)?;
    let names = bound.texts("Name");
    if names.is_empty() {
        return Ok(all);
    }
    let mut chosen = Vec::new();
    for pattern in names {
        let before = chosen.len();
        for (name, value) in &all {
            if evaluator.patterns.like(name, &pattern, false)? || name.eq_ignore_ascii_case(&pattern) {
                chosen.push((name.clone(), value.clone()));
            }
        }
        if chosen.len() == before && !pattern.contains(['*', '?']) {
            evaluator.write_error(missing(&pattern, &path.at(&item.path)))?;
        }
    }
    Ok(chosen)
}

fn put(
    evaluator: &mut Evaluator<'_>,
    path: &ItemPath,
    item: &Item,
    properties: Vec<(Arc<str>, Val)>,
    out: &mut dyn Sink,
) -> Run<()> {
    let object = Obj::custom(properties);
    let place = Obj::custom(Vec::new());
    Decor::of(evaluator, path).mark(&place, item);
    if let (Val::Object(object), Val::Object(place)) = (&object, &place) {
        // PSIsContainer says nothing of properties.
        let notes = place.properties().into_iter().filter(|(name, _)| &**name != "PSIsContainer");
        notes.for_each(|(name, value)| object.set_note(&name, value));
    }
    out.put(evaluator, object)
}

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    for_each_item(evaluator, bound, |evaluator, path, item| {
        let chosen = properties(evaluator, bound, path, item)?;
        if bound.get("Name").is_none() && path.provider.name() == "FileSystem" {
            let object = Decor::of(evaluator, path).object(evaluator, item);
            return out.put(evaluator, object);
        }
        if chosen.is_empty() {
            // A key without values has no properties to show.
            return Ok(());
        }
        put(evaluator, path, item, chosen, out)
    })
}

fn get_value(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let names = bound.texts("Name");
    let mut bound = bound.clone();
    bound.take("Name");
    if bound.get("Path").is_none() && bound.get("LiteralPath").is_none() {
        return Err(ErrorRecord::unsupported("Get-ItemPropertyValue without a path").into());
    }
    for_each_item(evaluator, &bound, |evaluator, path, item| {
        let all = path.provider.properties(evaluator, item)?;
        for name in &names {
            match all.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
                Some((_, value)) => evaluator.put_items(value.clone(), out)?,
                None => {
                    let record = missing(name, &path.at(&item.path));
                    let id: Arc<str> = record.exception.type_name().into();
                    return Err(ErrorRecord { id, category: 0, target: Val::Null, ..record }.into());
                }
            }
        }
        Ok(())
    })
}

fn target_text(path: &ItemPath, item: &Item, name: &str) -> String {
    format!("Item: {} Property: {name}", path.at(&item.path).provider_path())
}

fn set(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let mut pairs = Vec::new();
    match (bound.text("Name"), bound.get("InputObject")) {
        (Some(name), _) => pairs.push((name, bound.get("Value").cloned().unwrap_or(Val::Null))),
        (None, Some(object)) => {
            let places = ["PSPath", "PSParentPath", "PSChildName", "PSDrive", "PSProvider"];
            let own = super::super::super::eval::properties(object).into_iter();
            pairs.extend(
                own.filter(|(name, _)| !places.contains(&&**name)).map(|(name, value)| (name.to_string(), value)),
            );
        }
        (None, None) => return Err(super::super::binding::missing("Name").into()),
    }
    for_each_item(evaluator, bound, |evaluator, path, item| {
        for (name, value) in &pairs {
            if !evaluator.should_process(bound, &target_text(path, item, name), "Set Property")? {
                continue;
            }
            let set = SetProperty {
                name: name.clone(),
                value: value.clone(),
                kind: bound.text("Type"),
                is_new: false,
                force: bound.switch("Force"),
            };
            path.provider.set_property(evaluator, item, &set)?;
        }
        pass_on(evaluator, bound, path, item, out)
    })
}

/// What -PassThru gives: the properties that were changed.
fn pass_on(evaluator: &mut Evaluator<'_>, bound: &Bound, path: &ItemPath, item: &Item, out: &mut dyn Sink) -> Run<()> {
    if !bound.switch("PassThru") {
        return Ok(());
    }
    if let Some(item) = path.provider.find(evaluator, &item.path)? {
        let chosen = properties(evaluator, bound, path, &item)?;
        put(evaluator, path, &item, chosen, out)?;
    }
    Ok(())
}

fn new(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    for_each_item(evaluator, bound, |evaluator, path, item| {
        for name in bound.texts("Name") {
            if !evaluator.should_process(bound, &target_text(path, item, &name), "New Property")? {
                continue;
            }
            let set = SetProperty {
                value: bound.get("Value").cloned().unwrap_or(Val::Null),
                kind: bound.text("PropertyType"),
                is_new: true,
                force: bound.switch("Force"),
                name: name.clone(),
            };
            path.provider.set_property(evaluator, item, &set)?;
            let made = path.provider.find(evaluator, &item.path)?.unwrap_or_else(|| item.clone());
            let all = path.provider.properties(evaluator, &made)?;
            let chosen = all.into_iter().filter(|(own, _)| own.eq_ignore_ascii_case(&name)).collect();
            put(evaluator, path, &made, chosen, out)?;
        }
        Ok(())
    })
}

fn remove(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    for_each_item(evaluator, bound, |evaluator, path, item| {
        let all = path.provider.properties(evaluator, item)?;
        for pattern in bound.texts("Name") {
            let mut found = false;
            for (name, _) in &all {
                if evaluator.patterns.like(name, &pattern, false)? {
                    found = true;
                    if evaluator.should_process(bound, &target_text(path, item, name), "Remove Property")? {
                        path.provider.remove_property(evaluator, item, name)?;
                    }
                }
            }
            if !found && !pattern.contains(['*', '?']) {
                let record = missing(&pattern, &path.at(&item.path));
                evaluator.write_error(record)?;
            }
        }
        Ok(())
    })
}

fn rename(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let (from, to) = (bound.text("Name").unwrap_or_default(), bound.text("NewName").unwrap_or_default());
    for_each_item(evaluator, bound, |evaluator, path, item| {
        let all = path.provider.properties(evaluator, item)?;
        let Some((name, value)) = all.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(&from)) else {
            return Err(missing(&from, &path.at(&item.path)).into());
        };
        let target =
            format!("Item: {} SourceProperty: {name} DestinationProperty: {to}", path.at(&item.path).provider_path());
        if evaluator.should_process(bound, &target, "Rename Property")? {
            let set = SetProperty { name: to.clone(), value, kind: None, is_new: true, force: false };
            path.provider.set_property(evaluator, item, &set)?;
            path.provider.remove_property(evaluator, item, &name)?;
        }
        pass_on(evaluator, bound, path, item, out)
    })
}

fn clear(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    for_each_item(evaluator, bound, |evaluator, path, item| {
        for name in bound.texts("Name") {
            let all = path.provider.properties(evaluator, item)?;
            let Some((name, old)) = all.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(&name)) else {
                evaluator.write_error(missing(&name, &path.at(&item.path)))?;
                continue;
            };
            if evaluator.should_process(bound, &target_text(path, item, &name), "Clear Property")? {
                let value = match old {
                    Val::Str(_) => Val::str(""),
                    Val::List(_) => Val::list("System.Byte[]", Vec::new()),
                    _ => Val::I32(0),
                };
                let set = SetProperty { name: text(&Val::Str(name)), value, kind: None, is_new: false, force: true };
                path.provider.set_property(evaluator, item, &set)?;
            }
        }
        pass_on(evaluator, bound, path, item, out)
    })
}
