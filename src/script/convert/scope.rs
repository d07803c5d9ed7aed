//! The variables that arguments may name: parameters, `$args`, using variables and constants.

use super::Inputs;
use super::conversion;
use super::reader::Reader;
use crate::clixml::Value;
use crate::psrp::Argument;
use crate::script::check::positions;
use crate::script::evaluate::array;
use crate::script::name::same_name;
use crate::script::param::Parameter;
use crate::script::using::Evaluation;
use crate::script::{Parameters, Position, ScriptError, Source};

/// The variables of a script.
pub(super) struct Scope<'i> {
    using: &'i Evaluation,
    /// By name; one whose value cannot be had here is an error only for those who ask for it.
    parameters: Vec<(&'i str, Result<Value, ScriptError>)>,
    args: Result<Value, &'static str>,
}

impl<'i> Scope<'i> {
    /// Binds arguments to parameters.
    ///
    /// # Errors
    /// A default that PowerShell's client would not compute either, or arguments that would go to other parameters than
    /// those of the script's text.
    pub(super) fn bind(inputs: Inputs<'i>) -> Result<Self, ScriptError> {
        let Inputs { parameters, arguments, using } = inputs;
        let (positional, named): (Vec<_>, Vec<_>) = arguments.iter().partition(|argument| argument.name.is_none());
        let mut given: Vec<(&Parameter, &Value)> = Vec::new();
        for argument in &named {
            let name = argument.name.as_deref().unwrap_or_default();
            match parameters.find(name) {
                Ok(parameter) => given.push((parameter, &argument.value)),
                // Without a `param()` block it would stand in `$args`.
                Err(_) if !parameters.declared => {}
                Err(error) => return Err(error),
            }
        }
        let rest = by_position(parameters, &positional, &mut given)?;
        let args = match parameters.declared || named.is_empty() {
            true => Ok(array(rest)),
            false => Err("it contains named arguments, whose form only PowerShell knows"),
        };
        let mut scope = Self { using, parameters: Vec::new(), args };
        for parameter in &parameters.list {
            let given = given.iter().find(|(known, _)| known.name == parameter.name).map(|(_, value)| *value);
            let value = scope.value(parameter, given)?;
            scope.parameters.push((&parameter.name, value));
        }
        Ok(scope)
    }

    /// The value of a variable, by its path.
    ///
    /// # Errors
    /// It has none on this side; with its place.
    pub(super) fn variable(&self, path: &str, at: Position) -> Result<Value, ScriptError> {
        let unknown = || ScriptError::NotCommands {
            at,
            reason: format!(
                "`${path}` has a value only on the host; declare it in param() or write $using:, and give it with -a, \
                 -p \
                 or --using"
            ),
        };
        let (scope, name) = path.split_once(':').map_or((None, path), |(scope, name)| (Some(scope), name));
        match scope.map(str::to_ascii_lowercase).as_deref() {
            Some("using") => return self.using.base(name).cloned().ok_or_else(unknown),
            None | Some("local" | "private" | "variable") => {}
            Some(_) => return Err(unknown()),
        }
        if let Some((_, value)) = self.parameters.iter().find(|(known, _)| same_name(known, name)) {
            return value.clone();
        }
        match name.to_ascii_lowercase().as_str() {
            "args" => self.args.clone().map_err(|reason| ScriptError::NotConstant { at, reason: reason.to_owned() }),
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" => Ok(Value::Null),
            _ => Err(unknown()),
        }
    }

    /// What a parameter holds: what it is given, else its default, as its type.
    fn value(&self, parameter: &Parameter, given: Option<&Value>) -> Result<Result<Value, ScriptError>, ScriptError> {
        let default = match &parameter.default {
            None => Ok(Value::Null),
            Some(text) => {
                let source = Source::new(text.as_str())?;
                Reader::new(&source, 0, self, Some(parameter.at), 0).whole()
            }
        };
        // Its default hinders PowerShell even where it is not used.
        if let Err(ScriptError::NotCommands { at, reason }) = default {
            return Err(ScriptError::NotCommands { at, reason });
        }
        let value = given.map_or(default, |value| Ok(value.clone()));
        Ok(value.and_then(|value| {
            let converted = conversion::convert(&value, parameter.type_name.as_deref().unwrap_or_default());
            converted.ok_or_else(|| ScriptError::NotConstant { at: parameter.at, reason: no_conversion(parameter) })
        }))
    }
}

fn no_conversion(parameter: &Parameter) -> String {
    let type_name = parameter.type_name.as_deref().unwrap_or_default();
    format!("what the parameter `{}` is given would have to become a [{type_name}]; leave the type out", parameter.name)
}

/// Gives positional arguments to parameters, and returns those that are left for `$args`.
///
/// The host binds them by `Position` and passes switches over; PowerShell's client, when it converts, takes the
/// parameters as they are declared. Where the two differ, a script would do one thing on one endpoint and another on
/// the next.
fn by_position<'i>(
    parameters: &'i Parameters,
    positional: &[&'i Argument],
    given: &mut Vec<(&'i Parameter, &'i Value)>,
) -> Result<Vec<Value>, ScriptError> {
    let bound: Vec<&str> = given.iter().map(|(parameter, _)| &*parameter.name).collect();
    let by_host = positions(parameters, &bound);
    let declared = parameters.list.iter().filter(|parameter| !bound.contains(&&*parameter.name));
    let free: Vec<&Parameter> = declared.collect();
    for (place, argument) in positional.iter().enumerate() {
        let Some(parameter) = free.get(place) else { break };
        let is_same = by_host.get(place).is_some_and(|by_host| by_host.name == parameter.name);
        if !is_same || !parameter.sets.is_empty() || parameter.takes_remaining {
            return Err(ScriptError::NotConstant {
                at: parameter.at,
                reason: format!("the argument for `{}` must be given by its name, with -p", parameter.name),
            });
        }
        given.push((parameter, &argument.value));
    }
    Ok(positional.iter().skip(free.len()).map(|argument| argument.value.clone()).collect())
}
