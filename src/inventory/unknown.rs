//! Literal names that no inventory has, and the known name that was probably meant.

use super::expression::{Atom, Expression};
use super::model::Inventory;

/// A name beyond these is not looked at: who names so many hosts by hand has no slip of the hand in all of them.
const MOST: usize = 20;

/// One line for each literal name that is near to a name of the inventories. A name that they lack is a host all the
/// same.
///
/// Near is one slip (a letter more, less, wrong or in the wrong place), the short form of a full name, or a group's
/// name without its `@`, as is `all`.
pub(super) fn unknown_names(targets: &[Expression], exclude: &[Expression], inventory: &Inventory) -> Vec<String> {
    if inventory.hosts.is_empty() {
        return Vec::new();
    }
    let literal = |expressions: &[Expression]| {
        let atoms = expressions.iter().flat_map(Expression::atoms);
        let names = atoms.filter_map(|atom| if let Atom::Names(names) = atom { Some(names.clone()) } else { None });
        names.flatten().filter(|name| inventory.host(name).is_none()).take(MOST).collect::<Vec<_>>()
    };
    let wanted = literal(targets);
    let taken = wanted.iter().map(|name| (name, "is taken as it is"));
    let excluded = literal(exclude).into_iter().filter(|name| !wanted.contains(name)).collect::<Vec<_>>();
    let line = |(name, effect): (&String, &str)| {
        let meant = meant(name, inventory)?;
        Some(format!("'{name}' is not in the inventory and {effect}; did you mean '{meant}'?"))
    };
    taken.chain(excluded.iter().map(|name| (name, "excludes nothing"))).filter_map(line).collect()
}

fn meant(name: &str, inventory: &Inventory) -> Option<String> {
    if let Some(group) = inventory.group_names().find(|group| group.eq_ignore_ascii_case(name)) {
        return Some(format!("@{group}"));
    }
    if name.eq_ignore_ascii_case("all") {
        return Some("@all".to_owned());
    }
    let hosts = || inventory.hosts.iter().map(|host| host.name.as_ref());
    let label = |name: &str| name.split('.').next().unwrap_or_default().to_lowercase();
    let is_address = name.parse::<std::net::IpAddr>().is_ok();
    let short =
        hosts().find(|host| !is_address && (!host.contains('.') || !name.contains('.')) && label(host) == label(name));
    let one_slip = |host: &&str| strsim::damerau_levenshtein(&host.to_lowercase(), &name.to_lowercase()) == 1;
    short.or_else(|| hosts().find(one_slip)).map(str::to_owned)
}
