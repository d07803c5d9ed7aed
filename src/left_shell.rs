//! A shell that was left running on a host: what it takes to attach to it, from wherever.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A shell that was left running with one pipeline in it. Plain data without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftShell {
    /// The runspace pool.
    pub pool: Uuid,
    /// The shell's id on the server; of a deck, the file in which it keeps what the script writes, for people to see.
    pub shell: String,
    /// The pipeline.
    pub pipeline: Uuid,
    /// The command's id on the server.
    pub command: String,
    /// Each output object comes as a text that holds it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wrapped: bool,
    /// Seconds for which the server keeps it while it has no client.
    pub keep_for: u64,
    /// The process of its deck, where a deck keeps it (over SSH, and on this machine).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<u32>,
}
