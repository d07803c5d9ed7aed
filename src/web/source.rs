//! Where the pages have what they show from.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use super::view::{History, Measure, Snapshot, State};

/// What the routes share.
pub(super) type Site = Arc<dyn Source>;

/// What runs the checks, as far as its readers are concerned.
#[async_trait]
pub trait Source: Send + Sync + 'static {
    /// Everything that is known now. It is made once per change, not per reader.
    fn snapshot(&self) -> Arc<Snapshot>;

    /// A number that rises with each change. Who waits for it misses nothing by being slow: it has the latest.
    fn changes(&self) -> watch::Receiver<u64>;

    /// What a check has said of a host, the latest first, at most `most` times.
    ///
    /// # Errors
    /// In words: the store cannot be read.
    async fn history(&self, host: &str, check: &str, most: usize) -> Result<History, String>;

    /// Asks a host now.
    ///
    /// # Errors
    /// Nothing was asked.
    async fn probe(&self, host: &str, check: &str) -> Result<Probe, NoProbe>;
}

/// What a host answered to a probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// How the check stands.
    pub state: State,
    /// Why.
    pub text: String,
    /// What was measured.
    pub measures: Vec<Measure>,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// Why a host was not asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoProbe {
    /// There is no such host or check; in words.
    Unknown(String),
    /// It is being asked, or too many others are.
    Busy,
}
