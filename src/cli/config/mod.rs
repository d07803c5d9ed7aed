//! `psfleet config`: what is configured and from where, whether it is right, and a file to begin with.

mod check;
mod init;
mod keys;
mod show;

use clap::{Args, Subcommand};

use self::init::InitArgs;
use self::show::ShowArgs;
use crate::config::Machine;

/// Show and check the configuration, or write a file with every key
///
/// Flags win over the environment (PSFLEET_ and the flag's name), which wins over files: ./psfleet.toml or the nearest
/// one above it, then the user's, then the system's.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: Option<ConfigCommand>,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Show every key with its value, and where that is from (the default)
    Show(ShowArgs),
    /// Tell every mistake in every file and in the variables of the environment; exit code 2 if there is one
    Check,
    /// Write a file that has every key as a comment, with its meaning and default
    Init(InitArgs),
}

/// Does what was asked for and returns the process's exit code.
///
/// # Errors
/// Mistakes in files or environment, or what cannot be read or written.
pub(super) fn run(args: ConfigArgs, mut machine: Machine) -> anyhow::Result<u8> {
    match args.command.unwrap_or(ConfigCommand::Show(ShowArgs::default())) {
        ConfigCommand::Show(args) => show::run(&args, &mut machine),
        ConfigCommand::Check => check::run(&mut machine),
        ConfigCommand::Init(args) => init::run(&args, &machine),
    }
}
