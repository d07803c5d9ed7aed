//! `psfleet enter` on an endpoint without a language: lines go as commands, as they do with Enter-PSSession.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use super::program;
use crate::support::folder::Folder;
use crate::support::pwsh;

/// Types lines, and returns what was shown.
fn typed(lines: &str) -> Option<Output> {
    let pwsh = pwsh()?;
    let folder = Folder::new("constrained");
    let pwsh = program::with_configuration(folder.path(), &pwsh, &program::configuration());
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["enter", "localhost", "--transport", "local", "--connect-timeout", "60s", "--pwsh"]).arg(pwsh);
    command.current_dir(folder.path()).env("HOME", folder.path());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("psfleet starts");
    child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("taken");
    Some(child.wait_with_output().expect("psfleet ends"))
}

#[test]
fn lines_go_as_commands() {
    let lines = "
Get-Answer -Force 6
Get-Answer 1 | Show-Input; Get-Answer 2
Write-Problem careful
Write-Problem piped | Show-Input
Get-Answer 'a
b' |
Show-Input
# nothing

1 + 1
Get-Answer (
3)
Remove-Item x
Stop-Here
'never'
Get-Answer last
exit 7
Get-Answer never
";
    let Some(output) = typed(lines) else { return };
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(7), "{stdout}\n{stderr}");
    let plain = stdout.lines().filter(|line| !line.starts_with("At ") && !line.starts_with('+'));
    insta::assert_snapshot!(plain.collect::<Vec<_>>().join("\n"), @r"
    answer 6  True
    in answer 1  False
    answer 2  False
    Write-Problem: careful
    after careful
    Write-Problem: piped
    in after piped
    in answer a
    b  False
    This endpoint allows no script text, and the line cannot be sent as commands: line 1, column 1: an expression where a command must be
    answer 3  False
    The term 'Remove-Item' is not recognized as a name of a cmdlet, function, script file, or executable program.
    Check the spelling of the name, or if a path was included, verify that the path is correct and try again.
    CategoryInfo          : ObjectNotFound: (Remove-Item:String) [], CommandNotFoundException
    FullyQualifiedErrorId : CommandNotFoundException
    before
    stopped
    CategoryInfo          : OperationStopped: (stopped:String) [], RuntimeException
    FullyQualifiedErrorId : stopped
    This endpoint allows no script text, and the line cannot be sent as commands: line 1, column 1: an expression where a command must be
    answer last  False
    ");
}

#[test]
fn leaving_by_the_command_ends_the_session() {
    let Some(output) = typed("Get-Answer 1\nExit-PSSession\nGet-Answer 2\n") else { return };
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!((output.status.code(), stdout.trim_end()), (Some(0), "answer 1  False"), "{output:?}");
}
