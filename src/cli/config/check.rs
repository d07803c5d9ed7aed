//! `psfleet config check`.

use std::ffi::OsString;
use std::fmt::Write;

use clap::CommandFactory;

use crate::cli::defaults::RUN_KEYS;
use crate::cli::{Cli, environment, exit, terminal};
use crate::config::{Config, Machine, System};
use crate::exit::{OK, USAGE};
use crate::inventory::Errors;

/// Tells which files count, and what is wrong in them and in the environment.
pub(super) fn run(machine: &mut Machine) -> anyhow::Result<u8> {
    let cli = Cli::command();
    let found = Config::load(machine, &RUN_KEYS);
    let mistakes = environment::mistakes(&cli, &["psfleet", "run"].map(OsString::from));
    let warnings =
        found.iter().flat_map(|config| config.warnings.iter().cloned()).chain(environment::unknown(&cli, machine));
    warnings.for_each(|warning| terminal::complain(&format!("warning: {}", crate::output::sanitize_line(&warning))));
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
