//! Processes: those of the system, those of its services, and those that scripts start.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;

use super::{Host, Machine, Rng, Role, Service};

/// A process.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// Name without `.exe`.
    pub name: Cow<'static, str>,
    /// Process id.
    pub id: u32,
    /// The process that started it.
    pub parent_id: u32,
    /// Where its program is; empty for those of the kernel.
    pub path: Cow<'static, str>,
    /// The program with its arguments.
    pub command_line: Cow<'static, str>,
    /// The account that it runs as.
    pub user: Cow<'static, str>,
    /// Working set in bytes.
    pub working_set: u64,
    /// Private bytes.
    pub private_bytes: u64,
    /// Handles.
    pub handles: u32,
    /// Threads.
    pub threads: u32,
    /// Processor time used.
    pub cpu: Duration,
    /// Session id.
    pub session: u32,
    /// When it started.
    pub started: Timestamp,
    /// Time since then.
    pub age: Duration,
}

/// What scripts changed about processes that are not those of services.
#[derive(Debug, Clone, Default)]
pub(super) struct Changes {
    gone: Vec<u32>,
    started: Vec<Started>,
    last_id: u32,
}

#[derive(Debug, Clone)]
struct Started {
    id: u32,
    path: String,
    command_line: String,
    at: Timestamp,
    /// When it ends by itself.
    until: Option<Timestamp>,
}

const SYSTEM: &str = "NT AUTHORITY\\SYSTEM";
const SYSTEM32: &str = "C:\\Windows\\System32\\";

/// Processes of the system: name, place of the parent in this table, account, session.
#[rustfmt::skip]
const CORE: &[(&str, usize, &str, u32)] = &[
    ("System", 0, SYSTEM, 0),
    ("Registry", 0, SYSTEM, 0),
    ("smss", 0, SYSTEM, 0),
    ("csrss", 2, SYSTEM, 0),
    ("wininit", 2, SYSTEM, 0),
    ("csrss", 2, SYSTEM, 1),
    ("winlogon", 2, SYSTEM, 1),
    ("services", 4, SYSTEM, 0),
    ("lsass", 4, SYSTEM, 0),
    ("fontdrvhost", 4, "Font Driver Host\\UMFD-0", 0),
    ("fontdrvhost", 6, "Font Driver Host\\UMFD-1", 1),
    ("LogonUI", 6, SYSTEM, 1),
    ("dwm", 6, "Window Manager\\DWM-1", 1),
];
const SERVICES: usize = 7;
const LSASS: usize = 8;

/// Ids of the services' processes are above those of [`CORE`].
pub(super) const FIRST_SERVICE_ID: u32 = 1400;

/// Ids of processes that are neither the system's nor services' are above all of those.
const FIRST_OTHER_ID: u32 = 16_000;

const BEFORE_OTHERS: u32 = FIRST_OTHER_ID - 4000;

/// Other processes: name, account, folder under `C:\Windows`; the first is the one that the sessions run in.
const OTHERS: &[(&str, &str, &str)] = &[
    ("wsmprovhost", "SANDBOX\\sandbox", "System32"),
    ("conhost", SYSTEM, "System32"),
    ("WmiPrvSE", "NT AUTHORITY\\NETWORK SERVICE", "System32\\wbem"),
];

fn of_role(role: Role) -> &'static [(&'static str, &'static str, &'static str)] {
    match role {
        Role::Web => &[
            ("inetinfo", SYSTEM, "System32\\inetsrv"),
            ("w3wp", "IIS APPPOOL\\DefaultAppPool", "System32\\inetsrv"),
            ("w3wp", "IIS APPPOOL\\Shop", "System32\\inetsrv"),
        ],
        Role::App => &[("dotnet", "SANDBOX\\svc-orders", "..\\Program Files\\dotnet")],
        Role::Sql | Role::File | Role::DomainController => &[],
    }
}

fn core_id(host: &Host, place: usize) -> u32 {
    let mut rng = host.rng("core process ids");
    let (base, step) = (rng.between(70, 110) as u32, rng.between(9, 17) as u32);
    match place {
        0 => 4,
        1 => 4 * (base / 4),
        _ => 4 * (base + place as u32 * step),
    }
}

pub(super) fn lsass_id(host: &Host) -> u32 {
    core_id(host, LSASS)
}

/// The id of the first process of the system with this name.
pub(super) fn id_of_core(host: &Host, name: &str) -> u32 {
    core_id(host, CORE.iter().position(|(own, ..)| *own == name).unwrap_or_default())
}

/// When the machine started, how long ago that is, and the time of its clock.
struct Times {
    boot: Timestamp,
    up: Duration,
    now: Timestamp,
}

impl Times {
    /// A time after the start.
    fn after(&self, time: Duration) -> Timestamp {
        self.boot.checked_add(time).unwrap_or(self.boot).min(self.now)
    }
}

/// Sizes and times that belong to a process: drawn from its name and id.
struct Sizes(Rng);

impl Sizes {
    fn process(mut self, name: Cow<'static, str>, id: u32, started: Timestamp, times: &Times) -> Process {
        let age = times.now.duration_since(started).unsigned_abs();
        let rng = &mut self.0;
        let big = matches!(&*name, "sqlservr" | "w3wp" | "MsMpEng" | "lsass" | "Contoso.Orders" | "dotnet");
        let megabytes = if big { rng.between(90, 1400) } else { rng.between(3, 60) };
        let working_set = (megabytes << 20) + (rng.between(0, 255) << 12);
        Process {
            name,
            id,
            parent_id: 0,
            path: "".into(),
            command_line: "".into(),
            user: SYSTEM.into(),
            working_set,
            private_bytes: working_set / 10 * rng.between(6, 13),
            handles: rng.between(60, 1500) as u32,
            threads: rng.between(2, if big { 80 } else { 20 }) as u32,
            cpu: age.mul_f64(rng.between(1, if big { 400 } else { 20 }) as f64 / 100_000.0),
            session: 0,
            started,
            age,
        }
    }
}

fn sizes(host: &Host, name: &str, id: u32) -> Sizes {
    Sizes(host.rng(&format!("process {name} {id}")))
}

/// The name of a program: its file without `.exe`.
pub(super) fn stem(path: &str) -> &str {
    let file = path.rsplit('\\').next().unwrap_or(path);
    let end = file.len().saturating_sub(4);
    if file.get(end..).is_some_and(|end| end.eq_ignore_ascii_case(".exe")) { &file[..end] } else { file }
}

fn core(host: &Host, times: &Times) -> Vec<Process> {
    let process = |(place, &(name, parent, user, session)): (usize, &(&'static str, usize, &'static str, u32))| {
        let id = core_id(host, place);
        let path = if place < 2 { Cow::Borrowed("") } else { format!("{SYSTEM32}{name}.exe").into() };
        let drawn = sizes(host, name, id).process(
            name.into(),
            id,
            times.after(Duration::from_millis(400 * place as u64)),
            times,
        );
        let parent_id = if place == 0 { 0 } else { core_id(host, parent) };
        Process { parent_id, command_line: path.clone(), path, user: user.into(), session, ..drawn }
    };
    let idle = sizes(host, "Idle", 0).process("Idle".into(), 0, times.boot, times);
    let busy = (host.processor_load(times.now) as f64 / 100.0).min(0.99);
    let idle = Process {
        working_set: 8 << 10,
        private_bytes: 60 << 10,
        handles: 0,
        threads: host.processors(),
        cpu: times.up.mul_f64(f64::from(host.processors()) * (1.0 - busy)),
        ..idle
    };
    let mut all: Vec<_> = CORE.iter().enumerate().map(process).collect();
    if let Some(system) = all.first_mut() {
        (system.working_set, system.private_bytes, system.cpu) = (144 << 10, 40 << 10, times.up / 400);
    }
    all.push(idle);
    all
}

/// The processes of services, one for those that share it.
fn of_services(host: &Host, services: &[Service], times: &Times, all: &mut Vec<Process>) {
    for service in services.iter().filter(|service| service.process_id != 0) {
        if all.iter().any(|process| process.id == service.process_id) {
            continue;
        }
        let name = stem(service.program()).to_owned();
        let id = service.process_id;
        let started =
            service.started.unwrap_or_else(|| times.after(Duration::from_millis(9_000 + u64::from(id % 400) * 90)));
        let drawn = sizes(host, &name, id).process(name.into(), id, started, times);
        let user = match &*service.account {
            "LocalSystem" => SYSTEM.into(),
            "NT AUTHORITY\\LocalService" => "NT AUTHORITY\\LOCAL SERVICE".into(),
            "NT AUTHORITY\\NetworkService" => "NT AUTHORITY\\NETWORK SERVICE".into(),
            other => Cow::Owned(other.to_owned()),
        };
        all.push(Process {
            parent_id: core_id(host, SERVICES),
            path: service.program().to_owned().into(),
            command_line: service.path.clone(),
            user,
            ..drawn
        });
    }
}

/// Those came at some time before the sandbox started; after a restart, soon after that.
fn others(machine: &Machine, times: &Times, all: &mut Vec<Process>) {
    let host = &machine.host;
    let before = host.now(machine.since).duration_since(times.boot);
    let span = if before.is_positive() { before.unsigned_abs() } else { Duration::from_secs(60) };
    let mut rng = host.rng("other processes");
    let mut id = BEFORE_OTHERS;
    for &(name, user, folder) in OTHERS.iter().chain(of_role(host.role())) {
        id += 4 * rng.between(3, 90) as u32;
        let started = times.after(span.mul_f64(rng.between(1, 99) as f64 / 100.0));
        let path = match folder.strip_prefix("..\\") {
            Some(folder) => format!("C:\\{folder}\\{name}.exe"),
            None => format!("C:\\Windows\\{folder}\\{name}.exe"),
        };
        let drawn = sizes(host, name, id).process(name.into(), id, started, times);
        let parent_id = core_id(host, SERVICES);
        all.push(Process {
            parent_id,
            command_line: path.clone().into(),
            path: path.into(),
            user: user.into(),
            ..drawn
        });
    }
}

fn started(host: &Host, changes: &Changes, times: &Times, all: &mut Vec<Process>) {
    for new in changes.started.iter().filter(|new| new.until.is_none_or(|until| until > times.now)) {
        let name = stem(&new.path).to_owned();
        let drawn = sizes(host, &name, new.id).process(name.into(), new.id, new.at, times);
        all.push(Process {
            path: new.path.clone().into(),
            command_line: new.command_line.clone().into(),
            user: "SANDBOX\\sandbox".into(),
            ..drawn
        });
    }
}

/// At most this many processes of scripts with so many bytes of their texts are kept; the oldest ones end.
const MOST_STARTED: usize = 500;
const MOST_TEXT: usize = 1 << 20;

impl Changes {
    fn text_bytes(&self) -> usize {
        self.started.iter().map(|new| new.path.len() + new.command_line.len()).sum()
    }
}

impl Process {
    /// The name of its file; those of the kernel have no extension.
    pub fn image(&self) -> String {
        match &*self.name {
            "Idle" => "System Idle Process".into(),
            "System" | "Registry" => self.name.to_string(),
            name => format!("{name}.exe"),
        }
    }

    /// Whether nobody may end it: the system falls with it, or it guards itself.
    pub fn is_guarded(&self) -> bool {
        GUARDED.contains(&&*self.name)
    }

    /// Whether the system itself stops when it ends.
    pub fn is_critical(&self) -> bool {
        CRITICAL.contains(&&*self.name)
    }
}

const GUARDED: [&str; 9] = ["Idle", "System", "Registry", "smss", "csrss", "wininit", "services", "lsass", "MsMpEng"];
const CRITICAL: [&str; 4] = ["smss", "csrss", "wininit", "services"];

impl Machine {
    /// Its processes, by name, at a time of its own clock.
    pub fn processes(&self, now: Timestamp) -> Vec<Process> {
        let times = Times { boot: self.boot_time(), up: self.uptime(now), now };
        let changes = self.processes.read(Changes::default);
        let mut all = core(&self.host, &times);
        of_services(&self.host, &self.services(), &times, &mut all);
        others(self, &times, &mut all);
        started(&self.host, &changes, &times, &mut all);
        all.retain(|process| !changes.gone.contains(&process.id));
        all.sort_by_cached_key(|process| (process.name.to_ascii_lowercase(), process.id));
        all
    }

    /// The id of the first process of the system with this name, the same for as long as the machine is there.
    pub fn system_process_id(&self, name: &str) -> u32 {
        id_of_core(&self.host, name)
    }

    /// The process that the sessions run in: `$PID`.
    pub fn session_process_id(&self) -> u32 {
        BEFORE_OTHERS + 4 * self.host.rng("other processes").between(3, 90) as u32
    }

    /// The highest id that a process had; the next gets one above.
    pub(super) fn last_process_id(&self) -> u32 {
        match self.processes.read(Changes::default).last_id {
            0 => FIRST_OTHER_ID + 4 * self.host.rng("later process ids").between(0, 400) as u32,
            last => last,
        }
    }

    /// Takes the ids up to this one.
    pub(super) fn use_process_ids(&self, last: u32) {
        self.processes.change(Changes::default, |changes| changes.last_id = changes.last_id.max(last));
    }

    /// Starts a program; `runs` is how long it runs, if it ends by itself. Gives the process's id.
    pub fn start_process(&self, path: &str, command_line: &str, runs: Option<Duration>, now: Timestamp) -> u32 {
        let id = self.last_process_id() + 4;
        self.use_process_ids(id);
        let until = runs.and_then(|runs| now.checked_add(runs).ok());
        let new = Started { id, path: path.into(), command_line: command_line.into(), at: now, until };
        self.processes.change(Changes::default, |changes| {
            changes.started.push(new);
            while changes.started.len() > MOST_STARTED || changes.text_bytes() > MOST_TEXT && changes.started.len() > 1
            {
                changes.started.remove(0);
            }
        });
        id
    }

    /// Ends a process; services in it are stopped with it. Gives the names of those.
    pub fn end_process(&self, id: u32, now: Timestamp) -> Vec<Cow<'static, str>> {
        let is_of_service = self.services().iter().any(|service| service.process_id == id);
        if is_of_service {
            let fallen = self.change_services(|services| super::services::crash(services, id));
            fallen.iter().for_each(|service| self.note_crash(service, now));
            return fallen.into_iter().map(|service| service.name).collect();
        }
        self.processes.change(Changes::default, |changes| match changes.started.iter().position(|new| new.id == id) {
            Some(place) => drop(changes.started.remove(place)),
            None => changes.gone.push(id),
        });
        Vec::new()
    }

    /// Ends those of these processes that scripts started and that still run.
    pub fn end_started(&self, ids: &[u32]) {
        self.processes.change(Changes::default, |changes| changes.started.retain(|new| !ids.contains(&new.id)));
    }

    /// After a restart all processes are new.
    pub(super) fn forget_processes(&self) {
        self.processes.change(Changes::default, |changes| {
            *changes = Changes { last_id: changes.last_id, ..Changes::default() };
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::Timestamp;

    use super::Machine;

    #[test]
    fn processes_follow_services_and_scripts() {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        for index in 0..10 {
            let machine = Machine::draw(1, index, now);
            let all = machine.processes(now);
            assert_eq!(all.iter().map(|process| process.id).collect::<HashSet<_>>().len(), all.len());
            assert!(all.len() > 40, "{}", all.len());
            let own = all.iter().find(|process| process.id == machine.session_process_id());
            assert_eq!(own.expect("a process").name, "wsmprovhost");
            let has = |name: &str| machine.processes(now).iter().any(|process| process.name == name);
            let _ = machine.start_service("Spooler", now);
            assert!(has("spoolsv"));
            machine.stop_service("Spooler", true, now).expect("it stops");
            assert!(!has("spoolsv"));
            let id = machine.start_process("C:\\Windows\\notepad.exe", "notepad", None, now);
            assert!(has("notepad"));
            machine.end_process(id, now);
            assert!(!has("notepad"));
        }
    }

    #[test]
    fn processes_start_once() {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        let machine = Machine::draw(1, 0, now);
        let starts = |at: Timestamp| -> Vec<_> {
            machine.processes(at).into_iter().map(|process| (process.id, process.started)).collect()
        };
        let later = now.checked_add(jiff::SignedDuration::from_hours(900)).expect("a valid time");
        assert_eq!(starts(machine.host().now(now)), starts(later));
        machine.restart(later);
        assert!(machine.processes(later).iter().all(|process| process.started >= later));
    }

    #[test]
    fn a_service_falls_with_its_process() {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        let machine = Machine::draw(1, 0, now);
        let _ = machine.start_service("Spooler", now);
        let of_spooler = || machine.services().iter().find(|service| service.name == "Spooler").cloned();
        let id = of_spooler().expect("a service").process_id;
        assert_eq!(machine.end_process(id, now), ["Spooler"]);
        assert!(!of_spooler().expect("a service").is_active());
    }
}
