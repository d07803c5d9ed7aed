//! Programs that are started by name, and those whose start would have to do something.

use std::time::Duration;

use super::errors::ErrorRecord;

/// Programs of Windows: name, folder, and how many seconds they run; nothing if until somebody ends them.
const PROGRAMS: [(&str, &str, Option<u64>); 21] = [
    ("calc", "C:\\Windows\\System32", None),
    ("certutil", "C:\\Windows\\System32", Some(1)),
    ("cleanmgr", "C:\\Windows\\System32", Some(20)),
    ("cmd", "C:\\Windows\\System32", Some(1)),
    ("defrag", "C:\\Windows\\System32", Some(30)),
    ("dism", "C:\\Windows\\System32", Some(30)),
    ("explorer", "C:\\Windows", None),
    ("gpupdate", "C:\\Windows\\System32", Some(5)),
    ("ipconfig", "C:\\Windows\\System32", Some(1)),
    ("mmc", "C:\\Windows\\System32", None),
    ("msiexec", "C:\\Windows\\System32", Some(10)),
    ("mspaint", "C:\\Windows\\System32", None),
    ("notepad", "C:\\Windows\\System32", None),
    ("ping", "C:\\Windows\\System32", Some(4)),
    ("powershell", "C:\\Windows\\System32\\WindowsPowerShell\\v1.0", Some(2)),
    ("regedit", "C:\\Windows", None),
    ("robocopy", "C:\\Windows\\System32", Some(3)),
    ("sfc", "C:\\Windows\\System32", Some(60)),
    ("taskmgr", "C:\\Windows\\System32", None),
    ("timeout", "C:\\Windows\\System32", Some(5)),
    ("wusa", "C:\\Windows\\System32", Some(30)),
];

/// The path of a program by its name or path, and how long it runs.
pub(super) fn find(file: &str) -> Option<(String, Option<Duration>)> {
    let wanted = file.trim_matches('"').to_ascii_lowercase();
    let wanted = wanted.strip_suffix(".exe").unwrap_or(&wanted);
    let is_it = |(name, folder, _): &&(&str, &str, _)| {
        *name == wanted || format!("{folder}\\{name}").eq_ignore_ascii_case(wanted)
    };
    let (name, folder, seconds) = PROGRAMS.iter().find(is_it)?;
    Some((format!("{folder}\\{name}.exe"), seconds.map(Duration::from_secs)))
}

/// Whether Windows has a program of this name or path.
pub(super) fn is_known(file: &str) -> bool {
    find(file).is_some()
}

/// Programs that run others, or change the machine by what their arguments say.
const DOERS: [&str; 12] = [
    "certutil",
    "cmd",
    "cscript",
    "dism",
    "msiexec",
    "powershell",
    "pwsh",
    "regedit",
    "regsvr32",
    "robocopy",
    "wscript",
    "wusa",
];

/// Refuses to start a program whose effect the sandbox has not: an exit code of 0 would say that it has happened.
///
/// # Errors
/// It is one of them, and has arguments.
pub(super) fn check_effect(program: &str, arguments: &str) -> Result<(), ErrorRecord> {
    let name = program.trim_matches('"').rsplit(['\\', '/']).next().unwrap_or_default().to_ascii_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    if arguments.trim().is_empty() || !DOERS.contains(&name) {
        return Ok(());
    }
    Err(ErrorRecord::unsupported(&format!("what {name} does by its arguments, so nothing was started")))
}
