//! The flags that show hosts with equal output once.

use anyhow::bail;
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};

use super::output::{OutputArgs, OutputFormat};
use crate::output::{Diff, Fold, Format, Groups, Ignore, Notes, Select};
use crate::stream::Stream;

/// Flags of folding, for the commands that show the objects of a script.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct FoldArgs {
    /// Show hosts with equal objects and errors once, as web[01-38,40], the most hosts first, when the run is over
    #[arg(long, env = "PSFLEET_FOLD", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub fold: bool,

    /// Show how the other groups of --fold differ from the largest one that is ok: + has more, - has not, ~ has other
    /// values
    #[arg(long, env = "PSFLEET_DIFF", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub diff: bool,

    /// Compare with this host's group instead
    #[arg(long, env = "PSFLEET_DIFF_TO", value_name = "HOST")]
    pub diff_to: Option<String>,

    /// Properties that don't count for --fold and --diff, besides volatile ones of known types: names, or TYPE.NAME, with `*` for
    /// any characters; `none` has the volatile ones count
    #[arg(long, env = "PSFLEET_IGNORE", value_delimiter = ',', value_name = "PROPS")]
    pub ignore: Vec<String>,
}

impl FoldArgs {
    /// Whether hosts are folded.
    pub fn is_on(&self) -> bool {
        self.fold || self.is_diff()
    }

    fn is_diff(&self) -> bool {
        self.diff || self.diff_to.is_some()
    }

    /// The groups that are to come.
    pub fn groups(&self) -> Groups {
        if self.is_diff() { Groups::of_deltas() } else { Groups::default() }
    }

    /// What is shown of the groups has been selected before.
    pub fn has_selected(&self) -> bool {
        self.is_diff()
    }

    /// What makes hosts equal, for those who see this output.
    pub fn settings(&self, output: &OutputArgs) -> Fold {
        let select = Select::new(&output.select);
        let ignore = Ignore::new(&self.ignore, &select);
        let without_errors = !output.streams.contains(Stream::Error);
        Fold { ignore, select, without_errors, diff: self.reference(), notes: Notes::default() }
    }

    fn reference(&self) -> Option<Diff> {
        self.is_diff().then(|| Diff { to: self.diff_to.clone() })
    }

    /// Refuses a host to compare with that the run does not have.
    ///
    /// # Errors
    /// Its name.
    pub fn check_hosts<'a>(&self, hosts: impl Iterator<Item = &'a str>) -> anyhow::Result<()> {
        self.reference().map_or(Ok(()), |diff| diff.check(hosts))
    }

    /// Refuses flags that do nothing, before anything is done.
    ///
    /// # Errors
    /// The flag, why, and what to write instead.
    pub fn check(&self, output: &OutputArgs) -> anyhow::Result<()> {
        if !self.is_on() && !self.ignore.is_empty() {
            bail!("--ignore chooses what --fold and --diff compare: write one of them, too");
        }
        let unseen = output.output == OutputFormat::Chosen(Format::None) && output.out.is_empty();
        if self.is_on() && unseen {
            bail!("-o none shows no groups: leave out --fold and --diff, or write the groups to a file with --out");
        }
        Ok(())
    }
}
