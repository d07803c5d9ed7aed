//! `psfleet runs import`.

use jiff::Timestamp;

use crate::cli::args::bundle::ImportArgs;
use crate::cli::terminal;
use crate::output::sanitize_line;
use crate::store::{Imported, Store};

/// Takes over the run of a file.
pub(super) fn run(args: &ImportArgs, store: &Store) -> anyhow::Result<u8> {
    let (said, run) = match store.import(&args.file, Timestamp::now())? {
        Imported::New(run) => ("imported", run),
        Imported::Already(run) => ("already here", run),
    };
    terminal::say(&format!("{said}: the run {}, {}\n", run.id, sanitize_line(&run.title)))?;
    Ok(0)
}
