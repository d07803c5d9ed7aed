//! `psfleet run` on an endpoint without a language, on this machine.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::recorder;
use crate::support::folder::Folder;
use crate::support::pwsh;

/// Hosts on this machine.
const INVENTORY: &str = "[groups.all_local]\nhosts = ['one', 'two', 'three']\ntransport = 'local'\n";

/// A folder with a PowerShell that opens the constrained endpoint, and keeps what each process gets.
struct Place {
    folder: Folder,
    pwsh: PathBuf,
}

/// What a run gave.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    events: Vec<Value>,
}

/// A program that starts PowerShell with a configuration file, whatever else it is told.
pub(super) fn with_configuration(folder: &Path, pwsh: &Path, configuration: &Path) -> PathBuf {
    let program = folder.join("constrained-pwsh");
    let (pwsh, configuration, wire) =
        (pwsh.display(), configuration.display(), folder.join("wire").display().to_string());
    let script = format!("#!/bin/sh\ntee '{wire}'.$$ | '{pwsh}' -ConfigurationFile '{configuration}' \"$@\"\n");
    std::fs::write(&program, script).expect("a script");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).expect("a program");
    program
}

/// The configuration that the blocks are compared on.
pub(super) fn configuration() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/constrained/endpoint.pssc").into()
}

impl Place {
    fn new() -> Option<Self> {
        Some(Self::with(&pwsh()?, &configuration()))
    }

    fn with(pwsh: &Path, configuration: &Path) -> Self {
        let folder = Folder::new("constrained");
        let pwsh = with_configuration(folder.path(), pwsh, configuration);
        std::fs::write(folder.path().join("fleet.toml"), INVENTORY).expect("written");
        Self { folder, pwsh }
    }

    fn run(&self, targets: &str, arguments: &[&str]) -> Ran {
        self.psfleet(&["run"], targets, arguments)
    }

    fn psfleet(&self, verb: &[&str], targets: &str, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("PSFLEET_SECRET_DB", "hunter2");
        command.args(verb).args(["-i", "fleet.toml", "-o", "jsonl", "--no-input", "-t", targets, "--pwsh"]);
        let output = command.arg(&self.pwsh).args(arguments).stdin(Stdio::null()).output().expect("psfleet runs");
        let lines = output.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let events = lines.map(|line| serde_json::from_slice(line).expect("a line of JSON")).collect();
        Ran { code: output.status.code(), events }
    }

    /// Where its runs are kept.
    fn state(&self) -> PathBuf {
        self.folder.path().join(".local/state/psfleet/runs.db")
    }

    /// How many pipelines each process was sent.
    fn pipelines(&self) -> Vec<usize> {
        let files =
            std::fs::read_dir(self.folder.path()).expect("the folder").map(|entry| entry.expect("a file").path());
        let wires = files.filter(|file| file.file_stem().is_some_and(|stem| stem == "wire"));
        let mut counts: Vec<usize> =
            wires.map(|wire| recorder::pipelines(&std::fs::read(wire).expect("a recording")).len()).collect();
        counts.sort_unstable();
        counts
    }
}

impl Ran {
    fn data(&self, kind: &str) -> Vec<Value> {
        self.events.iter().filter(|event| event["type"] == kind).map(|event| event["data"].clone()).collect()
    }
}

#[test]
fn secrets_and_input_arrive() {
    let Some(place) = Place::new() else { return };
    let ran = place
        .run("one", &["param($s) Show-Secret $s; Show-Secret $using:t", "-p", "s=secret:db", "--using", "t=secret:db"]);
    assert_eq!(ran.data("object"), [json!("hunter2"), json!("hunter2")], "{ran:?}");
    std::fs::write(place.folder.path().join("in.txt"), "a\nb\n").expect("written");
    let ran = place.run("one", &["Show-Input | Show-Input", "--input", "in.txt"]);
    assert_eq!(ran.data("object"), [json!("in in a"), json!("in in b")], "{ran:?}");
}

#[test]
fn what_cannot_go_says_where_and_what_to_do() {
    let Some(place) = Place::new() else { return };
    let cases: [(&[&str], &str, &str); 3] = [
        (
            &["Get-Answer 5\nif ($true) { Get-Answer 6 }"],
            "line 2, column 1: `if` is not a command",
            "what needs more must be a function",
        ),
        (&["Get-Answer (1 -gt 1)"], "line 1, column 15: `-gt` would have to be computed", "--using"),
        (&["Get-Answer 5", "--depth", "3"], "--depth has the host run a script of its own", "leave --depth out"),
    ];
    for (arguments, message, hint) in cases {
        let ran = place.run("one", arguments);
        let done = &ran.data("host_done")[0];
        assert_eq!((ran.code, &done["outcome"], &done["reason"]), (Some(1), &json!("failed"), &json!("no_language")));
        let text = done["message"].as_str().expect("a message");
        assert!(text.starts_with("the endpoint allows no script text") && text.contains(message), "{text}");
        assert!(done["hint"].as_str().expect("a hint").contains(hint), "{done}");
        let errors = ran.data("error");
        assert_eq!((errors.len(), &errors[0]["fully_qualified_error_id"]), (1, &json!("ScriptsNotAllowed")));
    }
}

#[test]
fn exit_codes_of_programs_cannot_be_read_and_nothing_runs() {
    let Some(place) = Place::new() else { return };
    // The second host is known to be as the first.
    let ran = place.run("one,two", &["Get-Answer 5", "--native-errors", "--throttle", "1"]);
    assert_eq!((ran.code, ran.data("object").len()), (Some(1), 0), "{ran:?}");
    for done in ran.data("host_done") {
        assert_eq!((&done["outcome"], &done["reason"]), (&json!("failed"), &json!("no_language")), "{done}");
        assert!(done["message"].as_str().expect("a message").contains("--native-errors reads $LASTEXITCODE"), "{done}");
        assert!(done["hint"].as_str().expect("a hint").contains("leave --native-errors out"), "{done}");
    }
}

#[test]
fn the_refusal_is_paid_once_for_an_endpoint() {
    let Some(place) = Place::new() else { return };
    let ran = place.run("@all", &["Get-Answer 5", "--throttle", "1"]);
    assert_eq!((ran.code, ran.data("object").len()), (Some(0), 3), "{ran:?}");
    assert_eq!(place.pipelines(), [1, 1, 2]);
}

#[test]
fn the_next_run_knows_until_it_proves_wrong() {
    let Some(place) = Place::new() else { return };
    let objects = |arguments: &[&str]| {
        let ran = place.run("one", arguments);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.data("object")
    };
    assert_eq!(objects(&["Get-Answer 5", "--no-store"]).len(), 1);
    assert_eq!(place.pipelines(), [2]);
    assert!(!place.state().exists(), "what is not kept is not learned");
    assert_eq!(objects(&["Get-Answer 5"]).len(), 1);
    assert_eq!(objects(&["Get-Answer 6"]).len(), 1);
    assert_eq!(place.pipelines(), [1, 2, 2]);
    assert_eq!(objects(&["Get-Answer 6", "--no-store"]).len(), 1);
    assert_eq!(place.pipelines(), [1, 2, 2, 2]);
    let known = || {
        let store = rusqlite::Connection::open(place.state()).expect("the store");
        let count = store.query_row("SELECT count(*) FROM text_refusals", [], |row| row.get::<_, i64>(0));
        count.expect("a table")
    };
    assert_eq!(known(), 1);
    // A bundle says nothing of it, wherever it is taken.
    let runs = |verb: &[&str], state: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.current_dir(place.folder.path()).env_clear().env("HOME", place.folder.path());
        let there = place.folder.path().join(state);
        let output = command.env("PSFLEET_STATE_DIR", &there).arg("runs").args(verb).output().expect("psfleet runs");
        assert!(output.status.success(), "{output:?}");
        there.join("runs.db")
    };
    let here = place.state().parent().expect("a folder").to_str().expect("a path").to_owned();
    runs(&["export", "last", "--out", "bundle"], &here);
    let there = rusqlite::Connection::open(runs(&["import", "bundle"], "there")).expect("a store");
    let taken = there.query_row("SELECT count(*) FROM text_refusals", [], |row| row.get::<_, i64>(0));
    assert_eq!(taken.expect("a table"), 0);
    // The administrator has given it a full language.
    let pwsh = pwsh().expect("a PowerShell");
    std::fs::write(&place.pwsh, format!("#!/bin/sh\nexec '{}' \"$@\"\n", pwsh.display())).expect("written");
    assert_eq!(
        objects(&["1 + 1", "--native-errors"]),
        [json!(2)],
        "what was so earlier keeps nothing from being tried"
    );
    assert_eq!(known(), 0);
}

#[test]
fn a_script_that_ends_with_the_same_error_is_not_run_again() {
    let Some(pwsh) = pwsh() else { return };
    let folder = Folder::new("forged");
    let configuration = folder.path().join("forged.pssc");
    let text = "@{ SchemaVersion = '2.0.0.0'; GUID = 'b3f3ed0c-53a8-4c5e-9d0e-5d4a0f1f6a12'; SessionType = 'Default'\n\
        FunctionDefinitions = @{ Name = 'Invoke-Forged'; ScriptBlock = { param($file)\n\
        [System.IO.File]::AppendAllText($file, 'x')\n\
        throw [System.Management.Automation.ErrorRecord]::new([System.Exception]::new('x'), 'ScriptsNotAllowed', 17, $null) } } }";
    std::fs::write(&configuration, text).expect("written");
    let place = Place::with(&pwsh, &configuration);
    let marks = place.folder.path().join("marks");
    let ran = place.run("one", &["Invoke-Forged $args[0]", "-a", marks.to_str().expect("a path")]);
    assert_eq!(ran.data("error")[0]["fully_qualified_error_id"], "ScriptsNotAllowed", "{ran:?}");
    assert_eq!(ran.data("host_done")[0]["reason"], "script_error", "{ran:?}");
    assert_eq!(std::fs::read_to_string(&marks).expect("it ran"), "x");
}

#[test]
fn copies_say_that_they_need_text() {
    let Some(place) = Place::new() else { return };
    std::fs::write(place.folder.path().join("file"), "x").expect("written");
    let ran = place.psfleet(&["copy", "push"], "one", &["file", "there"]);
    assert_eq!(ran.data("host_done")[0]["reason"], "no_language", "{ran:?}");
    assert_eq!(ran.data("error"), Vec::<Value>::new(), "{ran:?}");
    assert!(!place.folder.path().join("there").exists());
}
