//! The arguments of a script, by the names of its parameters.

use std::sync::Arc;

use super::super::ast::{Param, Script};
use super::super::cmdlets;
use super::super::convert::{text, truth};
use super::super::errors::ErrorRecord;
use super::super::value::Val;
use super::{Action, Context, Flow, RawArg, Run};

/// Arguments, sorted.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    /// Places of parameters, with their values.
    pub(super) named: Vec<(usize, Val)>,
    /// Values without a name, and names that no parameter has.
    pub(super) loose: Vec<Loose>,
    /// Of `$PSDefaultParameterValues`.
    pub(super) defaults: Vec<(usize, Val)>,
    /// Common parameters.
    pub(super) common: Vec<(&'static str, Val)>,
}

#[derive(Debug)]
pub(super) enum Loose {
    Value(Val),
    /// A number, with the text that stands in the script.
    Written(Val, Arc<str>),
    Named {
        name: Arc<str>,
        /// Whether its value came with it, behind a colon.
        has_colon: bool,
        value: Option<Val>,
    },
}

/// An error of binding.
pub(super) fn refusal(message: String, id: &'static str) -> Flow {
    ErrorRecord::new("System.Management.Automation.ParameterBindingException", message, id, 5).into()
}

pub(super) fn is_switch(param: &Param) -> bool {
    param.attributes.type_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("switch"))
}

/// What a parameter has of a number in a command line, if its type asks for the text that stands there: `1.10`, `007`.
pub(super) fn as_written(param: &Param, text: &Arc<str>) -> Option<Val> {
    let kind = param.attributes.type_name.as_deref()?.to_ascii_lowercase();
    let kind = kind.strip_prefix("system.").unwrap_or(&kind);
    let is_text = matches!(kind, "string" | "string[]" | "version" | "uri" | "regex");
    is_text.then(|| Val::Str(text.clone()))
}

impl Arguments {
    /// Finds the parameters that arguments name.
    pub(super) fn sort(script: &Script, args: Vec<RawArg>) -> Run<Self> {
        let mut sorted = Self::default();
        let takes_rest = script.params.iter().flat_map(|param| &param.attributes.roles).any(|role| role.takes_rest);
        let mut args = args.into_iter().peekable();
        while let Some(arg) = args.next() {
            let (name, value) = match arg {
                RawArg::Value(value) => {
                    sorted.loose.push(Loose::Value(value));
                    continue;
                }
                RawArg::Written(value, text) => {
                    sorted.loose.push(Loose::Written(value, text));
                    continue;
                }
                RawArg::Parameter(name, None) if &*name == cmdlets::END_OF_PARAMETERS => continue,
                RawArg::Parameter(name, value) => (name, value),
            };
            let place = parameter_named(script, &name)?;
            let param = place.map(|place| &script.params[place]);
            let mut next = || match args.next_if(|arg| !matches!(arg, RawArg::Parameter(..))) {
                Some(RawArg::Value(value)) => Some(value),
                Some(RawArg::Written(value, text)) => {
                    Some(param.and_then(|param| as_written(param, &text)).unwrap_or(value))
                }
                _ => None,
            };
            if let Some(place) = place {
                let param = &script.params[place];
                if sorted.named.iter().any(|(known, _)| *known == place) {
                    return Err(twice(&param.written));
                }
                let value = match value {
                    Some(value) => value,
                    None if is_switch(param) => Val::Bool(true),
                    None => next().ok_or_else(|| no_value(param))?,
                };
                sorted.named.push((place, value));
            } else if let Some((common, is_switch)) = common(script, &name) {
                let value = match value {
                    Some(value) => value,
                    None if is_switch => Val::Bool(true),
                    None => next().ok_or_else(|| {
                        let message = format!(
                            "Missing an argument for parameter '{common}'. Specify a parameter value and try again."
                        );
                        refusal(message, "MissingArgument")
                    })?,
                };
                if sorted.common.iter().any(|(known, _)| *known == common) {
                    return Err(twice(common));
                }
                sorted.common.push((common, value));
            } else if script.binding.is_advanced && !takes_rest {
                let message = format!("A parameter cannot be found that matches parameter name '{name}'.");
                return Err(refusal(message, "NamedParameterNotFound"));
            } else {
                let has_colon = value.is_some();
                sorted.loose.push(Loose::Named { name, has_colon, value: value.or_else(next) });
            }
        }
        Ok(sorted)
    }

    /// Adds a default for a parameter, which holds if it gets no other value.
    pub(super) fn add_default(&mut self, script: &Script, name: &str, value: Val) {
        if let Ok(Some(place)) = parameter_named(script, name) {
            self.defaults.push((place, value));
        } else if let Some((common, _)) = common(script, name)
            && !self.common.iter().any(|(known, _)| *known == common)
        {
            self.common.push((common, value));
        }
    }

    /// What common parameters mean for the command, and the variables that they set in its scope.
    pub(super) fn obey_common(&self, context: &mut Context) -> Run<Vec<(&'static str, Val)>> {
        let mut variables = Vec::new();
        let shown = |value: &Val, name| {
            if truth(value) { action("Continue", 2) } else { action(name, 0) }
        };
        for (name, value) in &self.common {
            match *name {
                "ErrorAction" => variables.push(("erroractionpreference", preference(name, value)?)),
                "WarningAction" => variables.push(("warningpreference", preference(name, value)?)),
                "InformationAction" => variables.push(("informationpreference", preference(name, value)?)),
                "ProgressAction" => variables.push(("progresspreference", preference(name, value)?)),
                "Verbose" => variables.push(("verbosepreference", shown(value, "SilentlyContinue"))),
                "Debug" => variables.push(("debugpreference", shown(value, "SilentlyContinue"))),
                "WhatIf" => variables.push(("whatifpreference", Val::switch(truth(value)))),
                "Confirm" => {
                    let (name, number) = if truth(value) { ("Low", 1) } else { ("None", 0) };
                    variables.push((
                        "confirmpreference",
                        Val::of_enum("System.Management.Automation.ConfirmImpact", name, number),
                    ));
                }
                "OutBuffer" => {}
                name => context.keep_in(name, &text(value))?,
            }
        }
        Ok(variables)
    }
}

fn action(name: &'static str, number: i32) -> Val {
    Val::of_enum("System.Management.Automation.ActionPreference", name, number)
}

fn preference(name: &str, value: &Val) -> Run<Val> {
    let of = Action::of(value).ok_or_else(|| {
        let message = format!(
            "Cannot bind parameter '{name}'. Cannot convert value \"{}\" to type \"System.Management.Automation.ActionPreference\".",
            text(value)
        );
        refusal(message, "CannotConvertArgumentNoMessage")
    })?;
    Ok(of.to_val())
}

fn twice(name: &str) -> Flow {
    let message = format!(
        "Cannot bind parameter because parameter '{name}' is specified more than once. To provide multiple values to parameters that can accept multiple values, use the array syntax. For example, \"-parameter value1,value2,value3\"."
    );
    refusal(message, "ParameterAlreadyBound")
}

fn no_value(param: &Param) -> Flow {
    let kind = param.attributes.type_name.as_deref().and_then(super::super::types::TypeRef::find);
    let kind = kind.map_or_else(|| "System.Object".into(), |kind| kind.full);
    let message = format!(
        "Missing an argument for parameter '{}'. Specify a parameter of type '{kind}' and try again.",
        param.written
    );
    refusal(message, "MissingArgument")
}

/// A common parameter that the script has.
fn common(script: &Script, name: &str) -> Option<(&'static str, bool)> {
    if !script.binding.is_advanced {
        return None;
    }
    let of_changes = |(long, short): (&'static str, &str)| {
        let starts = long.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        (name.eq_ignore_ascii_case(short) || starts && name.len() > 1).then_some((long, true))
    };
    let changes = [("WhatIf", "wi"), ("Confirm", "cf")].into_iter().find_map(of_changes);
    changes.filter(|_| script.binding.should_process).or_else(|| cmdlets::common(name))
}

/// The place of the parameter of this name or unambiguous start of a name.
fn parameter_named(script: &Script, name: &str) -> Run<Option<usize>> {
    let lower = name.to_lowercase();
    let is_alias = |alias: &String| alias.to_lowercase() == lower;
    let is_it = |param: &Param| *param.name == *lower || param.attributes.aliases.iter().any(is_alias);
    if let Some(exact) = script.params.iter().position(is_it) {
        return Ok(Some(exact));
    }
    let starts_with = |param: &Param| {
        param.name.starts_with(&lower)
            || param.attributes.aliases.iter().any(|alias| alias.to_lowercase().starts_with(&lower))
    };
    let starts: Vec<_> = script.params.iter().enumerate().filter(|(_, param)| starts_with(param)).collect();
    match starts[..] {
        [] => Ok(None),
        [(place, _)] => Ok(Some(place)),
        _ => {
            let possible: Vec<_> = starts.iter().map(|(_, param)| format!("-{}", param.written)).collect();
            let message = format!(
                "Parameter cannot be processed because the parameter name '{name}' is ambiguous. Possible matches include: {}.",
                possible.join(" ")
            );
            Err(refusal(message, "AmbiguousParameter"))
        }
    }
}
