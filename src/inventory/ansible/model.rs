//! What Ansible's inventories say, as it is written.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::config::{Entry, Node, Origin, Place, Problem, Source};

use super::super::context::FileContext;

/// The group that has every host, though no host names it.
pub(super) const ALL: &str = "all";

/// The group of the hosts that are in no other.
pub(super) const UNGROUPED: &str = "ungrouped";

/// The most hosts of all inventories of a request: a line of a few signs stands for many.
const MOST_HOSTS: usize = 200_000;

/// A variable as it is written.
#[derive(Debug, Clone)]
pub(super) struct Var {
    /// The value, with its place.
    pub node: Node,
    /// The host or group whose it is.
    pub source: Source,
    /// Its file.
    pub context: Arc<FileContext>,
}

impl Var {
    /// A variable of a host.
    pub(super) fn of_host(host: &Arc<str>, node: Node, context: &Arc<FileContext>) -> Self {
        Self { source: Source::Host(origin(host, &node, context)), node, context: Arc::clone(context) }
    }

    /// A variable of a group.
    pub(super) fn of_group(group: &Arc<str>, node: Node, context: &Arc<FileContext>) -> Self {
        Self { source: Source::Group(origin(group, &node, context)), node, context: Arc::clone(context) }
    }
}

/// Variables by their names.
pub(super) type Vars = BTreeMap<String, Var>;

/// What a host has of each name in the end.
pub(super) type Effective<'a> = BTreeMap<&'a str, &'a Var>;

/// A host.
#[derive(Debug, Clone)]
pub(super) struct Host {
    /// The name, IPv6 in brackets.
    pub name: Arc<str>,
    /// Where it is named first.
    pub at: Place,
    /// The files that name it, the first one first.
    pub contexts: Vec<Arc<FileContext>>,
    /// The groups that name it.
    pub groups: Vec<usize>,
    /// What the inventory says of it.
    pub vars: Vars,
    /// What files beside the inventory say of it (`host_vars`).
    pub file_vars: Vars,
}

/// A group.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    /// The name.
    pub name: Arc<str>,
    /// The groups below, each with the place that says so.
    pub children: Vec<(usize, Arc<FileContext>, Place)>,
    /// What the inventory says of its hosts.
    pub vars: Vars,
    /// What files beside the inventory say of them (`group_vars`).
    pub file_vars: Vars,
    /// It has a section of its own; else it is only named as a child.
    pub defined: bool,
}

/// All Ansible inventories of a request: as in Ansible, they are one.
#[derive(Debug, Default)]
pub(in crate::inventory) struct AnsibleInventory {
    pub(super) hosts: Vec<Host>,
    pub(super) groups: Vec<Group>,
    /// The inventories that lie in a folder, which may have variables beside them.
    pub(super) beside: Vec<Arc<FileContext>>,
    /// The place that names more hosts than there may be.
    pub(super) too_many: Option<Problem>,
    hosts_by_name: HashMap<String, usize>,
    groups_by_name: HashMap<Arc<str>, usize>,
}

impl AnsibleInventory {
    /// Notes that an inventory is a file: what lies beside it belongs to it.
    pub(in crate::inventory) fn lies_at(&mut self, context: &Arc<FileContext>) {
        self.beside.push(Arc::clone(context));
    }

    /// The place of a group, made if it is new.
    pub(super) fn group(&mut self, name: &str) -> usize {
        if let Some(&known) = self.groups_by_name.get(name) {
            return known;
        }
        let name: Arc<str> = Arc::from(name);
        self.groups.push(Group { name: Arc::clone(&name), ..Group::default() });
        self.groups_by_name.insert(name, self.groups.len() - 1);
        self.groups.len() - 1
    }

    /// The place of a group that has a section of its own.
    pub(super) fn defined_group(&mut self, name: &str) -> usize {
        let group = self.group(name);
        self.groups[group].defined = true;
        group
    }

    /// The place of a host, made if it is new; `None` where there are too many.
    pub(super) fn host(&mut self, name: &str, at: Place, context: &Arc<FileContext>) -> Option<usize> {
        let key = name.to_lowercase();
        let place = match self.hosts_by_name.get(&key) {
            Some(&known) => known,
            None if self.hosts.len() == MOST_HOSTS => {
                let what = format!("with '{name}', the inventories have more than {MOST_HOSTS} hosts");
                self.too_many.get_or_insert_with(|| Problem::at(&context.file, at, "", what));
                return None;
            }
            None => {
                self.hosts.push(Host {
                    name: Arc::from(name),
                    at,
                    contexts: Vec::new(),
                    groups: Vec::new(),
                    vars: Vars::new(),
                    file_vars: Vars::new(),
                });
                self.hosts_by_name.insert(key, self.hosts.len() - 1);
                self.hosts.len() - 1
            }
        };
        let contexts = &mut self.hosts[place].contexts;
        if contexts.last().is_none_or(|last| last.source != context.source) {
            contexts.push(Arc::clone(context));
        }
        Some(place)
    }

    /// Puts a host into a group.
    pub(super) fn join(&mut self, host: usize, group: usize) {
        let groups = &mut self.hosts[host].groups;
        if !groups.contains(&group) {
            groups.push(group);
        }
    }

    /// Adds what Ansible adds to what it reads: `all`, and `ungrouped` for the hosts that nothing else has.
    pub(super) fn complete(&mut self) {
        if self.hosts.is_empty() {
            return;
        }
        let (all, ungrouped) = (self.group(ALL), self.group(UNGROUPED));
        for host in &mut self.hosts {
            host.groups.retain(|&group| group != ungrouped);
            if host.groups.iter().all(|&group| group == all) {
                host.groups.push(ungrouped);
                self.groups[ungrouped].defined = true;
            }
        }
    }

    /// Puts a group below another.
    pub(super) fn adopt(&mut self, parent: usize, child: usize, at: Place, context: &Arc<FileContext>) {
        let children = &mut self.groups[parent].children;
        if !children.iter().any(|(known, ..)| *known == child) {
            children.push((child, Arc::clone(context), at));
        }
    }

    /// Sets a variable of a host; what is read later counts.
    pub(super) fn set_host(&mut self, host: usize, entry: Entry, context: &Arc<FileContext>) {
        let host = &mut self.hosts[host];
        host.vars.insert(entry.key, Var::of_host(&host.name, entry.node, context));
    }

    /// Sets a variable of a group; what is read later counts.
    pub(super) fn set_group(&mut self, group: usize, entry: Entry, context: &Arc<FileContext>) {
        let group = &mut self.groups[group];
        group.vars.insert(entry.key, Var::of_group(&group.name, entry.node, context));
    }
}

fn origin(entry: &Arc<str>, node: &Node, context: &FileContext) -> Origin {
    Origin { file: context.file.clone(), line: node.at.line, entry: Arc::clone(entry) }
}
