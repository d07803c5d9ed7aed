//! The settings of hosts with where each is from.

use std::collections::HashMap;

use serde::Serialize;

use super::host_settings::HostSettings;
use crate::config::Source;
use crate::hostlist::fold;

/// A setting with where it is from, and the hosts that have it so. Plain text: nothing secret is among it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourcedSetting {
    /// The key, as inventories write it.
    pub key: String,
    /// The value.
    pub value: String,
    /// The flag, variable or place in a file.
    pub source: String,
    /// The hosts, folded.
    pub hosts: String,
}

/// The settings of all hosts, those of one key together.
pub(super) fn provenance(hosts: &[HostSettings]) -> Vec<SourcedSetting> {
    let mut keys: Vec<&'static str> = Vec::new();
    let mut groups: HashMap<(usize, String, &Source), Vec<usize>> = HashMap::new();
    for (place, host) in hosts.iter().enumerate() {
        for (key, value, from) in host.effective.connection.shown() {
            let key = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                keys.push(key);
                keys.len() - 1
            });
            groups.entry((key, value, from)).or_default().push(place);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_unstable_by_key(|((key, ..), hosts)| (*key, hosts[0]));
    let setting = |((key, value, from), of): ((usize, String, &Source), Vec<usize>)| SourcedSetting {
        key: keys[key].to_owned(),
        value,
        source: from.to_string(),
        // Each host may have a port of its own.
        hosts: match of[..] {
            [one] => hosts[one].name.to_string(),
            _ => fold(of.iter().map(|&place| &*hosts[place].name)),
        },
    };
    groups.into_iter().map(setting).collect()
}
