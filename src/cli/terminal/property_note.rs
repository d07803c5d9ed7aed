//! What to say at the end of a run about properties that were asked for and that no object has had: a slip of the pen is
//! no empty answer.

use std::sync::Arc;

use super::Console;
use crate::event::{RunEvent, RunEventKind};
use crate::output::{Flow, Sink, Unmet, sanitize_line};

/// Looks for the properties that flags name, and says so once the run is over.
pub struct PropertyNote {
    console: Arc<Console>,
    unmet: Unmet,
}

impl PropertyNote {
    /// For these properties.
    pub fn new(console: &Arc<Console>, unmet: Unmet) -> Self {
        Self { console: Arc::clone(console), unmet }
    }

    fn end(&self) {
        for said in self.unmet.sentences() {
            self.console.note(&format!("{} {}", self.console.warning(), sanitize_line(&said)));
        }
    }
}

impl Sink for PropertyNote {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        self.unmet.apply(event);
        if matches!(event.kind, RunEventKind::RunFinished(_)) {
            self.end();
        }
        Ok(Flow::Continue)
    }
}
