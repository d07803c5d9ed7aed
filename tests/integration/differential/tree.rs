//! What a block gave, in one form for both clients.

use std::collections::BTreeMap;

use psfleet::clixml::{PsString, Value};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};

use super::ours::{Line, Lines};
use super::told;
use crate::clixml::golden::{mark_surrogates, normal};
use crate::clixml::meaning::{marked, meaning, meaning_of};

/// What a block gave.
#[derive(Debug)]
pub(super) struct Given {
    /// Objects, errors, warnings and information records in order, each with its stream as JSON names it. Among them
    /// stand calls of the host: for Invoke-Command all of them ([`told::CALL`]), for psfleet the records that it made
    /// of some.
    pub records: Vec<(String, Json)>,
    /// The records of the streams that Invoke-Command keeps apart, each in order.
    pub others: BTreeMap<String, Vec<Json>>,
    /// The terminating error.
    pub failed: Option<Json>,
}

/// The streams that Invoke-Command keeps apart.
const APART: [&str; 3] = ["verbose", "debug", "progress"];

/// How many records there are.
pub(super) fn count(given: &Given) -> usize {
    given.records.len() + given.others.values().map(Vec::len).sum::<usize>() + usize::from(given.failed.is_some())
}

/// What psfleet wrote, in the form of `dump.ps1`.
pub(super) fn given(lines: &Lines) -> Given {
    let others = APART.map(|name| (name.to_owned(), Vec::new())).into();
    let mut given = Given { records: Vec::new(), others, failed: None };
    for line in &lines.records {
        match given.others.get_mut(&line.stream) {
            Some(records) => records.push(record(line)),
            None => given.records.push(match told::of_a_call(line) {
                Some(told) => (told::CALL.to_owned(), told),
                None => (line.stream.clone(), record(line)),
            }),
        }
    }
    if lines.reason.as_deref() == Some("script_error") {
        given.failed = given.records.pop().map(|(_, error)| error);
    }
    given
}

fn record(line: &Line) -> Json {
    let plain = |name: &str| words(line.plain[name].as_str());
    match &*line.stream {
        "object" => meaning(&line.typed),
        "error" => error(line),
        "information" => {
            let tags = line.plain["tags"].as_array().expect("a list").iter();
            let data = member(line, "MessageData");
            // Of a record without data PowerShell says its type.
            let message = if data == json!({"kind": "null"}) { Json::Null } else { plain("message") };
            json!({
                "data": data, "message": message, "tags": tags.map(|tag| words(tag.as_str())).collect::<Vec<_>>(),
                "source": plain("source"), "user": text(line, "User"), "computer": text(line, "Computer"),
            })
        }
        "progress" => {
            let mut progress = line.plain.clone();
            for name in ["activity", "status", "current_operation"] {
                progress[name] = plain(name);
            }
            progress["completed"] = if progress["completed"] == true { "Completed" } else { "Processing" }.into();
            progress
        }
        _ => json!({"message": plain("message")}),
    }
}

fn error(line: &Line) -> Json {
    let plain = |name: &str| words(line.plain[name].as_str());
    json!({
        "message": plain("message"),
        "exception": member(line, "Exception"),
        "invocation": member(line, "InvocationInfo"),
        "target": member(line, "TargetObject"),
        "fully_qualified_error_id": plain("fully_qualified_error_id"),
        "category": plain("category"),
        "activity": text(line, "ErrorCategory_Activity"),
        "reason": text(line, "ErrorCategory_Reason"),
        "target_name": text(line, "ErrorCategory_TargetName"),
        "target_type": text(line, "ErrorCategory_TargetType"),
        "details": text(line, "ErrorDetails_Message"),
        "recommended_action": plain("recommended_action"),
        "position": plain("position"),
        "script_stack_trace": plain("script_stack_trace"),
    })
}

fn member(line: &Line, name: &str) -> Json {
    meaning_of(&line.typed, line.typed.root.member(name).unwrap_or(&Value::Null))
}

fn text(line: &Line, name: &str) -> Json {
    let text = line.typed.root.member(name).and_then(Value::as_text).map(marked);
    text.filter(|text| !text.is_empty()).map_or(Json::Null, Json::from)
}

/// Text as it is compared: none for an empty one, each surrogate as its mark.
fn words(text: Option<&str>) -> Json {
    text.filter(|text| !text.is_empty()).map_or(Json::Null, |text| marked(&PsString::from(text)).into())
}

/// A line of JSON, which may hold lone surrogates.
pub(super) fn read_json(line: &[u8]) -> Json {
    let text = std::str::from_utf8(line).expect("UTF-8");
    serde_json::from_str(&mark_surrogates(text)).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The bytes of a line's `data`.
pub(super) fn data_of(line: &[u8]) -> &[u8] {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }
    serde_json::from_slice::<Envelope<'_>>(line).expect("a line of JSON").data.get().as_bytes()
}

/// What differs, in words. Of errors of scripts that ask, what the client itself says is left out.
pub(super) fn differences(mut ours: Given, mut theirs: Given, asks: bool) -> Vec<String> {
    let mut found = told::compare(&mut ours, &mut theirs);
    if asks {
        [&mut ours, &mut theirs].into_iter().for_each(without_refusals);
    }
    let (ours, theirs) = (&ours, &theirs);
    let places = ours.records.len().max(theirs.records.len());
    let at = |given: &Given, place: usize| given.records.get(place).map(|(stream, tree)| json!([stream, tree]));
    for place in 0..places {
        compare(&format!("record {place}"), at(ours, place), at(theirs, place), &mut found);
    }
    for stream in APART {
        let (ours, theirs) = (&ours.others[stream], &theirs.others[stream]);
        for place in 0..ours.len().max(theirs.len()) {
            compare(&format!("{stream} {place}"), ours.get(place).cloned(), theirs.get(place).cloned(), &mut found);
        }
    }
    compare("terminating error", ours.failed.clone(), theirs.failed.clone(), &mut found);
    found
}

/// Leaves of errors only what every client's refusal of a question has in common.
fn without_refusals(given: &mut Given) {
    let errors = given.records.iter_mut().filter(|(stream, _)| stream == "error").map(|(_, error)| error);
    for error in errors.chain(&mut given.failed) {
        let Json::Object(members) = error else { continue };
        members.retain(|name, _| ["invocation", "target", "reason", "position"].contains(&&**name));
    }
}

fn compare(what: &str, ours: Option<Json>, theirs: Option<Json>, found: &mut Vec<String>) {
    let [ours, theirs] = [ours, theirs].map(|tree| normal(lasting(tree.unwrap_or(json!("nothing")))));
    descend(what, &ours, &theirs, found);
}

/// Members whose values belong to one process: `HistoryId` counts the pipelines of a session, those that a client
/// starts for its own purposes among them.
const OF_ONE_RUN: [&str; 2] = ["HistoryId", "ProcessId"];

/// A tree without what differs from run to run: the values of [`OF_ONE_RUN`], and .NET's own stack in exceptions, which
/// depends on what has been compiled by then.
fn lasting(mut tree: Json) -> Json {
    match &mut tree {
        Json::Array(pair) if pair.len() == 2 && OF_ONE_RUN.iter().any(|name| pair[0] == *name) => pair[1] = Json::Null,
        Json::Array(items) => items.iter_mut().for_each(|item| *item = lasting(item.take())),
        Json::Object(members) => members.values_mut().for_each(|member| *member = lasting(member.take())),
        Json::String(text) if text.contains("   at ") => {
            let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("   at ")).collect();
            *text = lines.join("\n");
        }
        _ => {}
    }
    tree
}

/// Goes down to the smallest parts that differ, so that a report can be read.
fn descend(path: &str, ours: &Json, theirs: &Json, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Json::Object(left), Json::Object(right)) if left.keys().eq(right.keys()) => {
            left.iter().zip(right).for_each(|((name, ours), (_, theirs))| {
                descend(&format!("{path}.{name}"), ours, theirs, found);
            });
        }
        (Json::Array(left), Json::Array(right)) if left.len() == right.len() => {
            left.iter().zip(right).enumerate().for_each(|(at, (ours, theirs))| {
                descend(&format!("{path}[{at}]"), ours, theirs, found);
            });
        }
        _ if ours == theirs => {}
        _ => found.push(format!("{path}\n  psfleet        {ours}\n  Invoke-Command {theirs}")),
    }
}
