//! What scripts tell their host, compared.
//!
//! Invoke-Command hands on every call of its host, and beside some calls a record that says the same: every warning and
//! every record of Write-Host has such an echo, and any information record that is shown. psfleet has no such host: a
//! text that comes only as a call becomes a record, and an echo becomes nothing. So each of Invoke-Command's calls must
//! be told by psfleet exactly once, in its place: by the record right before it, or by a record made of it.

use psfleet::clixml::Value;
use serde_json::{Value as Json, json};

use super::ours::Line;
use super::tree::Given;

/// The stream under which calls of the host stand among the records.
pub(super) const CALL: &str = "call";

/// What psfleet tells by a record that it has made of a call, if this is one.
pub(super) fn of_a_call(line: &Line) -> Option<Json> {
    let root = &line.typed.root;
    let is = |name: &str, wanted: &str| root.member(name).and_then(Value::as_text).is_some_and(|text| text == wanted);
    match &*line.stream {
        "information" if is("Source", "$Host.UI") => {
            let data = root.member("MessageData").expect("data");
            let color = |name: &str| {
                let color = data.member(name).and_then(Value::as_object)?;
                color.to_string.as_ref().map(ToString::to_string)
            };
            let ends = data.member("NoNewLine").and_then(Value::as_bool) == Some(false);
            Some(json!({
                "stream": "information",
                "text": data.member("Message").and_then(Value::as_text).expect("a text").to_string(),
                "line": if ends { "True" } else { "False" },
                "foreground": color("ForegroundColor"),
                "background": color("BackgroundColor"),
            }))
        }
        "error" if is("FullyQualifiedErrorId", "WriteErrorLine") => {
            Some(json!({"stream": "error", "text": line.plain["message"]}))
        }
        _ => None,
    }
}

/// Compares the calls and takes them out of both; what differs, in words.
pub(super) fn compare(ours: &mut Given, theirs: &mut Given) -> Vec<String> {
    let mut found = Vec::new();
    let mut made = take_calls(ours).into_iter().peekable();
    let mut records = 0;
    let mut before: Option<Json> = None;
    let mut apart: Vec<(String, Json)> = Vec::new();
    let mut kept = Vec::new();
    for (stream, mut tree) in std::mem::take(&mut theirs.records) {
        if stream != CALL {
            records += 1;
            before = match &*stream {
                "information" => {
                    forget_forwarding(&mut tree);
                    tree.as_object_mut().and_then(|members| members.remove("told"))
                }
                "warning" => Some(json!({"stream": "warning", "text": tree["message"]})),
                _ => None,
            };
            kept.push((stream, tree));
            continue;
        }
        let stream = tree["stream"].as_str().expect("a stream").to_owned();
        if before.take().is_some_and(|told| is_echo(&told, &tree)) {
            continue;
        }
        match &*stream {
            "verbose" | "debug" | "progress" => apart.push((stream, tree["text"].clone())),
            _ => match made.peek() {
                Some((place, told)) if *place == records && without_nulls(told) == without_nulls(&tree) => {
                    made.next();
                }
                other => {
                    found.push(format!("after {records} records\n  psfleet        {other:?}\n  Invoke-Command {tree}"))
                }
            },
        }
    }
    theirs.records = kept;
    found.extend(made.map(|(place, told)| format!("after {place} records only psfleet tells {told}")));
    for (stream, records) in &ours.others {
        let told: Vec<_> = apart.iter().filter(|(name, _)| name == stream).map(|(_, text)| text).collect();
        let text = if stream == "progress" { "activity" } else { "message" };
        let records: Vec<_> = records.iter().map(|record| &record[text]).collect();
        if without_empty(&records) != without_empty(&told) {
            found.push(format!("{stream}\n  psfleet        {records:?}\n  Invoke-Command {told:?}"));
        }
    }
    found
}

/// Takes away the tag by which Invoke-Command marks what it hands on of Write-Host.
fn forget_forwarding(record: &mut Json) {
    let tags = record["tags"].as_array_mut().expect("a list");
    if tags.iter().any(|tag| tag == "PSHOST") && tags.last().is_some_and(|tag| tag == "FORWARDED") {
        tags.pop();
    }
}

/// Takes the records that were made of calls out, each with how many records stand before it.
fn take_calls(given: &mut Given) -> Vec<(usize, Json)> {
    let (mut calls, mut records) = (Vec::new(), Vec::new());
    for (stream, tree) in std::mem::take(&mut given.records) {
        if stream == CALL { calls.push((records.len(), tree)) } else { records.push((stream, tree)) }
    }
    given.records = records;
    calls
}

/// Whether a call says what the record before it has told; of a collection's text only the beginning is known.
fn is_echo(told: &Json, call: &Json) -> bool {
    let (mut told, mut call) = (told.clone(), call.clone());
    let Some(beginnings) = told.as_object_mut().and_then(|members| members.remove("beginnings")) else {
        return without_nulls(&told) == without_nulls(&call);
    };
    let text = call["text"].take();
    let begins = |begin: &Json| text.as_str().expect("a text").starts_with(begin.as_str().expect("a text"));
    beginnings.as_array().expect("a list").iter().any(begins) && without_nulls(&told) == without_nulls(&call)
}

/// A call's members, without those that say nothing.
fn without_nulls(told: &Json) -> Vec<(&String, &Json)> {
    let members = told.as_object().expect("an object").iter();
    let mut members: Vec<_> = members.filter(|(_, value)| !value.is_null() && **value != json!("")).collect();
    members.sort_by_key(|(name, _)| *name);
    members
}

/// Texts, of which records leave empty ones out.
fn without_empty<'a>(texts: &[&'a Json]) -> Vec<&'a Json> {
    texts.iter().copied().filter(|text| !text.is_null() && **text != json!("")).collect()
}
