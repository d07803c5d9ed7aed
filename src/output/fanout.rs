//! Several sinks as one.

use super::{Flow, Sink};
use crate::event::RunEvent;

/// Hands each event to several sinks, until each of them has had enough.
pub struct Fanout {
    sinks: Vec<Box<dyn Sink>>,
}

impl Fanout {
    /// Joins sinks.
    pub fn new(sinks: Vec<Box<dyn Sink>>) -> Self {
        Self { sinks }
    }
}

impl Sink for Fanout {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        let mut failed = None;
        self.sinks.retain_mut(|sink| match sink.event(event) {
            Ok(flow) => flow == Flow::Continue,
            Err(error) => {
                failed.get_or_insert(error);
                false
            }
        });
        match failed {
            Some(error) => Err(error),
            None if self.sinks.is_empty() => Ok(Flow::Enough),
            None => Ok(Flow::Continue),
        }
    }
}
