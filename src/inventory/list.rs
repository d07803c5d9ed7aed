//! A plain list: one name, range or URL per line; `#` begins a comment.

use crate::config::{Given, Place, Problem, Transport};

use super::expression::{Atom, names, split_top};
use super::model::{Host, Inventory};
use super::range::expand;
use super::tree::FileContext;
use super::url::{UrlTarget, parse_url};

/// Reads a list into the inventory.
pub fn read_list(text: &str, context: &FileContext, inventory: &mut Inventory) -> Vec<Problem> {
    let mut problems = Vec::new();
    let problem = |line: u32, what: String| Problem::at(&context.file, Place { line, column: 1 }, "", what);
    for (number, line) in (1_u32..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        for word in line.split_whitespace().flat_map(|word| split_top(word, ',')).filter(|word| !word.is_empty()) {
            match atom(word) {
                Ok(Atom::Names(names)) => names.iter().for_each(|name| {
                    inventory.mention(name, context.source);
                }),
                Ok(Atom::Urls(urls)) => {
                    let added = urls.iter().map(|url| add_url(url, inventory, Some(context.source)));
                    problems.extend(added.filter_map(Result::err).map(|what| problem(number, what)));
                }
                Ok(_) => {}
                Err(what) => problems.push(problem(number, what)),
            }
        }
    }
    problems
}

/// Adds a target that was written as a URL. If the inventory knows its host, the host's entry stands behind it; with
/// a port in the URL it is a target of its own, so that one host can be reached at several ports.
///
/// # Errors
/// The same name was already written with another user, scheme or path.
pub fn add_url(url: &UrlTarget, inventory: &mut Inventory, source: Option<usize>) -> Result<usize, String> {
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

fn atom(word: &str) -> Result<Atom, String> {
    if !word.contains("://") {
        return names(word);
    }
    let url = |url: &String| parse_url(url).map_err(|what| format!("'{url}': {what}"));
    expand(word).map_err(|error| error.to_string())?.iter().map(url).collect::<Result<_, _>>().map(Atom::Urls)
}
