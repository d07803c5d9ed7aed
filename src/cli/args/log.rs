//! Where the program logs what it does.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Log flags, shared by the commands that connect to hosts.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct LogArgs {
    /// Append what psfleet does to a file, for your eyes only and without secrets; PSFLEET_LOG or RUST_LOG choose what,
    /// such as psfleet=trace, instead of psfleet=debug
    #[arg(long, env = "PSFLEET_LOG_FILE", value_name = "FILE")]
    pub log_file: Option<PathBuf>,

    /// Format of that file, and of what RUST_LOG has on stderr: text, or a JSON object a line
    #[arg(long, env = "PSFLEET_LOG_FORMAT", value_enum, default_value_t, value_name = "FORMAT")]
    pub log_format: LogFormat,
}

/// Formats of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}
