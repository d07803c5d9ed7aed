//! What to copy, and where to.

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Subcommand};

use super::connect::ConnectArgs;
use super::output::OutputArgs;
use super::rollout::RolloutArgs;
use super::store::StoreArgs;
use super::targets::TargetArgs;

/// Copy files to or from many hosts, compared by SHA-256
#[derive(Debug, Clone, Args)]
pub struct CopyArgs {
    /// Which way.
    #[command(subcommand)]
    pub direction: Direction,
}

/// Which way files go.
#[derive(Debug, Clone, Subcommand)]
pub enum Direction {
    /// Copy files from here to the hosts
    ///
    /// SRC is a file, a folder (with --recurse) or a pattern on this machine. DST is a path on the hosts; it is a
    /// folder if it ends in / or is one there, or if more than one file is sent. A folder SRC becomes DST/NAME.
    Push(Box<TransferArgs>),
    /// Copy files from the hosts to here, each into DST/HOST/
    ///
    /// SRC is a file, a folder (with --recurse) or a pattern on the hosts. DST is a folder on this machine; below it
    /// each host has a folder of its own.
    Pull(Box<TransferArgs>),
}

impl Direction {
    /// The flags of either.
    /// What is copied, in whichever direction.
    pub(in crate::cli) fn transfer(&self) -> &TransferArgs {
        match self {
            Self::Push(transfer) | Self::Pull(transfer) => transfer,
        }
    }

    /// The same, to be changed.
    pub(in crate::cli) fn transfer_mut(&mut self) -> &mut TransferArgs {
        match self {
            Self::Push(transfer) | Self::Pull(transfer) => transfer,
        }
    }
}

/// Flags of both directions.
#[derive(Debug, Clone, Args)]
pub struct TransferArgs {
    /// What to copy, and last of all where to
    #[arg(value_name = "SRC... DST", required = true, num_args = 2..)]
    pub paths: Vec<String>,

    /// Copy folders with everything below them
    #[arg(short, long, env = "PSFLEET_RECURSE", value_parser = BoolishValueParser::new(), num_args = 0,
          default_value_t = false, default_missing_value = "true")]
    pub recurse: bool,

    /// Also copy files that are already there with the same length and SHA-256
    #[arg(long, env = "PSFLEET_FORCE", value_parser = BoolishValueParser::new(), num_args = 0, default_value_t = false,
          default_missing_value = "true")]
    pub force: bool,

    /// Show the targets, what would be copied and where to, and do nothing; -o json for programs
    #[arg(long, env = "PSFLEET_PLAN", aliases = ["dry-run", "what-if"], action = ArgAction::SetTrue,
          value_parser = BoolishValueParser::new())]
    pub plan: bool,

    /// Target flags.
    #[command(flatten)]
    pub targets: TargetArgs,

    /// Connection flags.
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// How the copy goes.
    #[command(flatten)]
    pub rollout: RolloutArgs,

    /// Output flags.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Store flags.
    #[command(flatten)]
    pub store: StoreArgs,
}

impl TransferArgs {
    /// The sources and the destination.
    pub fn split(&self) -> (&[String], &str) {
        // clap demands two.
        match self.paths.split_last() {
            Some((destination, sources)) => (sources, destination),
            None => (&[], ""),
        }
    }
}
