//! What a remote session has no use for or cannot do, in PowerShell's words or the sandbox's; secure strings.

use super::super::convert::text;
use super::super::dotnet;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Flow, Run, Sink};
use super::super::value::Val;
use super::per_input::PerInput;
use super::{Bound, Spec};
use crate::secret::Secret;

pub(super) static SPECS: [Spec; 18] = [
    // The client that entered the session leaves it, as with `exit`.
    Spec { name: "Exit-PSSession", aliases: &["exsn"], params: &[], make: |_, _| Err(Flow::Exit(0)) },
    Spec {
        name: "Get-History",
        aliases: &["h", "history", "ghy"],
        params: &["Id@0<", "Count@1"],
        // The history of a remote runspace stays empty.
        make: |_, bound| PerInput::boxed(bound, |_, _, _| Ok(())),
    },
    Spec {
        name: "Invoke-History",
        aliases: &["r", "ihy"],
        params: &["Id@0^", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| PerInput::boxed(bound, invoke_history),
    },
    Spec {
        name: "Clear-History",
        aliases: &["clhy"],
        params: &["Id@0", "Count@1", "CommandLine", "Newest!", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| PerInput::boxed(bound, |_, _, _| Ok(())),
    },
    Spec { name: "Set-StrictMode", aliases: &[], params: &["Version|v", "Off!"], make: strict_mode },
    Spec {
        name: "Clear-Host",
        aliases: &["cls", "clear"],
        params: &[],
        make: |_, bound| PerInput::boxed(bound, |_, _, _| Ok(())),
    },
    Spec { name: "Read-Host", aliases: &[], params: &["Prompt@*", "AsSecureString!", "MaskInput!"], make: read_host },
    Spec {
        name: "ConvertTo-SecureString",
        aliases: &[],
        params: &["String:string@0<+", "AsPlainText!", "Force!", "SecureKey@1", "Key"],
        make: |_, bound| PerInput::boxed(bound, to_secure),
    },
    Spec {
        name: "ConvertFrom-SecureString",
        aliases: &[],
        params: &["SecureString:SecureString@0<+", "AsPlainText!", "SecureKey@1", "Key"],
        make: |_, bound| PerInput::boxed(bound, from_secure),
    },
    refused!(
        "Out-GridView",
        ["Input<", "Title", "PassThru!", "OutputMode", "Wait!"],
        "windows: nobody sits at the host's screen"
    ),
    refused!("Show-Command", ["Name@0"], "windows: nobody sits at the host's screen"),
    refused!("Get-Clipboard", ["Format", "Raw!"], "a clipboard: a remote session has none"),
    refused!("Set-Clipboard", ["Value@0<", "Append!"], "a clipboard: a remote session has none"),
    refused!("Out-Printer", ["Name@0", "Input<"], "printing"),
    refused!("Start-Transcript", ["Path@0", "Append!", "Force!", "NoClobber!"], "transcripts"),
    refused!(
        "Invoke-WebRequest",
        ["Uri@0", "Method", "Body", "Headers", "UseBasicParsing!", "OutFile"],
        "a network beyond the fleet"
    ),
    refused!(
        "Invoke-RestMethod",
        ["Uri@0", "Method", "Body", "Headers", "UseBasicParsing!", "ContentType"],
        "a network beyond the fleet"
    ),
    refused!(
        "Send-MailMessage",
        ["To@0", "Subject@1", "Body@2", "SmtpServer@3", "From", "BodyAsHtml!", "Attachments"],
        "mail servers"
    ),
];

/// Nobody answers. Source: the error of Read-Host in a session without a user, as PowerShell gives it.
fn read_host(_: &mut Evaluator<'_>, _: Bound) -> Run<Box<dyn super::super::eval::Cmdlet>> {
    let message = "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.";
    let kind = "System.Management.Automation.PSInvalidOperationException";
    Err(ErrorRecord::new(kind, message, "InvalidOperation", 7).into())
}

/// The history is empty: what PowerShell says then.
fn invoke_history(_: &mut Evaluator<'_>, bound: &Bound, _: &mut dyn Sink) -> Run<()> {
    let Some(id) = bound.get("Id") else {
        let message = "Cannot locate most recent history.";
        let id = "InvokeHistoryNoLastHistoryEntryFound";
        return Err(ErrorRecord::new("System.InvalidOperationException", message, id, 7).into());
    };
    let (message, name, target) = match text(id).parse::<i64>() {
        Ok(number) => {
            (format!("Cannot locate the history for Id {number}."), "InvokeHistoryNoHistoryForId", Val::I64(number))
        }
        Err(_) => {
            let message = format!("Cannot locate the history for command line {}.", text(id));
            (message, "InvokeHistoryNoHistoryForCommandline", id.clone())
        }
    };
    Err(ErrorRecord::new("System.ArgumentException", message, name, 13).with_target(target).into())
}

fn strict_mode(evaluator: &mut Evaluator<'_>, bound: Bound) -> Run<Box<dyn super::super::eval::Cmdlet>> {
    let written = bound.text("Version").unwrap_or_default();
    let version = if bound.switch("Off") { Some(0) } else { super::super::eval::strict_version(&written) };
    let Some(version) = version else {
        let message =
            format!("Cannot bind parameter 'Version'. Cannot convert value \"{written}\" to type \"System.Version\".");
        let kind = "System.Management.Automation.ParameterBindingException";
        return Err(ErrorRecord::new(kind, message, "ParameterArgumentTransformationError", 5).into());
    };
    evaluator.set_strictness(version);
    PerInput::boxed(bound, |_, _, _| Ok(()))
}

fn to_secure(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    if !bound.switch("AsPlainText") {
        return Err(ErrorRecord::unsupported("secure strings from encrypted text").into());
    }
    out.put(evaluator, dotnet::secure_string(Secret::new(bound.text("String").unwrap_or_default())))
}

fn from_secure(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let Some(secure) = bound.get("SecureString") else { return Ok(()) };
    if !bound.switch("AsPlainText") {
        return Err(ErrorRecord::unsupported("encrypted text of secure strings").into());
    }
    out.put(evaluator, dotnet::plain_text(secure).map_or(Val::Null, Val::str))
}
