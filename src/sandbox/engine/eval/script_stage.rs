//! Script blocks and functions as commands of a pipeline.

use std::sync::Arc;

use super::super::ast::Script;
use super::super::value::Val;
use super::arguments::Arguments;
use super::call::of_function;
use super::called::Call;
use super::parameters::Binder;
use super::pipeline::{Cmdlet, Stage};
use super::scope::Frame;
use super::{Context, Evaluator, Flow, RawArg, Run, Sink};

/// What a script writes goes to commands that do not see its variables.
struct Outward<'a> {
    out: &'a mut dyn Sink,
    /// Scopes around the script.
    depth: usize,
}

impl Sink for Outward<'_> {
    fn put(&mut self, evaluator: &mut Evaluator<'_>, value: Val) -> Run<()> {
        let hidden = evaluator.state.frames.split_off(self.depth.min(evaluator.state.frames.len()));
        let done = self.out.put(evaluator, value);
        evaluator.state.frames.truncate(self.depth);
        evaluator.state.frames.extend(hidden);
        done
    }
}

/// A script block or function in a pipeline.
pub(super) struct ScriptStage {
    script: Arc<Script>,
    /// Of the function; none of a script block.
    name: Arc<str>,
    arguments: Arguments,
    /// Runs in the scope around.
    is_dotted: bool,
    frame: Option<Frame>,
    input: Vec<Val>,
    /// What its `process` block saw last: `$_` of its `end` block.
    last: Val,
    /// Its `process` block runs for each object, be there none; without a pipeline before it, once.
    expects_input: bool,
    binder: Option<Binder>,
    /// Places of the parameters that take their values from the input.
    open: Vec<usize>,
}

impl ScriptStage {
    pub(super) fn new(
        script: Arc<Script>,
        args: Vec<RawArg>,
        is_dotted: bool,
        name: &str,
        context: &mut Context,
    ) -> Run<Self> {
        Self::with_defaults(script, args, Vec::new(), is_dotted, name, context)
    }

    /// With defaults for parameters that get no value.
    pub(super) fn with_defaults(
        script: Arc<Script>,
        args: Vec<RawArg>,
        defaults: Vec<(String, Val)>,
        is_dotted: bool,
        name: &str,
        context: &mut Context,
    ) -> Run<Self> {
        let (script, closed, is_dotted) = match &script.closure {
            Some(closure) => (closure.script.clone(), closure.frame(), false),
            None => (script, Frame::default(), is_dotted),
        };
        let mut arguments = Arguments::sort(&script, args)?;
        for (name, value) in defaults.into_iter().filter(|_| script.binding.is_advanced) {
            arguments.add_default(&script, &name, value);
        }
        context.is_advanced = script.binding.is_advanced;
        let mut frame = closed;
        for (name, value) in arguments.obey_common(context)? {
            frame.set(name, value);
        }
        Ok(Self {
            script,
            name: name.into(),
            arguments,
            is_dotted,
            frame: Some(frame),
            input: Vec::new(),
            last: Val::Null,
            expects_input: false,
            binder: None,
            open: Vec::new(),
        })
    }

    /// With variables that its scope begins with.
    pub(super) fn in_frame(mut self, frame: Frame) -> Self {
        self.frame.get_or_insert_default().add(frame);
        self
    }

    pub(super) fn boxed(
        script: Arc<Script>,
        args: Vec<RawArg>,
        is_dotted: bool,
        name: &str,
        context: &mut Context,
    ) -> Run<Box<dyn Cmdlet>> {
        Ok(Box::new(Self::new(script, args, is_dotted, name, context)?))
    }

    /// Runs a part of the script in its own scope, which lives until the end of the pipeline.
    fn scoped(
        &mut self,
        evaluator: &mut Evaluator<'_>,
        out: &mut dyn Sink,
        run: impl FnOnce(&mut Self, &mut Evaluator<'_>, &mut dyn Sink) -> Run<()>,
    ) -> Run<()> {
        let script = self.script.clone();
        let depth = evaluator.state.frames.len();
        if !self.is_dotted {
            evaluator.push_frame(self.frame.take().unwrap_or_default());
        }
        let mut out = Outward { out, depth };
        let around = std::mem::replace(&mut evaluator.is_inline, self.is_dotted);
        let mut done = evaluator.in_script(&script, |evaluator| run(self, evaluator, &mut out));
        evaluator.is_inline = around;
        if !self.is_dotted && done.is_ok() {
            self.frame = Some(evaluator.pop_frame());
        }
        if let Err(Flow::Throw(record)) = &mut done
            && record.ends_function
            && script.binding.is_advanced
        {
            (record.ends_script, record.ends_function) = (false, false);
        }
        done
    }

    fn bind(&mut self, evaluator: &mut Evaluator<'_>) -> Run<()> {
        let (script, arguments) = (self.script.clone(), std::mem::take(&mut self.arguments));
        let (binder, open) =
            evaluator.bind(&script, arguments, self.expects_input).map_err(|flow| of_function(flow, &self.name))?;
        let is_outermost = evaluator.state.frames.len() == 1;
        let call = Call {
            script,
            name: self.name.clone(),
            by: match (&*self.name, evaluator.context.place.is_some(), self.is_dotted) {
                ("", true, false) => "&".into(),
                ("", true, true) => ".".into(),
                _ => self.name.clone(),
            },
            context: evaluator.context.clone(),
            bound: binder.bound.clone(),
            set: binder.set_name(),
            expects_input: self.expects_input,
        };
        if let Some(frame) = evaluator.state.frames.last_mut().filter(|_| !self.is_dotted || is_outermost) {
            frame.call = Some(Box::new(call));
        }
        (self.binder, self.open) = (Some(binder), open);
        Ok(())
    }

    /// Binds an object of the input; what no parameter takes is an error of its own.
    fn bind_input(&mut self, evaluator: &mut Evaluator<'_>, input: &Val) -> Run<bool> {
        let refuses = self.script.binding.is_advanced && !self.is_dotted;
        let Some(binder) = self.binder.as_mut().filter(|_| refuses || !self.open.is_empty()) else { return Ok(true) };
        match evaluator.bind_input(binder, &self.open, input).map_err(|flow| of_function(flow, &self.name)) {
            Ok(()) => Ok(true),
            Err(Flow::Throw(record)) if !record.ends_script => {
                evaluator.write_error(record.with_target(input.clone()))?;
                Ok(false)
            }
            Err(other) => Err(other),
        }
    }
}

impl Cmdlet for ScriptStage {
    fn expect_input(&mut self) {
        self.expects_input = true;
    }

    fn reads_input(&self) -> bool {
        self.script.process.is_none()
    }

    fn begin(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        self.scoped(evaluator, out, |this, evaluator, out| {
            evaluator.state.namespaces.extend(this.script.namespaces.iter().cloned());
            this.bind(evaluator)?;
            evaluator.block(&this.script.clone().begin, out)
        })
    }

    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        self.scoped(evaluator, out, |this, evaluator, out| {
            let script = this.script.clone();
            if !this.bind_input(evaluator, &input)? {
                return Ok(());
            }
            let Some(block) = &script.process else {
                this.input.push(input);
                return Ok(());
            };
            if !this.is_dotted {
                evaluator.set_local("input", Val::given(vec![input.clone()]));
            }
            this.last = input.clone();
            evaluator.item = input;
            evaluator.block(block, out)
        })
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        self.scoped(evaluator, out, |this, evaluator, out| {
            let script = this.script.clone();
            if let Some(block) = script.process.as_ref().filter(|_| !this.expects_input) {
                evaluator.block(block, out)?;
            }
            if !this.is_dotted || (!evaluator.unread_input && !this.input.is_empty()) {
                evaluator.set_local("input", Val::given(std::mem::take(&mut this.input)));
            }
            if script.process.is_some() && this.expects_input {
                evaluator.item = this.last.clone();
            }
            evaluator.block(&script.end, out)
        })
    }
}

/// A script block as a command; dotted it runs in the scope around.
pub(in super::super) fn script_command(
    script: Arc<Script>,
    args: Vec<RawArg>,
    is_dotted: bool,
) -> Run<Box<dyn Cmdlet>> {
    ScriptStage::boxed(script, args, is_dotted, "", &mut Context::default())
}

/// The whole script of an invocation as a command; it runs in the global scope.
pub(in super::super) fn invoke_script(script: Arc<Script>, args: Vec<RawArg>) -> Run<Stage> {
    let mut context = Context::default();
    let command = ScriptStage::boxed(script, args, true, "", &mut context)?;
    Ok(Stage::new(command, context, None))
}
