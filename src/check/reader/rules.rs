//! Reads `[[rules]]`.

use std::str::FromStr;

use crate::config::{Node, Place};
use crate::output::Property;

use super::fields::{Fields, Reader};
use super::keys::RULE_KEYS;
use crate::check::expression::{Expression, Pattern};
use crate::check::range::Range;
use crate::check::rule::{Alarms, Judge, Perf, Rule};

/// The keys of alarms, which say what kind of rule it is.
const KINDS: [(&str, &str); 4] = [
    ("warn", "crit"),
    ("warn_if", "crit_if"),
    ("warn_match", "crit_match"),
    ("warn_unless_match", "crit_unless_match"),
];

/// What is demanded of Pester's tests where a file says nothing else: that none fails.
pub(super) fn of_pester(reader: &Reader<'_>, at: Place) -> Vec<Rule> {
    let failed = "Result -eq Failed".parse::<Expression>().ok();
    let judge = Judge::Holds(Alarms { warn: None, crit: failed.map(|failed| reader.given(at, failed)) });
    let (instance, message) = ("Name".parse().ok(), "{Name}: {Message}".parse().ok());
    vec![Rule { name: None, at, instance, only: None, judge, perf: Perf::default(), message }]
}

/// The rules of a check.
pub(super) fn read(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for (place, node) in reader.tables(fields, "rules").into_iter().enumerate() {
        let Some(rule) = rule(reader, node, &format!("rules {}", place + 1)) else { continue };
        let name = rule.name.as_ref().filter(|name| rules.iter().any(|known| known.name.as_ref() == Some(name)));
        if let Some(name) = name {
            let path = format!("rules {}", place + 1);
            reader.problem(rule.at, &path, format!("another rule has the name '{name}', too"), None);
        }
        rules.push(rule);
    }
    rules
}

fn rule(reader: &mut Reader<'_>, node: &Node, path: &str) -> Option<Rule> {
    let fields = reader.fields(node, path, RULE_KEYS);
    let name = name(reader, &fields);
    let judge = judge(reader, &fields, node.at);
    let rule = Rule {
        name,
        at: node.at,
        instance: value(reader, &fields, "instance"),
        only: value(reader, &fields, "where"),
        perf: perf(reader, &fields),
        message: value(reader, &fields, "message"),
        judge: judge?,
    };
    if !matches!(rule.judge, Judge::Number(..) | Judge::Count(..)) {
        for entry in ["unit", "min", "max"].iter().filter_map(|key| fields.entry(key)) {
            let hint = "only rules over a number have performance data: property, or count";
            reader.problem(entry.at, path, format!("'{}' has no meaning here", entry.key), Some(hint.to_owned()));
        }
    }
    if !matches!(rule.judge, Judge::Number(..) | Judge::Holds(..) | Judge::Matches(..))
        && let Some(entry) = fields.entry("instance")
    {
        let hint = "this rule judges all objects together";
        reader.problem(entry.at, path, "'instance' has no meaning here", Some(hint.to_owned()));
    }
    Some(rule)
}

/// A name that a variable's name can hold.
fn name(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<String> {
    let parse = |text: &str| {
        let fits = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let is_key = ["warn", "crit", "enabled", "param", "parameters", "timeout"].contains(&text);
        match fits && !is_key {
            true => Ok(text.to_owned()),
            false => Err(format!("'{text}' cannot be the name of a rule; use letters, digits, - and _, and no key")),
        }
    };
    reader.parsed(fields, "name", parse).map(|given| given.value)
}

fn value<T: FromStr<Err = String>>(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str) -> Option<T> {
    reader.parsed(fields, key, T::from_str).map(|given| given.value)
}

fn perf(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Perf {
    let unit = |text: &str| {
        let fits = text.chars().count() <= 16 && !text.contains(|c: char| c.is_ascii_digit() || "'\"; ".contains(c));
        let wrong =
            || format!("'{text}' is not a unit; write one such as %, s, ms, B, KB, MB, GB or c, without digits");
        fits.then(|| text.to_owned()).ok_or_else(wrong)
    };
    Perf {
        unit: reader.parsed(fields, "unit", unit).map(|given| given.value).unwrap_or_default(),
        min: reader.number(fields, "min"),
        max: reader.number(fields, "max"),
    }
}

fn judge(reader: &mut Reader<'_>, fields: &Fields<'_>, at: Place) -> Option<Judge> {
    let has = |keys: &(&str, &str)| fields.entry(keys.0).is_some() || fields.entry(keys.1).is_some();
    let kinds: Vec<usize> = (0..KINDS.len()).filter(|kind| has(&KINDS[*kind])).collect();
    let count = fields.entry("count");
    let property: Option<Property> = value(reader, fields, "property");
    match (kinds.as_slice(), count) {
        ([0], Some(_)) => count_of(reader, fields),
        // Without alarms a number is only written down.
        ([0], None) | ([], None) if fields.entry("property").is_some() => {
            Some(Judge::Number(property?, alarms::<Range>(reader, fields, KINDS[0])))
        }
        ([1], None) => Some(Judge::Holds(alarms::<Expression>(reader, fields, KINDS[1]))),
        ([2], None) => Some(Judge::Matches(property, alarms::<Pattern>(reader, fields, KINDS[2]))),
        ([3], None) => Some(Judge::Misses(property, alarms::<Pattern>(reader, fields, KINDS[3]))),
        ([0], None) => {
            let hint = "name the property (property = \"FreePercent\"), or count objects (count = \"*\")";
            reader.problem(at, fields.path(), "this rule has ranges, but no number", Some(hint.to_owned()));
            None
        }
        ([], _) => {
            let hint =
                "add warn or crit (ranges), warn_if or crit_if (expressions), warn_match or crit_match (patterns)";
            reader.problem(at, fields.path(), "this rule never raises an alarm", Some(hint.to_owned()));
            None
        }
        _ => {
            let hint = "make a rule of each of them";
            let message =
                "this rule mixes kinds: ranges, expressions, patterns and counts each are a rule of their own";
            reader.problem(at, fields.path(), message, Some(hint.to_owned()));
            None
        }
    }
}

fn count_of(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Judge> {
    if let Some(entry) = fields.entry("property") {
        reader.problem(entry.at, fields.path(), "'property' has no meaning beside 'count'", None);
    }
    let parse = |text: &str| if text.trim() == "*" { Ok(None) } else { text.parse::<Expression>().map(Some) };
    let counted = reader.parsed(fields, "count", parse)?;
    Some(Judge::Count(counted.value, alarms(reader, fields, KINDS[0])))
}

fn alarms<T: FromStr<Err = String>>(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    (warn, crit): (&str, &str),
) -> Alarms<T> {
    Alarms { warn: reader.parsed(fields, warn, T::from_str), crit: reader.parsed(fields, crit, T::from_str) }
}
