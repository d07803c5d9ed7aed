//! Scheduled tasks.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Host, Illness, Machine, Role};

/// A scheduled task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its folder, with a backslash at both ends.
    pub path: String,
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Who made it.
    pub author: String,
    /// The account that it runs as.
    pub user: String,
    /// The program.
    pub execute: String,
    /// The program's arguments.
    pub arguments: String,
    /// The folder that it starts in.
    pub folder: String,
    /// Whether it runs with all rights that its account has.
    pub is_elevated: bool,
    /// How its account logs on.
    pub logon: TaskLogon,
    /// When it runs.
    pub trigger: Trigger,
    /// From when on it does, with its distance from UTC; empty if that was long ago.
    pub start: String,
    /// Whether it may run.
    pub is_enabled: bool,
    /// When a script started it.
    pub started: Option<Timestamp>,
    /// What its last run returned.
    pub result: u32,
}

/// How the account of a task logs on, with the numbers of the Task Scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskLogon {
    /// With a password that is kept.
    Password = 1,
    /// Without a password, for local work.
    S4U = 2,
    /// While the user is there.
    Interactive = 3,
    /// As any member of a group.
    Group = 4,
    /// As a service.
    ServiceAccount = 5,
}

/// When a task runs; times are the host's local ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// When somebody starts it.
    Never,
    /// With the system.
    Boot,
    /// Each day, at a minute of the day.
    Daily(u32),
    /// Each week: day from Sunday (0), minute of the day.
    Weekly(u32, u32),
}

/// The result of a task that has not run yet.
pub const NOT_RUN: u32 = 267_011;

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

impl Trigger {
    /// The length of its cycle in seconds, and the offset in it.
    fn cycle(self) -> Option<(i64, i64)> {
        match self {
            Self::Never | Self::Boot => None,
            Self::Daily(minute) => Some((DAY, i64::from(minute) * MINUTE)),
            // 1970-01-01 was a Thursday.
            Self::Weekly(day, minute) => Some((7 * DAY, (i64::from(day) + 3) % 7 * DAY + i64::from(minute) * MINUTE)),
        }
    }
}

/// Why a task was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskRefusal {
    /// There is one of this name.
    Exists,
    /// The sandbox keeps no more of a host.
    Full,
}

/// Tasks that a host keeps, and bytes of all their texts.
const MOST_TASKS: usize = 1_000;
const MOST_TEXT: usize = 1 << 20;

impl Task {
    fn text_bytes(&self) -> usize {
        let texts = [&self.path, &self.name, &self.description, &self.author, &self.user, &self.execute];
        texts.into_iter().chain([&self.arguments, &self.folder, &self.start]).map(String::len).sum()
    }

    /// When it ran last, if ever.
    pub fn last_run(&self, machine: &Machine, now: Timestamp) -> Option<Timestamp> {
        let by_trigger = match self.trigger.cycle() {
            Some((length, offset)) if self.is_enabled && self.result != NOT_RUN => {
                let shift = i64::from(machine.host.utc_offset_minutes()) * MINUTE;
                let since = (now.as_second() + shift - offset).rem_euclid(length);
                now.checked_sub(SignedDuration::from_secs(since)).ok()
            }
            _ if self.trigger == Trigger::Boot && self.result != NOT_RUN => Some(machine.boot_time()),
            _ => None,
        };
        by_trigger.max(self.started)
    }

    /// When it runs next by its trigger.
    pub fn next_run(&self, machine: &Machine, now: Timestamp) -> Option<Timestamp> {
        let (length, offset) = self.trigger.cycle().filter(|_| self.is_enabled)?;
        let shift = i64::from(machine.host.utc_offset_minutes()) * MINUTE;
        // Before its start it does not run.
        let start = self.start.parse::<Timestamp>().ok();
        let before = start.and_then(|start| start.checked_sub(SignedDuration::from_secs(1)).ok());
        let now = before.map_or(now, |before| before.max(now));
        let since = (now.as_second() + shift - offset).rem_euclid(length);
        now.checked_add(SignedDuration::from_secs(length - since)).ok()
    }
}

/// A task as it is installed: path, name, account, program, arguments, trigger.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str, Trigger);

const SYSTEM: &str = "SYSTEM";
const LOCAL: &str = "LOCAL SERVICE";
const POWERSHELL: &str = "powershell.exe";

use Trigger::{Boot, Daily, Never, Weekly};

/// Source: public listings of Get-ScheduledTask on Windows Server.
#[rustfmt::skip]
const WINDOWS: [Row; 24] = [
    ("\\Microsoft\\Windows\\.NET Framework\\", ".NET Framework NGEN v4.0.30319 64", SYSTEM, "", "", Never),
    ("\\Microsoft\\Windows\\Application Experience\\", "Microsoft Compatibility Appraiser", SYSTEM, "%windir%\\system32\\compattelrunner.exe", "", Daily(180)),
    ("\\Microsoft\\Windows\\Autochk\\", "Proxy", SYSTEM, "%windir%\\system32\\rundll32.exe", "/d acproxy.dll,PerformAutochkOperations", Boot),
    ("\\Microsoft\\Windows\\CertificateServicesClient\\", "SystemTask", SYSTEM, "", "", Boot),
    ("\\Microsoft\\Windows\\Chkdsk\\", "ProactiveScan", SYSTEM, "", "", Never),
    ("\\Microsoft\\Windows\\Customer Experience Improvement Program\\", "Consolidator", SYSTEM, "%SystemRoot%\\System32\\wsqmcons.exe", "", Daily(360)),
    ("\\Microsoft\\Windows\\Data Integrity Scan\\", "Data Integrity Scan", SYSTEM, "", "", Weekly(6, 1380)),
    ("\\Microsoft\\Windows\\Defrag\\", "ScheduledDefrag", SYSTEM, "%windir%\\system32\\defrag.exe", "-c -h -k -g -$", Weekly(3, 60)),
    ("\\Microsoft\\Windows\\Diagnosis\\", "Scheduled", SYSTEM, "", "", Never),
    ("\\Microsoft\\Windows\\DiskCleanup\\", "SilentCleanup", "Users", "%windir%\\system32\\cleanmgr.exe", "/autoclean /d %systemdrive%", Never),
    ("\\Microsoft\\Windows\\MemoryDiagnostic\\", "RunFullMemoryDiagnostic", "Administrators", "", "", Never),
    ("\\Microsoft\\Windows\\NetTrace\\", "GatherNetworkInfo", "Users", "%windir%\\system32\\gatherNetworkInfo.vbs", "", Never),
    ("\\Microsoft\\Windows\\Server Manager\\", "CleanupOldPerfLogs", SYSTEM, "%systemroot%\\system32\\cscript.exe", "/B /nologo %systemroot%\\system32\\calluxxprovider.vbs $(Arg0) $(Arg1) $(Arg2)", Never),
    ("\\Microsoft\\Windows\\Server Manager\\", "ServerManager", "Administrators", "%windir%\\system32\\ServerManagerLauncher.exe", "", Never),
    ("\\Microsoft\\Windows\\SoftwareProtectionPlatform\\", "SvcRestartTask", "NETWORK SERVICE", "", "", Daily(252)),
    ("\\Microsoft\\Windows\\Task Manager\\", "Interactive", "INTERACTIVE", "", "", Never),
    ("\\Microsoft\\Windows\\Time Synchronization\\", "SynchronizeTime", LOCAL, "%windir%\\system32\\sc.exe", "start w32time task_started", Weekly(0, 60)),
    ("\\Microsoft\\Windows\\Time Zone\\", "SynchronizeTimeZone", SYSTEM, "%windir%\\system32\\tzsync.exe", "", Never),
    ("\\Microsoft\\Windows\\UpdateOrchestrator\\", "Reboot", SYSTEM, "%systemroot%\\system32\\MusNotification.exe", "RebootDialog", Never),
    ("\\Microsoft\\Windows\\UpdateOrchestrator\\", "Schedule Scan", SYSTEM, "%systemroot%\\system32\\usoclient.exe", "StartScan", Daily(1115)),
    ("\\Microsoft\\Windows\\Windows Defender\\", "Windows Defender Cache Maintenance", SYSTEM, "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.25080.5-0\\MpCmdRun.exe", "-IdleTask -TaskName WdCacheMaintenance", Never),
    ("\\Microsoft\\Windows\\Windows Defender\\", "Windows Defender Scheduled Scan", SYSTEM, "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.25080.5-0\\MpCmdRun.exe", "Scan -ScheduleJob -ScanTrigger 55 -IdleScheduledJob", Daily(121)),
    ("\\Microsoft\\Windows\\WindowsUpdate\\", "Scheduled Start", SYSTEM, "C:\\Windows\\system32\\sc.exe", "start wuauserv", Daily(987)),
    ("\\Microsoft\\Windows\\Wininet\\", "CacheTask", "Users", "", "", Never),
];

/// Tasks that the fleet's owners made.
#[rustfmt::skip]
const CUSTOM: [Row; 3] = [
    ("\\Contoso\\", "Clean temp folders", SYSTEM, POWERSHELL, "-NoProfile -File C:\\Scripts\\Clear-Temp.ps1", Daily(150)),
    ("\\Contoso\\", "Nightly inventory", "SANDBOX\\svc-monitor", POWERSHELL, "-NoProfile -File C:\\Scripts\\Send-Inventory.ps1", Daily(75)),
    ("\\Contoso\\", "Weekly health report", "SANDBOX\\svc-monitor", POWERSHELL, "-NoProfile -File C:\\Scripts\\New-HealthReport.ps1", Weekly(1, 390)),
];

fn of_role(role: Role) -> Row {
    match role {
        Role::Web => (
            "\\Contoso\\",
            "Rotate web logs",
            SYSTEM,
            POWERSHELL,
            "-NoProfile -File C:\\Scripts\\Move-WebLog.ps1",
            Daily(15),
        ),
        Role::App => (
            "\\Contoso\\",
            "Export orders",
            "SANDBOX\\svc-orders",
            "C:\\Program Files\\Contoso\\Orders\\export.exe",
            "/daily",
            Daily(330),
        ),
        Role::Sql => (
            "\\Contoso\\",
            "Copy SQL backups",
            "SANDBOX\\svc-backup",
            "robocopy.exe",
            "D:\\Backup \\\\file001\\sqlbackup /mir",
            Daily(240),
        ),
        Role::File => (
            "\\Contoso\\",
            "Storage report",
            SYSTEM,
            POWERSHELL,
            "-NoProfile -File C:\\Scripts\\New-StorageReport.ps1",
            Weekly(5, 1200),
        ),
        Role::DomainController => (
            "\\Contoso\\",
            "Check replication",
            SYSTEM,
            POWERSHELL,
            "-NoProfile -File C:\\Scripts\\Test-Replication.ps1",
            Daily(420),
        ),
    }
}

/// The task that fails on a host with [`Illness::TaskFailed`], with its folder.
pub(super) fn failing(host: &Host) -> String {
    let (path, name, ..) = custom(host)[failing_place(host)];
    format!("{path}{name}")
}

fn failing_place(host: &Host) -> usize {
    host.rng("failing task").between(0, CUSTOM.len() as u64) as usize
}

fn custom(host: &Host) -> Vec<Row> {
    CUSTOM.into_iter().chain([of_role(host.role())]).collect()
}

pub(super) fn draw(host: &Host) -> Vec<Task> {
    let mut rng = host.rng("tasks");
    let failing = host.has(Illness::TaskFailed).then(|| failing_place(host));
    let mut all = Vec::new();
    for (place, (path, name, user, execute, arguments, trigger)) in custom(host).into_iter().enumerate() {
        let result = if failing == Some(place) { rng.pick(&[1, 0x8007_0001, 0x8007_0002, 0x8007_0005]) } else { 0 };
        all.push(Task {
            author: "SANDBOX\\sandbox".into(),
            result,
            ..task(path, name, user, execute, arguments, trigger)
        });
    }
    for (path, name, user, execute, arguments, trigger) in WINDOWS {
        let is_enabled =
            !matches!(name, "RunFullMemoryDiagnostic" | "ProactiveScan" | "Consolidator") && !rng.chance(40);
        let result = if trigger == Never { NOT_RUN } else { 0 };
        all.push(Task {
            author: "Microsoft Corporation".into(),
            is_enabled,
            result,
            ..task(path, name, user, execute, arguments, trigger)
        });
    }
    all
}

/// Whether an account is one of those that services have.
fn is_service(user: &str) -> bool {
    [SYSTEM, LOCAL, "NETWORK SERVICE"].iter().any(|own| own.eq_ignore_ascii_case(user))
}

fn task(path: &str, name: &str, user: &str, execute: &str, arguments: &str, trigger: Trigger) -> Task {
    Task {
        path: path.into(),
        name: name.into(),
        description: String::new(),
        author: String::new(),
        user: user.into(),
        execute: execute.into(),
        arguments: arguments.into(),
        folder: String::new(),
        is_elevated: is_service(user),
        logon: match user {
            user if is_service(user) => TaskLogon::ServiceAccount,
            "Users" | "Administrators" | "INTERACTIVE" => TaskLogon::Group,
            _ => TaskLogon::Password,
        },
        trigger,
        start: String::new(),
        is_enabled: true,
        started: None,
        result: 0,
    }
}

impl Machine {
    /// Its scheduled tasks.
    pub fn tasks(&self) -> Arc<Vec<Task>> {
        self.tasks.read(|| draw(&self.host))
    }

    /// Runs a task to its end; `false` if there is none or it is disabled.
    pub fn run_task(&self, path: &str, name: &str, now: Timestamp) -> bool {
        let ran = self.change_tasks(|tasks| {
            let is_it = |task: &&mut Task| task.path == path && task.name == name && task.is_enabled;
            let task = tasks.iter_mut().find(is_it)?;
            task.started = Some(now);
            if task.result == NOT_RUN {
                task.result = 0;
            }
            Some(task.clone())
        });
        if let Some(task) = &ran {
            self.note_task(task, now);
        }
        ran.is_some()
    }

    /// Adds a task, in the place of the one of its name if it `replaces` that.
    ///
    /// # Errors
    /// [`TaskRefusal`]
    pub fn add_task(&self, task: Task, replaces: bool) -> Result<(), TaskRefusal> {
        self.change_tasks(|tasks| {
            let key = |task: &Task| (task.path.to_lowercase(), task.name.to_lowercase());
            let own = key(&task);
            let old = tasks.iter().position(|other| key(other) == own);
            if old.is_some() && !replaces {
                return Err(TaskRefusal::Exists);
            }
            let others = tasks.iter().enumerate().filter(|(place, _)| Some(*place) != old).map(|(_, task)| task);
            let bytes: usize = others.chain([&task]).map(Task::text_bytes).sum();
            if bytes > MOST_TEXT || old.is_none() && tasks.len() >= MOST_TASKS {
                return Err(TaskRefusal::Full);
            }
            if let Some(place) = old {
                tasks.remove(place);
            }
            tasks.push(task);
            tasks.sort_by_cached_key(key);
            Ok(())
        })
    }

    /// Changes its scheduled tasks.
    pub fn change_tasks<R>(&self, change: impl FnOnce(&mut Vec<Task>) -> R) -> R {
        self.tasks.change(|| draw(&self.host), change)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::Illness;
    use super::{MOST_TASKS, MOST_TEXT, Machine, NOT_RUN, Task, TaskRefusal, Trigger};

    #[test]
    fn failed_tasks_are_where_they_are_told() {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        for index in 0..300 {
            let machine = Machine::draw(1, index, now);
            let failed = machine.tasks().iter().any(|task| !matches!(task.result, 0 | NOT_RUN));
            assert_eq!(failed, machine.host().has(Illness::TaskFailed), "{index}");
        }
    }

    #[test]
    fn tasks_have_an_end() {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        let machine = Machine::draw(1, 0, now);
        let model = machine.tasks()[0].clone();
        assert_eq!(machine.add_task(model.clone(), false), Err(TaskRefusal::Exists));
        let long = Task { description: "x".repeat(MOST_TEXT), ..model.clone() };
        assert_eq!(machine.add_task(long, true), Err(TaskRefusal::Full));
        let named = |place: usize| Task { name: format!("own {place}"), ..model.clone() };
        assert!((0..MOST_TASKS).any(|place| machine.add_task(named(place), false) == Err(TaskRefusal::Full)));
        assert_eq!((machine.tasks().len(), machine.add_task(model, true)), (MOST_TASKS, Ok(())));
    }

    #[test]
    fn runs_lie_on_the_trigger() {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        let machine = Machine::draw(1, 0, now);
        let tasks = machine.tasks();
        let weekly = tasks.iter().find(|task| matches!(task.trigger, Trigger::Weekly(..))).expect("a task");
        let (last, next) = (weekly.last_run(&machine, now), weekly.next_run(&machine, now));
        let (last, next) = (last.expect("a run"), next.expect("a run"));
        assert_eq!(next.as_second() - last.as_second(), 7 * 86_400);
        assert!(last <= now && now < next);
    }
}
