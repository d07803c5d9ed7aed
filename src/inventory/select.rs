//! Who is meant: expressions against an inventory.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use crate::config::{Problem, did_you_mean};

use super::effective::Effective;
use super::expression::{Atom, Expression, Operator, Term};
use super::fold::natural;
use super::model::Inventory;
use super::pattern::matches;
use super::request::Order;

/// What expressions are looked up in. Literal names and URLs are already hosts of the inventory.
pub struct Lookup<'a> {
    /// All hosts.
    pub inventory: &'a Inventory,
    /// Their settings, in the same order.
    pub effective: &'a [Effective],
    /// All groups of each host.
    pub groups: &'a [Vec<usize>],
    /// The inventories that expressions name.
    pub files: &'a HashMap<PathBuf, usize>,
}

/// Hosts by their place in the inventory: so they stay in its order, and none is there twice.
pub type Hosts = BTreeSet<usize>;

impl Lookup<'_> {
    /// The union of expressions. Terms that begin with `!` or `&` work on the union of the others.
    pub fn select(&self, expressions: &[Expression], problems: &mut Vec<Problem>) -> Hosts {
        let terms: Vec<&Term> = expressions.iter().flat_map(|expression| &expression.terms).collect();
        let mut hosts = Hosts::new();
        for term in terms.iter().filter(|term| term.first.is_some()) {
            hosts.extend(self.term(Hosts::new(), term, problems));
        }
        for term in terms.iter().filter(|term| term.first.is_none()) {
            hosts = self.term(hosts, term, problems);
        }
        hosts
    }

    fn term(&self, left: Hosts, term: &Term, problems: &mut Vec<Problem>) -> Hosts {
        let mut hosts = match &term.first {
            Some(atom) => self.atom(atom, problems),
            None => left,
        };
        for (operator, atom) in &term.rest {
            let right = self.atom(atom, problems);
            match operator {
                Operator::And => hosts.retain(|host| right.contains(host)),
                Operator::Not => hosts.retain(|host| !right.contains(host)),
            }
        }
        hosts
    }

    fn atom(&self, atom: &Atom, problems: &mut Vec<Problem>) -> Hosts {
        match atom {
            Atom::All => {
                if let Some(hint) = self.no_inventory() {
                    push(problems, Problem::new("'@all' is the whole inventory, and there is none").with_hint(hint));
                }
                self.known().collect()
            }
            Atom::Group(name) => self.group(name, problems),
            Atom::File(path) => self.source(path),
            Atom::Stdin => self.source(&PathBuf::from("-")),
            Atom::Label(key, value) => self.label(key, value, problems),
            Atom::Glob(pattern) => self.glob(pattern, problems),
            Atom::Names(names) => names.iter().filter_map(|name| self.inventory.host(name)).collect(),
            Atom::Urls(urls) => urls.iter().filter_map(|url| self.inventory.host(&url.name)).collect(),
        }
    }

    /// The hosts that inventories name; ad-hoc hosts of the command line are not part of `@all`.
    fn known(&self) -> impl Iterator<Item = usize> {
        let main = |source: &usize| self.inventory.sources[*source].main;
        (0..self.inventory.hosts.len()).filter(move |&host| self.inventory.hosts[host].sources.iter().any(main))
    }

    fn group(&self, name: &str, problems: &mut Vec<Problem>) -> Hosts {
        let Some(group) = self.inventory.group(name) else {
            let names = self.inventory.group_names().chain(["all"]);
            let hint = self.no_inventory().or_else(|| did_you_mean(name, names));
            push(problems, Problem { hint, ..Problem::new(format!("unknown group '@{name}'")) });
            return Hosts::new();
        };
        (0..self.groups.len()).filter(|&host| self.groups[host].contains(&group)).collect()
    }

    /// What to do where there is nothing to choose from.
    fn no_inventory(&self) -> Option<String> {
        let none = !self.inventory.sources.iter().any(|source| source.main);
        none.then(|| {
            "there is no inventory: name one with -i FILE, or as inventory = [\"FILE\"] in psfleet.toml".to_owned()
        })
    }

    fn source(&self, path: &PathBuf) -> Hosts {
        let Some(source) = self.files.get(path) else { return Hosts::new() };
        (0..self.inventory.hosts.len()).filter(|&host| self.inventory.hosts[host].sources.contains(source)).collect()
    }

    fn label(&self, key: &str, value: &str, problems: &mut Vec<Problem>) -> Hosts {
        let has =
            |host: &usize| self.effective[*host].labels.get(key).is_some_and(|label| matches(value, &label.value));
        let hosts: Hosts = self.known().filter(has).collect();
        if hosts.is_empty() {
            let labels = || self.known().flat_map(|host| &self.effective[host].labels);
            let keys: BTreeSet<&str> = labels().map(|(key, _)| key.as_str()).collect();
            let values: BTreeSet<&str> =
                labels().filter(|(name, _)| *name == key).map(|(_, label)| label.value.as_str()).collect();
            let hint = match keys.contains(key) {
                _ if keys.is_empty() => self.no_inventory(),
                true => did_you_mean(value, values.iter().copied()).or_else(|| {
                    Some(format!("known values are {}", values.iter().copied().take(20).collect::<Vec<_>>().join(", ")))
                }),
                false => did_you_mean(key, keys.iter().copied()),
            };
            push(problems, Problem { hint, ..Problem::new(format!("no host has the label '{key}={value}'")) });
        }
        hosts
    }

    fn glob(&self, pattern: &str, problems: &mut Vec<Problem>) -> Hosts {
        let hosts: Hosts = self.known().filter(|&host| matches(pattern, &self.inventory.hosts[host].name)).collect();
        if hosts.is_empty() {
            let names = self.known().map(|host| self.inventory.hosts[host].name.as_ref());
            let hint = self.no_inventory().or_else(|| did_you_mean(pattern, names));
            push(problems, Problem { hint, ..Problem::new(format!("no host of the inventory matches '{pattern}'")) });
        }
        hosts
    }

    /// Draws and sorts: first the draw, so that `--order` says how the drawn ones are used.
    pub fn arrange(
        &self,
        hosts: Hosts,
        pick: Option<usize>,
        order: Option<&Order>,
        random: &mut dyn FnMut() -> u64,
    ) -> Vec<usize> {
        let mut hosts: Vec<usize> = hosts.into_iter().collect();
        if let Some(count) = pick {
            shuffle(&mut hosts, random);
            hosts.truncate(count);
            hosts.sort_unstable();
        }
        let name = |host: usize| self.inventory.hosts[host].name.as_ref();
        match order {
            None => {}
            Some(Order::Name) => hosts.sort_by(|&one, &two| natural(name(one), name(two))),
            Some(Order::Shuffle) => shuffle(&mut hosts, random),
            Some(Order::Label(key)) => {
                let label = |host: usize| self.effective[host].labels.get(key).map(|label| label.value.as_str());
                hosts.sort_by(|&one, &two| match (label(one), label(two)) {
                    (Some(one), Some(two)) => natural(one, two),
                    (one, two) => one.is_none().cmp(&two.is_none()),
                });
            }
        }
        hosts
    }
}

fn push(problems: &mut Vec<Problem>, problem: Problem) {
    if !problems.contains(&problem) {
        problems.push(problem);
    }
}

/// Fisher and Yates.
fn shuffle(hosts: &mut [usize], random: &mut dyn FnMut() -> u64) {
    for last in (1..hosts.len()).rev() {
        let other = (random() % (last as u64 + 1)) as usize;
        hosts.swap(last, other);
    }
}
