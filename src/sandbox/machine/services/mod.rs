//! Windows services: what is installed, what runs, and what the service control manager allows.

mod control;
mod table;

use std::borrow::Cow;

use jiff::Timestamp;

use super::processes::{self, FIRST_SERVICE_ID};
use super::{Host, Illness};
use table::{COMMON, Row, of_role};

pub(super) use control::crash;
pub use control::{Dependents, Refusal};

/// A Windows service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Short name.
    pub name: Cow<'static, str>,
    /// Name for people.
    pub display_name: Cow<'static, str>,
    /// What it does.
    pub description: Cow<'static, str>,
    /// The program with its arguments.
    pub path: Cow<'static, str>,
    /// The account that it runs as.
    pub account: Cow<'static, str>,
    /// Short names of the services that must run before it.
    pub depends_on: Vec<Cow<'static, str>>,
    /// Whether it runs.
    pub status: ServiceStatus,
    /// When it starts.
    pub start_type: StartType,
    /// Whether an automatic one starts some minutes after the system.
    pub is_delayed: bool,
    /// What may be asked of it while it runs.
    pub controls: Controls,
    /// Its process; 0 while it is stopped.
    pub process_id: u32,
    /// When a script started it; nothing if it runs since the system started.
    pub started: Option<Timestamp>,
}

/// State of a service, with the numbers of `System.ServiceProcess.ServiceControllerStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceStatus {
    /// Not running.
    Stopped = 1,
    /// Running.
    Running = 4,
    /// Running, but told to do nothing.
    Paused = 7,
}

/// When a service starts, with the numbers of `System.ServiceProcess.ServiceStartMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StartType {
    /// With the system.
    Automatic = 2,
    /// On demand.
    Manual = 3,
    /// Never.
    Disabled = 4,
}

impl StartType {
    /// The one of a number.
    pub(super) fn of_number(number: u32) -> Option<Self> {
        [Automatic, Manual, Disabled].into_iter().find(|start| *start as u32 == number)
    }
}

/// What a running service accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Controls {
    /// It runs until the system stops.
    Nothing,
    /// It can be stopped.
    Stop,
    /// It can be stopped, paused and continued.
    Pause,
}

use StartType::{Automatic, Disabled, Manual};

/// The program of most services.
const SVCHOST: &str = "C:\\Windows\\system32\\svchost.exe";

/// Services started on demand that always run where they usually do: others stand on them.
const VITAL: [&str; 3] = ["KeyIso", "PlugPlay", "WAS"];

/// Services with a start trigger on a member of a domain.
/// Source: public listings of sc.exe qtriggerinfo on Windows Server.
const TRIGGERED: [&str; 10] = [
    "AppIDSvc",
    "Appinfo",
    "gpsvc",
    "KeyIso",
    "lmhosts",
    "netprofm",
    "sppsvc",
    "TrustedInstaller",
    "UsoSvc",
    "wuauserv",
];

/// Automatic services whose stop a check should find; hosts of any role have them. None is delayed: those may rest.
const MISSED: [&str; 6] = ["Spooler", "W32Time", "WinDefend", "DiagTrack", "SysMain", "Schedule"];

impl Service {
    /// Whether it runs or pauses.
    pub fn is_active(&self) -> bool {
        self.status != ServiceStatus::Stopped
    }

    /// Whether something starts it when it is needed, so that it may rest although it is automatic.
    pub fn has_trigger(&self) -> bool {
        TRIGGERED.contains(&&*self.name)
    }

    /// What its last run ended with: what never ran since the start of the system has 1077.
    pub fn exit_code(&self) -> u32 {
        if self.is_active() || self.start_type == Automatic || self.started.is_some() { 0 } else { 1077 }
    }

    /// Whether it accepts to be stopped now.
    pub fn can_stop(&self) -> bool {
        self.is_active() && self.controls >= Controls::Stop
    }

    /// Whether it accepts to be paused or continued now.
    pub fn can_pause(&self) -> bool {
        self.is_active() && self.controls >= Controls::Pause
    }

    /// Whether its program is made to hold several services.
    pub fn shares_process(&self) -> bool {
        let program = self.program();
        ["svchost.exe", "lsass.exe"].iter().any(|shared| is_file(program, shared))
    }

    /// The path of its program, without quotes and arguments.
    pub fn program(&self) -> &str {
        if self.path.starts_with(SVCHOST) {
            return SVCHOST;
        }
        match self.path.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or(quoted),
            None => {
                let bytes = self.path.as_bytes();
                let is_suffix = |four: &[u8]| four[0] == b'.' && four.eq_ignore_ascii_case(b".exe");
                let end = bytes.windows(4).position(is_suffix).map_or(bytes.len(), |at| at + 4);
                self.path.get(..end).unwrap_or(&self.path)
            }
        }
    }

    /// Whether its program has this file name.
    fn is_of(&self, file: &str) -> bool {
        is_file(self.program(), file)
    }

    /// Whether it is the service of a short name, in any case.
    pub fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn of_row(row: &Row) -> Self {
        let path = match row.program.strip_prefix("-k ") {
            Some(group) => format!("{SVCHOST} -k {group}").into(),
            None => Cow::Borrowed(row.program),
        };
        Self {
            name: row.name.into(),
            display_name: row.display_name.into(),
            description: row.description.into(),
            path,
            account: row.account.into(),
            depends_on: row.depends_on.iter().copied().map(Cow::Borrowed).collect(),
            status: ServiceStatus::Stopped,
            start_type: row.start_type,
            is_delayed: row.is_delayed,
            controls: row.controls,
            process_id: 0,
            started: None,
        }
    }

    /// Whether the service's program runs once for all services with this command line: most groups of svchost are
    /// split into one process for each service.
    fn joins(&self) -> bool {
        let groups = ["DcomLaunch", "rpcss", "LocalServiceNoNetworkFirewall", "iissvcs"];
        let arguments = self.path.get(self.program().len()..).and_then(|rest| rest.strip_prefix(" -k "));
        let group = arguments.and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        self.is_of("lsass.exe") || groups.iter().any(|joined| joined.eq_ignore_ascii_case(group))
    }
}

/// Whether a path ends with this file name.
fn is_file(path: &str, file: &str) -> bool {
    let path = path.as_bytes();
    let Some((folder, name)) = path.split_at_checked(path.len().wrapping_sub(file.len())) else { return false };
    name.eq_ignore_ascii_case(file.as_bytes()) && folder.last().is_none_or(|last| *last == b'\\')
}

pub(super) fn draw(host: &Host) -> Vec<Service> {
    let mut rng = host.rng("services");
    let rows = || COMMON.iter().chain(of_role(host.role()));
    let stopped = host.has(Illness::ServiceStopped).then(|| {
        let of_role = of_role(host.role()).iter().filter(|row| row.start_type == Automatic);
        let candidates: Vec<_> = MISSED.into_iter().chain(of_role.map(|row| row.name)).collect();
        rng.pick(&candidates)
    });
    let mut all: Vec<_> = rows()
        .map(|row| {
            let flip = row.start_type == Manual && !VITAL.contains(&row.name) && rng.chance(200);
            // Software Protection is automatic and stops by itself: on real hosts too it disturbs naive checks.
            let is_running = row.runs != flip && stopped != Some(row.name);
            let status = if is_running { ServiceStatus::Running } else { ServiceStatus::Stopped };
            Service { status, ..Service::of_row(row) }
        })
        .collect();
    all.sort_by_cached_key(|service| service.name.to_ascii_lowercase());
    control::stop_without_base(&mut all);
    give_processes(host, &mut all);
    all
}

/// Gives each running service its process, and takes it from the others.
pub(super) fn give_processes(host: &Host, services: &mut [Service]) {
    let mut rng = host.rng("process ids");
    let mut next = FIRST_SERVICE_ID;
    for place in 0..services.len() {
        next += 4 * rng.between(3, 40) as u32;
        let service = &services[place];
        let id = if !service.is_active() {
            0
        } else if service.is_of("lsass.exe") {
            processes::lsass_id(host)
        } else {
            control::joined(&services[..place], service).unwrap_or(next)
        };
        services[place].process_id = id;
        services[place].started = None;
    }
}

/// How a service is after a restart of the machine: automatic ones run.
pub(super) fn status_at_start(service: &Service, drawn: &[Service]) -> ServiceStatus {
    match service.start_type {
        Automatic if service.name == "sppsvc" => ServiceStatus::Stopped,
        Automatic => ServiceStatus::Running,
        Disabled => ServiceStatus::Stopped,
        Manual => {
            let before = drawn.iter().find(|other| other.name == service.name);
            before.map_or(ServiceStatus::Stopped, |other| other.status)
        }
    }
}
