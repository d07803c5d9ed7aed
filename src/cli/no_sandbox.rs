//! What stands in for sandboxes in a build without them.

use serde_json::{Map, Value};

/// No sandboxes.
#[derive(Default)]
pub(super) struct OnDemand(());

impl OnDemand {
    /// # Errors
    /// Always: there are none.
    pub(super) fn start(&mut self, _table: &Map<String, Value>) -> Result<String, String> {
        Err("this psfleet was built without the sandbox: build it with the feature `sandbox`, which is on by default"
            .to_owned())
    }

    /// Whether there is one.
    pub(super) fn has_hosts(&self) -> bool {
        false
    }

    /// How many ends of a connection are in this process.
    pub(super) fn ends(&self) -> u64 {
        1
    }
}
