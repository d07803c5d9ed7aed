//! Which variables a host has, as Ansible decides it, and the host with them in our own model.
//!
//! The host's own count before those of its groups, and those of files beside the inventory before the inventory's; of two
//! groups the one that is deeper counts, then the one with the higher `ansible_group_priority`, then the one whose name
//! comes later; `all` counts least.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Given, Problem, Value};
use crate::target::Variable;

use super::super::model::{Child, Inventory, Layer};
use super::super::row::merge;
use super::model::{ALL, AnsibleInventory, Effective, Group, Host, Var};
use super::settings::{Unused, connect, is_encrypted, is_setting, is_template};

/// The most names that a warning lists.
const MOST: usize = 10;

/// What was read and cannot be used as it is: one warning for each.
#[derive(Debug, Default)]
struct Noted<'a> {
    unused: BTreeMap<&'a str, &'a Var>,
    templates: BTreeMap<&'a str, &'a Var>,
    encrypted: BTreeMap<&'a str, &'a Var>,
}

impl AnsibleInventory {
    /// Puts hosts and groups into our own model; answers with what the user should know.
    pub(in crate::inventory) fn finish(
        &mut self,
        inventory: &mut Inventory,
        problems: &mut Vec<Problem>,
    ) -> Vec<String> {
        if let Some(problem) = self.too_many.take() {
            // Nothing is done with so many; they need not be built.
            problems.push(problem);
            return Vec::new();
        }
        problems.extend(self.limit_levels());
        let mut warnings = Vec::new();
        let groups = self.own_groups(inventory, &mut warnings);
        let (above, depths) = self.lineage();
        let mut noted = Noted::default();
        for host in &self.hosts {
            let mut members: BTreeSet<usize> = host.groups.iter().copied().collect();
            members.extend(host.groups.iter().flat_map(|&group| &above[group]));
            let mut order: Vec<usize> = members.into_iter().filter(|&group| &*self.groups[group].name != ALL).collect();
            order.sort_by_cached_key(|&group| {
                let found = &self.groups[group];
                (depths[group], priority(found), found.name.clone())
            });
            let effective = self.effective(host, &order);
            self.add(host, &effective, &groups, inventory, problems, &mut noted);
        }
        warnings.extend(noted.warnings());
        warnings
    }

    /// The groups of our own model that stand for these; `all` has none there.
    fn own_groups(&self, inventory: &mut Inventory, warnings: &mut Vec<String>) -> Vec<Option<usize>> {
        let mut renamed = Vec::new();
        let mut own: Vec<Option<usize>> = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            own.push((&*group.name != ALL).then(|| {
                let name = addressable(&group.name);
                if name != *group.name {
                    renamed.push(format!("{} (@{name})", group.name));
                }
                let place = inventory.group_or_new(&name);
                inventory.groups[place].defined |= group.defined;
                place
            }));
        }
        for (parent, children) in
            self.groups.iter().zip(&own).filter_map(|(group, own)| Some(((*own)?, &group.children)))
        {
            for (child, context, at) in children {
                let known = &mut inventory.groups[parent].children;
                if let Some(child) = own[*child].filter(|child| !known.iter().any(|known| known.group == *child)) {
                    known.push(Child { group: child, file: context.file.clone(), at: *at });
                }
            }
        }
        if !renamed.is_empty() {
            warnings
                .push(format!("groups whose names an expression cannot hold have others here: {}", renamed.join(", ")));
        }
        own
    }

    /// The groups above each group, and how deep each is below `all`. A circle ends where it began: it is a problem of
    /// its own.
    fn lineage(&self) -> (Vec<BTreeSet<usize>>, Vec<usize>) {
        let mut parents = vec![Vec::new(); self.groups.len()];
        for (parent, group) in self.groups.iter().enumerate().filter(|(_, group)| &*group.name != ALL) {
            group.children.iter().for_each(|(child, ..)| parents[*child].push(parent));
        }
        let above = |group: usize| {
            let (mut found, mut next) = (BTreeSet::new(), parents[group].clone());
            while let Some(parent) = next.pop() {
                if found.insert(parent) {
                    next.extend(&parents[parent]);
                }
            }
            found
        };
        let above: Vec<BTreeSet<usize>> = (0..self.groups.len()).map(above).collect();
        // The longest way up. Whoever has a parent is one deeper than the deepest of them.
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.sort_by_key(|&group| above[group].len());
        let mut depths = vec![1; self.groups.len()];
        for group in order {
            depths[group] = parents[group].iter().map(|&parent| depths[parent] + 1).max().unwrap_or(1);
        }
        (above, depths)
    }

    /// The variables of a host; `order` has its groups, the weakest first.
    fn effective<'a>(&'a self, host: &'a Host, order: &[usize]) -> Effective<'a> {
        let mut effective = Effective::new();
        let all = self.groups.iter().find(|group| &*group.name == ALL);
        let groups = || all.into_iter().chain(order.iter().map(|&group| &self.groups[group]));
        let of_groups = groups().map(|group| &group.vars).chain(groups().map(|group| &group.file_vars));
        for vars in of_groups.chain([&host.vars, &host.file_vars]) {
            effective.extend(vars.iter().map(|(name, var)| (name.as_str(), var)));
        }
        effective
    }

    fn add<'a>(
        &self,
        host: &Host,
        effective: &Effective<'a>,
        groups: &[Option<usize>],
        inventory: &mut Inventory,
        problems: &mut Vec<Problem>,
        noted: &mut Noted<'a>,
    ) {
        let Some(context) = host.contexts.first() else { return };
        let mut layer = Layer::default();
        let Unused(unused) = connect(effective, &mut layer, problems);
        noted.unused.extend(unused);
        for (&name, &var) in effective.iter().filter(|(name, _)| !is_setting(name)) {
            if is_encrypted(&var.node) {
                noted.encrypted.entry(name).or_insert(var);
                continue;
            }
            if is_template(&var.node) {
                noted.templates.entry(name).or_insert(var);
            }
            let variable = Variable::of_json(var.node.to_json());
            layer.vars.insert(name.to_owned(), Given::new(variable, var.source.clone()));
        }
        let place = host.contexts.iter().map(|context| inventory.mention(&host.name, context.source)).last();
        let Some(place) = place else { return };
        merge(&mut inventory.hosts[place].layer, &layer, &format!("hosts > {}", host.name), host.at, context, problems);
        for group in host.groups.iter().filter_map(|&group| groups[group]) {
            if !inventory.hosts[place].groups.contains(&group) {
                inventory.hosts[place].groups.push(group);
            }
        }
    }
}

impl Noted<'_> {
    fn warnings(self) -> impl Iterator<Item = String> {
        let listed = |found: BTreeMap<&str, &Var>| {
            let first = found.values().next()?.source.clone();
            let more = found.len().saturating_sub(MOST);
            let names = found.into_keys().take(MOST).collect::<Vec<_>>().join(", ");
            let names = if more == 0 { names } else { format!("{names} and {more} more") };
            Some((names, first))
        };
        let unused = listed(self.unused).map(|(names, first)| {
            format!("of what is set for Ansible, this has no effect here: {names} (first: {first})")
        });
        let templates = listed(self.templates).map(|(names, first)| {
            format!(
                "templates are not evaluated; these variables are the text that stands there: {names} (first: {first})"
            )
        });
        let encrypted = listed(self.encrypted).map(|(names, first)| {
            format!("encrypted by ansible-vault, which is not opened here, so hosts do not have these: {names} (first: {first})")
        });
        unused.into_iter().chain(templates).chain(encrypted)
    }
}

/// `ansible_group_priority`, as the inventory sets it.
fn priority(group: &Group) -> i64 {
    let var = group.vars.get("ansible_group_priority").map(|var| &var.node);
    var.and_then(|node| if let Value::Number(_) | Value::Text(_) = node.value { node.as_text() } else { None })
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(1)
}

/// The name under which expressions find a group: what they cannot hold is `_`, as Ansible itself replaces it.
fn addressable(name: &str) -> String {
    let fits = |character: char| if character.is_alphanumeric() || character == '-' { character } else { '_' };
    let name: String = name.chars().map(fits).collect();
    if matches!(&*name, "last" | "run") { format!("{name}_") } else { name }
}
