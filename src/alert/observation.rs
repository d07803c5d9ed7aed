//! What is reported to the alerts: how a check stands on a host.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::State;
use crate::output::{sanitize, sanitize_line};

/// The most characters of a text that a host has sent; the rest is cut, with a sign that it was.
const LONGEST_TEXT: usize = 2_000;
/// The most characters of a name, a label or an address.
const LONGEST_NAME: usize = 250;

/// One check on one host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// The check's name.
    pub check: String,
    /// The host's name.
    pub host: String,
}

/// How a check stands on a host, from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// What it is about.
    pub subject: Subject,
    /// The state.
    pub state: State,
    /// Why, as the check puts it.
    pub text: String,
    /// When that was found.
    pub at: Timestamp,
    /// The labels of check and host; routes and silences choose by them.
    pub labels: BTreeMap<String, String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Where it says what to do.
    pub runbook: Option<String>,
}

impl Observation {
    /// The same, fit for people: without control characters and escape sequences, and of a length that is bearable.
    pub(super) fn cleaned(self) -> Self {
        Self {
            subject: self.subject.cleaned(),
            text: clean_text(&self.text),
            labels: self.labels.iter().map(|(key, value)| (clean_line(key), clean_line(value))).collect(),
            owner: self.owner.as_deref().map(clean_line),
            runbook: self.runbook.as_deref().map(clean_line),
            ..self
        }
    }
}

impl Subject {
    /// The same on one line, without control characters.
    pub(super) fn cleaned(self) -> Self {
        Self { check: clean_line(&self.check), host: clean_line(&self.host) }
    }
}

/// A text of one line.
pub(super) fn clean_line(text: &str) -> String {
    cut(sanitize_line(text).trim(), LONGEST_NAME)
}

/// A text of several lines.
fn clean_text(text: &str) -> String {
    cut(sanitize(text).trim(), LONGEST_TEXT)
}

/// At most so many characters, the last of them a sign that there were more.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{clean_line, clean_text, cut};

    #[test]
    fn texts_of_hosts_are_tame() {
        assert_eq!(clean_line("a\u{1b}[31mb\r\nSubject: c\u{202e}"), "ab Subject: c\\u{202e}");
        assert_eq!(clean_text(" C: 3 %\r\nD: 4 %\n\n"), "C: 3 %\nD: 4 %");
        assert_eq!(clean_text(&"ü".repeat(3_000)).chars().count(), 2_000);
        assert_eq!((cut("abc", 3), cut("abcd", 3), cut("", 0)), ("abc".into(), "ab…".into(), String::new()));
    }
}
