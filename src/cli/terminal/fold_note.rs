//! What to say at the end of a run about hosts that were folded: properties that did not count, and what was not
//! compared.

use std::sync::Arc;

use super::{Console, wording};
use crate::event::{RunEvent, RunEventKind};
use crate::output::{Flow, Fold, Ignore, Notes, Sink, sanitize_line};

/// Names the volatile properties that were left out, and passes on what the fold has to say.
pub struct FoldNote {
    console: Arc<Console>,
    ignore: Ignore,
    notes: Notes,
    quiet: bool,
}

impl FoldNote {
    /// For this fold; `quiet` leaves out what is as usual.
    pub fn new(console: &Arc<Console>, fold: &Fold, quiet: bool) -> Self {
        Self { console: Arc::clone(console), ignore: fold.ignore.clone(), notes: fold.notes.clone(), quiet }
    }

    fn end(&self) {
        for note in self.notes.take() {
            self.console.note(&format!("{} {}", self.console.warning(), sanitize_line(&note)));
        }
        let met = self.ignore.met();
        if !self.quiet && !met.is_empty() {
            self.console.note(&wording::ignored(&met, self.console.verbose()));
        }
    }
}

impl Sink for FoldNote {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        if matches!(event.kind, RunEventKind::RunFinished(_)) {
            self.end();
        }
        Ok(Flow::Continue)
    }
}
