//! The exit code of a command that makes no run, or whose output could not be written.

use std::process::ExitCode;

use super::typed::Typed;
use super::{check, terminal};
use crate::error_text;
use crate::exit::USAGE;
use crate::inventory::Errors;
use crate::output::sanitize;

/// Prints mistakes in what was typed, in the environment or in a configuration file.
pub(super) fn usage(mistakes: &[String]) -> ExitCode {
    mistakes.iter().for_each(|mistake| terminal::complain(&format!("error: {}", sanitize(mistake))));
    ExitCode::from(USAGE)
}

/// Prints why a command could not be carried out, and returns its exit code.
pub(super) fn failure(error: &anyhow::Error) -> u8 {
    let Some(errors) = error.downcast_ref::<Errors>() else {
        terminal::complain(&format!("error: {}", sanitize(&error_text::chain(error.chain()))));
        return USAGE;
    };
    // What hosts, files and bundles have said may be in it.
    for line in sanitize(&errors.to_string()).lines() {
        let is_new = !line.starts_with([' ', '\t']) && !line.starts_with("hint:");
        terminal::complain(&format!("{}{line}", if is_new { "error: " } else { "" }));
    }
    errors.exit_code()
}

/// The exit code of a mistake in the words of this command: monitoring takes those of a check for UNKNOWN.
pub(super) fn of(typed: &Typed<'_>, usual: ExitCode) -> ExitCode {
    if typed.is_check() { ExitCode::from(check::UNKNOWN) } else { usual }
}
