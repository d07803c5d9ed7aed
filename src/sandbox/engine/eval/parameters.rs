//! Binds the parameters of scripts and functions (about_Functions_Advanced_Parameters, about_Parameter_Sets).

use std::sync::Arc;

use super::super::ast::{Param, Role, Script};
use super::super::convert::{cast, text};
use super::super::errors::ErrorRecord;
use super::super::reference::REFERENCE;
use super::super::types::TypeRef;
use super::super::value::Val;
use super::access::table_property;
use super::arguments::{Arguments, Loose, as_written, is_switch, refusal};
use super::validate::nothing;
use super::{Evaluator, Flow, Run};

const REST: &str = "System.Collections.Generic.List`1[[System.Object]]";

/// What is known of the parameters of a script while it is called.
#[derive(Debug)]
pub(super) struct Binder {
    script: Arc<Script>,
    /// One value for each parameter.
    values: Vec<Option<Val>>,
    /// The parameter sets that may still be meant; `None` stands for all parameters, where no sets are named.
    sets: Vec<Option<Arc<str>>>,
    /// `$PSBoundParameters`
    pub(super) bound: Val,
}

impl Binder {
    fn new(script: &Arc<Script>, common: &[(&'static str, Val)]) -> Self {
        let mut sets: Vec<Option<Arc<str>>> = Vec::new();
        let named = script.params.iter().flat_map(|param| &param.attributes.roles).filter_map(|role| role.set.clone());
        for set in named.chain(script.binding.default_set.clone()) {
            if !sets.iter().flatten().any(|known| known.eq_ignore_ascii_case(&set)) {
                sets.push(Some(set));
            }
        }
        if sets.is_empty() {
            sets.push(None);
        }
        let common = common.iter().map(|(name, value)| (Val::str(*name), value.clone())).collect();
        let bound = Val::bound_parameters(common);
        Self { script: script.clone(), values: vec![None; script.params.len()], sets, bound }
    }

    /// The parameter set that was chosen, as `$PSCmdlet.ParameterSetName` has it.
    pub(super) fn set_name(&self) -> Arc<str> {
        self.sets.first().cloned().flatten().unwrap_or_else(|| "__AllParameterSets".into())
    }

    fn is_in(&self, place: usize, set: &Option<Arc<str>>) -> bool {
        let roles = &self.script.params[place].attributes.roles;
        roles.is_empty() || roles.iter().any(|role| is_of(role, set))
    }

    fn role(&self, place: usize, set: &Option<Arc<str>>) -> Option<&Role> {
        self.script.params[place].attributes.roles.iter().find(|role| is_of(role, set))
    }

    /// Whether a parameter has a quality in a set that may be meant.
    fn any_role(&self, place: usize, has: impl Fn(&Role) -> bool) -> bool {
        self.sets.iter().any(|set| self.role(place, set).is_some_and(&has))
    }

    fn is_possible(&self, place: usize) -> bool {
        self.sets.iter().any(|set| self.is_in(place, set))
    }

    /// Rules out the sets that a parameter is not in.
    fn narrow(&mut self, place: usize) -> Run<()> {
        let sets: Vec<_> = self.sets.iter().filter(|set| self.is_in(place, set)).cloned().collect();
        if sets.is_empty() {
            return Err(ambiguous());
        }
        self.sets = sets;
        Ok(())
    }

    fn put(&mut self, place: usize, value: Val) {
        if let Val::Hash(bound) = &self.bound {
            bound.set(&Val::Str(self.script.params[place].written.clone()), value.clone());
        }
        self.values[place] = Some(value);
    }

    /// Parameters without a value, by their places in the argument list: where they are written, or in their order.
    fn open_places(&self) -> Vec<(i32, usize)> {
        let roles = || self.script.params.iter().flat_map(|param| &param.attributes.roles);
        let is_explicit = roles().any(|role| role.place.is_some() || role.set.is_some());
        let open = (0..self.values.len()).filter(|place| self.values[*place].is_none() && self.is_possible(*place));
        let by_order = |place: usize| {
            let is_out = is_switch(&self.script.params[place]) || self.any_role(place, |role| role.takes_rest);
            (!is_out && !self.script.binding.names_only).then_some((place as i32, place))
        };
        let by_role = |place: usize| {
            let roles = self.sets.iter().filter_map(|set| self.role(place, set)?.place);
            roles.min().map(|at| (at, place))
        };
        let mut open: Vec<_> =
            open.filter_map(|place| if is_explicit { by_role(place) } else { by_order(place) }).collect();
        open.sort_unstable();
        open
    }

    /// Settles which set is meant; `late` are parameters that input may still bind.
    fn choose(&mut self, late: &[usize]) -> Run<()> {
        let missing = |set: &Option<Arc<str>>| self.missing(set, late).next().is_some();
        let default = self.script.binding.default_set.as_deref();
        let is_default = |set: &&Option<Arc<str>>| match (set.as_deref(), default) {
            (Some(set), Some(default)) => set.eq_ignore_ascii_case(default),
            _ => false,
        };
        let chosen = match self.sets.as_slice() {
            [only] => only.clone(),
            sets => match sets.iter().find(is_default) {
                Some(default) => default.clone(),
                None => {
                    let mut complete = sets.iter().filter(|set| !missing(set));
                    match (complete.next(), complete.next()) {
                        (Some(only), None) => only.clone(),
                        _ => return Err(ambiguous()),
                    }
                }
            },
        };
        let names: Vec<_> = self.missing(&chosen, late).map(|place| &*self.script.params[place].written).collect();
        if !names.is_empty() {
            let message = format!(
                "Cannot process command because of one or more missing mandatory parameters: {}.",
                names.join(" ")
            );
            return Err(refusal(message, "MissingMandatoryParameter"));
        }
        self.sets = vec![chosen];
        Ok(())
    }

    fn missing<'a>(&'a self, set: &'a Option<Arc<str>>, late: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
        let is_mandatory = |place: usize| self.role(place, set).is_some_and(|role| role.mandatory);
        (0..self.values.len())
            .filter(move |place| self.values[*place].is_none() && !late.contains(place) && is_mandatory(*place))
    }
}

fn is_of(role: &Role, set: &Option<Arc<str>>) -> bool {
    match (&role.set, set) {
        (None, _) => true,
        (Some(own), Some(set)) => own.eq_ignore_ascii_case(set),
        (Some(_), None) => false,
    }
}

fn ambiguous() -> Flow {
    let message = "Parameter set cannot be resolved using the specified named parameters. One or more parameters issued \
                   cannot be used together or an insufficient number of parameters were provided.";
    refusal(message.into(), "AmbiguousParameterSet")
}

impl Evaluator<'_> {
    /// Gives the parameters of a script their values in the innermost scope; tells the places of those that take them
    /// from the input, if some is expected.
    pub(super) fn bind(
        &mut self,
        script: &Arc<Script>,
        arguments: Arguments,
        expects_input: bool,
    ) -> Run<(Binder, Vec<usize>)> {
        let mut binder = Binder::new(script, &arguments.common);
        for (place, value) in arguments.named {
            let value = self.argument(script, place, value)?;
            binder.narrow(place)?;
            binder.put(place, value);
        }
        // With the same as texts where numbers are texts.
        let (mut rest, mut texts) = (Vec::new(), Vec::new());
        for loose in arguments.loose {
            match loose {
                Loose::Value(value) => rest.extend(self.bind_place(&mut binder, value, None)?),
                Loose::Written(value, text) => {
                    if let Some(left) = self.bind_place(&mut binder, value, Some(&text))? {
                        texts.extend(rest[texts.len()..].iter().cloned());
                        texts.push(Val::Str(text));
                        rest.push(left);
                    }
                }
                Loose::Named { name, has_colon, value } => {
                    rest.push(self.state.parameter_names.make(&name, has_colon));
                    rest.extend(value);
                }
            }
        }
        for (place, value) in arguments.defaults {
            if binder.values[place].is_none() && binder.is_possible(place) {
                let value = self.argument(script, place, value)?;
                binder.narrow(place)?;
                binder.put(place, value);
            }
        }
        texts.extend(rest[texts.len()..].iter().cloned());
        self.bind_rest(&mut binder, rest, texts)?;
        let takes_input = |binder: &Binder, place: usize| binder.any_role(place, |role| role.by_value || role.by_name);
        let open = |binder: &Binder| {
            let all = (0..script.params.len()).filter(|place| expects_input && binder.values[*place].is_none());
            all.filter(|place| takes_input(binder, *place)).collect::<Vec<_>>()
        };
        binder.choose(&open(&binder))?;
        let open = open(&binder);
        for place in 0..script.params.len() {
            match binder.values[place].clone() {
                Some(value) => self.declare(script, place, value)?,
                None => self.declare_default(script, place)?,
            }
        }
        Ok((binder, open))
    }

    /// Binds a value without a name to the next place; gives it back if there is none.
    fn bind_place(&mut self, binder: &mut Binder, value: Val, written: Option<&Arc<str>>) -> Run<Option<Val>> {
        let open = binder.open_places();
        let Some((first, _)) = open.first().copied() else { return Ok(Some(value)) };
        let script = binder.script.clone();
        let mut tied: Vec<usize> = open.iter().take_while(|(at, _)| *at == first).map(|(_, place)| *place).collect();
        // Of several sets the one whose parameter is of the value's type, or of the default set.
        if let Some(default) = script.binding.default_set.clone().map(Some) {
            tied.sort_by_key(|place| !binder.is_in(*place, &default));
        }
        let fits = |place: &&usize| {
            let kind = script.params[**place].attributes.type_name.as_deref().and_then(TypeRef::find);
            kind.is_none_or(|kind| kind.is_of(&value))
        };
        let mut chosen = tied.iter().find(fits).copied();
        if chosen.is_none() && tied.len() > 1 {
            chosen = tied.iter().copied().find(|place| self.argument(&script, *place, value.clone()).is_ok());
        }
        let place = chosen.unwrap_or(tied[0]);
        let value = written.and_then(|text| as_written(&script.params[place], text)).unwrap_or(value);
        let value = self.argument(&script, place, value)?;
        binder.narrow(place)?;
        binder.put(place, value);
        Ok(None)
    }

    fn bind_rest(&mut self, binder: &mut Binder, mut rest: Vec<Val>, texts: Vec<Val>) -> Run<()> {
        let script = binder.script.clone();
        let takes_rest =
            |place: &usize| binder.values[*place].is_none() && binder.any_role(*place, |role| role.takes_rest);
        let taker = (0..script.params.len()).find(takes_rest);
        let Some(first) = rest.first() else {
            self.set_local("args", Val::array(Vec::new()));
            return Ok(());
        };
        if let Some(place) = taker {
            if as_written(&script.params[place], &"".into()).is_some() {
                rest = texts;
            }
            if let [Val::List(list)] = rest.as_slice() {
                rest = list.items();
            }
            // Only `$args` tells names of parameters from other texts.
            let rest = rest.into_iter().map(|value| self.state.parameter_names.unmarked(value)).collect();
            let value = self.argument(&script, place, Val::list(REST, rest))?;
            binder.narrow(place)?;
            binder.put(place, value);
        } else if script.binding.is_advanced {
            let message = format!("A positional parameter cannot be found that accepts argument '{}'.", text(first));
            return Err(refusal(message, "PositionalParameterNotFound"));
        } else {
            self.set_local("args", Val::array(rest));
        }
        Ok(())
    }

    /// Gives parameters their values from an object of the input: by value, else by a property of one of their names;
    /// first as they are, then converted.
    pub(super) fn bind_input(&mut self, binder: &mut Binder, open: &[usize], input: &Val) -> Run<()> {
        let script = binder.script.clone();
        for place in open {
            binder.values[*place] = None;
        }
        let mut found = false;
        let mut refused = None;
        for (by_name, converts) in [(false, false), (true, false), (false, true), (true, true)] {
            for place in open.iter().copied() {
                let wanted = binder.any_role(place, |role| if by_name { role.by_name } else { role.by_value });
                if !wanted || binder.values[place].is_some() {
                    continue;
                }
                let param = &script.params[place];
                let value = if by_name { self.input_property(param, input) } else { Some(input.clone()) };
                let kind = param.attributes.type_name.as_deref().and_then(TypeRef::find);
                let Some(value) = value.filter(|value| converts || kind.is_none_or(|kind| kind.is_of(value))) else {
                    continue;
                };
                match self.argument(&script, place, value) {
                    Ok(value) => {
                        found = true;
                        binder.put(place, value.clone());
                        self.declare(&script, place, value)?;
                    }
                    // The object may give another parameter its value; a property of the right name must fit.
                    Err(Flow::Throw(record))
                        if !by_name && record.id.starts_with("ParameterArgumentTransformation") => {}
                    Err(flow) => {
                        refused.get_or_insert(flow);
                    }
                }
            }
        }
        if let Some(flow) = refused {
            return Err(flow);
        }
        for place in open.iter().copied().filter(|place| binder.values[*place].is_none()).collect::<Vec<_>>() {
            self.declare_default(&script, place)?;
        }
        if found { Ok(()) } else { Err(not_bound()) }
    }

    fn input_property(&mut self, param: &Param, input: &Val) -> Option<Val> {
        let mut names = [&*param.name].into_iter().chain(param.attributes.aliases.iter().map(String::as_str));
        names.find_map(|name| match input {
            // The keys of a hashtable are no properties of it.
            Val::Hash(table) => table_property(table, &name.to_lowercase()),
            _ => self.own_member(input, name),
        })
    }

    /// A value as a parameter takes it: converted, and held against what attributes demand.
    fn argument(&mut self, script: &Arc<Script>, place: usize, value: Val) -> Run<Val> {
        let param = &script.params[place];
        let kind = self.kind_of(param)?;
        let is_mandatory = param.attributes.roles.iter().any(|role| role.mandatory);
        // Nulls in a list are told before they are converted.
        if let Some(record) = (is_mandatory && matches!(value, Val::List(_))).then(|| nothing(param, &value)).flatten()
        {
            return Err(record.into());
        }
        let value = match &kind {
            Some(kind) => self.converted(param, value, kind, script.binding.is_advanced)?,
            None => value.stored(),
        };
        if let Some(record) = is_mandatory.then(|| nothing(param, &value)).flatten() {
            return Err(record.into());
        }
        self.validate(param, &value)?;
        Ok(value)
    }

    fn converted(&mut self, param: &Param, value: Val, kind: &TypeRef, is_advanced: bool) -> Run<Val> {
        if let Some(record) = stricter(&value, kind, is_advanced) {
            return Err(transformation(param, &record).into());
        }
        if &*kind.full == REFERENCE && !kind.is_of(&value) {
            let record = ErrorRecord::runtime("Reference type is expected in argument.", "InvalidCast", 5);
            return Err(transformation(param, &record).into());
        }
        if kind.full.ends_with("[]") && value.is_null() {
            return Ok(Val::Null);
        }
        self.cast_value(&value, kind).map_err(|flow| match flow {
            Flow::Throw(record) => transformation(param, &record).into(),
            other => other,
        })
    }

    fn kind_of(&self, param: &Param) -> Run<Option<TypeRef>> {
        param.attributes.type_name.as_ref().map(|name| self.find_type(name)).transpose()
    }

    /// Makes the variable of a parameter.
    fn declare(&mut self, script: &Arc<Script>, place: usize, value: Val) -> Run<()> {
        let param = &script.params[place];
        let is_kept = |kind: &TypeRef| !(value.is_null() && kind.full.ends_with("[]")) && &*kind.full != REFERENCE;
        let kind = self.kind_of(param)?.filter(is_kept);
        let guard = (!param.attributes.checks.is_empty()).then(|| (script.clone(), place));
        self.declare_local(&param.name, value, kind, guard);
        Ok(())
    }

    /// A parameter without value has its default, or its type's zero, if the type has one.
    fn declare_default(&mut self, script: &Arc<Script>, place: usize) -> Run<()> {
        let param = &script.params[place];
        let kind = self.kind_of(param)?;
        let value = match (&param.default, &kind) {
            (Some(default), _) => {
                let value = self.eval(default)?.stored();
                match &kind {
                    Some(kind) => self.converted(param, value, kind, false)?,
                    None => value,
                }
            }
            (None, Some(kind)) if has_zero(kind) => cast(&Val::Null, kind).unwrap_or(Val::Null),
            (None, _) => Val::Null,
        };
        self.declare(script, place, value)
    }
}

fn has_zero(kind: &TypeRef) -> bool {
    let name = kind.name();
    kind.full.starts_with("System.")
        && cast(&Val::Null, kind)
            .is_ok_and(|zero| !matches!(zero, Val::List(_) | Val::Object(_) if name != "SwitchParameter"))
        && !matches!(name, "DateTime" | "TimeSpan" | "Guid" | "Version" | "Hashtable" | "ScriptBlock")
}

/// Why an argument is refused that a cast would take; functions with attributes are stricter than others.
pub(super) fn stricter(value: &Val, kind: &TypeRef, is_advanced: bool) -> Option<ErrorRecord> {
    let is_number =
        || value.as_float().is_some() || matches!(value, Val::Bool(_) | Val::Enum(_)) || value.as_switch().is_some();
    match kind.name() {
        "Boolean" | "SwitchParameter" if !is_number() => {
            let shown = if value.is_null() { String::new() } else { value.type_name().to_string() };
            let message = format!(
                "Cannot convert value \"{shown}\" to type \"{}\". Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0.",
                kind.full
            );
            Some(ErrorRecord::runtime(message, "InvalidCast", 5))
        }
        "String" if is_advanced && matches!(value, Val::List(_)) => {
            Some(ErrorRecord::runtime("Cannot convert value to type System.String.", "InvalidCast", 5))
        }
        _ => None,
    }
}

fn transformation(param: &Param, record: &ErrorRecord) -> ErrorRecord {
    let message =
        format!("Cannot process argument transformation on parameter '{}'. {}", param.written, record.message());
    let kind = "System.Management.Automation.ParameterBindingArgumentTransformationException";
    ErrorRecord::new(kind, message, "ParameterArgumentTransformationError", 6)
}

fn not_bound() -> Flow {
    let message = "The input object cannot be bound to any parameters for the command either because the command does not \
                   take pipeline input or the input and its properties do not match any of the parameters that take \
                   pipeline input.";
    refusal(message.into(), "InputObjectNotBound")
}
