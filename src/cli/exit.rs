//! The exit code of a command that makes no run, or whose output could not be written.

use std::process::ExitCode;

use crate::error_text;
use crate::exit::USAGE;
use crate::inventory::Errors;

/// Prints mistakes in what was typed, in the environment or in a configuration file.
pub(super) fn usage(mistakes: &[String]) -> ExitCode {
    mistakes.iter().for_each(|mistake| anstream::eprintln!("error: {mistake}"));
    ExitCode::from(USAGE)
}

/// Prints why a command could not be carried out, and returns its exit code.
pub(super) fn failure(error: &anyhow::Error) -> u8 {
    let Some(errors) = error.downcast_ref::<Errors>() else {
        anstream::eprintln!("error: {}", error_text::chain(error.chain()));
        return USAGE;
    };
    for line in errors.to_string().lines() {
        let is_new = !line.starts_with([' ', '\t']) && !line.starts_with("hint:");
        anstream::eprintln!("{}{line}", if is_new { "error: " } else { "" });
    }
    errors.exit_code()
}
