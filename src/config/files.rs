//! Configuration files: `psfleet.toml` walking up from the current folder, then the user's, then the system's.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::connection::Connection;
use super::nearest::did_you_mean;
use super::node::{Entry, Node, Value};
use super::problem::Problem;
use super::source::{Given, Origin, Source};
use super::surroundings::Surroundings;
use super::toml::parse_toml;

/// Keys that run something or weaken security: a file that others could have written must not set them.
const DANGEROUS: [&str; 9] = [
    "pwsh",
    "exec",
    "insecure",
    "allow_unencrypted",
    "trusted_hosts",
    "ca",
    "host_keys",
    "known_hosts",
    "password_env",
];

/// What the configuration files say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// The connection keys.
    pub connection: Connection,
    /// The inventories to use when no flag names one; paths are relative to the file that names them.
    pub inventories: Vec<PathBuf>,
    /// The other keys, each from the strongest file.
    pub others: BTreeMap<String, Given<Node>>,
    /// What was ignored and why, one line each.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads every file there is; the first that walking up finds, then the user's, then the system's. `other_keys` are
    /// the keys that the caller knows besides the connection keys and `inventory`.
    ///
    /// # Errors
    /// Every mistake in every file.
    pub fn load(around: &mut dyn Surroundings, other_keys: &[&str]) -> Result<Self, Vec<Problem>> {
        let mut config = Self::default();
        let mut problems = Vec::new();
        let mut walked = false;
        for file in around.config_files() {
            if walked && file.walked {
                continue;
            }
            match around.read(&file.path) {
                Ok(found) => {
                    walked |= file.walked;
                    let text = String::from_utf8_lossy(&found.bytes);
                    let distrust = file.walked && !found.guarded;
                    config.add(&file.path, &text, distrust, other_keys, &mut problems);
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(error) => problems.push(Problem::new(format!("cannot read {}: {error}", file.path.display()))),
            }
        }
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    fn add(&mut self, path: &Path, text: &str, distrust: bool, other_keys: &[&str], problems: &mut Vec<Problem>) {
        let (node, errors) = parse_toml(text.trim_start_matches('\u{feff}'));
        if !errors.is_empty() {
            problems.extend(errors.into_iter().map(|(at, message)| Problem::at(path, at, "", message)));
            return;
        }
        let Value::Table(entries) = node.value else { return };
        let mut layer = Self::default();
        for entry in entries {
            if let Err(problem) = layer.entry(path, entry, other_keys) {
                problems.push(problem);
            }
        }
        if distrust {
            layer.drop_dangerous(path);
        }
        self.fill(layer);
    }

    fn entry(&mut self, path: &Path, entry: Entry, other_keys: &[&str]) -> Result<(), Problem> {
        let at = entry.node.at;
        let key = entry.key.as_str();
        let source = Source::Config(Origin { file: Arc::from(path), line: at.line, entry: Arc::from("") });
        if key == "inventory" {
            self.inventories = inventories(path, &entry.node).map_err(|what| Problem::at(path, at, key, what))?;
            return Ok(());
        }
        if key == "password" {
            let problem = Problem::at(path, entry.at, key, "a configuration file must not hold a password");
            return Err(problem.with_hint("name the variable that holds it: password_env = \"NAME\""));
        }
        if other_keys.contains(&key) {
            self.others.insert(entry.key, Given::new(entry.node, source));
            return Ok(());
        }
        match self.connection.set(key, &entry.node, &source) {
            Some(read) => read.map_err(|what| Problem::at(path, at, key, what)),
            None => {
                let known = Connection::KEYS.iter().chain(other_keys).copied().chain(["inventory"]);
                let problem = Problem::at(path, entry.at, "", format!("unknown key '{key}'"));
                Err(Problem { hint: did_you_mean(key, known), ..problem })
            }
        }
    }

    fn drop_dangerous(&mut self, path: &Path) {
        for (key, _) in self.connection.drop_keys(&DANGEROUS) {
            let file = path.display();
            self.warnings
                .push(format!("{file}: ignored '{key}': others than you can write this file (chmod go-w {file})"));
        }
    }

    fn fill(&mut self, weaker: Self) {
        self.connection.fill(&weaker.connection);
        if self.inventories.is_empty() {
            self.inventories = weaker.inventories;
        }
        for (key, value) in weaker.others {
            self.others.entry(key).or_insert(value);
        }
        self.warnings.extend(weaker.warnings);
    }
}

fn inventories(path: &Path, node: &Node) -> Result<Vec<PathBuf>, String> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let one = |node: &Node| match &node.value {
        Value::Text(text) if !text.is_empty() => Ok(folder.join(text)),
        _ => Err(format!("expected the path of an inventory, found {}", node.kind())),
    };
    match &node.value {
        Value::List(items) => items.iter().map(one).collect(),
        _ => one(node).map(|path| vec![path]),
    }
}
