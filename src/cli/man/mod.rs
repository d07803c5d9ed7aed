//! `psfleet man`: the pages of the manual.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Command};
use clap_mangen::Man;

use crate::cli::terminal;
use crate::error_text;
use crate::exit;

/// Print a page of the manual, or write all of them to a folder
///
/// psfleet man run | man -l - shows the page of a command.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command whose page it is, such as `run` or `copy push`; psfleet itself if none is given
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,

    /// Write a page for psfleet and each command to this folder, as psfleet-run.1: for a folder man1 of MANPATH
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
}

/// Prints or writes what was asked for.
///
/// # Errors
/// No such command, or what cannot be written.
pub(super) fn run(args: &ManArgs, cli: Command) -> anyhow::Result<u8> {
    let mut cli = cli.disable_help_subcommand(true);
    cli.build();
    if let Some(folder) = &args.out {
        let failed = |path: &PathBuf, error: &std::io::Error| {
            format!("cannot write {}: {}", path.display(), error_text::io(error))
        };
        std::fs::create_dir_all(folder).map_err(|error| anyhow::anyhow!(failed(folder, &error)))?;
        for (name, page) in pages(&cli)? {
            let path = folder.join(name);
            std::fs::write(&path, page).map_err(|error| anyhow::anyhow!(failed(&path, &error)))?;
        }
        return Ok(exit::OK);
    }
    let mut command = &cli;
    for name in &args.command {
        match command.find_subcommand(name) {
            Some(found) => command = found,
            None => bail!("psfleet has no command '{}': psfleet --help lists them", args.command.join(" ")),
        }
    }
    terminal::print(&String::from_utf8(page(command)?).context("a page that is no text")?)?;
    Ok(exit::OK)
}

/// The pages of a command and all below it, with the names of their files.
fn pages(command: &Command) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut found = vec![(Man::new(command.clone()).get_filename(), page(command)?)];
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        found.extend(pages(below)?);
    }
    Ok(found)
}

fn page(command: &Command) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    let source = format!("psfleet {}", env!("CARGO_PKG_VERSION"));
    Man::new(command.clone()).source(source).manual("psfleet").render(&mut page)?;
    if command.get_name() == "psfleet" {
        page.extend_from_slice(include_bytes!("end.roff"));
    }
    Ok(page)
}
