//! Prometheus' text format, for the textfile collector of its node exporter and for who scrapes it.
//!
//! # Source
//! "Exposition formats" of Prometheus, text format 0.0.4.

use super::super::report::Report;
use super::super::state::State;

/// A family of samples, written one after the other.
struct Family {
    name: &'static str,
    help: &'static str,
    samples: Vec<(Vec<(&'static str, String)>, f64)>,
}

pub(super) fn write(report: &Report) -> String {
    families(report).iter().map(Family::text).collect()
}

fn families(report: &Report) -> [Family; 5] {
    let mut state =
        family("psfleet_check_state", "State of a check on a host: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.");
    let mut took = family("psfleet_check_duration_seconds", "How long the script of a check ran on a host.");
    let mut value = family("psfleet_check_value", "A number that a check has found on a host.");
    let mut hosts = family("psfleet_check_hosts", "How many hosts have a state.");
    let mut whole = family("psfleet_check_fleet_state", "State of a check over all hosts, as its fleet rules say it.");
    for check in &report.checks {
        let name = || ("check", check.definition.name.clone());
        for host in &check.hosts {
            let on = || vec![name(), ("host", host.host.clone())];
            state.samples.push((on(), f64::from(host.verdict.state.number())));
            took.samples.push((on(), host.took.as_secs_f64()));
            for number in &host.verdict.numbers {
                let of = [("label", number.label.clone()), ("unit", number.perf.unit.clone())];
                value.samples.push((on().into_iter().chain(of).collect(), number.value));
            }
        }
        for counted in State::WORST_FIRST {
            let labels = vec![name(), ("state", counted.word().to_owned())];
            hosts.samples.push((labels, check.count(counted) as f64));
        }
        whole.samples.push((vec![name()], f64::from(check.state().number())));
    }
    [state, whole, hosts, took, value]
}

fn family(name: &'static str, help: &'static str) -> Family {
    Family { name, help, samples: Vec::new() }
}

impl Family {
    fn text(&self) -> String {
        if self.samples.is_empty() {
            return String::new();
        }
        let mut text = format!("# HELP {0} {1}\n# TYPE {0} gauge\n", self.name, self.help);
        for (labels, value) in &self.samples {
            let labels: Vec<String> =
                labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
            text.push_str(&format!("{}{{{}}} {value}\n", self.name, labels.join(",")));
        }
        text
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
