//! Commands: their arguments, functions and script blocks.

use std::sync::Arc;

use super::super::ast::{Arg, CallKind, CommandAst, Redirection, Scope, Script, Span, Variable};
use super::super::cmdlets;
use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::native;
use super::super::value::Val;
use super::pipeline::{Cmdlet, Stage};
use super::scope::Frame;
use super::script_stage::ScriptStage;
use super::streams::Redirect;
use super::{Collector, Context, Evaluator, Flow, Run, Sink};

/// An argument before a command has seen it.
#[derive(Debug, Clone)]
pub(in super::super) enum RawArg {
    /// `-Name`, with a value only if it was written with a colon or came by splatting.
    Parameter(Arc<str>, Option<Val>),
    Value(Val),
}

impl Evaluator<'_> {
    pub(super) fn stage(&mut self, command: &CommandAst, redirections: &[Redirection], span: Span) -> Run<Stage> {
        let target = self.eval(&command.name)?;
        let args = self.arguments(&command.args)?;
        let around = self.context.clone();
        let mut context = self.command_context("", span, redirections);
        let redirect = Redirect::new(redirections, None).and(context.redirect.clone());
        let made = match (&target, command.call) {
            (Val::Script(script), CallKind::Ampersand | CallKind::Dot) => {
                Ok(ScriptStage::boxed(script.clone(), args, command.call == CallKind::Dot))
            }
            (Val::Str(name), _) => self.named(name, args, &mut context),
            (other, CallKind::Name) => self.named(&text(other), args, &mut context),
            _ => {
                let message = "The expression after '&' in a pipeline element produced an object that was not valid. It must \
                               result in a command name or a script block.";
                Err(ErrorRecord::runtime(message, "BadExpression", 7).into())
            }
        };
        self.context = around;
        let made = made.map_err(|flow| match flow {
            Flow::Throw(mut record) => {
                record.place.get_or_insert_with(|| self.place(span));
                Flow::Throw(record)
            }
            other => other,
        });
        Ok(Stage::new(made?, context, redirect))
    }

    /// The command of a name.
    pub(in super::super) fn named(
        &mut self,
        name: &str,
        args: Vec<RawArg>,
        context: &mut Context,
    ) -> Run<Box<dyn Cmdlet>> {
        let alias = self.state.aliases.get(name.to_lowercase().as_str()).cloned();
        let name = alias.as_deref().unwrap_or(name);
        if let Some(script) = self.function(name) {
            context.command = name.into();
            return Ok(ScriptStage::boxed(script, args, false));
        }
        match cmdlets::find(name) {
            Some(spec) => {
                context.command = spec.name.into();
                context.is_cmdlet = true;
                let made = cmdlets::bind(spec, args, context).and_then(|bound| (spec.make)(self, bound));
                made.map_err(|flow| flow.of_command(spec.name))
            }
            None => {
                if let Some(made) = native::find(name, &args) {
                    context.command = name.into();
                    return made;
                }
                let functions = self.state.function_names();
                let known = cmdlets::names().chain(native::names()).chain(functions);
                Err(ErrorRecord::command_not_found(name, known).into())
            }
        }
    }

    fn arguments(&mut self, args: &[Arg]) -> Run<Vec<RawArg>> {
        let mut all = Vec::with_capacity(args.len());
        for arg in args {
            match arg {
                Arg::Parameter { name, value } => {
                    let value = value.as_ref().map(|value| self.eval(value)).transpose()?;
                    all.push(RawArg::Parameter(name.clone(), value));
                }
                Arg::Value(expr) => all.push(RawArg::Value(self.eval(expr)?.stored())),
                Arg::Splat(name) => {
                    let (scope, name) = match name.strip_prefix("using:") {
                        Some(name) => (Scope::Using, name.into()),
                        None => (Scope::Nearest, name.clone()),
                    };
                    match self.variable(&Variable { scope, name })? {
                        Val::Hash(hash) => {
                            let named = |(key, value): (Val, Val)| RawArg::Parameter(text(&key).into(), Some(value));
                            all.extend(hash.entries().into_iter().map(named));
                        }
                        other => all.extend(other.into_items().into_iter().map(RawArg::Value)),
                    }
                }
            }
        }
        Ok(all)
    }

    /// Runs a script block in the scope that is current, as Where-Object does.
    pub(in super::super) fn run_inline(&mut self, script: &Arc<Script>) -> Run<Val> {
        let mut out = Collector::default();
        self.run_inline_into(script, &mut out)?;
        Ok(Val::of_outputs(out.0))
    }

    pub(in super::super) fn run_inline_into(&mut self, script: &Arc<Script>, out: &mut dyn Sink) -> Run<()> {
        let block = script.process.as_ref().filter(|_| script.end.is_empty()).unwrap_or(&script.end);
        self.in_script(script, |evaluator| evaluator.block(block, out))
    }

    /// Calls a script block in a scope of its own and collects what it writes.
    pub(in super::super) fn call_script(&mut self, script: &Arc<Script>, args: Vec<Val>) -> Run<Val> {
        self.call_in(Frame::default(), script, args)
    }

    /// Calls a script block as a method of an object, its `$this`.
    pub(in super::super) fn call_on(&mut self, object: &Val, script: &Arc<Script>, args: Vec<Val>) -> Run<Val> {
        self.call_in(Frame::with("this", object.clone()), script, args)
    }

    fn call_in(&mut self, frame: Frame, script: &Arc<Script>, args: Vec<Val>) -> Run<Val> {
        let args = args.into_iter().map(RawArg::Value).collect();
        let context = Context { redirect: self.context.redirect.clone(), ..Context::default() };
        let stage = ScriptStage::new(script.clone(), args, false).in_frame(frame);
        let mut stages = [Stage::new(Box::new(stage), context, None)];
        let mut out = Collector::default();
        self.run_stages(&mut stages, &mut out, false, |_, _| Ok(()))?;
        Ok(Val::of_outputs(out.0))
    }

    /// Runs with the text of a script as the current one; `return` ends here.
    pub(super) fn in_script(&mut self, script: &Arc<Script>, run: impl FnOnce(&mut Self) -> Run<()>) -> Run<()> {
        self.step(1)?;
        let around = std::mem::replace(&mut self.source, script.source.clone());
        let done = run(self);
        self.source = around;
        match done {
            Err(Flow::Return) => Ok(()),
            other => other,
        }
    }

    /// Gives the parameters of a script their values in the innermost scope; tells the places of those that take them
    /// from the input, if some is expected.
    pub(super) fn bind(&mut self, script: &Arc<Script>, args: Vec<RawArg>, expects_input: bool) -> Run<Vec<usize>> {
        let mut values: Vec<Option<Val>> = vec![None; script.params.len()];
        let is_switch = |place: usize| {
            script.params[place].attributes.type_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("switch"))
        };
        let (mut rest, mut args) = (Vec::new(), args.into_iter().peekable());
        while let Some(arg) = args.next() {
            match arg {
                RawArg::Value(value) => rest.push(value),
                RawArg::Parameter(name, value) => {
                    let Some(place) = parameter_named(script, &name) else {
                        if script.is_advanced && name.eq_ignore_ascii_case("erroraction") {
                            let action = value.or_else(|| next_value(&mut args)).unwrap_or(Val::Null);
                            self.set_local("erroractionpreference", action);
                            continue;
                        }
                        rest.push(Val::str(format!("-{name}")));
                        rest.extend(value);
                        continue;
                    };
                    values[place] = match value {
                        Some(value) => Some(value),
                        None if is_switch(place) => Some(Val::Bool(true)),
                        None => {
                            Some(next_value(&mut args).ok_or_else(|| missing_argument(&script.params[place].name))?)
                        }
                    };
                }
            }
        }
        let mut rest = rest.into_iter();
        for (place, value) in values.iter_mut().enumerate() {
            if value.is_none() && !is_switch(place) {
                *value = rest.next();
            }
        }
        self.set_local("args", Val::array(rest.collect()));
        let mut open = Vec::new();
        for (place, (param, value)) in script.params.iter().zip(values).enumerate() {
            let takes_input = param.attributes.by_value || param.attributes.by_name;
            if value.is_none() && takes_input && expects_input {
                open.push(place);
            } else {
                self.bind_one(param, value)?;
            }
        }
        Ok(open)
    }

    /// Gives parameters their values from an object of the input: by value, else by a property of one of their names.
    pub(super) fn bind_input(&mut self, script: &Arc<Script>, open: &[usize], input: &Val) -> Run<()> {
        for param in open.iter().filter_map(|place| script.params.get(*place)) {
            let attributes = &param.attributes;
            let mut names = attributes.aliases.iter().map(String::as_str).chain([&*param.name]);
            let mut named = || names.find_map(|name| self.member(input, name));
            let value = if attributes.by_value { Some(input.clone()) } else { named() };
            self.bind_one(param, value)?;
        }
        Ok(())
    }

    fn bind_one(&mut self, param: &super::super::ast::Param, value: Option<Val>) -> Run<()> {
        let kind = param.attributes.type_name.as_ref().map(|name| self.find_type(name)).transpose()?;
        let is_given = value.is_some();
        let value = match (value, &param.default) {
            (Some(value), _) => value,
            (None, Some(default)) => self.eval(default)?,
            (None, None) if param.attributes.mandatory => {
                let message = format!(
                    "Cannot process command because of one or more missing mandatory parameters: {}.",
                    param.name
                );
                let kind = "System.Management.Automation.ParameterBindingException";
                return Err(ErrorRecord::new(kind, message, "MissingMandatoryParameter", 5).into());
            }
            (None, None) => Val::Null,
        };
        // A parameter without value has its type's zero, if the type has one.
        let kind = kind.filter(|kind| {
            is_given
                || param.default.is_some()
                || !matches!(kind.name(), "DateTime" | "TimeSpan" | "Guid" | "Version" | "Hashtable" | "ScriptBlock")
        });
        let variable = Variable { scope: Scope::Local, name: param.name.clone() };
        let is_untyped_null = value.is_null() && kind.as_ref().is_some_and(|kind| kind.full.ends_with("[]"));
        let done = self.assign_variable(&variable, value, kind.filter(|_| !is_untyped_null));
        done.map_err(|flow| match flow {
            Flow::Throw(record) => {
                let message = format!(
                    "Cannot process argument transformation on parameter '{}'. {}",
                    param.name,
                    record.message()
                );
                let kind = "System.Management.Automation.ParameterBindingException";
                ErrorRecord::new(kind, message, "ParameterArgumentTransformationError", 6).into()
            }
            other => other,
        })
    }
}

fn next_value(args: &mut std::iter::Peekable<std::vec::IntoIter<RawArg>>) -> Option<Val> {
    match args.next_if(|arg| matches!(arg, RawArg::Value(_))) {
        Some(RawArg::Value(value)) => Some(value),
        _ => None,
    }
}

fn missing_argument(name: &str) -> Flow {
    let message = format!("Missing an argument for parameter '{name}'. Specify a parameter value and try again.");
    ErrorRecord::new("System.Management.Automation.ParameterBindingException", message, "MissingArgument", 5).into()
}

/// The parameter of this name or unambiguous start of a name.
fn parameter_named(script: &Script, name: &str) -> Option<usize> {
    let lower = name.to_lowercase();
    let is_it = |param: &super::super::ast::Param| *param.name == *lower || param.attributes.aliases.contains(&lower);
    let exact = script.params.iter().position(is_it);
    exact.or_else(|| {
        let mut starts = script.params.iter().enumerate().filter(|(_, param)| param.name.starts_with(&lower));
        match (starts.next(), starts.next()) {
            (Some((place, _)), None) => Some(place),
            _ => None,
        }
    })
}

impl Stage {
    /// A command that the client named instead of a script.
    pub(in super::super) fn named(evaluator: &mut Evaluator<'_>, name: &str, args: Vec<RawArg>) -> Run<Self> {
        let mut context = Context::default();
        let command = evaluator.named(name, args, &mut context)?;
        Ok(Self::new(command, context, None))
    }
}

impl Evaluator<'_> {
    /// Runs a script like [`Self::run_inline`]; an error that ends a statement gives null, as in calculated properties.
    pub(in super::super) fn run_quietly(&mut self, script: &Arc<Script>) -> Run<Val> {
        match self.run_inline_strictly(script) {
            Err(Flow::Throw(record)) if &*record.id != "SandboxLimit" => Ok(Val::Null),
            done => done,
        }
    }

    fn run_inline_strictly(&mut self, script: &Arc<Script>) -> Run<Val> {
        self.try_depth += 1;
        let done = self.run_inline(script);
        self.try_depth -= 1;
        done
    }
}
