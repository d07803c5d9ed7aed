//! What the tables of a run leave out, which is reported once, below them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clixml;

/// Types that are counted separately.
const KINDS: usize = 16;

/// Properties that are counted of a type.
const NAMES: usize = 256;

/// Properties that are named of a type.
const NAMED: usize = 6;

/// Properties that no column shows, by type; shared by the tables of one run.
#[derive(Clone, Default)]
pub(in crate::output) struct Hidden(Arc<Mutex<Vec<Kind>>>);

struct Kind {
    name: Option<String>,
    names: Vec<String>,
    known: HashSet<String>,
}

impl Hidden {
    /// Notes properties of a type; the name of the type is none where it says nothing.
    pub(super) fn note(&self, name: Option<String>, names: impl IntoIterator<Item = String>) {
        // Valid after any panic: a name more or less.
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kinds.iter().position(|kind| kind.name == name);
        let place = match place {
            Some(place) => place,
            None if kinds.len() >= KINDS => return,
            None => {
                kinds.push(Kind { name, names: Vec::new(), known: HashSet::new() });
                kinds.len() - 1
            }
        };
        let Some(kind) = kinds.get_mut(place) else { return };
        for name in names {
            if kind.names.len() < NAMES && kind.known.insert(name.to_lowercase()) {
                kind.names.push(name);
            }
        }
    }

    /// Whether there is nothing to tell.
    pub(in crate::output) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The notes, and none after that.
    pub(in crate::output) fn take(&self) -> Vec<String> {
        let kinds = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        kinds.iter().filter(|kind| !kind.names.is_empty()).map(Kind::note).collect()
    }
}

impl Kind {
    fn note(&self) -> String {
        let count = self.names.len();
        let more = if count >= NAMES { "or more " } else { "" };
        let word = if count == 1 { "property" } else { "properties" };
        let of = self.name.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        let named = self.names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let rest = if count > NAMED { ", …" } else { "" };
        format!("({count} {more}{word}{of} not shown: {named}{rest}; use -o list, or choose with --select)")
    }
}

/// The last part of a type's name; none for custom objects and for what the script itself has selected.
pub(super) fn kind(type_name: &str) -> Option<String> {
    let name = clixml::live_name(type_name);
    if clixml::is_selected(type_name) || name == "System.Management.Automation.PSCustomObject" {
        return None;
    }
    name.rsplit(['.', '/', '\\', '#']).next().map(str::to_owned)
}
