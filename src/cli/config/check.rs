//! `psfleet config check`.

use std::ffi::OsString;
use std::fmt::Write;

use clap::{Command, CommandFactory};

use crate::cli::defaults::RUN_KEYS;
use crate::cli::{Cli, environment, exit, terminal};
use crate::config::{Config, Machine, System};
use crate::exit::{OK, USAGE};
use crate::inventory::Errors;
use crate::nearest::did_you_mean;

/// Variables that belong to no flag, or what the names of such begin with.
const OTHERS: [&str; 7] = [
    "PSFLEET_PASSWORD",
    "PSFLEET_STATE_DIR",
    "PSFLEET_LOG",
    "PSFLEET_COMPLETE",
    "PSFLEET_SECRET_",
    "PSFLEET_CREDENTIAL_",
    "PSFLEET_TEST_",
];

/// Tells which files count, and what is wrong in them and in the environment.
pub(super) fn run(machine: &mut Machine) -> anyhow::Result<u8> {
    let cli = Cli::command();
    let found = Config::load(machine, &RUN_KEYS);
    let mistakes = environment::mistakes(&cli, &["psfleet", "run"].map(OsString::from));
    let warnings = found.iter().flat_map(|config| config.warnings.iter().cloned()).chain(unknown(&cli, machine));
    warnings.for_each(|warning| anstream::eprintln!("warning: {}", crate::output::sanitize_line(&warning)));
    let is_right = found.is_ok() && mistakes.is_empty();
    if let Err(problems) = found {
        exit::failure(&Errors::from(problems).into());
    }
    exit::usage(&mistakes);
    if is_right {
        terminal::print(&files(machine))?;
    }
    Ok(if is_right { OK } else { USAGE })
}

/// The files that there are, and which of them counts.
fn files(machine: &Machine) -> String {
    let mut text = String::new();
    let mut nearest = None;
    for file in machine.config_files().into_iter().filter(|file| file.path.is_file()) {
        let path = file.path.display();
        let _ = match nearest.as_ref().filter(|_| file.walked) {
            Some(nearest) => writeln!(text, "{path}: not read, because {nearest} is nearer"),
            None => writeln!(text, "{path}: read"),
        };
        if file.walked && nearest.is_none() {
            nearest = Some(path.to_string());
        }
    }
    match text.is_empty() {
        true => "there is no configuration file; psfleet config init writes one\n".to_owned(),
        false => text,
    }
}

/// Variables that look like ours and mean nothing.
fn unknown(cli: &Command, machine: &Machine) -> Vec<String> {
    let mut known: Vec<String> = OTHERS.iter().map(|name| (*name).to_owned()).collect();
    add_variables(cli, &mut known);
    let is_known = |name: &str| {
        known.iter().any(|known| known == name || (known.ends_with('_') && name.starts_with(known.as_str())))
    };
    let ours = machine.variables().into_keys().filter(|name| name.starts_with("PSFLEET_") && !is_known(name));
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
