//! Mistakes in `PSFLEET_*` variables: clap would report them as if they had been typed.

use std::ffi::OsString;

use clap::{Arg, Command};

use super::refusal::reason;
use super::typed::{Typed, takes_value};

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

/// What clap's parser of switches takes.
fn is_boolean(value: &str) -> bool {
    let known = ["y", "yes", "t", "true", "on", "1", "n", "no", "f", "false", "off", "0"];
    known.contains(&value.to_ascii_lowercase().as_str())
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
