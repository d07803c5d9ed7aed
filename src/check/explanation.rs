//! What a check would compare with what, and where that stands.

use std::fmt;

use crate::config::{Given, show_duration};

use super::definition::{Body, Definition};
use super::rule::{Alarms, Judge, Rule};

/// A check for people: its script, each comparison and its place.
pub fn explain(check: &Definition) -> String {
    let mut page = format!("{}: {}\n", check.name, check.title);
    let mut line = |name: &str, text: String| page.push_str(&format!("  {name:<12}{text}\n"));
    line("file", check.file.display().to_string());
    check.description.iter().for_each(|text| line("about", text.clone()));
    line(
        "runs",
        match &check.body {
            Body::File(file) => file.display().to_string(),
            Body::Code(_) => format!("the text in line {} of the file", check.body_at.line),
            Body::Pester(file) => format!("{} with Pester 5 on the host", file.display()),
        },
    );
    for (name, given) in &check.parameters {
        line("parameter", format!("{name} = {}  ({})", given.value, given.source));
    }
    line("timeout", format!("{} on each host", show_duration(check.timeout)));
    for (place, rule) in (1..).zip(&check.rules) {
        let name = rule.name.as_ref().map_or(format!("rule {place}"), |name| format!("rule {name}"));
        explain_rule(rule).into_iter().for_each(|text| line(&name, text));
    }
    for rule in &check.fleet {
        for (state, given) in [("CRITICAL", &rule.crit), ("WARNING", &rule.warn)] {
            let Some(given) = given else { continue };
            line("all hosts", format!("{state} by '{}', counting {}  ({})", given.value, rule.of, given.source));
        }
    }
    page
}

/// A line for each alarm.
fn explain_rule(rule: &Rule) -> Vec<String> {
    let only = rule.only.as_ref().map_or(String::new(), |only| format!(", of objects with {}", only.text));
    let per = rule.instance.as_ref().map_or(String::new(), |instance| format!(", for each {instance}"));
    match &rule.judge {
        Judge::Number(property, alarms) if alarms.warn.is_none() && alarms.crit.is_none() => {
            vec![format!("{property} is only written down{per}{only}")]
        }
        Judge::Number(property, alarms) => {
            each(alarms, |range| format!("if {property} is {}{}{per}{only}", range.alarm_text(), unit(&rule.perf.unit)))
        }
        Judge::Holds(alarms) => each(alarms, |held| format!("if {}{per}{only}", held.text)),
        Judge::Count(of, alarms) => {
            let what = of.as_ref().map_or("objects".to_owned(), |of| format!("objects with {}", of.text));
            each(alarms, |range| format!("if the number of {what} is {}{only}", range.alarm_text()))
        }
        Judge::Matches(property, alarms) => {
            let what = property.as_ref().map_or("its text".to_owned(), ToString::to_string);
            each(alarms, |pattern| format!("if {what} matches {}{per}{only}", pattern.text))
        }
        Judge::Misses(property, alarms) => {
            let what = property.as_ref().map_or("text".to_owned(), ToString::to_string);
            each(alarms, |pattern| format!("if no object's {what} matches {}{only}", pattern.text))
        }
    }
}

fn unit(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(" {unit}") }
}

fn each<T>(alarms: &Alarms<T>, text: impl Fn(&T) -> String) -> Vec<String> {
    let line = |(state, given): (&str, &Option<Given<T>>)| {
        given.as_ref().map(|given| explained(state, &text(&given.value), &given.source))
    };
    [("CRITICAL", &alarms.crit), ("WARNING", &alarms.warn)].into_iter().filter_map(line).collect()
}

fn explained(state: &str, text: &str, source: &impl fmt::Display) -> String {
    format!("{state} {text}  ({source})")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::explain;
    use crate::check::read;

    #[test]
    fn each_comparison_has_its_place() {
        let text = include_str!("reader/tests/disk-space.toml");
        let page = explain(&read(Path::new("checks/disk-space.toml"), text).expect("a check"));
        for line in [
            "disk-space: Disk space\n",
            "  runs        checks/disk-space.ps1\n",
            "  parameter   MinimumMB = 500  (checks/disk-space.toml:14)\n",
            "  rule free   CRITICAL if FreePercent is below 5 %, for each Drive, of objects with Size -gt 0  (checks/disk-space.toml:22)\n",
            "  rule 2      WARNING if Health -ne Healthy, for each Drive  (checks/disk-space.toml:30)\n",
            "  rule 3      WARNING if the number of objects with Removable -eq $true is below 0 or above 0  (",
            "  rule 4      CRITICAL if its text matches read-only  (",
            "  rule 5      CRITICAL if no object's Drive matches ^C:  (",
            "  all hosts   CRITICAL by '>5% of hosts', counting not ok  (",
        ] {
            assert!(page.contains(line), "{line}\nis not in\n{page}");
        }
    }
}
