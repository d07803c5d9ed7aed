//! Holds the scripts to the syntax, cmdlets and parameters of Windows PowerShell 5.1, as PowerShell's own parser sees them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use regex::Regex;

use super::{FOLDER, checks};
use crate::support::folder::Folder;
use crate::support::pwsh;

/// What Windows PowerShell 5.1 has; the file's head says how it is written.
const KNOWN: &str = include_str!("windows_powershell_5.1.txt");

/// Parameters that all cmdlets have. Source: learn.microsoft.com, about_CommonParameters of 5.1.
const COMMON: [&str; 6] = ["ErrorAction", "ErrorVariable", "OutVariable", "Verbose", "Debug", "WarningAction"];

/// Programs of Windows.
const PROGRAMS: [&str; 1] = ["w32tm"];

/// The words of each part of the file; a cmdlet's parameters are words behind its name.
struct Known {
    parts: BTreeMap<&'static str, BTreeSet<&'static str>>,
    cmdlets: BTreeMap<String, BTreeSet<String>>,
}

impl Known {
    fn read() -> Self {
        let mut known = Self { parts: BTreeMap::new(), cmdlets: BTreeMap::new() };
        let mut part = "";
        for line in KNOWN.lines().filter(|line| !line.starts_with('#')) {
            if let Some(title) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                part = title;
            } else if let Some((cmdlet, parameters)) = line.split_once(':') {
                let parameters = parameters.split_whitespace().chain(COMMON).map(str::to_lowercase).collect();
                known.cmdlets.insert(cmdlet.to_lowercase(), parameters);
            } else {
                known.parts.entry(part).or_default().extend(line.split_whitespace());
            }
        }
        known
    }

    /// Whether Windows PowerShell 5.1 has a thing of a kind.
    fn has(&self, kind: &str, name: &str) -> bool {
        let is_in = |part: &str, name: &str| {
            let words = self.parts.get(part).expect("a part of the file");
            words.iter().any(|word| word.eq_ignore_ascii_case(name))
        };
        match kind {
            "token" => is_in("tokens", name),
            "node" => is_in("syntax trees", name),
            "block" => is_in("blocks", name),
            "type" => is_in("types", name.trim_end_matches("[]")),
            "method" => is_in("methods", name),
            // The suffixes u, s, y and n, and numbers of 0b, came with later versions.
            "number" => {
                let pattern = r"(?i)^(0x[0-9a-f]+l?|[0-9.]+(e[+-]?[0-9]+)?[ld]?([kmgtp]b)?|-[0-9]+)$";
                Regex::new(pattern).expect("a valid pattern").is_match(name)
            }
            "command" => self.cmdlets.contains_key(&name.to_lowercase()) || PROGRAMS.contains(&name),
            "parameter" => {
                let (command, parameter) = name.split_once(' ').expect("a command and its parameter");
                let parameters = self.cmdlets.get(&command.to_lowercase());
                parameters.is_some_and(|own| own.contains(&parameter.to_lowercase()))
            }
            // What the parser does not understand.
            _ => false,
        }
    }
}

/// What the scripts of a folder are made of that Windows PowerShell 5.1 has not; and how many things there are in all.
fn missing(pwsh: &Path, folder: &Path) -> (BTreeSet<String>, usize) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/checks_library/syntax.ps1");
    let mut command = Command::new(pwsh);
    command.args(["-NoLogo", "-NoProfile", "-File", script, "-Folder"]).arg(folder);
    let output = command.output().expect("PowerShell starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let known = Known::read();
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let things: Vec<_> = text.lines().map(|line| line.splitn(3, '\t').collect::<Vec<_>>()).collect();
    let is_missing = |thing: &&Vec<&str>| match thing[..] {
        [_, kind, name] => !known.has(kind, name),
        _ => true,
    };
    (things.iter().filter(is_missing).map(|thing| thing.join(" ")).collect(), things.len())
}

#[test]
fn checks_are_made_of_what_windows_powershell_has() {
    let Some(pwsh) = pwsh() else { return };
    let (missing, count) = missing(&pwsh, Path::new(FOLDER));
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(count > 100 * checks().len(), "{count}");
}

/// What came after 5.1 is found, each in its way.
#[test]
fn newer_syntax_is_found() {
    let Some(pwsh) = pwsh() else { return };
    let newer = [
        ("$a ? 1 : 2", "node TernaryExpressionAst"),
        ("$a ?? 1", "token QuestionQuestion"),
        ("$a ??= 1", "token QuestionQuestionEquals"),
        ("${a}?.Length", "token QuestionDot"),
        ("Get-Date && Get-Date", "node PipelineChainAst"),
        ("1..3 | ForEach-Object -Parallel { $_ }", "parameter ForEach-Object Parallel"),
        ("Get-Error", "command Get-Error"),
        ("Get-Date -AsUTC", "parameter Get-Date AsUTC"),
        ("5u", "number 5u"),
        ("begin { 1 } clean { 2 }", "block Clean"),
        ("Restart-Computer", "command Restart-Computer"),
        ("[System.Text.Json.JsonDocument]", "type System.Text.Json.JsonDocument"),
        ("'a'.Aggregate('b')", "method Aggregate"),
        ("if (", "error Missing condition in if statement after 'if ('."),
    ];
    let folder = Folder::new("newer-syntax");
    for (place, (script, _)) in newer.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{place:02}.ps1")), script).expect("written");
    }
    let (missing, _) = missing(&pwsh, folder.path());
    for (place, (_, thing)) in newer.iter().enumerate() {
        let wanted = format!("{place:02}.ps1 {thing}");
        assert!(missing.contains(&wanted), "{wanted}: {missing:#?}");
    }
}
