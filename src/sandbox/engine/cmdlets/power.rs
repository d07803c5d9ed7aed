//! Restart-Computer and Stop-Computer: the host goes down a moment later, with all its sessions.

use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run, Sink};
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 2] = [
    Spec {
        name: "Restart-Computer",
        aliases: &[],
        params: &[
            "ComputerName|CN|__SERVER|Server|IPAddress:string@0<^",
            "Credential@1",
            "Force|f!",
            "Wait!",
            "Timeout|TimeoutSec",
            "For",
            "Delay",
            "DcomAuthentication|Authentication",
            "Impersonation",
            "WsmanAuthentication",
            "Protocol",
            "AsJob!",
            "ThrottleLimit",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential", "Wait", "For", "AsJob"])?;
            PerInput::boxed(bound, restart)
        },
    },
    Spec {
        name: "Stop-Computer",
        aliases: &[],
        params: &[
            "ComputerName|CN|__SERVER|Server|IPAddress:string@0<^",
            "Credential@1",
            "Force|f!",
            "DcomAuthentication|Authentication",
            "Impersonation",
            "WsmanAuthentication",
            "Protocol",
            "AsJob!",
            "ThrottleLimit",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential", "AsJob"])?;
            PerInput::boxed(bound, stop)
        },
    },
];

fn restart(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    shut_down(evaluator, bound, true)
}

fn stop(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    shut_down(evaluator, bound, false)
}

fn shut_down(evaluator: &mut Evaluator<'_>, bound: &Bound, comes_back: bool) -> Run<()> {
    let names = bound.texts("ComputerName");
    let own = evaluator.host.name().to_uppercase();
    for name in &names {
        if !evaluator.host.is_named(name) {
            evaluator.write_error(unreachable(name, comes_back))?;
        }
    }
    if !names.is_empty() && !names.iter().any(|name| evaluator.host.is_named(name)) {
        return Ok(());
    }
    // Source: ComputerResources.resx in the public repository PowerShell/PowerShell; other computers are out of reach.
    let action = match comes_back {
        true => "Enable the Local shutdown access rights and restart the computer.",
        false => "Enable the Local shutdown access rights and stop the computer.",
    };
    if evaluator.should_process(bound, &format!("localhost ({own})"), action)? {
        if !bound.switch("Force") && evaluator.machine.desktop_session(evaluator.host_time()).is_some() {
            // Source: learn.microsoft.com, System Error Codes (1000-1299), ERROR_SHUTDOWN_USERS_LOGGED_ON.
            let why =
                "The system shutdown cannot be initiated because there are other users logged on to the computer.";
            return evaluator.write_error(failed(&own, comes_back, why, 14));
        }
        evaluator.runtime.shut_down(comes_back);
    }
    Ok(())
}

/// The sandbox's hosts do not reach each other.
fn unreachable(name: &str, comes_back: bool) -> ErrorRecord {
    failed(name, comes_back, "The RPC server is unavailable. (Exception from HRESULT: 0x800706BA).", 7)
}

fn failed(name: &str, comes_back: bool, why: &str, category: u8) -> ErrorRecord {
    let (what, id) = match comes_back {
        true => ("restart", "RestartcomputerFailed"),
        false => ("stop", "StopComputerException"),
    };
    let message = format!("Failed to {what} the computer {name} with the following error message: {why}");
    ErrorRecord::new("System.InvalidOperationException", message, id, category)
        .with_target(super::super::value::Val::str(name))
}
