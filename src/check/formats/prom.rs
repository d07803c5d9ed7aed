//! Prometheus' text format, for the textfile collector of its node exporter and for who scrapes it.

use super::super::report::Report;
use super::super::state::State;
use crate::metrics::{About, CHECK_FLEET_STATE, CHECK_STATE, CHECK_VALUE, Metrics};

const TOOK: About = ("psfleet_check_duration_seconds", "How long the script of a check ran on a host.");
const HOSTS: About = ("psfleet_check_hosts", "How many hosts have a state.");

pub(super) fn write(report: &Report) -> String {
    let mut metrics = Metrics::default();
    for check in &report.checks {
        let name = ("check", &*check.definition.name);
        for host in &check.hosts {
            let on = [name, ("host", &*host.host)];
            metrics.gauge(CHECK_STATE, &on, f64::from(host.verdict.state.number()));
            metrics.gauge(TOOK, &on, host.took.as_secs_f64());
            for number in &host.verdict.numbers {
                let of = [name, on[1], ("label", &*number.label), ("unit", &*number.perf.unit)];
                metrics.gauge(CHECK_VALUE, &of, number.value);
            }
        }
        for counted in State::WORST_FIRST {
            metrics.gauge(HOSTS, &[name, ("state", counted.word())], check.count(counted) as f64);
        }
        metrics.gauge(CHECK_FLEET_STATE, &[name], f64::from(check.state().number()));
    }
    metrics.text()
}
