//! What an expression of targets could go on with.

use clap_complete::engine::CompletionCandidate;

use super::candidate;
use crate::inventory::Known;
use crate::outcome::Outcome;

/// A name and what it stands for.
pub(super) type Named = (String, String);

/// The expressions that the last name of `typed` could be completed to. `runs` are names of kept runs.
pub(super) fn candidates(typed: &str, known: &Known, runs: impl FnOnce() -> Vec<Named>) -> Vec<CompletionCandidate> {
    // In the middle of a range nothing is known.
    if typed.matches('[').count() > typed.matches(']').count() {
        return Vec::new();
    }
    let last = typed.rfind([',', '&', '!', '\n']).map_or(0, |at| at + 1);
    let name = typed[last..].trim_start();
    let before = &typed[..typed.len() - name.len()];
    let found = if let Some(group) = name.strip_prefix('@') {
        at(group, known, runs)
    } else if name.starts_with("label:") {
        labels(name, known)
    } else {
        hosts(name, known)
    };
    let found = found.into_iter().filter(|(value, _)| value.starts_with(name) && value != name);
    found.map(|(value, help)| candidate(format!("{before}{value}"), &help)).collect()
}

fn hosts(name: &str, known: &Known) -> Vec<Named> {
    let hosts = known.hosts.iter().map(|host| (host.clone(), "host".to_owned()));
    // Where nothing is typed yet: what else there is.
    let all = [("@all".to_owned(), "the whole inventory".to_owned())];
    let label = (!known.labels.is_empty()).then(|| ("label:".to_owned(), "hosts by a label".to_owned()));
    match name {
        "" => all.into_iter().chain(groups(known)).chain(label).chain(hosts).collect(),
        _ => label.into_iter().chain(hosts).collect(),
    }
}

fn groups(known: &Known) -> impl Iterator<Item = Named> {
    known.groups.iter().map(|name| (format!("@{name}"), "group".to_owned()))
}

fn labels(name: &str, known: &Known) -> Vec<Named> {
    let keys = known.labels.keys().map(|key| format!("label:{key}="));
    if !name.contains('=') {
        return keys.map(|key| (key, "label".to_owned())).collect();
    }
    let pairs = known.labels.iter().flat_map(|(key, values)| values.iter().map(move |value| (key, value)));
    pairs.map(|(key, value)| (format!("label:{key}={value}"), String::new())).collect()
}

/// Groups, and hosts of earlier runs.
fn at(group: &str, known: &Known, runs: impl FnOnce() -> Vec<Named>) -> Vec<Named> {
    let run = group.strip_prefix("run:").or_else(|| group.starts_with("last").then_some(group));
    if let Some((run, _)) = run.and_then(|run| run.split_once(':')) {
        let begin = if group.starts_with("run:") { format!("@run:{run}:") } else { format!("@{run}:") };
        return outcomes().map(|outcome| (format!("{begin}{outcome}"), String::new())).collect();
    }
    if group.starts_with("run:") {
        return runs().into_iter().map(|(run, what)| (format!("@run:{run}"), what)).collect();
    }
    let own = [
        ("@all", "the whole inventory"),
        ("@last", "the hosts of the last run"),
        ("@last:", "those with an outcome"),
        ("@run:", "the hosts of an earlier run"),
    ];
    let own = own.map(|(name, what)| (name.to_owned(), what.to_owned()));
    own.into_iter().chain(groups(known)).collect()
}

/// The outcomes by which hosts of a run are chosen.
pub(super) fn outcomes() -> impl Iterator<Item = &'static str> {
    Outcome::ALL.iter().map(|outcome| outcome.code())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::candidates;
    use crate::inventory::Known;

    fn found(typed: &str) -> Vec<String> {
        let labels = BTreeMap::from([("site".to_owned(), BTreeSet::from(["ber", "muc"].map(str::to_owned)))]);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let known = Known { hosts: names(&["web01", "web02", "db01"]), groups: names(&["web", "base"]), labels };
        let found = candidates(typed, &known, || vec![("patch".to_owned(), "Get-Date".to_owned())]);
        found.iter().map(|candidate| candidate.get_value().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn the_last_name_is_completed() {
        for (typed, expect) in [
            ("web", &["web01", "web02"] as &[_]),
            ("web01", &[]),
            ("db01,w", &["db01,web01", "db01,web02"]),
            ("@all!d", &["@all!db01"]),
            ("@we", &["@web"]),
            ("web01, @a", &["web01, @all"]),
            ("@web&@a", &["@web&@all"]),
            ("l", &["label:"]),
            ("label:", &["label:site="]),
            ("label:site=b", &["label:site=ber"]),
            ("@la", &["@last", "@last:"]),
            ("@last:f", &["@last:failed"]),
            ("@last~2:time", &["@last~2:timeout"]),
            ("@run:", &["@run:patch"]),
            ("@run:patch:un", &["@run:patch:unreachable"]),
            ("web[01,0", &[]),
            ("", &["@all", "@web", "@base", "label:", "web01", "web02", "db01"]),
        ] {
            assert_eq!(found(typed), expect, "{typed}");
        }
    }
}
