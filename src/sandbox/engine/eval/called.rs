//! What a script knows of its own call: `$MyInvocation`, `$PSBoundParameters`, `$PSCmdlet`.

use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock};

use super::super::ast::Script;
use super::super::cmdlets;
use super::super::command_info;
use super::super::convert::{text, truth};
use super::super::errors::{ErrorRecord, Place};
use super::super::value::{Obj, Schema, Val};
use super::{Context, Evaluator, Flow, Run};

/// A call of a script block or function.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) script: Arc<Script>,
    /// Its name as a function; none of script blocks.
    pub(super) name: Arc<str>,
    /// How it was called: the name, `&` or `.`.
    pub(super) by: Arc<str>,
    pub(super) context: Arc<Context>,
    pub(super) bound: Val,
    pub(super) set: Arc<str>,
    pub(super) expects_input: bool,
}

static INVOCATION: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    Schema::new(
        &["System.Management.Automation.InvocationInfo", "System.Object"],
        &[
            "MyCommand",
            "BoundParameters",
            "UnboundArguments",
            "ScriptLineNumber",
            "OffsetInLine",
            "HistoryId",
            "ScriptName",
            "Line",
            "PositionMessage",
            "PSScriptRoot",
            "PSCommandPath",
            "InvocationName",
            "PipelineLength",
            "PipelinePosition",
            "ExpectingInput",
            "CommandOrigin",
            "DisplayScriptPosition",
        ],
    )
});

static CMDLET: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    let names = [
        "System.Management.Automation.PSScriptCmdlet",
        "System.Management.Automation.PSCmdlet",
        "System.Management.Automation.Cmdlet",
        "System.Object",
    ];
    Schema::new(&names, &["ParameterSetName", "MyInvocation", "SessionState", "Host", "InvokeCommand", "Stopping"])
});

impl Call {
    /// `$MyInvocation.MyCommand`
    fn command(&self) -> Val {
        let parameters = command_info::Parameters::of_script(&self.script, cmdlets::common_parameters);
        match &*self.name {
            "" => command_info::script(&self.script, &parameters),
            name => command_info::function(name, &self.script, &parameters),
        }
    }

    fn place(&self) -> Option<&Arc<Place>> {
        self.context.place.as_ref()
    }

    /// `$MyInvocation`
    pub(super) fn invocation(&self) -> Val {
        let (line, column) = self.place().map_or((0, 0), |place| place.line_and_column());
        let values = vec![
            self.command(),
            self.bound.clone(),
            Val::list("System.Collections.Generic.List`1[[System.Object]]", Vec::new()),
            Val::I32(line),
            Val::I32(column),
            Val::I64(1),
            Val::str(""),
            Val::str(self.place().map_or("", |place| place.line())),
            Val::str(self.place().map_or_else(String::new, |place| place.position_message())),
            Val::str(""),
            Val::Null,
            Val::Str(self.by.clone()),
            Val::I32(1),
            Val::I32(1),
            Val::Bool(self.expects_input),
            Val::of_enum(
                "System.Management.Automation.CommandOrigin",
                if self.place().is_some() { "Internal" } else { "Runspace" },
                i32::from(self.place().is_some()),
            ),
            Val::Null,
        ];
        Obj::typed(&INVOCATION, "System.Management.Automation.InvocationInfo", values)
    }
}

impl Evaluator<'_> {
    /// `$PSCmdlet`
    pub(super) fn own_cmdlet(&self) -> Option<Val> {
        let call = self.advanced_call()?;
        let known = |name| self.known_variable(name).unwrap_or(Val::Null);
        let session = known("executioncontext");
        let part = |name| self.member(&session, name).unwrap_or(Val::Null);
        let values = vec![
            Val::Str(call.set.clone()),
            call.invocation(),
            part("SessionState"),
            known("host"),
            part("InvokeCommand"),
            Val::Bool(false),
        ];
        Some(Obj::typed(&CMDLET, "System.Management.Automation.PSScriptCmdlet", values))
    }

    /// A method of `$PSCmdlet`.
    pub(super) fn cmdlet_call(&mut self, name: &str, args: &[Val]) -> Run<Option<Val>> {
        let Some(call) = self.advanced_call() else { return Ok(None) };
        let (function, context) = (call.name.clone(), call.context.clone());
        let shown = args.first().map_or_else(String::new, text);
        match name {
            "shouldprocess" => {
                let said = match args {
                    [target] => {
                        format!("Performing the operation \"{function}\" on target \"{}\".", text(target))
                    }
                    [target, action] => {
                        format!("Performing the operation \"{}\" on target \"{}\".", text(action), text(target))
                    }
                    _ => shown,
                };
                return self.should(&said, args.len()).map(|holds| Some(Val::Bool(holds)));
            }
            "shouldcontinue" => return Err(nobody_to_ask("ShouldContinue", args.len(), &shown)),
            "throwterminatingerror" | "writeerror" => {
                let mut record = match args.first() {
                    Some(Val::Error(record)) => (**record).clone(),
                    _ => return Ok(None),
                };
                record = record.of_class(&function);
                record.activity = function;
                record.place = context.place.clone();
                if name == "writeerror" {
                    context.fail();
                    let around = std::mem::replace(&mut self.context, context);
                    let done = self.write_error(ErrorRecord { ends_script: false, ..record });
                    self.context = around;
                    done?;
                    return Ok(Some(Val::Void));
                }
                return Err(ErrorRecord { ends_script: true, ends_function: true, ..record }.into());
            }
            "writeobject" => {
                let value = args.first().cloned().unwrap_or(Val::Null);
                let spreads = args.get(1).is_some_and(truth);
                return Ok(Some(if spreads { value } else { Val::array(vec![value]) }));
            }
            "writeverbose" => self.write_verbose(&shown)?,
            "writewarning" => self.write_warning(&shown)?,
            "writedebug" => self.write_debug(&shown)?,
            "writeinformation" => {
                let tags = args.get(1).cloned().map_or_else(Vec::new, Val::into_items);
                self.write_information(args.first().unwrap_or(&Val::Null), tags)?;
            }
            "getvariablevalue" => {
                let value = self.known_variable(&shown.to_lowercase());
                return Ok(Some(value.or_else(|| args.get(1).cloned()).unwrap_or(Val::Null)));
            }
            _ => return Ok(None),
        }
        Ok(Some(Val::Void))
    }

    fn should(&mut self, said: &str, count: usize) -> Run<bool> {
        if self.lookup("whatifpreference").is_some_and(|value| truth(&value)) {
            return match self.runtime.write_line(&format!("What if: {said}")) {
                ControlFlow::Continue(()) => Ok(false),
                ControlFlow::Break(()) => Err(Flow::Stopped),
            };
        }
        let impact = if self.advanced_call().is_some_and(|call| call.script.binding.is_grave) { 3 } else { 2 };
        let asks_from = self.asks_from();
        if asks_from > 0 && impact >= asks_from {
            let question = format!("Are you sure you want to perform this action?\n{said}");
            return Err(nobody_to_ask("ShouldProcess", count, &question));
        }
        self.write_verbose(said)?;
        Ok(true)
    }
}

/// Nobody sits before the host of a session: what PowerShell says without a user.
fn nobody_to_ask(method: &str, count: usize, said: &str) -> Flow {
    let message = format!(
        "Exception calling \"{method}\" with \"{count}\" argument(s): \"A command that prompts the user failed because the host program or the command type does not support user interaction. The host was attempting to request confirmation with the following message: {said}\""
    );
    let kind = "System.Management.Automation.MethodInvocationException";
    ErrorRecord::new(kind, message, "HostException", 0).into()
}
