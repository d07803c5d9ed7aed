//! Start-, Stop-, Restart-, Suspend- and Resume-Service.
//!
//! Ids and messages: public source of PowerShell, Service.cs and ServiceResources.resx.

use std::sync::Arc;

use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::machine::{Refusal, Service};
use super::super::super::value::{Obj, Val};
use super::object::refresh;
use super::{Bound, Chosen, Objects, choose, failure, refused, title};

/// What a cmdlet does with one service; gives the names of those that `-PassThru` shows.
type Operation = fn(&mut Evaluator<'_>, &Service, bool) -> Run<Vec<String>>;

fn operate(
    evaluator: &mut Evaluator<'_>,
    bound: &Bound,
    out: &mut dyn Sink,
    (verb, operation): (&str, Operation),
) -> Run<()> {
    for Chosen { service, given } in choose(evaluator, bound)? {
        if !evaluator.should_process(bound, &title(&service), verb)? {
            continue;
        }
        let done = operation(evaluator, &service, bound.switch("Force"))?;
        renew(evaluator, &service.name, given.as_ref());
        if !bound.switch("PassThru") {
            continue;
        }
        for name in done {
            let own = given.as_ref().filter(|_| service.is_named(&name));
            let shown = match own {
                Some(object) => Some(Val::Object(Arc::clone(object))),
                None => shown(evaluator, &name),
            };
            if let Some(object) = shown {
                out.put(evaluator, object)?;
            }
        }
    }
    Ok(())
}

/// The object that a script gave shows what became of its service.
pub(super) fn renew(evaluator: &Evaluator<'_>, name: &str, given: Option<&Arc<Obj>>) {
    if let (Some(object), Some(service)) =
        (given, evaluator.machine.services().iter().find(|service| service.is_named(name)))
    {
        refresh(object, service);
    }
}

pub(super) fn shown(evaluator: &Evaluator<'_>, name: &str) -> Option<Val> {
    let services = evaluator.machine.services();
    let service = services.iter().find(|service| service.is_named(name))?;
    Some(Objects::new(evaluator).plain(service))
}

pub(super) fn start(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    operate(
        evaluator,
        bound,
        out,
        ("Start-Service", |evaluator, service, _| {
            let is_up = start_one(evaluator, service)?;
            Ok(if is_up { vec![service.name.clone().into()] } else { Vec::new() })
        }),
    )
}

pub(super) fn stop(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    operate(evaluator, bound, out, ("Stop-Service", stop_one))
}

pub(super) fn restart(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    operate(
        evaluator,
        bound,
        out,
        ("Restart-Service", |evaluator, service, forced| {
            let stopped = stop_one(evaluator, service, forced)?;
            let mut came = Vec::new();
            // The service itself is the last; those that need it pull it up.
            for name in stopped {
                let found = evaluator.machine.services().iter().find(|other| other.is_named(&name)).cloned();
                if let Some(other) = found
                    && start_one(evaluator, &other)?
                {
                    came.push(name);
                }
            }
            Ok(came)
        }),
    )
}

pub(super) fn suspend(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    operate(
        evaluator,
        bound,
        out,
        ("Suspend-Service", |evaluator, service, _| {
            let is_done = pause_one(evaluator, service)?;
            Ok(if is_done { vec![service.name.clone().into()] } else { Vec::new() })
        }),
    )
}

pub(super) fn resume(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    operate(
        evaluator,
        bound,
        out,
        ("Resume-Service", |evaluator, service, _| {
            let is_done = resume_one(evaluator, service)?;
            Ok(if is_done { vec![service.name.clone().into()] } else { Vec::new() })
        }),
    )
}

pub(super) fn start_one(evaluator: &mut Evaluator<'_>, service: &Service) -> Run<bool> {
    let now = evaluator.host_time();
    match evaluator.machine.start_service(&service.name, now) {
        Ok(()) | Err(Refusal::AlreadyRunning) => Ok(true),
        Err(refusal) => {
            let why = refused("start", &service.name, refusal);
            let message = format!("Service '{}' cannot be started due to the following error: {why}", title(service));
            let record = failure(evaluator, service, message, "CouldNotStartService", 1);
            evaluator.write_error(record).map(|()| false)
        }
    }
}

/// Stops a service and, if forced, those that need it; a service that doesn't run counts as stopped.
pub(super) fn stop_one(evaluator: &mut Evaluator<'_>, service: &Service, forced: bool) -> Run<Vec<String>> {
    let now = evaluator.host_time();
    let (message, id, category) = match evaluator.machine.stop_service(&service.name, forced, now) {
        Ok(names) => return Ok(names.into_iter().map(Into::into).collect()),
        Err(Refusal::NotRunning) => return Ok(vec![service.name.clone().into()]),
        Err(Refusal::HasDependents) => {
            let message = format!(
                "Cannot stop service '{}' because it has dependent services. It can only be stopped if the Force flag is \
                 set.",
                title(service)
            );
            (message, "ServiceHasDependentServices", 7)
        }
        Err(refusal @ Refusal::HoldsSessions) => (refusal.message().to_owned(), "SandboxUnsupported", 11),
        Err(refusal) => {
            let why = refused("stop", &service.name, refusal);
            let message = format!("Service '{}' cannot be stopped due to the following error: {why}", title(service));
            (message, "CouldNotStopService", 2)
        }
    };
    let record = failure(evaluator, service, message, id, category);
    evaluator.write_error(record).map(|()| Vec::new())
}

/// Pausing and continuing fail alike: with the special reason, if there is one, and the general one.
fn switch(
    evaluator: &mut Evaluator<'_>,
    service: &Service,
    done: Result<(), Refusal>,
    (verb, cause, participle): (&str, &str, &str),
    ids: [&'static str; 3],
) -> Run<bool> {
    let Err(refusal) = done else { return Ok(true) };
    let title = title(service);
    let special = match refusal {
        Refusal::NotRunning => Some((ids[0], "because it is not currently running.")),
        Refusal::NotAccepted => Some((ids[1], "because the service does not support being suspended or resumed.")),
        _ => None,
    };
    if let Some((id, why)) = special {
        let message = format!("Service '{title}' cannot be {participle} {why}");
        let record = failure(evaluator, service, message, id, 2);
        evaluator.write_error(record)?;
    }
    let why = refused(cause, &service.name, refusal);
    let message = format!("Service '{title}' cannot be {verb} due to the following error: {why}");
    let record = failure(evaluator, service, message, ids[2], 2);
    evaluator.write_error(record).map(|()| false)
}

pub(super) fn pause_one(evaluator: &mut Evaluator<'_>, service: &Service) -> Run<bool> {
    let done = evaluator.machine.pause_service(&service.name);
    let ids = ["CouldNotSuspendServiceNotRunning", "CouldNotSuspendServiceNotSupported", "CouldNotSuspendService"];
    switch(evaluator, service, done, ("suspended", "pause", "suspended"), ids)
}

pub(super) fn resume_one(evaluator: &mut Evaluator<'_>, service: &Service) -> Run<bool> {
    let done = evaluator.machine.continue_service(&service.name);
    let ids = ["CouldNotResumeServiceNotRunning", "CouldNotResumeServiceNotSupported", "CouldNotResumeService"];
    switch(evaluator, service, done, ("resumed", "resume", "resumed"), ids)
}
