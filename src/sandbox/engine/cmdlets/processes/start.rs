//! Start-Process, for the programs that the sandbox knows by name.

use std::time::Duration;

use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::programs;
use super::{Bound, object, wait_for};

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
    let arguments = bound.texts("ArgumentList").join(" ");
    programs::check_effect(&file, &arguments)?;
    let Some((path, runs)) = programs::find(&file).or_else(|| own_program(evaluator, &file)) else {
        // Source: PowerShell 7 on Windows, from public transcripts.
        let message = format!(
            "This command cannot be run due to the error: An error occurred trying to start process '{file}' with working \
             directory 'C:\\Users\\sandbox\\Documents'. The system cannot find the file specified."
        );
        let record = ErrorRecord::new("System.InvalidOperationException", message, "InvalidOperationException", 7);
        return Err(record.into());
    };
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
