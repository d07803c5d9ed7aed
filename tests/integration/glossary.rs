//! The glossary names only what there is: types and modules, flags, keys of JSON.

use std::path::Path;
use std::process::Command;

use crate::architecture::sources;

/// Everything that stands in backquotes in the glossary's entries, without the targets of its links.
fn terms() -> Vec<String> {
    let page = include_str!("../../src/docs/glossary.md");
    let entries = page.lines().filter(|line| !line.starts_with("[`"));
    let terms: Vec<String> =
        entries.flat_map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect();
    assert!(terms.len() > 100, "{terms:?}");
    terms
}

/// What the commands with most of the flags say of them.
fn help() -> String {
    let commands: [&[&str]; 6] = [
        &["run", "--help"],
        &["copy", "push", "--help"],
        &["runs", "resume", "--help"],
        &["session", "clean", "--help"],
        &["doctor", "--help"],
        &["sandbox", "--help"],
    ];
    let help = commands.map(|args| {
        let output = Command::new(env!("CARGO_BIN_EXE_psfleet")).args(args).output().expect("psfleet starts");
        String::from_utf8(output.stdout).expect("UTF-8")
    });
    help.concat()
}

/// The source, and the schemas, without the glossary.
fn code() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files.push(root.join("output/events.schema.json"));
    files.iter().map(|file| std::fs::read_to_string(file).expect("readable")).collect()
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

#[test]
fn every_name_in_the_glossary_is_in_use() {
    let (help, code) = (help(), code());
    let is_used = |term: &String| match term.strip_prefix("--") {
        Some(_) => has_word(&help, term.split(' ').next().unwrap_or_default()),
        // Words of the language of targets and of shells, and files of the tests.
        None if term.contains(['@', '&', '!', '$', '/']) || term == "jq" => true,
        None => has_word(&code, term.rsplit("::").next().unwrap_or_default().trim_end_matches(":")),
    };
    let unused: Vec<String> = terms().into_iter().filter(|term| !is_used(term)).collect();
    assert!(unused.is_empty(), "no code, flag or key has this name: {unused:?}");
}
