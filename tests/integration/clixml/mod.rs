//! CLIXML against what real PowerShell makes of 219 values (`PSFLEET_TEST_GOLDEN`), and against PowerShell itself.

mod fuzz;
pub(crate) mod golden;
mod live;
pub(crate) mod meaning;
mod property;

use psfleet::clixml::{CutFinder, Decoder, Document, encode, read_typed, write_typed};
use serde_json::Value as Json;

use golden::{Case, cases};
use meaning::meaning;

/// The one object of a case.
fn decode(case: &Case) -> Document {
    let mut decoder = Decoder::default();
    let mut elements = decoder.elements(case.clixml.as_bytes());
    let element = elements.next().unwrap_or_else(|| panic!("{}: no element", case.name));
    assert!(elements.next().is_none(), "{}: more than one element", case.name);
    element.unwrap_or_else(|error| panic!("{}: {error}", case.name)).document
}

/// Fails with all cases that differ, not just the first.
fn expect_all(failures: &[String], what: &str, count: usize) {
    assert!(failures.is_empty(), "{} of {count} cases {what}:\n{}", failures.len(), failures.join("\n"));
}

fn difference(name: &str, ours: &Json, theirs: &Json) -> Option<String> {
    (ours != theirs).then(|| format!("{name}\n  ours   {ours}\n  theirs {theirs}"))
}

#[test]
fn decoded_objects_have_powershells_meaning() {
    let Some(cases) = cases() else { return };
    let failures: Vec<_> =
        cases.iter().filter_map(|case| difference(&case.name, &meaning(&decode(case)), &case.meaning)).collect();
    expect_all(&failures, "mean something else", cases.len());
}

#[test]
fn encoding_gives_powershells_own_text() {
    let Some(cases) = cases() else { return };
    let failures: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            let ours = encode(&decode(case));
            let theirs = golden::flat(&case.clixml);
            (ours != theirs).then(|| format!("{}\n  ours   {ours}\n  theirs {theirs}", case.name))
        })
        .collect();
    expect_all(&failures, "are written differently", cases.len());
}

#[test]
fn typed_json_loses_nothing() {
    let Some(cases) = cases() else { return };
    let failures: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            let mut json = Vec::new();
            write_typed(&decode(case), &mut json);
            let read = read_typed(&json).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            let ours = renumbered(&encode(&read));
            let theirs = renumbered(&golden::flat(&case.clixml));
            (ours != theirs).then(|| format!("{}\n  ours   {ours}\n  theirs {theirs}", case.name))
        })
        .collect();
    expect_all(&failures, "change on the way through typed JSON", cases.len());
}

/// The text with the ids of objects numbered in the order in which they appear.
fn renumbered(xml: &str) -> String {
    let mut ids = Vec::new();
    let mut out = String::new();
    for (at, piece) in xml.split("RefId=\"").enumerate() {
        if at == 0 {
            out.push_str(piece);
            continue;
        }
        let tag = out.rsplit('<').next().and_then(|tag| tag.split(' ').next()).unwrap_or_default();
        let is_object = matches!(tag, "Obj" | "Ref");
        let (id, rest) = piece.split_once('"').unwrap_or((piece, ""));
        let number = if is_object {
            let known = ids.iter().position(|known| *known == id);
            known.unwrap_or_else(|| {
                ids.push(id);
                ids.len() - 1
            })
        } else {
            id.parse().unwrap_or(usize::MAX)
        };
        out.push_str(&format!("RefId=\"{number}\"{rest}"));
    }
    out
}

#[test]
fn what_was_cut_is_found_and_nothing_else() {
    let Some(cases) = cases() else { return };
    let mut told = Vec::new();
    for case in &cases {
        let mut members = Vec::new();
        CutFinder::new(case.depth).find(&decode(case), |path| members.push(path.join(".")));
        if !members.is_empty() {
            told.push((case.name.as_str(), members.join(" ")));
        }
    }
    assert_eq!(told, []);
}
