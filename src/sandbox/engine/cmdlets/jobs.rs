//! Get-Job: the engine runs no jobs, so there are none.

use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::value::Val;
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Get-Job",
    aliases: &["gjb"],
    params: &[
        "Id:int@0^",
        "Name^",
        "InstanceId^",
        "State^",
        "Command",
        "IncludeChildJob!",
        "Newest",
        "Before",
        "After",
    ],
    make: |_, bound| PerInput::boxed(bound, get),
}];

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    for id in bound.items("Id") {
        let id = super::super::convert::index(&id)?;
        let message = format!(
            "The command cannot find a job with the job ID {id}. Verify the value of the Id parameter and then try the command again."
        );
        let kind = "System.Management.Automation.PSArgumentException";
        let record = ErrorRecord::new(kind, message, "JobWithSpecifiedSessionNotFound", 13);
        evaluator.write_error(record.with_target(Val::I32(id as i32)))?;
    }
    for name in bound.texts("Name").iter().filter(|name| super::cdxml::is_literal(name)) {
        let message = format!(
            "The command cannot find the job because the job name {name} was not found. Verify the value of the Name parameter, and then try the command again."
        );
        let kind = "System.Management.Automation.PSArgumentException";
        let record = ErrorRecord::new(kind, message, "JobWithSpecifiedNameNotFound", 13);
        evaluator.write_error(record.with_target(Val::str(name.as_str())))?;
    }
    Ok(())
}
