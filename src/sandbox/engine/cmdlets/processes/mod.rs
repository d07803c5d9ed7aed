//! Processes: Get-, Stop-, Wait- and Start-Process.

mod object;
mod start;

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Flow, Run, Sink};
use super::super::machine::Process;
use super::super::pattern::has_wildcards;
use super::super::value::Val;
use super::{Bound, PerInput, Spec};

pub(super) use object::method;

pub(super) static SPECS: [Spec; 4] = [
    Spec {
        name: "Get-Process",
        aliases: &["gps", "ps"],
        params: &[
            "Name|ProcessName:string@0^",
            "Id|PID:int^",
            "InputObject:Process<",
            "IncludeUserName!",
            "Module!",
            "FileVersionInfo|FV|FVI!",
            "ComputerName|Cn",
        ],
        make: |_, bound| {
            bound.refuse(&["ComputerName", "Module", "FileVersionInfo"])?;
            PerInput::boxed(bound, get)
        },
    },
    Spec {
        name: "Stop-Process",
        aliases: &["spps", "kill"],
        params: &[
            "Id:int@0^+",
            "Name|ProcessName:string^/",
            "InputObject:Process</",
            "Force!",
            "PassThru!",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| PerInput::boxed(bound, stop),
    },
    Spec {
        name: "Wait-Process",
        aliases: &[],
        params: &[
            "Name|ProcessName:string@0^+",
            "Id|PID|ProcessId:int^/",
            "InputObject:Process</",
            "Timeout|TimeoutSec",
            "Any!",
            "PassThru!",
        ],
        make: |_, bound| {
            bound.refuse(&["Any"])?;
            PerInput::boxed(bound, wait)
        },
    },
    Spec {
        name: "Start-Process",
        aliases: &["saps", "start"],
        params: &[
            "FilePath|PSPath|Path:string@0+",
            "ArgumentList|Args@1",
            "Wait!",
            "PassThru!",
            "NoNewWindow|nnw!",
            "WindowStyle",
            "WorkingDirectory",
            "Verb",
            "Credential",
            "LoadUserProfile!",
            "UseNewEnvironment!",
            "Environment",
            "RedirectStandardError|RSE",
            "RedirectStandardInput|RSI",
            "RedirectStandardOutput|RSO",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&[
                "Credential",
                "RedirectStandardError",
                "RedirectStandardInput",
                "RedirectStandardOutput",
            ])?;
            PerInput::boxed(bound, start::start)
        },
    },
];

const EXCEPTION: &str = "Microsoft.PowerShell.Commands.ProcessCommandException";

/// The processes that the parameters choose, by name and id; writes an error for each that there is not.
///
/// Ids and messages: public source of PowerShell, Process.cs and ProcessResources.resx.
fn choose(evaluator: &mut Evaluator<'_>, bound: &Bound) -> Run<Vec<Process>> {
    let all = evaluator.machine.processes(evaluator.host_time());
    evaluator.step(all.len() as u64)?;
    let mut chosen: Vec<Process> = Vec::new();
    let mut ids = bound.items("Id");
    ids.extend(bound.items("InputObject").iter().filter_map(|object| evaluator.member(object, "Id")));
    let is_by_input = bound.get("InputObject").is_some();
    for id in &ids {
        let number = super::super::convert::index(id)?;
        match all.iter().find(|process| i64::from(process.id) == number) {
            Some(process) => chosen.push(process.clone()),
            // An object of a process that has ended stays valid.
            None if is_by_input => {}
            None => {
                let message = format!("Cannot find a process with the process identifier {number}.");
                let record = ErrorRecord::new(EXCEPTION, message, "NoProcessFoundForGivenId", 13);
                evaluator.write_error(record.with_target(Val::I32(number as i32)))?;
            }
        }
    }
    let names = bound.texts("Name");
    if ids.is_empty() && names.is_empty() && !is_by_input {
        return Ok(all);
    }
    for name in &names {
        let mut found = false;
        for process in &all {
            if evaluator.patterns.like(&process.name, name, false)? {
                found = true;
                chosen.push(process.clone());
            }
        }
        if !found && !has_wildcards(name) {
            let message = format!(
                "Cannot find a process with the name \"{name}\". Verify the process name and call the cmdlet again."
            );
            let record = ErrorRecord::new(EXCEPTION, message, "NoProcessFoundForGivenName", 13);
            evaluator.write_error(record.with_target(Val::str(name.as_str())))?;
        }
    }
    chosen.sort_by_cached_key(|process| (process.name.to_ascii_lowercase(), process.id));
    chosen.dedup_by_key(|process| process.id);
    Ok(chosen)
}

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let with_user = bound.switch("IncludeUserName");
    for process in choose(evaluator, bound)? {
        let object = object::of(evaluator, &process, with_user);
        if let (Val::Object(object), Some(name)) = (&object, bound.own_name()) {
            object.set("MachineName", name);
        }
        out.put(evaluator, object)?;
    }
    Ok(())
}

fn stop(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    for process in choose(evaluator, bound)? {
        let title = format!("{} ({})", process.name, process.id);
        if !evaluator.should_process(bound, &title, "Stop-Process")? {
            continue;
        }
        let object = object::of(evaluator, &process, false);
        if process.is_guarded() {
            let message = format!("Cannot stop process \"{title}\" because of the following error: Access is denied.");
            let record = ErrorRecord::new(EXCEPTION, message, "CouldNotStopProcess", 2).with_target(object);
            evaluator.write_error(record)?;
            continue;
        }
        evaluator.machine.end_process(process.id, evaluator.host_time());
        for given in bound.items("InputObject") {
            object::mark_ended(&given, process.id);
        }
        if bound.switch("PassThru") {
            object::mark_ended(&object, process.id);
            out.put(evaluator, object)?;
        }
    }
    Ok(())
}

fn wait(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let timeout = bound.count("Timeout")?.map(|seconds| std::time::Duration::from_secs(seconds as u64));
    let chosen = choose(evaluator, bound)?;
    let objects: Vec<Val> = chosen.iter().map(|process| object::of(evaluator, process, false)).collect();
    let left = wait_for(evaluator, &chosen.iter().map(|process| process.id).collect::<Vec<_>>(), timeout)?;
    for (process, object) in chosen.iter().zip(&objects) {
        if left.contains(&process.id) {
            let message = format!(
                "This command stopped operation because process \"{} ({})\" is not stopped in the specified time-out.",
                process.name, process.id
            );
            let record = ErrorRecord::new("System.TimeoutException", message, "ProcessNotTerminated", 2);
            evaluator.write_error(record.with_target(object.clone()))?;
        } else {
            object::mark_ended(object, process.id);
        }
    }
    if bound.switch("PassThru") {
        for object in objects {
            out.put(evaluator, object)?;
        }
    }
    Ok(())
}

/// Waits until processes have ended, at most for a time; gives those that still run.
fn wait_for(evaluator: &mut Evaluator<'_>, ids: &[u32], timeout: Option<std::time::Duration>) -> Run<Vec<u32>> {
    const PAUSE: std::time::Duration = std::time::Duration::from_millis(250);
    let mut left = timeout.unwrap_or(std::time::Duration::MAX);
    loop {
        let all = evaluator.machine.processes(evaluator.host_time());
        let running: Vec<u32> = ids.iter().copied().filter(|id| all.iter().any(|process| process.id == *id)).collect();
        if running.is_empty() || left.is_zero() {
            return Ok(running);
        }
        evaluator.step(10_000)?;
        let pause = left.min(PAUSE);
        left -= pause;
        if evaluator.runtime.sleep(pause).is_break() {
            return Err(Flow::Stopped);
        }
    }
}

/// The id of a process object.
fn id_of(object: &super::super::value::Obj) -> Option<u32> {
    object.get("Id").and_then(|id| text(&id).parse().ok())
}
