//! JUnit's XML, in the shape that Jenkins' schema has: a suite for each check, a test case for each host.

use std::time::Duration;

use crate::check::report::{CheckReport, HostReport, Report};
use crate::check::state::State;

pub(super) fn write(report: &Report) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let fleet = report.checks.iter().map(|check| check.fleet.len()).sum::<usize>();
    let tests = report.total() + fleet;
    let count = |counted: fn(State) -> bool| -> usize { report.checks.iter().map(|check| cases(check, counted)).sum() };
    let (failures, errors) = (count(is_failure), count(is_error));
    xml.push_str(&format!("<testsuites tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n"));
    report.checks.iter().for_each(|check| suite(check, &mut xml));
    xml.push_str("</testsuites>\n");
    xml
}

fn is_failure(state: State) -> bool {
    matches!(state, State::Warning | State::Critical)
}

fn is_error(state: State) -> bool {
    state == State::Unknown
}

fn cases(check: &CheckReport, counted: fn(State) -> bool) -> usize {
    let hosts = check.hosts.iter().map(|host| host.verdict.state);
    hosts.chain(check.fleet.iter().map(|finding| finding.state)).filter(|state| counted(*state)).count()
}

fn suite(check: &CheckReport, xml: &mut String) {
    let took: Duration = check.hosts.iter().map(|host| host.took).sum();
    xml.push_str(&format!(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\" time=\"{:.3}\">\n",
        escaped(&check.definition.name),
        check.hosts.len() + check.fleet.len(),
        cases(check, is_failure),
        cases(check, is_error),
        took.as_secs_f64()
    ));
    check.hosts.iter().for_each(|host| case(check, host, xml));
    for (place, finding) in (1..).zip(&check.fleet) {
        let name = format!("fleet rule {place}");
        result((&check.definition.name, &name, Duration::ZERO), (finding.state, &finding.text), xml);
    }
    xml.push_str("  </testsuite>\n");
}

fn case(check: &CheckReport, host: &HostReport, xml: &mut String) {
    result((&check.definition.name, &host.host, host.took), (host.verdict.state, &host.text()), xml);
}

fn result((class, name, took): (&str, &str, Duration), (state, text): (State, &str), xml: &mut String) {
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
        escaped(class),
        escaped(name),
        took.as_secs_f64()
    );
    let element = match state {
        State::Ok => return xml.push_str(&format!("{head}/>\n")),
        State::Unknown => "error",
        State::Warning | State::Critical => "failure",
    };
    let text = escaped(text);
    xml.push_str(&format!(
        "{head}>\n      <{element} type=\"{state}\" message=\"{text}\">{text}</{element}>\n    </testcase>\n"
    ));
}

/// Text as XML 1.0 may hold it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' => out.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}
