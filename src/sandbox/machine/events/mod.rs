//! Event logs: what the last 30 days left in them, and what scripts add.

mod data;
mod draw;
mod kinds;
mod known;
mod story;

use std::borrow::Cow;
use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::{LocalGroup, LocalUser, Machine, Member, Service, StartType, Task, domain_sid};
pub use data::Place;
pub use kinds::{EventKind, Level};

/// An entry of an event log.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number in the log.
    pub record_id: u64,
    /// What kind of event it is.
    pub kind: EventKind,
    /// When it was written, on the host's clock.
    pub at: Timestamp,
    /// What fills the places of the kind's text.
    pub values: Vec<Cow<'static, str>>,
}

/// An event log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventLog {
    /// Its name, as in `System`.
    pub name: &'static str,
    /// Whether `Get-EventLog` knows it.
    pub is_classic: bool,
    /// How large it may grow, in bytes.
    pub max_bytes: u64,
}

const fn log(name: &'static str, is_classic: bool, max_mib: u64) -> EventLog {
    EventLog { name, is_classic, max_bytes: max_mib << 20 }
}

/// The logs of a host. Sizes are those of a fresh Windows Server.
pub const LOGS: [EventLog; 17] = [
    log("Application", true, 20),
    log("HardwareEvents", true, 20),
    log("Internet Explorer", true, 1),
    log("Key Management Service", true, 20),
    log("Security", true, 20),
    log("System", true, 20),
    log("Windows PowerShell", true, 15),
    log("Setup", false, 1),
    log("ForwardedEvents", false, 20),
    log("Microsoft-Windows-GroupPolicy/Operational", false, 4),
    log("Microsoft-Windows-PowerShell/Operational", false, 15),
    log("Microsoft-Windows-PrintService/Operational", false, 1),
    log("Microsoft-Windows-TaskScheduler/Operational", false, 10),
    log("Microsoft-Windows-TerminalServices-LocalSessionManager/Operational", false, 1),
    log("Microsoft-Windows-Windows Defender/Operational", false, 16),
    log("Microsoft-Windows-WindowsUpdateClient/Operational", false, 1),
    log("Microsoft-Windows-WinRM/Operational", false, 1),
];

/// What scripts changed about the logs.
#[derive(Debug, Clone, Default)]
pub(super) struct Written {
    /// Logs that were emptied, with the time.
    cleared: Vec<(&'static str, Timestamp)>,
    events: VecDeque<Event>,
    /// Bytes of the values of those.
    bytes: usize,
    /// Sources that scripts registered: log and name.
    sources: Vec<(&'static str, String)>,
    /// How many entries were written to each log, those that are gone again among them.
    counts: Vec<(&'static str, u64)>,
}

/// At most this many entries of scripts with so many bytes are kept; older ones go, as in a full log.
const MOST_WRITTEN: usize = 4000;
const MOST_BYTES: usize = 2 << 20;
/// Sources that scripts may register.
const MOST_SOURCES: usize = 200;
/// Bytes that the name of a source may have.
const MOST_NAME: usize = 254;

/// Why a source was not registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceRefusal {
    /// There is one of this name.
    Exists,
    /// The sandbox keeps no more of a host.
    Full,
}

impl Written {
    /// Adds an entry; the oldest ones go when there are too many.
    fn push(&mut self, event: Event) {
        self.bytes += event.bytes();
        self.events.push_back(event);
        while self.events.len() > MOST_WRITTEN || self.bytes > MOST_BYTES && self.events.len() > 1 {
            let oldest = self.events.pop_front();
            self.bytes -= oldest.map_or(0, |event| event.bytes());
        }
    }
}

impl Event {
    fn bytes(&self) -> usize {
        self.values.iter().map(|value| value.len()).sum()
    }

    /// The text of the entry.
    pub fn message(&self) -> String {
        let mut text = String::new();
        let mut rest: &str = &self.kind.text;
        while let Some(at) = rest.find('%') {
            text += &rest[..at];
            let after = &rest[at + 1..];
            let digits = after.find(|next: char| !next.is_ascii_digit()).unwrap_or(after.len());
            match after[..digits].parse::<usize>().ok().filter(|place| *place > 0) {
                Some(place) => text += self.values.get(place - 1).map_or("", |value| value),
                None => text.push('%'),
            }
            rest = &after[digits..];
        }
        text + rest
    }
}

/// The log of a name, in any case.
pub fn log_named(name: &str) -> Option<&'static EventLog> {
    LOGS.iter().find(|log| log.name.eq_ignore_ascii_case(name))
}

impl Machine {
    /// The entries of a log, oldest first.
    pub fn events(&self, log: &EventLog) -> Vec<Event> {
        let written = self.written.read(Written::default);
        let cleared = written.cleared.iter().rev().find(|(name, _)| *name == log.name).map(|(_, at)| *at);
        let mut all = draw::events(self, log.name);
        if let Some(cleared) = cleared {
            all.retain(|event| event.at > cleared);
        }
        let is_new = |event: &&Event| event.kind.log == log.name && cleared.is_none_or(|cleared| event.at >= cleared);
        all.extend(written.events.iter().filter(is_new).cloned());
        all
    }

    /// Writes an entry to its log.
    pub fn write_event(&self, kind: impl Into<EventKind>, values: Vec<Cow<'static, str>>, at: Timestamp) {
        let kind: EventKind = kind.into();
        let log = kind.log;
        let drawn = self.first_free_record(log);
        self.written.change(Written::default, |written| {
            let place = written.counts.iter().position(|(name, _)| *name == log).unwrap_or_else(|| {
                written.counts.push((log, 0));
                written.counts.len() - 1
            });
            let count = &mut written.counts[place].1;
            let record_id = drawn + *count;
            *count += 1;
            written.push(Event { record_id, kind, at, values });
        });
    }

    /// Empties a log.
    pub fn clear_log(&self, log: &EventLog, now: Timestamp) {
        self.written.change(Written::default, |written| {
            written.cleared.retain(|(name, _)| *name != log.name);
            written.cleared.push((log.name, now));
            written.events.retain(|event| event.kind.log != log.name);
            written.bytes = written.events.iter().map(Event::bytes).sum();
        });
        let kind = if log.name == "Security" { known::AUDIT_LOG_CLEARED } else { known::LOG_CLEARED };
        let user = ["sandbox".into(), "SANDBOX".into(), log.name.into()];
        self.write_event(kind, user.into(), now);
    }

    /// Registers a source of a log.
    ///
    /// # Errors
    /// [`SourceRefusal`]
    pub fn add_source(&self, log: &EventLog, source: &str) -> Result<(), SourceRefusal> {
        if self.source_log(source).is_some() {
            return Err(SourceRefusal::Exists);
        }
        self.written.change(Written::default, |written| {
            if written.sources.len() >= MOST_SOURCES || source.len() > MOST_NAME {
                return Err(SourceRefusal::Full);
            }
            written.sources.push((log.name, source.to_owned()));
            Ok(())
        })
    }

    /// The log that a source writes to.
    pub fn source_log(&self, source: &str) -> Option<&'static str> {
        let written = self.written.read(Written::default);
        let of_scripts = written.sources.iter().find(|(_, name)| name.eq_ignore_ascii_case(source));
        let of_scripts = of_scripts.map(|(log, _)| *log);
        of_scripts.or_else(|| known::all().find(|kind| kind.is_of(source)).map(|kind| kind.log))
    }

    /// All sources with the logs that they write to, by name.
    pub fn sources(&self) -> Vec<(Cow<'static, str>, &'static str)> {
        let written = self.written.read(Written::default);
        let of_scripts = written.sources.iter().map(|(log, name)| (Cow::Owned(name.clone()), *log));
        let mut all: Vec<_> =
            known::all().map(|kind| (Cow::Borrowed(kind.provider), kind.log)).chain(of_scripts).collect();
        all.sort_by_cached_key(|(name, log)| (name.to_lowercase(), *log));
        all.dedup();
        all
    }

    /// The service control manager notes what became of a service.
    pub(super) fn note_service(&self, service: &Service, state: &'static str, now: Timestamp) {
        let values = vec![service.display_name.clone(), state.into()];
        self.write_event(known::SERVICE_STATE, values, now);
    }

    /// The service control manager notes that a service fell with its process.
    pub(super) fn note_crash(&self, service: &Service, now: Timestamp) {
        let values = vec![service.display_name.clone(), "1".into()];
        self.write_event(known::SERVICE_CRASHED, values, now);
    }

    /// The service control manager notes another start type.
    pub(super) fn note_start_type(&self, service: &Service, before: StartType, now: Timestamp) {
        let name = |start| match start {
            StartType::Automatic => "auto start",
            StartType::Manual => "demand start",
            StartType::Disabled => "disabled",
        };
        let (from, to) = (name(before).into(), name(service.start_type).into());
        let values = vec![service.display_name.clone(), from, to, service.name.clone()];
        self.write_event(known::START_TYPE, values, now);
    }

    /// The service control manager notes a new service.
    pub(super) fn note_installed(&self, service: &Service, now: Timestamp) {
        let start = if service.start_type == StartType::Automatic { "auto start" } else { "demand start" };
        let values = vec![
            service.display_name.clone(),
            service.path.clone(),
            "user mode service".into(),
            start.into(),
            service.account.clone(),
        ];
        self.write_event(known::SERVICE_INSTALLED, values, now);
    }

    /// The task scheduler notes a run.
    pub(super) fn note_task(&self, task: &Task, now: Timestamp) {
        let name: Cow<'static, str> = format!("{}{}", task.path, task.name).into();
        let instance = "{0c2b4c1f-7d51-4a2e-9a5e-5f6f0f7c112f}";
        let values = vec![name.clone(), task.user.clone().into(), instance.into()];
        self.write_event(known::TASK_STARTED, values, now);
        let values = vec![name, instance.into(), task.execute.clone().into(), task.result.to_string().into()];
        self.write_event(known::TASK_DONE, values, now);
    }

    /// The security audit notes a new user.
    pub(super) fn note_user(&self, user: &LocalUser, now: Timestamp) {
        let computer: Cow<'static, str> = self.host.name().to_uppercase().into();
        let values = vec![
            user.name.clone().into(),
            computer,
            user.sid.clone().into(),
            domain_sid("sandbox").into(),
            "sandbox".into(),
            "SANDBOX".into(),
        ];
        self.write_event(known::USER_CREATED, values, now);
    }

    /// The security audit notes a new member of a group.
    pub(super) fn note_member(&self, group: &LocalGroup, member: &Member, now: Timestamp) {
        let mut values: Vec<Cow<'static, str>> = vec![member.name.clone().into(), member.sid.clone().into()];
        values.extend([group.name.clone().into(), "Builtin".into(), group.sid.clone().into()]);
        values.extend([domain_sid("sandbox").into(), "sandbox".into(), "SANDBOX".into()]);
        self.write_event(known::MEMBER_ADDED, values, now);
    }

    /// The system notes a restart that a script asked for.
    pub(super) fn note_restart(&self, now: Timestamp) {
        let before = now.checked_sub(SignedDuration::from_secs(6)).unwrap_or(now);
        for (kind, values) in story::shut_down(&self.host, "SANDBOX\\sandbox") {
            self.write_event(kind, values, before);
        }
        for (kind, values) in story::start(&self.host, now) {
            self.write_event(kind, values, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::Illness;
    use super::{LOGS, MOST_BYTES, Machine, log_named};

    fn since() -> Timestamp {
        Timestamp::from_second(1_790_000_000).expect("a valid time")
    }

    #[test]
    fn logs_are_full_and_in_order() {
        let machine = Machine::draw(1, 0, since());
        for log in &LOGS {
            let events = machine.events(log);
            let by_time = events.windows(2).all(|pair| pair[0].at <= pair[1].at);
            let by_id = events.windows(2).all(|pair| pair[0].record_id < pair[1].record_id);
            assert!(by_time && by_id, "{}", log.name);
            let last = events.iter().all(|event| event.at <= machine.host().now(since()));
            assert!(last, "{}", log.name);
        }
        for name in ["System", "Application", "Security"] {
            let events = machine.events(log_named(name).expect("a log"));
            assert!(events.len() >= 200, "{name}: {}", events.len());
            assert!(events.iter().all(|event| !event.message().contains('%')), "{name}");
        }
    }

    #[test]
    fn illnesses_leave_traces() {
        let ill = |illness| {
            (0..400)
                .map(|index| Machine::draw(1, index, since()))
                .find(|machine| machine.host().has(illness))
                .expect("an ill host")
        };
        for (illness, log, id) in [
            (Illness::ServiceStopped, "System", 7034),
            (Illness::OldPatches, "System", 20),
            (Illness::DiskFull, "System", 2013),
            (Illness::TaskFailed, "Microsoft-Windows-TaskScheduler/Operational", 201),
            (Illness::OddAdministrator, "Security", 4732),
            (Illness::CertificateExpiring, "Application", 64),
            (Illness::ClockSkewed, "System", 36),
        ] {
            let events = ill(illness).events(log_named(log).expect("a log"));
            assert!(events.iter().any(|event| event.kind.id == id), "{illness}");
        }
    }

    #[test]
    fn logs_of_scripts_have_an_end() {
        let machine = Machine::draw(1, 0, since());
        let log = log_named("Application").expect("a log");
        let kind = machine.events(log)[0].kind.clone();
        let drawn = machine.events(log).len();
        for _ in 0..100 {
            machine.write_event(kind.clone(), vec!["x".repeat(MOST_BYTES / 10).into()], since());
        }
        let events = machine.events(log);
        assert_eq!(events.len(), drawn + 10);
        assert!(events.windows(2).all(|pair| pair[0].record_id < pair[1].record_id));
    }

    #[test]
    fn what_scripts_do_is_noted() {
        let machine = Machine::draw(1, 0, since());
        let system = log_named("System").expect("a log");
        let before = machine.events(system).len();
        let _ = machine.stop_service("Spooler", true, since());
        machine.start_service("Spooler", since()).expect("it starts");
        let events = machine.events(system);
        let last = events.last().expect("an event");
        assert!(events.len() > before);
        assert_eq!(last.message(), "The Print Spooler service entered the running state.");
        assert_eq!(last.record_id, events[events.len() - 2].record_id + 1);
        machine.restart(since());
        assert!(machine.events(system).iter().any(|event| event.kind.id == 6005 && event.at == since()));
        machine.clear_log(system, since());
        assert_eq!(machine.events(system).len(), 1);
    }
}
