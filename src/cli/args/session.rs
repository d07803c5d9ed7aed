//! What to do with the sessions that hosts hold.

use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Subcommand};

use super::connect::ConnectArgs;
use super::output::OutputArgs;
use super::rollout::RolloutArgs;
use super::targets::TargetArgs;
use crate::config;

/// List the WinRM shells of hosts, and remove those that psfleet left behind
#[derive(Debug, Clone, Args)]
pub struct SessionArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SessionCommand,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum SessionCommand {
    /// List the shells that the hosts hold: id, state, age, owner, and whether they are ours
    ///
    /// Ours are those that a psfleet of this user on this machine has opened; in use are those whose psfleet still runs.
    /// Without an administrator's rights on a host, only shells of the same user are seen. Over SSH nothing is left behind:
    /// a session there ends with its connection.
    #[command(visible_alias = "list")]
    Ls(Box<ShellArgs>),
    /// Remove shells that a psfleet of this user on this machine has opened, and which nobody uses any more
    ///
    /// A psfleet that is killed leaves its shells behind, until the host removes them after two idle hours. Those whose
    /// psfleet still runs are left alone, as are those that were left running and those of others. Shows each of ours and what became of it.
    Clean(Box<CleanArgs>),
}

/// Flags of `session ls`.
#[derive(Debug, Clone, Args)]
pub struct ShellArgs {
    /// Target flags.
    #[command(flatten)]
    pub targets: TargetArgs,

    /// Connection flags.
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// How it goes over the hosts.
    #[command(flatten)]
    pub rollout: RolloutArgs,

    /// Output flags.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Flags of `session clean`.
#[derive(Debug, Clone, Args)]
pub struct CleanArgs {
    /// Remove none that is younger; 0 for any age
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = age)]
    pub older: Duration,

    /// Also remove those whose psfleet still runs, and those that were left running (run --detach): what runs there is
    /// stopped
    #[arg(long)]
    pub force: bool,

    /// Connect and show what would be removed, and remove nothing
    #[arg(long, env = "PSFLEET_PLAN", aliases = ["dry-run", "what-if"], action = ArgAction::SetTrue,
          value_parser = BoolishValueParser::new())]
    pub plan: bool,

    /// The flags of both.
    #[command(flatten)]
    pub shells: ShellArgs,
}

/// An age: a duration, or none.
fn age(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { config::parse_duration(text) }
}

#[cfg(test)]
mod tests {
    use super::{Duration, age};

    #[test]
    fn an_age_may_be_none() {
        assert_eq!(age("0"), Ok(Duration::ZERO));
        assert_eq!(age("10m"), Ok(Duration::from_secs(600)));
        assert!(age("").is_err() && age("-1s").is_err());
    }
}
