//! Exit codes of native programs: nothing as in Invoke-Command, failures with `--native-errors`.

use std::process::{Command, Stdio};

use psfleet::event::Finished;
use psfleet::outcome::{Outcome, Reason};
use psfleet::target::{Endpoint, LocalEndpoint, Target, Timeouts};

use crate::support::folder::Folder;
use crate::support::pwsh;
use crate::support::run::{run, spec};

/// Scripts with how they end: outcome, reason and exit code.
const CASES: [(&str, Outcome, Option<Reason>, Option<i32>); 11] = [
    ("/bin/sh -c 'exit 3'", Outcome::Failed, Some(Reason::ExitCode), Some(3)),
    (
        "& { /bin/sh -c 'echo out; exit 6' } | ForEach-Object { $_ }; 'done'",
        Outcome::Failed,
        Some(Reason::ExitCode),
        Some(6),
    ),
    ("Write-Error no; /bin/sh -c 'exit 4'", Outcome::Failed, Some(Reason::ExitCode), Some(4)),
    ("/bin/sh -c 'exit 0'", Outcome::Ok, None, None),
    ("/bin/sh -c 'exit 3'; /bin/sh -c 'exit 0'", Outcome::Ok, None, None),
    ("Write-Error no; /bin/sh -c 'exit 0'", Outcome::OkWithErrors, Some(Reason::ErrorRecords), None),
    // What the script says itself counts.
    ("/bin/sh -c 'exit 3'; exit 5", Outcome::Failed, Some(Reason::ExitCode), Some(5)),
    ("/bin/sh -c 'exit 3'; exit 0", Outcome::Ok, None, Some(0)),
    ("/bin/sh -c 'exit 3'; throw 'no'", Outcome::Failed, Some(Reason::ScriptError), None),
    // What is no exit code is none.
    ("1", Outcome::Ok, None, None),
    ("$global:LASTEXITCODE = 'text'", Outcome::Ok, None, None),
];

/// How a script ends on this machine, and how many objects came.
async fn end(pwsh: &std::path::Path, script: &str, native_errors: bool) -> (Finished, usize) {
    let target = Target {
        name: "localhost".into(),
        endpoint: Endpoint::Local(LocalEndpoint { pwsh: pwsh.to_owned() }),
        credential: None,
        vars: std::collections::BTreeMap::new(),
        labels: std::collections::BTreeMap::new(),
        timeouts: Timeouts::default(),
    };
    let mut spec = spec(vec![target], script);
    spec.work = std::sync::Arc::new(crate::support::run::script(script).native_errors(native_errors));
    let ran = run(spec).await;
    let objects = ran.objects().len();
    (ran.ends.into_iter().next().expect("one end"), objects)
}

#[tokio::test]
async fn the_last_exit_code_counts_where_it_is_to() {
    let Some(pwsh) = pwsh() else { return };
    for (script, outcome, reason, exit_code) in CASES {
        let (end, _) = end(&pwsh, script, true).await;
        assert_eq!((end.outcome, end.reason, end.exit_code), (outcome, reason, exit_code), "{script}: {}", end.message);
    }
    let (end, objects) = end(&pwsh, "Write-Error no; 'out'; /bin/sh -c 'exit 4'", true).await;
    // The question itself shows nowhere.
    assert_eq!((&*end.message, end.errors, objects), ("exit code 4 of a native program", 1, 1));
}

#[tokio::test]
async fn it_counts_for_nothing_by_itself() {
    let Some(pwsh) = pwsh() else { return };
    for (script, outcome) in
        [("/bin/sh -c 'exit 3'", Outcome::Ok), ("Write-Error no; /bin/sh -c 'exit 3'", Outcome::OkWithErrors)]
    {
        let (end, _) = end(&pwsh, script, false).await;
        assert_eq!((end.outcome, end.exit_code), (outcome, None), "{script}");
    }
}

#[test]
fn the_program_takes_it_as_a_flag_a_variable_and_a_key() {
    let Some(pwsh) = pwsh() else { return };
    let folder = Folder::new("native");
    let code = |flags: &[&str], variable: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command
            .args(["run", "-t", "localhost", "--transport", "local", "--no-input", "-o", "none", "--pwsh"])
            .arg(&pwsh);
        command.args(flags).arg("/bin/sh -c 'exit 3'").stdin(Stdio::null()).current_dir(folder.path());
        command.env("HOME", folder.path()).env("PSFLEET_STATE_DIR", folder.path());
        variable.map(|value| command.env("PSFLEET_NATIVE_ERRORS", value));
        let output = command.output().expect("psfleet runs");
        output.status.code().expect("an exit code")
    };
    assert_eq!([code(&[], None), code(&["--native-errors"], None), code(&[], Some("1"))], [0, 1, 1]);
    std::fs::write(folder.path().join("psfleet.toml"), "native_errors = true\n").expect("written");
    assert_eq!([code(&[], None), code(&[], Some("0"))], [1, 0]);
}
