//! Script blocks and functions as commands of a pipeline.

use std::sync::Arc;

use super::super::ast::Script;
use super::super::value::Val;
use super::pipeline::{Cmdlet, Stage};
use super::scope::Frame;
use super::{Context, Evaluator, RawArg, Run, Sink};

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
    args: Vec<RawArg>,
    /// Runs in the scope around.
    is_dotted: bool,
    frame: Option<Frame>,
    input: Vec<Val>,
    /// Its `process` block runs for each object, be there none; without a pipeline before it, once.
    expects_input: bool,
    /// Places of the parameters that take their values from the input.
    open: Vec<usize>,
}

impl ScriptStage {
    pub(super) fn new(script: Arc<Script>, args: Vec<RawArg>, is_dotted: bool) -> Self {
        Self { script, args, is_dotted, frame: None, input: Vec::new(), expects_input: false, open: Vec::new() }
    }

    /// With variables that its scope begins with.
    pub(super) fn in_frame(self, frame: Frame) -> Self {
        Self { frame: Some(frame), ..self }
    }

    pub(super) fn boxed(script: Arc<Script>, args: Vec<RawArg>, is_dotted: bool) -> Box<dyn Cmdlet> {
        Box::new(Self::new(script, args, is_dotted))
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
        let done = evaluator.in_script(&script, |evaluator| run(self, evaluator, &mut out));
        if !self.is_dotted && done.is_ok() {
            self.frame = Some(evaluator.pop_frame());
        }
        done
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
            this.open = evaluator.bind(&this.script.clone(), std::mem::take(&mut this.args), this.expects_input)?;
            evaluator.block(&this.script.clone().begin, out)
        })
    }

    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        if self.script.process.is_none() && self.open.is_empty() {
            self.input.push(input);
            return Ok(());
        }
        self.scoped(evaluator, out, |this, evaluator, out| {
            let script = this.script.clone();
            evaluator.bind_input(&script, &this.open, &input)?;
            if script.process.is_none() {
                this.input.push(input);
                return Ok(());
            }
            evaluator.item = input;
            script.process.as_ref().map_or(Ok(()), |block| evaluator.block(block, out))
        })
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        self.scoped(evaluator, out, |this, evaluator, out| {
            let script = this.script.clone();
            if let Some(block) = script.process.as_ref().filter(|_| !this.expects_input) {
                evaluator.block(block, out)?;
            }
            if !this.is_dotted || (!evaluator.unread_input && !this.input.is_empty()) {
                evaluator.set_local("input", Val::array(std::mem::take(&mut this.input)));
            }
            evaluator.block(&script.end, out)
        })
    }
}

/// A script block as a command; dotted it runs in the scope around.
pub(in super::super) fn script_command(script: Arc<Script>, args: Vec<RawArg>, is_dotted: bool) -> Box<dyn Cmdlet> {
    ScriptStage::boxed(script, args, is_dotted)
}

/// The whole script of an invocation as a command; it runs in the global scope.
pub(in super::super) fn invoke_script(script: Arc<Script>, args: Vec<RawArg>) -> Stage {
    Stage::new(ScriptStage::boxed(script, args, true), Context::default(), None)
}
