//! The aliases of a configuration as hosts of an inventory.

use std::sync::Arc;

use super::super::context::FileContext;
use super::super::model::{Inventory, Layer};
use super::super::owner::Owner;
use super::super::row::HostRow;
use super::SshConfig;
use super::file::{Anchor, At, Item, Reader};
use super::section::Section;
use crate::config::{Connection, Given, Place, Problem, System, Transport};

/// Reads a configuration as an inventory: adds the aliases without wildcards, and keeps what it says about any host.
pub(crate) fn read_ssh_config(
    text: &str,
    context: &FileContext,
    inventory: &mut Inventory,
    around: &mut dyn System,
) -> Vec<Problem> {
    let mut reader = Reader::new(around, Anchor::User);
    let items = reader.items(text, &context.file, 0);
    let mut problems = std::mem::take(&mut reader.problems);
    let mut aliases = Vec::new();
    collect_aliases(&items, &mut aliases);
    for (alias, at) in aliases {
        let context = FileContext { file: Arc::clone(&at.file), ..context.clone() };
        let source = Owner::Host.source(&context, at.line, &Arc::from(alias.as_str()));
        let connection = Connection { transport: Some(Given::new(Transport::Ssh, source)), ..Connection::default() };
        let layer = Layer { connection: connection.into(), ..Layer::default() };
        let place = Place { line: at.line, column: 1 };
        HostRow { name: alias, at: place, path: String::new(), layer }.add(&context, inventory, &mut problems);
    }
    if let Some(source) = inventory.sources.get_mut(context.source) {
        source.ssh = Some(Arc::new(SshConfig { files: vec![items.into()], mistakes: Vec::new() }));
    }
    problems
}

/// The aliases of all `Host` lines that name one host each, included files too.
fn collect_aliases<'a>(items: &'a [Item], found: &mut Vec<(&'a String, &'a At)>) {
    for item in items {
        match item {
            Item::Section(Section::Host(patterns), at) => {
                let alone = patterns.iter().filter(|(negated, alias)| !negated && !alias.contains(['*', '?']));
                for (_, alias) in alone {
                    if !found.iter().any(|(known, _)| *known == alias) {
                        found.push((alias, at));
                    }
                }
            }
            Item::Include(files) => files.iter().for_each(|file| collect_aliases(file, found)),
            _ => {}
        }
    }
}
