//! Drives of the runspace itself: environment variables, variables, functions, aliases.

use std::sync::{Arc, LazyLock};

use super::super::cmdlets;
use super::super::command_info;
use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::value::{Obj, Schema, Val};
use super::{Content, Item, New, Provider, Relocation, Thing, Write};

/// Which of the runspace's things a provider shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Flat {
    Environment,
    Variable,
    Function,
    Alias,
}

pub(super) const ENVIRONMENT: &Flat = &Flat::Environment;
pub(super) const VARIABLE: &Flat = &Flat::Variable;
pub(super) const FUNCTION: &Flat = &Flat::Function;
pub(super) const ALIAS: &Flat = &Flat::Alias;

fn item(name: &str, value: Val) -> Item {
    Item { path: name.to_owned(), name: name.into(), is_container: false, is_hidden: false, thing: Thing::Value(value) }
}

fn exists(name: &str) -> ErrorRecord {
    let message = format!("The item at path '{name}' already exists.");
    ErrorRecord::new("System.Management.Automation.PSArgumentException", message, "Argument", 5)
}

impl Flat {
    /// All things with their values, by name.
    fn all(self, evaluator: &Evaluator<'_>) -> Vec<(Arc<str>, Val)> {
        let mut all: Vec<(Arc<str>, Val)> = match self {
            Self::Environment => {
                evaluator.environment_variables().into_iter().map(|(name, value)| (name, Val::Str(value))).collect()
            }
            Self::Variable => evaluator.variables(),
            Self::Function => {
                evaluator.functions().into_iter().map(|(name, script)| (name, Val::Script(script))).collect()
            }
            Self::Alias => {
                let aliases = super::super::cmdlets::aliases();
                aliases.map(|(alias, name)| (Arc::from(alias), Val::str(name))).collect()
            }
        };
        all.sort_by_key(|(name, _)| name.to_lowercase());
        all
    }

    fn set(self, evaluator: &mut Evaluator<'_>, name: &str, value: &Val) -> Run<()> {
        match (self, value) {
            (Self::Environment, value) => {
                let text = text(value);
                evaluator.set_environment(name, Some(text.as_str()).filter(|_| !value.is_null()));
            }
            (Self::Variable, value) => evaluator.set_local(&name.to_lowercase(), value.clone().stored()),
            (Self::Function, Val::Script(script)) => evaluator.define_function(name, script.clone()),
            (Self::Function, value) => {
                let source = text(value);
                let script = super::super::parser::parse(&source)
                    .map_err(|error| ErrorRecord::of_parse_error(&error, &source.as_str().into()))?;
                evaluator.define_function(name, script);
            }
            (Self::Alias, _) => return Err(ErrorRecord::unsupported("aliases of scripts").into()),
        }
        Ok(())
    }
}

impl Provider for Flat {
    fn name(&self) -> &'static str {
        match self {
            Self::Environment => "Environment",
            Self::Variable => "Variable",
            Self::Function => "Function",
            Self::Alias => "Alias",
        }
    }

    fn is_nested(&self) -> bool {
        false
    }

    fn find(&self, evaluator: &mut Evaluator<'_>, path: &str) -> Run<Option<Item>> {
        evaluator.step(4)?;
        if path.is_empty() {
            return Ok(Some(Item { is_container: true, ..item("", Val::Null) }));
        }
        let all = self.all(evaluator);
        let found = all.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(path));
        Ok(found.map(|(name, value)| item(&name, value)))
    }

    fn children(&self, evaluator: &mut Evaluator<'_>, path: &str) -> Run<Vec<Item>> {
        if !path.is_empty() {
            return Ok(Vec::new());
        }
        let all = self.all(evaluator);
        evaluator.step(all.len() as u64)?;
        Ok(all.into_iter().map(|(name, value)| item(&name, value)).collect())
    }

    fn object(&self, _evaluator: &mut Evaluator<'_>, item: &Item) -> Val {
        let Thing::Value(value) = &item.thing else { return Val::Null };
        let name = Val::Str(item.name.clone());
        match self {
            Self::Environment => environment_entry(name, value),
            Self::Variable => variable(name, value),
            Self::Function => function(name, value),
            Self::Alias => alias(name, value),
        }
    }

    fn make(&self, evaluator: &mut Evaluator<'_>, path: &str, new: &New) -> Run<()> {
        if !new.force && self.find(evaluator, path)?.is_some() {
            return Err(exists(path).into());
        }
        self.set(evaluator, path, new.value.as_ref().unwrap_or(&Val::Null))
    }

    fn remove(&self, evaluator: &mut Evaluator<'_>, item: &Item, _force: bool) -> Run<()> {
        match self {
            Self::Environment => evaluator.set_environment(&item.name, None),
            Self::Variable => evaluator.remove_variable(&item.name.to_lowercase()),
            Self::Function => evaluator.remove_function(&item.name),
            Self::Alias => return Err(ErrorRecord::unsupported("how to remove aliases").into()),
        }
        Ok(())
    }

    fn copy(&self, evaluator: &mut Evaluator<'_>, item: &Item, to: &str, _force: bool) -> Run<()> {
        match &item.thing {
            Thing::Value(value) => self.set(evaluator, to, value),
            _ => Ok(()),
        }
    }

    fn relocate(&self, evaluator: &mut Evaluator<'_>, item: &Item, to: &str, how: Relocation) -> Run<()> {
        if !how.is_rename {
            let message = "The NavigationCmdletProvider methods are not supported by this provider.";
            return Err(super::not_supported(message).into());
        }
        if !how.force && self.find(evaluator, to)?.is_some() {
            return Err(exists(to).into());
        }
        self.copy(evaluator, item, to, true)?;
        self.remove(evaluator, item, true)
    }

    fn content(&self, _evaluator: &mut Evaluator<'_>, item: &Item) -> Run<Content> {
        Ok(Content::Values(match &item.thing {
            Thing::Value(value) => vec![value.clone()],
            _ => Vec::new(),
        }))
    }

    fn set_content(&self, evaluator: &mut Evaluator<'_>, path: &str, write: &Write) -> Run<()> {
        let value = match &write.values[..] {
            [one] => one.clone(),
            many => Val::array(many.to_vec()),
        };
        self.set(evaluator, path, &value)
    }
}

/// Source: PowerShell's Environment provider gives dictionary entries with an alias property `Name`.
fn environment_entry(name: Val, value: &Val) -> Val {
    static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        Schema::new(&["System.Collections.DictionaryEntry", "System.ValueType", "System.Object"], &["Key", "Value"])
    });
    let shown = format!("[{}, {}]", text(&name), text(value));
    let made = Obj::typed(&SCHEMA, shown, vec![name.clone(), value.clone()]);
    if let Val::Object(object) = &made {
        object.set_note("Name", name);
    }
    made
}

/// Source: public API of System.Management.Automation.PSVariable, in the order in which PowerShell serializes it.
fn variable(name: Val, value: &Val) -> Val {
    static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let names = ["Options", "Value", "Name", "Description", "Visibility", "Module", "ModuleName", "Attributes"];
        Schema::new(&["System.Management.Automation.PSVariable", "System.Object"], &names)
    });
    let values = vec![
        Val::of_enum("System.Management.Automation.ScopedItemOptions", "None", 0),
        value.clone(),
        name,
        Val::str(""),
        Val::of_enum("System.Management.Automation.SessionStateEntryVisibility", "Public", 0),
        Val::Null,
        Val::str(""),
        Val::array(Vec::new()),
    ];
    Obj::typed(&SCHEMA, "System.Management.Automation.PSVariable", values)
}

fn command(type_name: &str, kind: (&'static str, i32), name: Val, definition: &str, more: Vec<(&str, Val)>) -> Val {
    let types = [type_name, "System.Management.Automation.CommandInfo", "System.Object"];
    let head: Vec<&str> = more.iter().map(|(name, _)| *name).collect();
    let tail = [
        "Definition",
        "Options",
        "Description",
        "Name",
        "CommandType",
        "Source",
        "Version",
        "Visibility",
        "ModuleName",
    ];
    let schema = Schema::new(&types, &[&head[..], &tail].concat());
    let mut values: Vec<Val> = more.into_iter().map(|(_, value)| value).collect();
    let shown = text(&name);
    values.extend([
        Val::str(definition),
        Val::of_enum("System.Management.Automation.ScopedItemOptions", "None", 0),
        Val::str(""),
        name,
        Val::of_enum("System.Management.Automation.CommandTypes", kind.0, kind.1),
        Val::str(""),
        Val::Null,
        Val::of_enum("System.Management.Automation.SessionStateEntryVisibility", "Public", 0),
        Val::str(""),
    ]);
    Obj::typed(&schema, shown, values)
}

fn function(name: Val, script: &Val) -> Val {
    let Val::Script(script) = script else { return Val::Null };
    let parameters = command_info::Parameters::of_script(script, cmdlets::common_parameters);
    command_info::function(&text(&name), script, &parameters)
}

/// Source: public API of System.Management.Automation.AliasInfo.
fn alias(name: Val, target: &Val) -> Val {
    let kind = "System.Management.Automation.AliasInfo";
    let shown = format!("{} -> {}", text(&name), text(target));
    let made = command(
        kind,
        ("Alias", 1),
        name,
        &text(target),
        vec![("ReferencedCommand", target.clone()), ("ResolvedCommand", target.clone())],
    );
    if let Val::Object(object) = &made {
        object.set_note("ResolvedCommandName", target.clone());
        object.set_note("DisplayName", Val::str(shown));
    }
    made
}
