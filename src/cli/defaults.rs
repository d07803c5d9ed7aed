//! Flags of `run`, `check`, `copy`, `session` and `doctor` that a configuration file sets: weaker than the command line and the environment.

use std::ffi::OsString;

use clap::CommandFactory;

use super::refusal::reason;
use super::typed::{Typed, takes_value};
use super::{Cli, environment};
use crate::config::{Config, FileKey, Given, Node, Value};

/// The keys, each a long flag with `_` for `-`, and whether a file may set them that others could have written.
pub(super) const RUN_KEYS: [FileKey; 28] = [
    harmless("throttle"),
    harmless("connect_throttle"),
    harmless("max_sessions"),
    harmless("retries"),
    harmless("retry_delay"),
    weighty("auth_fail_limit"),
    harmless("ramp"),
    harmless("max_fail"),
    harmless("max_unreachable"),
    weighty("confirm_above"),
    harmless("deadline"),
    harmless("strict"),
    harmless("exit_zero"),
    harmless("native_errors"),
    harmless("output"),
    harmless("streams"),
    harmless("progress"),
    harmless("color"),
    harmless("quiet"),
    harmless("verbose"),
    weighty("log_file"),
    harmless("log_format"),
    harmless("csv_delimiter"),
    harmless("csv_bom"),
    weighty("csv_raw"),
    harmless("no_store"),
    harmless("keep_for"),
    harmless("keep_size"),
];

const fn harmless(name: &'static str) -> FileKey {
    FileKey::harmless(name).checked(check)
}

const fn weighty(name: &'static str) -> FileKey {
    FileKey::weighty(name).checked(check)
}

/// Whether the flag of a key takes a value.
///
/// # Errors
/// Why not.
fn check(key: &str, node: &Node) -> Result<(), String> {
    let cli = environment::without_variables(Cli::command());
    let run = ["psfleet", "run"].map(OsString::from);
    let long = key.replace('_', "-");
    let is_switch = Typed::of(&cli, &run).flag(&long).is_some_and(|flag| !takes_value(flag));
    match (is_switch, &node.value) {
        (true, Value::Bool(_)) => Ok(()),
        (true, _) => Err(format!("expected true or false, found {}", node.kind())),
        (false, Value::Number(_) | Value::Text(_)) => {
            let line = ["psfleet".into(), "run".into(), flag(key, &node.value).unwrap_or_default(), "1".into()];
            cli.try_get_matches_from(line).map(drop).map_err(|error| reason(&error))
        }
        (false, _) => Err(format!("expected a value of --{long}, found {}", node.kind())),
    }
}

/// The configured flags of the command that was typed. A key whose variable is set in the environment is left out, and
/// one that the command has no flag for.
pub(super) fn of(typed: &Typed<'_>, config: &Config, is_set: impl Fn(&str) -> bool) -> Vec<String> {
    let is_rollout = typed.is_run() || typed.is_check() || typed.is_copy() || typed.is_session() || typed.is_doctor();
    // Formats of objects are none of verdicts.
    let is_meant = |key: &str| !(typed.is_check() && key == "output");
    let takes = |key: &str| is_rollout && is_meant(key) && typed.flag(&key.replace('_', "-")).is_some();
    let flags = unset(config, is_set).filter(|(key, _)| takes(key));
    flags.filter_map(|(key, given)| flag(key, &given.value.value)).collect()
}

/// The configured flags that no variable of the environment sets.
fn unset(config: &Config, is_set: impl Fn(&str) -> bool) -> impl Iterator<Item = (&String, &Given<Node>)> {
    config.others.iter().filter(move |(key, _)| !is_set(&format!("PSFLEET_{}", key.to_uppercase())))
}

fn flag(key: &str, value: &Value) -> Option<String> {
    let flag = format!("--{}", key.replace('_', "-"));
    match value {
        Value::Bool(true) => Some(flag),
        Value::Number(number) => Some(format!("{flag}={number}")),
        Value::Text(text) => Some(format!("{flag}={text}")),
        // `false` is what an absent flag means; lists and tables are no flags.
        Value::Bool(false) | Value::Null | Value::Vault | Value::Halves(_) | Value::List(_) | Value::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Place, Source, parse_toml};

    fn config(entries: &[(&str, Value)]) -> Config {
        let given = |value: &Value| {
            Given::new(Node { at: Place::NONE, value: value.clone(), written: None }, Source::Env("PLACE".into()))
        };
        let others = entries.iter().map(|(key, value)| ((*key).to_owned(), given(value))).collect();
        Config { others, ..Config::default() }
    }

    fn added(typed: &[&str], config: &Config) -> Vec<String> {
        let typed: Vec<OsString> = typed.iter().map(OsString::from).collect();
        let cli = Cli::command();
        let typed = Typed::of(&cli, &typed);
        let all = typed.with(&of(&typed, config, |variable| variable == "PSFLEET_RETRIES"));
        all.into_iter().map(|text| text.into_string().expect("Unicode")).collect()
    }

    #[test]
    fn configured_flags_come_first_and_only_for_runs() {
        let config = config(&[
            ("quiet", Value::Bool(true)),
            ("retries", Value::Number("9".into())),
            ("native_errors", Value::Bool(true)),
            ("strict", Value::Bool(false)),
            ("throttle", Value::Number("64".into())),
        ]);
        let run = added(&["psfleet", "run", "-c", "8", "1"], &config);
        assert_eq!(run, ["psfleet", "run", "--native-errors", "--quiet", "--throttle=64", "-c", "8", "1"]);
        let copy = added(&["psfleet", "copy", "push", "a", "b"], &config);
        assert_eq!(copy, ["psfleet", "copy", "push", "--quiet", "--throttle=64", "a", "b"]);
        let list = added(&["psfleet", "session", "ls"], &config);
        assert_eq!(list, ["psfleet", "session", "ls", "--quiet", "--throttle=64"]);
        assert_eq!(added(&["psfleet", "hosts"], &config), ["psfleet", "hosts"]);
    }

    #[test]
    fn each_key_is_a_flag_of_a_run() {
        let (cli, run) = (Cli::command(), ["psfleet", "run"].map(OsString::from));
        for key in RUN_KEYS {
            assert!(Typed::of(&cli, &run).flag(&key.name.replace('_', "-")).is_some(), "{}", key.name);
        }
    }

    #[test]
    fn values_are_what_their_flags_take() {
        let checked = |line: &str| {
            let (node, errors) = parse_toml(line);
            let Value::Table(entries) = node.value else { panic!("{errors:?}") };
            check(&entries[0].key, &entries[0].node)
        };
        for (line, expect) in [
            ("throttle = 0", "invalid value '0': expected a whole number of at least 1"),
            ("retries = -1", "invalid value '-1': expected a whole number"),
            ("output = 'xml'", "invalid value 'xml': expected one of auto, table,"),
            ("quiet = 'ja'", "expected true or false, found text"),
            ("strict = 1", "expected true or false, found a number"),
            ("throttle = true", "expected a value of --throttle, found true or false"),
            ("color = ['never']", "expected a value of --color, found a list"),
            ("csv_delimiter = ';;'", "invalid value ';;': expected one ASCII character"),
        ] {
            let said = checked(line).expect_err(line);
            assert!(said.starts_with(expect), "{line}: {said}");
        }
        for line in ["throttle = 64", "retries = '0'", "quiet = false", "streams = 'error,warning'", "deadline = '5m'"]
        {
            assert_eq!(checked(line), Ok(()), "{line}");
        }
    }
}
