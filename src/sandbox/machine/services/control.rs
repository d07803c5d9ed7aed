//! Starting, stopping and changing services, with the rules of the service control manager.

use std::borrow::Cow;

use jiff::Timestamp;

use super::super::Machine;
use super::{Service, ServiceStatus, StartType};

/// Why the service control manager does not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is none of this name.
    Missing,
    /// It is disabled.
    Disabled,
    /// It runs already.
    AlreadyRunning,
    /// It doesn't run.
    NotRunning,
    /// It doesn't accept this.
    NotAccepted,
    /// A service that it needs cannot start.
    BaseFailed,
    /// Running services need it.
    HasDependents,
    /// There is one of this name already.
    Exists,
    /// The sandbox keeps no more services of a host.
    Full,
    /// The sandbox's sessions run in it.
    HoldsSessions,
}

impl Refusal {
    /// The number of the Windows error.
    pub fn code(self) -> u32 {
        match self {
            Self::Missing => 1060,
            Self::Disabled => 1058,
            Self::AlreadyRunning => 1056,
            Self::NotRunning => 1062,
            Self::NotAccepted => 1052,
            Self::BaseFailed => 1068,
            Self::HasDependents => 1051,
            Self::Exists => 1073,
            Self::Full => 8,
            Self::HoldsSessions => 1061,
        }
    }

    /// The text of the Windows error.
    ///
    /// Source: learn.microsoft.com, System Error Codes (1000-1299).
    pub fn message(self) -> &'static str {
        match self {
            Self::Missing => "The specified service does not exist as an installed service.",
            Self::Disabled => {
                "The service cannot be started, either because it is disabled or because it has no enabled devices \
                 associated with it."
            }
            Self::AlreadyRunning => "An instance of the service is already running.",
            Self::NotRunning => "The service has not been started.",
            Self::NotAccepted => "The requested control is not valid for this service.",
            Self::BaseFailed => "The dependency service or group failed to start.",
            Self::HasDependents => {
                "A stop control has been sent to a service that other running services are dependent on."
            }
            Self::Exists => "The specified service already exists.",
            Self::Full => "Not enough memory resources are available to process this command.",
            Self::HoldsSessions => {
                "The sandbox's sessions run in WinRM, and the sandbox does not stop it; on a real host this session would \
                 end, and nobody could connect until WinRM runs again."
            }
        }
    }
}

/// The process that a service joins: that of an active one with the same command line.
pub(super) fn joined(services: &[Service], service: &Service) -> Option<u32> {
    let is_home =
        |other: &&Service| other.process_id != 0 && other.is_active() && other.path.eq_ignore_ascii_case(&service.path);
    service.joins().then(|| services.iter().find(is_home)).flatten().map(|other| other.process_id)
}

/// Stops what runs although a service that it needs doesn't.
pub(super) fn stop_without_base(services: &mut [Service]) {
    loop {
        let is_down = |name: &Cow<'_, str>| services.iter().any(|other| !other.is_active() && other.is_named(name));
        let orphan = services.iter().position(|service| service.is_active() && service.depends_on.iter().any(is_down));
        match orphan {
            Some(place) => services[place].status = ServiceStatus::Stopped,
            None => return,
        }
    }
}

/// Stops all services of a process that ended, and gives them.
pub(in super::super) fn crash(services: &mut [Service], process_id: u32) -> Vec<Service> {
    let gone = services.iter_mut().filter(|service| service.process_id == process_id);
    gone.map(|service| {
        (service.status, service.process_id) = (ServiceStatus::Stopped, 0);
        service.clone()
    })
    .collect()
}

fn place(services: &[Service], name: &str) -> Result<usize, Refusal> {
    services.iter().position(|service| service.is_named(name)).ok_or(Refusal::Missing)
}

/// Which services need which, by their places among all of a host.
#[derive(Debug)]
pub struct Dependents {
    /// For each service those that need it.
    above: Vec<Vec<usize>>,
    /// For each service what its configuration names, if that is there.
    below: Vec<Vec<Option<usize>>>,
}

impl Dependents {
    /// Those of a host's services.
    pub fn of(services: &[Service]) -> Self {
        let bases = |service: &Service| -> Vec<_> {
            service.depends_on.iter().map(|name| self::place(services, name).ok()).collect()
        };
        let below: Vec<_> = services.iter().map(bases).collect();
        let mut above = vec![Vec::new(); services.len()];
        for (place, bases) in below.iter().enumerate() {
            bases.iter().flatten().for_each(|base| above[*base].push(place));
        }
        Self { above, below }
    }

    /// The places of those that the one at a place needs, one for each name of its configuration.
    pub fn needed(&self, place: usize) -> &[Option<usize>] {
        self.below.get(place).map_or(&[], Vec::as_slice)
    }

    /// The places of all services that need the one at a place, also by way of others; those that must stop first come
    /// first.
    pub fn at(&self, place: usize) -> Vec<usize> {
        let mut found = vec![place];
        let mut next = 0;
        while let Some(&place) = found.get(next) {
            next += 1;
            for other in self.above.get(place).into_iter().flatten() {
                if !found.contains(other) {
                    found.push(*other);
                }
            }
        }
        found.remove(0);
        found.reverse();
        found
    }
}

fn dependents(services: &[Service], of: usize) -> Vec<usize> {
    Dependents::of(services).at(of)
}

/// Starts a service after those that it needs; says which came up.
fn start(services: &mut [Service], of: usize, id: &mut u32, now: Timestamp, depth: u32) -> Result<Vec<usize>, Refusal> {
    match &services[of] {
        service if service.is_active() => return Err(Refusal::AlreadyRunning),
        service if service.start_type == StartType::Disabled => return Err(Refusal::Disabled),
        _ => {}
    }
    let mut came = Vec::new();
    for name in services[of].depends_on.clone() {
        let base = place(services, &name).map_err(|_| Refusal::BaseFailed)?;
        if services[base].is_active() {
            continue;
        }
        if depth > 16 {
            return Err(Refusal::BaseFailed);
        }
        came.extend(start(services, base, id, now, depth + 1).map_err(|_| Refusal::BaseFailed)?);
    }
    let process_id = joined(services, &services[of]).unwrap_or_else(|| {
        *id += 4;
        *id
    });
    let service = &mut services[of];
    (service.status, service.process_id, service.started) = (ServiceStatus::Running, process_id, Some(now));
    came.push(of);
    Ok(came)
}

/// Services that a host keeps, and bytes of all their texts.
const MOST_SERVICES: usize = 1_000;
const MOST_TEXT: usize = 1 << 20;

fn text_bytes(service: &Service) -> usize {
    let own = [&service.name, &service.display_name, &service.description, &service.path, &service.account];
    own.into_iter().chain(&service.depends_on).map(|text| text.len()).sum()
}

impl Service {
    /// The services that need the one of a name, also by way of others.
    pub fn dependents<'a>(services: &'a [Self], name: &str) -> Vec<&'a Self> {
        let found = place(services, name).map_or_else(|_| Vec::new(), |of| dependents(services, of));
        found.into_iter().map(|place| &services[place]).collect()
    }
}

impl Machine {
    /// Starts a service, and before it those that it needs.
    ///
    /// # Errors
    /// Why it does not start.
    pub fn start_service(&self, name: &str, now: Timestamp) -> Result<(), Refusal> {
        let mut id = self.last_process_id();
        let done = self.change_services(|services| {
            let of = place(services, name)?;
            let came = start(services, of, &mut id, now, 0)?;
            Ok(came.into_iter().map(|place| services[place].clone()).collect::<Vec<_>>())
        });
        self.use_process_ids(id);
        done?.iter().for_each(|service| self.note_service(service, "running", now));
        Ok(())
    }

    /// Stops a service; `forced` stops those first that need it. Says which were stopped, itself at last.
    ///
    /// # Errors
    /// Why it goes on.
    pub fn stop_service(&self, name: &str, forced: bool, now: Timestamp) -> Result<Vec<Cow<'static, str>>, Refusal> {
        let stopped: Vec<Service> = self.change_services(|services| {
            let of = place(services, name)?;
            if !services[of].is_active() {
                return Err(Refusal::NotRunning);
            }
            let running: Vec<usize> =
                dependents(services, of).into_iter().filter(|place| services[*place].is_active()).collect();
            if !running.is_empty() && !forced {
                return Err(Refusal::HasDependents);
            }
            let all = || running.iter().chain([&of]);
            if all().any(|place| !services[*place].can_stop()) {
                return Err(Refusal::NotAccepted);
            }
            if all().any(|place| services[*place].is_named("WinRM")) {
                return Err(Refusal::HoldsSessions);
            }
            for place in all() {
                (services[*place].status, services[*place].process_id) = (ServiceStatus::Stopped, 0);
            }
            Ok(all().map(|place| services[*place].clone()).collect())
        })?;
        stopped.iter().for_each(|service| self.note_service(service, "stopped", now));
        Ok(stopped.into_iter().map(|service| service.name).collect())
    }

    /// Pauses a running service.
    ///
    /// # Errors
    /// Why it goes on.
    pub fn pause_service(&self, name: &str) -> Result<(), Refusal> {
        self.switch_service(name, ServiceStatus::Paused)
    }

    /// Lets a paused service go on.
    ///
    /// # Errors
    /// Why it does not.
    pub fn continue_service(&self, name: &str) -> Result<(), Refusal> {
        self.switch_service(name, ServiceStatus::Running)
    }

    fn switch_service(&self, name: &str, status: ServiceStatus) -> Result<(), Refusal> {
        self.change_services(|services| {
            let service = place(services, name).map(|place| &mut services[place])?;
            match service {
                service if !service.is_active() => Err(Refusal::NotRunning),
                service if !service.can_pause() => Err(Refusal::NotAccepted),
                service => {
                    service.status = status;
                    Ok(())
                }
            }
        })
    }

    /// Changes a service, unless its texts become too long; gives the start type that it had, and itself.
    pub(in super::super) fn adjust_service(
        &self,
        name: &str,
        change: impl FnOnce(&mut Service),
    ) -> Result<(StartType, Service), Refusal> {
        self.change_services(|services| {
            let place = place(services, name)?;
            let before = services[place].clone();
            change(&mut services[place]);
            if services.iter().map(text_bytes).sum::<usize>() > MOST_TEXT {
                services[place] = before;
                return Err(Refusal::Full);
            }
            Ok((before.start_type, services[place].clone()))
        })
    }

    /// Changes the settings of a service.
    ///
    /// # Errors
    /// That there is none of this name, or no room.
    pub fn configure_service(
        &self,
        name: &str,
        now: Timestamp,
        change: impl FnOnce(&mut Service),
    ) -> Result<(), Refusal> {
        let (before, after) = self.adjust_service(name, change)?;
        if before != after.start_type {
            self.note_start_type(&after, before, now);
        }
        Ok(())
    }

    /// Installs a service, which doesn't run yet.
    ///
    /// # Errors
    /// That there is one of this name, or no room.
    pub fn create_service(&self, service: Service, now: Timestamp) -> Result<(), Refusal> {
        let new = service.clone();
        self.change_services(|services| {
            if place(services, &service.name).is_ok() {
                return Err(Refusal::Exists);
            }
            let bytes: usize = services.iter().chain([&service]).map(text_bytes).sum();
            if services.len() >= MOST_SERVICES || bytes > MOST_TEXT {
                return Err(Refusal::Full);
            }
            let key = service.name.to_ascii_lowercase();
            let at = services.partition_point(|other| other.name.to_ascii_lowercase() < key);
            services.insert(at, service);
            Ok(())
        })?;
        self.note_installed(&new, now);
        Ok(())
    }

    /// Removes a service; one that runs goes with its process.
    ///
    /// # Errors
    /// That there is none of this name.
    pub fn delete_service(&self, name: &str) -> Result<(), Refusal> {
        let gone = self.change_services(|services| place(services, name).map(|place| services.remove(place)))?;
        self.forget_service_key(&gone.name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::ServiceStatus;
    use super::{MOST_SERVICES, MOST_TEXT, Machine, Refusal, Service};

    fn status(machine: &Machine, name: &str) -> ServiceStatus {
        machine.services().iter().find(|service| service.is_named(name)).expect("a service").status
    }

    #[test]
    fn dependents_stop_first_and_bases_start_first() {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        // app001
        let machine = Machine::draw(1, 5, now);
        for name in ["ContosoOrders", "ContosoSync"] {
            assert_eq!(status(&machine, name), ServiceStatus::Running, "{name}");
        }
        assert_eq!(machine.stop_service("contosoorders", false, now), Err(Refusal::HasDependents));
        let stopped = machine.stop_service("contosoorders", true, now).expect("it stops");
        assert_eq!(stopped, ["ContosoSync", "ContosoOrders"]);
        assert_eq!(machine.start_service("ContosoSync", now), Ok(()));
        assert_eq!(status(&machine, "ContosoOrders"), ServiceStatus::Running);
        assert_eq!(machine.stop_service("RpcSs", true, now), Err(Refusal::NotAccepted));
        assert_eq!(machine.start_service("RemoteRegistry", now), Err(Refusal::Disabled));
        assert_eq!(machine.pause_service("Spooler"), Err(Refusal::NotAccepted));
    }

    #[test]
    fn services_have_an_end() {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        let machine = Machine::draw(1, 0, now);
        let model = machine.services()[0].clone();
        let long = "x".repeat(MOST_TEXT);
        let before = model.clone();
        let set = machine.configure_service(&model.name, now, |service| service.description = long.into());
        assert_eq!((set, &machine.services()[0]), (Err(Refusal::Full), &before));
        let named = |place: usize| Service { name: format!("own{place}").into(), ..model.clone() };
        assert!((0..MOST_SERVICES).any(|place| machine.create_service(named(place), now) == Err(Refusal::Full)));
        assert_eq!(machine.services().len(), MOST_SERVICES);
    }

    #[test]
    fn services_share_processes_where_windows_does() {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        let machine = Machine::draw(1, 0, now);
        let id = |name: &str| {
            machine.services().iter().find(|service| service.is_named(name)).map(|service| service.process_id)
        };
        assert_eq!(id("DcomLaunch"), id("Power"));
        assert_eq!(id("RpcSs"), id("RpcEptMapper"));
        assert_eq!(id("SamSs"), id("KeyIso"));
        assert_ne!(id("gpsvc"), id("ProfSvc"));
        assert_eq!(id("RemoteRegistry"), Some(0));
    }
}
