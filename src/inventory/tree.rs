//! Our own inventory format, read from a tree that may have been TOML, YAML or JSON.
//!
//! `[defaults]`, `[groups.NAME]` (`hosts`, `children`, `vars`, `labels`, connection keys) and `[hosts.NAME]` (`groups`,
//! `vars`, `labels`, connection keys); or a list of hosts and nothing else. An item of such a list, and of `hosts`
//! everywhere, is a name or a table with a `name` and what `[hosts.NAME]` has. Every mistake is noted; reading goes on.

use std::sync::Arc;

use crate::config::{Connection, Entry, Given, Node, Place, Problem, Value};
use crate::nearest::did_you_mean;
use crate::target::Variable;

use super::context::FileContext;
use super::model::{Child, Inventory, Layer};
use super::owner::{Owner, set_key};
use super::row::{HostRow, bracketed, mention, merge};

/// Reads a tree into the inventory. `[ldap]` and `[sandbox]` are left to the loader.
pub(super) fn read_tree(node: &Node, context: &FileContext, inventory: &mut Inventory) -> Vec<Problem> {
    let mut reader = Reader { context, inventory, problems: Vec::new() };
    if let Value::List(_) = node.value {
        reader.hosts(node);
        return reader.problems;
    }
    let entries = reader.table(node, "");
    for entry in entries {
        match entry.key.as_str() {
            "defaults" => reader.defaults(&entry.node),
            "groups" => reader.groups(&entry.node),
            "hosts" => reader.hosts(&entry.node),
            "ldap" | "sandbox" => {}
            // JSON has no comments; this is how people write them.
            key if key.starts_with("//") => {}
            key => {
                let near = did_you_mean(key, ["defaults", "groups", "hosts", "ldap", "sandbox"]);
                let below = || format!("a group goes below 'groups': groups > {key}");
                let hint = near.or_else(|| is_group(&entry.node).then(below));
                reader.problem(entry.at, "", format!("unknown key '{key}'"), hint);
            }
        }
    }
    reader.problems
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
                let what = match path {
                    "" => "'hosts', 'groups' or 'defaults', or a list of hosts",
                    _ => "a table (names with values)",
                };
                self.problem(node.at, path, format!("expected {what}, found {}", node.kind()), None);
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
                self.problem(entry.at, path, format!("'{}' appears twice", entry.key), None);
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
            if !self.may_name_group(name, entry.at, "groups") {
                continue;
            }
            let group = self.inventory.group_or_new(name);
            self.inventory.groups[group].defined = true;
            self.group(group, &entry.node, &path);
        }
    }

    fn may_name_group(&mut self, name: &str, at: Place, path: &str) -> bool {
        let may = is_group_name(name);
        if !may {
            let hint = Some("use letters, digits, - and _, but not all, last or run".to_owned());
            self.problem(at, path, format!("'{name}' cannot be the name of a group"), hint);
        }
        may
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
        for host in self.listed(node, path) {
            self.join(host, group);
        }
    }

    fn join(&mut self, host: usize, group: usize) {
        let groups = &mut self.inventory.hosts[host].groups;
        if !groups.contains(&group) {
            groups.push(group);
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
        if !matches!(node.value, Value::Table(_)) {
            self.listed(node, "hosts");
            return;
        }
        for entry in self.table(node, "hosts") {
            let path = format!("hosts > {}", entry.key);
            let settings = self.table(&entry.node, &path);
            self.host(&entry.key, entry.at, &settings);
        }
    }

    /// The hosts of a list: names, ranges and URLs, or tables that have the `name` inside.
    fn listed(&mut self, node: &Node, path: &str) -> Vec<usize> {
        let mut hosts = Vec::new();
        for item in items(node) {
            match (&item.value, item.as_text()) {
                (Value::Table(_), _) => hosts.extend(self.listed_host(item, path)),
                (_, Some(text)) => hosts.extend(self.mention(item.at, path, &text)),
                _ => {
                    let what = format!("expected a name or the table of a host, found {}", item.kind());
                    self.problem(item.at, path, what, None);
                }
            }
        }
        hosts
    }

    fn listed_host(&mut self, node: &Node, path: &str) -> Vec<usize> {
        let (names, settings): (Vec<_>, Vec<_>) =
            self.table(node, path).into_iter().partition(|entry| entry.key == "name");
        let name = names.first().map(|entry| (entry.node.at, entry.node.as_text().unwrap_or_default()));
        match name {
            Some((at, name)) if !name.trim().is_empty() => self.host(&bracketed(&name), at, &settings),
            _ => {
                let hint = Some("each has one: {\"name\": \"web01\", \"address\": \"10.0.0.1\"}".to_owned());
                self.problem(node.at, path, "this host has no 'name'", hint);
                Vec::new()
            }
        }
    }

    /// Adds what one entry says of a host, or of every host of a range.
    fn host(&mut self, name: &str, at: Place, settings: &[Entry]) -> Vec<usize> {
        let path = format!("hosts > {name}");
        let owner: Arc<str> = Arc::from(name);
        let mut row = HostRow { name, at, path: path.clone(), layer: Layer::default() };
        let mut groups = Vec::new();
        for entry in settings {
            match entry.key.as_str() {
                "groups" => groups.extend(self.joined_groups(&entry.node, &format!("{path} > groups"))),
                _ => self.layer_key(&mut row.layer, Owner::Host, entry, &path, &owner, &["groups"]),
            }
        }
        let hosts = row.add(self.context, self.inventory, &mut self.problems);
        for (&host, &group) in hosts.iter().flat_map(|host| groups.iter().map(move |group| (host, group))) {
            self.join(host, group);
        }
        hosts
    }

    /// The groups that a host names; one that has no table of its own is there by that.
    fn joined_groups(&mut self, node: &Node, path: &str) -> Vec<usize> {
        let mut groups = Vec::new();
        for (at, name) in self.texts(node, path) {
            if self.may_name_group(&name, at, path) {
                let group = self.inventory.group_or_new(&name);
                self.inventory.groups[group].defined = true;
                groups.push(group);
            }
        }
        groups
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
                    layer.vars.insert(entry.key, Given::new(Variable::of_json(entry.node.to_json()), source));
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
                            format!("expected text, found {}", entry.node.kind()),
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
        let mut texts = Vec::new();
        for item in items(node) {
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

/// The items of a list, or a single value as one.
fn items(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items.as_slice(),
        Value::Null => &[],
        _ => std::slice::from_ref(node),
    }
}

/// Whether a value is a table as only groups have it.
fn is_group(node: &Node) -> bool {
    let of_groups = |entry: &Entry| matches!(entry.key.as_str(), "hosts" | "children" | "hostvars");
    matches!(&node.value, Value::Table(entries) if entries.iter().any(of_groups))
}

fn is_group_name(name: &str) -> bool {
    !matches!(name, "" | "all" | "last" | "run")
        && name.chars().all(|character| character.is_alphanumeric() || matches!(character, '-' | '_'))
}
