//! Reads check files: TOML or YAML to a [`Definition`], every mistake noted.

mod fields;
mod fleet_rules;
mod keys;
mod rules;

use std::path::Path;

use crate::config::{Node, Place, Problem, parse_duration, parse_toml};
use crate::inventory::parse_yaml;

use self::fields::{Fields, Reader};
use self::keys::KEYS;
use super::definition::{Body, Definition, Schedule};
use super::state::State;

/// How long a check may run on a host if its file does not say.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

/// The tree of a check file: YAML if its name ends in `.yaml` or `.yml`, else TOML.
///
/// # Errors
/// What is wrong with its syntax.
pub fn parse(file: &Path, text: &str) -> Result<Node, Vec<Problem>> {
    let problem = |(at, message)| Problem::at(file, at, "", message);
    let suffix = file.extension().unwrap_or_default().to_ascii_lowercase();
    if suffix == "yaml" || suffix == "yml" {
        return parse_yaml(text).map_err(|mistake| vec![problem(mistake)]);
    }
    let (node, mistakes) = parse_toml(text);
    if mistakes.is_empty() { Ok(node) } else { Err(mistakes.into_iter().map(problem).collect()) }
}

/// Reads a check from the text of its file.
///
/// # Errors
/// Every mistake, in the order of the file.
pub fn read(file: &Path, text: &str) -> Result<Definition, Vec<Problem>> {
    let node = parse(file, text)?;
    let mut reader = Reader::new(file);
    let read = definition(&mut reader, file, &node);
    let mut problems = reader.problems;
    problems.sort_by_key(|problem| problem.at);
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

fn definition(reader: &mut Reader<'_>, file: &Path, node: &Node) -> Definition {
    let fields = reader.fields(node, "", KEYS);
    let title = reader.text(&fields, "title");
    if title.is_none() && fields.entry("title").is_none() {
        reader.problem(node.at, "", "the check has no title", Some("add title = \"Disk space\"".to_owned()));
    }
    let (body, body_at) = body(reader, file, &fields, node.at);
    let rules = match (fields.entry("rules"), fields.entry("pester")) {
        (None, Some(pester)) => rules::of_pester(reader, pester.at),
        _ => rules::read(reader, &fields),
    };
    let fleet = fleet_rules::read(reader, &fields);
    if fields.entry("rules").is_none() && fields.entry("pester").is_none() {
        let hint = "add a table [[rules]] that says what is demanded of what the script returns";
        reader.problem(node.at, "", "the check has no rules", Some(hint.to_owned()));
    }
    Definition {
        name: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        file: file.to_owned(),
        title: title.unwrap_or_default(),
        description: reader.text(&fields, "description"),
        body,
        body_at,
        parameters: parameters(reader, &fields),
        timeout: reader.parsed(&fields, "timeout", parse_duration).map_or(TIMEOUT, |given| given.value),
        schedule: schedule(reader, &fields),
        owner: reader.text(&fields, "owner"),
        runbook: reader.text(&fields, "runbook"),
        labels: labels(reader, &fields),
        empty: reader.parsed(&fields, "empty", str::parse).map_or(State::Unknown, |given| given.value),
        rules,
        fleet,
    }
}

/// Exactly one of the ways to name what runs.
fn body(reader: &mut Reader<'_>, file: &Path, fields: &Fields<'_>, top: Place) -> (Body, Place) {
    let beside = |name: String| file.parent().unwrap_or(Path::new("")).join(name);
    let mut found: Vec<(Body, Place)> = Vec::new();
    for key in ["file", "code", "pester"] {
        let Some(entry) = fields.entry(key) else { continue };
        let text = reader.text(fields, key).unwrap_or_default();
        let body = match key {
            "file" => Body::File(beside(text)),
            "code" => Body::Code(text),
            _ => Body::Pester(beside(text)),
        };
        if let Some((_, _)) = found.first() {
            let message = format!("'{key}' is a second script; a check has one of file, code and pester");
            reader.problem(entry.at, "", message, None);
        }
        found.push((body, entry.at));
    }
    match found.into_iter().next() {
        Some(first) => first,
        None => {
            let hint = "add file = \"NAME.ps1\" (beside this file), code = '''...''' or pester = \"NAME.Tests.ps1\"";
            reader.problem(top, "", "the check has no script", Some(hint.to_owned()));
            (Body::Code(String::new()), top)
        }
    }
}

fn parameters(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<(String, crate::config::Given<String>)> {
    let entries = reader.table(fields, "parameters");
    entries.iter().map(|entry| (entry.key.clone(), reader.given(entry.at, entry.node.to_json()))).collect()
}

fn labels(reader: &mut Reader<'_>, fields: &Fields<'_>) -> std::collections::BTreeMap<String, String> {
    let mut labels = std::collections::BTreeMap::new();
    for entry in reader.table(fields, "labels") {
        match entry.node.as_text() {
            Some(text) => drop(labels.insert(entry.key.clone(), text)),
            None => {
                let message = format!("a label is text, found {}", entry.node.kind());
                reader.problem(entry.node.at, &format!("labels > {}", entry.key), message, None);
            }
        }
    }
    labels
}

fn schedule(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Schedule {
    let interval = reader.parsed(fields, "interval", parse_duration).map(|given| given.value);
    let (cron, zone) = (reader.text(fields, "cron"), reader.text(fields, "zone"));
    if let (Some(_), Some(entry)) = (interval, fields.entry("cron")) {
        reader.problem(entry.at, "", "a check has an interval or a cron line, not both", None);
    }
    if let (None, Some(entry)) = (&cron, fields.entry("zone")) {
        reader.problem(entry.at, "", "a zone belongs to a cron line, and there is none", None);
    }
    Schedule { interval, cron, zone }
}

#[cfg(test)]
mod tests;
