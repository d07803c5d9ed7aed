//! Ansible's inventories as trees: YAML, and the JSON that `--list` gives.
//!
//! A group has `hosts`, `children` and `vars`. In YAML hosts and children are tables, in JSON lists, with the variables of
//! all hosts below `_meta`; what is read here may be either.

use std::sync::Arc;

use crate::config::{Entry, Node, Place, Problem, Value};
use crate::nearest::did_you_mean;

use super::super::context::FileContext;
use super::literal::literal;
use super::model::{ALL, AnsibleInventory, UNGROUPED};
use super::names::hosts;

/// What a listing has beside its groups.
pub(super) const META: &str = "_meta";

/// Whether a tree is an inventory of Ansible's: it begins with `all`, `ungrouped` or `_meta`, or with a group whose hosts
/// or children are a table, and has no table of our own form.
pub(in crate::inventory) fn is_tree(node: &Node) -> bool {
    let Value::Table(entries) = &node.value else { return false };
    let is_own = |entry: &Entry| matches!(entry.key.as_str(), "defaults" | "groups" | "hosts" | "sandbox");
    !entries.iter().any(is_own) && entries.iter().any(|entry| begins(entry) || is_plugin(entry))
}

fn begins(entry: &Entry) -> bool {
    let members = match &entry.node.value {
        Value::Table(members) => members.as_slice(),
        Value::Null => return matches!(entry.key.as_str(), ALL | UNGROUPED),
        _ => return false,
    };
    let has = |names: &[&str]| members.iter().any(|member| names.contains(&member.key.as_str()));
    let has_table = members.iter().any(|member| {
        let is_table = matches!(member.node.value, Value::Table(_));
        is_table && matches!(member.key.as_str(), "hosts" | "children")
    });
    match entry.key.as_str() {
        ALL | UNGROUPED => has(&["hosts", "children", "vars"]),
        META => has(&["hostvars"]),
        _ => has_table,
    }
}

/// The settings of a plugin that would make an inventory.
fn is_plugin(entry: &Entry) -> bool {
    entry.key == "plugin" && matches!(entry.node.value, Value::Text(_))
}

/// Reads a tree: every mistake is noted, and reading goes on.
pub(in crate::inventory) fn read_tree(
    node: &Node,
    context: &Arc<FileContext>,
    inventory: &mut AnsibleInventory,
) -> Vec<Problem> {
    let mut reader = Reader { context, inventory, problems: Vec::new() };
    let entries = reader.table(node, "");
    if let Some(plugin) = entries.iter().find(|entry| is_plugin(entry)) {
        let name = plugin.node.as_text().unwrap_or_default();
        let what = format!("these are the settings of Ansible's inventory plugin {name}, which does not run here");
        let hint = "let Ansible write what it finds: ansible-inventory -i FILE --list > hosts.json";
        return vec![Problem::at(&context.file, plugin.at, "", what).with_hint(hint)];
    }
    for entry in entries {
        match entry.key.as_str() {
            META => reader.meta(&entry.node),
            _ => drop(reader.group(entry, "")),
        }
    }
    reader.problems
}

struct Reader<'a> {
    context: &'a Arc<FileContext>,
    inventory: &'a mut AnsibleInventory,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, at: Place, path: &str, what: impl Into<String>, hint: Option<String>) {
        self.problems.push(Problem { hint, ..Problem::at(&self.context.file, at, path, what) });
    }

    /// The entries of a table; nothing counts as an empty one.
    fn table<'n>(&mut self, node: &'n Node, path: &str) -> &'n [Entry] {
        match &node.value {
            Value::Table(entries) => entries,
            Value::Null => &[],
            _ => {
                let what = format!("expected a table (names with values), found {}", node.kind());
                self.problem(node.at, path, what, None);
                &[]
            }
        }
    }

    fn group(&mut self, entry: &Entry, above: &str) -> usize {
        let group = self.inventory.defined_group(&entry.key);
        let path = if above.is_empty() { entry.key.clone() } else { format!("{above} > {}", entry.key) };
        if !matches!(entry.node.value, Value::Table(_)) {
            // A list, or a single name, of hosts alone.
            self.hosts(group, &entry.node, &path);
            return group;
        }
        for member in self.table(&entry.node, &path) {
            let inner = format!("{path} > {}", member.key);
            match member.key.as_str() {
                "hosts" => self.hosts(group, &member.node, &inner),
                "children" => self.children(group, &member.node, &inner),
                "vars" => {
                    for var in self.table(&member.node, &inner) {
                        self.inventory.set_group(group, var.clone(), self.context);
                    }
                }
                key => {
                    let near = did_you_mean(key, ["hosts", "children", "vars"]);
                    let hint = near.or_else(|| Some("a group has hosts, children and vars".to_owned()));
                    self.problem(member.at, &path, format!("unknown key '{key}'"), hint);
                }
            }
        }
        group
    }

    fn children(&mut self, parent: usize, node: &Node, path: &str) {
        if let Value::Table(entries) = &node.value {
            for entry in entries {
                let child = self.group(entry, path);
                self.inventory.adopt(parent, child, entry.at, self.context);
            }
            return;
        }
        for (at, name) in self.texts(node, path) {
            let child = self.inventory.defined_group(&name);
            self.inventory.adopt(parent, child, at, self.context);
        }
    }

    fn hosts(&mut self, group: usize, node: &Node, path: &str) {
        if let Value::Table(entries) = &node.value {
            for entry in entries {
                let vars = self.table(&entry.node, &format!("{path} > {}", entry.key));
                self.host(Some(group), entry.at, &entry.key, vars, path);
            }
            return;
        }
        for (at, name) in self.texts(node, path) {
            self.host(Some(group), at, &name, &[], path);
        }
    }

    /// The variables of all hosts, which a listing has beside its groups.
    fn meta(&mut self, node: &Node) {
        for entry in self.table(node, META).iter().filter(|entry| entry.key == "hostvars") {
            let path = format!("{META} > hostvars");
            for host in self.table(&entry.node, &path) {
                let vars = self.table(&host.node, &format!("{path} > {}", host.key));
                self.host(None, host.at, &host.key, vars, &path);
            }
        }
    }

    fn host(&mut self, group: Option<usize>, at: Place, pattern: &str, vars: &[Entry], path: &str) {
        if self.inventory.too_many.is_some() {
            return;
        }
        let (names, port) = match hosts(pattern) {
            Ok(found) => found,
            Err(what) => return self.problem(at, path, what, None),
        };
        let port = port.map(|port| Entry { at, key: "ansible_port".to_owned(), node: literal(at, &port.to_string()) });
        for name in names {
            let Some(host) = self.inventory.host(&name, at, self.context) else { return };
            if let Some(group) = group {
                self.inventory.join(host, group);
            }
            for var in port.iter().chain(vars) {
                self.inventory.set_host(host, var.clone(), self.context);
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
        let mut texts = Vec::new();
        for item in items {
            match item.as_text() {
                Some(text) => texts.push((item.at, text)),
                None => self.problem(item.at, path, format!("expected a name, found {}", item.kind()), None),
            }
        }
        texts
    }
}
