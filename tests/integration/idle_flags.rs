//! No command takes a flag that does nothing for it.

use std::process::Command;

/// Exit code and what is said on stderr.
fn psfleet(args: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(args).envs(variables.iter().copied()).current_dir(std::env::temp_dir());
    let output = command.output().expect("psfleet runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_flag_that_does_nothing_is_refused() {
    for (args, why) in [
        (&["copy", "push", "a", "b", "-t", "h", "--native-errors"] as &[&str], "'--native-errors'"),
        (&["copy", "pull", "a", "b", "-t", "h", "--native-errors"], "'--native-errors'"),
        (&["enter", "h", "--timeout", "5m"], "a line at the prompt has no time limit"),
        (&["hosts", "list", "h", "--ask-pass"], "`psfleet hosts` does not log on anywhere, so it needs no password"),
        (&["hosts", "show", "h", "--ask-pass"], "`psfleet hosts` does not log on anywhere, so it needs no password"),
        (&["hosts", "h", "--ask-pass"], "`psfleet hosts` does not log on anywhere, so it needs no password"),
    ] {
        let (code, said) = psfleet(args, &[]);
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains(why), "{args:?}: {said}");
    }
}

#[test]
fn a_variable_is_for_the_commands_that_use_it() {
    let all = [("PSFLEET_NATIVE_ERRORS", "1"), ("PSFLEET_ASK_PASS", "1"), ("PSFLEET_TIMEOUT", "5m")];
    let (code, said) = psfleet(&["hosts", "list", "h"], &all);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = psfleet(&["copy", "push", "/no/such/file", "b", "-t", "h"], &all);
    assert!(code == Some(2) && said.contains("/no/such/file: no such file or folder"), "{said}");
}

#[test]
fn numbers_are_refused_in_words() {
    for (flag, value, expected) in [
        ("--throttle", "many", "expected a whole number of at least 1"),
        ("--throttle", "0", "expected a whole number of at least 1"),
        ("--retries", "1.5", "expected a whole number"),
        ("--port", "70000", "expected a port from 1 to 65535"),
        ("--depth", "21", "expected a number from 1 to 20"),
        ("--pick", "-1", "expected a whole number"),
    ] {
        let (code, said) = psfleet(&["run", "-t", "h", "1", &format!("{flag}={value}")], &[]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(expected), "{flag} {value}: {said}");
    }
}
