//! Verdicts as JSON: one document, or one line each.

use serde_json::{Value as Json, json};

use crate::check::report::{CheckReport, HostReport, Report};
use crate::check::state::State;
use crate::check::verdict::{Finding, Number};

/// Changes when a reader of the old form could misread the new one.
const VERSION: u32 = 1;

pub(super) fn document(report: &Report) -> String {
    let checks: Vec<Json> = report.checks.iter().map(check).collect();
    let counts: serde_json::Map<String, Json> = State::WORST_FIRST
        .into_iter()
        .rev()
        .map(|state| (state.word().to_owned(), report.count(state).into()))
        .collect();
    let state = report.state();
    let all = json!({
        "v": VERSION,
        "state": state.word(),
        "exit_code": state.number(),
        "counts": counts,
        "checks": checks,
    });
    format!("{all}\n")
}

pub(super) fn lines(report: &Report) -> String {
    let mut text = String::new();
    for check in &report.checks {
        check.hosts.iter().for_each(|host| text.push_str(&host_line(&check.definition.name, host)));
        text.push_str(&fleet_line(check));
    }
    text
}

/// The line of a verdict.
pub fn host_line(check: &str, report: &HostReport) -> String {
    let mut line = json!({ "v": VERSION, "type": "verdict", "check": check });
    if let (Some(line), Json::Object(host)) = (line.as_object_mut(), host(report)) {
        line.extend(host);
    }
    format!("{line}\n")
}

/// The line of a check over all hosts.
pub fn fleet_line(check: &CheckReport) -> String {
    let rules: Vec<Json> = check.fleet.iter().map(finding).collect();
    let name = &check.definition.name;
    let state = check.state().word();
    format!("{}\n", json!({ "v": VERSION, "type": "check_done", "check": name, "state": state, "fleet": rules }))
}

fn check(check: &CheckReport) -> Json {
    let definition = &check.definition;
    json!({
        "check": definition.name,
        "title": definition.title,
        "state": check.state().word(),
        "owner": definition.owner,
        "runbook": definition.runbook,
        "labels": definition.labels,
        "fleet": check.fleet.iter().map(finding).collect::<Vec<_>>(),
        "hosts": check.hosts.iter().map(host).collect::<Vec<_>>(),
    })
}

fn host(report: &HostReport) -> Json {
    let last = report
        .last
        .as_ref()
        .map(|last| json!({ "state": last.state.word(), "text": last.text, "age_s": last.age.as_secs() }));
    json!({
        "host": report.host,
        "state": report.verdict.state.word(),
        "text": report.text(),
        "findings": report.verdict.findings.iter().map(finding).collect::<Vec<_>>(),
        "more_findings": report.verdict.more,
        "numbers": report.verdict.numbers.iter().map(number).collect::<Vec<_>>(),
        "duration_ms": u64::try_from(report.took.as_millis()).unwrap_or(u64::MAX),
        "asked": report.asked,
        "last": last,
    })
}

fn finding(finding: &Finding) -> Json {
    json!({ "state": finding.state.word(), "instance": finding.instance, "text": finding.text })
}

fn number(number: &Number) -> Json {
    let range = |range: &Option<crate::check::Range>| range.map(|range| range.to_string());
    json!({
        "label": number.label,
        "value": number.value,
        "unit": number.perf.unit,
        "warn": range(&number.warn),
        "crit": range(&number.crit),
        "min": number.perf.min,
        "max": number.perf.max,
    })
}
