//! What earlier runs know of the facts that a request asks for. They are asked once the inventory is known, since it says
//! of whom.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::config::{FactsOfHost, Problem, System};
use crate::hostlist::{fold, natural};

use super::expression::{Atom, Expression};
use super::fact::{Fact, FactName};
use super::host_settings::HostFact;
use super::model::Inventory;

/// The facts that the expressions of a request ask for.
pub(super) struct KnownFacts {
    /// By name, of each host by its name in small letters.
    known: BTreeMap<FactName, HashMap<String, FactsOfHost>>,
}

impl KnownFacts {
    /// Looks up what expressions ask for, of the hosts of the inventory, or of all where there is none, and puts the hosts'
    /// names in place of it.
    pub(super) fn look_up<'a>(
        expressions: impl Iterator<Item = &'a mut Expression>,
        inventory: &Inventory,
        around: &mut dyn System,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut facts = Self { known: BTreeMap::new() };
        let expressions: Vec<&mut Expression> = expressions.collect();
        let hosts = hosts_of(&expressions, inventory);
        for atom in expressions.into_iter().flat_map(Expression::atoms_mut) {
            let Atom::Fact(fact) = atom else { continue };
            let found = facts.hosts(fact, hosts.as_deref(), around);
            *atom = Atom::Names(found.unwrap_or_else(|problem| {
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
                Vec::new()
            }));
        }
        facts
    }

    /// The hosts that a fact holds of.
    fn hosts(
        &mut self,
        fact: &Fact,
        hosts: Option<&[String]>,
        around: &mut dyn System,
    ) -> Result<Vec<String>, Problem> {
        let FactName { kind, property } = &fact.name;
        if !self.known.contains_key(&fact.name) {
            let found =
                around.facts(kind, property, hosts).map_err(|what| Problem::new(format!("fact:{fact}: {what}")))?;
            let found: HashMap<String, FactsOfHost> =
                found.into_iter().map(|found| (found.host.to_lowercase(), found)).collect();
            let without = hosts.unwrap_or_default().iter().filter(|host| !found.contains_key(&host.to_lowercase()));
            let without: Vec<&str> = without.map(String::as_str).collect();
            if !without.is_empty() && !found.is_empty() {
                around.warn(&format!("no run that is kept knows {} of {}", fact.name, fold(without)));
            }
            self.known.insert(fact.name.clone(), found);
        }
        let known: Vec<&FactsOfHost> = self.known.get(&fact.name).into_iter().flat_map(HashMap::values).collect();
        let held = known.iter().filter(|found| fact.holds(found));
        let mut held: Vec<String> = held.map(|found| found.host.clone()).collect();
        held.sort_by(|one, two| natural(one, two));
        let values: BTreeSet<&str> = known.iter().flat_map(|found| &found.values).map(String::as_str).collect();
        match held.is_empty() {
            false => Ok(held),
            true if values.is_empty() => {
                let what = format!("no run that is kept knows {} of any host", fact.name);
                Err(Problem::new(what).with_hint(how_to_gather(kind)))
            }
            true => {
                let values = values.into_iter().take(MOST_IN_HINT).collect::<Vec<_>>().join(", ");
                let problem = Problem::new(format!("no host has the fact '{fact}'"));
                Err(problem.with_hint(format!("known values are {values}")))
            }
        }
    }

    /// What was found out of a host.
    pub(super) fn of(&self, host: &str) -> Vec<HostFact> {
        let lower = host.to_lowercase();
        let fact = |(name, hosts): (&FactName, &HashMap<String, FactsOfHost>)| {
            let FactsOfHost { values, origin, .. } = hosts.get(&lower)?;
            Some(HostFact { name: name.to_string(), values: values.clone(), origin: origin.clone() })
        };
        self.known.iter().filter_map(fact).collect()
    }
}

/// As many values are listed in a hint.
const MOST_IN_HINT: usize = 20;

/// The hosts of an inventory and those that expressions name; `None` where there is no inventory to choose from.
fn hosts_of(expressions: &[&mut Expression], inventory: &Inventory) -> Option<Vec<String>> {
    if !inventory.sources.iter().any(|source| source.main) {
        return None;
    }
    let names = |atom: &Atom| if let Atom::Names(names) = atom { names.clone() } else { Vec::new() };
    let literal = expressions.iter().flat_map(|expression| expression.atoms()).flat_map(names);
    let mut hosts: Vec<String> = inventory.hosts.iter().map(|host| host.name.to_string()).collect();
    hosts.extend(literal.filter(|name| inventory.host(name).is_none()));
    Some(hosts)
}

fn how_to_gather(kind: &str) -> String {
    let is_cim = ["win32_", "cim_", "msft_"].iter().any(|prefix| kind.to_lowercase().starts_with(prefix));
    match is_cim {
        true => format!("gather it first: psfleet run -t @all 'Get-CimInstance {kind}' -o none"),
        false => format!("run a script first that returns objects of the type {kind}: what it returns is kept"),
    }
}
