//! What to do with runs that were kept.

use clap::{Args, Subcommand, ValueEnum};

use super::bundle::{ExportArgs, ImportArgs};
use super::compare::{DiffArgs, TrendArgs};
use super::connect::ConnectArgs;
use super::fold::FoldArgs;
use super::number;
use super::output::OutputArgs;
use super::rollout::{RolloutArgs, Throttle};
use super::store::RetentionArgs;

/// List, show, replay, resume, collect and carry over runs that were kept
///
/// RUN is `last`, `last~1` for the one before, a label (--label), or the begin of an id that no other run has.
#[derive(Debug, Clone, Args)]
pub struct RunsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum RunsCommand {
    /// List the runs, the most recent one first (the default)
    #[command(visible_alias = "list")]
    Ls(LsArgs),
    /// Show what a run did: its scripts with what they were given, its settings, its hosts by outcome
    Show(ShowArgs),
    /// Show the output of a run again, in any format
    ///
    /// The data are the same as they were, in the order in which they came; the flags may be others than those of the
    /// run. A run that was resumed is one run: of a host that ran once more, since psfleet had been killed while it ran
    /// (`runs resume --lost`), the records are those of the last attempt.
    Replay(Box<ReplayArgs>),
    /// Go on with a run that was interrupted, killed or paused
    ///
    /// Runs the hosts that have no outcome, or were not started or skipped. Without RUN that is the last run made here
    /// that has such hosts, or with --lost any that are lost, and was not closed. The script, its arguments and its input are those of the run, even if
    /// their files have changed; secrets and passwords are found anew. What psfleet was running when it was killed is
    /// `lost`: it may have had its effect, so it runs once more only with --lost. What is shown of it, and where, is said anew:
    /// --out of the run would overwrite what it has; runs replay shows all of it.
    Resume(Box<ResumeArgs>),
    /// Leave the rest of a run alone: `runs resume` does not offer it any more
    ///
    /// What it did is kept; `runs resume RUN` with its name still goes on with it.
    Close(CloseArgs),
    /// Collect what a run left running (--detach): what it has written since, up to its end
    ///
    /// Attaches to what was left on each host and hands on what it writes, as another part of the same run; without RUN
    /// the last run of which something was left running. Also on another machine, once `runs import` has taken the run
    /// over: who may collect is the user that the run had on the hosts. A host where it still runs after --timeout, or
    /// at Ctrl-C, is left running again; as long as there is such a host, the exit code is 5, and at Ctrl-C 130. A host
    /// that cannot be reached stays as it is.
    Collect(Box<CollectArgs>),
    /// Show what is different between two runs of one script
    ///
    /// Hosts that are new or gone, other outcomes, and what objects have otherwise, property by property; the last two
    /// runs if none are named. Hosts of the same changes stand together.
    Diff(DiffArgs),
    /// Show how a number went from run to run of one script
    ///
    /// `runs trend FreeGB`, `runs trend 'max(FreeGB)' --by DeviceID`: a row for each host, or each value of --by, and a
    /// column for each run.
    Trend(TrendArgs),
    /// Write a run to one file that another machine can import
    ///
    /// The file has everything of the run: its script, its hosts, their outcomes and their output.
    Export(ExportArgs),
    /// Take over a run from a file that `runs export` wrote
    ///
    /// It is shown, replayed and compared like any other; `last` and `runs resume` mean only runs that were made here.
    Import(ImportArgs),
    /// Remove old runs now, as each run does at its end
    Prune(PruneArgs),
}

/// Flags of `runs ls`.
#[derive(Debug, Clone, Default, Args)]
pub struct LsArgs {
    /// How many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = number::whole::<usize>)]
    pub number: usize,

    /// All of them
    #[arg(long, conflicts_with = "number")]
    pub all: bool,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: PageFormat,
}

/// Flags of `runs show`.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The run
    #[arg(value_name = "RUN", default_value = "last")]
    pub run: String,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: PageFormat,
}

/// Flags of `runs replay`.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// The run
    #[arg(value_name = "RUN", default_value = "last")]
    pub run: String,

    /// Also show what hosts wrote in attempts before the last one, which were cut off
    #[arg(long)]
    pub all_attempts: bool,

    /// Output flags.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Flags of folding.
    #[command(flatten)]
    pub fold: FoldArgs,
}

/// Flags of `runs resume`.
#[derive(Debug, Clone, Args)]
pub struct ResumeArgs {
    /// The run [default: the last unfinished one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,

    /// Also run once more the hosts that were running when psfleet was killed
    #[arg(long)]
    pub lost: bool,

    /// How many hosts are at work at once [default: as when the run began]
    #[arg(short = 'c', long, value_name = "N|auto")]
    pub throttle: Option<Throttle>,

    /// Ask nobody to confirm the number of hosts
    #[arg(short = 'y', long)]
    pub yes: bool,

    /// Output flags.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Flags of `runs collect`.
#[derive(Debug, Clone, Args)]
pub struct CollectArgs {
    /// The run; the last one that left something running if none is given
    #[arg(value_name = "RUN")]
    pub run: Option<String>,

    /// Inventory file with the hosts' passwords, where those are not found as the run found them (repeatable)
    #[arg(short = 'i', long, value_name = "FILE")]
    pub inventory: Vec<String>,

    /// How many hosts are at work at once, where it shall not be as the run began
    #[arg(short = 'c', long, value_name = "N|auto")]
    pub throttle: Option<Throttle>,

    /// Connection flags.
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// Output flags.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Flags of folding.
    #[command(flatten)]
    pub fold: FoldArgs,
}

impl ResumeArgs {
    /// What is said of the rest of a run.
    pub(in crate::cli) fn change(&self, rollout: &mut RolloutArgs) {
        rollout.ramp.yes |= self.yes;
        if let Some(throttle) = self.throttle {
            rollout.throttle = throttle;
        }
    }
}

/// Flags of `runs close`.
#[derive(Debug, Clone, Args)]
pub struct CloseArgs {
    /// The run
    #[arg(value_name = "RUN")]
    pub run: String,
}

/// Flags of `runs prune`.
#[derive(Debug, Clone, Args)]
pub struct PruneArgs {
    /// What is kept.
    #[command(flatten)]
    pub retention: RetentionArgs,
}

/// Formats of pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}
