//! A group: hosts whose streams are equal.

use std::sync::{Arc, OnceLock};

use serde::Serialize;

use crate::outcome::{Outcome, Reason};
use crate::target::TargetId;

/// Hosts that ended alike and sent the same. How they ended, and what each of them sent, is JSON's `group_done`.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// Their names, folded: `web[01-38,40]`.
    #[serde(skip)]
    pub hosts: String,
    /// How many they are.
    #[serde(skip)]
    pub count: u64,
    /// What became of each.
    pub outcome: Outcome,
    /// Stable code of the cause; `None` for `ok`.
    pub reason: Option<Reason>,
    /// The script's exit code, if it called `exit`.
    pub exit_code: Option<i32>,
    /// Objects that each of them sent.
    pub objects: u64,
    /// Errors that each of them wrote.
    pub errors: u64,
    /// Whether `--diff` compares the others with this one.
    pub reference: bool,
}

/// The groups of a run, known to those who show them before the first is handed to them. Clones share them.
///
/// To a sink each group is a target: its number is the place of the group.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    all: Arc<OnceLock<Vec<Group>>>,
    deltas: bool,
}

impl Group {
    /// Whether its hosts ran the script to the end, so that what they sent is all that they have.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.outcome, Outcome::Ok | Outcome::OkWithErrors)
    }
}

impl Groups {
    /// Groups whose objects are deltas.
    pub fn of_deltas() -> Self {
        Self { deltas: true, ..Self::default() }
    }

    /// Whether the objects are deltas.
    pub(super) fn are_deltas(&self) -> bool {
        self.deltas
    }

    /// Tells the groups, the largest first; once.
    pub(super) fn tell(&self, groups: Vec<Group>) {
        self.all.get_or_init(|| groups);
    }

    /// The group that stands for this target.
    pub fn of(&self, target: TargetId) -> Option<&Group> {
        self.all.get()?.get(target.index())
    }
}
