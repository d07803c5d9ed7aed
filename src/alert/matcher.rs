//! Which checks on which hosts something is about: routes, silences and maintenance choose alike.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::observation::Subject;
use crate::check::State;
use crate::pattern::matches;

/// What must hold, all of it; patterns have `*` and `?`, and what is empty holds always.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Matcher {
    /// Patterns of the check's name, of which one must fit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check: Vec<String>,
    /// Patterns of the host's name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host: Vec<String>,
    /// Patterns of the owner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owner: Vec<String>,
    /// Patterns of labels, by their keys: all must fit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, Vec<String>>,
    /// States, of which it must be one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<State>,
}

/// What a matcher looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) subject: &'a Subject,
    pub(super) state: State,
    pub(super) owner: Option<&'a str>,
    pub(super) labels: &'a BTreeMap<String, String>,
}

impl Matcher {
    /// Whether everything holds, whatever the state is.
    pub(super) fn chooses(&self, candidate: Candidate<'_>) -> bool {
        let one = |patterns: &[String], text: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, text))
        };
        one(&self.check, &candidate.subject.check)
            && one(&self.host, &candidate.subject.host)
            && one(&self.owner, candidate.owner.unwrap_or_default())
            && self
                .labels
                .iter()
                .all(|(key, patterns)| candidate.labels.get(key).is_some_and(|value| one(patterns, value)))
    }

    /// Whether everything holds, the state too.
    pub(super) fn holds(&self, candidate: Candidate<'_>) -> bool {
        self.has_state(candidate.state) && self.chooses(candidate)
    }

    /// Whether a state is among those that are meant.
    pub(super) fn has_state(&self, state: State) -> bool {
        self.states.is_empty() || self.states.contains(&state)
    }

    /// Whether it would hold for everything.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// In one line, for people, and as the name of what has none of its own.
impl std::fmt::Display for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        for (key, patterns) in [("check", &self.check), ("host", &self.host), ("owner", &self.owner)] {
            if !patterns.is_empty() {
                parts.push(format!("{key}={}", patterns.join("|")));
            }
        }
        parts.extend(self.labels.iter().map(|(key, patterns)| format!("{key}={}", patterns.join("|"))));
        if !self.states.is_empty() {
            let states: Vec<_> = self.states.iter().map(|state| state.word()).collect();
            parts.push(format!("state={}", states.join("|")));
        }
        f.write_str(if parts.is_empty() { "everything" } else { "" })?;
        f.write_str(&parts.join(" "))
    }
}
