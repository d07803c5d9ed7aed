//! Start-Process, for the programs that the sandbox knows by name.

use std::time::Duration;

use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::{Bound, object, wait_for};

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
fn program(file: &str) -> Option<(String, Option<Duration>)> {
    let wanted = file.trim_matches('"').to_ascii_lowercase();
    let wanted = wanted.strip_suffix(".exe").unwrap_or(&wanted);
    let is_it = |(name, folder, _): &&(&str, &str, _)| {
        *name == wanted || format!("{folder}\\{name}").eq_ignore_ascii_case(wanted)
    };
    let (name, folder, seconds) = PROGRAMS.iter().find(is_it)?;
    Some((format!("{folder}\\{name}.exe"), seconds.map(Duration::from_secs)))
}

/// A program among the machine's files, which does its work in a moment.
fn own_program(evaluator: &Evaluator<'_>, file: &str) -> Option<(String, Option<Duration>)> {
    let path = file.trim_matches('"');
    let end = path.len().checked_sub(4)?;
    let is_program = path.get(end..).is_some_and(|end| end.eq_ignore_ascii_case(".exe"));
    let files = evaluator.machine.files();
    let found = files.find(path).is_some_and(|found| !found.is_folder());
    (is_program && found).then(|| (path.to_owned(), Some(Duration::from_secs(3))))
}

/// Characters of a command line.
const MOST_ARGUMENTS: usize = 32_000;

pub(super) fn start(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let file = bound.text("FilePath").unwrap_or_default();
    let Some((path, runs)) = program(&file).or_else(|| own_program(evaluator, &file)) else {
        // Source: PowerShell 7 on Windows, from public transcripts.
        let message = format!(
            "This command cannot be run due to the error: An error occurred trying to start process '{file}' with working \
             directory 'C:\\Users\\sandbox\\Documents'. The system cannot find the file specified."
        );
        let record = ErrorRecord::new("System.InvalidOperationException", message, "InvalidOperationException", 7);
        return Err(record.into());
    };
    let arguments = bound.texts("ArgumentList").join(" ");
    if arguments.encode_utf16().count() > MOST_ARGUMENTS {
        let message = format!(
            "This command cannot be run due to the error: An error occurred trying to start process '{file}' with working \
             directory 'C:\\Users\\sandbox\\Documents'. The filename or extension is too long."
        );
        let record = ErrorRecord::new("System.InvalidOperationException", message, "InvalidOperationException", 7);
        return Err(record.into());
    }
    let target = format!("{path} {arguments}");
    if !evaluator.should_process(bound, target.trim(), "Start-Process")? {
        return Ok(());
    }
    let command_line = format!("\"{path}\" {arguments}");
    let id = evaluator.machine.start_process(&path, command_line.trim(), runs, evaluator.host_time());
    evaluator.state.started.push(id);
    let all = evaluator.machine.processes(evaluator.host_time());
    let object = all.iter().find(|process| process.id == id).map(|process| object::of(evaluator, process, false));
    if bound.switch("Wait") {
        wait_for(evaluator, &[id], None)?;
        object.iter().for_each(|object| object::mark_ended(object, id));
    }
    match object.filter(|_| bound.switch("PassThru")) {
        Some(object) => out.put(evaluator, object),
        None => Ok(()),
    }
}
