//! Cmdlets that do the same for each object of their input, or once without any.

use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::value::Val;
use super::Bound;
use super::binding::{Fed, missing};

/// What such a cmdlet does with its parameters, those from the input among them.
pub(super) type Work = fn(&mut Evaluator<'_>, &Bound, &mut dyn Sink) -> Run<()>;

/// A cmdlet whose input binds to parameters, as [`Bound::feed`] says.
pub(super) struct PerInput {
    bound: Bound,
    work: Work,
    expects_input: bool,
}

impl PerInput {
    /// The cmdlet; `make` of a [`super::Spec`] can return it as it is.
    pub(super) fn boxed(bound: Bound, work: Work) -> Run<Box<dyn Cmdlet>> {
        Ok(Box::new(Self { bound, work, expects_input: false }))
    }
}

impl Cmdlet for PerInput {
    fn expect_input(&mut self) {
        self.expects_input = true;
    }

    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        // A script block for a parameter that takes input gives the value for this object.
        let mut own = self.bound.clone();
        for (name, script) in self.bound.delayed() {
            let around = std::mem::replace(&mut evaluator.item, input.clone());
            let value = evaluator.run_inline(&script);
            evaluator.item = around;
            own.replace(name, value?);
        }
        match own.feed(evaluator, &input) {
            Fed::Bound(bound) => {
                if let Some(name) = bound.missing() {
                    return evaluator.write_error(missing(name).with_target(input));
                }
                (self.work)(evaluator, &bound, out)
            }
            Fed::Refused(record) => evaluator.write_error(*record),
        }
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        if self.expects_input {
            return Ok(());
        }
        if let Some(name) = self.bound.missing() {
            return Err(missing(name).into());
        }
        // A value of any kind may be a script block itself; a text is none before there is an object.
        if let Some((name, _)) = self.bound.delayed().into_iter().find(|(name, _)| *name == "NewName") {
            let message = format!(
                "Cannot evaluate parameter '{name}' because its argument is specified as a script block and there is no input. A script block cannot be evaluated without input."
            );
            let exception = "System.Management.Automation.ParameterBindingException";
            return Err(ErrorRecord::new(exception, message, "ScriptBlockArgumentNoInput", 10).into());
        }
        (self.work)(evaluator, &self.bound, out)
    }
}
