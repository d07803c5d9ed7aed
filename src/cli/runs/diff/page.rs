//! A diff for people, for programs and for spreadsheets.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::Diff;
use crate::cli::terminal;
use crate::clixml::{self, Document, Value};
use crate::hostlist::fold;
use crate::output::{csv_cell, delta_line, sanitize_line};
use crate::store::Run;

fn folded(hosts: &[String]) -> String {
    sanitize_line(&fold(hosts.iter().map(String::as_str))).into_owned()
}

/// What is new, gone and changed, hosts of the same changes together.
pub(super) fn text(diff: &Diff) -> String {
    let mut text = String::new();
    for (sign, run) in [("---", &diff.before), ("+++", &diff.after)] {
        let label = run.label.as_deref().map(|label| format!(", {}", sanitize_line(label))).unwrap_or_default();
        let begun = run.begun.strftime("%Y-%m-%d %H:%M:%S UTC");
        let _ = writeln!(text, "{sign} {} ({begun}{label}): {}", run.id, sanitize_line(&run.title));
    }
    let mut line = |what: &str, hosts: &[String]| {
        if !hosts.is_empty() {
            let _ = writeln!(text, "{what}: {}", folded(hosts));
        }
    };
    line("new", &diff.new);
    line("gone", &diff.gone);
    diff.outcomes.iter().for_each(|((was, is), hosts)| line(&format!("{was} -> {is}"), hosts));
    for (deltas, hosts) in &diff.changes {
        let _ = writeln!(text, "{}", folded(hosts));
        for delta in deltas {
            let _ = writeln!(text, "  {}", sanitize_line(&delta_line(delta).1));
        }
    }
    let _ = match diff.same {
        1 => writeln!(text, "1 host is the same in both"),
        same => writeln!(text, "{same} hosts are the same in both"),
    };
    text
}

/// Everything as one object.
pub(super) fn json(diff: &Diff) -> String {
    let run =
        |run: &Run| json!({ "run": run.id, "begun": run.begun.to_string(), "label": run.label, "title": run.title });
    let outcomes: Vec<Json> =
        diff.outcomes.iter().map(|((was, is), hosts)| json!({ "before": was, "after": is, "hosts": hosts })).collect();
    let changes: Vec<Json> = diff
        .changes
        .iter()
        .map(|(deltas, hosts)| json!({ "hosts": hosts, "changes": deltas.iter().map(plain).collect::<Vec<_>>() }))
        .collect();
    json!({
        "v": 1,
        "before": run(&diff.before),
        "after": run(&diff.after),
        "new": diff.new,
        "gone": diff.gone,
        "outcomes": outcomes,
        "changes": changes,
        "same": diff.same,
    })
    .to_string()
        + "\n"
}

fn plain(delta: &Document) -> Json {
    let mut json = Vec::new();
    clixml::write_plain(delta, &mut json);
    serde_json::from_slice(&json).unwrap_or_default()
}

/// A row for each change of each host.
pub(super) fn csv(diff: &Diff, is_read: bool) -> String {
    let mut text = Vec::new();
    let mut row = |cells: [&str; 6]| {
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                text.push(b',');
            }
            if !cell.is_empty() {
                csv_cell(&mut text, &terminal::cell(cell, is_read));
            }
        }
        text.extend_from_slice(b"\r\n");
    };
    row(["PSComputerName", "Change", "Object", "Property", "Before", "After"]);
    diff.new.iter().for_each(|host| row([host, "host_added", "", "", "", ""]));
    diff.gone.iter().for_each(|host| row([host, "host_removed", "", "", "", ""]));
    for ((was, is), hosts) in &diff.outcomes {
        hosts.iter().for_each(|host| row([host, "outcome", "", "", was, is]));
    }
    for (deltas, hosts) in &diff.changes {
        for host in hosts {
            for delta in deltas {
                let [change, object, property, before, after] =
                    ["Change", "Object", "Property", "Reference", "Value"].map(|name| cell(delta, name));
                row([host, &change, &object, &property, &before, &after]);
            }
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn cell(delta: &Document, name: &str) -> String {
    match delta.root.member(name) {
        None | Some(Value::Null) => String::new(),
        Some(value) => clixml::PlainJson::new(delta).cell(value).into_owned(),
    }
}
