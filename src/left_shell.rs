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

impl LeftShell {
    /// For how long it is kept, in words: `24 h`, `1 h 30 min`, `5 s`.
    pub fn kept_for(&self) -> String {
        let parts = [(self.keep_for / 3600, "h"), (self.keep_for / 60 % 60, "min"), (self.keep_for % 60, "s")];
        let said: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
        if said.is_empty() { "0 s".to_owned() } else { said.join(" ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_as_it_was_given() {
        for (keep_for, said) in
            [(0, "0 s"), (5, "5 s"), (5400, "1 h 30 min"), (86_400, "24 h"), (3661, "1 h 1 min 1 s")]
        {
            let (pool, pipeline) = (Uuid::nil(), Uuid::nil());
            let (shell, command) = (String::new(), String::new());
            let left = LeftShell { pool, shell, pipeline, command, wrapped: false, keep_for, process: None };
            assert_eq!(left.kept_for(), said);
        }
    }
}
