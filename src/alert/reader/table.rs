//! Tables whose keys are taken one by one; what is left is unknown.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZoneDatabase;

use crate::config::{Entry, Node, Place, Problem, Value, parse_duration};
use crate::nearest::did_you_mean;

/// A table that is read.
pub(super) struct Table {
    /// The path of tables that leads to it.
    pub(super) path: String,
    /// Where it begins.
    pub(super) at: Place,
    entries: Vec<Entry>,
}

/// Reads values and notes mistakes.
pub(super) struct Reader<'a> {
    file: &'a Path,
    pub(super) zones: &'a TimeZoneDatabase,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a Path, zones: &'a TimeZoneDatabase) -> Self {
        Self { file, zones, problems: Vec::new() }
    }

    pub(super) fn problem(&mut self, at: Place, path: &str, message: impl Into<String>, hint: Option<String>) {
        let problem = Problem::at(self.file, at, path, message);
        self.problems.push(Problem { hint, ..problem });
    }

    /// A mistake that was found without knowing its place.
    pub(super) fn placed(&mut self, at: Place, path: &str, problem: Problem) {
        self.problem(at, path, problem.message, problem.hint);
    }

    pub(super) fn sorted(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.at);
        self.problems
    }

    pub(super) fn table(&mut self, node: &Node, path: &str) -> Option<Table> {
        match &node.value {
            Value::Table(entries) => {
                Some(Table { path: path.to_owned(), at: node.at, entries: self.without_repeats(entries, path) })
            }
            Value::Null => Some(Table { path: path.to_owned(), at: node.at, entries: Vec::new() }),
            _ => {
                let message = format!("expected a table (names with values), found {}", node.kind());
                self.problem(node.at, path, message, None);
                None
            }
        }
    }

    /// YAML and JSON can say a name twice.
    fn without_repeats(&mut self, entries: &[Entry], path: &str) -> Vec<Entry> {
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        for entry in entries {
            if kept.iter().any(|known| known.key == entry.key) {
                self.problem(entry.at, path, format!("'{}' appears twice", entry.key), None);
            } else {
                kept.push(entry.clone());
            }
        }
        kept
    }

    /// The table below a key.
    pub(super) fn inner(&mut self, table: &mut Table, key: &str) -> Option<Table> {
        let node = table.take(key)?;
        self.table(&node, &table.below(key))
    }

    /// The tables of a list, such as `[[routes]]`.
    pub(super) fn tables(&mut self, table: &mut Table, key: &str) -> Vec<Table> {
        let Some(node) = table.take(key) else { return Vec::new() };
        let path = table.below(key);
        let Value::List(items) = &node.value else {
            let hint = Some(format!("write [[{key}]] for each of them"));
            self.problem(node.at, &path, format!("expected a list of tables, found {}", node.kind()), hint);
            return Vec::new();
        };
        items
            .iter()
            .enumerate()
            .filter_map(|(number, item)| self.table(item, &format!("{path} > {}", number + 1)))
            .collect()
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, table: &mut Table, key: &str) -> Option<String> {
        let node = table.take(key)?;
        match node.as_text() {
            Some(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Some(_) => self.wrong(&node, table, key, "expected a value, found an empty text"),
            None => self.wrong(&node, table, key, &format!("expected text, found {}", node.kind())),
        }
    }

    /// A text, or a list of them.
    pub(super) fn texts(&mut self, table: &mut Table, key: &str) -> Vec<(Place, String)> {
        let Some(node) = table.take(key) else { return Vec::new() };
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(&node),
        };
        let mut texts = Vec::new();
        for item in items {
            match item.as_text() {
                Some(text) if !text.trim().is_empty() => texts.push((item.at, text.trim().to_owned())),
                Some(_) => drop(self.wrong::<()>(item, table, key, "expected a value, found an empty text")),
                None => drop(self.wrong::<()>(item, table, key, &format!("expected text, found {}", item.kind()))),
            }
        }
        texts
    }

    /// A key that there must be.
    pub(super) fn needed<T>(&mut self, table: &Table, key: &str, value: Option<T>, is_there: bool) -> Option<T> {
        if value.is_none() && !is_there {
            self.problem(table.at, &table.path, format!("'{key}' is missing"), None);
        }
        value
    }

    /// A text that there must be.
    pub(super) fn needed_text(&mut self, table: &mut Table, key: &str) -> Option<String> {
        let is_there = table.has(key);
        let text = self.text(table, key);
        self.needed(table, key, text, is_there)
    }

    pub(super) fn duration(&mut self, table: &mut Table, key: &str) -> Option<Duration> {
        self.read(table, key, parse_duration)
    }

    /// A whole number that is not negative.
    pub(super) fn count<T: FromStr>(&mut self, table: &mut Table, key: &str) -> Option<T> {
        self.read(table, key, |text| text.parse().map_err(|_| format!("'{text}' is not a whole number that fits here")))
    }

    pub(super) fn flag(&mut self, table: &mut Table, key: &str) -> Option<bool> {
        let node = table.take(key)?;
        match node.value {
            Value::Bool(value) => Some(value),
            _ => self.wrong(&node, table, key, &format!("expected true or false, found {}", node.kind())),
        }
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, table: &mut Table, key: &str, words: &[(&str, T)]) -> Option<T> {
        self.read(table, key, |text| {
            let known = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
            let list = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
            known.map(|(_, value)| *value).ok_or_else(|| format!("'{text}' is not one of {}", list()))
        })
    }

    /// A text that is read.
    pub(super) fn read<T>(
        &mut self,
        table: &mut Table,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let at = table.place(key);
        let text = self.text(table, key)?;
        match read(&text) {
            Ok(value) => Some(value),
            Err(message) => {
                self.problem(at, &table.below(key), message, None);
                None
            }
        }
    }

    /// Notes what is left in a table.
    pub(super) fn finish(&mut self, table: Table, known: &[&str]) {
        for entry in table.entries {
            let hint = did_you_mean(&entry.key, known.iter().copied()).unwrap_or_else(|| {
                format!("there {} {}", if known.len() == 1 { "is" } else { "are" }, known.join(", "))
            });
            self.problem(entry.at, &table.path, format!("unknown key '{}'", entry.key), Some(hint));
        }
    }

    fn wrong<T>(&mut self, node: &Node, table: &Table, key: &str, message: &str) -> Option<T> {
        self.problem(node.at, &table.below(key), message, None);
        None
    }
}

impl Table {
    /// Takes a key's value out.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        let place = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(place).node)
    }

    /// All that is in it, by name.
    pub(super) fn take_all(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    /// The names in it.
    pub(super) fn keys(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.key.clone()).collect()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Where a key's value stands; the table if there is none.
    pub(super) fn place(&self, key: &str) -> Place {
        self.entries.iter().find(|entry| entry.key == key).map_or(self.at, |entry| entry.node.at)
    }

    pub(super) fn below(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{} > {key}", self.path) }
    }
}
