//! One line with performance data.
//!
//! # Source
//! Monitoring Plugins Development Guidelines: "Plugin Output for Nagios", "Performance data".

use crate::check::report::{CheckReport, HostReport, Report};
use crate::check::state::State;
use crate::check::verdict::Number;

/// Letters of the text: monitoring keeps some thousand bytes of it.
const LONGEST: usize = 2_000;

/// Numbers of performance data.
const MOST: usize = 200;

pub(super) fn write(report: &Report) -> String {
    let mut text: String = headline(report).chars().take(LONGEST).collect();
    // What follows it is performance data.
    text = text.replace('|', "¦");
    let mut data = perf(report);
    data.truncate(MOST);
    let data = if data.is_empty() { String::new() } else { format!(" | {}", data.join(" ")) };
    format!("{} - {text}{data}\n", report.state())
}

fn headline(report: &Report) -> String {
    if let [CheckReport { definition, hosts, fleet }] = &report.checks[..] {
        if let ([host], []) = (&hosts[..], &fleet[..]) {
            return format!("{} on {}: {}", definition.title, host.host, host.text());
        }
        return format!("{}: {}", definition.title, of_check(&report.checks[0]));
    }
    let bad: Vec<&CheckReport> = sorted(report).into_iter().filter(|check| check.state() != State::Ok).collect();
    if bad.is_empty() {
        return format!("{} checks on {}: all in order", report.checks.len(), hosts(most_hosts(report)));
    }
    let parts = bad.iter().map(|check| format!("{} {}: {}", check.definition.title, check.state(), of_check(check)));
    parts.collect::<Vec<_>>().join("; ")
}

fn sorted(report: &Report) -> Vec<&CheckReport> {
    let mut checks: Vec<&CheckReport> = report.checks.iter().collect();
    checks.sort_by_key(|check| std::cmp::Reverse(check.state()));
    checks
}

fn most_hosts(report: &Report) -> usize {
    report.checks.iter().map(|check| check.hosts.len()).max().unwrap_or(0)
}

/// The counts of a check, and its worst hosts.
fn of_check(check: &CheckReport) -> String {
    let counts =
        State::WORST_FIRST.into_iter().map(|state| (state, check.count(state))).filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counts.map(|(state, count)| format!("{count} {state}")).collect();
    let mut text = format!("{} of {}", counts.join(", "), hosts(check.hosts.len()));
    let fleet = check.fleet.iter().filter(|finding| finding.state != State::Ok);
    fleet.for_each(|finding| text.push_str(&format!("; {}", finding.text)));
    let mut worst: Vec<&HostReport> = check.hosts.iter().filter(|host| host.verdict.state != State::Ok).collect();
    worst.sort_by_key(|host| std::cmp::Reverse(host.verdict.state));
    worst.iter().take(3).for_each(|host| text.push_str(&format!("; {}: {}", host.host, host.text())));
    if worst.len() > 3 {
        text.push_str(&format!("; {} more", hosts(worst.len() - 3)));
    }
    text
}

fn hosts(count: usize) -> String {
    if count == 1 { "1 host".to_owned() } else { format!("{count} hosts") }
}

/// The numbers of one host and check; for more of them, how many verdicts have each state.
fn perf(report: &Report) -> Vec<String> {
    if report.total() == 1 {
        let numbers = report.checks.iter().flat_map(|check| &check.hosts).flat_map(|host| &host.verdict.numbers);
        return numbers.map(number).collect();
    }
    let total = report.total();
    let count = |state: State| format!("{}={};;;0;{total}", state.word(), report.count(state));
    State::WORST_FIRST.into_iter().rev().map(count).collect()
}

/// `'label'=value[UOM];warn;crit;min;max`.
fn number(number: &Number) -> String {
    let Number { label, value, warn, crit, perf } = number;
    let range = |range: &Option<crate::check::Range>| range.map(|range| range.to_string()).unwrap_or_default();
    let bound = |bound: Option<f64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
    let all = format!(
        "{}={value}{};{};{};{};{}",
        quoted(label),
        unit(&perf.unit),
        range(warn),
        range(crit),
        bound(perf.min),
        bound(perf.max)
    );
    all.trim_end_matches(';').to_owned()
}

/// The units of the guidelines; others are told in the text alone.
fn unit(unit: &str) -> &str {
    match unit {
        "s" | "ms" | "us" | "%" | "B" | "KB" | "MB" | "GB" | "TB" | "c" => unit,
        _ => "",
    }
}

/// A label: in quotes where it has blanks, without what no label can hold.
fn quoted(label: &str) -> String {
    let label: String = label.chars().map(|c| if "=|".contains(c) { '_' } else { c }).collect();
    match label.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:%".contains(c)) && !label.is_empty() {
        true => label,
        false => format!("'{}'", label.replace('\'', "''")),
    }
}
