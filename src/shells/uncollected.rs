//! The shells of a host that runs of ours left running, and of which not all was collected.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

use crate::left_shell::LeftShell;
use crate::transport::wsman::ListedShell;

/// What runs have left running over WinRM, by the shell.
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
        let is_a_shell = |(_, left): &(Uuid, LeftShell)| left.process.is_none();
        let owned = |(run, left): (Uuid, LeftShell)| {
            (left.shell.to_uppercase(), Owned { run, keep_for: Duration::from_secs(left.keep_for) })
        };
        Self(left.into_iter().filter(is_a_shell).map(owned).collect())
    }
}

impl Uncollected {
    /// Whose a shell is, if a run left it.
    pub(super) fn owner(&self, shell: &ListedShell) -> Option<Owned> {
        self.0.get(&shell.shell_id.to_uppercase()).copied()
    }
}
