//! The modules as the map in `src/lib.rs` draws them: arrows between the modules, what each may touch, circles of
//! files.

mod circles;
mod touches;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which modules each module names, from the ground floor up. `cli` may name all; tests inside modules too.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("certificate", &[] as &[_]),
        ("channel", &[]),
        ("error_text", &[]),
        ("hostlist", &[]),
        ("left_shell", &[]),
        ("local_user", &[]),
        ("metrics", &[]),
        ("nearest", &[]),
        ("outcome", &[]),
        ("pattern", &[]),
        ("secret", &[]),
        ("sheet", &[]),
        ("stream", &[]),
        ("whole_file", &[]),
        ("clixml", &["error_text"]),
        ("directory", &["secret"]),
        ("exit", &["outcome"]),
        ("outofproc", &["channel"]),
        ("target", &["secret"]),
        ("wsman", &["error_text", "outcome"]),
        ("auth", &["certificate", "secret", "target"]),
        (
            "config",
            &["certificate", "directory", "error_text", "local_user", "nearest", "secret", "target", "whole_file"],
        ),
        ("calendar", &["config", "nearest"]),
        ("alert", &["calendar", "check", "config", "hostlist", "nearest", "output", "pattern", "secret"]),
        ("psrp", &["clixml", "secret", "stream"]),
        ("web", &["certificate", "error_text", "hostlist", "metrics", "whole_file"]),
        ("record", &["clixml", "stream", "target"]),
        ("schedule", &["outcome", "target"]),
        ("event", &["exit", "left_shell", "outcome", "record", "target"]),
        (
            "inventory",
            &[
                "clixml",
                "config",
                "directory",
                "error_text",
                "exit",
                "hostlist",
                "nearest",
                "outcome",
                "pattern",
                "secret",
                "sheet",
                "target",
            ],
        ),
        ("script", &["clixml", "nearest", "psrp"]),
        (
            "transport",
            &[
                "auth",
                "certificate",
                "channel",
                "directory",
                "error_text",
                "left_shell",
                "local_user",
                "outcome",
                "outofproc",
                "secret",
                "target",
                "whole_file",
                "wsman",
            ],
        ),
        (
            "output",
            &["clixml", "error_text", "event", "exit", "hostlist", "nearest", "outcome", "record", "stream", "target"],
        ),
        ("check", &["clixml", "config", "hostlist", "inventory", "metrics", "nearest", "output"]),
        ("report", &["clixml", "event", "outcome", "record", "stream", "target"]),
        (
            "sandbox",
            &[
                "auth",
                "certificate",
                "channel",
                "clixml",
                "config",
                "error_text",
                // Format-Table and Out-String run on the host: what they give is what the client knows to print.
                "output",
                "nearest",
                "psrp",
                "record",
                "script",
                "secret",
                "stream",
                "target",
                "transport",
                "wsman",
            ],
        ),
        ("session", &["clixml", "left_shell", "outcome", "psrp", "secret", "stream", "target", "transport"]),
        (
            "fleet",
            &[
                "clixml",
                "event",
                "exit",
                "left_shell",
                "outcome",
                "psrp",
                "record",
                "schedule",
                "session",
                "stream",
                "target",
                "transport",
            ],
        ),
        (
            "store",
            &[
                "clixml",
                "config",
                "error_text",
                "event",
                "exit",
                "fleet",
                "left_shell",
                "local_user",
                "nearest",
                "outcome",
                "record",
                "stream",
                "target",
            ],
        ),
        (
            "collect",
            &["clixml", "event", "fleet", "left_shell", "outcome", "psrp", "session", "stream", "target", "transport"],
        ),
        (
            "doctor",
            &["clixml", "fleet", "outcome", "psrp", "script", "session", "stream", "target", "transport", "wsman"],
        ),
        ("shells", &["clixml", "fleet", "left_shell", "outcome", "session", "stream", "target", "transport", "wsman"]),
        ("secret_places", &["config", "error_text", "secret", "transport", "whole_file"]),
        ("copy", &["clixml", "error_text", "fleet", "outcome", "psrp", "session", "stream", "transport"]),
        (
            "job",
            &[
                "check",
                "clixml",
                "config",
                "event",
                "exit",
                "fleet",
                "hostlist",
                "inventory",
                "nearest",
                "outcome",
                "output",
                "psrp",
                "record",
                "script",
                "secret",
                "session",
                "sheet",
                "store",
                "stream",
                "target",
                "transport",
            ],
        ),
    ])
}

/// Rust files below a folder, those of another package inside of it left out.
pub(crate) fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path()) {
        if entry.is_dir() {
            if !entry.join("Cargo.toml").exists() {
                sources(&entry, found);
            }
        } else if entry.extension().is_some_and(|suffix| suffix == "rs") {
            found.push(entry);
        }
    }
}

/// Whether a file below `src` holds tests alone: `tests.rs`, or one of a folder `tests`.
pub(crate) fn is_test(path: &Path) -> bool {
    path.iter().any(|part| part == "tests.rs" || part == "tests")
}

/// A file's text up to its inline tests.
pub(crate) fn product(text: &str) -> &str {
    text.split("\nmod tests {").next().unwrap_or(text)
}

/// The code of every module below the map, line by line: module, file, line. Tests and comments are left out.
fn code_of_modules(root: &Path) -> Vec<(String, String, String)> {
    let mut files = Vec::new();
    sources(root, &mut files);
    let mut code = Vec::new();
    for file in files {
        let path = file.strip_prefix(root).expect("below src");
        let module = path.iter().next().and_then(|first| first.to_str()).expect("a name").trim_end_matches(".rs");
        if is_test(path) || matches!(module, "main" | "lib") {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("readable");
        let lines = product(&text).lines().filter(|line| !line.trim_start().starts_with("//"));
        code.extend(lines.map(|line| (module.to_owned(), path.display().to_string(), line.to_owned())));
    }
    code
}

/// Whether a line of code has a word, and not as a part of another.
fn is_word(line: &str, word: &str) -> bool {
    let is_part =
        |character: Option<char>| character.is_some_and(|character| character.is_alphanumeric() || character == '_');
    line.match_indices(word)
        .any(|(at, _)| !is_part(line[..at].chars().next_back()) && !is_part(line[at + word.len()..].chars().next()))
}

/// The first path segment after every `crate::` of a line.
fn named_modules(line: &str) -> Vec<String> {
    let rest = line.match_indices("crate::").map(|(at, found)| &line[at + found.len()..]);
    rest.map(|rest| rest.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect()).collect()
}

#[test]
fn arrows_point_exactly_where_the_map_says() {
    let allowed = allowed();
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    let mut wrong = Vec::new();
    for (module, file, line) in code_of_modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let arrows = allowed.get(module.as_str());
        assert!(arrows.is_some() || module == "cli", "{module} is not on the map");
        for name in named_modules(&line).into_iter().filter(|name| *name != module) {
            if arrows.is_some_and(|arrows| !arrows.contains(&name.as_str())) {
                wrong.push(format!("{file} names crate::{name}"));
            }
            used.insert((module.clone(), name));
        }
    }
    for (module, arrows) in allowed {
        let unused = arrows.iter().filter(|name| !used.contains(&(module.to_owned(), (**name).to_owned())));
        wrong.extend(unused.map(|name| format!("the map has an arrow from {module} to {name}, and no file uses it")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
