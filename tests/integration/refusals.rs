//! What the program says of mistakes in what was typed, in variables and in configuration files.

use std::process::Command;

use crate::support::folder::Folder;

/// A command line in a folder, with these variables; its exit code and what it said on stderr.
fn said(folder: &Folder, variables: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.current_dir(folder.path()).env_clear().env("HOME", folder.path()).envs(variables.iter().copied());
    let output = command.args(arguments).output().expect("psfleet runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

const PLAN: [&str; 6] = ["run", "--plan", "--transport", "local", "-t", "localhost"];

fn plan<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&PLAN, more].concat()
}

#[test]
fn a_configuration_file_tells_all_its_mistakes_in_order() {
    let folder = Folder::new("refusals");
    let lines = [
        ("throttle = 0", ":1:12: throttle: invalid value '0': expected a whole number of at least 1"),
        ("port = 0", ":2:8: port: expected a port"),
        ("output = 'xml'", ":3:10: output: invalid value 'xml': expected one of auto, table, list, text, json"),
        ("where = 'a ='", ":4:1: unknown key 'where'"),
        ("quiet = 'ja'", ":5:9: quiet: expected true or false, found text"),
        ("timeout = '5'", ":6:11: timeout: "),
        ("retries = -1", ":7:11: retries: invalid value '-1': expected a whole number"),
        ("streams = ['error']", ":8:11: streams: expected a value of --streams, found a list"),
    ];
    let text: String = lines.iter().map(|(line, _)| format!("{line}\n")).collect();
    std::fs::write(folder.path().join("psfleet.toml"), text).expect("written");
    for command in [
        plan(&["1"]),
        vec!["hosts", "list", "localhost"],
        vec!["copy", "push", "--plan", "psfleet.toml", "b", "-t", "localhost"],
    ] {
        let (code, stderr) = said(&folder, &[], &command);
        assert_eq!(code, Some(2), "{command:?}: {stderr}");
        let errors: Vec<&str> = stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(errors.len(), lines.len(), "{command:?}: {stderr}");
        for (error, (line, expect)) in errors.iter().zip(lines) {
            assert!(error.contains(expect), "{line}: {error}");
        }
    }
}

#[test]
fn a_wrong_variable_is_named_with_what_it_takes() {
    let folder = Folder::new("refusals");
    for (variable, value, expect) in [
        (
            "PSFLEET_OUTPUT",
            "xml",
            "PSFLEET_OUTPUT: invalid value 'xml': expected one of auto, table, list, text, json, jsonl",
        ),
        ("PSFLEET_COLOR", "green", "PSFLEET_COLOR: invalid value 'green': expected one of auto, always, never"),
        ("PSFLEET_PROGRESS", "yes", "PSFLEET_PROGRESS: invalid value 'yes': expected one of auto, bar, plain, none"),
        ("PSFLEET_RETRIES", "-1", "PSFLEET_RETRIES: invalid value '-1': expected a whole number"),
        ("PSFLEET_GATE", "$true", "PSFLEET_GATE: it means nothing without --ramp <1,5,20%>"),
        ("PSFLEET_QUIET", "ja", "PSFLEET_QUIET: 'ja' is neither true nor false"),
        ("PSFLEET_TARGETS", "web[1", "PSFLEET_TARGETS: "),
        ("PSFLEET_EXCLUDE", "web[1", "PSFLEET_EXCLUDE: "),
    ] {
        let arguments = if variable == "PSFLEET_TARGETS" { vec!["run", "--plan", "1"] } else { plan(&["1"]) };
        let (code, stderr) = said(&folder, &[(variable, value)], &arguments);
        assert_eq!(code, Some(2), "{variable}: {stderr}");
        assert!(stderr.starts_with(&format!("error: {expect}")), "{variable}: {stderr}");
    }
    let (_, typed) = said(&folder, &[("PSFLEET_TARGETS", "web01")], &["run", "--plan", "-t", "web[1", "1"]);
    assert!(typed.starts_with("error: --targets: "), "{typed}");
}

#[test]
fn an_empty_variable_counts_as_absent() {
    let folder = Folder::new("refusals");
    for variable in
        ["QUIET", "OUTPUT", "THROTTLE", "TARGETS", "DEADLINE", "PORT", "CSV_DELIMITER", "USER", "NATIVE_ERRORS"]
    {
        let variable = format!("PSFLEET_{variable}");
        let (code, stderr) = said(&folder, &[(&variable, "")], &plan(&["1"]));
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{variable}");
    }
    std::fs::write(folder.path().join("psfleet.toml"), "throttle = 'many'\n").expect("written");
    let (code, stderr) = said(&folder, &[("PSFLEET_THROTTLE", "")], &plan(&["1"]));
    assert_eq!(code, Some(2), "{stderr}");
}

#[test]
fn mistakes_in_arguments_name_the_file_of_the_script() {
    let folder = Folder::new("refusals");
    std::fs::write(folder.path().join("s.ps1"), "# a script\nparam([int]$I, [hashtable]$H, $Role)\n1\n")
        .expect("written");
    for (arguments, expect) in [
        (["s.ps1", "-p", "I=x"], "s.ps1: the parameter `I` (line 2, column 12) takes an integer, not `x`"),
        (["s.ps1", "-a", "x"], "s.ps1: the parameter `I` (line 2, column 12)"),
        (["s.ps1", "-p", "Foo=z"], "s.ps1: the script has no parameter `Foo`; it takes I, H, Role"),
        (["s.ps1", "-p", "H=@{a=1}"], "takes a table, not `@{a=1}`; write -p 'H={\"a\": 1}'"),
        (["s.ps1", "-p", "I"], "s.ps1: the parameter `I` (line 2, column 12) "),
        (["s.ps1", "-p", "I:5"], "--param I:5: write I=5, with an equals sign"),
        (["s.ps1", "-Role", "web"], "'-Role' is a parameter of the script; write -p Role=web"),
        (["s.ps1", "--role", "web"], "'--role' is a parameter of the script; write -p Role=web"),
    ] {
        let (code, stderr) = said(&folder, &[], &plan(&arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.starts_with(&format!("error: {expect}")) || stderr.contains(expect), "{arguments:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
    }
    let (code, stderr) = said(&folder, &[], &plan(&["s.ps1", "-p", "H={\"a\": 1}"]));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let (code, stderr) = said(&folder, &[], &plan(&["./s.ps1 -Role web"]));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("to run the local file of this name: psfleet run ./s.ps1 -p Role=web"), "{stderr}");
}

#[test]
fn a_colon_in_a_string_is_told_once() {
    let folder = Folder::new("refusals");
    for script in ["\"$using:foo: text\"", "\"$using:foo:\"", "'a'; \"a $using:foo: b\""] {
        let (code, stderr) = said(&folder, &[], &plan(&[script]));
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains("$using:foo: ") && !stderr.contains("::"), "{script}: {stderr}");
    }
}
