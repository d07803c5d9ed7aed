//! Registry keys and their values.

use std::sync::{Arc, LazyLock};

use super::super::convert::{self, text};
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::machine::{RegistryData, RegistryError, RegistryKey};
use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::{Item, New, Provider, Relocation, SetProperty, Thing};

pub(in super::super) struct Registry;

/// The provider of registry keys.
pub(super) const REGISTRY: &Registry = &Registry;

fn item(path: String, key: &RegistryKey) -> Item {
    Item { path, name: key.name.clone(), is_container: true, is_hidden: false, thing: Thing::Key(key.clone()) }
}

/// The error of a change that failed.
/// Source: public transcripts of the registry provider's errors; ids are names of exceptions.
fn trouble(error: RegistryError, path: &str) -> ErrorRecord {
    let (kind, message, category) = match error {
        RegistryError::NotFound => {
            ("System.ArgumentException", "The registry key at the specified path does not exist.", 5)
        }
        RegistryError::Exists => ("System.IO.IOException", "A key in this path already exists.", 20),
        RegistryError::Full => {
            ("System.IO.IOException", "Insufficient system resources exist to complete the requested service.", 23)
        }
    };
    ErrorRecord::new(kind, message, kind, category).with_target(Val::str(path))
}

impl Provider for Registry {
    fn name(&self) -> &'static str {
        "Registry"
    }

    fn find(&self, evaluator: &mut Evaluator<'_>, path: &str) -> Run<Option<Item>> {
        evaluator.step(4)?;
        let registry = evaluator.machine.registry();
        let mut real = String::new();
        for part in path.split('\\') {
            let at = if real.is_empty() { part.to_owned() } else { format!("{real}\\{part}") };
            let Some(key) = registry.find(&at) else { return Ok(None) };
            real = if real.is_empty() { key.name.to_string() } else { format!("{real}\\{}", key.name) };
        }
        Ok(registry.find(path).map(|key| item(real, key)))
    }

    fn children(&self, evaluator: &mut Evaluator<'_>, path: &str) -> Run<Vec<Item>> {
        let registry = evaluator.machine.registry();
        let children = registry.children(path);
        evaluator.step(children.len() as u64 + 4)?;
        let inside = |key: &&RegistryKey| {
            item(if path.is_empty() { key.name.to_string() } else { format!("{path}\\{}", key.name) }, key)
        };
        Ok(children.iter().map(inside).collect())
    }

    /// Source: public API of Microsoft.Win32.RegistryKey; `Property` is PowerShell's note.
    fn object(&self, evaluator: &mut Evaluator<'_>, item: &Item) -> Val {
        static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
            let types = ["Microsoft.Win32.RegistryKey", "System.MarshalByRefObject", "System.Object"];
            Schema::new(&types, &["SubKeyCount", "View", "Handle", "ValueCount", "Name"])
        });
        let Thing::Key(key) = &item.thing else { return Val::Null };
        let count = evaluator.machine.registry().children(&item.path).len();
        let values = vec![
            Val::I32(count as i32),
            Val::of_enum("Microsoft.Win32.RegistryView", "Default", 0),
            Val::Null,
            Val::I32(key.values.len() as i32),
            Val::str(item.path.as_str()),
        ];
        let made = Obj::typed(&SCHEMA, item.path.as_str(), values);
        let names = key.values.iter().map(|(name, _)| Val::str(shown_name(name))).collect();
        if let Val::Object(object) = &made {
            object.put_notes_first(vec![("Property", Val::list("System.String[]", names))]);
        }
        made
    }

    fn make(&self, evaluator: &mut Evaluator<'_>, path: &str, new: &New) -> Run<()> {
        let around = path.rsplit_once('\\').map_or("", |(around, _)| around);
        let registry = evaluator.machine.registry();
        if registry.find(around).is_none() && !new.force {
            return Err(trouble(RegistryError::NotFound, path).into());
        }
        // -Force begins anew.
        if new.force && registry.find(path).is_some() {
            evaluator.machine.remove_key(path).map_err(|error| trouble(error, path))?;
        }
        evaluator.machine.make_key(path).map_err(|error| trouble(error, path))?;
        if let Some(value) = &new.value {
            let data = data_of(value, new.kind.as_deref())?;
            evaluator.machine.set_registry_value(path, "", data).map_err(|error| trouble(error, path))?;
        }
        Ok(())
    }

    fn remove(&self, evaluator: &mut Evaluator<'_>, item: &Item, _force: bool) -> Run<()> {
        evaluator.machine.remove_key(&item.path).map_err(|error| trouble(error, &item.path).into())
    }

    fn copy(&self, evaluator: &mut Evaluator<'_>, item: &Item, to: &str, _force: bool) -> Run<()> {
        evaluator.machine.copy_key(&item.path, to, false).map_err(|error| trouble(error, &item.path).into())
    }

    fn relocate(&self, evaluator: &mut Evaluator<'_>, item: &Item, to: &str, _how: Relocation) -> Run<()> {
        if evaluator.machine.registry().find(to).is_some() {
            return Err(trouble(RegistryError::Exists, to).into());
        }
        evaluator.machine.copy_key(&item.path, to, true).map_err(|error| trouble(error, &item.path))?;
        evaluator.machine.remove_key(&item.path).map_err(|error| trouble(error, &item.path).into())
    }

    fn properties(&self, evaluator: &mut Evaluator<'_>, item: &Item) -> Run<Vec<(Arc<str>, Val)>> {
        let Thing::Key(key) = &item.thing else { return Ok(Vec::new()) };
        let value = |(name, data): &(Arc<str>, RegistryData)| (Arc::from(shown_name(name)), value_of(evaluator, data));
        Ok(key.values.iter().map(value).collect())
    }

    fn set_property(&self, evaluator: &mut Evaluator<'_>, item: &Item, set: &SetProperty) -> Run<()> {
        let Thing::Key(key) = &item.thing else { return Ok(()) };
        let name = if set.name.eq_ignore_ascii_case("(default)") { "" } else { set.name.as_str() };
        let old = key.value(name);
        if set.is_new && old.is_some() && !set.force {
            let kind = "System.IO.IOException";
            return Err(ErrorRecord::new(kind, "The property already exists.", kind, 20)
                .with_target(Val::str(item.path.as_str()))
                .into());
        }
        let kind = set.kind.clone().or_else(|| old.map(|old| kind_name(old).to_owned()));
        let data = data_of(&set.value, kind.as_deref())?;
        evaluator.machine.set_registry_value(&item.path, name, data).map_err(|error| trouble(error, &item.path).into())
    }

    fn remove_property(&self, evaluator: &mut Evaluator<'_>, item: &Item, name: &str) -> Run<()> {
        let name = if name.eq_ignore_ascii_case("(default)") { "" } else { name };
        evaluator.machine.remove_registry_value(&item.path, name).map_err(|error| trouble(error, &item.path).into())
    }
}

fn shown_name(name: &str) -> &str {
    if name.is_empty() { "(default)" } else { name }
}

fn kind_name(data: &RegistryData) -> &'static str {
    match data {
        RegistryData::Text(_) => "String",
        RegistryData::Expand(_) => "ExpandString",
        RegistryData::Binary(_) => "Binary",
        RegistryData::Dword(_) => "DWord",
        RegistryData::Multi(_) => "MultiString",
        RegistryData::Qword(_) => "QWord",
    }
}

/// A value as scripts see it: texts have their variables filled in.
pub(in super::super) fn value_of(evaluator: &Evaluator<'_>, data: &RegistryData) -> Val {
    match data {
        RegistryData::Text(text) => Val::Str(text.clone()),
        RegistryData::Expand(text) => Val::str(evaluator.expand_environment(text)),
        RegistryData::Binary(bytes) => Val::list("System.Byte[]", bytes.iter().copied().map(Val::U8).collect()),
        RegistryData::Dword(number) => Val::I32(*number as i32),
        RegistryData::Multi(texts) => Val::list("System.String[]", texts.iter().cloned().map(Val::Str).collect()),
        RegistryData::Qword(number) => Val::I64(*number as i64),
    }
}

/// The data of a value, of a kind that was asked for or that its type has.
fn data_of(value: &Val, kind: Option<&str>) -> Run<RegistryData> {
    let fail = |why: String| -> Run<RegistryData> {
        let kind = "System.Management.Automation.PSInvalidCastException";
        Err(ErrorRecord::new(kind, why, "System.Management.Automation.PSInvalidCastException", 5).into())
    };
    let number = |name: &str| match convert::cast(value, &TypeRef::named("System.Int64")) {
        Ok(Val::I64(number)) => Ok(number),
        Ok(_) => Ok(0),
        Err(record) => {
            let message = record.message().replace("System.Int64", name);
            Err(ErrorRecord {
                ..ErrorRecord::new(
                    "System.Management.Automation.PSInvalidCastException",
                    message,
                    "System.Management.Automation.PSInvalidCastException",
                    5,
                )
            })
        }
    };
    let texts = || value.clone().into_items().iter().map(|item| text(item).into()).collect();
    let natural = match value {
        Val::I8(_) | Val::U8(_) | Val::I16(_) | Val::U16(_) | Val::I32(_) | Val::U32(_) => "dword",
        Val::I64(_) | Val::U64(_) => "qword",
        Val::List(list) if &*list.type_name == "System.Byte[]" => "binary",
        Val::List(_) => "multistring",
        _ => "string",
    };
    let kind = kind.map_or_else(|| natural.to_owned(), str::to_lowercase);
    Ok(match kind.as_str() {
        "string" | "sz" | "reg_sz" => RegistryData::Text(text(value).into()),
        "expandstring" | "reg_expand_sz" => RegistryData::Expand(text(value).into()),
        "dword" | "reg_dword" => match number("System.Int32")? {
            number @ -0x8000_0000..=0xFFFF_FFFF => RegistryData::Dword(number as u32),
            number => return fail(format!("Cannot convert value \"{number}\" to type \"System.Int32\".")),
        },
        "qword" | "reg_qword" => RegistryData::Qword(number("System.Int64")? as u64),
        "multistring" | "reg_multi_sz" => RegistryData::Multi(texts()),
        "binary" | "reg_binary" => {
            let bytes = value.clone().into_items().iter().map(convert::index).collect::<Result<Vec<_>, _>>()?;
            RegistryData::Binary(bytes.into_iter().map(|byte| byte as u8).collect())
        }
        "unknown" | "none" => return data_of(value, None),
        _ => {
            let message = format!(
                "Cannot bind parameter 'Type'. Cannot convert value \"{kind}\" to type \"Microsoft.Win32.RegistryValueKind\"."
            );
            let kind = "System.Management.Automation.ParameterBindingException";
            return Err(ErrorRecord::new(kind, message, "CannotConvertArgumentNoMessage", 5).into());
        }
    })
}

/// Methods of a key's object.
pub(in super::super) fn key_method(
    evaluator: &mut Evaluator<'_>,
    object: &Arc<Obj>,
    name: &str,
    args: &[Val],
) -> Run<Option<Val>> {
    if object.type_name() != "Microsoft.Win32.RegistryKey" {
        return Ok(None);
    }
    let path = object.get("Name").map_or_else(String::new, |name| text(&name));
    let registry = evaluator.machine.registry();
    let key = registry.find(&path);
    let first = args.first().map_or_else(String::new, text);
    let names = |names: Vec<Val>| Some(Val::list("System.String[]", names));
    Ok(match name {
        "getvalue" => {
            let data = key.and_then(|key| key.value(&first));
            let is_raw =
                args.get(2).is_some_and(|option| text(option).eq_ignore_ascii_case("DoNotExpandEnvironmentNames"));
            Some(match data {
                Some(RegistryData::Expand(raw)) if is_raw => Val::Str(raw.clone()),
                Some(data) => value_of(evaluator, data),
                None => args.get(1).cloned().unwrap_or(Val::Null),
            })
        }
        "getvaluenames" => {
            names(key.map_or_else(Vec::new, |key| key.values.iter().map(|(name, _)| Val::Str(name.clone())).collect()))
        }
        "getsubkeynames" => names(registry.children(&path).iter().map(|key| Val::Str(key.name.clone())).collect()),
        "getvaluekind" => key.and_then(|key| key.value(&first)).map(|data| {
            let number = match data {
                RegistryData::Text(_) => 1,
                RegistryData::Expand(_) => 2,
                RegistryData::Binary(_) => 3,
                RegistryData::Dword(_) => 4,
                RegistryData::Multi(_) => 7,
                RegistryData::Qword(_) => 11,
            };
            Val::of_enum("Microsoft.Win32.RegistryValueKind", kind_name(data), number)
        }),
        "opensubkey" => {
            let at = format!("{path}\\{}", first.trim_matches('\\'));
            match REGISTRY.find(evaluator, &at)? {
                Some(item) => Some(REGISTRY.object(evaluator, &item)),
                None => Some(Val::Null),
            }
        }
        "close" | "dispose" | "flush" => Some(Val::Void),
        _ => None,
    })
}
