//! Checks with their verdicts on all hosts of a run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::definition::Definition;
use super::fleet_verdict::{Judged, judge_fleet};
use super::state::State;
use super::verdict::{Finding, Verdict};

/// The checks of a run, in their order.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// One for each check.
    pub checks: Vec<CheckReport>,
}

/// A check on all hosts.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// What was checked, as its file says it.
    pub definition: Arc<Definition>,
    /// What came of it on each host, in the order of the run.
    pub hosts: Vec<HostReport>,
    /// What came of its fleet rules.
    pub fleet: Vec<Finding>,
}

/// A check on one host.
#[derive(Debug, Clone)]
pub struct HostReport {
    /// The host.
    pub host: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What was found.
    pub verdict: Verdict,
    /// How long the script took, the last time that it was asked.
    pub took: Duration,
    /// How often it was asked.
    pub asked: u32,
    /// What was found last, where nothing could be found now.
    pub last: Option<Last>,
}

/// A verdict of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    /// What the state was.
    pub state: State,
    /// What there was to say.
    pub text: String,
    /// How long ago that was.
    pub age: Duration,
}

impl CheckReport {
    /// The verdicts of a check, with what its fleet rules say of them.
    pub fn new(definition: Arc<Definition>, hosts: Vec<HostReport>) -> Self {
        let judged: Vec<Judged<'_>> =
            hosts.iter().map(|host| Judged { labels: &host.labels, state: host.verdict.state }).collect();
        let fleet = judge_fleet(&definition.fleet, &judged);
        Self { definition, hosts, fleet }
    }

    /// The state of the check: what its fleet rules say, where it has some; else the worst of its hosts.
    pub fn state(&self) -> State {
        let fleet = self.fleet.iter().map(|finding| finding.state).max();
        fleet.unwrap_or_else(|| self.hosts.iter().map(|host| host.verdict.state).max().unwrap_or_default())
    }

    /// How many hosts have a state.
    pub fn count(&self, state: State) -> usize {
        self.hosts.iter().filter(|host| host.verdict.state == state).count()
    }
}

impl Report {
    /// The worst state of all checks; whoever has checked nothing knows nothing.
    pub fn state(&self) -> State {
        self.checks.iter().map(CheckReport::state).max().unwrap_or(State::Unknown)
    }

    /// How many verdicts have a state.
    pub fn count(&self, state: State) -> usize {
        self.checks.iter().map(|check| check.count(state)).sum()
    }

    /// How many verdicts there are.
    pub fn total(&self) -> usize {
        self.checks.iter().map(|check| check.hosts.len()).sum()
    }
}

impl HostReport {
    /// What there is to say, with what was last known where nothing is known now.
    pub fn text(&self) -> String {
        let text = self.verdict.summary();
        match &self.last {
            Some(last) => format!("{text} (last known, {} ago: {}, {})", age(last.age), last.state, last.text),
            None => text,
        }
    }
}

/// A duration in its two largest units.
pub(super) fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86400, seconds % 86400 / 3600),
    }
}
