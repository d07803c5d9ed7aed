//! What methods do to the machine.

use super::super::convert::{self, text};
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::machine::{Refusal, StartType};
use super::super::programs;
use super::super::value::{Obj, Val};
use super::schema::Class;

/// What became of a call.
pub(in super::super) enum Outcome {
    /// Out parameters and the return value.
    Done(Vec<(&'static str, Val)>),
    /// The class has no method of this name.
    NoSuchMethod,
}

/// A call, as the methods see it.
struct Call<'a> {
    object: Option<&'a Obj>,
    args: &'a [(String, Val)],
}

impl Call<'_> {
    fn arg(&self, name: &str) -> Option<&Val> {
        self.args.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// A property of the object that the method is called on.
    fn own(&self, name: &str) -> String {
        self.object.and_then(|object| object.get(name)).map_or_else(String::new, |value| text(&value))
    }
}

/// Calls a method of a class, or of an object of it.
pub(in super::super) fn invoke(
    evaluator: &mut Evaluator<'_>,
    class: &'static Class,
    object: Option<&Obj>,
    method: &str,
    args: &[(String, Val)],
) -> Run<Outcome> {
    let Some(known) = class.methods.iter().find(|own| own.name.eq_ignore_ascii_case(method)) else {
        return Ok(Outcome::NoSuchMethod);
    };
    let call = Call { object, args };
    let value = match (class.name, known.name) {
        ("Win32_Service", "StartService") => {
            returned(evaluator.machine.start_service(&call.own("Name"), evaluator.host_time()))
        }
        ("Win32_Service", "StopService") => {
            returned(evaluator.machine.stop_service(&call.own("Name"), false, evaluator.host_time()).map(|_| ()))
        }
        ("Win32_Service", "PauseService") => returned(evaluator.machine.pause_service(&call.own("Name"))),
        ("Win32_Service", "ResumeService") => returned(evaluator.machine.continue_service(&call.own("Name"))),
        ("Win32_Service", "Delete") => returned(evaluator.machine.delete_service(&call.own("Name"))),
        ("Win32_Process", "Create") => return Ok(Outcome::Done(create_process(evaluator, &call)?)),
        ("Win32_Process", "Terminate") => terminate(evaluator, &call),
        ("Win32_Service", "ChangeStartMode") => change_start_mode(evaluator, &call),
        ("Win32_Service", "InterrogateService") => 0,
        ("Win32_OperatingSystem", "Reboot") => shut_down(evaluator, 2),
        ("Win32_OperatingSystem", "Shutdown") => shut_down(evaluator, 1),
        ("Win32_OperatingSystem", "Win32Shutdown" | "Win32ShutdownTracker") => {
            let flags = call.arg("Flags").map_or(Ok(0), convert::index)?;
            shut_down(evaluator, flags)
        }
        ("Win32_Process", "GetOwner") => {
            let (domain, user) = owner(evaluator, &call);
            return Ok(Outcome::Done(vec![
                ("Domain", Val::str(domain)),
                ("User", Val::str(user)),
                ("ReturnValue", Val::U32(0)),
            ]));
        }
        (class, method) => {
            return Err(ErrorRecord::unsupported(&format!("the method {method} of {class}")).into());
        }
    };
    Ok(Outcome::Done(vec![("ReturnValue", Val::U32(value))]))
}

/// Return values of Win32_Service's methods.
/// Source: learn.microsoft.com, StartService method of the Win32_Service class.
fn returned(done: Result<(), Refusal>) -> u32 {
    match done {
        Ok(()) => 0,
        Err(Refusal::HasDependents) => 3,
        Err(Refusal::NotRunning | Refusal::NotAccepted | Refusal::HoldsSessions) => 5,
        Err(Refusal::Missing) => 7,
        Err(Refusal::AlreadyRunning) => 10,
        Err(Refusal::BaseFailed) => 13,
        Err(Refusal::Disabled) => 14,
        Err(Refusal::Exists) => 23,
        Err(Refusal::Full) => 8,
    }
}

fn change_start_mode(evaluator: &Evaluator<'_>, call: &Call<'_>) -> u32 {
    let mode = match call.arg("StartMode").map(|mode| text(mode).to_ascii_lowercase()).as_deref() {
        Some("automatic" | "auto") => StartType::Automatic,
        Some("manual") => StartType::Manual,
        Some("disabled") => StartType::Disabled,
        _ => return 21,
    };
    returned(
        evaluator
            .machine
            .configure_service(&call.own("Name"), evaluator.host_time(), |service| service.start_type = mode),
    )
}

const MOST_COMMAND: usize = 32_767;

/// Starts a program, which runs until somebody ends it.
fn create_process(evaluator: &Evaluator<'_>, call: &Call<'_>) -> Run<Vec<(&'static str, Val)>> {
    let command = call.arg("CommandLine").map_or_else(String::new, text);
    let program = match command.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default(),
        None => command.split_whitespace().next().unwrap_or_default(),
    };
    // A command line has at most so many characters.
    if program.is_empty() || command.len() > MOST_COMMAND {
        return Ok(vec![("ProcessId", Val::Null), ("ReturnValue", Val::U32(21))]);
    }
    programs::check_effect(program, command[program.len()..].trim_start_matches('"'))?;
    let path = match program.contains('\\') {
        true => program.to_owned(),
        false => format!("C:\\Windows\\System32\\{}.exe", program.trim_end_matches(".exe")),
    };
    // 9: the path is not found. Of the programs of Windows not all are among the machine's files.
    let is_of_windows = programs::is_known(program);
    if !is_of_windows && evaluator.machine.files().find(&path).is_none_or(|found| found.is_folder()) {
        return Ok(vec![("ProcessId", Val::Null), ("ReturnValue", Val::U32(9))]);
    }
    let id = evaluator.machine.start_process(&path, &command, None, evaluator.host_time());
    Ok(vec![("ProcessId", Val::U32(id)), ("ReturnValue", Val::U32(0))])
}

/// 2 is access denied, as for processes of the kernel.
fn terminate(evaluator: &Evaluator<'_>, call: &Call<'_>) -> u32 {
    let Ok(id) = call.own("ProcessId").parse() else { return 9 };
    let now = evaluator.host_time();
    match evaluator.machine.processes(now).iter().find(|process| process.id == id) {
        None => 9,
        Some(process) if process.is_guarded() => 2,
        Some(_) => {
            evaluator.machine.end_process(id, now);
            0
        }
    }
}

/// Flags: 0 logs off, 1 shuts down, 2 restarts, 8 powers off; 4 with one of them forces.
/// Source: learn.microsoft.com, Win32Shutdown method of the Win32_OperatingSystem class.
fn shut_down(evaluator: &mut Evaluator<'_>, flags: i64) -> u32 {
    match flags & !4 {
        0 => {}
        2 => evaluator.runtime.shut_down(true),
        _ => evaluator.runtime.shut_down(false),
    }
    0
}

/// Domain and name of the account that a process runs as.
fn owner(evaluator: &Evaluator<'_>, call: &Call<'_>) -> (String, String) {
    let id = call.own("ProcessId");
    let processes = evaluator.machine.processes(evaluator.host_time());
    let user = processes.iter().find(|process| process.id.to_string() == id).map(|process| process.user.clone());
    let user = user.unwrap_or_default();
    let (domain, name) = user.split_once('\\').unwrap_or(("", &user));
    (domain.to_owned(), name.to_owned())
}
