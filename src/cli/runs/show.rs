//! `psfleet runs show`.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value as Json, json};

use crate::cli::args::runs::{PageFormat, ShowArgs};
use crate::cli::terminal::{self, wording};
use crate::hostlist::fold;
use crate::outcome::Outcome;
use crate::output::sanitize;
use crate::store::{Header, Part, Run, State, Store};
use crate::target::TargetId;

/// What is said of hosts of a run at work of which nothing is known yet.
const TO_COME: &str = "to_come";

/// Prints what a run did.
pub(super) fn run(args: &ShowArgs, store: &Store) -> anyhow::Result<u8> {
    let run = store.find(&args.run)?;
    let header = store.header(&run)?;
    let parts = store.parts(&run)?;
    let (targets, ends) = (store.targets(&run)?, store.ends(&run)?);
    let mut named: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (place, target) in targets.iter().enumerate() {
        let rest = if run.state == State::AtWork { TO_COME } else { Outcome::NotStarted.code() };
        let end = ends.get(&TargetId(place as u32)).map_or(rest, |outcome| outcome.code());
        named.entry(end).or_default().push(&target.name);
    }
    let hosts: BTreeMap<&str, String> = named.into_iter().map(|(end, hosts)| (end, fold(hosts))).collect();
    terminal::print(&match args.output {
        PageFormat::Text => text(&run, &header, &parts, &hosts),
        PageFormat::Json => {
            let mut facts = facts(&run);
            facts["command"] = json!(header.command);
            facts["words"] = json!(header.words);
            facts["parts"] = parts.iter().map(part_facts).collect();
            facts["folder"] = json!(header.folder);
            facts["hash"] = json!(header.hash);
            facts["work"] = header.work;
            facts["settings"] = header.settings;
            facts["hosts"] = json!(hosts);
            facts.to_string() + "\n"
        }
    })?;
    Ok(0)
}

/// A run for programs.
pub(super) fn facts(run: &Run) -> Json {
    let counts: serde_json::Map<String, Json> =
        run.counts.iter().map(|(outcome, count)| (outcome.code().to_owned(), json!(count))).collect();
    json!({
        "v": 1,
        "run": run.id,
        "label": run.label,
        "title": run.title,
        "begun": run.begun.to_string(),
        "ended": run.ended.map(|ended| ended.to_string()),
        "state": run.state.name(),
        "target_count": run.target_count,
        "counts": counts,
        "exit_code": run.exit_code,
    })
}

fn text(run: &Run, header: &Header, parts: &[Part], hosts: &BTreeMap<&str, String>) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<9} {}", sanitize(value).trim_end().replace('\n', "\n          "));
    };
    line("Run", &run.id.to_string());
    run.label.iter().for_each(|label| line("Label", label));
    line("State", run.state.name());
    for (place, part) in parts.iter().enumerate() {
        let name = if place == 0 { "Began" } else { "Resumed" };
        line(name, &described(part, run.state == State::AtWork && place + 1 == parts.len()));
    }
    line("Folder", &header.folder.display().to_string());
    line("Command", &format!("psfleet {}", header.words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")));
    if let Some(script) = header.work.get("text").and_then(Json::as_str) {
        line("Script", script);
    }
    let settings = settings(&header.settings);
    if !settings.is_empty() {
        line("Settings", &settings.join("\n"));
    }
    line("Hosts", &format!("{}: {}", run.target_count, wording::counts(&run.counts)));
    hosts.iter().for_each(|(outcome, names)| line("", &format!("{outcome}: {names}")));
    text
}

/// A part in one line: when, how long, its exit code, and why it ended early.
fn described(part: &Part, is_at_work: bool) -> String {
    let begun = part.begun.strftime("%Y-%m-%d %H:%M:%S UTC");
    let took = part.ended.map(|ended| wording::duration(ended.duration_since(part.begun).unsigned_abs()));
    let end = match (took, part.exit_code) {
        (Some(took), Some(code)) => format!("took {took}, exit code {code}"),
        _ if is_at_work => "is at work".to_owned(),
        _ => "psfleet was killed in its midst".to_owned(),
    };
    let why = part.stopped.as_ref().map(|(_, why)| format!(": {why}")).unwrap_or_default();
    format!("{begun}, {end}{why}")
}

fn part_facts(part: &Part) -> Json {
    json!({
        "begun": part.begun.to_string(),
        "ended": part.ended.map(|ended| ended.to_string()),
        "exit_code": part.exit_code,
        "stopped": part.stopped.as_ref().map(|(reason, why)| json!({ "reason": reason, "message": why })),
    })
}

/// Settings in lines: those that differ from host to host only counted.
fn settings(kept: &Json) -> Vec<String> {
    const SHOWN: usize = 4;
    let text = |setting: &Json, key: &str| setting[key].as_str().unwrap_or_default().to_owned();
    let all = kept.as_array().map(Vec::as_slice).unwrap_or_default();
    let groups = all.chunk_by(|one, two| one["key"] == two["key"]);
    let lines = groups.flat_map(|group| match group {
        [only] => vec![format!("{} = {} ({})", text(only, "key"), text(only, "value"), text(only, "source"))],
        [first, ..] if group.len() > SHOWN => {
            vec![format!("{}: {} values, from host to host (-o json has all)", text(first, "key"), group.len())]
        }
        several => several
            .iter()
            .map(|one| {
                format!(
                    "{} = {} on {} ({})",
                    text(one, "key"),
                    text(one, "value"),
                    text(one, "hosts"),
                    text(one, "source")
                )
            })
            .collect(),
    });
    lines.collect()
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+~[]*".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("web[01-40]"), "web[01-40]");
        assert_eq!(quoted("it's $x"), r"'it'\''s $x'");
        assert_eq!(quoted(""), "''");
    }
}
