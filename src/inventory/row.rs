//! One host's entry on its way into the inventory, whatever format it came from.

use std::sync::Arc;

use crate::config::{Place, Problem};

use super::expression::{is_host_name, split_top};
use super::model::{Inventory, Layer};
use super::range::expand;
use super::tree::FileContext;

/// What one entry says about a host, or about every host of a range.
pub(super) struct HostRow<'a> {
    /// The name or range.
    pub name: &'a str,
    /// Where the entry stands.
    pub at: Place,
    /// The path of tables to it.
    pub path: String,
    /// The other settings.
    pub layer: Layer,
}

impl HostRow<'_> {
    /// Adds the entry to what other inventories said about the host; they must agree.
    pub fn add(self, context: &FileContext, inventory: &mut Inventory, problems: &mut Vec<Problem>) {
        for name in host_names(self.name, self.at, &self.path, context, problems) {
            let host = inventory.mention(&name, context.source);
            let entry = &mut inventory.hosts[host];
            merge(&mut entry.layer, &self.layer, &self.path, self.at, context, problems);
        }
    }
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

/// The names that an entry stands for.
pub(super) fn host_names(
    pattern: &str,
    at: Place,
    path: &str,
    context: &FileContext,
    problems: &mut Vec<Problem>,
) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    for part in split_top(pattern, ',').into_iter().map(str::trim) {
        let wrong = match expand(part) {
            Ok(expanded) => match expanded.iter().find(|name| !is_host_name(name)) {
                Some(bad) => format!("'{bad}' is not a host name"),
                None => {
                    names.extend(expanded.into_iter().map(Arc::from));
                    continue;
                }
            },
            Err(error) => error.to_string(),
        };
        problems.push(Problem::at(&context.file, at, path, wrong));
    }
    names
}
