//! A notice: what receivers are told at once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::observation::Subject;
use crate::check::State;

/// What receivers are told, together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its identity, the same with each repetition of a delivery: by it a receiver drops what it has had.
    pub id: String,
    /// When it was made.
    pub at: Timestamp,
    /// The route that it goes.
    pub route: String,
    /// What parts it from others of that route.
    pub group: BTreeMap<String, String>,
    /// What it says, the worst first.
    pub items: Vec<Item>,
    /// How many are not resolved, of those that were told of by this route in this group.
    pub open: usize,
}

/// What a notice says of one check on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is about.
    pub subject: Subject,
    /// What is new about it.
    pub change: Change,
    /// The state.
    pub state: State,
    /// The state that was told before, if any was.
    pub was: Option<State>,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// Why, as the check puts it.
    pub text: String,
    /// The labels of check and host.
    pub labels: BTreeMap<String, String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Where it says what to do.
    pub runbook: Option<String>,
    /// Whether it comes and goes: the state is then the worst of the last while.
    pub flapping: bool,
}

/// What is new about a check on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was well, as far as was told.
    New,
    /// It has become worse.
    Worse,
    /// It has become better, and is not well.
    Better,
    /// It is as it was told; that was a while ago.
    Still,
    /// It is well, or not a matter of this route any more.
    Resolved,
}

impl Change {
    /// In the order in which a notice has them.
    pub const ALL: [Self; 5] = [Self::New, Self::Worse, Self::Better, Self::Still, Self::Resolved];

    /// The word in small letters, as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Worse => "worse",
            Self::Better => "better",
            Self::Still => "still",
            Self::Resolved => "resolved",
        }
    }
}

impl Notice {
    /// The worst state of what is not resolved; OK if all of it is.
    pub fn worst(&self) -> State {
        let open = self.items.iter().filter(|item| item.change != Change::Resolved);
        open.map(|item| item.state).max().unwrap_or(State::Ok)
    }

    /// Whether all of it is resolved.
    pub fn is_resolved(&self) -> bool {
        self.items.iter().all(|item| item.change == Change::Resolved)
    }
}
