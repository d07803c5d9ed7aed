//! `psfleet enter` with real PowerShell: from a pipe over two transports, and on a terminal.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::folder::Folder;
use crate::support::pwsh;
use crate::support::sshd::{Setup, Sshd, user};

const LINES: &str = r#"
1 + 1
$x = 5
$x * 2
Get-Item nope
function f {
"in $($x)"
}
f
Read-Host 'Name'
bob
Write-Host 'red' -ForegroundColor Red
Write-Warning 'careful'
[pscustomobject]@{ A = 1; B = 'x' }
$Host.UI.PromptForChoice('Sure?', 'Go on', @('&Yes', '&No'), 0)
n
$c = Get-Credential
svc
hunter2
$c.UserName + $c.GetNetworkCredential().Password
throw 'trouble'
'still here'
exit 7
'never'
"#;

fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["enter", "--connect-timeout", "60s"]).current_dir(home).env("HOME", home);
    command.env_remove("SSH_AUTH_SOCK").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn typed(command: &mut Command) -> Output {
    let mut child = command.spawn().expect("psfleet starts");
    child.stdin.take().expect("piped").write_all(LINES.as_bytes()).expect("taken");
    child.wait_with_output().expect("psfleet ends")
}

fn assert_conversation(output: &Output) {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(7), "{stdout}\n{stderr}");
    let lines: Vec<&str> = stdout.lines().filter(|line| !line.trim().is_empty()).collect();
    let error = "Get-Item: Cannot find path";
    assert!(lines[2].contains(error), "{stdout}");
    let rest: Vec<&str> = lines.iter().copied().filter(|line| !line.contains(error)).collect();
    let expected = ["2", "10", "in 5", "bob", "red", "WARNING: careful", "A B", "- -", "1 x", "1", "svchunter2"];
    assert_eq!(rest[..expected.len()], expected, "{stdout}");
    assert!(rest[expected.len()].contains("trouble"), "{stdout}");
    assert_eq!(rest.last(), Some(&"still here"), "{stdout}");
}

#[test]
fn a_conversation_with_a_local_powershell() {
    let Some(pwsh) = pwsh() else { return };
    let home = Folder::new("enter");
    let mut command = command(home.path());
    command.args(["localhost", "--transport", "local", "--pwsh"]).arg(pwsh);
    assert_conversation(&typed(&mut command));
}

#[test]
fn a_conversation_over_ssh() {
    let Some(pwsh) = pwsh() else { return };
    let Some(server) = Sshd::start(&Setup::with_powershell(&pwsh)) else { return };
    let mut command = command(&server.file(""));
    command.arg(format!("ssh://{}@127.0.0.1:{}", user(), server.port));
    command.arg("--identity").arg(server.user_key()).arg("--known-hosts").arg(server.known_hosts());
    assert_conversation(&typed(&mut command));
}

#[test]
fn ctrl_c_stops_what_runs_and_nothing_else() {
    let Some(pwsh) = pwsh() else { return };
    let home = Folder::new("enter");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/enter_terminal.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["enter", "localhost", "--transport", "local", "--pwsh"]).arg(pwsh);
    command.current_dir(home.path()).env("HOME", home.path()).env("TERM", "xterm");
    let output = command.output().expect("python3");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(5), "{stdout}\n{stderr}");
}

#[test]
fn more_than_one_host_is_refused() {
    let home = Folder::new("enter");
    let mut command = command(home.path());
    let output = command.args(["h[1-3]", "--transport", "ssh"]).output().expect("psfleet ends");
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("h[1-3] names 3 hosts; enter takes one"), "{stderr}");
}

#[test]
fn objects_that_nobody_has_formatted_are_printed_as_powershell_does() {
    let home = Folder::new("enter");
    let mut command = command(home.path());
    command.args(["web001", "-i", concat!(env!("CARGO_MANIFEST_DIR"), "/inventories/sandbox.toml")]);
    let mut child = command.spawn().expect("psfleet starts");
    let lines = "$x = 5\nGet-Service W32Time; $x * 2; Write-Host 'between'; Get-Service W32Time\nexit 3\n";
    child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("taken");
    let output = child.wait_with_output().expect("psfleet ends");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout), @r"

    Status   Name               DisplayName
    ------   ----               -----------
    Running  W32Time            Windows Time
    10

    between

    Status   Name               DisplayName
    ------   ----               -----------
    Running  W32Time            Windows Time

    ");
}
