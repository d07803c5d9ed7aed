//! Completions, by the shells themselves.

use std::path::Path;
use std::process::Command;

use crate::support::folder::Folder;
use crate::support::tmux::Tmux;
use crate::support::{pwsh, skip};

const PROGRAM: &str = env!("CARGO_BIN_EXE_psfleet");

/// Names that a shell would do something with, and one that a terminal would.
const INVENTORY: &str = r#"
[groups.web]
hosts = ["front[01-02]"]
labels = { site = "ber", room = "Haus 7" }
[groups.base]
hosts = ["db01"]
labels = { site = "mu\u001b[31mc", room = "x$(touch pwned)'s" }
"#;

fn place() -> Folder {
    let folder = Folder::new("completions");
    std::fs::write(folder.path().join("fleet.toml"), INVENTORY).expect("written");
    folder
}

/// The program, with nothing of ours around it.
fn program(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(args).current_dir(folder).env_clear().env("HOME", folder);
    command
}

/// The answer to a shell that asks what the last of these words could be.
fn answer(folder: &Path, words: &[&str]) -> Vec<String> {
    let output =
        program(folder, &[&["__complete", "fish", "--", "psfleet"], words].concat()).output().expect("psfleet");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn values_are_known_where_they_are_due() {
    let folder = place();
    let found = |words: &[&str]| answer(folder.path(), words).join(" ");
    for (words, expect) in [
        (&["ru"] as &[&str], "run runs"),
        (&["run", "--native"], "--native-errors"),
        (&["run", "-i", "fleet.toml", "-t", "front"], "front01 front02"),
        (&["run", "--inventory=fleet.toml", "--exclude", "@we"], "@web"),
        (&["hosts", "show", "-i", "fleet.toml", "db"], "db01"),
        (&["enter", "-i", "fleet.toml", "d"], "db01"),
        (&["run", "-i", "fleet.toml", "-t", "label:site="], "label:site=ber"),
        (&["run", "-i", "fleet.toml", "--order", "label:s"], "label:site"),
        (&["run", "-t", "a", "-o", "json"], "json jsonl"),
        (&["run", "--transport", "w"], "winrm"),
        (&["run", "--throttle", ""], "auto"),
        (&["run", "-i", "fl"], "fleet.toml"),
        (&["run", "--rerun", "last:failed,time"], "last:failed,timeout"),
        (&["completions", ""], "bash zsh fish powershell"),
        (&["runs", "show", ""], ""),
        (&["run", "-i", "absent.toml", "-t", "x"], ""),
    ] {
        let found = found(words);
        let all: Vec<&str> =
            found.split(' ').filter(|word| !word.starts_with('-') || expect.starts_with('-')).collect();
        assert_eq!(all.join(" "), expect, "{words:?}");
    }
    assert!(!folder.path().join(".local").exists(), "no store is made for completions");
}

#[test]
fn what_a_terminal_would_obey_is_not_among_them() {
    let folder = place();
    let output = program(
        folder.path(),
        &["__complete", "fish", "--", "psfleet", "run", "-i", "fleet.toml", "-t", "label:site="],
    );
    let output = { output }.output().expect("psfleet");
    assert_eq!(String::from_utf8(output.stdout).expect("UTF-8"), "label:site=ber\t\n");
}

#[test]
fn a_script_that_asks_gets_no_error() {
    let folder = place();
    std::fs::write(folder.path().join("psfleet.toml"), "throttle = 'x'\ninventory = [7]").expect("written");
    for words in
        [&["__complete"] as &[&str], &["__complete", "tcsh"], &["__complete", "bash"], &["__complete", "zsh", "--"]]
    {
        let output = program(folder.path(), words).output().expect("psfleet");
        assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
    }
    assert_eq!(answer(folder.path(), &["run", "-i", "fleet.toml", "-t", "front02"]), [""; 0]);
}

/// Types at an interactive shell; each line is completed by a Tab, run, and must print the host.
fn types(shell: &str, start: &[&str], setup: &str, lines: &[(&str, &str)]) {
    if Command::new(shell).arg("--version").output().is_err() {
        skip(format_args!("no {shell}"));
        return;
    }
    let folder = place();
    let path = Path::new(PROGRAM).parent().expect("a folder").display().to_string();
    let path = format!("PATH={path}:{}", std::env::var("PATH").expect("a PATH"));
    let there = folder.path().display().to_string();
    let program = [&["env", "-C", &there, "-u", "PSFLEET_STATE_DIR", &path, shell], start].concat();
    let Some(tmux) = Tmux::start(150, 50, &program) else { return };
    tmux.enter(setup);
    tmux.enter("; echo re''ady");
    tmux.press("Enter");
    tmux.wait_for("the shell", |lines| lines.iter().any(|line| line == "ready"));
    for (typed, host) in lines {
        tmux.enter("clear; psfleet hosts list -i fleet.toml ");
        tmux.enter(typed);
        tmux.press("Tab");
        tmux.press("Enter");
        tmux.wait_for(&format!("{host} in {shell} after {typed}"), |lines| lines.iter().any(|line| line == host));
    }
    assert!(!folder.path().join("pwned").exists(), "a name was run");
}

#[test]
fn bash_completes() {
    let lines = [
        ("@we", "front02"),
        ("db01,@we", "front02"),
        ("'@we", "front02"),
        ("label:site=b", "front02"),
        ("label:room=H", "front02"),
        ("'label:room=H", "front02"),
        ("\"label:room=H", "front02"),
        ("label:room=x", "db01"),
        ("'label:room=x", "db01"),
        ("d", "db01"),
    ];
    types("bash", &["--norc", "--noprofile"], "source <(psfleet completions bash)", &lines);
}

#[test]
fn zsh_completes() {
    let lines = [
        ("@we", "front02"),
        ("db01,@we", "front02"),
        ("'@we", "front02"),
        ("label:room=H", "front02"),
        ("label:room=x", "db01"),
        ("'label:room=x", "db01"),
    ];
    let setup = "autoload -U compinit; compinit -u -D; source <(psfleet completions zsh)";
    types("zsh", &["-f"], setup, &lines);
}

#[test]
fn fish_completes() {
    let lines = [
        ("@we", "front02"),
        ("db01,@we", "front02"),
        ("label:room=H", "front02"),
        ("label:room=x", "db01"),
        ("d", "db01"),
    ];
    types("fish", &["--no-config"], "psfleet completions fish | source", &lines);
}

#[test]
fn powershell_completes() {
    let Some(pwsh) = pwsh() else { return };
    let folder = place();
    let script = r#"
psfleet completions powershell | Out-String | Invoke-Expression
foreach ($line in @'
psfleet run -i fleet.toml -t fro
psfleet run -i fleet.toml -t db01,fro
psfleet run { 1 } -i 'fleet.toml' -t 'label:room=H
psfleet run -i fleet.toml -t label:room=x
psfleet run -i fleet.toml -t "@we"
psfleet run --output js
'@ -split '\r?\n') {
    $found = [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null)
    $line.Remove($found.ReplacementIndex) + ($found.CompletionMatches.CompletionText -join '|')
}
"#;
    let path = Path::new(PROGRAM).parent().expect("a folder").display().to_string();
    let mut command = Command::new(pwsh);
    command.args(["-NoProfile", "-NonInteractive", "-Command", script]).current_dir(folder.path());
    command.env("PATH", format!("{path}:{}", std::env::var("PATH").expect("a PATH"))).env("HOME", folder.path());
    let output = command.output().expect("PowerShell");
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().collect();
    let expect = [
        "psfleet run -i fleet.toml -t front01|front02",
        "psfleet run -i fleet.toml -t db01,front01|front02",
        "psfleet run { 1 } -i 'fleet.toml' -t 'label:room=Haus 7'",
        "psfleet run -i fleet.toml -t 'label:room=x$(touch pwned)''s'",
        "psfleet run -i fleet.toml -t '@web'",
        "psfleet run --output json|jsonl",
    ];
    assert_eq!(lines, expect, "{}", String::from_utf8_lossy(&output.stderr));
}
