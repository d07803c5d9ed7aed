//! The input of an invocation, as it comes.

use std::ops::ControlFlow;

use super::super::value::Val;
use super::super::wire::from_value;
use super::{Evaluator, Flow, Run, Sink, Stage};

impl Evaluator<'_> {
    /// Runs the commands of an invocation that has input. One that works by `process` gets each object as it comes; any
    /// other script begins at once, and reads what there is when it asks for `$input`, as PowerShell has it.
    pub(in super::super) fn run_fed(&mut self, stages: &mut [Stage], out: &mut dyn Sink) -> Run<()> {
        self.unread_input = stages.first().is_some_and(|first| first.command.reads_input());
        let done = self.run_stages(stages, out, true, |evaluator, first| {
            while !evaluator.unread_input
                && let Some(value) = evaluator.next_input()?
            {
                first.put(evaluator, value)?;
            }
            Ok(())
        });
        self.unread_input = false;
        done
    }

    fn next_input(&mut self) -> Run<Option<Val>> {
        match self.runtime.next_input() {
            ControlFlow::Continue(value) => {
                let open = |sealed: &[u8]| self.runtime.open_secret(sealed);
                Ok(value.as_ref().map(|value| from_value(value, &open)))
            }
            ControlFlow::Break(()) => Err(Flow::Stopped),
        }
    }

    /// Reads the whole input into `$input`, if that is what the name stands for here.
    pub(super) fn read_input(&mut self) -> Run<()> {
        if !self.unread_input || self.state.has_inner("input") {
            return Ok(());
        }
        self.unread_input = false;
        let mut values = Vec::new();
        while let Some(value) = self.next_input()? {
            self.step(1)?;
            values.push(value);
        }
        self.state.set_global("input", Val::given(values));
        Ok(())
    }
}
