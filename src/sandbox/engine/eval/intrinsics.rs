//! Methods of `$Host.UI`, `$ExecutionContext.InvokeCommand` and `$ExecutionContext.SessionState`.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::super::ast::Script;
use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::parser::{self, ParseError};
use super::super::provider::resolve;
use super::super::value::{Obj, Schema, Val};
use super::{Evaluator, Flow, Run};

impl Evaluator<'_> {
    /// A method of an object that PowerShell makes; `kind` is its type without namespace, the name in lower case.
    pub(super) fn intrinsic_call(&mut self, kind: &str, name: &str, args: &[Val]) -> Run<Option<Val>> {
        let shown = args.first().map_or_else(String::new, text);
        Ok(Some(match (kind, name) {
            ("PSScriptCmdlet", _) => return self.cmdlet_call(name, args),
            ("InternalHostUserInterface", "writeline" | "write") => {
                let said = args.last().map_or_else(String::new, text);
                self.say(&said)?
            }
            ("InternalHostUserInterface", "writeerrorline") => self.say(&shown)?,
            ("InternalHostUserInterface", "writewarningline") => self.say(&format!("WARNING: {shown}"))?,
            ("InternalHostUserInterface", "writeverboseline") => self.say(&format!("VERBOSE: {shown}"))?,
            ("InternalHostUserInterface", "writedebugline") => self.say(&format!("DEBUG: {shown}"))?,
            (
                "InternalHostUserInterface",
                "readline" | "readlineassecurestring" | "prompt" | "promptforchoice" | "promptforcredential",
            ) => {
                let message = "A command that prompts the user failed because the host program or the command type does not support user interaction.";
                let kind = "System.Management.Automation.Host.HostException";
                return Err(ErrorRecord::new(kind, message, "HostFunctionNotImplemented", 11).into());
            }
            ("InternalHost", "setshouldexit") => {
                let code = args.first().and_then(Val::as_int).unwrap_or(0) as i32;
                return Err(Flow::Exit(code));
            }
            ("CommandInvocationIntrinsics", "expandstring") => {
                let made = parser::parse_text(&shown);
                self.run_inline(&parsed(made, &shown)?)?
            }
            ("CommandInvocationIntrinsics", "newscriptblock" | "invokescript") => {
                let script = parsed(parser::parse(&shown), &shown)?;
                if name == "newscriptblock" {
                    Val::Script(script)
                } else {
                    self.call_script(&script, args[1..].to_vec())?
                }
            }
            ("CommandInvocationIntrinsics", "getcommand") => {
                let text = format!("Get-Command -Name {} -ErrorAction Ignore", crate::script::quoted(&shown));
                self.call_script(&parsed(parser::parse(&text), &text)?, Vec::new())?
            }
            ("PSVariableIntrinsics", "getvalue") => {
                let value = self.known_variable(&shown.to_lowercase());
                value.or_else(|| args.get(1).cloned()).unwrap_or(Val::Null)
            }
            ("PSVariableIntrinsics", "get") => match self.known_variable(&shown.to_lowercase()) {
                Some(value) => {
                    let names = ["System.Management.Automation.PSVariable", "System.Object"];
                    Obj::typed(&Schema::new(&names, &["Name", "Value"]), names[0], vec![Val::str(shown), value])
                }
                None => Val::Null,
            },
            ("PSVariableIntrinsics", "set") => {
                self.set_named_variable(&shown, args.get(1).cloned().unwrap_or(Val::Null), false)?;
                Val::Void
            }
            ("PSVariableIntrinsics", "remove") => {
                self.remove_variable(&shown.to_lowercase());
                Val::Void
            }
            ("PathIntrinsics", "getunresolvedproviderpathfrompspath") => Val::str(resolve(self, &shown)?.shown()),
            _ => return Ok(None),
        }))
    }

    /// Writes a line to the client's host.
    fn say(&mut self, line: &str) -> Run<Val> {
        match self.runtime.write_line(line) {
            ControlFlow::Continue(()) => Ok(Val::Void),
            ControlFlow::Break(()) => Err(Flow::Stopped),
        }
    }
}

fn parsed(made: Result<Arc<Script>, ParseError>, source: &str) -> Run<Arc<Script>> {
    made.map_err(|error| {
        let record = ErrorRecord::of_parse_error(&error, &source.into());
        ErrorRecord { ends_script: false, ..record }.into()
    })
}
