//! The arrows between the modules, as the map in `src/lib.rs` draws them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Which modules each module may name. `cli` may name all; tests inside modules too.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("channel", &[] as &[_]),
        ("hostlist", &[]),
        ("local_user", &[]),
        ("outcome", &[]),
        ("secret", &[]),
        ("sheet", &[]),
        ("stream", &[]),
        ("whole_file", &[]),
        ("words", &[]),
        ("clixml", &["words"]),
        ("outofproc", &["channel"]),
        ("target", &["secret"]),
        ("wsman", &["outcome", "words"]),
        ("auth", &["secret", "target"]),
        ("config", &["local_user", "secret", "target", "whole_file", "words"]),
        ("psrp", &["clixml", "secret", "stream"]),
        ("record", &["clixml", "stream", "target"]),
        ("schedule", &["target"]),
        ("event", &["outcome", "record", "target"]),
        ("inventory", &["clixml", "config", "hostlist", "secret", "sheet", "target", "words"]),
        ("script", &["clixml", "psrp"]),
        (
            "transport",
            &[
                "auth",
                "channel",
                "local_user",
                "outcome",
                "outofproc",
                "secret",
                "target",
                "whole_file",
                "words",
                "wsman",
            ],
        ),
        ("output", &["clixml", "event", "outcome", "record", "stream", "target", "words"]),
        ("report", &["clixml", "event", "outcome", "record", "stream", "target"]),
        (
            "sandbox",
            &[
                "auth",
                "channel",
                "clixml",
                "config",
                "psrp",
                "record",
                "secret",
                "stream",
                "target",
                "transport",
                "words",
                "wsman",
            ],
        ),
        ("session", &["clixml", "outcome", "psrp", "secret", "stream", "target", "transport"]),
        (
            "fleet",
            &["clixml", "event", "outcome", "psrp", "record", "schedule", "session", "stream", "target", "transport"],
        ),
        ("copy", &["clixml", "fleet", "outcome", "psrp", "session", "stream", "transport", "words"]),
        (
            "job",
            &[
                "clixml",
                "config",
                "event",
                "fleet",
                "hostlist",
                "inventory",
                "output",
                "psrp",
                "script",
                "secret",
                "sheet",
                "target",
                "transport",
            ],
        ),
    ])
}

/// Rust files below a folder.
pub fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|suffix| suffix == "rs") {
            found.push(entry);
        }
    }
}

/// Whether a file below `src` holds tests alone: `tests.rs`, or one of a folder `tests`.
pub fn is_test(path: &Path) -> bool {
    path.iter().any(|part| part == "tests.rs" || part == "tests")
}

/// A file's text up to its inline tests.
pub fn product(text: &str) -> &str {
    text.split("\nmod tests {").next().unwrap_or(text)
}

/// The first path segment after every `crate::` that is code, up to a file's inline tests.
fn named_modules(text: &str) -> Vec<String> {
    let code = product(text).lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut names = Vec::new();
    for line in code {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            names.push(rest.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect());
        }
    }
    names
}

#[test]
fn arrows_point_only_where_the_map_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed = allowed();
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let path = file.strip_prefix(&root).expect("below src");
        if is_test(path) {
            continue;
        }
        let module = path.iter().next().and_then(|first| first.to_str()).expect("a name").trim_end_matches(".rs");
        let Some(allowed) = allowed.get(module) else {
            assert!(matches!(module, "cli" | "main" | "lib"), "{module} is not on the map");
            continue;
        };
        let text = std::fs::read_to_string(&file).expect("readable");
        for name in named_modules(&text) {
            if name != module && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{} names crate::{name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
