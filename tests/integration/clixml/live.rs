//! Our encoding, read by real PowerShell.

use std::process::Command;

use psfleet::clixml::{Document, Value, encode};
use serde_json::Value as Json;

use super::golden::{cases, folder, mark_surrogates, normal};
use super::meaning::meaning;
use super::{decode, difference, expect_all};
use crate::support::pwsh;

/// The meanings that PowerShell finds in our text of each document; `None` if there is no PowerShell to ask.
fn meanings(documents: &[Document]) -> Option<Vec<Json>> {
    let (pwsh, meaning) = (pwsh()?, folder()?.join("Meaning.ps1"));
    let texts = std::env::temp_dir().join(format!("psfleet-clixml-{}-{}", std::process::id(), uuid::Uuid::new_v4()));
    let lines: String = documents.iter().map(|document| base64(&wrapped(document)) + "\n").collect();
    std::fs::write(&texts, lines).expect("a temporary file");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/clixml/meanings.ps1");
    let output = Command::new(pwsh)
        .args(["-NoLogo", "-NoProfile", "-File", script, "-Meaning"])
        .arg(&meaning)
        .arg("-Texts")
        .arg(&texts)
        // Local dates of the golden objects are in UTC.
        .env("TZ", "UTC")
        .output()
        .expect("PowerShell starts");
    let _ = std::fs::remove_file(&texts);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let read = |line| normal(serde_json::from_str(&mark_surrogates(line)).expect("JSON"));
    Some(lines.lines().map(read).collect())
}

/// As a file has it: `PSSerializer` wants the root.
fn wrapped(document: &Document) -> String {
    let root = r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">"#;
    format!("{root}{}</Objs>", encode(document))
}

fn base64(text: &str) -> String {
    base64_simd::STANDARD.encode_to_string(text)
}

#[test]
fn powershell_reads_our_encoding_of_the_golden_objects() {
    let Some(cases) = cases() else { return };
    let documents: Vec<_> = cases.iter().map(decode).collect();
    let Some(live) = meanings(&documents) else { return };
    assert_eq!(live.len(), cases.len());
    let failures: Vec<_> =
        cases.iter().zip(&live).filter_map(|(case, live)| difference(&case.name, live, &case.meaning)).collect();
    expect_all(&failures, "mean something else to PowerShell", cases.len());
}

#[test]
fn powershell_reads_text_that_only_we_write() {
    let numbers = [1e15, 1e16, 1e17, 123_456_789_012_345.6, 0.0001, 0.00001, 5e-324, f64::MAX, -0.0];
    let singles = [1e8, 1e9, 0.1, f32::MIN_POSITIVE, 16_777_216.0];
    let strings = ["\u{FFFE}\u{FFFF}", "_x0041_ _X0041_ __x", "\u{0}\u{9F}\u{A0}\u{FEFF}", "]]>", "\u{1F600}"];
    let values = numbers.map(Value::F64).into_iter().chain(singles.map(Value::F32)).chain(strings.map(Value::str));
    let documents: Vec<_> = values.map(Document::new).collect();
    let Some(live) = meanings(&documents) else { return };
    let failures: Vec<_> = documents
        .iter()
        .zip(&live)
        .filter_map(|(document, live)| difference(&encode(document), &meaning(document), live))
        .collect();
    expect_all(&failures, "mean something else to PowerShell", documents.len());
}
