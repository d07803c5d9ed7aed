//! Flags of `run` and `copy` that a configuration file sets: weaker than the command line and the environment.

use std::ffi::OsString;

use crate::config::{Config, Given, Node, Value};

/// The keys, each a long flag with `_` for `-`.
pub const RUN_KEYS: [&str; 18] = [
    "throttle",
    "connect_throttle",
    "retries",
    "retry_delay",
    "auth_fail_limit",
    "deadline",
    "strict",
    "exit_zero",
    "native_errors",
    "output",
    "streams",
    "progress",
    "color",
    "quiet",
    "verbose",
    "csv_delimiter",
    "csv_bom",
    "csv_raw",
];

/// Puts the configured flags in front of those that were typed, so that the typed ones win; a key whose variable is set
/// in the environment is left out.
pub fn add(typed: Vec<OsString>, config: &Config, is_set: impl Fn(&str) -> bool) -> Vec<OsString> {
    // How many words stand before the flags: the program, the command, and which way to copy.
    let words = match typed.get(1).and_then(|command| command.to_str()) {
        Some("run") => 2,
        Some("copy") if typed.get(2).is_some_and(|way| way == "push" || way == "pull") => 3,
        _ => return typed,
    };
    let flags = unset(config, is_set).filter_map(|(key, given)| flag(key, &given.value)).map(OsString::from);
    let (command, rest) = typed.split_at(words);
    command.iter().cloned().chain(flags).chain(rest.iter().cloned()).collect()
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
        Value::Bool(false) | Value::Null | Value::List(_) | Value::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let all = add(typed, config, |variable| variable == "PSFLEET_RETRIES");
        all.into_iter().map(|text| text.into_string().expect("Unicode")).collect()
    }

    #[test]
    fn configured_flags_come_first_and_only_for_runs() {
        let config = config(&[
            ("quiet", Value::Bool(true)),
            ("retries", Value::Number(9.into())),
            ("strict", Value::Bool(false)),
            ("throttle", Value::Number(64.into())),
        ]);
        let run = added(&["psfleet", "run", "-c", "8", "1"], &config);
        assert_eq!(run, ["psfleet", "run", "--quiet", "--throttle=64", "-c", "8", "1"]);
        let copy = added(&["psfleet", "copy", "push", "a", "b"], &config);
        assert_eq!(copy, ["psfleet", "copy", "push", "--quiet", "--throttle=64", "a", "b"]);
        assert_eq!(added(&["psfleet", "hosts"], &config), ["psfleet", "hosts"]);
    }

    #[test]
    fn wrong_values_are_told_with_their_place() {
        let config = config(&[("throttle", Value::Text("many".into())), ("retries", Value::Number(9.into()))]);
        let refuse = |args: [OsString; 6]| {
            let flag = args[2].to_string_lossy().into_owned();
            flag.contains("many").then(|| format!("error: no number in {flag}\n\nFor more information"))
        };
        assert_eq!(wrong(&config, |_| false, refuse), ["PLACE: throttle: no number in --throttle=many"]);
        assert!(wrong(&config, |variable| variable == "PSFLEET_THROTTLE", refuse).is_empty());
    }
}
