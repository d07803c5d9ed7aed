//! What to do with the sessions that hosts hold.

use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Subcommand};

use super::connect::ConnectArgs;
use super::output::OutputArgs;
use super::rollout::RolloutArgs;
use super::targets::TargetArgs;
use crate::config;

/// List the shells of hosts and what was left running there, receive from a shell, and remove what psfleet left behind
#[derive(Debug, Clone, Args)]
pub struct SessionArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SessionCommand,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum SessionCommand {
    /// List the shells that the hosts hold: id, state, age, owner, whether they are ours, and of which run
    ///
    /// Ours are those that a psfleet of this user on this machine has opened; in use are those whose psfleet still runs.
    /// Without an administrator's rights on a host, only shells of the same user are seen. Over SSH, and
    /// on this machine, a session ends with its connection: what is listed there is what run --detach left, Running or Ended.
    #[command(visible_alias = "list")]
    Ls(Box<ShellArgs>),
    /// Receive what runs in a shell that its client has left, to its end (Receive-PSSession)
    ///
    /// Whoever left it: PowerShell's Disconnect-PSSession or Invoke-Command -InDisconnectedSession, or another program; what
    /// psfleet run --detach left is had from psfleet runs collect, which keeps it, and here only by its whole id. What was
    /// received is not on the host any more. When the pipeline has ended, the shell is left again with its variables, as it
    /// is at Ctrl-C (exit code 130) or after --timeout (exit code 5) while the pipeline runs on.
    Connect(Box<ConnectShellArgs>),
    /// Remove shells that a psfleet of this user on this machine has opened, and which nobody uses any more
    ///
    /// A psfleet that is killed leaves its shells behind, until the host removes them after two idle hours. Those whose
    /// psfleet still runs are left alone, as are those that were left running and those of others. Shows each of ours and
    /// what became of it.
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

/// Flags of `session connect`.
#[derive(Debug, Clone, Args)]
pub struct ConnectShellArgs {
    /// The host, and the shell by its id, the beginning of it, or its name; without one the only shell of the host that
    /// has no client
    #[arg(value_name = "HOST[/SHELL]")]
    pub target: String,

    /// Remove the shell when its pipeline has ended, or if nothing runs in it
    #[arg(long)]
    pub close: bool,

    /// Inventory file that knows the host (repeatable)
    #[arg(short = 'i', long, value_name = "FILE", env = "PSFLEET_INVENTORY", value_delimiter = '\n')]
    pub inventory: Vec<String>,

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

impl ConnectShellArgs {
    /// The host and the shell that are named. A slash of a URL separates none.
    pub(in crate::cli) fn host_and_shell(&self) -> (&str, Option<&str>) {
        match self.target.rsplit_once('/') {
            Some((host, shell)) if !host.is_empty() && !host.ends_with('/') && !shell.is_empty() => (host, Some(shell)),
            _ => (&self.target, None),
        }
    }
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
    use clap::{Args, FromArgMatches};

    use super::{ConnectShellArgs, Duration, age};

    #[test]
    fn a_slash_is_followed_by_a_shell_unless_it_is_of_a_url() {
        for (text, host, shell) in [
            ("web01", "web01", None),
            ("web01/AB", "web01", Some("AB")),
            ("winrm://ada@web01:5985", "winrm://ada@web01:5985", None),
            ("winrm://web01/AB", "winrm://web01", Some("AB")),
            ("web01/", "web01/", None),
        ] {
            let command = ConnectShellArgs::augment_args(clap::Command::new("t").no_binary_name(true));
            let args = ConnectShellArgs::from_arg_matches(&command.get_matches_from([text])).expect("args");
            assert_eq!(args.host_and_shell(), (host, shell), "{text}");
        }
    }

    #[test]
    fn an_age_may_be_none() {
        assert_eq!(age("0"), Ok(Duration::ZERO));
        assert_eq!(age("10m"), Ok(Duration::from_secs(600)));
        assert!(age("").is_err() && age("-1s").is_err());
    }
}
