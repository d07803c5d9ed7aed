//! Scheduled tasks and their parts as objects.

use super::super::super::machine::{Task, TaskLogon, Trigger};
use super::super::super::value::Val;
use super::super::cdxml::CimClass;

const NAMESPACE: &str = "Root/Microsoft/Windows/TaskScheduler";

// Source: learn.microsoft.com, MSFT_ScheduledTask and its parts (Task Scheduler WMI provider).
pub(super) const TASK: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_ScheduledTask",
    properties: &[
        "Actions",
        "Author",
        "Date",
        "Description",
        "Documentation",
        "Principal",
        "SecurityDescriptor",
        "Settings",
        "Source",
        "TaskName",
        "TaskPath",
        "Triggers",
        "URI",
        "Version",
    ],
};
pub(super) const ACTION: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_TaskExecAction",
    properties: &["Id", "Arguments", "Execute", "WorkingDirectory"],
};
pub(super) const PRINCIPAL: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_TaskPrincipal2",
    properties: &["DisplayName", "GroupId", "Id", "LogonType", "RunLevel", "UserId", "ProcessTokenSidType"],
};
const SETTINGS: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_TaskSettings3",
    properties: &["AllowDemandStart", "AllowHardTerminate", "Enabled", "ExecutionTimeLimit", "Hidden", "Priority"],
};
const DAILY: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_TaskDailyTrigger",
    properties: &[
        "Enabled",
        "EndBoundary",
        "ExecutionTimeLimit",
        "Id",
        "Repetition",
        "StartBoundary",
        "DaysInterval",
        "RandomDelay",
    ],
};
const WEEKLY: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_TaskWeeklyTrigger",
    properties: &[
        "Enabled",
        "EndBoundary",
        "ExecutionTimeLimit",
        "Id",
        "Repetition",
        "StartBoundary",
        "DaysOfWeek",
        "RandomDelay",
        "WeeksInterval",
    ],
};
const BOOT: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_TaskBootTrigger",
    properties: &["Enabled", "EndBoundary", "ExecutionTimeLimit", "Id", "Repetition", "StartBoundary", "Delay"],
};
pub(super) const INFO: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_TaskDynamicInfo",
    properties: &["LastRunTime", "LastTaskResult", "NextRunTime", "NumberOfMissedRuns", "TaskName", "TaskPath"],
};

/// The trigger, which begins at `start`.
pub(super) fn trigger(trigger: Trigger, start: &str) -> Val {
    let (class, minute, cycle) = match trigger {
        Trigger::Never => return Val::Null,
        Trigger::Boot => (&BOOT, None, Val::Null),
        Trigger::Daily(minute) => (&DAILY, Some(minute), Val::U16(1)),
        Trigger::Weekly(day, minute) => (&WEEKLY, Some(minute), Val::U16(1 << day)),
    };
    let boundary = match minute {
        Some(_) if !start.is_empty() => Val::str(start),
        Some(minute) => Val::str(format!("2024-01-01T{:02}:{:02}:00", minute / 60, minute % 60)),
        None => Val::Null,
    };
    let mut values = vec![Val::Bool(true), Val::Null, Val::Null, Val::Null, Val::Null, boundary, cycle];
    if matches!(trigger, Trigger::Weekly(..)) {
        values.extend([Val::Null, Val::U16(1)]);
    }
    Val::list("Microsoft.Management.Infrastructure.CimInstance[]", vec![class.instance(&class.schema(), values)])
}

pub(super) fn object(task: &Task) -> Val {
    let text = |text: &str| if text.is_empty() { Val::Null } else { Val::str(text) };
    let action = vec![Val::Null, text(&task.arguments), text(&task.execute), text(&task.folder)];
    let logon = match task.logon {
        TaskLogon::Password => "Password",
        TaskLogon::S4U => "S4U",
        TaskLogon::Interactive => "Interactive",
        TaskLogon::Group => "Group",
        TaskLogon::ServiceAccount => "ServiceAccount",
    };
    let is_group = task.logon == TaskLogon::Group;
    let account = |wanted: bool| if wanted { text(&task.user) } else { Val::Null };
    let types = "Microsoft.PowerShell.Cmdletization.GeneratedTypes.ScheduledTask";
    let principal = vec![
        Val::Null,
        account(is_group),
        Val::str("Author"),
        Val::of_enum(format!("{types}.LogonTypeEnum"), logon, task.logon as i32),
        Val::of_enum(
            format!("{types}.RunLevelEnum"),
            if task.is_elevated { "Highest" } else { "Limited" },
            i32::from(task.is_elevated),
        ),
        account(!is_group),
    ];
    let settings = vec![
        Val::Bool(true),
        Val::Bool(true),
        Val::Bool(task.is_enabled),
        Val::str("PT72H"),
        Val::Bool(false),
        Val::I32(7),
    ];
    let values = vec![
        Val::list("Microsoft.Management.Infrastructure.CimInstance[]", vec![ACTION.instance(&ACTION.schema(), action)]),
        text(&task.author),
        Val::Null,
        text(&task.description),
        Val::Null,
        PRINCIPAL.instance(&PRINCIPAL.schema(), principal),
        Val::Null,
        SETTINGS.instance(&SETTINGS.schema(), settings),
        Val::Null,
        Val::str(task.name.as_str()),
        Val::str(task.path.as_str()),
        trigger(task.trigger, &task.start),
        Val::str(format!("{}{}", task.path, task.name)),
        Val::Null,
    ];
    let object = TASK.instance(&TASK.schema(), values);
    if let Val::Object(object) = &object {
        let state = if task.is_enabled { ("Ready", 3) } else { ("Disabled", 1) };
        object.set_note("State", Val::of_enum(format!("{types}.StateEnum"), state.0, state.1));
    }
    object
}
