//! Sandboxes that an inventory's `[sandbox]` table asks for: started when it is read, gone when the command ends.

use serde_json::{Map, Value};
use tokio::runtime::Runtime;

use crate::error_text;
use crate::sandbox::{Fleet, Options};

/// The sandboxes of this command, on a runtime of their own: they are other machines, so to speak.
#[derive(Default)]
pub(super) struct OnDemand {
    runtime: Option<Runtime>,
    fleets: Vec<Fleet>,
}

impl OnDemand {
    /// Starts one and answers with its inventory.
    ///
    /// # Errors
    /// One line: a wrong key or value, or why the fleet cannot be started.
    pub(super) fn start(&mut self, table: &Map<String, Value>) -> Result<String, String> {
        let options = Options::from_table(table).map_err(|error| error.to_string())?;
        let runtime = match &mut self.runtime {
            Some(runtime) => runtime,
            none => none.insert(Runtime::new().map_err(|error| error_text::io(&error))?),
        };
        let fleet = runtime.block_on(Fleet::start(options)).map_err(|error| error.to_string())?;
        let inventory = fleet.inventory_toml();
        self.fleets.push(fleet);
        Ok(inventory)
    }
}

impl OnDemand {
    /// Whether there is one.
    pub(super) fn has_hosts(&self) -> bool {
        !self.fleets.is_empty()
    }

    /// How many ends of a connection are in this process.
    pub(super) fn ends(&self) -> u64 {
        if self.fleets.is_empty() { 1 } else { 2 }
    }
}

impl Drop for OnDemand {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        for fleet in self.fleets.drain(..) {
            runtime.block_on(fleet.shutdown());
        }
        runtime.shutdown_background();
    }
}
