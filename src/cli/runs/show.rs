//! `psfleet runs show`.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value as Json, json};

use crate::cli::args::runs::{PageFormat, ShowArgs};
use crate::cli::terminal::{self, wording};
use crate::cli::{Command, command_of};
use crate::hostlist::fold;
use crate::job::script::KeptCall;
use crate::outcome::Outcome;
use crate::output::{cut, filled, sanitize};
use crate::store::{Header, Part, Run, State, Store};
use crate::target::{TargetId, TargetSnapshot};

/// What is said of hosts of a run at work of which nothing is known yet.
const TO_COME: &str = "to_come";

/// Columns of an argument that are shown; -o json has all of it.
const GIVEN_SHOWN: usize = 200;

/// Prints what a run did.
pub(super) fn run(args: &ShowArgs, store: &Store) -> anyhow::Result<u8> {
    let run = store.find(&args.run)?;
    let header = store.header(&run)?;
    let parts = store.parts(&run)?;
    let earlier = super::of_earlier_attempts(store, &run)?;
    let (targets, ends) = (store.targets(&run)?, store.ends(&run)?);
    let mut named: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (place, target) in targets.iter().enumerate() {
        let rest = if run.state == State::AtWork { TO_COME } else { Outcome::NotStarted.code() };
        let end = ends.get(&TargetId(place as u32)).map_or(rest, |outcome| outcome.code());
        named.entry(end).or_default().push(&target.name);
    }
    let hosts: BTreeMap<&str, String> = named.into_iter().map(|(end, hosts)| (end, fold(hosts))).collect();
    match args.output {
        PageFormat::Text => {
            let columns = terminal::page_columns();
            terminal::print(&text((&run, &header), &parts, (&hosts, earlier.as_deref()), columns))
        }
        PageFormat::Json => {
            let mut facts = facts(&run);
            facts["machine"] = json!(Some(&header.machine).filter(|machine| !machine.is_empty()));
            facts["given"] = json!(header.given);
            facts["command"] = json!(header.command);
            facts["words"] = json!(header.words);
            facts["parts"] = parts.iter().map(part_facts).collect();
            facts["folder"] = json!(header.folder);
            facts["hash"] = json!(header.hash);
            facts["work"] = header.work;
            facts["settings"] = header.settings;
            facts["hosts"] = json!(hosts);
            facts["earlier_records"] = by_host(&store.earlier_records(&run)?, &targets);
            terminal::print_json(&(facts.to_string() + "\n"))
        }
    }?;
    Ok(0)
}

fn by_host(counts: &BTreeMap<TargetId, u64>, targets: &[TargetSnapshot]) -> Json {
    let named =
        counts.iter().filter_map(|(target, count)| Some((targets.get(target.index())?.name.clone(), json!(count))));
    Json::Object(named.collect())
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
        "imported": run.imported.map(|imported| imported.to_string()),
    })
}

/// Columns of the names of lines, with the gap behind them.
const NAMES: usize = 10;

/// Writes lines under names.
struct Page {
    text: String,
    columns: Option<usize>,
}

impl Page {
    /// A line that is read.
    fn line(&mut self, name: &str, value: &str) {
        let value = sanitize(value);
        let lines = value.trim_end().split('\n').map(|line| match self.columns {
            Some(columns) => filled(line, columns, NAMES, NAMES + 2),
            None => line.to_owned(),
        });
        let lines = lines.collect::<Vec<_>>().join("\n          ");
        let _ = writeln!(self.text, "{name:<9} {lines}");
    }

    /// A line that is copied: it is not broken.
    fn whole(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.text, "{name:<9} {}", sanitize(value).trim_end().replace('\n', "\n          "));
    }
}

fn text(
    (run, header): (&Run, &Header),
    parts: &[Part],
    (hosts, earlier): (&BTreeMap<&str, String>, Option<&str>),
    columns: Option<usize>,
) -> String {
    let mut page = Page { text: String::new(), columns };
    page.line("Run", &run.id.to_string());
    run.label.iter().for_each(|label| page.line("Label", label));
    page.line("State", run.state.name());
    if let Some(imported) = run.imported {
        let machine = if header.machine.is_empty() { "another machine" } else { &header.machine };
        page.line("Made on", &format!("{machine}, imported {}", imported.strftime("%Y-%m-%d %H:%M:%S UTC")));
    }
    for (place, part) in parts.iter().enumerate() {
        let name = if place == 0 { "Began" } else { "Resumed" };
        page.line(name, &described(part, run.state == State::AtWork && place + 1 == parts.len()));
    }
    page.line("Folder", &header.folder.display().to_string());
    let words = |words: &[String]| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    page.whole("Command", &format!("psfleet {}", words(&header.words)));
    if !header.given.is_empty() {
        page.line("Flags", &format!("{} (of configuration and environment)", words(&header.given)));
    }
    script(&mut page, header);
    let settings = settings(&header.settings);
    if !settings.is_empty() {
        page.line("Settings", &settings.join("\n"));
    }
    page.line("Hosts", &format!("{}: {}", run.target_count, wording::counts(&run.counts)));
    hosts.iter().for_each(|(outcome, names)| page.line("", &format!("{outcome}: {names}")));
    earlier.iter().for_each(|earlier| page.line("Besides", &format!("{earlier}: runs replay --all-attempts has them")));
    page.text
}

/// What a run does on its hosts: its scripts with what they are given, and its gates.
fn script(page: &mut Page, header: &Header) {
    match serde_json::from_value::<KeptCall>(header.work.clone()) {
        Ok(kept) => {
            for (place, script) in std::iter::once(&kept).chain(kept.then()).enumerate() {
                page.whole(if place == 0 { "Script" } else { "Then" }, script.text());
                let given = script.given();
                if !given.is_empty() {
                    let given = given.iter().map(|given| cut(given, GIVEN_SHOWN)).collect::<Vec<_>>();
                    page.whole("  given", &given.join("\n"));
                }
            }
        }
        Err(_) => header.work.get("text").and_then(Json::as_str).iter().for_each(|text| page.whole("Script", text)),
    }
    let gates = match command_of(header) {
        Ok(Command::Run(run)) => run.execute.rollout.ramp.gate,
        Ok(Command::Copy(copy)) => copy.direction.transfer().rollout.ramp.gate.clone(),
        // It is not a command line any more: it was shown as it was.
        _ => Vec::new(),
    };
    gates.iter().for_each(|gate| page.whole("Gate", gate));
}

/// A part in one line: when, how long, its exit code, and why it ended early.
fn described(part: &Part, is_at_work: bool) -> String {
    let begun = part.begun.strftime("%Y-%m-%d %H:%M:%S UTC");
    let end = match (part.took.map(wording::duration), part.exit_code) {
        (Some(took), Some(code)) => format!("took {took}, exit code {code}"),
        _ if is_at_work => "is at work".to_owned(),
        _ => "psfleet was killed in its midst, or could keep no more".to_owned(),
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
