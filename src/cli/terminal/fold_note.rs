//! What to say at the end of a run about properties that did not count when hosts were folded.

use std::sync::Arc;

use super::Console;
use crate::event::{RunEvent, RunEventKind};
use crate::output::{Flow, Ignore, Sink, sanitize_line};

/// Names the volatile properties that were left out.
pub struct FoldNote {
    console: Arc<Console>,
    ignore: Ignore,
}

impl FoldNote {
    /// For what this ignores.
    pub fn new(console: &Arc<Console>, ignore: Ignore) -> Self {
        Self { console: Arc::clone(console), ignore }
    }
}

impl Sink for FoldNote {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        if let (RunEventKind::RunFinished(_), met) = (&event.kind, self.ignore.met())
            && !met.is_empty()
        {
            let met = sanitize_line(&met.join(", ")).into_owned();
            self.console.note(&format!("ignored: {met} (--ignore adds properties, --ignore none has these count)"));
        }
        Ok(Flow::Continue)
    }
}
