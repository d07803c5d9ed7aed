//! Flags of `run` and `copy` that a configuration file sets: weaker than the command line and the environment.

use std::ffi::OsString;

use clap::Command;

use crate::config::{Config, FileKey, Given, Node, Value};

/// The keys, each a long flag with `_` for `-`, and whether a file may set them that others could have written.
pub const RUN_KEYS: [FileKey; 18] = [
    FileKey::harmless("throttle"),
    FileKey::harmless("connect_throttle"),
    FileKey::harmless("retries"),
    FileKey::harmless("retry_delay"),
    FileKey::weighty("auth_fail_limit"),
    FileKey::harmless("deadline"),
    FileKey::harmless("strict"),
    FileKey::harmless("exit_zero"),
    FileKey::harmless("native_errors"),
    FileKey::harmless("output"),
    FileKey::harmless("streams"),
    FileKey::harmless("progress"),
    FileKey::harmless("color"),
    FileKey::harmless("quiet"),
    FileKey::harmless("verbose"),
    FileKey::harmless("csv_delimiter"),
    FileKey::harmless("csv_bom"),
    FileKey::weighty("csv_raw"),
];

/// Puts the configured flags in front of those that were typed, so that the typed ones win. A key whose variable is set
/// in the environment is left out, and one that the command has no flag for.
pub fn add(cli: &Command, typed: Vec<OsString>, config: &Config, is_set: impl Fn(&str) -> bool) -> Vec<OsString> {
    // How many words stand before the flags: the program, the command, and which way to copy.
    let words = match typed.get(1).and_then(|command| command.to_str()) {
        Some("run") => 2,
        Some("copy") if typed.get(2).is_some_and(|way| way == "push" || way == "pull") => 3,
        _ => return typed,
    };
    let (command, rest) = typed.split_at(words);
    let flags = unset(config, is_set).filter(|(key, _)| takes(cli, command, key));
    let flags = flags.filter_map(|(key, given)| flag(key, &given.value)).map(OsString::from);
    command.iter().cloned().chain(flags).chain(rest.iter().cloned()).collect()
}

/// Whether a command, named by the words from the program on, has a flag for a key.
fn takes(cli: &Command, command: &[OsString], key: &str) -> bool {
    let found = command.iter().skip(1).try_fold(cli, |command, word| command.find_subcommand(word));
    let long = key.replace('_', "-");
    found.is_some_and(|command| command.get_arguments().any(|flag| flag.get_long() == Some(long.as_str())))
}

/// The configured flags whose value `refuse` does not take, each with where it stands and why. It is given a command line
/// with this one flag.
pub fn wrong(
    config: &Config,
    is_set: impl Fn(&str) -> bool,
    refuse: impl Fn([OsString; 6]) -> Option<String>,
) -> Vec<String> {
    let mistake = |(key, given): (&String, &Given<Node>)| {
        let flag = flag(key, &given.value)?;
        let why = refuse(["psfleet", "run", &flag, "-t", "localhost", "1"].map(OsString::from))?;
        let why = why.lines().next().unwrap_or_default();
        Some(format!("{}: {key}: {}", given.source, why.strip_prefix("error: ").unwrap_or(why)))
    };
    unset(config, is_set).filter_map(mistake).collect()
}

/// The configured flags that no variable of the environment sets.
fn unset(config: &Config, is_set: impl Fn(&str) -> bool) -> impl Iterator<Item = (&String, &Given<Node>)> {
    config.others.iter().filter(move |(key, _)| !is_set(&format!("PSFLEET_{}", key.to_uppercase())))
}

fn flag(key: &str, node: &Node) -> Option<String> {
    let flag = format!("--{}", key.replace('_', "-"));
    match &node.value {
        Value::Bool(true) => Some(flag),
        Value::Number(number) => Some(format!("{flag}={number}")),
        Value::Text(text) => Some(format!("{flag}={text}")),
        // `false` is what an absent flag means; lists and tables are no flags.
        Value::Bool(false) | Value::Null | Value::Halves(_) | Value::List(_) | Value::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;
    use crate::config::{Place, Source};

    fn config(entries: &[(&str, Value)]) -> Config {
        let given = |value: &Value| {
            Given::new(Node { at: Place::NONE, value: value.clone(), written: None }, Source::Env("PLACE".into()))
        };
        let others = entries.iter().map(|(key, value)| ((*key).to_owned(), given(value))).collect();
        Config { others, ..Config::default() }
    }

    fn added(typed: &[&str], config: &Config) -> Vec<String> {
        let typed = typed.iter().map(OsString::from).collect();
        let all = add(&Cli::command(), typed, config, |variable| variable == "PSFLEET_RETRIES");
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
        assert_eq!(added(&["psfleet", "hosts"], &config), ["psfleet", "hosts"]);
    }

    #[test]
    fn each_key_is_a_flag_of_a_run() {
        let run = ["psfleet", "run"].map(OsString::from);
        for key in RUN_KEYS {
            assert!(takes(&Cli::command(), &run, key.name), "{}", key.name);
        }
    }

    #[test]
    fn wrong_values_are_told_with_their_place() {
        let config = config(&[("throttle", Value::Text("many".into())), ("retries", Value::Number("9".into()))]);
        let refuse = |args: [OsString; 6]| {
            let flag = args[2].to_string_lossy().into_owned();
            flag.contains("many").then(|| format!("error: no number in {flag}\n\nFor more information"))
        };
        assert_eq!(wrong(&config, |_| false, refuse), ["PLACE: throttle: no number in --throttle=many"]);
        assert!(wrong(&config, |variable| variable == "PSFLEET_THROTTLE", refuse).is_empty());
    }
}
