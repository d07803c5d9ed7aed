//! What the pages show: plain data of one moment, with nothing of the run behind it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

/// How a check stands on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Has not been asked yet.
    Pending,
    /// As it should be.
    Ok,
    /// Soon a problem.
    Warning,
    /// Not known, since the host or the check did not answer.
    Unknown,
    /// A problem.
    Critical,
}

/// Everything that is known at one moment. Hosts and checks are in the order of their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// What this instance calls itself.
    pub title: String,
    /// When it was taken.
    pub taken: Timestamp,
    /// The checks that are scheduled.
    pub checks: Vec<Check>,
    /// The hosts that they are asked of.
    pub hosts: Vec<Host>,
    /// How each check stands on each host, a row a host; `None` where it is not asked.
    pub cells: Vec<Vec<Option<Cell>>>,
    /// What the checks say of the fleet as a whole.
    pub fleet: Vec<Verdict>,
    /// Runs that are under way, and the last ones that ended.
    pub runs: Vec<Run>,
    /// What people have been told of and is not over.
    pub alerts: Vec<Alert>,
    /// What nobody is told of for a while.
    pub silences: Vec<Silence>,
    /// What went wrong in the program itself: a file that is broken, a mail that does not go out.
    pub troubles: Vec<String>,
}

/// A check, as its file describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The name of its file.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// More of that.
    pub description: String,
    /// Whose it is.
    pub owner: Option<String>,
    /// Where it says what to do. Only `http` and `https` become a link.
    pub runbook: Option<String>,
    /// Free labels.
    pub labels: BTreeMap<String, String>,
    /// When it runs, in words.
    pub schedule: String,
    /// When it runs next.
    pub next: Option<Timestamp>,
    /// What is compared with what, a line a rule.
    pub rules: Vec<String>,
}

/// A host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// The groups that it is in, the first being the one that it is shown with.
    pub groups: Vec<String>,
}

/// A check on a host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// How it stands.
    pub state: State,
    /// Why, in a line.
    pub text: String,
    /// Since when it has been so.
    pub since: Timestamp,
    /// When it was asked last.
    pub seen: Timestamp,
    /// Whether a silence covers it.
    pub silenced: bool,
    /// What was measured.
    pub measures: Vec<Measure>,
}

/// A number that a check measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Measure {
    /// What it is of.
    pub name: String,
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// The range that warns outside, as it is written.
    pub warn: Option<String>,
    /// The range that is critical outside.
    pub crit: Option<String>,
}

/// What a fleet rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The check that it is a rule of.
    pub check: String,
    /// How it stands.
    pub state: State,
    /// Why.
    pub text: String,
}

/// A run of a check, or of several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its identity.
    pub id: String,
    /// What runs.
    pub checks: Vec<String>,
    /// When it began.
    pub begun: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// On how many hosts it runs.
    pub targets: u32,
    /// How many are done.
    pub done: u32,
    /// How many of those did not answer.
    pub failed: u32,
}

/// What people were told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// The check.
    pub check: String,
    /// The hosts that it is about.
    pub hosts: Vec<String>,
    /// How they stand.
    pub state: State,
    /// Why, on one of them.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
    /// Who was told, and when last.
    pub told: Vec<String>,
}

/// A silence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Silence {
    /// Its name, to end it by.
    pub id: String,
    /// What it covers, in words.
    pub what: String,
    /// Until when.
    pub until: Timestamp,
    /// Who made it.
    pub author: String,
    /// Why.
    pub reason: String,
}

/// What is known of a check on a host over time, the latest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct History {
    /// What it said, time by time.
    pub entries: Vec<Entry>,
    /// The objects of the last time, as JSON, indented.
    pub record: Option<String>,
}

/// What a check said at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// How it stood.
    pub state: State,
    /// Why.
    pub text: String,
    /// What was measured.
    pub measures: Vec<Measure>,
    /// The run that asked.
    pub run: String,
}

impl State {
    /// All of them, worst first.
    pub const WORST_FIRST: [Self; 5] = [Self::Critical, Self::Unknown, Self::Warning, Self::Ok, Self::Pending];

    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Critical => "critical",
        }
    }

    /// The state of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::WORST_FIRST.into_iter().find(|state| state.word() == word)
    }

    /// Whether somebody should look.
    pub fn is_problem(self) -> bool {
        self > Self::Ok
    }
}

impl Snapshot {
    /// A host by name.
    pub fn host(&self, name: &str) -> Option<(usize, &Host)> {
        self.hosts.iter().enumerate().find(|(_, host)| host.name == name)
    }

    /// A check by name.
    pub fn check(&self, name: &str) -> Option<(usize, &Check)> {
        self.checks.iter().enumerate().find(|(_, check)| check.name == name)
    }

    /// A check on a host.
    pub fn cell(&self, host: usize, check: usize) -> Option<&Cell> {
        self.cells.get(host)?.get(check)?.as_ref()
    }

    /// The worst of a host, leaving out what is silenced.
    pub fn worst(&self, host: usize) -> State {
        let row = self.cells.get(host).into_iter().flatten().flatten();
        row.filter(|cell| !cell.silenced).map(|cell| cell.state).max().unwrap_or(State::Pending)
    }

    /// The groups in the order of their names, with the hosts that are shown there.
    pub fn groups(&self) -> BTreeMap<&str, Vec<usize>> {
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, host) in self.hosts.iter().enumerate() {
            groups.entry(host.groups.first().map_or("", String::as_str)).or_default().push(index);
        }
        groups
    }
}
