//! `[[routes]]`, and what routes, silences and maintenance have in common: what they are about.

use std::collections::{BTreeMap, BTreeSet};

use super::super::matcher::Matcher;
use super::super::rules::{GroupBy, Route, Rules, Timing};
use super::table::{Reader, Table};
use crate::check::State;
use crate::nearest::did_you_mean;

/// Reads the routes, which lead to channels of these names.
pub(super) fn read(reader: &mut Reader<'_>, table: &mut Table, rules: &mut Rules, names: &BTreeSet<String>) {
    for table in reader.tables(table, "routes") {
        let (at, path) = (table.at, table.path.clone());
        let route = route(reader, table, names);
        if rules.routes.iter().any(|other| other.name == route.name) {
            let hint = Some("give it a name of its own: name = \"...\"".to_owned());
            reader.problem(at, &path, format!("two routes are named '{}'", route.name), hint);
        }
        rules.routes.push(route);
    }
    if rules.routes.is_empty() && !rules.channels.is_empty() && reader.problems.is_empty() {
        let channel = rules.channels.keys().next().map(String::as_str).unwrap_or_default();
        let hint = Some(format!("write [[routes]] and to = \"{channel}\" below it"));
        reader.problem(table.at, "routes", "there are channels, and no route leads to them", hint);
    }
}

fn route(reader: &mut Reader<'_>, mut table: Table, names: &BTreeSet<String>) -> Route {
    let matcher = matcher(reader, &mut table);
    let to = channels(reader, &mut table, names);
    let group_by = group_by(reader, &mut table);
    let usual = Timing::default();
    let mut wait = |key, usual| reader.duration(&mut table, key).unwrap_or(usual);
    let timing = Timing {
        group_wait: wait("group_wait", usual.group_wait),
        group_interval: wait("group_interval", usual.group_interval),
        repeat_interval: wait("repeat_interval", usual.repeat_interval),
    };
    let goes_on = reader.flag(&mut table, "continue").unwrap_or(false);
    let name = reader.text(&mut table, "name").unwrap_or_else(|| match to.as_slice() {
        [] => format!("{matcher} to nobody"),
        to => format!("{matcher} to {}", to.join(", ")),
    });
    let known =
        ["name", "match", "states", "to", "group_by", "group_wait", "group_interval", "repeat_interval", "continue"];
    reader.finish(table, &known);
    Route { name, matcher, to, group_by, timing, goes_on }
}

fn channels(reader: &mut Reader<'_>, table: &mut Table, names: &BTreeSet<String>) -> Vec<String> {
    let (is_there, path) = (table.has("to"), table.below("to"));
    let named = reader.texts(table, "to");
    if named.is_empty() && !is_there {
        let hint = Some("name the channels that it leads to; to = [] tells nobody".to_owned());
        reader.problem(table.at, &table.path, "'to' is missing", hint);
    }
    for (at, name) in named.iter().filter(|(_, name)| !names.contains(name)) {
        let hint =
            did_you_mean(name, names.iter().map(String::as_str)).unwrap_or_else(|| format!("write [channels.{name}]"));
        reader.problem(*at, &path, format!("there is no channel '{name}'"), Some(hint));
    }
    named.into_iter().map(|(_, name)| name).collect()
}

fn group_by(reader: &mut Reader<'_>, table: &mut Table) -> Vec<GroupBy> {
    let path = table.below("group_by");
    let mut found = Vec::new();
    for (at, text) in reader.texts(table, "group_by") {
        match text.as_str() {
            "check" => found.push(GroupBy::Check),
            "host" => found.push(GroupBy::Host),
            "owner" => found.push(GroupBy::Owner),
            other => match other.strip_prefix("label:").filter(|key| !key.is_empty()) {
                Some(key) => found.push(GroupBy::Label(key.to_owned())),
                None => {
                    let hint = Some("write check, host, owner or label:KEY".to_owned());
                    reader.problem(at, &path, format!("'{other}' is not what alerts are grouped by"), hint);
                }
            },
        }
    }
    found
}

/// The keys `match` and `states`.
pub(super) fn matcher(reader: &mut Reader<'_>, table: &mut Table) -> Matcher {
    let mut matcher = Matcher::default();
    if let Some(mut inner) = reader.inner(table, "match") {
        let mut patterns = |key| reader.texts(&mut inner, key).into_iter().map(|(_, text)| text).collect();
        (matcher.check, matcher.host, matcher.owner) = (patterns("check"), patterns("host"), patterns("owner"));
        matcher.labels = labels(reader, &mut inner);
        reader.finish(inner, &["check", "host", "owner", "labels"]);
    }
    let path = table.below("states");
    for (at, text) in reader.texts(table, "states") {
        match text.parse::<State>() {
            Ok(State::Ok) => {
                let hint = Some("what is well is told as resolved, whatever stands here".to_owned());
                reader.problem(at, &path, "'ok' is not a state that is told", hint);
            }
            Ok(state) => matcher.states.push(state),
            Err(message) => reader.problem(at, &path, message, None),
        }
    }
    matcher
}

fn labels(reader: &mut Reader<'_>, table: &mut Table) -> BTreeMap<String, Vec<String>> {
    let Some(mut inner) = reader.inner(table, "labels") else { return BTreeMap::new() };
    let keys: Vec<String> = inner.keys();
    let patterns = |key: &String| reader.texts(&mut inner, key).into_iter().map(|(_, text)| text).collect();
    let values: Vec<Vec<String>> = keys.iter().map(patterns).collect();
    keys.into_iter().zip(values).collect()
}
