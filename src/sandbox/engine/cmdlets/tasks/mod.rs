//! Scheduled tasks: the functions of the module ScheduledTasks.

mod object;
mod register;

use super::super::convert::text;
use super::super::datetime::DateTime;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::machine::Task;
use super::super::value::Val;
use super::cdxml::{is_any, is_literal, made, provider_error};
use super::{Bound, Spec};
use object::{INFO, TASK, object};

const CHOICE: [&str; 6] = [
    "TaskName:string@0^+",
    "InputObject:MSFT_ScheduledTask</",
    "TaskPath:string@1^",
    "CimSession|Session",
    "ThrottleLimit",
    "AsJob!",
];

pub(super) static SPECS: [Spec; 11] = [
    Spec {
        name: "Get-ScheduledTask",
        aliases: &[],
        params: &["TaskName:string@0^", "TaskPath:string@1^", "CimSession|Session", "ThrottleLimit", "AsJob!"],
        make: |_, bound| made(bound, get),
    },
    Spec { name: "Get-ScheduledTaskInfo", aliases: &[], params: &CHOICE, make: |_, bound| made(bound, info) },
    Spec { name: "Start-ScheduledTask", aliases: &[], params: &CHOICE, make: |_, bound| made(bound, start) },
    Spec { name: "Stop-ScheduledTask", aliases: &[], params: &CHOICE, make: |_, bound| made(bound, stop) },
    Spec { name: "Enable-ScheduledTask", aliases: &[], params: &CHOICE, make: |_, bound| made(bound, enable) },
    Spec { name: "Disable-ScheduledTask", aliases: &[], params: &CHOICE, make: |_, bound| made(bound, disable) },
    Spec {
        name: "Unregister-ScheduledTask",
        aliases: &[],
        params: &[
            "TaskName:string@0^+",
            "InputObject:MSFT_ScheduledTask</",
            "TaskPath:string@1^",
            "CimSession|Session",
            "ThrottleLimit",
            "AsJob!",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| made(bound, unregister),
    },
    Spec {
        name: "Register-ScheduledTask",
        aliases: &[],
        params: &[
            "TaskName:string@0^+",
            "TaskPath:string@1^",
            "Action:MSFT_TaskExecAction@2",
            "Trigger@3",
            "Settings",
            "User",
            "Password",
            "RunLevel",
            "Principal",
            "Description",
            "Force!",
            "Xml",
            "InputObject",
            "CimSession|Session",
            "ThrottleLimit",
            "AsJob!",
        ],
        make: |_, bound| {
            bound.refuse(&["Settings", "Xml", "InputObject"])?;
            made(bound, register::register)
        },
    },
    Spec {
        name: "New-ScheduledTaskAction",
        aliases: &[],
        params: &["Execute@0+", "Argument@1", "WorkingDirectory@2", "Id", "CimSession|Session", "AsJob!"],
        make: |_, bound| made(bound, register::action),
    },
    Spec {
        name: "New-ScheduledTaskTrigger",
        aliases: &[],
        params: &[
            "Daily!",
            "Weekly!",
            "AtStartup!",
            "AtLogOn!",
            "Once!",
            "At",
            "DaysOfWeek",
            "DaysInterval",
            "WeeksInterval",
            "RandomDelay",
            "RepetitionDuration",
            "RepetitionInterval",
            "User",
            "CimSession|Session",
            "AsJob!",
        ],
        make: |_, bound| {
            bound.refuse(&[
                "AtLogOn",
                "Once",
                "DaysInterval",
                "WeeksInterval",
                "RandomDelay",
                "RepetitionDuration",
                "RepetitionInterval",
            ])?;
            made(bound, register::trigger)
        },
    },
    Spec {
        name: "New-ScheduledTaskPrincipal",
        aliases: &[],
        params: &["UserId@0+", "GroupId/", "LogonType@1", "RunLevel@2", "Id", "CimSession|Session", "AsJob!"],
        make: |_, bound| made(bound, register::principal),
    },
];

/// The tasks that the parameters choose, or the names and paths of those that a script gave.
fn choose(evaluator: &mut Evaluator<'_>, bound: &Bound) -> Run<Vec<Task>> {
    let tasks = evaluator.machine.tasks();
    evaluator.step(tasks.len() as u64)?;
    let given = bound.items("InputObject");
    if !given.is_empty() {
        let is_given = |task: &&Task| {
            given.iter().any(|object| {
                let is =
                    |name: &str, own: &str| evaluator.member(object, name).is_some_and(|value| text(&value) == own);
                is("TaskName", &task.name) && is("TaskPath", &task.path)
            })
        };
        return Ok(tasks.iter().filter(is_given).cloned().collect());
    }
    let (names, paths) = (bound.texts("TaskName"), bound.texts("TaskPath"));
    let mut chosen = Vec::new();
    for task in tasks.iter() {
        if is_any(evaluator, &names, &task.name)? && is_any(evaluator, &paths, &task.path)? {
            chosen.push(task.clone());
        }
    }
    Ok(chosen)
}

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let chosen = choose(evaluator, bound)?;
    for (property, wanted) in [("TaskName", bound.texts("TaskName")), ("TaskPath", bound.texts("TaskPath"))] {
        for name in wanted.iter().filter(|name| is_literal(name)) {
            let has = |task: &Task| {
                let own = if property == "TaskName" { &task.name } else { &task.path };
                own.eq_ignore_ascii_case(name)
            };
            if !chosen.iter().any(has) {
                evaluator.write_error(TASK.not_found("Get-ScheduledTask", property, name))?;
            }
        }
    }
    for task in &chosen {
        out.put(evaluator, object(task))?;
    }
    Ok(())
}

/// What the functions that name one task do if there is none.
fn one_or_more(evaluator: &mut Evaluator<'_>, bound: &Bound, function: &str) -> Run<Vec<Task>> {
    let mut chosen = choose(evaluator, bound)?;
    // These functions look in the root folder where no other is named; Unregister-ScheduledTask looks everywhere.
    if bound.get("TaskPath").is_none() && bound.get("InputObject").is_none() && function != "Unregister-ScheduledTask" {
        chosen.retain(|task| task.path == "\\");
    }
    if chosen.is_empty() {
        let name = bound.text("TaskName").unwrap_or_default();
        let message = "The system cannot find the file specified.";
        let record = provider_error(function, 0x8007_0002, message, 13, Val::str(format!("PS_ScheduledTask:{name}")));
        evaluator.write_error(record)?;
    }
    Ok(chosen)
}

fn info(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let now = evaluator.host_time();
    let offset = evaluator.host.utc_offset_minutes();
    let schema = INFO.schema();
    for task in one_or_more(evaluator, bound, "Get-ScheduledTaskInfo")? {
        let time = |time: Option<_>| time.map(|time| Val::DateTime(DateTime::local(time, offset)));
        // A task that never ran shows this day.
        let never = DateTime::from_date(1999, 11, 30).map_or(Val::Null, Val::DateTime);
        let values = vec![
            time(task.last_run(&evaluator.machine, now)).unwrap_or(never),
            Val::U32(task.result),
            time(task.next_run(&evaluator.machine, now)).unwrap_or(Val::Null),
            Val::U32(0),
            Val::str(task.name.as_str()),
            Val::str(task.path.as_str()),
        ];
        out.put(evaluator, INFO.instance(&schema, values))?;
    }
    Ok(())
}

fn start(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    for task in one_or_more(evaluator, bound, "Start-ScheduledTask")? {
        let now = evaluator.host_time();
        if !evaluator.machine.run_task(&task.path, &task.name, now) {
            let target = Val::str(format!("PS_ScheduledTask:{}", task.name));
            let record = provider_error("Start-ScheduledTask", 0x8004_1326, "The task is disabled.", 7, target);
            evaluator.write_error(record)?;
        }
    }
    Ok(())
}

/// Tasks of the sandbox end at once: nothing is left to stop.
fn stop(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    one_or_more(evaluator, bound, "Stop-ScheduledTask").map(|_| ())
}

fn enable(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    switch(evaluator, bound, out, true)
}

fn disable(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    switch(evaluator, bound, out, false)
}

fn switch(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink, is_enabled: bool) -> Run<()> {
    let function = if is_enabled { "Enable-ScheduledTask" } else { "Disable-ScheduledTask" };
    for task in one_or_more(evaluator, bound, function)? {
        evaluator.machine.change_tasks(|tasks| {
            let is_it = |own: &&mut Task| own.path == task.path && own.name == task.name;
            tasks.iter_mut().filter(is_it).for_each(|own| own.is_enabled = is_enabled);
        });
        out.put(evaluator, object(&Task { is_enabled, ..task }))?;
    }
    Ok(())
}

fn unregister(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    for task in one_or_more(evaluator, bound, "Unregister-ScheduledTask")? {
        if evaluator.should_process(bound, &format!("{}{}", task.path, task.name), "Delete")? {
            evaluator.machine.change_tasks(|tasks| tasks.retain(|own| own.path != task.path || own.name != task.name));
        }
    }
    Ok(())
}
