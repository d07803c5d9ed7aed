//! Set-Service, New-Service and Remove-Service.

use std::borrow::Cow;

use super::super::super::convert::text;
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::machine::{Controls, Refusal, Service, ServiceStatus, StartType};
use super::super::super::value::Val;
use super::control::{pause_one, renew, resume_one, shown, start_one, stop_one};
use super::{Bound, Objects, failure, title};

/// A startup type, and whether it is delayed.
type Startup = (StartType, bool);

/// `-StartupType`
fn startup(bound: &Bound) -> Run<Option<Startup>> {
    let Some(value) = bound.get("StartupType") else { return Ok(None) };
    let wanted = text(value).to_ascii_lowercase();
    let all = [
        ("automatic", (StartType::Automatic, false), "2"),
        ("manual", (StartType::Manual, false), "3"),
        ("disabled", (StartType::Disabled, false), "4"),
        ("automaticdelayedstart", (StartType::Automatic, true), "10"),
    ];
    let exact = all.iter().find(|(name, _, number)| *name == wanted || *number == wanted);
    let found = exact.or_else(|| all.iter().find(|(name, ..)| !wanted.is_empty() && name.starts_with(&wanted)));
    match found {
        Some((_, startup, _)) => Ok(Some(*startup)),
        None => {
            let message = format!(
                "Cannot bind parameter 'StartupType'. Cannot convert value \"{}\" to type \
                 \"Microsoft.PowerShell.Commands.ServiceStartupType\". Error: \"Unable to match the identifier name {} to a \
                 valid enumerator name. Specify one of the following enumerator names and try again:\n\
                 Automatic, Manual, Disabled, AutomaticDelayedStart, InvalidValue\"",
                text(value),
                text(value)
            );
            let kind = "System.Management.Automation.ParameterBindingException";
            Err(ErrorRecord::new(kind, message, "CannotConvertArgumentNoMessage", 5).into())
        }
    }
}

/// The one service that Set-Service and Remove-Service are about.
fn one(evaluator: &mut Evaluator<'_>, bound: &Bound) -> Run<Option<Service>> {
    let name = match bound.get("InputObject") {
        Some(object) => evaluator.member(object, "Name").map_or_else(String::new, |name| text(&name)),
        None => bound.text("Name").unwrap_or_default(),
    };
    let found = evaluator.machine.services().iter().find(|service| service.is_named(&name)).cloned();
    if found.is_none() {
        let message = format!("Service '{name}' was not found on computer '.'.");
        let record = ErrorRecord::new("System.InvalidOperationException", message, "InvalidOperationException", 13);
        evaluator.write_error(record.with_target(Val::str(name)))?;
    }
    Ok(found)
}

pub(super) fn set(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let startup = startup(bound)?;
    let status = bound.text("Status").map(|status| status.to_ascii_lowercase());
    if let Some(status) = status.as_deref().filter(|status| !["running", "stopped", "paused"].contains(status)) {
        let message = format!(
            "Cannot validate argument on parameter 'Status'. The argument \"{status}\" does not belong to the set \
             \"Running,Stopped,Paused\" specified by the ValidateSet attribute. Supply an argument that is in the set and \
             then try the command again."
        );
        let kind = "System.Management.Automation.ParameterBindingException";
        return Err(ErrorRecord::new(kind, message, "ParameterArgumentValidationError", 5).into());
    }
    let Some(service) = one(evaluator, bound)? else { return Ok(()) };
    if !evaluator.should_process(bound, &title(&service), "Set-Service")? {
        return Ok(());
    }
    let (display_name, description) = (bound.text("DisplayName"), bound.text("Description"));
    let changed = evaluator.machine.configure_service(&service.name, evaluator.host_time(), |service| {
        if let Some((start_type, is_delayed)) = startup {
            (service.start_type, service.is_delayed) = (start_type, is_delayed);
        }
        if let Some(display_name) = display_name {
            service.display_name = display_name.into();
        }
        if let Some(description) = description {
            service.description = description.into();
        }
    });
    if changed == Err(Refusal::Full) {
        return evaluator.write_error(ErrorRecord::full("texts of services"));
    }
    if changed.is_ok() {
        change_status(evaluator, &service, status.as_deref(), bound.switch("Force"))?;
    }
    if let Some(Val::Object(object)) = bound.get("InputObject") {
        renew(evaluator, &service.name, Some(object));
    }
    match shown(evaluator, &service.name).filter(|_| bound.switch("PassThru")) {
        Some(object) => out.put(evaluator, object),
        None => Ok(()),
    }
}

fn change_status(evaluator: &mut Evaluator<'_>, service: &Service, status: Option<&str>, forced: bool) -> Run<()> {
    match (status, service.status) {
        (Some("running"), ServiceStatus::Paused) => resume_one(evaluator, service).map(|_| ()),
        (Some("running"), ServiceStatus::Stopped) => start_one(evaluator, service).map(|_| ()),
        (Some("stopped"), ServiceStatus::Running | ServiceStatus::Paused) => {
            if !forced && !Service::dependents(&evaluator.machine.services(), &service.name).is_empty() {
                let message = format!("Cannot stop service '{}' because it has dependent services.", title(service));
                let record = failure(evaluator, service, message, "ServiceHasDependentServicesNoForce", 7);
                return evaluator.write_error(record);
            }
            stop_one(evaluator, service, forced).map(|_| ())
        }
        (Some("paused"), ServiceStatus::Running | ServiceStatus::Stopped) => pause_one(evaluator, service).map(|_| ()),
        _ => Ok(()),
    }
}

pub(super) fn new(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let name = bound.text("Name").unwrap_or_default();
    let display_name = bound.text("DisplayName").unwrap_or_else(|| name.clone());
    let (start_type, is_delayed) = startup(bound)?.unwrap_or((StartType::Automatic, false));
    let service = Service {
        name: name.clone().into(),
        display_name: display_name.into(),
        description: bound.text("Description").unwrap_or_default().into(),
        path: bound.text("BinaryPathName").unwrap_or_default().into(),
        account: "LocalSystem".into(),
        depends_on: bound.texts("DependsOn").into_iter().map(Cow::Owned).collect(),
        status: ServiceStatus::Stopped,
        start_type,
        is_delayed,
        controls: Controls::Stop,
        process_id: 0,
        started: None,
    };
    if !evaluator.should_process(bound, &title(&service), "New-Service")? {
        return Ok(());
    }
    match evaluator.machine.create_service(service.clone(), evaluator.host_time()) {
        Ok(()) => {
            let object = Objects::new(evaluator).plain(&service);
            out.put(evaluator, object)
        }
        Err(Refusal::Full) => evaluator.write_error(ErrorRecord::full("services")),
        Err(refusal) => {
            let message = format!(
                "Service '{}' cannot be created due to the following error: {}",
                title(&service),
                refusal.message()
            );
            let record = ErrorRecord::new(super::EXCEPTION, message, "CouldNotNewService", 18);
            evaluator.write_error(record.with_target(Val::str(name)))
        }
    }
}

pub(super) fn remove(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    let Some(service) = one(evaluator, bound)? else { return Ok(()) };
    if !evaluator.should_process(bound, &title(&service), "Remove-Service")? {
        return Ok(());
    }
    match evaluator.machine.delete_service(&service.name) {
        Ok(()) | Err(Refusal::Missing) => Ok(()),
        Err(refusal) => {
            let message = format!(
                "Service '{}' cannot be removed due to the following error: {}",
                title(&service),
                refusal.message()
            );
            let record = failure(evaluator, &service, message, "CouldNotRemoveService", 18);
            evaluator.write_error(record)
        }
    }
}
