//! The settings of hosts with where each is from.

use std::collections::HashMap;

use serde::Serialize;

use super::host_settings::HostSettings;
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
    let mut groups: Vec<(&'static str, String, String, Vec<&str>)> = Vec::new();
    let mut known: HashMap<(&'static str, String, String), usize> = HashMap::new();
    for host in hosts {
        for (key, value, from) in host.effective.connection.shown() {
            if !keys.contains(&key) {
                keys.push(key);
            }
            let source = from.to_string();
            let group = *known.entry((key, value.clone(), source.clone())).or_insert_with(|| {
                groups.push((key, value, source, Vec::new()));
                groups.len() - 1
            });
            groups[group].3.push(&host.name);
        }
    }
    groups.sort_by_key(|(key, ..)| keys.iter().position(|known| known == key));
    let setting = |(key, value, source, hosts): (&str, String, String, Vec<&str>)| SourcedSetting {
        key: key.to_owned(),
        value,
        source,
        hosts: fold(hosts),
    };
    groups.into_iter().map(setting).collect()
}
