//! Configuration files: `psfleet.toml` walking up from the current folder, then the user's, then the system's.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::connection::Connection;
use super::node::{Entry, Node, Place, Value};
use super::problem::Problem;
use super::source::{Given, Origin, Source};
use super::system::System;
use super::toml::parse_toml;
use crate::error_text;
use crate::nearest::did_you_mean;

/// A key of configuration files besides the connection keys and `inventory`, and who may set it.
#[derive(Debug, Clone, Copy)]
pub struct FileKey {
    /// Its name.
    pub name: &'static str,
    /// A file that others could have written may set it: it says nothing of where we connect, as whom, how safely, how
    /// often a credential is tried, or what runs here.
    pub is_harmless: bool,
    /// What it takes: why a value is none of it, if so.
    check: fn(&str, &Node) -> Result<(), String>,
}

impl FileKey {
    /// A key that any file may set.
    pub const fn harmless(name: &'static str) -> Self {
        Self { name, is_harmless: true, check: |_, _| Ok(()) }
    }

    /// A key for files that nobody else could have written.
    pub const fn weighty(name: &'static str) -> Self {
        Self { name, is_harmless: false, check: |_, _| Ok(()) }
    }

    /// Adds a check of the key's values, which gets its name, too, and says what is wrong, in one line.
    pub const fn checked(self, check: fn(&str, &Node) -> Result<(), String>) -> Self {
        Self { check, ..self }
    }
}

/// An inventory that a configuration file names.
#[derive(Debug, Clone, PartialEq)]
pub struct InventoryPath {
    /// The inventory; a relative path is already below the folder of the file that names it.
    pub path: PathBuf,
    /// The file that names it.
    pub file: PathBuf,
    /// Where its name stands there.
    pub at: Place,
}

/// What the configuration files say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// The connection keys.
    pub connection: Connection,
    /// The inventories to use when no flag names one.
    pub inventories: Vec<InventoryPath>,
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
    pub fn load(around: &mut dyn System, other_keys: &[FileKey]) -> Result<Self, Vec<Problem>> {
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
                    let exposure = around.exposure(&file.path).unwrap_or_else(|error| Some(error_text::io(&error)));
                    match (Self::read(&file.path, &text, other_keys), exposure) {
                        (Ok(layer), None) => config.fill(layer),
                        (Ok(mut layer), Some(exposure)) => {
                            layer.distrust(&file.path, &exposure, other_keys);
                            config.fill(layer);
                        }
                        (Err(mistakes), None) => problems.extend(mistakes),
                        // Whoever can write it must not be able to stop us with it.
                        (Err(_), Some(exposure)) => {
                            let file = file.path.display();
                            config.warnings.push(format!("{file}: ignored entirely, because {exposure}"));
                        }
                    }
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(error) => problems.push(Problem::new(format!(
                    "cannot read {}: {}",
                    file.path.display(),
                    error_text::io(&error)
                ))),
            }
        }
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    /// What one file says.
    fn read(path: &Path, text: &str, other_keys: &[FileKey]) -> Result<Self, Vec<Problem>> {
        let (node, errors) = parse_toml(text.trim_start_matches('\u{feff}'));
        if !errors.is_empty() {
            return Err(errors.into_iter().map(|(at, message)| Problem::at(path, at, "", message)).collect());
        }
        let mut layer = Self::default();
        let Value::Table(entries) = node.value else { return Ok(layer) };
        let read = entries.into_iter().map(|entry| layer.entry(path, entry, other_keys));
        let problems: Vec<Problem> = read.filter_map(Result::err).collect();
        if problems.is_empty() { Ok(layer) } else { Err(problems) }
    }

    fn entry(&mut self, path: &Path, entry: Entry, other_keys: &[FileKey]) -> Result<(), Problem> {
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
        if let Some(known) = other_keys.iter().find(|other| other.name == key) {
            (known.check)(key, &entry.node).map_err(|what| Problem::at(path, at, key, what))?;
            self.others.insert(entry.key, Given::new(entry.node, source));
            return Ok(());
        }
        match self.connection.set(key, &entry.node, &source) {
            Some(read) => {
                self.connection.set_from_folder(key, path.parent().unwrap_or(Path::new("")));
                read.map_err(|what| Problem::at(path, at, key, what))
            }
            None => {
                let others = other_keys.iter().map(|other| other.name);
                let known = Connection::KEYS.iter().copied().chain(others).chain(["inventory"]);
                let problem = Problem::at(path, entry.at, "", format!("unknown key '{key}'"));
                Err(Problem { hint: did_you_mean(key, known), ..problem })
            }
        }
    }

    /// Drops what a file must not decide that others could have written, and says so.
    fn distrust(&mut self, path: &Path, exposure: &str, other_keys: &[FileKey]) {
        let dropped = self.connection.keep(Connection::HARMLESS);
        let mut ignored: Vec<String> = dropped.into_iter().map(str::to_owned).collect();
        if !self.inventories.is_empty() {
            self.inventories.clear();
            ignored.push("inventory".to_owned());
        }
        self.others.retain(|key, _| {
            let harmless = other_keys.iter().any(|other| other.name == key && other.is_harmless);
            if !harmless {
                ignored.push(key.clone());
            }
            harmless
        });
        if !ignored.is_empty() {
            self.warnings.push(format!("{}: ignored {}, because {exposure}", path.display(), ignored.join(", ")));
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

fn inventories(path: &Path, node: &Node) -> Result<Vec<InventoryPath>, String> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let one = |node: &Node| match &node.value {
        Value::Text(text) if !text.is_empty() => {
            Ok(InventoryPath { path: folder.join(text), file: path.to_owned(), at: node.at })
        }
        _ => Err(format!("expected the path of an inventory, found {}", node.kind())),
    };
    match &node.value {
        Value::List(items) => items.iter().map(one).collect(),
        _ => one(node).map(|inventory| vec![inventory]),
    }
}
