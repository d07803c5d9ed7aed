//! The machines behind the hosts of the sandbox: what can be asked of them, drawn from a seed, changed by scripts.
//!
//! A [`Host`] holds only its name and two numbers; each fact is drawn anew, from its own stream of random numbers, when
//! somebody asks. A [`Machine`] is a host with what scripts changed on it: a family of state (services, files, ...) is
//! copied when the first change comes. So a thousand hosts cost nothing, equal seeds give equal fleets, and a new kind
//! of fact never changes the others.
//!
//! Plain data, without the engine's values: what a cmdlet makes of it is the engine's part.

mod accounts;
mod certificates;
mod disks;
mod events;
mod family;
mod features;
mod files;
mod hardware;
mod host;
mod hotfixes;
mod illness;
mod memory;
mod network;
mod processes;
mod profiles;
mod protection;
mod protocols;
mod registry;
mod rng;
mod services;
mod sessions;
mod shares;
mod tasks;
mod time_zone;
mod tree;
mod winrm;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use accounts::{AccountRefusal, Accounts, LocalGroup, LocalUser, Member, domain_sid};
pub use certificates::{Certificate, STORES};
pub use disks::{Disk, PartitionKind};
pub use events::{Event, EventKind, EventLog, LOGS, Level, Place, SourceRefusal, log_named};
pub use features::{FEATURES, Feature, FeatureKind, OPTIONAL_FEATURES};
pub use files::{File, FileError, Files, attribute};
pub use hardware::Processor;
pub use host::{Host, OperatingSystem, Role};
pub use hotfixes::Hotfix;
pub use illness::Illness;
pub use network::{Adapter, Listening, PREFIX_LENGTH, SUBNET_MASK};
pub use processes::Process;
pub use profiles::Profile;
pub use protection::{Backups, Defender};
pub use registry::{Program, Registry, RegistryData, RegistryError, RegistryKey};
pub use services::{Controls, Dependents, Refusal, Service, ServiceStatus, StartType};
pub use sessions::DesktopSession;
pub use shares::{PrintJob, Printer, Share};
pub use tasks::{NOT_RUN, Task, TaskLogon, TaskRefusal, Trigger};
pub use time_zone::TimeZone;

use family::Family;
use files::FileChanges;
use registry::DrawnRegistry;
use rng::Rng;
use tree::{Changes, Tree};

/// A host with what scripts have changed on it; all its sessions share it.
#[derive(Debug)]
pub struct Machine {
    host: Host,
    /// When the sandbox started: what lies in the past or future of a host (logs, certificates) counts from here.
    since: Timestamp,
    /// When a script restarted it.
    restarted: Mutex<Option<Timestamp>>,
    services: Family<Vec<Service>>,
    processes: Family<processes::Changes>,
    files: Family<Tree<File>>,
    file_changes: Family<FileChanges>,
    written: Family<events::Written>,
    tasks: Family<Vec<Task>>,
    accounts: Family<Accounts>,
    /// Names of the features that are installed.
    features: Family<Vec<&'static str>>,
    /// When a script brought Defender's signatures up to date.
    signatures: Family<Option<Timestamp>>,
    registry: Mutex<DrawnRegistry>,
    registry_changes: Family<Changes<RegistryKey>>,
    certificates: Family<Vec<Certificate>>,
    winrm: Family<Vec<(&'static str, String)>>,
}

impl Machine {
    /// The machine at a place (from 0) of the fleet of a seed, as it was when the sandbox started.
    pub fn draw(seed: u64, index: u32, since: Timestamp) -> Self {
        Self {
            host: Host::draw(seed, index),
            since,
            restarted: Mutex::default(),
            services: Family::default(),
            processes: Family::default(),
            files: Family::default(),
            file_changes: Family::default(),
            written: Family::default(),
            tasks: Family::default(),
            accounts: Family::default(),
            features: Family::default(),
            signatures: Family::default(),
            registry: Mutex::default(),
            registry_changes: Family::default(),
            certificates: Family::default(),
            winrm: Family::default(),
        }
    }

    /// What never changes.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// When the sandbox started.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// The same machine in a fleet of so many hosts.
    pub fn among(self, hosts: u32) -> Self {
        Self { host: self.host.among(hosts), ..self }
    }

    /// When it last started, on its own clock: before the sandbox did, or when a script restarted it.
    pub fn boot_time(&self) -> Timestamp {
        let restarted = *self.restarted.lock().unwrap_or_else(PoisonError::into_inner);
        restarted.unwrap_or_else(|| self.host.boot_time(self.host.now(self.since)))
    }

    /// Whether a script restarted it.
    pub(super) fn was_restarted(&self) -> bool {
        self.restarted.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// How long it has been up, at a time of its own clock.
    pub fn uptime(&self, now: Timestamp) -> Duration {
        let up: SignedDuration = now.duration_since(self.boot_time());
        up.unsigned_abs()
    }

    /// Its services, by name.
    pub fn services(&self) -> Arc<Vec<Service>> {
        self.services.read(|| services::draw(&self.host))
    }

    /// Whether a service is there and active.
    pub fn runs(&self, service: &str) -> bool {
        self.services().iter().any(|own| own.is_named(service) && own.is_active())
    }

    /// Changes its services.
    pub fn change_services<R>(&self, change: impl FnOnce(&mut Vec<Service>) -> R) -> R {
        self.services.change(|| services::draw(&self.host), change)
    }

    /// Restarts it at a time of its own clock: services come up as their start types say.
    pub fn restart(&self, now: Timestamp) {
        *self.restarted.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        let drawn = services::draw(&self.host);
        self.change_services(|services| {
            for service in services.iter_mut() {
                service.status = services::status_at_start(service, &drawn);
            }
            services::give_processes(&self.host, services);
        });
        self.forget_processes();
        self.note_restart(now);
    }

    /// Forgets what can be drawn again; called when a script has ended.
    pub fn settle(&self) {
        self.services.settle();
        self.processes.settle();
        self.files.settle();
        self.written.settle();
        self.tasks.settle();
        self.accounts.settle();
        self.features.settle();
        self.signatures.settle();
        self.forget_drawn_registry();
        self.certificates.settle();
    }
}
