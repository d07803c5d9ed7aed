//! One cell of the matrix as a row of the page.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::program::{Ended, Running};

/// Where a cell is: who is asked, by what, over what.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The mechanism, which is a heading of the page.
    pub mechanism: &'static str,
    /// What secures the transport.
    pub security: &'static str,
    /// Who is logged on to.
    pub peer: &'static str,
}

/// A row of the page.
pub(super) struct Row {
    /// The mechanism.
    pub mechanism: &'static str,
    security: String,
    given: String,
    peer: String,
    found: String,
    failed: String,
    says: String,
}

impl Row {
    /// A cell that is not run.
    pub(super) fn absent(mechanism: &'static str, security: &str, given: &str, why: &str) -> Self {
        let [security, given, says] = [security, given, why].map(str::to_owned);
        let (peer, found, failed) = ("-".to_owned(), "not run here".to_owned(), "-".to_owned());
        Self { mechanism, security, given, peer, found, failed, says }
    }

    /// The same of a peer that counts no failed logons.
    pub(super) fn uncounted(self) -> Self {
        Self { failed: "-".to_owned(), ..self }
    }

    /// The row in Markdown.
    pub(super) fn markdown(&self) -> String {
        let Self { security, given, peer, found, failed, says, .. } = self;
        format!("| {security} | {given} | {peer} | {found} | {failed} | {says} |")
    }
}

/// A run of the program, and how many failed logons its peers have counted.
pub(super) fn row(place: Place, given: &str, command: &mut Command, failed: impl Fn() -> usize) -> Row {
    let before = failed();
    let ended = Running::start(command).end();
    of(place, given, &ended, failed() - before)
}

/// The row of a run that has ended.
pub(super) fn of(place: Place, given: &str, ended: &Ended, failed: usize) -> Row {
    let Place { mechanism, security, peer } = place;
    let (found, says) = match ended.events.iter().any(|event| event["type"] == "run_done") {
        true => (outcomes(ended), said(ended)),
        false => (
            format!("refused before the run, exit code {}", ended.code.unwrap_or(-1)),
            plain(&ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ")),
        ),
    };
    let [security, given, peer] = [security, given, peer].map(str::to_owned);
    Row { mechanism, security, given, peer, found, failed: failed.to_string(), says }
}

/// The program in a folder, on all hosts of an inventory; it has nothing of whoever runs the tests. `prefix` starts it.
pub(super) fn psfleet(prefix: &[&str], folder: &Path, inventory: &Path, arguments: &[&str]) -> Command {
    let program = [prefix, &[env!("CARGO_BIN_EXE_psfleet")]].concat();
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).args(["run", "-o", "jsonl", "--no-input", "--no-store", "--retries", "0"]);
    command.args(["-t", "@all", "-i"]).arg(inventory).args(arguments).arg("1");
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.env("HOME", folder).env("PSFLEET_STATE_DIR", folder.join("state")).current_dir(folder);
    command
}

/// An inventory of hosts on loopback.
pub(super) fn inventory<'h>(file: &Path, defaults: &str, hosts: impl IntoIterator<Item = (&'h str, u16)>) {
    let hosts =
        hosts.into_iter().map(|(name, port)| format!("\"{name}\" = {{ address = \"127.0.0.1\", port = {port} }}\n"));
    let text = format!("[defaults]\n{defaults}\n[hosts]\n{}", hosts.collect::<String>());
    std::fs::write(file, text).expect("an inventory");
}

/// How many hosts have which outcome, for which reason.
fn outcomes(ended: &Ended) -> String {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let text = |data: &Value, key: &str| data[key].as_str().unwrap_or_default().to_owned();
    for (_, data) in ended.outcomes() {
        *counts.entry((text(data, "outcome"), text(data, "reason"))).or_default() += 1;
    }
    let one = |((outcome, reason), count): ((String, String), usize)| match reason.is_empty() {
        true => format!("{count} × {outcome}"),
        false => format!("{count} × {outcome}, `{reason}`"),
    };
    counts.into_iter().map(one).collect::<Vec<_>>().join("; ")
}

/// What a user reads of the first host that was tried.
fn said(ended: &Ended) -> String {
    let outcomes = ended.outcomes();
    let tried = outcomes.iter().map(|(_, data)| data).find(|data| data["outcome"] != "skipped").expect("a host");
    let text = |key: &str| tried[key].as_str();
    if tried["outcome"] == "ok" {
        return text("auth").map_or_else(|| "in".to_owned(), |auth| format!("in, by {auth}"));
    }
    match (text("message"), text("hint")) {
        (message, Some(hint)) => format!("{}<br>hint: {}", plain(message.unwrap_or_default()), plain(hint)),
        (message, None) => plain(message.unwrap_or_default()),
    }
}

/// A text without what changes from run to run, as it may stand in a cell of Markdown.
fn plain(text: &str) -> String {
    let ports = ["127.0.0.1:", "0.0.0.0:", " port "].iter().fold(text.to_owned(), |text, before| {
        let parts: Vec<&str> = text.split(before).collect();
        // Those of loopback are high; others are a part of the sentence.
        let rest = |part: &&str| match part.trim_start_matches(|c: char| c.is_ascii_digit()) {
            rest if rest.len() + 5 <= part.len() => format!("{before}PORT{rest}"),
            _ => format!("{before}{part}"),
        };
        parts[0].to_owned() + &parts[1..].iter().map(rest).collect::<String>()
    });
    let temporary = format!("{}/psfleet-", std::env::temp_dir().display());
    let parts: Vec<&str> = ports.split(&temporary).collect();
    let rest = |part: &&str| {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(part.len());
        format!("FOLDER{}", &part[end..])
    };
    let folders = parts[0].to_owned() + &parts[1..].iter().map(rest).collect::<String>();
    // Years go by.
    let words: Vec<&str> = folders.split(' ').collect();
    let is_age = |at: usize| {
        words[at].bytes().all(|byte| byte.is_ascii_digit())
            && words.get(at + 1).is_some_and(|next| next.starts_with("days"))
    };
    let words: Vec<&str> = (0..words.len()).map(|at| if is_age(at) { "N" } else { words[at] }).collect();
    format!("`{}`", words.join(" ").replace('`', "'").replace('|', "\\|"))
}

#[test]
fn what_changes_from_run_to_run_is_left_out() {
    let folder = std::env::temp_dir().join("psfleet-kdc-0000001-2");
    let text = format!("key {}/id at 127.0.0.1:47110, port 22, 12 days ago", folder.display());
    assert_eq!(plain(&text), "`key FOLDER/id at 127.0.0.1:PORT, port 22, N days ago`");
}
