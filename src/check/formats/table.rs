//! Verdicts for people: the worst first, hosts that say the same together.

use std::collections::BTreeMap;

use crate::check::report::{CheckReport, Report};
use crate::check::state::State;
use crate::hostlist::fold;
use crate::output::{filled, sanitize_line, width};

/// Colours a word by its state.
pub type Paint = fn(State, &str) -> String;

/// How it shall look.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Columns of a line; `None` breaks none.
    pub width: Option<usize>,
    /// Colours words; `None` for plain text.
    pub paint: Option<Paint>,
    /// Hosts that are in order are listed, too.
    pub all: bool,
}

/// Columns of the widest state and the blanks behind it.
const STATES: usize = 10;

pub(super) fn write(report: &Report, look: &Look) -> String {
    let mut rows: Vec<(State, String)> = Vec::new();
    for check in &report.checks {
        rows.extend(fleet_rows(check));
        rows.extend(host_rows(check, look.all));
    }
    rows.sort_by_key(|(state, _)| std::cmp::Reverse(*state));
    let mut page = String::new();
    rows.iter().for_each(|(state, text)| page.push_str(&row(*state, text, look)));
    page.push_str(&totals(report));
    page
}

fn row(state: State, text: &str, look: &Look) -> String {
    let word = look.paint.map_or_else(|| state.name().to_owned(), |paint| paint(state, state.name()));
    let gap = " ".repeat(STATES.saturating_sub(width(state.name())));
    let text = match look.width.filter(|columns| *columns > 2 * STATES) {
        Some(columns) => filled(text, columns, STATES, STATES + 2),
        None => text.to_owned(),
    };
    format!("{word}{gap}{text}\n")
}

/// What fleet rules have to say that is not in order.
fn fleet_rows(check: &CheckReport) -> Vec<(State, String)> {
    let found = check.fleet.iter().filter(|finding| finding.state != State::Ok);
    found.map(|finding| (finding.state, format!("{}, all hosts: {}", check.definition.name, finding.text))).collect()
}

/// Hosts that say the same, together.
fn host_rows(check: &CheckReport, all: bool) -> Vec<(State, String)> {
    let mut groups: BTreeMap<(State, String), Vec<&str>> = BTreeMap::new();
    for host in &check.hosts {
        let state = host.verdict.state;
        // Numbers of hosts that are in order differ, and say nothing.
        let text = if state == State::Ok && !all { String::new() } else { host.text() };
        groups.entry((state, text)).or_default().push(&host.host);
    }
    let row = |((state, text), hosts): ((State, String), Vec<&str>)| {
        let names = sanitize_line(&fold(hosts.iter().copied())).into_owned();
        let count = if hosts.len() > 1 { format!(" ({} hosts)", hosts.len()) } else { String::new() };
        let text = if text.is_empty() { text } else { format!(": {text}") };
        (state, format!("{}, {names}{count}{text}", check.definition.name))
    };
    groups.into_iter().map(row).collect()
}

fn totals(report: &Report) -> String {
    let counts: Vec<String> = State::WORST_FIRST
        .into_iter()
        .map(|state| (state, report.count(state)))
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    let checks = report.checks.len();
    let checks = if checks == 1 { "1 check".to_owned() } else { format!("{checks} checks") };
    format!("{checks}, {} verdicts: {}\n", report.total(), counts.join(", "))
}
