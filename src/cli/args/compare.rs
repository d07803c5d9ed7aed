//! Several runs of one script beside each other.

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};

use super::number;

/// Flags of `runs diff`.
#[derive(Debug, Clone, Args)]
pub struct DiffArgs {
    /// The run before; the one before the other that did the same if none is given, or if it is the last one
    #[arg(value_name = "RUN")]
    pub before: Option<String>,

    /// The run after [default: last]
    #[arg(value_name = "RUN")]
    pub after: Option<String>,

    /// Compare runs of different scripts, too
    #[arg(long)]
    pub force: bool,

    /// Only these properties; * stands for any characters
    #[arg(long, value_name = "PROPERTY", value_delimiter = ',')]
    pub select: Vec<String>,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: DiffFormat,
}

/// Formats of a diff.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// text on a terminal, json otherwise
    #[default]
    Auto,
    /// For people: hosts of the same changes together
    Text,
    /// One object
    Json,
    /// One row for each change of each host
    Csv,
}

/// Flags of `runs trend`.
#[derive(Debug, Clone, Args)]
pub struct TrendArgs {
    /// The number: a property (FreeGB, Disk.Free), count, min(FreeGB), max(...), avg(...) or sum(...)
    #[arg(value_name = "EXPR")]
    pub measure: String,

    /// The runs; else the last ones that ran the same script as the last run
    #[arg(value_name = "RUN")]
    pub runs: Vec<String>,

    /// One row for each value of these properties, such as PSComputerName,DeviceID [default: the host]
    #[arg(long, value_name = "PROPERTY", value_delimiter = ',')]
    pub by: Vec<String>,

    /// Only runs of this label
    #[arg(long, value_name = "NAME", conflicts_with = "runs")]
    pub label: Option<String>,

    /// How many of the last runs
    #[arg(long, value_name = "N", default_value = "10", value_parser = number::count, conflicts_with = "runs")]
    pub last: NonZeroUsize,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: TrendFormat,
}

/// Formats of a trend.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum TrendFormat {
    /// For people: a column for each run, and a line that shows the way
    #[default]
    Table,
    /// One row for each run and each value of --by
    Csv,
    /// One line for each value of --by
    Json,
}
