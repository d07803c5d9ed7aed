//! Which hosts are meant: expressions applied to an inventory.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use crate::config::Problem;
use crate::hostlist::natural;
use crate::nearest::did_you_mean;

use super::effective::Effective;
use super::expression::{Atom, Expression, Operator, Term};
use super::model::Inventory;
use super::request::Order;
use crate::pattern::matches;

/// What expressions are looked up in. Literal names and URLs are already hosts of the inventory.
pub(super) struct Lookup<'a> {
    /// All hosts.
    pub inventory: &'a Inventory,
    /// Their settings, in the same order.
    pub effective: &'a [Effective],
    /// All groups of each host.
    pub groups: &'a [Vec<usize>],
    /// The inventories that expressions name.
    pub files: &'a HashMap<PathBuf, usize>,
}

/// As many names are listed in a hint.
const MOST: usize = 20;

/// What to do where no host has anything that it could be chosen by.
const NO_LABELS: &str = "no host of the inventory has labels: write labels = { site = \"ber\" } at a host or a group, \
                         or call a CSV \
     column labels.site";

/// Hosts by their place in the inventory: so they stay in its order, and none is there twice.
pub(super) type Hosts = BTreeSet<usize>;

impl Lookup<'_> {
    /// The union of expressions. Terms that begin with `!` or `&` work on the union of the others.
    pub(super) fn select(&self, expressions: &[Expression], problems: &mut Vec<Problem>) -> Hosts {
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
                    push(problems, Problem::new("'@all' names no host").with_hint(hint));
                }
                self.known().collect()
            }
            Atom::Group(name) => self.group(name, problems),
            Atom::File(path) => self.source(path),
            Atom::Stdin => self.source(&PathBuf::from("-")),
            Atom::Label(key, value) => self.label(key, value, problems),
            Atom::Glob(pattern) => self.glob(pattern, problems),
            // By names since the expression was read.
            Atom::Run(..) | Atom::Fact(_) => Hosts::new(),
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

    /// What `label:KEY` means of a host: its label of that name, else its variable, whatever the case. Columns of a CSV
    /// file are variables.
    fn trait_of(&self, host: usize, key: &str) -> Option<Cow<'_, str>> {
        let Effective { labels, vars, .. } = &self.effective[host];
        let label = named(labels, key).map(|label| Cow::Borrowed(label.value.as_str()));
        label.or_else(|| named(vars, key).and_then(|var| var.value.single()).map(Cow::Owned))
    }

    fn label(&self, key: &str, value: &str, problems: &mut Vec<Problem>) -> Hosts {
        let has = |host: &usize| self.trait_of(*host, key).is_some_and(|found| matches(value, &found));
        let hosts: Hosts = self.known().filter(has).collect();
        if hosts.is_empty() {
            let hint = self.no_inventory().or_else(|| self.near_label(key, value));
            push(problems, Problem { hint, ..Problem::new(format!("no host has the label '{key}={value}'")) });
        }
        hosts
    }

    /// What may have been meant by a label that no host has.
    fn near_label(&self, key: &str, value: &str) -> Option<String> {
        let values: BTreeSet<Cow<'_, str>> = self.known().filter_map(|host| self.trait_of(host, key)).collect();
        let effective = || self.known().map(|host| &self.effective[host]);
        let keys: BTreeSet<&str> =
            effective().flat_map(|found| found.labels.keys().chain(found.vars.keys())).map(String::as_str).collect();
        if keys.is_empty() {
            return Some(NO_LABELS.to_owned());
        }
        if values.is_empty() {
            let known = || format!("known labels and variables are {}", first(keys.iter().copied()));
            return did_you_mean(key, keys.iter().copied()).or_else(|| Some(known()));
        }
        let values = || values.iter().map(|value| &**value);
        did_you_mean(value, values()).or_else(|| Some(format!("known values are {}", first(values()))))
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

    /// Whether some of the hosts has the label that sorts them.
    pub(super) fn check_order(&self, hosts: &Hosts, order: Option<&Order>, problems: &mut Vec<Problem>) {
        if let Some(Order::Label(key)) = order
            && !hosts.is_empty()
            && hosts.iter().all(|host| self.trait_of(*host, key).is_none())
        {
            let what = format!("--order label:{key}: no host of this run has a label or variable '{key}'");
            push(problems, Problem { hint: self.no_inventory(), ..Problem::new(what) });
        }
    }

    /// Draws and sorts: first the draw, so that `--order` says how the drawn ones are used.
    pub(super) fn arrange(
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
                let mut labelled: Vec<_> = hosts.iter().map(|&host| (self.trait_of(host, key), host)).collect();
                labelled.sort_by(|(one, _), (two, _)| match (one, two) {
                    (Some(one), Some(two)) => natural(one, two),
                    (one, two) => one.is_none().cmp(&two.is_none()),
                });
                hosts = labelled.into_iter().map(|(_, host)| host).collect();
            }
        }
        hosts
    }
}

/// The entry of a name, whatever the case if there is none with exactly this name.
fn named<'m, T>(map: &'m BTreeMap<String, T>, name: &str) -> Option<&'m T> {
    let lower = name.to_lowercase();
    map.get(name).or_else(|| map.iter().find(|(key, _)| key.to_lowercase() == lower).map(|(_, value)| value))
}

/// The first of many, for a hint.
fn first<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    texts.take(MOST).map(|text| if text.is_empty() { "''" } else { text }).collect::<Vec<_>>().join(", ")
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
