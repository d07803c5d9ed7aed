//! The inventory of a running fleet, as TOML.

use std::net::Ipv4Addr;
use std::path::Path;

use toml::{Table, Value};

use super::host::Host;
use crate::sandbox::Options;

/// The inventory: how to reach every host, and one group for each kind of host.
pub(super) fn toml(options: &Options, user: &str, password: &str, ca: Option<&Path>, hosts: &[(&Host, u16)]) -> String {
    let mut document = Table::new();
    document.insert("defaults".into(), Value::Table(defaults(options, user, password, ca)));
    document.insert("groups".into(), Value::Table(groups(hosts)));
    let hosts = hosts.iter().map(|(host, port)| {
        let mut table = Table::new();
        table.insert("address".into(), Value::String(Ipv4Addr::LOCALHOST.to_string()));
        table.insert("port".into(), Value::Integer((*port).into()));
        (host.name.clone(), Value::Table(table))
    });
    document.insert("hosts".into(), Value::Table(hosts.collect()));
    document.to_string()
}

fn defaults(options: &Options, user: &str, password: &str, ca: Option<&Path>) -> Table {
    let mut table = Table::new();
    let mut text = |key: &str, value: &str| drop(table.insert(key.into(), Value::String(value.to_owned())));
    text("transport", "winrm");
    text("user", user);
    text("password", password);
    if let Some(mechanism) = options.auth.first() {
        text("auth", &mechanism.to_string().to_lowercase());
    }
    if let Some(ca) = ca {
        text("ca", &ca.to_string_lossy());
    }
    table.insert("tls".into(), Value::Boolean(options.tls));
    if !options.tls {
        // Loopback only: nobody is between us and the host.
        table.insert("trusted_hosts".into(), Value::Array(vec![Value::String("*".into())]));
        table.insert("allow_unencrypted".into(), Value::Boolean(true));
    }
    table
}

/// `web001` belongs to the group `web`.
fn groups(hosts: &[(&Host, u16)]) -> Table {
    let mut groups = Table::new();
    for (host, _) in hosts {
        let group = host.name.trim_end_matches(|last: char| last.is_ascii_digit());
        let group = groups.entry(group).or_insert_with(|| Value::Table(Table::new()));
        let names = group.as_table_mut().map(|table| table.entry("hosts").or_insert_with(|| Value::Array(Vec::new())));
        if let Some(names) = names.and_then(Value::as_array_mut) {
            names.push(Value::String(host.name.clone()));
        }
    }
    groups
}
