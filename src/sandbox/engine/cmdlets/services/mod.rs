//! Services: Get-Service, and what starts, stops, makes and changes them.

mod config;
mod control;
mod object;

use std::sync::Arc;

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::machine::{Refusal, Service};
use super::super::pattern::has_wildcards;
use super::super::value::{Obj, Val};
use super::{Bound, PerInput, Spec};

pub(super) use object::{Objects, method};

pub(super) static SPECS: [Spec; 9] = [
    Spec {
        name: "Get-Service",
        aliases: &["gsv"],
        params: &[
            "Name|ServiceName:string@0<^",
            "DisplayName",
            "Include",
            "Exclude",
            "InputObject:ServiceController<",
            "DependentServices|DS!",
            "RequiredServices|SDO|ServicesDependedOn!",
            "ComputerName|Cn",
        ],
        make: |_, bound| {
            bound.refuse(&["ComputerName"])?;
            PerInput::boxed(bound, get)
        },
    },
    Spec {
        name: "Start-Service",
        aliases: &["sasv"],
        params: &OPERATION,
        make: |_, bound| PerInput::boxed(bound, control::start),
    },
    Spec {
        name: "Stop-Service",
        aliases: &["spsv"],
        params: &STOP,
        make: |_, bound| PerInput::boxed(bound, control::stop),
    },
    Spec {
        name: "Restart-Service",
        aliases: &[],
        params: &FORCED,
        make: |_, bound| PerInput::boxed(bound, control::restart),
    },
    Spec {
        name: "Suspend-Service",
        aliases: &[],
        params: &OPERATION,
        make: |_, bound| PerInput::boxed(bound, control::suspend),
    },
    Spec {
        name: "Resume-Service",
        aliases: &[],
        params: &OPERATION,
        make: |_, bound| PerInput::boxed(bound, control::resume),
    },
    Spec {
        name: "Set-Service",
        aliases: &[],
        params: &[
            "Name|ServiceName|SN:string@0<^+",
            "InputObject:ServiceController</",
            "DisplayName|DN",
            "Description",
            "StartupType|StartMode|SM|ST|StartType",
            "Status",
            "Force!",
            "PassThru!",
            "Credential",
            "SecurityDescriptorSddl|sd",
            "ComputerName|Cn",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential", "SecurityDescriptorSddl", "ComputerName"])?;
            PerInput::boxed(bound, config::set)
        },
    },
    Spec {
        name: "New-Service",
        aliases: &[],
        params: &[
            "Name|ServiceName:string@0+",
            "BinaryPathName|Path:string@1+",
            "DisplayName",
            "Description",
            "StartupType",
            "Credential",
            "DependsOn",
            "SecurityDescriptorSddl|sd",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential", "SecurityDescriptorSddl"])?;
            PerInput::boxed(bound, config::new)
        },
    },
    Spec {
        name: "Remove-Service",
        aliases: &[],
        params: &["Name|ServiceName|SN:string@0<^+", "InputObject:ServiceController</", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| PerInput::boxed(bound, config::remove),
    },
];

const OPERATION: [&str; 8] = [
    "Name|ServiceName:string@0<^+",
    "InputObject:ServiceController</",
    "DisplayName/",
    "Include",
    "Exclude",
    "PassThru!",
    "WhatIf|wi!",
    "Confirm|cf!",
];

const FORCED: [&str; 9] = [
    "Name|ServiceName:string@0<^+",
    "InputObject:ServiceController</",
    "DisplayName/",
    "Include",
    "Exclude",
    "Force!",
    "PassThru!",
    "WhatIf|wi!",
    "Confirm|cf!",
];

const STOP: [&str; 10] = [
    "Name|ServiceName:string@0<^+",
    "InputObject:ServiceController</",
    "DisplayName/",
    "Include",
    "Exclude",
    "Force!",
    "NoWait!",
    "PassThru!",
    "WhatIf|wi!",
    "Confirm|cf!",
];

/// A service that a cmdlet shall work on, with the script's own object, if it gave one.
struct Chosen {
    service: Service,
    given: Option<Arc<Obj>>,
}

/// The services that the parameters choose, by name; writes an error for each name that there is not.
fn choose(evaluator: &mut Evaluator<'_>, bound: &Bound) -> Run<Vec<Chosen>> {
    let services = evaluator.machine.services();
    let chosen = |(place, given): (usize, _)| Chosen { service: services[place].clone(), given };
    if bound.items("InputObject").is_empty() {
        let places = choose_places(evaluator, bound, &services)?;
        return Ok(places.into_iter().map(|place| chosen((place, None))).collect());
    }
    Ok(given(evaluator, bound, &services)?.into_iter().map(chosen).collect())
}

/// The places of the services that objects stand for, each with its object if it is one.
fn given(evaluator: &mut Evaluator<'_>, bound: &Bound, services: &[Service]) -> Run<Vec<(usize, Option<Arc<Obj>>)>> {
    let mut found = Vec::new();
    for object in bound.items("InputObject") {
        evaluator.step(services.len() as u64)?;
        let name = evaluator.member(&object, "Name").map_or_else(|| text(&object), |name| text(&name));
        let object = if let Val::Object(object) = object { Some(object) } else { None };
        match services.iter().position(|service| service.is_named(&name)) {
            Some(place) => found.push((place, object)),
            None => evaluator.write_error(missing(&name))?,
        }
    }
    Ok(found)
}

/// The places of the services that names or display names choose, in the order of all.
fn choose_places(evaluator: &mut Evaluator<'_>, bound: &Bound, services: &[Service]) -> Run<Vec<usize>> {
    let by_title = bound.get("DisplayName").is_some();
    let own = |place: usize| -> &str { if by_title { &services[place].display_name } else { &services[place].name } };
    let names = if by_title { bound.texts("DisplayName") } else { bound.texts("Name") };
    let mut chosen = vec![names.is_empty(); services.len()];
    for name in &names {
        evaluator.step(services.len() as u64)?;
        let mut found = false;
        for (place, chosen) in chosen.iter_mut().enumerate() {
            if evaluator.patterns.like(own(place), name, false)? {
                (found, *chosen) = (true, true);
            }
        }
        if !found && !has_wildcards(name) {
            evaluator.write_error(if by_title { missing_title(name) } else { missing(name) })?;
        }
    }
    let (include, exclude) = (bound.texts("Include"), bound.texts("Exclude"));
    let mut kept = Vec::with_capacity(services.len());
    for place in (0..services.len()).filter(|place| chosen[*place]) {
        let included = include.is_empty() || evaluator.patterns.any(own(place), &include)?;
        if included && !evaluator.patterns.any(own(place), &exclude)? {
            kept.push(place);
        }
    }
    Ok(kept)
}

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let (dependents, required) = (bound.switch("DependentServices"), bound.switch("RequiredServices"));
    let objects = Objects::new(evaluator).asked_by(bound.own_name());
    let services = Arc::clone(objects.services());
    let places = match bound.get("InputObject") {
        Some(_) => given(evaluator, bound, &services)?.into_iter().map(|(place, _)| place).collect(),
        None => choose_places(evaluator, bound, &services)?,
    };
    for place in places {
        if !dependents && !required {
            objects.at(place).map_or(Ok(()), |object| out.put(evaluator, object))?;
            continue;
        }
        let others = if dependents { objects.dependents(place) } else { Vec::new() };
        let bases = if required { objects.required(place) } else { Vec::new() };
        for other in others.into_iter().chain(bases) {
            out.put(evaluator, other)?;
        }
    }
    Ok(())
}

const EXCEPTION: &str = "Microsoft.PowerShell.Commands.ServiceCommandException";

fn missing(name: &str) -> ErrorRecord {
    let message = format!("Cannot find any service with service name '{name}'.");
    ErrorRecord::new(EXCEPTION, message, "NoServiceFoundForGivenName", 13).with_target(Val::str(name))
}

fn missing_title(name: &str) -> ErrorRecord {
    let message = format!("Cannot find any service with display name '{name}'.");
    ErrorRecord::new(EXCEPTION, message, "NoServiceFoundForGivenDisplayName", 13).with_target(Val::str(name))
}

/// `Print Spooler (Spooler)`, as targets and messages have it.
fn title(service: &Service) -> String {
    format!("{} ({})", service.display_name, service.name)
}

/// An error about a service, which is its target.
fn failure(
    evaluator: &Evaluator<'_>,
    service: &Service,
    message: String,
    id: &'static str,
    category: u8,
) -> ErrorRecord {
    let target = Objects::new(evaluator).as_target(service);
    ErrorRecord::new(EXCEPTION, message, id, category).with_target(target)
}

/// What .NET's ServiceController says, whose inner exception is the reason.
///
/// Source: resources of System.ServiceProcess.ServiceController in the public repository dotnet/runtime.
fn refused(verb: &str, service: &str, refusal: Refusal) -> String {
    match (verb, refusal) {
        (_, Refusal::Missing) => format!("Service '{service}' was not found on computer '.'."),
        ("start", _) => format!("Cannot start service '{service}' on computer '.'."),
        (verb, _) => format!("Cannot {verb} '{service}' service on computer '.'."),
    }
}
