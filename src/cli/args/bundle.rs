//! One run in a file of its own.

use std::path::PathBuf;

use clap::Args;

/// Flags of `runs export`.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// The run
    #[arg(value_name = "RUN", default_value = "last")]
    pub run: String,

    /// The file, - for stdout; else it is called by the run's label or id, in the current folder
    #[arg(long, value_name = "FILE.psfleet")]
    pub out: Option<PathBuf>,

    /// Overwrite the file
    #[arg(long)]
    pub force: bool,
}

/// Flags of `runs import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// The file
    #[arg(value_name = "FILE.psfleet")]
    pub file: PathBuf,
}
