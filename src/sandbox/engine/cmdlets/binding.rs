//! From arguments to parameters.

use std::sync::Arc;

use super::super::Host;
use super::super::ast::Script;
use super::super::command_info::{Parameter, Parameters};
use super::super::convert::{self, text, truth};
use super::super::errors::ErrorRecord;
use super::super::eval::{Action, Context, Evaluator, Flow, RawArg, Run};
use super::super::types::TypeRef;
use super::super::value::Val;
use super::Spec;
use super::param::{Param, Place};

/// The values of a command's parameters.
#[derive(Debug, Default, Clone)]
pub(in super::super) struct Bound {
    params: Arc<[Param]>,
    /// Its `-ComputerName` names the very host.
    is_here: bool,
    /// Numbers as they stand in the script, where that is not their text.
    written: Vec<(&'static str, Arc<str>)>,
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

/// `--`: what follows it is no parameter.
pub(in super::super) const END_OF_PARAMETERS: &str = "-";

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

/// What Get-Command tells of a parameter; the tables know few types.
fn told(param: Param, place: Option<i32>) -> Parameter {
    let kind = match (param.is_switch, param.kind) {
        (true, _) => "System.Management.Automation.SwitchParameter",
        (_, Some("string")) => "System.String",
        (_, Some("int")) => "System.Int32",
        (_, Some("double")) => "System.Double",
        (_, Some("scriptblock")) => "System.Management.Automation.ScriptBlock",
        (_, Some("hashtable")) => "System.Collections.Hashtable",
        (_, Some("datetime")) => "System.DateTime",
        (_, Some("timespan")) => "System.TimeSpan",
        _ => "System.Object",
    };
    let aliases = param.names().skip(1).map(ToOwned::to_owned).collect();
    let takes_rest = param.place == Some(Place::Rest);
    Parameter::of_table(param.name(), aliases, TypeRef::named(kind), place).with(
        param.is_mandatory,
        param.by_value,
        param.by_name,
        takes_rest,
    )
}

/// What Get-Command tells of the common parameters.
pub(in super::super) fn common_parameters() -> Vec<Parameter> {
    let all = COMMON.map(Param::of).map(|param| {
        let mut told = told(param, None);
        let kind = match param.name() {
            "OutBuffer" => "System.Int32",
            name if name.ends_with("Action") => "System.Management.Automation.ActionPreference",
            name if name.ends_with("Variable") => "System.String",
            _ => "System.Management.Automation.SwitchParameter",
        };
        told.kind = TypeRef::named(kind);
        told.common()
    });
    let order = |param: &Parameter| ORDER.iter().position(|name| *name == param.name);
    let mut all = Vec::from(all);
    all.sort_by_key(order);
    all
}

/// The common parameters as PowerShell lists them.
const ORDER: [&str; 12] = [
    "Verbose",
    "Debug",
    "ErrorAction",
    "WarningAction",
    "InformationAction",
    "ProgressAction",
    "ErrorVariable",
    "WarningVariable",
    "InformationVariable",
    "OutVariable",
    "OutBuffer",
    "PipelineVariable",
];

/// What Get-Command tells of the parameters of a cmdlet.
pub(super) fn parameters_of(spec: &Spec) -> Parameters {
    let own = spec.params.iter().map(|text| Param::of(text));
    let places = own.clone().filter(|param| matches!(param.place, Some(Place::At(_)))).count() as i32;
    let own = own.map(|param| {
        let place = match param.place {
            Some(Place::At(place)) => Some(place.into()),
            Some(Place::Rest) => Some(places),
            None => None,
        };
        told(param, place)
    });
    Parameters::of_table(own.chain(common_parameters()).collect())
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
    let mut bound = Bound { params: Arc::clone(&params), is_here: false, written: Vec::new(), values: Vec::new() };
    let (mut positional, mut common) = (Vec::new(), Vec::new());
    let mut args = args.into_iter().peekable();
    while let Some(arg) = args.next() {
        let (name, value) = match arg {
            RawArg::Value(value) => {
                positional.push((value, None));
                continue;
            }
            RawArg::Written(value, text) => {
                positional.push((value, Some(text)));
                continue;
            }
            RawArg::Parameter(name, None) if &*name == END_OF_PARAMETERS => continue,
            RawArg::Parameter(name, value) => (name, value),
        };
        let (param, is_common) = find(&params, &name)?;
        let mut written = None;
        let value = match value {
            Some(value) if param.is_switch => Val::Bool(truth(&value)),
            Some(value) => value,
            None if param.is_switch => Val::Bool(true),
            None => match args.next_if(|next| !matches!(next, RawArg::Parameter(..))) {
                Some(RawArg::Value(value)) => value,
                Some(RawArg::Written(value, text)) => {
                    written = Some(text);
                    value
                }
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
            bound.put(param, value, written);
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

fn bind_positional(params: &[Param], positional: Vec<(Val, Option<Arc<str>>)>, bound: &mut Bound) -> Run<()> {
    let mut places: Vec<Param> =
        params.iter().copied().filter(|param| matches!(param.place, Some(Place::At(_)))).collect();
    places.sort_by_key(|param| if let Some(Place::At(place)) = param.place { place } else { u8::MAX });
    let mut positional = positional.into_iter();
    for param in places {
        if bound.get(param.name()).is_none()
            && !bound.is_replaced(param)
            && let Some((value, written)) = positional.next()
        {
            bound.put(param, value, written);
        }
    }
    let takes_rest = params.iter().find(|param| param.place == Some(Place::Rest));
    let as_text = takes_rest.is_some_and(|param| param.is_text());
    let shown = |(value, written): (Val, Option<Arc<str>>)| written.filter(|_| as_text).map_or(value, Val::Str);
    let rest: Vec<Val> = positional.map(shown).collect();
    let Some(first) = rest.first() else { return Ok(()) };
    match takes_rest {
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
        if bound.values.len() == self.values.len() && !matches!(input, Val::Hash(_)) {
            for param in open().filter(|param| param.by_name) {
                let value = param.names().find_map(|name| evaluator.own_member(input, name));
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

    /// Gives a parameter its value; a number is the text that was written for it where a text is wanted.
    fn put(&mut self, param: Param, value: Val, written: Option<Arc<str>>) {
        match written {
            Some(text) if param.is_text() => self.values.push((param.name(), Val::Str(text))),
            Some(text) => {
                self.written.push((param.name(), text));
                self.values.push((param.name(), value));
            }
            None => self.values.push((param.name(), value)),
        }
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
        let written = self.written.iter().find(|(own, _)| *own == name);
        written.map(|(_, text)| text.to_string()).or_else(|| self.get(name).map(text))
    }

    /// The items of a parameter that takes a list.
    pub(super) fn items(&self, name: &str) -> Vec<Val> {
        self.get(name).map_or_else(Vec::new, |value| value.clone().into_items())
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        match self.written.iter().find(|(own, _)| *own == name) {
            Some((_, text)) => vec![text.to_string()],
            None => self.items(name).iter().map(text).collect(),
        }
    }

    pub(super) fn count(&self, name: &str) -> Run<Option<usize>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = convert::index(value).map_err(|record| {
            let message = record.message().replace("System.Int64", "System.Int32");
            error(format!("Cannot bind parameter '{name}'. {message}"), "CannotConvertArgumentNoMessage")
        })?;
        usize::try_from(number).map(Some).map_err(|_| {
            let message = format!("Cannot validate argument on parameter '{name}'. The {number} argument is less than the minimum allowed range of 0.");
            error(message, "ParameterArgumentValidationError")
        })
    }

    /// The parameter that has a value of this text.
    pub(in super::super) fn named_for(&self, wanted: &str) -> Option<&'static str> {
        self.values.iter().find(|(_, value)| text(value) == wanted).map(|(name, _)| *name)
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

    /// Learns whether the computers that it names are the very host.
    pub(in super::super) fn look_here(&mut self, host: &Host) {
        let names = self.texts("ComputerName");
        self.is_here = !names.is_empty() && names.iter().all(|name| host.is_named(name));
    }

    /// The name by which the very host was asked for, if it was.
    pub(super) fn own_name(&self) -> Option<Val> {
        self.items("ComputerName").into_iter().next().filter(|_| self.is_here)
    }

    /// Refuses a parameter that the real command has; the computer may be this one.
    pub(super) fn refuse(&self, names: &[&str]) -> Run<()> {
        let is_refused = |name: &&&str| self.get(name).is_some() && !(self.is_here && **name == "ComputerName");
        match names.iter().find(is_refused) {
            Some(&"ComputerName") => {
                Err(ErrorRecord::unsupported("a way from one host to another (-ComputerName)").into())
            }
            Some(name) => Err(ErrorRecord::unsupported(&format!("the parameter -{name} here")).into()),
            None => Ok(()),
        }
    }
}
