//! CREATE_PIPELINE (MS-PSRP 2.2.2.10): one invocation.

use crate::clixml::Value;
use crate::psrp::{Argument, CommandCall, Invocation, MergedStream};

use super::{build, host_info, init_pool::apartment_state};

/// The message of a line that a user typed: a script whose output and errors the other side formats for our host.
pub fn interactive(script: &str) -> Value {
    let text = Command { merge: Some(MergedStream::Error), ..Command::script(script, &[]) };
    message(false, powershell(vec![text.to_value(), FORMATTER.to_value()], None))
}

/// A line that a user typed, as statements of commands, for an endpoint that allows no script text.
pub fn interactive_calls(statements: &[Vec<CommandCall>]) -> Value {
    // What the last command reads is not for it to format, so errors of all commands go to the formatter alone.
    let formatter = Command { merges_previous: true, ..FORMATTER };
    pipelines(statements, Some(&formatter), false)
}

/// Where a script's input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// It has none.
    None,
    /// Messages that follow.
    Messages,
    /// A command before it, which gives nothing: an input that is known to be empty. If its end were a message, the
    /// server (7.6.9) would take the script for one without input whenever the end arrives before the script starts,
    /// and run its `process` block once.
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

/// The message of an invocation whose input comes from this source.
pub fn fed(invocation: &Invocation, source: Source) -> Value {
    message(source == Source::Messages, powershell(commands(invocation, source), None))
}

/// The message of an invocation whose output the other side serializes to this depth, each object to a text of its own.
pub fn deep(invocation: &Invocation, source: Source, depth: u32) -> Value {
    let serialize = format!("process {{ [System.Management.Automation.PSSerializer]::Serialize($_, {depth}) }}");
    let mut commands = commands(invocation, source);
    commands.push(Command::script(&serialize, &[]).to_value());
    message(source == Source::Messages, powershell(commands, None))
}

/// The script, behind a command that gives nothing where its input is that.
fn commands(Invocation { script, arguments, .. }: &Invocation, source: Source) -> Vec<Value> {
    let nothing = (source == Source::Nothing).then(|| Command::script("param()", &[]));
    nothing.into_iter().chain([Command::script(script, arguments)]).map(|command| command.to_value()).collect()
}

/// The message of commands without any script text: each statement is a pipeline of them.
///
/// Several statements stand in `ExtraCmds`, all of them, and the first in `Cmds` again, as 7.6.9 sends them. Protocol
/// 2.1 has no `ExtraCmds`: such a server would run the first statement alone.
pub fn calls(statements: &[Vec<CommandCall>], input: bool) -> Value {
    pipelines(statements, None, input)
}

/// Each statement, with a command at its end.
fn pipelines(statements: &[Vec<CommandCall>], end: Option<&Command<'_>>, input: bool) -> Value {
    let pipeline = |calls: &Vec<CommandCall>| {
        calls.iter().map(|call| Command::from(call).to_value()).chain(end.map(Command::to_value)).collect()
    };
    let first = statements.first().map(pipeline).unwrap_or_default();
    let extra = (statements.len() > 1).then(|| {
        let statement = |calls| build::bag([("Cmds", build::array_list(pipeline(calls)))]);
        build::array_list(statements.iter().map(statement).collect())
    });
    message(input, powershell(first, extra))
}

fn message(input: bool, powershell: Value) -> Value {
    build::bag([
        ("NoInput", Value::Bool(!input)),
        ("ApartmentState", apartment_state()),
        ("RemoteStreamOptions", build::enumeration("System.Management.Automation.RemoteStreamOptions", "None", 0)),
        // As Invoke-Command asks for it; the number is in every error's invocation.
        ("AddToHistory", Value::Bool(true)),
        ("HostInfo", host_info::of_the_pool()),
        ("PowerShell", powershell),
        ("IsNested", Value::Bool(false)),
    ])
}

fn powershell(commands: Vec<Value>, extra: Option<Value>) -> Value {
    let members = [
        ("Cmds", build::array_list(commands)),
        ("IsNested", Value::Bool(false)),
        ("History", Value::Null),
        ("RedirectShellErrorOutputPipe", Value::Bool(true)),
    ];
    build::bag(extra.map(|extra| ("ExtraCmds", extra)).into_iter().chain(members))
}

/// One command of a pipeline.
struct Command<'a> {
    text: &'a str,
    is_script: bool,
    arguments: &'a [Argument],
    /// The stream that goes where the output goes.
    merge: Option<MergedStream>,
    /// Errors of the commands before it come as its input, unless they go elsewhere.
    merges_previous: bool,
}

/// Formats what comes, and writes it to the host.
const FORMATTER: Command<'static> =
    Command { text: "Out-Default", is_script: false, arguments: &[], merge: None, merges_previous: false };

impl<'a> From<&'a CommandCall> for Command<'a> {
    fn from(call: &'a CommandCall) -> Self {
        Self {
            text: &call.name,
            is_script: false,
            arguments: &call.arguments,
            merge: call.merge,
            merges_previous: false,
        }
    }
}

impl<'a> Command<'a> {
    fn script(text: &'a str, arguments: &'a [Argument]) -> Self {
        Self { text, is_script: true, arguments, merge: None, merges_previous: false }
    }

    fn to_value(&self) -> Value {
        // The first two are all that version 2.1 of the protocol knows, and it knows them for errors alone.
        let (mine, to) = match self.merge {
            Some(MergedStream::Error) => (merge("Error", 2), output()),
            _ => (none(), none()),
        };
        let of = |stream| match self.merge {
            Some(merged) if merged == stream || merged == MergedStream::All => output(),
            _ => none(),
        };
        let mut command = build::bag([
            ("Cmd", Value::str(self.text)),
            ("Args", build::array_list(self.arguments.iter().map(argument).collect())),
            ("IsScript", Value::Bool(self.is_script)),
            ("UseLocalScope", Value::Null),
            ("MergeMyResult", mine),
            ("MergeToResult", to),
            ("MergePreviousResults", if self.merges_previous { merge("Output, Error", 3) } else { none() }),
            ("MergeError", of(MergedStream::Error)),
            ("MergeWarning", of(MergedStream::Warning)),
            ("MergeVerbose", of(MergedStream::Verbose)),
            ("MergeDebug", of(MergedStream::Debug)),
            ("MergeInformation", of(MergedStream::Information)),
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

fn output() -> Value {
    merge("Output", 1)
}

/// A `PipelineResultTypes`.
fn merge(name: &str, number: i32) -> Value {
    build::enumeration("System.Management.Automation.Runspaces.PipelineResultTypes", name, number)
}
