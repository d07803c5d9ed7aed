//! Mistakes in `PSFLEET_*` variables: clap would tell them as if they had been typed.

use std::ffi::OsString;

use clap::{Arg, Command};

/// Every variable of this command whose value its flag does not take, and why. Nothing if what was typed is wrong by
/// itself, or if it replaces the variable.
pub fn mistakes(cli: &Command, typed: &[OsString]) -> Vec<String> {
    let bare = without_variables(cli.clone());
    if bare.clone().try_get_matches_from(typed).is_err() {
        return Vec::new();
    }
    let Some((path, command)) = subcommand(cli, typed) else { return Vec::new() };
    let mistake = |arg: &Arg| {
        let variable = arg.get_env()?.to_str()?;
        let value = std::env::var(variable).ok()?;
        let long = arg.get_long()?;
        if arg.get_num_args().is_some_and(|count| !count.takes_values()) || !arg.get_action().takes_values() {
            return (!is_boolean(&value))
                .then(|| format!("{variable}: '{value}' is neither true nor false: use 1 or 0"));
        }
        let words = typed.iter().take(path).cloned().chain([OsString::from(format!("--{long}={value}"))]);
        let rest = typed.iter().skip(path).cloned();
        let error = bare.clone().try_get_matches_from(words.chain(rest)).err().filter(|error| error.use_stderr())?;
        let why = error.to_string();
        let why = why.lines().next().unwrap_or_default();
        Some(format!("{variable}: {}", why.strip_prefix("error: ").unwrap_or(why)))
    };
    command.get_arguments().filter_map(mistake).collect()
}

/// What clap's parser of switches takes.
fn is_boolean(value: &str) -> bool {
    let known = ["y", "yes", "t", "true", "on", "1", "n", "no", "f", "false", "off", "0", ""];
    known.contains(&value.to_ascii_lowercase().as_str())
}

/// The command that was typed, and how many words it takes.
fn subcommand<'c>(cli: &'c Command, typed: &[OsString]) -> Option<(usize, &'c Command)> {
    let mut found = None;
    let mut command = cli;
    for (place, word) in typed.iter().enumerate().skip(1) {
        match word.to_str().and_then(|word| command.find_subcommand(word)) {
            Some(next) => (command, found) = (next, Some((place + 1, next))),
            None => break,
        }
    }
    found
}

fn without_variables(command: Command) -> Command {
    let command = command.mut_args(|arg| arg.env(None::<&'static str>));
    command.mut_subcommands(without_variables)
}
