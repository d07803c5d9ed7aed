//! The flags that show hosts with equal output once.

use anyhow::bail;
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};

use super::output::{OutputArgs, OutputFormat};
use crate::output::{Fold, Format, Ignore, Select};
use crate::stream::Stream;

/// Flags of folding, for the commands that show the objects of a script.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct FoldArgs {
    /// Show hosts with equal objects and errors once, as web[01-38,40], the most hosts first, when the run is over
    #[arg(long, env = "PSFLEET_FOLD", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub fold: bool,

    /// Properties that don't count for --fold, besides volatile ones of known types: names, or TYPE.NAME, with `*` for
    /// any characters; `none` has the volatile ones count
    #[arg(long, env = "PSFLEET_IGNORE", value_delimiter = ',', value_name = "PROPS")]
    pub ignore: Vec<String>,
}

impl FoldArgs {
    /// Whether hosts are folded.
    pub fn is_on(&self) -> bool {
        self.fold
    }

    /// What makes hosts equal, for those who see this output.
    pub fn settings(&self, output: &OutputArgs) -> Fold {
        let select = Select::new(&output.select);
        let ignore = Ignore::new(&self.ignore, &select);
        Fold { ignore, select, without_errors: !output.streams.contains(Stream::Error) }
    }

    /// Refuses flags that do nothing, before anything is done.
    ///
    /// # Errors
    /// The flag, why, and what to write instead.
    pub fn check(&self, output: &OutputArgs) -> anyhow::Result<()> {
        if !self.is_on() && !self.ignore.is_empty() {
            bail!("--ignore chooses what --fold compares: write --fold, too");
        }
        let unseen = output.output == OutputFormat::Chosen(Format::None) && output.out.is_empty();
        if self.is_on() && unseen {
            bail!("-o none shows no groups: leave out --fold, or write the groups to a file with --out");
        }
        Ok(())
    }
}
