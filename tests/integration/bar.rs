//! The progress bar on a terminal, with real PowerShell behind it.

use std::path::Path;
use std::process::Command;

use crate::support::folder::Folder;
use crate::support::pwsh;

#[test]
fn the_bar_shows_remote_progress_and_leaves_nothing_behind() {
    let Some(pwsh) = pwsh() else { return };
    let home = Folder::new("bar");
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/bar_terminal.py");
    let script = "Write-Progress -Activity Copying -Status 'file 2' -PercentComplete 30; Start-Sleep 3; 'a'; 'b'";
    let mut command = Command::new("python3");
    command.arg(driver).args(["localhost: Copying: file 2, 30 %", env!("CARGO_BIN_EXE_psfleet")]);
    command.args(["run", "-t", "localhost", "--transport", "local", "-o", "text", script, "--pwsh"]).arg(pwsh);
    command.current_dir(home.path()).env_clear().env("HOME", home.path()).env("TERM", "xterm").env("COLUMNS", "120");
    let output = command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).output().expect("python3");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stdout}\n{stderr}");
    let lines: Vec<&str> = stdout.lines().collect();
    let [running, who, first, second, totals] = lines[..] else { panic!("{stdout}") };
    assert_eq!((running, first, second), ("1 running:", "a", "b"), "{stdout}");
    assert!(who.starts_with("  localhost") && who.ends_with("s  script runs: Copying: file 2, 30 %"), "{stdout}");
    assert!(totals.starts_with("1 target: 1 ok in "), "{stdout}");
}
