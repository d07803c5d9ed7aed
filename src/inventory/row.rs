//! One host's entry on its way into the inventory, whatever format it came from.

use crate::config::{Given, Place, Problem, Transport, is_ipv6};
use crate::hostlist::split_top;

use super::context::FileContext;
use super::expression::{Atom, literal};
use super::model::{Host, Inventory, Layer};
use super::url::UrlTarget;

/// What one entry says about a host, or about every host of a range.
pub(super) struct HostRow<'a> {
    /// The name, the URL, or a range of them.
    pub name: &'a str,
    /// Where the entry stands.
    pub at: Place,
    /// The path of tables to it.
    pub path: String,
    /// The other settings.
    pub layer: Layer,
}

impl HostRow<'_> {
    /// Adds the entry to what other inventories said about the host; they must agree. Answers
    /// with their places.
    pub(super) fn add(
        self,
        context: &FileContext,
        inventory: &mut Inventory,
        problems: &mut Vec<Problem>,
    ) -> Vec<usize> {
        let hosts = mention(self.name, self.at, &self.path, context, inventory, problems);
        for &host in &hosts {
            let entry = &mut inventory.hosts[host];
            for (key, one, two) in entry.url.disagreements(&self.layer.connection) {
                let what = format!("'{key}' is set twice to different values: {one} and {two}");
                problems.push(Problem::at(&context.file, self.at, &self.path, what));
            }
            merge(&mut entry.layer, &self.layer, &self.path, self.at, context, problems);
        }
        hosts
    }
}

/// IPv6 in a cell or a text of its own needs no brackets; the inventory's names have them.
pub(super) fn bracketed(name: &str) -> String {
    if is_ipv6(name) { format!("[{name}]") } else { name.to_owned() }
}

/// Fills a layer of the inventory with what another entry says; where both differ, that is a problem.
pub(super) fn merge(
    known: &mut Layer,
    layer: &Layer,
    path: &str,
    at: Place,
    context: &FileContext,
    problems: &mut Vec<Problem>,
) {
    for (key, one, two) in known.disagreements(layer) {
        let what = format!("'{key}' is set twice to different values: {one} and {two}");
        problems.push(Problem::at(&context.file, at, path, what));
    }
    known.fill(layer);
}

/// Notes the hosts that a text names, separated by commas: names, `name:port`, URLs, ranges of each. Answers with their
/// places.
pub(super) fn mention(
    text: &str,
    at: Place,
    path: &str,
    context: &FileContext,
    inventory: &mut Inventory,
    problems: &mut Vec<Problem>,
) -> Vec<usize> {
    let mut hosts = Vec::new();
    for part in split_top(text, ',').into_iter().map(str::trim) {
        let wrong = match literal(part) {
            Ok(Atom::Names(names)) => {
                hosts.extend(names.iter().map(|name| inventory.mention(name, context.source)));
                continue;
            }
            Ok(Atom::Urls(urls)) => {
                let added = urls.iter().map(|url| add_url(url, inventory, Some(context.source)));
                match added.collect::<Result<Vec<_>, _>>() {
                    Ok(added) => {
                        hosts.extend(added);
                        continue;
                    }
                    Err(wrong) => wrong,
                }
            }
            Ok(_) => continue,
            Err(wrong) => wrong,
        };
        problems.push(Problem::at(&context.file, at, path, wrong));
    }
    hosts
}

/// Adds a target that was written as a URL. If the inventory knows its host, the host's entry stands behind it; with
/// a port in the URL it is a target of its own, so that one host can be reached at several ports.
///
/// # Errors
/// The mistake that a name was already written with another user, scheme or path.
pub(super) fn add_url(url: &UrlTarget, inventory: &mut Inventory, source: Option<usize>) -> Result<usize, String> {
    let known = inventory.host(&url.name);
    let base = inventory.host(&url.host).map(|base| inventory.hosts[base].clone());
    let host = inventory.host_or_new(&url.name);
    let entry = &mut inventory.hosts[host];
    if known.is_none() {
        if let Some(base) = base {
            *entry = Host { name: entry.name.clone(), sources: Vec::new(), ..base };
        }
        // Weaker than the address of the inventory: the name in a URL is a name like any other.
        entry.host.clone_from(&url.host);
    }
    let scheme = |given: &Option<Given<Transport>>| given.as_ref().map(|given| given.value);
    let other_scheme = entry.scheme.is_some() && scheme(&entry.scheme) != scheme(&url.transport);
    if other_scheme || !entry.url.disagreements(&url.connection).is_empty() {
        return Err(format!("'{}' is written as two different URLs", url.name));
    }
    entry.scheme.clone_from(&url.transport);
    entry.url.fill(&url.connection);
    entry.sources.extend(source.filter(|source| !entry.sources.contains(source)));
    Ok(host)
}
