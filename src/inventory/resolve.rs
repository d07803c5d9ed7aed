//! From what was typed to complete targets.

use std::fmt;
use std::sync::Arc;

use crate::config::Problem;
use crate::target::Target;

/// Starts a sandbox for an inventory that has a `[sandbox]` table, and answers with the inventory that describes it
/// (TOML, as `psfleet sandbox --write-inventory` writes it). The error is one line.
pub type SandboxStarter<'a> = dyn FnMut(&serde_json::Map<String, serde_json::Value>) -> Result<String, String> + 'a;

/// The targets of a run.
#[derive(Debug)]
pub struct Resolved {
    /// Every matched target, complete, in the order in which they are to be used.
    pub targets: Vec<Arc<Target>>,
    /// What the user should know before the run, one line each.
    pub warnings: Vec<String>,
}

/// Why there are no targets: every mistake at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errors {
    /// The mistakes; empty if the expression is right and leaves nobody.
    pub problems: Vec<Problem>,
}

impl Errors {
    /// 4 when the expression leaves nobody, 2 for mistakes.
    pub fn exit_code(&self) -> u8 {
        if self.problems.is_empty() { 4 } else { 2 }
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problems.is_empty() {
            return f.write_str("no target matches");
        }
        let lines: Vec<String> = self.problems.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Errors {}
