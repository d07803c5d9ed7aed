use std::path::Path;
use std::sync::Arc;

use super::Judgement;
use crate::check::{Definition, State, Verdict, read};
use crate::clixml::{Document, Value};
use crate::output::testing::bag;

fn check(rules: &str) -> Arc<Definition> {
    let read = read(Path::new("x.toml"), &format!("title = 'x'\ncode = 'x'\n{rules}\n"))
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    Arc::new(read)
}

fn drive(name: &str, free: Value) -> Document {
    Document::new(bag(vec![("Drive", Value::str(name)), ("Free", free)]).into())
}

fn judged(rules: &str, objects: &[Document]) -> Verdict {
    let check = check(rules);
    let mut judgement = Judgement::new(check, "web01".into());
    objects.iter().for_each(|object| judgement.object(object));
    judgement.finish(None)
}

const FREE: &str =
    "[[rules]]\nproperty = 'Free'\ninstance = 'Drive'\nwarn = '10:'\ncrit = '5:'\nunit = '%'\nmin = 0\nmax = 100";

#[test]
fn numbers_are_held_against_ranges() {
    let objects = [drive("C:", Value::I32(84)), drive("D:", Value::F64(7.5)), drive("E:", Value::str(" 3 "))];
    let verdict = judged(FREE, &objects);
    assert_eq!((verdict.state, verdict.fine), (State::Critical, 1));
    assert_eq!(verdict.summary(), "E: Free is 3 % (alarm below 5); D: Free is 7.5 % (alarm below 10)");
    let labels: Vec<_> = verdict.numbers.iter().map(|number| number.shown()).collect();
    assert_eq!(labels, ["C: 84 %", "D: 7.5 %", "E: 3 %"]);
    assert_eq!(judged(FREE, &objects[..1]).summary(), "C: 84 %");
}

#[test]
fn what_is_no_number_is_unknown() {
    for (value, expected) in [
        (Value::Null, "C: Free is missing"),
        (Value::str("much"), "C: Free is no number: much"),
        (Value::F64(f64::NAN), "C: Free is no number: NaN"),
        (Value::DateTime("2026-11-22T19:51:31+01:00".into()), "C: Free is no number: 2026-11-22"),
    ] {
        let verdict = judged(FREE, &[drive("C:", value)]);
        assert_eq!(verdict.state, State::Unknown);
        assert!(verdict.summary().starts_with(expected), "{}", verdict.summary());
    }
    // CRITICAL is worse, whatever came first.
    let verdict = judged(FREE, &[drive("C:", Value::Null), drive("D:", Value::I32(1))]);
    assert_eq!((verdict.state, verdict.findings.len()), (State::Critical, 2));
}

#[test]
fn expressions_messages_and_what_is_left_out() {
    let rules = "[[rules]]\nwarn_if = 'Free -lt 50'\ncrit_if = 'Free -lt 20 -and Drive -eq C:'\nwhere = 'Drive -ne X:'\ninstance = 'Drive'";
    let objects = [drive("C:", Value::I32(10)), drive("D:", Value::I32(10)), drive("X:", Value::I32(1))];
    let verdict = judged(rules, &objects);
    assert_eq!(verdict.state, State::Critical);
    let expected = concat!(
        "C: Free is 10, Drive is C: (alarm when Free -lt 20 -and Drive -eq C:); ",
        "D: Free is 10 (alarm when Free -lt 50)"
    );
    assert_eq!(verdict.summary(), expected);
    let message = format!("{rules}\nmessage = '{{Drive}} has {{Free}} GB{{Nothing}}'");
    assert_eq!(judged(&message, &objects).summary(), "C: has 10 GB; D: has 10 GB");
}

#[test]
fn counts_and_patterns() {
    let count = "[[rules]]\ncount = 'Free -lt 5'\nwarn = '0'\ncrit = '1'";
    let low = |number| drive(&format!("{number}:"), Value::I32(1));
    for (objects, state, text) in [
        (vec![], State::Ok, "count 0"),
        (vec![low(1)], State::Warning, "1 object with Free -lt 5 (alarm below 0 or above 0)"),
        (vec![low(1), low(2)], State::Critical, "2 objects with Free -lt 5 (alarm below 0 or above 1)"),
    ] {
        let verdict = judged(count, &objects);
        assert_eq!((verdict.state, verdict.summary().as_str()), (state, text));
    }
    let text = |text: &str| Document::new(Value::str(text));
    let matches = "[[rules]]\nwarn_match = 'retry'\ncrit_match = 'read-?only'";
    assert_eq!(judged(matches, &[text("ok"), text("RETRY 3")]).state, State::Warning);
    assert_eq!(judged(matches, &[text("retry; now ReadOnly")]).state, State::Critical);
    let misses = "[[rules]]\nproperty = 'Drive'\ncrit_unless_match = '^C:'";
    assert_eq!(judged(misses, &[low(1), drive("C:", Value::Null)]).state, State::Ok);
    let verdict = judged(misses, &[low(1)]);
    assert_eq!((verdict.state, verdict.summary().as_str()), (State::Critical, "no Drive matches ^C:"));
    assert_eq!(judged(misses, &[]).state, State::Critical, "nothing misses it, too");
}

#[test]
fn what_a_host_lacks_is_unknown_and_so_is_nothing() {
    let unknown = Document::new(bag(vec![("Unknown", Value::str("no Defender here\n\u{1b}[31m"))]).into());
    let verdict = judged(FREE, &[unknown, drive("C:", Value::I32(50))]);
    assert_eq!((verdict.state, verdict.summary().as_str()), (State::Unknown, "no Defender here"));
    assert_eq!(judged(FREE, &[]).summary(), "the script returned nothing");
    let check = read(Path::new("x.toml"), &format!("title = 'x'\ncode = 'x'\nempty = 'ok'\n{FREE}")).expect("a check");
    assert_eq!(Judgement::new(Arc::new(check), "h".into()).finish(None).state, State::Ok);
}

#[test]
fn errors_are_not_taken_for_silence() {
    let check = check("[[rules]]\ncount = '*'\nwarn = '0'");
    let mut judgement = Judgement::new(Arc::clone(&check), "h".into());
    judgement.error("Access is denied.");
    let verdict = judgement.finish(None);
    assert_eq!(verdict.state, State::Unknown);
    assert!(verdict.summary().ends_with("wrote an error: Access is denied."), "{}", verdict.summary());
    let mut judgement = Judgement::new(Arc::clone(&check), "h".into());
    judgement.object(&Document::new(Value::I32(1)));
    let verdict = judgement.finish(Some("still running after 60 s, so it was stopped"));
    assert_eq!((verdict.state, verdict.findings.len()), (State::Unknown, 1), "a part is not counted");
}

#[test]
fn floods_are_bounded_and_labels_are_told_apart() {
    let verdict = judged(FREE, &vec![drive("C:", Value::I32(1)); 2000]);
    assert_eq!((verdict.findings.len(), verdict.more, verdict.numbers.len()), (500, 1500, 500));
    assert_eq!((verdict.numbers[0].label.as_str(), verdict.numbers[1].label.as_str()), ("C:", "C: 2"));
    let long = judged(FREE, &[drive(&"x".repeat(10_000), Value::I32(1))]);
    assert!(long.summary().len() < 300, "{}", long.summary());
    let two = format!("{FREE}\n[[rules]]\nname = 'used'\nproperty = 'Used'\ninstance = 'Drive'");
    let object = bag(vec![("Drive", Value::str("C:")), ("Free", Value::I32(60)), ("Used", Value::I32(40))]);
    let verdict = judged(&two, &[Document::new(object.into())]);
    let labels: Vec<_> = verdict.numbers.iter().map(|number| number.label.as_str()).collect();
    assert_eq!((verdict.state, labels), (State::Ok, vec!["C: Free", "C: used"]));
}
