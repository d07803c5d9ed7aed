//! The shells of a host that runs of ours left running, and of which not all was collected.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

use crate::left_shell::LeftShell;
use crate::transport::wsman::ListedShell;

/// What runs have left running, by the shell; where a deck keeps it, by the deck.
#[derive(Debug, Clone, Default)]
pub struct Uncollected(BTreeMap<String, Owned>);

/// Whose a shell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owned {
    /// The run that left it.
    pub run: Uuid,
    /// For how long its host was told to keep it.
    pub keep_for: Duration,
}

impl FromIterator<(Uuid, LeftShell)> for Uncollected {
    fn from_iter<I: IntoIterator<Item = (Uuid, LeftShell)>>(left: I) -> Self {
        let owned = |(run, left): (Uuid, LeftShell)| {
            let name = if left.process.is_some() { left.pool.to_string() } else { left.shell };
            (name.to_uppercase(), Owned { run, keep_for: Duration::from_secs(left.keep_for) })
        };
        Self(left.into_iter().map(owned).collect())
    }
}

impl Uncollected {
    /// Whose a shell is, if a run left it.
    pub(super) fn owner(&self, shell: &ListedShell) -> Option<Owned> {
        self.0.get(&shell.shell_id.to_uppercase()).copied()
    }
}
