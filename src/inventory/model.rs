//! The inventory in memory: hosts, groups, defaults, with the place of everything.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::sparse::Sparse;
use super::ssh_config::SshConfig;
use crate::config::{Given, Place, Problem, Source, Transport, plain_zone};
use crate::nearest::did_you_mean;
use crate::target::Variable;

/// What one host, group or file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Layer {
    /// Connection keys.
    pub connection: Sparse,
    /// Variables (`host.NAME`).
    pub vars: BTreeMap<String, Given<Variable>>,
    /// Labels (`label:KEY=VALUE`).
    pub labels: BTreeMap<String, Given<String>>,
    /// What a variable is if nobody says anything else: an empty cell takes nothing away from what others say.
    pub blanks: BTreeMap<String, Given<Variable>>,
    /// Connection keys that have a value which cannot be used, and why: a problem of the hosts that need it.
    pub refused: BTreeMap<&'static str, Problem>,
}

impl Layer {
    /// Fills what this layer leaves open from a weaker one.
    pub(super) fn fill(&mut self, weaker: &Self) {
        for (key, problem) in weaker.refused.iter().filter(|(key, _)| !self.connection.sets(key)) {
            self.refused.entry(key).or_insert_with(|| problem.clone());
        }
        self.connection.fill(&weaker.connection);
        for (key, value) in &weaker.vars {
            self.vars.entry(key.clone()).or_insert_with(|| value.clone());
        }
        for (key, value) in &weaker.labels {
            self.labels.entry(key.clone()).or_insert_with(|| value.clone());
        }
        for (key, value) in &weaker.blanks {
            self.blanks.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }

    /// What both layers set differently: key and both origins.
    pub(super) fn disagreements<'a>(&'a self, other: &'a Self) -> Vec<(String, &'a Source, &'a Source)> {
        let connection = self.connection.disagreements(&other.connection);
        let mut found: Vec<_> = connection.into_iter().map(|(key, one, two)| (key.to_owned(), one, two)).collect();
        found.extend(differ("vars", &self.vars, &other.vars));
        found.extend(differ("labels", &self.labels, &other.labels));
        found
    }
}

fn differ<'a, T: PartialEq>(
    what: &str,
    one: &'a BTreeMap<String, Given<T>>,
    two: &'a BTreeMap<String, Given<T>>,
) -> Vec<(String, &'a Source, &'a Source)> {
    let pair = |(key, mine): (&String, &'a Given<T>)| {
        let theirs = two.get(key)?;
        (mine.value != theirs.value).then(|| (format!("{what}.{key}"), &mine.source, &theirs.source))
    };
    one.iter().filter_map(pair).collect()
}

/// A host of the inventory, or one that was only named on the command line.
#[derive(Debug, Clone)]
pub(super) struct Host {
    /// The name as first written.
    pub name: Arc<str>,
    /// The name without brackets and port: where to connect unless an `address` says otherwise.
    pub host: String,
    /// The scheme of a URL, weaker than any transport key of host and groups.
    pub scheme: Option<Given<Transport>>,
    /// What a URL on the command line says, stronger than the host's own entry.
    pub url: Sparse,
    /// What its own entry says.
    pub layer: Layer,
    /// The groups that name it.
    pub groups: Vec<usize>,
    /// The inventories that name it.
    pub sources: Vec<usize>,
}

/// A group of hosts.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    /// Its name.
    pub name: String,
    /// What it says.
    pub layer: Layer,
    /// The groups below it.
    pub children: Vec<Child>,
    /// It has its own table somewhere; otherwise somebody names a group that doesn't exist.
    pub defined: bool,
}

/// A group named as the child of another.
#[derive(Debug, Clone)]
pub(super) struct Child {
    /// The group below.
    pub group: usize,
    /// The file that says so.
    pub file: Arc<Path>,
    /// The place in the file.
    pub at: Place,
}

/// One inventory that was read.
#[derive(Debug, Clone, Default)]
pub(super) struct SourceFile {
    /// What it says for all its hosts.
    pub defaults: Layer,
    /// Named by a flag or the configuration, and not only inside an expression.
    pub main: bool,
    /// It is an SSH configuration, whose sections hold for hosts that it does not name too.
    pub ssh: Option<Arc<SshConfig>>,
}

/// All inventories together.
#[derive(Debug, Clone, Default)]
pub(super) struct Inventory {
    /// The hosts in the order of their first mention.
    pub hosts: Vec<Host>,
    /// The groups in the order of their first mention.
    pub groups: Vec<Group>,
    /// The inventories in the order they were read.
    pub sources: Vec<SourceFile>,
    hosts_by_name: HashMap<String, usize>,
    groups_by_name: HashMap<String, usize>,
}

impl Inventory {
    /// The place of a host by name; names have no case.
    pub(super) fn host(&self, name: &str) -> Option<usize> {
        self.hosts_by_name.get(&name.to_lowercase()).copied()
    }

    /// The place of a host, made if it is new.
    pub(super) fn host_or_new(&mut self, name: &str) -> usize {
        *self.hosts_by_name.entry(name.to_lowercase()).or_insert_with(|| {
            self.hosts.push(Host {
                name: Arc::from(name),
                host: plain_zone(name.trim_start_matches('[').trim_end_matches(']')).into_owned(),
                scheme: None,
                url: Sparse::default(),
                layer: Layer::default(),
                groups: Vec::new(),
                sources: Vec::new(),
            });
            self.hosts.len() - 1
        })
    }

    /// Notes that an inventory names a host.
    pub(super) fn mention(&mut self, name: &str, source: usize) -> usize {
        let host = self.host_or_new(name);
        if self.hosts[host].sources.last() != Some(&source) {
            self.hosts[host].sources.push(source);
        }
        host
    }

    /// The place of a group that is defined somewhere.
    pub(super) fn group(&self, name: &str) -> Option<usize> {
        self.groups_by_name.get(name).copied().filter(|&group| self.groups[group].defined)
    }

    /// The place of a group, made if it is new.
    pub(super) fn group_or_new(&mut self, name: &str) -> usize {
        *self.groups_by_name.entry(name.to_owned()).or_insert_with(|| {
            self.groups.push(Group { name: name.to_owned(), ..Group::default() });
            self.groups.len() - 1
        })
    }

    /// The names of the groups that are defined.
    pub(super) fn group_names(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().filter(|group| group.defined).map(|group| group.name.as_str())
    }

    /// A group with everything below it.
    pub(super) fn with_children(&self, group: usize) -> Vec<usize> {
        let mut found = vec![group];
        let mut is_found = vec![false; self.groups.len()];
        is_found[group] = true;
        let mut next = 0;
        while let Some(&group) = found.get(next) {
            for child in &self.groups[group].children {
                if !std::mem::replace(&mut is_found[child.group], true) {
                    found.push(child.group);
                }
            }
            next += 1;
        }
        found
    }

    /// What can be wrong only once everything is read: children that don't exist and circles.
    pub(super) fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let circular = self.in_circles();
        for (place, group) in self.groups.iter().enumerate() {
            for child in &group.children {
                let name = &self.groups[child.group].name;
                let path = format!("groups > {} > children", group.name);
                let problem = |what: String| Problem::at(&child.file, child.at, path, what);
                if !self.groups[child.group].defined {
                    let hint = did_you_mean(name, self.group_names());
                    problems.push(Problem { hint, ..problem(format!("unknown group '{name}'")) });
                } else if circular[place] && circular[child.group] && self.with_children(child.group).contains(&place) {
                    problems.push(problem(format!("group '{}' contains itself through '{name}'", group.name)));
                }
            }
        }
        problems
    }

    /// The groups that are on a circle, or below one: those that are left when whoever has no parents is taken away, again
    /// and again.
    fn in_circles(&self) -> Vec<bool> {
        let children = |place: usize| self.groups[place].children.iter().map(|child| child.group);
        let mut parents = vec![0_usize; self.groups.len()];
        (0..self.groups.len()).flat_map(children).for_each(|child| parents[child] += 1);
        let mut free: Vec<usize> = (0..self.groups.len()).filter(|place| parents[*place] == 0).collect();
        while let Some(place) = free.pop() {
            for child in children(place) {
                parents[child] -= 1;
                if parents[child] == 0 {
                    free.push(child);
                }
            }
        }
        parents.into_iter().map(|parents| parents > 0).collect()
    }
}
