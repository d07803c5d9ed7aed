//! A notice in short: hosts that say the same on one line.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::notice::{Change, Item, Notice};
use super::super::observation::cut;
use crate::check::State;
use crate::hostlist;

/// More texts than this, and a line for all hosts gives one of them as an example.
const MOST_TEXTS: usize = 3;
/// The most characters of a list of hosts.
const LONGEST_HOSTS: usize = 300;

/// A notice for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// One line that says it all: state, check, hosts.
    pub headline: String,
    /// What there is to say, the worst first.
    pub lines: Vec<Line>,
    /// One line about what is not resolved.
    pub footer: String,
}

/// What is said of one check, on hosts that stand alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What is new about it.
    pub change: Change,
    /// The state.
    pub state: State,
    /// The check.
    pub check: String,
    /// The hosts, folded: `web[01-04]`.
    pub hosts: String,
    /// Why.
    pub text: String,
    /// Since when, of the first of them.
    pub since: Timestamp,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Where it says what to do.
    pub runbook: Option<String>,
    /// Whether it comes and goes on one of them.
    pub flapping: bool,
}

impl Digest {
    /// The short form of a notice.
    pub fn of(notice: &Notice) -> Self {
        Self { headline: headline(notice), lines: lines(notice), footer: footer(notice) }
    }
}

impl Line {
    /// The line's beginning: what is new, the check, the hosts.
    pub fn title(&self) -> String {
        let state = match self.change {
            Change::Resolved if self.state == State::Ok => "RESOLVED".to_owned(),
            Change::Resolved => format!("RESOLVED (now {})", self.state),
            Change::Still => format!("STILL {}", self.state),
            Change::Better => format!("{} (better)", self.state),
            Change::Worse => format!("{} (worse)", self.state),
            Change::New => self.state.to_string(),
        };
        let flapping = if self.flapping { " (comes and goes)" } else { "" };
        format!("{state}: {} on {}{flapping}", self.check, self.hosts)
    }
}

fn headline(notice: &Notice) -> String {
    let is_told = |item: &&Item| notice.is_resolved() || item.change != Change::Resolved;
    let told: Vec<&Item> = notice.items.iter().filter(is_told).collect();
    let checks: BTreeSet<&str> = told.iter().map(|item| item.subject.check.as_str()).collect();
    let hosts: BTreeSet<&str> = told.iter().map(|item| item.subject.host.as_str()).collect();
    let checks = match checks.first() {
        Some(check) if checks.len() == 1 => (*check).to_owned(),
        _ => format!("{} checks", checks.len()),
    };
    let hosts = match hosts.first() {
        Some(host) if hosts.len() == 1 => (*host).to_owned(),
        _ => format!("{} hosts", hosts.len()),
    };
    let is_still = told.iter().all(|item| item.change == Change::Still);
    let state = match notice.is_resolved() {
        true => "RESOLVED".to_owned(),
        false if is_still => format!("STILL {}", notice.worst()),
        false => notice.worst().to_string(),
    };
    format!("{state}: {checks} on {hosts}")
}

fn footer(notice: &Notice) -> String {
    match notice.open {
        0 => "Nothing else is open here.".to_owned(),
        1 => "1 check on 1 host is not resolved.".to_owned(),
        open => format!("{open} checks on hosts are not resolved."),
    }
}

fn lines(notice: &Notice) -> Vec<Line> {
    let mut alike: Vec<Vec<&Item>> = Vec::new();
    let mut places: BTreeMap<(Change, State, &str), usize> = BTreeMap::new();
    for item in &notice.items {
        let key = (item.change, item.state, item.subject.check.as_str());
        let place = *places.entry(key).or_insert_with(|| {
            alike.push(Vec::new());
            alike.len() - 1
        });
        alike[place].push(item);
    }
    alike.iter().flat_map(|items| lines_of(items)).collect()
}

/// The lines of one check in one state: one for each text, or one for all.
fn lines_of(items: &[&Item]) -> Vec<Line> {
    let mut texts: Vec<(&str, Vec<&Item>)> = Vec::new();
    for item in items {
        match texts.iter().position(|(text, _)| *text == item.text) {
            Some(place) => texts[place].1.push(item),
            None if texts.len() <= MOST_TEXTS => texts.push((&item.text, vec![item])),
            None => {}
        }
    }
    match texts.len() {
        0..=MOST_TEXTS => texts.iter().filter_map(|(text, items)| line(items, (*text).to_owned())).collect(),
        _ => {
            let example = |item: &&Item| format!("for example {}: {}", item.subject.host, item.text);
            line(items, items.first().map(example).unwrap_or_default()).into_iter().collect()
        }
    }
}

fn line(items: &[&Item], text: String) -> Option<Line> {
    let first = items.first()?;
    let mut hosts: Vec<&str> = items.iter().map(|item| item.subject.host.as_str()).collect();
    hosts.sort_by(|one, other| hostlist::natural(one, other));
    let folded = hostlist::fold(hosts.iter().copied());
    let hosts = match folded.chars().count() > LONGEST_HOSTS {
        true => format!("{} hosts ({})", hosts.len(), cut(&folded, LONGEST_HOSTS)),
        false => folded,
    };
    Some(Line {
        change: first.change,
        state: first.state,
        check: first.subject.check.clone(),
        hosts,
        text,
        since: items.iter().map(|item| item.since).min()?,
        owner: first.owner.clone(),
        runbook: first.runbook.clone(),
        flapping: items.iter().any(|item| item.flapping),
    })
}
