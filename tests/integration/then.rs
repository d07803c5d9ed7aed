//! Several scripts in one session: `--then`.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use psfleet::sandbox::Options;

use crate::support::folder::Folder;
use crate::support::pwsh;
use crate::support::sandbox::{assert_clean, fleet};

fn psfleet(folder: &Folder, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(args).current_dir(folder.path()).env("HOME", folder.path()).stdin(Stdio::null());
    command.env("PSFLEET_STATE_DIR", folder.path());
    let output = command.output().expect("psfleet starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn variables_and_functions_survive_in_powershell() {
    let Some(pwsh) = pwsh() else { return };
    let folder = Folder::new("then");
    let pwsh = pwsh.to_str().expect("text");
    let run = |args: &[&str]| {
        let line = ["run", "-t", "localhost", "--transport", "local", "--pwsh", pwsh, "--no-input", "-q", "-o", "csv"];
        psfleet(&folder, &[&line[..], args].concat())
    };
    let (code, stdout, stderr) = run(&[
        "param($n) $x = $n; function Get-Twice($v) { 2 * $v }; 'first'",
        "-a",
        "20",
        "--then",
        "$x += $using:more; Write-Error careful",
        "--then",
        "Get-Twice $x; $args.Count",
        "--using",
        "more=1",
    ]);
    let rows: Vec<&str> = stdout.lines().skip(1).collect();
    assert_eq!((code, &rows[..]), (Some(0), &["localhost,first", "localhost,42", "localhost,0"][..]), "{stderr}");
    // A script that fails is the last one; one that ends with a code of its own too.
    for (middle, said) in [("throw 'no'", "script 2 of 3: no"), ("exit 3", "script 2 of 3: exit code 3")] {
        let (code, stdout, stderr) = run(&["'one'", "--then", middle, "--then", "'never'", "-o", "jsonl"]);
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stdout.contains(said) && stdout.contains("one") && !stdout.contains("never"), "{stdout}");
    }
    let (code, stdout, _) = run(&["exit 0", "--then", "'after'"]);
    assert_eq!((code, stdout.contains("after")), (Some(0), true), "{stdout}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_run_is_not_repeated_for_what_cannot() {
    // The slot of the first script's pipeline is never given back, so there is none for the second one.
    let faults = vec!["stuck=2".parse().expect("a fault")];
    let fleet = fleet(Options { hosts: 2, faults, commands_per_shell: 1, ..Options::default() }).await;
    let folder = Folder::new("then-stuck");
    let file = folder.path().join("fleet.toml");
    std::fs::write(&file, fleet.inventory_toml()).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("made private");
    let line = ["run", "--no-input", "-q", "-i", "fleet.toml", "-t", "@all", "--retries", "2", "--retry-delay", "1ms"];
    let (code, stdout, stderr) = psfleet(&folder, &[&line[..], &["-o", "jsonl", "'one'", "--then", "'two'"]].concat());
    assert_eq!(code, Some(1), "{stderr}");
    assert_eq!(stdout.lines().filter(|line| line.contains("\"one\"")).count(), 2, "once on each host: {stdout}");
    assert_eq!(stdout.matches("script 2 of 2: ").count(), 2, "{stdout}");
    fleet.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_host_is_logged_on_to_once() {
    const HOSTS: usize = 6;
    let fleet = fleet(Options { hosts: HOSTS as u32, ..Options::default() }).await;
    let folder = Folder::new("then-fleet");
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).expect("written");
    write("fleet.toml", &fleet.inventory_toml());
    // It holds the password.
    std::fs::set_permissions(folder.path().join("fleet.toml"), std::fs::Permissions::from_mode(0o600))
        .expect("made private");
    write("b.ps1", "\"$env:COMPUTERNAME $x\"");
    let run = |args: &[&str]| {
        psfleet(&folder, &[&["run", "--no-input", "-q", "-i", "fleet.toml", "-t", "@all"], args].concat())
    };
    let before = fleet.stats();
    let (code, stdout, stderr) = run(&["-o", "csv", "$x = 7", "--then", "b.ps1"]);
    assert_eq!((code, stdout.lines().filter(|line| line.ends_with(" 7")).count()), (Some(0), HOSTS), "{stderr}");
    let after = fleet.stats();
    assert_eq!(after.logons - before.logons, HOSTS as u64, "one session for each host");
    // Kept, shown, and run again as a whole.
    let (_, shown, _) = psfleet(&folder, &["runs", "show"]);
    assert!(shown.contains("--then b.ps1"), "{shown}");
    write("b.ps1", "'changed'");
    let (code, again, stderr) = psfleet(&folder, &["run", "--no-input", "-q", "-o", "csv", "--rerun", "last:ok"]);
    assert_eq!((code, again.lines().filter(|line| line.ends_with(" 7")).count()), (Some(0), HOSTS), "{stderr}");
    let (code, plan, _) = run(&["--plan", "$x = 7", "--then", "b.ps1"]);
    assert_eq!(code, Some(0));
    assert!(plan.contains("Then: b.ps1, 1 line"), "{plan}");
    let (code, _, stderr) = run(&["1", "--then", "missing.ps1"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("--then missing.ps1"), "{stderr}");
    assert_clean(fleet).await;
}
