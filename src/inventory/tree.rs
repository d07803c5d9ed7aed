//! Our own inventory format, read from a tree that may have been TOML, YAML or JSON.
//!
//! `[defaults]`, `[groups.NAME]` (`hosts`, `children`, `vars`, `labels`, connection keys) and `[hosts.NAME]` (`vars`,
//! `labels`, connection keys); or a list of hosts and nothing else. Every mistake is noted; reading goes on.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Connection, Entry, Given, Node, Origin, Place, Problem, Source, Value, did_you_mean};

use super::expression::is_host_name;
use super::model::{Child, Inventory, Layer};
use super::row::{HostRow, mention, merge};

/// What an inventory file may do.
#[derive(Debug, Clone)]
pub struct FileContext {
    /// The file as the user named it.
    pub file: Arc<Path>,
    /// The number of the file among the inventories.
    pub source: usize,
    /// It may hold passwords, because nobody else can read it.
    pub private: bool,
}

/// Reads a tree into the inventory. `[sandbox]` is left to the loader.
pub fn read_tree(node: &Node, context: &FileContext, inventory: &mut Inventory) -> Vec<Problem> {
    let mut reader = Reader { context, inventory, problems: Vec::new() };
    if let Value::List(_) = node.value {
        reader.hosts(node);
        return reader.problems;
    }
    for entry in reader.table(node, "") {
        match entry.key.as_str() {
            "defaults" => reader.defaults(&entry.node),
            "groups" => reader.groups(&entry.node),
            "hosts" => reader.hosts(&entry.node),
            "sandbox" => {}
            // JSON has no comments; this is how people write them.
            key if key.starts_with("//") => {}
            key => reader.unknown(entry.at, "", "table", key, ["defaults", "groups", "hosts", "sandbox"]),
        }
    }
    reader.problems
}

/// Which entry of an inventory a layer belongs to.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Owner {
    Defaults,
    Group,
    Host,
}

impl Owner {
    pub(super) fn source(self, context: &FileContext, line: u32, entry: &Arc<str>) -> Source {
        let origin = Origin { file: context.file.clone(), line, entry: entry.clone() };
        match self {
            Self::Defaults => Source::Defaults(origin),
            Self::Group => Source::Group(origin),
            Self::Host => Source::Host(origin),
        }
    }
}

/// Sets a connection key of a layer: passwords only in private files, paths relative to the inventory's folder.
///
/// Answers `None` if there is no such key.
pub(super) fn set_key(
    connection: &mut Connection,
    key: &str,
    node: &Node,
    context: &FileContext,
    source: &Source,
) -> Option<Result<(), (String, Option<String>)>> {
    if key == "password" && !context.private {
        let what = "a password stands in a file that others can read".to_owned();
        let hint =
            format!("chmod 600 {}, or name a variable that holds it: password_env = \"NAME\"", context.file.display());
        return Some(Err((what, Some(hint))));
    }
    let set = connection.set(key, node, source)?.map_err(|what| (what, None));
    connection.set_from_folder(key, context.file.parent().unwrap_or(Path::new("")));
    if let Some(given) = connection.address.as_mut().filter(|_| key == "address") {
        match bare_address(&given.value) {
            Some(bare) => given.value = bare,
            None => {
                let what = format!("'{}' is not an address; write a name, an IPv4 or an IPv6 address", given.value);
                return Some(Err((what, None)));
            }
        }
    }
    Some(set)
}

/// An address without the brackets of IPv6, if it is one.
fn bare_address(text: &str) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    (is_host_name(bare) || is_host_name(&format!("[{bare}]"))).then(|| bare.to_owned())
}

struct Reader<'a> {
    context: &'a FileContext,
    inventory: &'a mut Inventory,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, at: Place, path: &str, message: impl Into<String>, hint: Option<String>) {
        let problem = Problem::at(&self.context.file, at, path, message);
        self.problems.push(Problem { hint, ..problem });
    }

    fn unknown<'k>(&mut self, at: Place, path: &str, what: &str, key: &str, known: impl IntoIterator<Item = &'k str>) {
        let hint = did_you_mean(key, known);
        self.problem(at, path, format!("unknown {what} '{key}'"), hint);
    }

    /// The entries of a table; nothing counts as an empty one, as YAML writes it.
    fn table(&mut self, node: &Node, path: &str) -> Vec<Entry> {
        match &node.value {
            Value::Table(entries) => self.without_repeats(entries, path),
            Value::Null => Vec::new(),
            _ => {
                self.problem(node.at, path, format!("expected a table, found {}", node.kind()), None);
                Vec::new()
            }
        }
    }

    fn without_repeats(&mut self, entries: &[Entry], path: &str) -> Vec<Entry> {
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        let mut seen = std::collections::HashSet::new();
        for entry in entries {
            if seen.insert(entry.key.as_str()) {
                kept.push(entry.clone());
            } else {
                self.problem(entry.at, path, format!("'{}' stands twice", entry.key), None);
            }
        }
        kept
    }

    fn defaults(&mut self, node: &Node) {
        let mut layer = Layer::default();
        for entry in self.table(node, "defaults") {
            self.layer_key(&mut layer, Owner::Defaults, &entry, "defaults", &Arc::from(""), &[]);
        }
        self.inventory.sources[self.context.source].defaults.fill(&layer);
    }

    fn groups(&mut self, node: &Node) {
        for entry in self.table(node, "groups") {
            let name = entry.key.as_str();
            let path = format!("groups > {name}");
            if !is_group_name(name) {
                let hint = Some("letters, digits, - and _; not all, last or run".to_owned());
                self.problem(entry.at, "groups", format!("'{name}' cannot be the name of a group"), hint);
                continue;
            }
            let group = self.inventory.group_or_new(name);
            self.inventory.groups[group].defined = true;
            self.group(group, &entry.node, &path);
        }
    }

    fn group(&mut self, group: usize, node: &Node, path: &str) {
        let name: Arc<str> = Arc::from(self.inventory.groups[group].name.as_str());
        let mut layer = Layer::default();
        for entry in self.table(node, path) {
            match entry.key.as_str() {
                "hosts" => self.members(group, &entry.node, &format!("{path} > hosts")),
                "children" => self.children(group, &entry.node, &format!("{path} > children")),
                _ => self.layer_key(&mut layer, Owner::Group, &entry, path, &name, &["hosts", "children"]),
            }
        }
        let known = &mut self.inventory.groups[group].layer;
        merge(known, &layer, path, node.at, self.context, &mut self.problems);
    }

    fn members(&mut self, group: usize, node: &Node, path: &str) {
        for (at, pattern) in self.texts(node, path) {
            for host in self.mention(at, path, &pattern) {
                let groups = &mut self.inventory.hosts[host].groups;
                if !groups.contains(&group) {
                    groups.push(group);
                }
            }
        }
    }

    fn children(&mut self, group: usize, node: &Node, path: &str) {
        for (at, name) in self.texts(node, path) {
            let child = self.inventory.group_or_new(&name);
            let children = &mut self.inventory.groups[group].children;
            if !children.iter().any(|known| known.group == child) {
                children.push(Child { group: child, file: self.context.file.clone(), at });
            }
        }
    }

    fn hosts(&mut self, node: &Node) {
        if let Value::List(_) = node.value {
            for (at, pattern) in self.texts(node, "hosts") {
                self.mention(at, "hosts", &pattern);
            }
            return;
        }
        for entry in self.table(node, "hosts") {
            self.host(&entry);
        }
    }

    fn host(&mut self, host: &Entry) {
        let path = format!("hosts > {}", host.key);
        let owner: Arc<str> = Arc::from(host.key.as_str());
        let mut row = HostRow { name: &host.key, at: host.at, path: path.clone(), layer: Layer::default() };
        for entry in self.table(&host.node, &path) {
            self.layer_key(&mut row.layer, Owner::Host, &entry, &path, &owner, &[]);
        }
        row.add(self.context, self.inventory, &mut self.problems);
    }

    /// A key that defaults, groups and hosts share: `vars`, `labels` or a connection key.
    fn layer_key(
        &mut self,
        layer: &mut Layer,
        owner: Owner,
        entry: &Entry,
        path: &str,
        name: &Arc<str>,
        others: &[&str],
    ) {
        let key = entry.key.as_str();
        let inner = format!("{path} > {key}");
        match key {
            "vars" => {
                for entry in self.table(&entry.node, &inner) {
                    let source = owner.source(self.context, entry.node.at.line, name);
                    layer.vars.insert(entry.key, Given::new(entry.node.to_json(), source));
                }
            }
            "labels" => {
                for entry in self.table(&entry.node, &inner) {
                    let source = owner.source(self.context, entry.node.at.line, name);
                    match entry.node.as_text() {
                        Some(text) => drop(layer.labels.insert(entry.key, Given::new(text, source))),
                        None => self.problem(
                            entry.node.at,
                            &format!("{inner} > {}", entry.key),
                            format!("expected a text, found {}", entry.node.kind()),
                            None,
                        ),
                    }
                }
            }
            _ => {
                let source = owner.source(self.context, entry.node.at.line, name);
                match set_key(&mut layer.connection, key, &entry.node, self.context, &source) {
                    Some(Ok(())) => {}
                    Some(Err((what, hint))) => self.problem(entry.node.at, &inner, what, hint),
                    None => {
                        let known = Connection::KEYS.iter().chain(others).chain(&["vars", "labels"]).copied();
                        self.unknown(entry.at, path, "key", key, known);
                    }
                }
            }
        }
    }

    /// A text or a list of texts, each with its place.
    fn texts(&mut self, node: &Node, path: &str) -> Vec<(Place, String)> {
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            Value::Null => &[],
            _ => std::slice::from_ref(node),
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item.as_text() {
                Some(text) => texts.push((item.at, text)),
                None => self.problem(item.at, path, format!("expected a name, found {}", item.kind()), None),
            }
        }
        texts
    }

    fn mention(&mut self, at: Place, path: &str, pattern: &str) -> Vec<usize> {
        mention(pattern, at, path, self.context, self.inventory, &mut self.problems)
    }
}

fn is_group_name(name: &str) -> bool {
    !matches!(name, "" | "all" | "last" | "run")
        && name.chars().all(|character| character.is_alphanumeric() || matches!(character, '-' | '_'))
}
