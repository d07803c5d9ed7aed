//! Commands: their arguments, functions and script blocks.

use std::sync::Arc;

use super::super::ast::{Arg, CallKind, Closure, CommandAst, ExprKind, Redirection, Script, Span};
use super::super::cmdlets;
use super::super::command_info;
use super::super::convert::{text, truth};
use super::super::errors::ErrorRecord;
use super::super::native;
use super::super::value::{Obj, Val};
use super::context::Redirect;
use super::pipeline::{Cmdlet, Stage};
use super::scope::Frame;
use super::script_stage::ScriptStage;
use super::{Collector, Context, Evaluator, Flow, Run, Sink};

/// An argument before a command has seen it.
#[derive(Debug, Clone)]
pub(in super::super) enum RawArg {
    /// `-Name`, with a value only if it was written with a colon or came by splatting.
    Parameter(Arc<str>, Option<Val>),
    Value(Val),
    /// A number, with the text that stands in the script if that is another one: `007`, `1.10`.
    Written(Val, Arc<str>),
}

impl Evaluator<'_> {
    pub(super) fn stage(&mut self, command: &CommandAst, redirections: &[Redirection], span: Span) -> Run<Stage> {
        self.check_call(command)?;
        let target = self.eval(&command.name)?;
        let args = self.arguments(&command.args)?;
        let around = self.context.clone();
        let mut context = self.command_context("", span, redirections);
        let redirect = Redirect::new(redirections, None).and(context.redirect.clone());
        let made = match (&target, command.call) {
            (Val::Script(script), CallKind::Ampersand | CallKind::Dot) => {
                ScriptStage::boxed(script.clone(), args, command.call == CallKind::Dot, "", &mut context)
            }
            (Val::Object(of), _) if command_info::is_command(of) => {
                let is_dotted = command.call == CallKind::Dot;
                self.told_command(of, args, is_dotted, &mut context)
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
                self.locate(&mut record, || Some(self.place(span)));
                Flow::Throw(record)
            }
            other => other,
        });
        Ok(Stage::new(made?, context, redirect))
    }

    /// The command that an object of Get-Command tells of.
    fn told_command(
        &mut self,
        of: &Obj,
        args: Vec<RawArg>,
        is_dotted: bool,
        context: &mut Context,
    ) -> Run<Box<dyn Cmdlet>> {
        let name = of.get("Name").map_or_else(String::new, |name| text(&name));
        match of.get("ScriptBlock") {
            Some(Val::Script(script)) if name.is_empty() => ScriptStage::boxed(script, args, is_dotted, "", context),
            Some(Val::Script(script)) => self.function_stage(&name, script, args, is_dotted, context),
            _ => self.named(&name, args, context),
        }
    }

    fn function_stage(
        &mut self,
        name: &str,
        script: Arc<Script>,
        args: Vec<RawArg>,
        is_dotted: bool,
        context: &mut Context,
    ) -> Run<Box<dyn Cmdlet>> {
        context.command = name.into();
        let defaults = self.parameter_defaults(name)?;
        let made = ScriptStage::with_defaults(script, args, defaults, is_dotted, name, context);
        Ok(Box::new(made.map_err(|flow| of_function(flow, name))?))
    }

    /// The command of a name.
    pub(in super::super) fn named(
        &mut self,
        name: &str,
        args: Vec<RawArg>,
        context: &mut Context,
    ) -> Run<Box<dyn Cmdlet>> {
        let alias = self.state.aliases.get(name.to_lowercase().as_str()).cloned();
        let name = alias.as_deref().or_else(|| cmdlets::of_alias(name)).unwrap_or(name);
        if let Some((name, script)) = self.function(name) {
            return self.function_stage(&name, script, args, false, context);
        }
        match cmdlets::find(name) {
            Some(spec) => {
                for arg in &args {
                    if let RawArg::Value(value) | RawArg::Parameter(_, Some(value)) = arg {
                        self.refresh(value)?;
                    }
                }
                context.command = spec.name.into();
                context.is_cmdlet = true;
                let defaults = self.parameter_defaults(spec.name)?;
                let made = cmdlets::bind(spec, args, defaults, context).and_then(|mut bound| {
                    bound.look_here(&self.host);
                    let given = bound.clone();
                    (spec.make)(self, bound).map_err(|flow| misbound(flow, &given))
                });
                made.map_err(|flow| of_binding(flow.of_command(spec.name), spec.name))
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

    /// What `$PSDefaultParameterValues` has for a command: names of parameters, with values.
    fn parameter_defaults(&mut self, command: &str) -> Run<Vec<(String, Val)>> {
        let Some(Val::Hash(all)) = self.lookup("psdefaultparametervalues") else { return Ok(Vec::new()) };
        if all.get(&Val::str("Disabled")).is_some_and(|value| truth(&value)) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for (key, value) in all.entries() {
            let key = text(&key);
            let Some((pattern, name)) = key.split_once(':') else { continue };
            if !self.patterns.like(command, pattern.trim(), false)? {
                continue;
            }
            let value = match &value {
                Val::Script(script) => self.call_script(script, Vec::new())?.stored(),
                other => other.clone(),
            };
            found.push((name.trim().to_owned(), value));
        }
        Ok(found)
    }

    fn arguments(&mut self, args: &[Arg]) -> Run<Vec<RawArg>> {
        let mut all = Vec::with_capacity(args.len());
        // What is written for a parameter holds against a table that is splatted.
        let written = |name: &str| {
            let is_it = |arg: &Arg| matches!(arg, Arg::Parameter { name: own, .. } if own.eq_ignore_ascii_case(name));
            args.iter().any(is_it)
        };
        for arg in args {
            match arg {
                Arg::Parameter { name, value } => {
                    let value = value.as_ref().map(|value| self.eval(value)).transpose()?;
                    all.push(RawArg::Parameter(name.clone(), value));
                }
                Arg::Value(expr) => {
                    let value = self.eval(expr)?.stored();
                    let written = expr.span.of(&self.source);
                    all.push(match &expr.kind {
                        ExprKind::Const(Val::Str(_)) => RawArg::Value(value),
                        ExprKind::Const(_) if text(&value) != written => RawArg::Written(value, written.into()),
                        _ => RawArg::Value(value),
                    });
                }
                Arg::Splat(name) => {
                    let overridden = |arg: &RawArg| matches!(arg, RawArg::Parameter(name, _) if written(name));
                    all.extend(self.splat(name)?.into_iter().filter(|arg| !overridden(arg)));
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
        if let Some(closure) = &script.closure {
            self.push_frame(closure.frame());
            let done = self.run_inline_into(&closure.script, out);
            self.pop_frame();
            return done;
        }
        let block = script.process.as_ref().filter(|_| script.end.is_empty()).unwrap_or(&script.end);
        let around = std::mem::replace(&mut self.is_inline, true);
        let done = self.in_script(script, |evaluator| evaluator.block(block, out));
        self.is_inline = around;
        done
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
        self.collected(frame, script, args).map(Val::of_outputs)
    }

    /// All that a script block writes.
    pub(super) fn outputs_of(&mut self, script: &Arc<Script>, args: Vec<Val>) -> Run<Vec<Val>> {
        self.collected(Frame::default(), script, args)
    }

    fn collected(&mut self, frame: Frame, script: &Arc<Script>, args: Vec<Val>) -> Run<Vec<Val>> {
        let args = args.into_iter().map(RawArg::Value).collect();
        let context = Context { redirect: self.context.redirect.clone(), ..Context::default() };
        let mut context = context;
        let stage = ScriptStage::new(script.clone(), args, false, "", &mut context)?.in_frame(frame);
        let mut stages = [Stage::new(Box::new(stage), context, None)];
        let mut out = Collector::default();
        self.run_stages(&mut stages, &mut out, false, |_, _| Ok(()))?;
        Ok(out.0)
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
}

impl Closure {
    /// A scope with its variables.
    pub(super) fn frame(&self) -> Frame {
        let mut frame = Frame::default();
        self.variables.iter().for_each(|(name, value)| frame.set(name, value.clone()));
        frame
    }
}

impl Evaluator<'_> {
    /// `.GetNewClosure()`: the script block with the variables of the innermost scope.
    pub(super) fn close_over(&self, script: &Arc<Script>) -> Val {
        let script = script.closure.as_ref().map_or(script, |closure| &closure.script).clone();
        let variables = self.state.frames.last().map(Frame::variables).unwrap_or_default();
        Val::Script(Arc::new(Script {
            source: script.source.clone(),
            span: script.span,
            namespaces: Vec::new(),
            params: Vec::new(),
            binding: super::super::ast::Binding::default(),
            begin: Vec::new(),
            process: None,
            end: Vec::new(),
            closure: Some(Closure { script, variables }),
        }))
    }
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

/// A value that is not of its parameter's type, as the binder of cmdlets says it.
fn misbound(flow: Flow, given: &cmdlets::Bound) -> Flow {
    let Flow::Throw(record) = flow else { return flow };
    let value =
        record.message().strip_prefix("Cannot convert value \"").and_then(|rest| rest.split_once("\" to type "));
    let name = value.and_then(|(value, _)| given.named_for(value));
    let Some(name) = name.filter(|_| record.id.starts_with("InvalidCast") && !record.ends_script) else {
        return Flow::Throw(record);
    };
    let kind = "System.Management.Automation.ParameterBindingException";
    let message = format!("Cannot bind parameter '{name}'. {}", record.message());
    ErrorRecord::new(kind, message, "CannotConvertArgumentNoMessage", 5).into()
}

/// An error of the binder names the cmdlet; what a value must be is a matter of data.
fn of_binding(flow: Flow, name: &str) -> Flow {
    let Flow::Throw(mut record) = flow else { return flow };
    let kind = record.exception.type_name();
    if kind.starts_with("System.Management.Automation.ParameterBinding") && record.activity.is_empty() {
        let is_of_data = kind.ends_with("ValidationException") && record.category == 5;
        record.activity = name.into();
        record.category = if is_of_data { 6 } else { record.category };
    }
    Flow::Throw(record)
}

/// An error of binding, with the function's name behind its id.
pub(super) fn of_function(flow: Flow, name: &str) -> Flow {
    match flow {
        Flow::Throw(record) => Flow::Throw(Box::new(ErrorRecord { activity: name.into(), ..record.of_class(name) })),
        other => other,
    }
}
