//! Services as objects: `System.ServiceProcess.ServiceController`, and its methods.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use super::super::super::convert::text;
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Flow, Run};
use super::super::super::machine::{Controls, Dependents, Service, ServiceStatus, StartType};
use super::super::super::value::{Obj, Schema, Val};
use super::super::members::method_failed;
use super::refused;

const CLASS: &str = "System.ServiceProcess.ServiceController";

/// Makes the objects of one host's services: some hundred of them, on each of many hosts, so they share what they can.
pub(in super::super) struct Objects {
    services: Arc<Vec<Service>>,
    dependents: Dependents,
    /// By place, as soon as somebody shows it.
    neighbours: Vec<OnceCell<Val>>,
    schema: Arc<Schema>,
    array: Arc<str>,
    /// The dependents of who has none, and what it needs who needs none: all share these arrays without items.
    none: [Val; 2],
    class: Arc<str>,
    /// Their machine, as its own services name it.
    here: Val,
    statuses: [Val; 3],
    starts: [Val; 3],
    /// Of a shared process, and of its own.
    kinds: [Val; 2],
}

/// Every status, in the order of [`Objects::statuses`].
const STATUSES: [ServiceStatus; 3] = [ServiceStatus::Stopped, ServiceStatus::Running, ServiceStatus::Paused];
/// Every start type, in the order of [`Objects::starts`].
const STARTS: [StartType; 3] = [StartType::Automatic, StartType::Manual, StartType::Disabled];

impl Objects {
    pub(in super::super) fn new(evaluator: &Evaluator<'_>) -> Self {
        // Source: learn.microsoft.com, ServiceController Class; aliases from PowerShell's types.ps1xml.
        let names = [
            "CanPauseAndContinue",
            "CanShutdown",
            "CanStop",
            "DisplayName",
            "DependentServices",
            "MachineName",
            "ServiceName",
            "ServicesDependedOn",
            "Status",
            "ServiceType",
            "StartType",
            "Site",
            "Container",
            "Name",
            "RequiredServices",
        ];
        let type_names = [CLASS, "System.ComponentModel.Component", "System.MarshalByRefObject", "System.Object"];
        let services = evaluator.machine.services();
        let (dependents, neighbours) = (Dependents::of(&services), vec![OnceCell::new(); services.len()]);
        let array: Arc<str> = "System.ServiceProcess.ServiceController[]".into();
        let kind = |name, number| Val::of_enum("System.ServiceProcess.ServiceType", name, number);
        Self {
            services,
            dependents,
            neighbours,
            schema: Schema::new(&type_names, &names),
            none: [(); 2].map(|()| Val::list(Arc::clone(&array), Vec::new())),
            array,
            class: CLASS.into(),
            here: Val::str("."),
            statuses: STATUSES.map(status_value),
            starts: STARTS.map(start_type_value),
            kinds: [kind("Win32ShareProcess", 32), kind("Win32OwnProcess", 16)],
        }
    }

    /// Whose `MachineName` is the name by which the host was asked for.
    pub(super) fn asked_by(mut self, name: Option<Val>) -> Self {
        if let Some(name) = name {
            self.here = name;
        }
        self
    }

    /// The services that need the one at a place, without their own neighbours.
    pub(super) fn dependents(&self, place: usize) -> Vec<Val> {
        self.dependents.at(place).into_iter().filter_map(|place| self.neighbour(place)).collect()
    }

    /// The services that the one at a place needs, called as its configuration calls them, without their own neighbours.
    pub(super) fn required(&self, place: usize) -> Vec<Val> {
        let Some(service) = self.services.get(place) else { return Vec::new() };
        let bases = service.depends_on.iter().zip(self.dependents.needed(place));
        bases
            .filter_map(|(name, base)| {
                let found = self.services.get((*base)?)?;
                if found.name == *name {
                    return self.neighbour((*base)?);
                }
                let called = Service { name: name.clone(), ..found.clone() };
                Some(self.alone(&called))
            })
            .collect()
    }

    /// A service as others show it: one object for all of them.
    fn neighbour(&self, place: usize) -> Option<Val> {
        let service = self.services.get(place)?;
        self.neighbours.get(place).map(|known| known.get_or_init(|| self.alone(service)).clone())
    }

    fn alone(&self, service: &Service) -> Val {
        let [dependents, required] = self.none.clone();
        self.object(service, None, dependents, required)
    }

    /// All services of the host, with the controllers at the same places.
    pub(super) fn services(&self) -> &Arc<Vec<Service>> {
        &self.services
    }

    /// The one at a place as the controller alone.
    pub(super) fn at(&self, place: usize) -> Option<Val> {
        self.services.get(place).map(|service| self.with_neighbours(service, None, Some(place)))
    }

    /// A service as the controller alone, as `-PassThru` gives it, even if it is gone.
    pub(in super::super) fn plain(&self, service: &Service) -> Val {
        self.with_neighbours(service, None, self.place(service))
    }

    /// As the target of an error, where the text is the class's.
    pub(super) fn as_target(&self, service: &Service) -> Val {
        self.with_neighbours(service, Some(&self.class), self.place(service))
    }

    fn place(&self, service: &Service) -> Option<usize> {
        self.services.iter().position(|other| other.is_named(&service.name))
    }

    fn with_neighbours(&self, service: &Service, shown: Option<&Arc<str>>, place: Option<usize>) -> Val {
        let list = |items: Vec<Val>, none: &Val| {
            if items.is_empty() { none.clone() } else { Val::list(Arc::clone(&self.array), items) }
        };
        let of = |neighbours: &dyn Fn(usize) -> Vec<Val>| place.map(neighbours).unwrap_or_default();
        let dependents = list(of(&|place| self.dependents(place)), &self.none[0]);
        let required = list(of(&|place| self.required(place)), &self.none[1]);
        self.object(service, shown, dependents, required)
    }

    /// Its text is its name, unless there is another.
    fn object(&self, service: &Service, shown: Option<&Arc<str>>, dependents: Val, required: Val) -> Val {
        let text: Arc<str> = (&*service.name).into();
        let shown = Arc::clone(shown.unwrap_or(&text));
        let name = Val::Str(text);
        let one_of = |values: &[Val], place: Option<usize>| place.and_then(|place| values.get(place)).cloned();
        let status = one_of(&self.statuses, STATUSES.iter().position(|status| *status == service.status));
        let start = one_of(&self.starts, STARTS.iter().position(|start| *start == service.start_type));
        let values = vec![
            Val::Bool(service.can_pause()),
            Val::Bool(service.is_active() && service.controls != Controls::Nothing),
            Val::Bool(service.can_stop()),
            Val::str(&*service.display_name),
            dependents,
            self.here.clone(),
            name.clone(),
            required.clone(),
            status.unwrap_or(Val::Null),
            self.kinds[usize::from(!service.shares_process())].clone(),
            start.unwrap_or(Val::Null),
            Val::Null,
            Val::Null,
            name,
            required,
        ];
        Obj::typed(&self.schema, shown, values)
    }
}

/// Brings what an object says of its service up to date.
pub(super) fn refresh(object: &Obj, service: &Service) {
    object.set("Status", status_value(service.status));
    object.set("StartType", start_type_value(service.start_type));
    object.set("DisplayName", Val::str(service.display_name.clone()));
    object.set("CanStop", Val::Bool(service.can_stop()));
    object.set("CanShutdown", Val::Bool(service.is_active() && service.controls != Controls::Nothing));
    object.set("CanPauseAndContinue", Val::Bool(service.can_pause()));
}

/// The status of a service as .NET has it.
fn status_value(status: ServiceStatus) -> Val {
    let name = match status {
        ServiceStatus::Stopped => "Stopped",
        ServiceStatus::Running => "Running",
        ServiceStatus::Paused => "Paused",
    };
    Val::of_enum("System.ServiceProcess.ServiceControllerStatus", name, status as i32)
}

fn start_type_value(start: StartType) -> Val {
    Val::of_enum("System.ServiceProcess.ServiceStartMode", start_type_name(start), start as i32)
}

pub(in super::super) fn start_type_name(start: StartType) -> &'static str {
    match start {
        StartType::Automatic => "Automatic",
        StartType::Manual => "Manual",
        StartType::Disabled => "Disabled",
    }
}

/// Methods of the controllers.
pub(in super::super) fn method(
    evaluator: &mut Evaluator<'_>,
    object: &Arc<Obj>,
    name: &str,
    args: &[Val],
) -> Run<Option<Val>> {
    if object.type_name() != CLASS {
        return Ok(None);
    }
    let service = object.get("ServiceName").map_or_else(String::new, |name| text(&name));
    let (machine, now) = (Arc::clone(&evaluator.machine), evaluator.host_time());
    let (called, verb, done) = match name {
        "start" => ("Start", "start", machine.start_service(&service, now)),
        "stop" => ("Stop", "stop", machine.stop_service(&service, true, now).map(|_| ())),
        "pause" => ("Pause", "pause", machine.pause_service(&service)),
        "continue" => ("Continue", "resume", machine.continue_service(&service)),
        "refresh" => {
            if let Some(found) = machine.services().iter().find(|found| found.is_named(&service)) {
                refresh(object, found);
            }
            return Ok(Some(Val::Void));
        }
        "waitforstatus" => return wait(evaluator, object, &service, args).map(Some),
        "close" | "dispose" => return Ok(Some(Val::Void)),
        _ => return Ok(None),
    };
    match done {
        Ok(()) => Ok(Some(Val::Void)),
        Err(refusal) => {
            let why = refused(verb, &service, refusal);
            Err(method_failed(called, args, &why, "InvalidOperationException").into())
        }
    }
}

/// `.WaitForStatus(status[, timeout])`
fn wait(evaluator: &mut Evaluator<'_>, object: &Obj, service: &str, args: &[Val]) -> Run<Val> {
    let wanted = args.first().map_or_else(String::new, text);
    let is_wanted = |status: ServiceStatus| {
        let value = status_value(status);
        text(&value).eq_ignore_ascii_case(&wanted) || (status as i32).to_string() == wanted
    };
    if ![ServiceStatus::Stopped, ServiceStatus::Running, ServiceStatus::Paused].into_iter().any(is_wanted) {
        return Err(ErrorRecord::unsupported(&format!("the status '{wanted}' of a service")).into());
    }
    let mut left = match args.get(1) {
        Some(Val::TimeSpan(ticks)) => Duration::from_nanos(ticks.unsigned_abs().saturating_mul(100)),
        Some(Val::Str(span)) => match super::super::super::datetime::parse_timespan(span) {
            Some(ticks) => Duration::from_nanos(ticks.unsigned_abs().saturating_mul(100)),
            None => Duration::ZERO,
        },
        _ => Duration::MAX,
    };
    // .NET looks every quarter of a second.
    const PAUSE: Duration = Duration::from_millis(250);
    loop {
        if let Some(found) = evaluator.machine.services().iter().find(|found| found.is_named(service)) {
            refresh(object, found);
            if is_wanted(found.status) {
                return Ok(Val::Void);
            }
        }
        if left.is_zero() {
            let why = "Time out has expired and the operation has not been completed.";
            return Err(method_failed("WaitForStatus", args, why, "TimeoutException").into());
        }
        evaluator.step(10_000)?;
        let pause = left.min(PAUSE);
        left -= pause;
        if evaluator.runtime.sleep(pause).is_break() {
            return Err(Flow::Stopped);
        }
    }
}
