//! What a check finds: the four states of monitoring.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The state of a check. The order is that of display, worst last: OK, WARNING, UNKNOWN, CRITICAL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing to do.
    #[default]
    Ok,
    /// Soon something to do.
    Warning,
    /// Something to do now.
    Critical,
    /// Nobody can tell.
    Unknown,
}

impl State {
    /// All of them, worst first.
    pub const WORST_FIRST: [Self; 4] = [Self::Critical, Self::Unknown, Self::Warning, Self::Ok];

    /// The number of the state in the plugin guidelines, which is the exit code, too.
    pub fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    /// The word in capital letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The word in small letters, as files and JSON have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }

    fn severity(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Unknown => 2,
            Self::Critical => 3,
        }
    }
}

impl PartialOrd for State {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for State {
    fn cmp(&self, other: &Self) -> Ordering {
        self.severity().cmp(&other.severity())
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.trim();
        let known = Self::WORST_FIRST.into_iter().find(|state| state.word().eq_ignore_ascii_case(word));
        known.ok_or_else(|| format!("'{text}' is not a state; write ok, warning, critical or unknown"))
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn the_worst_counts_and_the_numbers_are_those_of_plugins() {
        let worst = |states: &[State]| states.iter().copied().max().unwrap_or_default();
        assert_eq!(worst(&[State::Unknown, State::Critical, State::Warning]), State::Critical);
        assert_eq!(worst(&[State::Unknown, State::Warning, State::Ok]), State::Unknown);
        let mut sorted = State::WORST_FIRST;
        sorted.sort();
        assert_eq!(sorted.map(State::number), [0, 1, 3, 2]);
        for state in State::WORST_FIRST {
            assert_eq!(state.name().parse(), Ok(state));
        }
        assert!("fine".parse::<State>().is_err());
    }
}
