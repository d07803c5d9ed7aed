//! The names that inventories know, for somebody who is still typing one.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Config, System};

use super::expression::is_host_name;
use super::load::Loader;
use super::model::Layer;

/// What expressions can name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Hosts, in the order of the inventories.
    pub hosts: Vec<String>,
    /// Groups, likewise.
    pub groups: Vec<String>,
    /// Labels with their values.
    pub labels: BTreeMap<String, BTreeSet<String>>,
}

/// The names in these inventories, or in the configuration's if there are none. What is wrong in them is left out, and
/// so is what would have to be waited for: stdin, programs, and the hosts of a sandbox that does not run.
pub fn known(inventories: &[String], config: &Config, around: &mut dyn System) -> Known {
    let sandbox = &mut |_: &_| Err(String::new());
    let mut loader = Loader::new(around, sandbox).without_programs();
    if inventories.is_empty() {
        config.inventories.iter().for_each(|named| loader.load_found(named));
    }
    for path in inventories.iter().filter(|path| *path != "-") {
        loader.load(path.as_ref(), true);
    }
    let (inventory, _mistakes) = loader.finish();
    let mut labels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |layer: &Layer| {
        for (key, given) in &layer.labels {
            labels.entry(key.clone()).or_default().insert(given.value.clone());
        }
    };
    inventory.hosts.iter().for_each(|host| add(&host.layer));
    inventory.groups.iter().for_each(|group| add(&group.layer));
    inventory.sources.iter().for_each(|source| add(&source.defaults));
    let hosts = inventory.hosts.iter().map(|host| host.name.to_string()).filter(|name| is_host_name(name));
    Known { hosts: hosts.collect(), groups: inventory.group_names().map(str::to_owned).collect(), labels }
}
