//! No message for people is made of a library's words, or of what Rust prints for its developers.

use std::path::Path;

use crate::architecture::{is_test, product, sources};

/// Debug text that no user sees: the file, a part of the line, and why.
const DEBUG: [(&str, &str, &str); 1] = [(
    "transport/http/diagnose.rs",
    "CaUsedAsEndEntity",
    "the library names this one nowhere else; it is only looked into",
)];

/// Errors that are reported by their own Display: the file, and whose words these are. An error of the system or of a
/// library goes through `error_text` first.
const OWN: [(&str, &str); 26] = [
    ("auth/error.rs", "sentences of ours that auth::Error holds"),
    ("check/explanation.rs", "config::Source"),
    ("cli/config/show.rs", "config::Source"),
    ("cli/plan/copy.rs", "the path of a file"),
    ("cli/enter/mod.rs", "session::Error, and ScriptError"),
    ("cli/hosts.rs", "config::Source"),
    ("cli/sandbox_on_demand.rs", "sandbox::Error"),
    ("cli/refusal.rs", "clap's sentence on a value, whose reason is from our own parsers"),
    ("collect", "session::Error"),
    ("fleet", "session::Error"),
    ("inventory/expression.rs", "the mistakes of a range"),
    ("check/expression.rs", "regex: the sentence at the end of what it says"),
    ("check/overrides.rs", "mistakes of ranges and expressions, and the places of settings"),
    ("inventory/named_files.rs", "config::Source"),
    ("job/checks/task.rs", "session::Error"),
    ("job/script", "ScriptError, and the mistakes of --args-file"),
    ("sandbox/options.rs", "sandbox::Error"),
    ("sandbox/shell.rs", "psrp::ProtocolError"),
    ("session", "psrp::ProtocolError, transport::Error"),
    ("transport", "transport::Error, auth::Error, FrameError, and causes that are sentences of ours"),
    ("store", "store::Error, and what SQLite and zstd say in it"),
    ("cli/keeping.rs", "store::Error"),
    ("cli/earlier.rs", "store::Error"),
    ("error_text", "this is where it is done"),
    ("web/token.rs", "argon2, of a hash that is not one"),
    ("wsman/response.rs", "a sentence of error_text::xml"),
];

/// What tells an error as it is.
const TOLD: [&str; 9] = [
    "{error}",
    "{error:#}",
    "{e}",
    "{err}",
    "{cause}",
    "{source}",
    "error.to_string()",
    "cause.to_string()",
    "source.to_string()",
];

/// Product lines with their file, comments and logs left out.
fn lines() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut lines = Vec::new();
    for file in files {
        let path = file.strip_prefix(&root).expect("below src");
        let is_test = is_test(path);
        let path = path.to_string_lossy().into_owned();
        // The sandbox's engine speaks as PowerShell does, of PowerShell's own errors.
        if is_test || path.ends_with("testing.rs") || path.starts_with("sandbox/engine") {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("readable");
        let code = product(&text).lines().filter(|line| !line.trim_start().starts_with("//"));
        lines
            .extend(code.filter(|line| !line.contains("tracing::")).map(|line| (path.clone(), line.trim().to_owned())));
    }
    lines
}

/// Whether a line prints with `Debug`.
fn is_debug(line: &str) -> bool {
    [":?}", ":#?}"].iter().any(|mark| line.contains(mark))
}

#[test]
fn nothing_is_printed_as_rust_prints_it_for_developers() {
    let mut wrong = Vec::new();
    let mut used = 0;
    for (path, line) in lines().into_iter().filter(|(_, line)| is_debug(line)) {
        match DEBUG.iter().any(|(file, part, _)| path == *file && line.contains(part)) {
            true => used += 1,
            false => wrong.push(format!("{path}: {line}")),
        }
    }
    assert!(wrong.is_empty(), "debug text; write what people call it:\n{}", wrong.join("\n"));
    assert_eq!(used, DEBUG.len(), "an exception that nothing needs");
}

#[test]
fn errors_of_others_are_told_in_words_of_ours() {
    let told: Vec<_> = lines().into_iter().filter(|(_, line)| TOLD.iter().any(|mark| line.contains(mark))).collect();
    let is_own = |path: &str| OWN.iter().any(|(file, _)| Path::new(path).starts_with(file));
    let wrong: Vec<_> =
        told.iter().filter(|(path, _)| !is_own(path)).map(|(path, line)| format!("{path}: {line}")).collect();
    assert!(wrong.is_empty(), "pass it through crate::error_text, or name it in OWN:\n{}", wrong.join("\n"));
    for (file, whose) in OWN {
        assert!(told.iter().any(|(path, _)| Path::new(path).starts_with(file)), "nothing in {file} tells {whose}");
    }
}
