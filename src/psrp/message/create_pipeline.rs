//! CREATE_PIPELINE (MS-PSRP 2.2.2.10): one invocation.

use crate::clixml::Value;
use crate::psrp::{Argument, Invocation};

use super::{build, host_info, init_pool::apartment_state};

/// The message of a line that a user typed: a script whose output and errors the other side formats for our host.
pub fn interactive(script: &str) -> Value {
    let text = Command { text: script, is_script: true, arguments: &[], errors_to_output: true };
    let formatter = Command { text: "Out-Default", is_script: false, arguments: &[], errors_to_output: false };
    message(false, vec![text.to_value(), formatter.to_value()])
}

/// Where a script's input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// It has none.
    None,
    /// Messages that follow.
    Messages,
    /// A command before it, which gives nothing: an input that is known to be empty. If its end were a message, the server
    /// (7.6.9) would take the script for one without input whenever the end arrives before the script starts, and
    /// run its `process` block once.
    Nothing,
}

impl Source {
    /// That of an invocation whose input is not known to be empty.
    pub fn of(invocation: &Invocation) -> Self {
        if invocation.input { Self::Messages } else { Self::None }
    }
}

/// The message of an invocation, as Invoke-Command would send it: one command whose text is the script.
pub fn create_pipeline(invocation: &Invocation) -> Value {
    fed(invocation, Source::of(invocation))
}

/// The same with its input from a source.
pub fn fed(invocation: &Invocation, source: Source) -> Value {
    message(source == Source::Messages, commands(invocation, source))
}

/// The message of an invocation whose output the other side serializes to this depth, each object to a text of its own.
pub fn deep(invocation: &Invocation, source: Source, depth: u32) -> Value {
    let serialize = format!("process {{ [System.Management.Automation.PSSerializer]::Serialize($_, {depth}) }}");
    let last = Command { text: &serialize, is_script: true, arguments: &[], errors_to_output: false };
    let mut commands = commands(invocation, source);
    commands.push(last.to_value());
    message(source == Source::Messages, commands)
}

/// The script, behind a command that gives nothing where its input is that.
fn commands(Invocation { script, arguments, .. }: &Invocation, source: Source) -> Vec<Value> {
    let nothing = Command { text: "param()", is_script: true, arguments: &[], errors_to_output: false };
    let script = Command { text: script, is_script: true, arguments, errors_to_output: false };
    match source {
        Source::Nothing => vec![nothing.to_value(), script.to_value()],
        Source::None | Source::Messages => vec![script.to_value()],
    }
}

fn message(input: bool, commands: Vec<Value>) -> Value {
    build::bag([
        ("NoInput", Value::Bool(!input)),
        ("ApartmentState", apartment_state()),
        ("RemoteStreamOptions", build::enumeration("System.Management.Automation.RemoteStreamOptions", "None", 0)),
        // As Invoke-Command asks for it; the number is in every error's invocation.
        ("AddToHistory", Value::Bool(true)),
        ("HostInfo", host_info::of_the_pool()),
        ("PowerShell", powershell(commands)),
        ("IsNested", Value::Bool(false)),
    ])
}

fn powershell(commands: Vec<Value>) -> Value {
    build::bag([
        ("Cmds", build::array_list(commands)),
        ("IsNested", Value::Bool(false)),
        ("History", Value::Null),
        ("RedirectShellErrorOutputPipe", Value::Bool(true)),
    ])
}

/// One command of a pipeline.
struct Command<'a> {
    text: &'a str,
    is_script: bool,
    arguments: &'a [Argument],
    errors_to_output: bool,
}

impl Command<'_> {
    fn to_value(&self) -> Value {
        let (mine, to) = if self.errors_to_output { (merge("Error", 2), merge("Output", 1)) } else { (none(), none()) };
        let mut command = build::bag([
            ("Cmd", Value::str(self.text)),
            ("Args", build::array_list(self.arguments.iter().map(argument).collect())),
            ("IsScript", Value::Bool(self.is_script)),
            ("UseLocalScope", Value::Null),
            ("MergeMyResult", mine),
            ("MergeToResult", to.clone()),
            ("MergePreviousResults", none()),
            ("MergeError", to),
            ("MergeWarning", none()),
            ("MergeVerbose", none()),
            ("MergeDebug", none()),
            ("MergeInformation", none()),
        ]);
        if let Value::Object(object) = &mut command {
            object.to_string = Some(self.text.into());
        }
        command
    }
}

fn argument(argument: &Argument) -> Value {
    let name = argument.name.as_ref().map_or(Value::Null, |name| Value::str(&**name));
    build::bag([("N", name), ("V", argument.value.clone())])
}

fn none() -> Value {
    merge("None", 0)
}

/// A `PipelineResultTypes`.
fn merge(name: &str, number: i32) -> Value {
    build::enumeration("System.Management.Automation.Runspaces.PipelineResultTypes", name, number)
}
