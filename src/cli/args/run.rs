//! What to run and how: the flags of `run` besides targets, connection and output.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::connect::ConnectArgs;
use super::output::OutputArgs;
use super::targets::TargetArgs;
use crate::config;

/// Run a script block or file on many hosts and stream the objects back
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Script text, a FILE.ps1, or - for stdin
    #[arg(value_name = "CODE|FILE.ps1|-")]
    pub code: Option<String>,

    /// Target flags.
    #[command(flatten)]
    pub targets: TargetArgs,

    /// Connection flags.
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// Execution flags.
    #[command(flatten)]
    pub execute: ExecuteArgs,

    /// Output flags.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of the script and the course of the run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Execute")]
pub struct ExecuteArgs {
    /// Positional argument of the script ($args, param()); JSON if it parses as JSON, else a string; @FILE.json reads a
    /// file (repeatable)
    #[arg(short = 'a', long = "argument-list", value_name = "VALUE", allow_hyphen_values = true)]
    pub argument_list: Vec<String>,

    /// Named parameter of the script; the bare name is a switch (repeatable)
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub param: Vec<String>,

    /// Value of $using:NAME in the script (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub using: Vec<String>,

    /// How many hosts are at work at once
    #[arg(
        short = 'c',
        long,
        env = "PSFLEET_THROTTLE",
        value_name = "N",
        default_value = "32",
        aliases = ["throttle-limit", "forks", "fanout", "concurrency"]
    )]
    pub throttle: NonZeroUsize,

    /// Further attempts after a connection fault; a script that has started is never repeated
    #[arg(long, env = "PSFLEET_RETRIES", value_name = "N", default_value_t = 2)]
    pub retries: u32,

    /// Time before the second attempt, doubled for each one after it
    #[arg(long, env = "PSFLEET_RETRY_DELAY", value_name = "TIME", default_value = "2s", value_parser = config::parse_duration)]
    pub retry_delay: Duration,

    /// Refusals of a credential after which it is not tried again in this run
    #[arg(long, env = "PSFLEET_AUTH_FAIL_LIMIT", value_name = "N", default_value_t = 1)]
    pub auth_fail_limit: u32,

    /// Time for the whole run: then start no more and stop what runs
    #[arg(long, env = "PSFLEET_DEADLINE", value_name = "TIME", value_parser = config::parse_duration)]
    pub deadline: Option<Duration>,

    /// Hosts that wrote error records count as failed in the exit code
    #[arg(long, env = "PSFLEET_STRICT", value_parser = BoolishValueParser::new(), num_args = 0, default_value_t = false,
          default_missing_value = "true")]
    pub strict: bool,

    /// Exit with 0 whatever the hosts did; usage errors and interrupts keep their codes
    #[arg(long, env = "PSFLEET_EXIT_ZERO", value_parser = BoolishValueParser::new(), num_args = 0, default_value_t = false,
          default_missing_value = "true")]
    pub exit_zero: bool,
}
