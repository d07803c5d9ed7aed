//! Whole runs, folded.

use serde_json::{Value as Json, json};

use super::{Diff, Fold, Folded, Groups};
use crate::clixml::Value;
use crate::event::{Finished, RunEvent, RunEventKind};
use crate::outcome::{Outcome, Reason};
use crate::output::testing::{Capture, Script, bag, schema, settings, tell};
use crate::output::{Format, SCHEMA, Settings, open};
use crate::stream::Stream;

fn service(name: &str, status: &str) -> Value {
    bag(vec![("Name", Value::str(name)), ("Status", Value::str(status))]).into()
}

/// Six hosts: three alike, one that differs, one with an error, one that was not reached.
fn events() -> Vec<RunEvent> {
    let mut script = Script::new(&["web01", "web02", "web03", "web04", "db1", "db2"]);
    let mut events = vec![script.started()];
    // Records of several hosts mixed.
    for name in ["a", "b"] {
        for host in 0..5 {
            let status = if host == 2 && name == "b" { "Stopped" } else { "Running" };
            events.push(script.record(host, Stream::Output, service(name, status)));
        }
    }
    events.push(script.record(4, Stream::Error, bag(vec![("ErrorDetails_Message", Value::str("no \u{1b}[1mway"))])));
    for host in [3, 2, 0, 1] {
        events.push(script.finished(host, Outcome::Ok));
    }
    events.push(script.finished(4, Outcome::OkWithErrors));
    let mut unreachable = script.finished(5, Outcome::Unreachable);
    if let RunEventKind::TargetFinished(Finished { reason, message, .. }) = &mut unreachable.kind {
        (*reason, *message) = (Some(Reason::Refused), "db2: nobody listens".to_owned());
    }
    events.push(unreachable);
    events.push(script.run_finished());
    events
}

/// What a format writes of these events, folded with so much memory.
fn folded_with(limit: usize, format: Format, fold: Fold, events: &[RunEvent]) -> String {
    let capture = Capture::default();
    let groups = if fold.diff.is_some() { Groups::of_deltas() } else { Groups::default() };
    let settings = Settings { groups: Some(groups.clone()), ..settings() };
    let inner = open(format, Box::new(capture.clone()), &settings);
    let mut sink = Folded::with_memory(limit, fold, groups, inner);
    events.iter().for_each(|event| tell(&mut sink, event));
    capture.text()
}

fn folded(format: Format) -> String {
    folded_with(1 << 20, format, Fold::default(), &events())
}

#[test]
fn people_see_each_group_below_its_hosts() {
    insta::assert_snapshot!(folded(Format::Table), @r"
    --- web[01-02,04] (3 hosts)
    Name  Status
    ----  ------
    a     Running
    b     Running

    --- web03 (1 host)
    Name  Status
    ----  ------
    a     Running
    b     Stopped

    --- db1 (1 host, ok_with_errors)
    Name  Status
    ----  ------
    a     Running
    b     Running
    error: no way

    --- db2 (1 host, unreachable: refused)
    ");
    insta::assert_snapshot!(folded(Format::List), @r"
    --- web[01-02,04] (3 hosts)
    Name   : a
    Status : Running

    Name   : b
    Status : Running

    --- web03 (1 host)
    Name   : a
    Status : Running

    Name   : b
    Status : Stopped

    --- db1 (1 host, ok_with_errors)
    Name   : a
    Status : Running

    Name   : b
    Status : Running

    error: no way

    --- db2 (1 host, unreachable: refused)
    ");
    insta::assert_snapshot!(folded(Format::Text), @r"
    --- web[01-02,04] (3 hosts)

    Name Status
    ---- ------
    a    Running
    b    Running

    --- web03 (1 host)

    Name Status
    ---- ------
    a    Running
    b    Stopped

    --- db1 (1 host, ok_with_errors)

    Name Status
    ---- ------
    a    Running
    b    Running

    error: no way

    --- db2 (1 host, unreachable: refused)
    ");
}

#[test]
fn spreadsheets_have_hosts_and_their_number_in_front() {
    insta::assert_snapshot!(folded(Format::Csv).replace("\r\n", "\n"), @r#"
    Hosts,Count,Name,Status
    "web[01-02,04]",3,a,Running
    "web[01-02,04]",3,b,Running
    web03,1,a,Running
    web03,1,b,Stopped
    db1,1,a,Running
    db1,1,b,Running
    "#);
}

#[test]
fn spreadsheets_have_no_two_columns_of_one_name() {
    let mut script = Script::new(&["web01", "web02"]);
    let mut events = vec![script.started()];
    for host in 0..2 {
        let group = vec![("count", Value::I32(7)), ("Hosts", Value::str("x")), ("Object.Hosts", Value::str("y"))];
        events.push(script.record(host, Stream::Output, bag(group)));
    }
    events.extend([script.finished(0, Outcome::Ok), script.finished(1, Outcome::Ok), script.run_finished()]);
    let csv = folded_with(1 << 20, Format::Csv, Fold::default(), &events);
    assert_eq!(
        csv.lines().collect::<Vec<_>>(),
        ["Hosts,Count,Object.count,Object.Object.Hosts,Object.Hosts", "web[01-02],2,7,x,y"]
    );
}

#[test]
fn lines_of_json_match_the_schema() {
    let text = folded(Format::Jsonl);
    let schema = schema::Schema::read(SCHEMA);
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.iter().for_each(|line| schema.check(line));
    let told = |line: &Json| {
        let number = line["count"].as_u64().unwrap_or_default();
        format!("{} {} {number}", line["type"].as_str().unwrap(), line["hosts"].as_str().unwrap_or("-"))
    };
    let expected = [
        "object web[01-02,04] 3",
        "object web[01-02,04] 3",
        "group_done web[01-02,04] 3",
        "object web03 1",
        "object web03 1",
        "group_done web03 1",
        "object db1 1",
        "object db1 1",
        "error db1 1",
        "group_done db1 1",
        "group_done db2 1",
        "run_done - 0",
    ];
    assert_eq!(lines.iter().map(told).collect::<Vec<_>>(), expected);
    let done = json!({
        "outcome": "unreachable", "reason": "refused", "exit_code": null, "objects": 0, "errors": 0, "reference": false,
    });
    assert_eq!(lines[10]["data"], done);
    let mut wrong = lines[0].clone();
    wrong.as_object_mut().unwrap().remove("count");
    assert!(!schema.accepts(&wrong));
}

#[test]
fn a_document_has_groups_instead_of_targets() {
    let document: Json = serde_json::from_str(&folded(Format::Json)).unwrap();
    let keys: Vec<_> = document.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["v", "run", "counts", "target_count", "groups", "records", "exit_code"]);
    assert_eq!((&document["target_count"], &document["counts"]["ok"]), (&json!(6), &json!(4)));
    assert_eq!(
        (&document["groups"][0]["hosts"], &document["groups"][0]["count"]),
        (&json!("web[01-02,04]"), &json!(3))
    );
    assert_eq!(document["records"][2]["hosts"], "web03");
    assert_eq!(document["records"][3]["data"], json!({"Name": "b", "Status": "Stopped"}));
}

#[test]
fn errors_count_unless_nobody_wants_them() {
    let mut script = Script::new(&["a1", "a2"]);
    let error = |text: &str| bag(vec![("ErrorDetails_Message", Value::str(text))]);
    let events = [
        script.started(),
        script.record(0, Stream::Error, error("one")),
        script.record(0, Stream::Warning, Value::str("only here")),
        script.record(1, Stream::Output, Value::I32(1)),
        script.record(1, Stream::Error, error("other")),
        script.record(0, Stream::Output, Value::I32(1)),
        script.finished(0, Outcome::OkWithErrors),
        script.finished(1, Outcome::OkWithErrors),
        script.run_finished(),
    ];
    let count = |fold| folded_with(1 << 20, Format::Text, fold, &events).matches("---").count();
    assert_eq!(count(Fold::default()), 2);
    assert_eq!(count(Fold { without_errors: true, ..Fold::default() }), 1);
}

#[test]
fn memory_is_bounded_and_nothing_is_lost() {
    let hosts: Vec<String> = (0..50).map(|host| format!("h{host:02}")).collect();
    let mut script = Script::new(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
    let mut events = vec![script.started()];
    for number in 0..400 {
        for host in 0..50 {
            let text = format!("{number} {}", if host % 5 == 0 { "x" } else { "y" });
            events.push(script.record(host, Stream::Output, Value::str(text)));
        }
    }
    events.extend((0..50).map(|host| script.finished(host, Outcome::Ok)));
    events.push(script.run_finished());
    let whole = folded_with(1 << 30, Format::Jsonl, Fold::default(), &events);
    assert_eq!(whole, folded_with(1 << 14, Format::Jsonl, Fold::default(), &events));
    assert_eq!(whole.lines().count(), 2 * 401 + 1);
}

#[test]
fn a_run_without_hosts_has_no_groups() {
    let mut script = Script::new(&[]);
    let events = [script.started(), script.run_finished()];
    assert_eq!(folded_with(0, Format::Table, Fold::default(), &events), "");
    let json: Json = serde_json::from_str(&folded_with(0, Format::Json, Fold::default(), &events)).unwrap();
    assert_eq!(json["groups"], json!([]));
}

fn diff(to: Option<&str>) -> Fold {
    Fold { diff: Some(Diff { to: to.map(str::to_owned) }), ..Fold::default() }
}

#[test]
fn a_diff_tells_what_the_other_groups_have_otherwise() {
    let told = |to| folded_with(1 << 20, Format::Table, diff(to), &events());
    insta::assert_snapshot!(told(None), @r"
    --- web[01-02,04] (3 hosts, reference)

    --- web03 (1 host)
    ~ b.Status: Running -> Stopped

    --- db1 (1 host, ok_with_errors)
    + error: no way

    --- db2 (1 host, unreachable: refused, not compared)
    ");
    assert!(told(Some("WEB03")).contains("~ b.Status: Stopped -> Running"));
    assert_eq!(told(None), folded_with(1 << 20, Format::List, diff(None), &events()));
}

#[test]
fn programs_get_deltas_as_objects() {
    let csv = folded_with(1 << 20, Format::Csv, diff(None), &events());
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(
        rows[..2],
        ["Hosts,Count,Change,Object,Property,Reference,Value", "web03,1,changed,b,Status,Running,Stopped"]
    );
    assert!(rows.len() == 3 && rows[2].starts_with("db1,1,added,,error,,no "), "{csv}");
    let json: Json = serde_json::from_str(&folded_with(1 << 20, Format::Json, diff(None), &events())).unwrap();
    let reference: Vec<_> = json["groups"].as_array().unwrap().iter().map(|group| &group["reference"]).collect();
    assert_eq!(reference, [&json!(true), &json!(false), &json!(false), &json!(false)]);
    let delta =
        json!({"Change": "changed", "Object": "b", "Property": "Status", "Reference": "Running", "Value": "Stopped"});
    assert_eq!((&json["records"][0]["hosts"], &json["records"][0]["data"]), (&json!("web03"), &delta));
}

#[test]
fn nothing_is_compared_with_a_host_that_did_not_end_well() {
    let fold = diff(Some("db2"));
    let notes = fold.notes.clone();
    let text = folded_with(1 << 20, Format::Table, fold, &events());
    assert_eq!((text.matches("---").count(), text.lines().count()), (4, 7), "{text}");
    assert_eq!(notes.take(), ["db2 is unreachable, so there is nothing to compare the others with"]);
    let unknown = diff(Some("db3")).diff.unwrap();
    let error = unknown.check(["db1", "db2"].into_iter()).unwrap_err().to_string();
    assert_eq!(error, "--diff-to db3: the run has no host of this name");
}
