use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Form, Look};
use crate::check::{CheckReport, HostReport, Judgement, Last, Report, State, Verdict, read};
use crate::clixml::{Document, Value};
use crate::output::testing::bag;

const PLAIN: Look = Look { width: None, paint: None, all: false };

/// Free space of hosts, each with what is free of one drive; `None` was not reached.
fn report(hosts: &[(&str, Option<f64>)], fleet: &str) -> Report {
    let text = format!(
        "title = 'Disk space'\ncode = 'x'\n[[rules]]\nproperty = 'Free'\ninstance = 'Drive'\nwarn = '10:'\ncrit = '5:'\nunit = '%'\nmin = 0\nmax = 100\n{fleet}"
    );
    let check = Arc::new(read(Path::new("disk-space.toml"), &text).expect("a check"));
    let host = |(name, free): &(&str, Option<f64>)| {
        let verdict = match free {
            Some(free) => {
                let mut judgement = Judgement::new(Arc::clone(&check), Arc::from(*name));
                judgement.object(&Document::new(
                    bag(vec![("Drive", Value::str("C: it's")), ("Free", Value::F64(*free))]).into(),
                ));
                judgement.finish(None)
            }
            None => Verdict::unknown("no <connection> | none"),
        };
        let last = free.is_none().then(|| Last {
            state: State::Ok,
            text: "C: 50 %".to_owned(),
            age: Duration::from_secs(7_500),
        });
        HostReport {
            host: (*name).to_owned(),
            labels: BTreeMap::new(),
            verdict,
            took: Duration::from_millis(250),
            asked: 1,
            last,
        }
    };
    Report { checks: vec![CheckReport::new(Arc::clone(&check), hosts.iter().map(host).collect())] }
}

#[test]
fn one_line_for_monitoring() {
    let line = |hosts: &[(&str, Option<f64>)]| Form::Nagios.write(&report(hosts, ""), &PLAIN);
    assert_eq!(
        line(&[("web01", Some(4.5))]),
        "CRITICAL - Disk space on web01: C: it's: Free is 4.5 % (alarm below 5) | 'C: it''s'=4.5%;10:;5:;0;100\n"
    );
    assert_eq!(
        line(&[("web01", Some(84.0)), ("web02", Some(7.0)), ("web03", None)]),
        concat!(
            "UNKNOWN - Disk space: 1 UNKNOWN, 1 WARNING, 1 OK of 3 hosts; ",
            "web03: no <connection> ¦ none (last known, 2 h 5 min ago: OK, C: 50 %); ",
            "web02: C: it's: Free is 7 % (alarm below 10) | ",
            "ok=1;;;0;3 warning=1;;;0;3 unknown=1;;;0;3 critical=0;;;0;3\n"
        )
    );
}

#[test]
fn the_worst_first_and_the_same_together() {
    let hosts =
        [("web01", Some(50.0)), ("web02", Some(60.0)), ("web03", Some(4.0)), ("web04", Some(4.0)), ("db1", None)];
    let table = Form::Table.write(&report(&hosts, ""), &PLAIN);
    let expected = concat!(
        "CRITICAL  disk-space, web[03-04] (2 hosts): C: it's: Free is 4 % (alarm below 5)\n",
        "UNKNOWN   disk-space, db1: no <connection> | none (last known, 2 h 5 min ago: OK, C: 50 %)\n",
        "OK        disk-space, web[01-02] (2 hosts)\n",
        "1 check, 5 verdicts: 2 CRITICAL, 1 UNKNOWN, 2 OK\n"
    );
    assert_eq!(table, expected);
    let all = Form::Table.write(&report(&hosts, ""), &Look { all: true, ..PLAIN });
    assert!(all.contains("OK        disk-space, web01: C: it's 50 %\n"), "{all}");
    let narrow = Form::Table.write(&report(&hosts, ""), &Look { width: Some(40), ..PLAIN });
    assert!(narrow.lines().all(|line| line.chars().count() <= 40 || line.starts_with("1 check")), "{narrow}");
}

#[test]
fn fleet_rules_decide_where_there_are_some() {
    let hosts = [("a", Some(50.0)), ("b", Some(50.0)), ("c", Some(4.0))];
    let lenient = report(&hosts, "[[fleet]]\ncrit = '>50% of hosts'");
    assert_eq!(lenient.state(), State::Ok);
    assert!(Form::Table.write(&lenient, &PLAIN).starts_with("CRITICAL  disk-space, c: "));
    let strict = report(&hosts, "[[fleet]]\nwarn = '>10% of hosts'");
    assert_eq!(strict.state(), State::Warning);
    let table = Form::Table.write(&strict, &PLAIN);
    assert!(
        table.contains("WARNING   disk-space, all hosts: 1 of 3 hosts not ok (alarm at >10% of hosts)\n"),
        "{table}"
    );
    assert_eq!(Report::default().state(), State::Unknown, "who has checked nothing knows nothing");
}

#[test]
fn xml_has_what_counts_and_nothing_that_breaks_it() {
    let xml = Form::Junit
        .write(&report(&[("a&b", Some(4.0)), ("c", None), ("d", Some(50.0))], "[[fleet]]\nwarn = '>0 hosts'"), &PLAIN);
    assert!(xml.contains("<testsuites tests=\"4\" failures=\"2\" errors=\"1\">"), "{xml}");
    assert!(
        xml.contains(
            "<testsuite name=\"disk-space\" tests=\"4\" failures=\"2\" errors=\"1\" skipped=\"0\" time=\"0.750\">"
        ),
        "{xml}"
    );
    assert!(xml.contains("<testcase classname=\"disk-space\" name=\"a&amp;b\" time=\"0.250\">"), "{xml}");
    assert!(xml.contains("<error type=\"UNKNOWN\" message=\"no &lt;connection&gt; | none"), "{xml}");
    let mut reader = quick_xml::Reader::from_str(&xml);
    let mut elements = 0;
    loop {
        match reader.read_event().expect("well-formed") {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(_) | quick_xml::events::Event::Empty(_) => elements += 1,
            _ => {}
        }
    }
    assert_eq!(elements, 1 + 1 + 4 + 3);
}

#[test]
fn samples_stand_by_family_and_are_escaped() {
    let text = Form::Prom.write(&report(&[("a\"b\\", Some(4.5)), ("c", None)], ""), &PLAIN);
    assert!(text.contains("psfleet_check_state{check=\"disk-space\",host=\"a\\\"b\\\\\"} 2\n"), "{text}");
    assert!(text.contains("label=\"C: it's\",unit=\"%\"} 4.5\n"), "{text}");
    assert!(text.contains("psfleet_check_hosts{check=\"disk-space\",state=\"unknown\"} 1\n"), "{text}");
    let kinds: Vec<&str> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
    assert_eq!(kinds.len(), 5, "{text}");
    assert_eq!(kinds.iter().collect::<std::collections::BTreeSet<_>>().len(), 5, "each family once");
}

#[test]
fn json_says_the_same_in_one_document_and_in_lines() {
    let report = report(&[("a", Some(4.0)), ("b", None)], "[[fleet]]\ncrit = '>5% of hosts'");
    let document: serde_json::Value = serde_json::from_str(&Form::Json.write(&report, &PLAIN)).expect("JSON");
    assert_eq!(document["exit_code"], 2);
    assert_eq!(document["counts"]["critical"], 1);
    let host = &document["checks"][0]["hosts"][1];
    assert_eq!((host["state"].as_str(), host["last"]["age_s"].as_u64()), (Some("unknown"), Some(7_500)));
    assert_eq!(document["checks"][0]["hosts"][0]["numbers"][0]["crit"], "5:");
    let lines = Form::Jsonl.write(&report, &PLAIN);
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["type"].as_str()).collect();
    assert_eq!(kinds, ["verdict", "verdict", "check_done"]);
    assert_eq!((&lines[1]["text"], &lines[2]["state"]), (&host["text"], &serde_json::json!("critical")));
    let csv = Form::Csv.write(&report, &PLAIN);
    assert!(csv.contains("\na,disk-space,CRITICAL,C: it's: Free is 4 % (alarm below 5),250,1\n"), "{csv}");
}
