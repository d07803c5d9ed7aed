//! A script for each cause, to be run on the hosts that have it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;

use super::diagnoses::Diagnoses;
use crate::cli::terminal::Console;
use crate::event::{RunEvent, RunEventKind};
use crate::hostlist::fold;
use crate::output::{Flow, Sink};

/// Windows PowerShell reads a file without it in the code page of its machine.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes the scripts when the run is over.
pub(super) struct FixScripts {
    folder: PathBuf,
    console: Arc<Console>,
    found: Diagnoses,
}

impl FixScripts {
    /// Scripts in this folder, which is made if there is none.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn into(folder: &Path, console: &Arc<Console>) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self { folder: folder.to_owned(), console: Arc::clone(console), found: Diagnoses::default() })
    }

    fn write(&self) -> anyhow::Result<()> {
        let causes = self.found.with_remedies();
        if causes.is_empty() {
            self.console
                .note(&format!("note: no script in {}: nothing was found that one mends", self.folder.display()));
        }
        for (cause, hosts) in causes {
            let file = self.folder.join(format!("{}.ps1", cause.code()));
            let names = fold(hosts.iter().map(|host| self.found.name(*host)));
            let script = cause.script(&self.found.users(&hosts), &names);
            fs::write(&file, BYTE_ORDER_MARK.to_owned() + &script)
                .with_context(|| format!("cannot write {}", file.display()))?;
            self.console.note(&format!("note: wrote {}", file.display()));
        }
        Ok(())
    }
}

impl Sink for FixScripts {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        self.found.apply(event);
        if let RunEventKind::RunFinished(_) = event.kind {
            self.write()?;
        }
        Ok(Flow::Continue)
    }
}
