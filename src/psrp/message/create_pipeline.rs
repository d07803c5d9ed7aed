//! CREATE_PIPELINE (MS-PSRP 2.2.2.10): one invocation.

use crate::clixml::{Object, Value};
use crate::psrp::{Argument, Invocation};

use super::{build, host_info, init_pool::apartment_state};

/// The message of an invocation, as Invoke-Command would send it: one command whose text is the script.
pub fn create_pipeline(invocation: &Invocation) -> Value {
    build::bag([
        ("NoInput", Value::Bool(!invocation.input)),
        ("ApartmentState", apartment_state()),
        ("RemoteStreamOptions", build::enumeration("System.Management.Automation.RemoteStreamOptions", "None", 0)),
        // As Invoke-Command asks for it; the number is in every error's invocation.
        ("AddToHistory", Value::Bool(true)),
        ("HostInfo", host_info::of_the_pool()),
        ("PowerShell", powershell(invocation)),
        ("IsNested", Value::Bool(false)),
    ])
}

fn powershell(invocation: &Invocation) -> Value {
    build::bag([
        ("Cmds", build::array_list(vec![command(invocation)])),
        ("IsNested", Value::Bool(false)),
        ("History", Value::Null),
        ("RedirectShellErrorOutputPipe", Value::Bool(true)),
    ])
}

fn command(invocation: &Invocation) -> Value {
    let mut command = build::bag([
        ("Cmd", Value::str(&*invocation.script)),
        ("Args", build::array_list(invocation.arguments.iter().map(argument).collect())),
        ("IsScript", Value::Bool(true)),
        ("UseLocalScope", Value::Null),
        ("MergeMyResult", no_merge()),
        ("MergeToResult", no_merge()),
        ("MergePreviousResults", no_merge()),
        ("MergeError", no_merge()),
        ("MergeWarning", no_merge()),
        ("MergeVerbose", no_merge()),
        ("MergeDebug", no_merge()),
        ("MergeInformation", no_merge()),
    ]);
    if let Value::Object(object) = &mut command {
        let Object { to_string, .. } = &mut **object;
        *to_string = Some((&*invocation.script).into());
    }
    command
}

fn argument(argument: &Argument) -> Value {
    let name = argument.name.as_ref().map_or(Value::Null, |name| Value::str(&**name));
    build::bag([("N", name), ("V", argument.value.clone())])
}

fn no_merge() -> Value {
    build::enumeration("System.Management.Automation.Runspaces.PipelineResultTypes", "None", 0)
}
