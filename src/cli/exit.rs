//! From results to the exit code of the process (product contract: 0, 1, 2, 3, 4, 5, 130, 143).

use std::process::ExitCode;

use crate::event::Summary;
use crate::inventory::Errors;

/// Usage, configuration and inventory errors, and outputs that cannot be written.
pub const USAGE: u8 = 2;

/// The exit code of a run; `exit_zero` forgives what the hosts did, not an interrupt.
pub fn code(summary: &Summary, exit_zero: bool) -> u8 {
    match summary.exit_code {
        1 | 3 if exit_zero => 0,
        code => code,
    }
}

/// Prints which flags a configuration file sets to what they do not take.
pub fn wrong_defaults(mistakes: &[String]) -> ExitCode {
    mistakes.iter().for_each(|mistake| anstream::eprintln!("error: {mistake}"));
    ExitCode::from(USAGE)
}

/// Prints why a command could not be carried out, and returns its exit code.
pub fn failure(error: &anyhow::Error) -> u8 {
    let Some(errors) = error.downcast_ref::<Errors>() else {
        anstream::eprintln!("error: {error:#}");
        return USAGE;
    };
    for line in errors.to_string().lines() {
        let is_new = !line.starts_with([' ', '\t']) && !line.starts_with("hint:");
        anstream::eprintln!("{}{line}", if is_new { "error: " } else { "" });
    }
    errors.exit_code()
}
