//! From arguments to parameters.

use std::sync::Arc;

use super::super::ast::Script;
use super::super::convert::{self, text, truth};
use super::super::errors::ErrorRecord;
use super::super::eval::{Action, Context, Evaluator, Flow, RawArg, Run};
use super::super::value::Val;
use super::Spec;
use super::param::{Param, Place};

/// The values of a command's parameters.
#[derive(Debug, Default, Clone)]
pub(in super::super) struct Bound {
    params: Arc<[Param]>,
    values: Vec<(&'static str, Val)>,
}

/// What became of an object of the input.
pub(super) enum Fed {
    /// The parameters with what the object gave.
    Bound(Bound),
    /// No parameter takes it.
    Refused(Box<ErrorRecord>),
}

/// Parameters that every command has and the engine obeys.
const COMMON: [&str; 12] = [
    "ErrorAction|ea",
    "WarningAction|wa",
    "InformationAction|infa",
    "Verbose|vb!",
    "Debug|db!",
    "ProgressAction|proga",
    "ErrorVariable|ev",
    "WarningVariable|wv",
    "InformationVariable|iv",
    "OutVariable|ov",
    "OutBuffer|ob",
    "PipelineVariable|pv",
];

/// The common parameter of a name or an unambiguous start of one, and whether it is a switch.
pub(in super::super) fn common(name: &str) -> Option<(&'static str, bool)> {
    let all = COMMON.map(Param::of);
    let exact = all.iter().find(|param| param.is_named(name));
    let mut starts = all.iter().filter(|param| param.starts_with(name));
    let found = match (exact, starts.next(), starts.next()) {
        (Some(exact), ..) => exact,
        (None, Some(only), None) => only,
        _ => return None,
    };
    Some((found.name(), found.is_switch))
}

fn error(message: String, id: &'static str) -> Flow {
    ErrorRecord::new("System.Management.Automation.ParameterBindingException", message, id, 5).into()
}

/// Binds arguments: names may be shortened as long as they are unambiguous.
/// `defaults` hold for parameters that get no other value.
pub(in super::super) fn bind(
    spec: &Spec,
    args: Vec<RawArg>,
    defaults: Vec<(String, Val)>,
    context: &mut Context,
) -> Run<Bound> {
    let params: Arc<[Param]> = spec.params.iter().map(|text| Param::of(text)).collect();
    let mut bound = Bound { params: Arc::clone(&params), values: Vec::new() };
    let (mut positional, mut common) = (Vec::new(), Vec::new());
    let mut args = args.into_iter().peekable();
    while let Some(arg) = args.next() {
        let (name, value) = match arg {
            RawArg::Value(value) => {
                positional.push(value);
                continue;
            }
            RawArg::Parameter(name, value) => (name, value),
        };
        let (param, is_common) = find(&params, &name)?;
        let value = match value {
            Some(value) if param.is_switch => Val::Bool(truth(&value)),
            Some(value) => value,
            None if param.is_switch => Val::Bool(true),
            None => match args.next_if(|next| matches!(next, RawArg::Value(_))) {
                Some(RawArg::Value(value)) => value,
                _ => {
                    let message = format!(
                        "Missing an argument for parameter '{}'. Specify a parameter of the right type and try again.",
                        param.name()
                    );
                    return Err(error(message, "MissingArgument"));
                }
            },
        };
        if is_common {
            common.push(param.name());
            obey(param.name(), &value, context)?;
        } else if bound.get(param.name()).is_some() {
            let message =
                format!("Cannot bind parameter because parameter '{}' is specified more than once.", param.name());
            return Err(error(message, "ParameterAlreadyBound"));
        } else {
            bound.values.push((param.name(), value));
        }
    }
    bind_positional(&params, positional, &mut bound)?;
    for (name, value) in defaults {
        match find(&params, &name) {
            Ok((param, true)) if !common.contains(&param.name()) => obey(param.name(), &value, context)?,
            Ok((param, false)) if bound.get(param.name()).is_none() => bound.values.push((param.name(), value)),
            _ => {}
        }
    }
    match bound.missing() {
        Some(name) if !params.iter().any(|param| param.by_value || param.by_name) => Err(missing(name).into()),
        _ => Ok(bound),
    }
}

/// A mandatory parameter has no value, and nobody can be asked.
pub(super) fn missing(name: &str) -> ErrorRecord {
    let message = format!("Cannot process command because of one or more missing mandatory parameters: {name}.");
    ErrorRecord::new("System.Management.Automation.ParameterBindingException", message, "MissingMandatoryParameter", 5)
}

fn bind_positional(params: &[Param], positional: Vec<Val>, bound: &mut Bound) -> Run<()> {
    let mut places: Vec<Param> =
        params.iter().copied().filter(|param| matches!(param.place, Some(Place::At(_)))).collect();
    places.sort_by_key(|param| if let Some(Place::At(place)) = param.place { place } else { u8::MAX });
    let mut positional = positional.into_iter();
    for param in places {
        if bound.get(param.name()).is_none()
            && !bound.is_replaced(param)
            && let Some(value) = positional.next()
        {
            bound.values.push((param.name(), value));
        }
    }
    let rest: Vec<Val> = positional.collect();
    let Some(first) = rest.first() else { return Ok(()) };
    match params.iter().find(|param| param.place == Some(Place::Rest)) {
        Some(param) => {
            let value = if rest.len() == 1 { first.clone() } else { Val::array(rest) };
            bound.values.push((param.name(), value));
            Ok(())
        }
        None => {
            let message = format!("A positional parameter cannot be found that accepts argument '{}'.", text(first));
            Err(error(message, "PositionalParameterNotFound"))
        }
    }
}

/// The parameter of a name, and whether it is a common one.
fn find(params: &[Param], name: &str) -> Run<(Param, bool)> {
    let common = COMMON.map(Param::of);
    let exact = |params: &[Param]| params.iter().copied().find(|param| param.is_named(name));
    if let Some(param) = exact(params) {
        return Ok((param, false));
    }
    if let Some(param) = exact(&common) {
        return Ok((param, true));
    }
    let starts: Vec<Param> = params.iter().copied().filter(|param| param.starts_with(name)).collect();
    match starts[..] {
        [param] => return Ok((param, false)),
        [] => {}
        _ => {
            let possible: Vec<_> = starts.iter().map(|param| format!("-{}", param.name())).collect();
            let message = format!(
                "Parameter cannot be processed because the parameter name '{name}' is ambiguous. Possible matches include: {}.",
                possible.join(" ")
            );
            return Err(error(message, "AmbiguousParameter"));
        }
    }
    match common.iter().find(|param| param.starts_with(name)) {
        Some(param) => Ok((*param, true)),
        None => {
            let hint = super::super::errors::HINT;
            let message = format!("A parameter cannot be found that matches parameter name '{name}'. {hint}");
            Err(error(message, "NamedParameterNotFound"))
        }
    }
}

/// What `-Verbose` and `-Debug` ask for.
fn switched(value: &Val) -> Action {
    if truth(value) { Action::Continue } else { Action::SilentlyContinue }
}

fn obey(name: &str, value: &Val, context: &mut Context) -> Run<()> {
    let action = || {
        Action::of(value).ok_or_else(|| {
            let message = format!(
                "Cannot bind parameter '{name}'. Cannot convert value \"{}\" to type ActionPreference.",
                text(value)
            );
            error(message, "CannotConvertArgumentNoMessage")
        })
    };
    match name {
        "ErrorAction" => context.set_error_action(action()?),
        "Verbose" => context.set_action(0, switched(value)),
        "Debug" => context.set_action(1, switched(value)),
        "WarningAction" => context.set_action(2, action()?),
        "InformationAction" => context.set_action(3, action()?),
        "ProgressAction" | "OutBuffer" => {}
        name => context.keep_in(name, &text(value))?,
    }
    Ok(())
}

impl Bound {
    /// Whether another parameter stands in for this one, which then takes no place: `-LiteralPath` for `Path`.
    fn is_replaced(&self, param: Param) -> bool {
        let after = self.params.iter().skip_while(|other| other.name() != param.name()).skip(1);
        after.take_while(|other| other.is_instead).any(|other| self.get(other.name()).is_some())
    }

    /// The first mandatory parameter without value, for which none stands in.
    pub(super) fn missing(&self) -> Option<&'static str> {
        let mut missing = None;
        for param in self.params.iter().copied() {
            let has_value = self.get(param.name()).is_some();
            match missing {
                Some(_) if param.is_instead && has_value => missing = None,
                Some(_) if param.is_instead => {}
                Some(name) => return Some(name),
                None if param.is_mandatory && !has_value => missing = Some(param.name()),
                None => {}
            }
        }
        missing
    }

    /// Binds an object of the input, in PowerShell's order: by value as it is, by its properties, by value converted
    /// (about_Parameter_Binding). Parameters that were given keep their values.
    pub(super) fn feed(&self, evaluator: &Evaluator<'_>, input: &Val) -> Fed {
        let open = || self.params.iter().copied().filter(|param| self.get(param.name()).is_none());
        let mut bound = self.clone();
        bound.values.extend(
            open().find(|param| param.by_value && param.takes(input)).map(|param| (param.name(), input.clone())),
        );
        if bound.values.len() == self.values.len() && matches!(input, Val::Object(_) | Val::Hash(_)) {
            for param in open().filter(|param| param.by_name) {
                let value = param.names().find_map(|name| evaluator.member(input, name));
                bound.values.extend(value.filter(|value| !value.is_null()).map(|value| (param.name(), value)));
            }
        }
        if bound.values.len() == self.values.len() {
            let converted = open().find(|param| param.by_value && param.could_take(input));
            bound.values.extend(converted.map(|param| (param.name(), input.clone())));
        }
        if bound.values.len() > self.values.len() {
            return Fed::Bound(bound);
        }
        let message = "The input object cannot be bound to any parameters for the command either because the command does \
                       not take pipeline input or the input and its properties do not match any of the parameters that take \
                       pipeline input.";
        let kind = "System.Management.Automation.ParameterBindingException";
        Fed::Refused(Box::new(ErrorRecord::new(kind, message, "InputObjectNotBound", 5).with_target(input.clone())))
    }

    pub(in super::super) fn get(&self, name: &str) -> Option<&Val> {
        self.values.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Val> {
        let place = self.values.iter().position(|(own, _)| *own == name)?;
        Some(self.values.remove(place).1)
    }

    pub(in super::super) fn switch(&self, name: &str) -> bool {
        self.get(name).is_some_and(truth)
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(text)
    }

    /// The items of a parameter that takes a list.
    pub(super) fn items(&self, name: &str) -> Vec<Val> {
        self.get(name).map_or_else(Vec::new, |value| value.clone().into_items())
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        self.items(name).iter().map(text).collect()
    }

    pub(super) fn count(&self, name: &str) -> Run<Option<usize>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = convert::index(value)?;
        usize::try_from(number).map(Some).map_err(|_| {
            let message = format!("Cannot validate argument on parameter '{name}'. The {number} argument is less than the minimum allowed range of 0.");
            error(message, "ParameterArgumentValidationError")
        })
    }

    /// The parameters that were given.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.values.iter().map(|(name, _)| *name)
    }

    /// Parameters that take input and have a script block instead (delay-bind script blocks, about_Script_Blocks).
    pub(super) fn delayed(&self) -> Vec<(&'static str, Arc<Script>)> {
        let takes_input = |name: &str| {
            let param = self.params.iter().find(|param| param.name() == name);
            param.is_some_and(|param| (param.by_value || param.by_name) && !matches!(param.kind, Some("scriptblock")))
        };
        let script = |(name, value): &(&'static str, Val)| match value {
            Val::Script(script) if takes_input(name) => Some((*name, script.clone())),
            _ => None,
        };
        self.values.iter().filter_map(script).collect()
    }

    /// Gives a parameter another value.
    pub(super) fn replace(&mut self, name: &str, value: Val) {
        if let Some((_, slot)) = self.values.iter_mut().find(|(own, _)| *own == name) {
            *slot = value.stored();
        }
    }

    /// Refuses a parameter that the real command has.
    pub(super) fn refuse(&self, names: &[&str]) -> Run<()> {
        match names.iter().find(|name| self.get(name).is_some()) {
            Some(name) => Err(ErrorRecord::unsupported(&format!("the parameter -{name} here")).into()),
            None => Ok(()),
        }
    }
}
