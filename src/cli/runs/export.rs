//! `psfleet runs export`.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tempfile::NamedTempFile;

use crate::cli::args::bundle::ExportArgs;
use crate::cli::{keeping, terminal};
use crate::error_text;
use crate::store::{ExportError, Run, Store};

/// What bundles are called.
const SUFFIX: &str = "psfleet";

/// Writes a run to a file.
pub(super) fn run(args: &ExportArgs, store: &Store) -> anyhow::Result<u8> {
    let run = store.find(&args.run)?;
    if args.out.as_deref() == Some(Path::new("-")) {
        return to_stdout(&run, store);
    }
    let out = args.out.clone().unwrap_or_else(|| named_by(&run));
    let failed = |error: &io::Error| unwritable(&out, error);
    let there = || {
        let path = out.display();
        format!("{path} is there already: --force overwrites it, --out FILE.{SUFFIX} names another")
    };
    match out.symlink_metadata() {
        Ok(found) if !found.is_file() => bail!("{} is no file that could be overwritten", out.display()),
        Ok(_) if !args.force => bail!(there()),
        _ => {}
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // For this user alone, and under its name only once it is whole.
    let file = NamedTempFile::new_in(folder).map_err(|error| anyhow::anyhow!(failed(&error)))?;
    export(store, &run, file.path(), &out)?;
    let size = file.as_file().metadata().map_or(0, |found| found.len());
    let written = file.as_file().sync_all().and_then(|()| match args.force {
        true => file.persist(&out).map_err(|error| error.error),
        false => file.persist_noclobber(&out).map_err(|error| error.error),
    });
    match written {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => bail!(there()),
        Err(error) => bail!(failed(&error)),
    }
    terminal::print(&format!("{} ({}): the run {}\n", out.display(), keeping::bytes(size), run.id))?;
    Ok(0)
}

/// Writes the run to an empty file; `named` is what its user calls it.
fn export(store: &Store, run: &Run, file: &Path, named: &Path) -> anyhow::Result<()> {
    store.export(run, file).map_err(|error| match error {
        ExportError::File(cause) => anyhow::anyhow!(unwritable(named, &cause)),
        ExportError::Store(error) => error.into(),
    })
}

fn unwritable(file: &Path, error: &io::Error) -> String {
    format!("cannot write {}: {}", file.display(), error_text::io(error))
}

fn named_by(run: &Run) -> PathBuf {
    let id = run.id.to_string();
    PathBuf::from(format!("{}.{SUFFIX}", run.label.as_deref().unwrap_or(&id)))
}

fn to_stdout(run: &Run, store: &Store) -> anyhow::Result<u8> {
    if io::stdout().is_terminal() {
        bail!("a terminal is no place for a file that is not text: --out FILE.{SUFFIX}, or a pipe, takes it");
    }
    let file = NamedTempFile::new().context("there is no place for a temporary file")?;
    export(store, run, file.path(), file.path())?;
    match io::copy(&mut file.reopen()?, &mut io::stdout().lock()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            bail!("cannot write the run: {}", error_text::io(&error))
        }
        _ => Ok(0),
    }
}
