//! Everyday one-liners of Windows admins on the sandbox's own engine: what Windows gives for them must come.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use psfleet::clixml::{Content, Value};
use psfleet::sandbox::engine::{EndState, Ended, Invocation, Runspace, Runtime as _};
use psfleet::sandbox::machine::Machine;
use psfleet::stream::Stream;
use regex::Regex;

use crate::support::recorder::{Recorder, error_id};

mod check;

/// The one-liners; the file's head says how it is written.
const ENTRIES: &str = include_str!("one_liners.txt");

/// As many must give what Windows gives; when they do, [`KNOWN_GAPS`] must name the others and no more.
const ENOUGH: usize = 140;

/// What does not give what Windows gives: the first line of the script, and why.
const KNOWN_GAPS: &[(&str, &str)] = &[];

/// One paragraph of the file.
struct Entry {
    family: &'static str,
    /// Place in the fleet of the kind of host that it is for.
    host: u32,
    script: String,
    args: Vec<Value>,
    using: Vec<(String, Value)>,
    checks: Vec<&'static str>,
}

/// What a script gave.
struct Given {
    output: Vec<Value>,
    errors: Vec<String>,
    failed: Option<String>,
    /// What reached the host.
    said: Vec<String>,
}

impl Entry {
    fn parse(paragraph: &'static str) -> Self {
        let mut lines = paragraph.lines();
        let title = lines.next().and_then(|line| line.strip_prefix("# ")).expect("a paragraph starts with its title");
        let (kind, _source) = title.split_once(": ").expect("a title names its source");
        let mut kind = kind.split(", ");
        let family = kind.next().expect("a family");
        let weight = kind.next().expect("how common it is");
        assert!(matches!(weight, "daily" | "often" | "rare"), "{title}");
        let host = match kind.next() {
            None => 0,
            Some("on app") => 5,
            Some("on sql") => 7,
            Some("on file") => 8,
            Some("on dc") => 9,
            Some(other) => panic!("{other}"),
        };
        let mut entry =
            Self { family, host, script: String::new(), args: Vec::new(), using: Vec::new(), checks: Vec::new() };
        for line in lines {
            if let Some(check) = line.strip_prefix("= ") {
                entry.checks.push(check);
            } else if let Some(args) = line.strip_prefix("< args ") {
                entry.args = args.split(", ").map(Value::str).collect();
            } else if let Some(using) = line.strip_prefix("< using ") {
                let (name, value) = using.split_once(" = ").expect("a name and a value");
                entry.using.push((using_key(name), Value::str(value)));
            } else {
                entry.script += line;
                entry.script.push('\n');
            }
        }
        entry.script.truncate(entry.script.trim_end().len());
        entry
    }

    fn run(&self) -> Given {
        let mut recorder = Recorder::default();
        let invocation =
            Invocation { using: self.using.clone(), ..Invocation::script(&*self.script, self.args.clone()) };
        let mut runspace = Runspace::new(Arc::new(Machine::draw(1, self.host, recorder.now())));
        let Ended { state, .. } = runspace.invoke(&invocation, &mut recorder);
        Given {
            output: recorder.of(Stream::Output).cloned().collect(),
            errors: recorder.of(Stream::Error).map(describe).collect(),
            failed: if let EndState::Failed(record) = &state { Some(describe(record)) } else { None },
            said: recorder.of(Stream::Information).filter_map(said).chain(recorder.lines.clone()).collect(),
        }
    }

    /// What differs from Windows.
    fn differences(&self) -> Vec<String> {
        let given = self.run();
        let mut differences: Vec<_> = self
            .checks
            .iter()
            .filter_map(|check| check::differs(check, &given).map(|got| format!("{check}: {got}")))
            .collect();
        if !self.checks.iter().any(|check| check.starts_with("errors ")) {
            differences.extend(given.errors.iter().map(|error| format!("error {error}")));
        }
        differences.extend(given.failed.iter().map(|error| format!("failed {error}")));
        differences
    }
}

/// The key on the wire of `$Using:name`.
fn using_key(name: &str) -> String {
    let text = format!("$using:{}", name.to_lowercase());
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    base64_simd::STANDARD.encode_to_string(bytes)
}

/// An error's id and, behind a bar, its message: checks compare what stands before the bar.
fn describe(record: &Value) -> String {
    let message =
        record.as_object().and_then(|record| record.to_string.as_ref()).map_or_else(String::new, ToString::to_string);
    format!("{} | {message}", error_id(record))
}

/// The text of a record of the information stream.
fn said(record: &Value) -> Option<String> {
    let data = record.member("MessageData")?;
    let message = data.member("Message").unwrap_or(data);
    message.as_text().map(ToString::to_string)
}

fn entries() -> Vec<Entry> {
    let paragraphs = ENTRIES.split("\n\n").map(str::trim_end);
    paragraphs.filter(|text| !text.starts_with("##")).map(Entry::parse).collect()
}

/// The failures that nobody knows of, and the known gaps that are none any more.
fn surprises(failing: &[&str]) -> (Vec<String>, Vec<String>) {
    let is_known = |line: &str| KNOWN_GAPS.iter().any(|(gap, _)| *gap == line);
    let new = failing.iter().filter(|line| !is_known(line)).map(ToString::to_string).collect();
    let closed =
        KNOWN_GAPS.iter().filter(|(gap, _)| !failing.contains(gap)).map(|(gap, _)| (*gap).to_owned()).collect();
    (new, closed)
}

#[test]
fn one_liners() {
    let entries = entries();
    assert!(entries.len() >= 150, "{} one-liners", entries.len());
    let mut families: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut failing = Vec::new();
    let mut report = String::new();
    for entry in &entries {
        let differences = entry.differences();
        let (passed, all) = families.entry(entry.family).or_default();
        *all += 1;
        if differences.is_empty() {
            *passed += 1;
        } else {
            failing.push(entry.script.lines().next().unwrap_or_default());
            writeln!(report, "--- {}: {}", entry.family, entry.script).expect("text");
            differences.iter().for_each(|difference| writeln!(report, "    {difference}").expect("text"));
        }
    }
    println!("{report}");
    for (family, (passed, all)) in &families {
        println!("{family:<13}{passed:>4} of {all:>3}");
    }
    let passed = entries.len() - failing.len();
    println!("{:<13}{passed:>4} of {:>3}", "all", entries.len());
    let (new, closed) = surprises(&failing);
    assert!(new.is_empty(), "no known gaps: {new:#?}\n{report}");
    if passed >= ENOUGH {
        assert!(closed.is_empty(), "these work now: {closed:#?}");
    }
}
