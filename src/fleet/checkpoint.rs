//! Somebody who looks at what the targets of a step have done before others start.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::target::TargetId;

/// Looks at what the targets of a step have done. The dispatcher does not know how.
#[async_trait]
pub trait Checkpoint: Send + Sync {
    /// Returns whether others may start after these targets, on which the script has just run, well or not, and which are at
    /// least one; `stop` is cancelled when the run is stopped meanwhile, and nobody waits for the answer then.
    ///
    /// # Errors
    /// They may not, and why: host and cause in words.
    async fn pass(&self, done: Vec<TargetId>, stop: CancellationToken) -> Result<(), String>;
}
