//! What all hosts of a run together are judged to be.

use std::collections::BTreeMap;

use super::alarms::of;
use super::fleet_rule::{Amount, Counted, Demand, FleetRule};
use super::rule::Alarms;
use super::state::State;
use super::verdict::Finding;

/// A host of a run, as fleet rules see it.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// Its labels.
    pub labels: &'a BTreeMap<String, String>,
    /// What the check found on it.
    pub state: State,
}

/// What each fleet rule says of these hosts: one finding for each rule, also where all is in order.
pub fn judge_fleet(rules: &[FleetRule], hosts: &[Judged<'_>]) -> Vec<Finding> {
    rules.iter().map(|rule| judge(rule, hosts)).collect()
}

fn judge(rule: &FleetRule, hosts: &[Judged<'_>]) -> Finding {
    let alarms = Alarms { warn: rule.warn.clone(), crit: rule.crit.clone() };
    let met = of(&alarms, |demand| alarm(demand, rule.of, hosts).is_some());
    let (state, text) = match met {
        Some((state, demand)) => (state, alarm(demand, rule.of, hosts).unwrap_or_default()),
        None => (State::Ok, quiet(rule, hosts)),
    };
    Finding { state, instance: String::new(), text }
}

/// What is wrong with the hosts, if something is.
fn alarm(demand: &Demand, of: Counted, hosts: &[Judged<'_>]) -> Option<String> {
    match demand {
        Demand::Alarm(comparison, amount) => {
            let count = hosts.iter().filter(|host| of.takes(host.state)).count();
            let bound = bound(*amount, hosts.len());
            let text = || format!("{} {of} (alarm at {demand})", counted(count, hosts.len()));
            comparison.holds(count as f64, bound).then(text)
        }
        Demand::Share { at_least, amount, each, of } => {
            let missed: Vec<String> = parts(each.as_deref(), hosts)
                .into_iter()
                .filter_map(|(name, part)| {
                    let count = part.iter().filter(|host| of.takes(host.state)).count();
                    let bound = bound(*amount, part.len());
                    let holds = if *at_least { count as f64 >= bound } else { count as f64 <= bound };
                    let of_part = if name.is_empty() { String::new() } else { format!("{name}: ") };
                    (!holds).then(|| format!("{of_part}{} {of}", counted(count, part.len())))
                })
                .collect();
            (!missed.is_empty()).then(|| format!("{} (demanded: {demand})", missed.join(", ")))
        }
    }
}

/// The hosts of each value of a label; all of them without one. Hosts that lack the label have no part.
fn parts<'h, 'a>(label: Option<&str>, hosts: &'h [Judged<'a>]) -> BTreeMap<String, Vec<&'h Judged<'a>>> {
    let mut parts: BTreeMap<String, Vec<&Judged<'_>>> = BTreeMap::new();
    let Some(label) = label else { return BTreeMap::from([(String::new(), hosts.iter().collect())]) };
    for host in hosts {
        if let Some(value) = host.labels.get(label) {
            parts.entry(format!("{label} {value}")).or_default().push(host);
        }
    }
    parts
}

fn bound(amount: Amount, hosts: usize) -> f64 {
    match amount {
        Amount::Hosts(number) => number as f64,
        Amount::Percent(percent) => percent * hosts as f64 / 100.0,
    }
}

fn counted(count: usize, of: usize) -> String {
    format!("{count} of {of} {}", if of == 1 { "host" } else { "hosts" })
}

fn quiet(rule: &FleetRule, hosts: &[Judged<'_>]) -> String {
    let count = hosts.iter().filter(|host| rule.of.takes(host.state)).count();
    format!("{} {}", counted(count, hosts.len()), rule.of)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::{Judged, judge_fleet};
    use crate::check::{State, read};

    /// The finding of one fleet rule over hosts, each with its state and the value of its label `pool`.
    fn found(rule: &str, hosts: &[(State, &str)]) -> (State, String) {
        let text = format!("title = 'x'\ncode = 'x'\n[[rules]]\ncount = '*'\nwarn = 1\n[[fleet]]\n{rule}\n");
        let check = read(Path::new("x.toml"), &text).expect("a check");
        let pool = |pool: &str| match pool {
            "" => BTreeMap::new(),
            pool => BTreeMap::from([("pool".to_owned(), pool.to_owned())]),
        };
        let labels: Vec<_> = hosts.iter().map(|(_, name)| pool(name)).collect();
        let hosts: Vec<_> =
            hosts.iter().zip(&labels).map(|((state, _), labels)| Judged { labels, state: *state }).collect();
        let found = judge_fleet(&check.fleet, &hosts).remove(0);
        (found.state, found.text)
    }

    #[test]
    fn shares_of_all_hosts() {
        let hosts = |bad: usize| -> Vec<(State, &str)> {
            (0..40).map(|place| (if place < bad { State::Critical } else { State::Ok }, "")).collect()
        };
        let rule = "warn = '>2% of hosts'\ncrit = '>5% of hosts'";
        assert_eq!(found(rule, &hosts(0)), (State::Ok, "0 of 40 hosts not ok".to_owned()));
        assert_eq!(found(rule, &hosts(1)).0, State::Warning, "2.5 %");
        assert_eq!(found(rule, &hosts(2)).0, State::Warning, "exactly 5 % is not more");
        let critical = (State::Critical, "3 of 40 hosts not ok (alarm at >5% of hosts)".to_owned());
        assert_eq!(found(rule, &hosts(3)), critical);
        assert_eq!(found("of = 'warning'\ncrit = '>=1 hosts'", &hosts(3)).0, State::Ok);
        assert_eq!(found("of = 'critical'\ncrit = '>=3 hosts'", &hosts(3)).0, State::Critical);
        assert_eq!(found("crit = '>0 hosts'", &[(State::Unknown, "")]).0, State::Critical, "unknown is not ok");
    }

    #[test]
    fn so_many_of_each_part() {
        let (ok, bad) = (State::Ok, State::Critical);
        let rule = "crit = 'at least 2 of each label:pool ok'";
        let fine = [(ok, "a"), (ok, "a"), (bad, "a"), (ok, "b"), (ok, "b"), (bad, "")];
        assert_eq!(found(rule, &fine).0, ok, "a host without the label has no part");
        let (state, text) = found(rule, &[(ok, "a"), (bad, "a"), (ok, "b"), (ok, "b")]);
        assert_eq!(state, bad);
        assert_eq!(text, "pool a: 1 of 2 hosts ok (demanded: at least 2 of each label:pool ok)");
        assert_eq!(found("warn = 'at most 50% of hosts not ok'", &[(ok, ""), (bad, ""), (bad, "")]).0, State::Warning);
    }
}
