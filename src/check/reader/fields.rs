//! Values out of tables, with a note of what is wrong.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Entry, Given, Node, Origin, Place, Problem, Source, Value};
use crate::nearest::did_you_mean;

use super::keys::{KEYS, RULE_KEYS};

/// Notes mistakes while a file is read.
pub(super) struct Reader<'a> {
    file: &'a Path,
    origin: Arc<Path>,
    pub(super) problems: Vec<Problem>,
}

/// The entries of a table whose names are known.
pub(super) struct Fields<'n> {
    entries: Vec<&'n Entry>,
    path: String,
}

impl<'n> Fields<'n> {
    /// The entry of a name.
    pub(super) fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().copied().find(|entry| entry.key == key)
    }

    /// The path of tables that leads here.
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

impl<'a> Reader<'a> {
    /// Nothing noted.
    pub(super) fn new(file: &'a Path) -> Self {
        Self { file, origin: Arc::from(file), problems: Vec::new() }
    }

    /// Notes a mistake.
    pub(super) fn problem(&mut self, at: Place, path: &str, message: impl Into<String>, hint: Option<String>) {
        let problem = Problem::at(self.file, at, path, message);
        self.problems.push(Problem { hint, ..problem });
    }

    /// A value with its place in this file.
    pub(super) fn given<T>(&self, at: Place, value: T) -> Given<T> {
        let origin = Origin { file: Arc::clone(&self.origin), line: at.line, entry: Arc::from("") };
        Given::new(value, Source::Config(origin))
    }

    /// The entries of a table. Unknown names and repeated ones are mistakes.
    pub(super) fn fields<'n>(&mut self, node: &'n Node, path: &str, known: &[&str]) -> Fields<'n> {
        let Value::Table(entries) = &node.value else {
            self.problem(node.at, path, format!("expected a table (names with values), found {}", node.kind()), None);
            return Fields { entries: Vec::new(), path: path.to_owned() };
        };
        let mut kept: Vec<&Entry> = Vec::new();
        for entry in entries {
            if kept.iter().any(|earlier| earlier.key == entry.key) {
                self.problem(entry.at, path, format!("'{}' appears twice", entry.key), None);
            } else if known.contains(&entry.key.as_str()) {
                kept.push(entry);
            // JSON and YAML out of programs have no comments; this is how people write them.
            } else if !entry.key.starts_with("//") {
                let hint = elsewhere(&entry.key, known).or_else(|| did_you_mean(&entry.key, known.iter().copied()));
                self.problem(entry.at, path, format!("unknown key '{}'", entry.key), hint);
            }
        }
        Fields { entries: kept, path: path.to_owned() }
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        let entry = fields.entry(key)?;
        match entry.node.as_text() {
            Some(text) if !text.trim().is_empty() => return Some(text),
            Some(_) => self.problem(entry.node.at, fields.path(), format!("'{key}' is empty"), None),
            None => {
                let message = format!("'{key}' takes text, found {}", entry.node.kind());
                self.problem(entry.node.at, fields.path(), message, None);
            }
        }
        None
    }

    /// A text that `parse` understands.
    pub(super) fn parsed<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Given<T>> {
        let text = self.text(fields, key)?;
        let at = fields.entry(key)?.node.at;
        match parse(&text) {
            Ok(value) => return Some(self.given(at, value)),
            Err(message) => self.problem(at, fields.path(), format!("{key}: {message}"), None),
        }
        None
    }

    /// A number.
    pub(super) fn number(&mut self, fields: &Fields<'_>, key: &str) -> Option<f64> {
        let parse = |text: &str| match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(format!("'{text}' is not a number")),
        };
        self.parsed(fields, key, parse).map(|given| given.value)
    }

    /// The items of a list of tables.
    pub(super) fn tables<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Vec<&'n Node> {
        let Some(entry) = fields.entry(key) else { return Vec::new() };
        match &entry.node.value {
            Value::List(items) if !items.is_empty() => return items.iter().collect(),
            Value::List(_) => self.problem(entry.at, "", format!("'{key}' is empty"), None),
            _ => {
                let hint = format!("write [[{key}]] for each of them");
                let message = format!("'{key}' takes a list of tables, found {}", entry.node.kind());
                self.problem(entry.at, "", message, Some(hint));
            }
        }
        Vec::new()
    }

    /// The entries of a table that holds names of the user's own.
    pub(super) fn table<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Vec<&'n Entry> {
        let Some(entry) = fields.entry(key) else { return Vec::new() };
        match &entry.node.value {
            Value::Table(entries) => entries.iter().collect(),
            _ => {
                let message = format!("'{key}' takes a table (names with values), found {}", entry.node.kind());
                self.problem(entry.node.at, fields.path(), message, None);
                Vec::new()
            }
        }
    }
}

/// Where a key belongs that is known, but not here.
fn elsewhere(key: &str, known: &[&str]) -> Option<String> {
    let is_top = known == KEYS;
    if is_top && RULE_KEYS.contains(&key) {
        return Some(format!("'{key}' goes below [[rules]]"));
    }
    (!is_top && KEYS.contains(&key)).then(|| format!("'{key}' goes to the top of the file, above every [table]"))
}
