//! Invoke-Command on this very host, Invoke-Expression, Measure-Command.

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Discard, Evaluator, RawArg, Run, Sink, script_command};
use super::super::parser;
use super::super::value::Val;
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 3] = [
    Spec {
        name: "Invoke-Command",
        aliases: &["icm"],
        params: &[
            "ScriptBlock|Command@0+",
            "ArgumentList|Args@1",
            "InputObject",
            "NoNewScope!",
            "ComputerName|Cn",
            "Session",
            "HostName",
            "Credential",
            "FilePath|PSPath",
            "AsJob!",
            "JobName",
            "ThrottleLimit",
            "HideComputerName!",
            "InDisconnectedSession!",
            "UseSSL!",
            "Port",
            "SessionOption",
            "Authentication",
            "ConfigurationName",
        ],
        make: invoke_command,
    },
    Spec {
        name: "Invoke-Expression",
        aliases: &["iex"],
        params: &["Command:string@0<+"],
        make: |_, bound| PerInput::boxed(bound, expression),
    },
    Spec {
        name: "Measure-Command",
        aliases: &[],
        params: &["Expression:scriptblock@0+", "InputObject<"],
        make: |_, bound| {
            bound.refuse(&["InputObject"])?;
            Ok(Box::new(Measure { bound }))
        },
    },
];

/// Without a computer it is the script block itself that stands in the pipeline.
fn invoke_command(evaluator: &mut Evaluator<'_>, bound: Bound) -> Run<Box<dyn Cmdlet>> {
    let is_here = |name: &String| matches!(name.as_str(), "." | "localhost") || evaluator.host.is_named(name);
    if !bound.texts("ComputerName").iter().all(is_here) {
        let message = "other hosts from a host: every host of the sandbox stands alone";
        return Err(ErrorRecord::unsupported(message).into());
    }
    bound.refuse(&[
        "InputObject",
        "Session",
        "HostName",
        "Credential",
        "FilePath",
        "AsJob",
        "InDisconnectedSession",
    ])?;
    let Some(Val::Script(script)) = bound.get("ScriptBlock") else {
        let given = bound.text("ScriptBlock").unwrap_or_default();
        let message = format!(
            "Cannot bind parameter 'ScriptBlock'. Cannot convert the \"{given}\" value of type \"System.String\" to type \"System.Management.Automation.ScriptBlock\"."
        );
        let kind = "System.Management.Automation.ParameterBindingException";
        return Err(ErrorRecord::new(kind, message, "CannotConvertArgumentNoMessage", 5).into());
    };
    let args = bound.items("ArgumentList").into_iter().map(RawArg::Value).collect();
    script_command(script.clone(), args, bound.switch("NoNewScope"))
}

fn expression(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let text = bound.text("Command").unwrap_or_default();
    let script = parser::parse(&text).map_err(|error| {
        let record = ErrorRecord::of_parse_error(&error, &text.as_str().into());
        ErrorRecord { ends_script: false, ..record }
    })?;
    evaluator.run_inline_into(&script, out)
}

struct Measure {
    bound: Bound,
}

impl Cmdlet for Measure {
    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let Some(Val::Script(script)) = self.bound.get("Expression") else {
            let given = self.bound.get("Expression").map_or_else(String::new, text);
            return Err(ErrorRecord::unsupported(&format!("how to measure '{given}'")).into());
        };
        let start = evaluator.runtime.now();
        evaluator.run_inline_into(script, &mut Discard)?;
        let nanoseconds = evaluator.runtime.now().as_nanosecond() - start.as_nanosecond();
        out.put(evaluator, Val::TimeSpan(i64::try_from(nanoseconds / 100).unwrap_or(i64::MAX)))
    }
}
