//! Asks a directory at which site computers are, by their addresses.

use std::collections::HashMap;

use ldap3::{Ldap, SearchEntry};

use super::{Error, entries, root};
use crate::directory::{Addresses, Computer, DNS_RECORD, Query, SITE_OF_SUBNET, SUBNET, Sites};

/// Computers that are asked for at once: a filter of some kilobytes.
const BATCH: usize = 200;

/// Where the directory has what is not of its domain, and what it has at all.
const CONFIGURATION: &str = "configurationNamingContext";
const ALL: &str = "namingContexts";

/// The parts of a directory that have the zones of DNS.
const ZONES: [&str; 2] = ["dc=domaindnszones,", "dc=forestdnszones,"];

/// Puts each computer into the site of the subnet that it is in; the others stay as their entries say. A directory
/// without subnets is asked no more than that.
///
/// # Errors
/// Those of [`search`](super::search); what was found out by then stays.
pub(super) async fn find(ldap: &mut Ldap, query: &Query, computers: &mut [Computer]) -> Result<(), Error> {
    let root = root(ldap, query, &[CONFIGURATION, ALL]).await?;
    let Some(configuration) = root.get(CONFIGURATION).and_then(|values| values.first()) else { return Ok(()) };
    let base = format!("CN=Subnets,CN=Sites,{configuration}");
    let mut sites = Sites::default();
    let found = entries(ldap, query, &base, "(objectClass=subnet)", &[SUBNET, SITE_OF_SUBNET], |entry| {
        if let (Some(subnet), Some(site)) = (one(&entry.attrs, SUBNET), one(&entry.attrs, SITE_OF_SUBNET)) {
            sites.add(subnet, site);
        }
        Ok(())
    });
    found.await?;
    if sites.is_empty() {
        return Ok(());
    }
    let is_zone = |context: &&String| ZONES.iter().any(|zone| context.to_lowercase().starts_with(zone));
    let zones: Vec<&String> = root.get(ALL).into_iter().flatten().filter(is_zone).collect();
    for batch in computers.chunks_mut(BATCH) {
        let Some(filter) = Addresses::filter(batch) else { continue };
        let mut addresses = Addresses::default();
        for zone in &zones {
            let found = entries(ldap, query, zone, &filter, &[DNS_RECORD], |entry| {
                addresses.add(&entry.dn, records(&entry));
                Ok(())
            });
            found.await?;
        }
        for computer in batch {
            if let Some(site) = sites.of(addresses.of(computer)) {
                computer.put_into(site);
            }
        }
    }
    Ok(())
}

fn one<'a>(attributes: &'a HashMap<String, Vec<String>>, name: &str) -> Option<&'a str> {
    attributes.get(name)?.first().map(String::as_str)
}

/// The records of a name of DNS, those that happen to be text among them.
fn records(entry: &SearchEntry) -> impl Iterator<Item = &[u8]> {
    let texts = entry.attrs.get(DNS_RECORD).into_iter().flatten().map(String::as_bytes);
    texts.chain(entry.bin_attrs.get(DNS_RECORD).into_iter().flatten().map(Vec::as_slice))
}
