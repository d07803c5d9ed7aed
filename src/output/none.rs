//! No data at all.

use super::{Flow, Sink};
use crate::event::RunEvent;

/// Shows nothing.
pub(super) struct None;

impl Sink for None {
    fn event(&mut self, _: &RunEvent) -> anyhow::Result<Flow> {
        Ok(Flow::Continue)
    }
}
