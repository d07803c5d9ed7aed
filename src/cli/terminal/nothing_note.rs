//! What to say at the end of a run that has shown nothing, where that is an answer.

use std::sync::Arc;

use super::Console;
use crate::event::{RunEvent, RunEventKind};
use crate::outcome::Outcome;
use crate::output::{Flow, Sink};
use crate::stream::Stream;

/// Says what it means that no host has sent an object.
pub struct NothingNote {
    console: Arc<Console>,
    meaning: &'static str,
    objects: u64,
}

impl NothingNote {
    /// `meaning` stands before "on the hosts that answered".
    pub fn new(console: &Arc<Console>, meaning: &'static str) -> Self {
        Self { console: Arc::clone(console), meaning, objects: 0 }
    }
}

impl Sink for NothingNote {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        match &event.kind {
            RunEventKind::Record(record) if record.stream == Stream::Output => self.objects += 1,
            RunEventKind::RunFinished(summary) if self.objects == 0 && !self.console.quiet() => {
                let answered = summary.counts.of(Outcome::Ok);
                let hosts = match answered {
                    0 => return Ok(Flow::Continue),
                    _ if answered == summary.target_count => "any of them".to_owned(),
                    1 => "the host that answered".to_owned(),
                    _ => format!("the {answered} hosts that answered"),
                };
                self.console.note(&format!("note: {} on {hosts}", self.meaning));
            }
            _ => {}
        }
        Ok(Flow::Continue)
    }
}
