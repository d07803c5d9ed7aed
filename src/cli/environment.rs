//! Mistakes in `PSFLEET_*` variables: clap would report them as if they had been typed.

use std::ffi::{OsStr, OsString};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::refusal::reason;
use super::typed::{Typed, takes_value};
use crate::config::System;
use crate::nearest::did_you_mean;
use crate::secret;

/// Variables that belong to no flag and are not secret, or what the names of such begin with.
const OTHERS: [&str; 4] = ["PSFLEET_STATE_DIR", "PSFLEET_LOG", "PSFLEET_COMPLETE", "PSFLEET_TEST_"];

/// Every variable of this command whose value its flag does not take, and why. Nothing if what was typed is wrong by
/// itself, or if it replaces the variable.
pub(super) fn mistakes(cli: &Command, typed: &[OsString]) -> Vec<String> {
    let bare = without_variables(cli.clone());
    if bare.clone().try_get_matches_from(typed).is_err() {
        return Vec::new();
    }
    let parts = Typed::of(cli, typed);
    let mistake = |arg: &Arg| {
        let variable = arg.get_env()?.to_str()?;
        let value = std::env::var(variable).ok().filter(|value| !value.is_empty())?;
        let long = arg.get_long()?;
        if !takes_value(arg) {
            return (!is_boolean(&value))
                .then(|| format!("{variable}: '{value}' is neither true nor false: use 1 or 0"));
        }
        let flag = [OsString::from(format!("--{long}={value}"))];
        let words = parts.names.iter().chain(&flag).chain(parts.rest);
        let error = bare.clone().try_get_matches_from(words).err().filter(|error| error.use_stderr())?;
        Some(format!("{variable}: {}", reason(&error)))
    };
    parts.command.get_arguments().filter_map(mistake).collect()
}

/// The flags that this source gave, as they would be typed.
pub(super) fn flags(
    cli: &Command,
    matches: &ArgMatches,
    from: ValueSource,
    is_wanted: &dyn Fn(&Arg) -> bool,
) -> Vec<String> {
    if let Some((name, of_command)) = matches.subcommand()
        && let Some(command) = cli.find_subcommand(name)
    {
        return flags(command, of_command, from, is_wanted);
    }
    let given = |arg: &&Arg| matches.value_source(arg.get_id().as_str()) == Some(from) && is_wanted(arg);
    let typed = |arg: &Arg| -> Vec<String> {
        let Some(long) = arg.get_long() else { return Vec::new() };
        let values = matches.get_raw(arg.get_id().as_str()).into_iter().flatten().map(OsStr::to_string_lossy);
        match takes_value(arg) {
            true => values.map(|value| format!("--{long}={value}")).collect(),
            false => values.filter(|value| is_true(value)).map(|_| format!("--{long}")).collect(),
        }
    };
    cli.get_arguments().filter(given).flat_map(typed).collect()
}

/// What clap's parser of switches takes.
fn is_boolean(value: &str) -> bool {
    let no = ["n", "no", "f", "false", "off", "0"];
    is_true(value) || no.contains(&value.to_ascii_lowercase().as_str())
}

/// What it takes for yes.
fn is_true(value: &str) -> bool {
    let yes = ["y", "yes", "t", "true", "on", "1"];
    yes.contains(&value.to_ascii_lowercase().as_str())
}

/// The command without the variables that are empty: an empty one counts as absent, whatever it is for.
pub(super) fn without_empty(command: Command) -> Command {
    let is_empty =
        |arg: &Arg| arg.get_env().is_some_and(|name| std::env::var_os(name).is_some_and(|value| value.is_empty()));
    let command = command.mut_args(|arg| if is_empty(&arg) { arg.env(None::<&'static str>) } else { arg });
    command.mut_subcommands(without_empty)
}

/// The command as it is where no variable is set.
pub(super) fn without_variables(command: Command) -> Command {
    let command = command.mut_args(|arg| arg.env(None::<&'static str>));
    command.mut_subcommands(without_variables)
}

/// Variables that look like ours and mean nothing.
pub(super) fn unknown(cli: &Command, around: &dyn System) -> Vec<String> {
    let mut known: Vec<String> = OTHERS.iter().chain(&secret::VARIABLES).map(|name| (*name).to_owned()).collect();
    add_variables(cli, &mut known);
    let is_known = |name: &str| {
        known.iter().any(|known| known == name || (known.ends_with('_') && name.starts_with(known.as_str())))
    };
    let ours = around.variables().into_keys().filter(|name| name.starts_with("PSFLEET_") && !is_known(name));
    let told = ours.map(|name| {
        let hint = did_you_mean(&name, known.iter().map(String::as_str)).map(|hint| format!("; {hint}"));
        format!("{name}: no flag has this variable{}", hint.unwrap_or_default())
    });
    told.collect()
}

fn add_variables(command: &Command, known: &mut Vec<String>) {
    let names = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str());
    known.extend(names.map(str::to_owned));
    command.get_subcommands().for_each(|below| add_variables(below, known));
}
