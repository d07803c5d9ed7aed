//! The end of values: without recursion, however deep they are.

use std::sync::{Arc, PoisonError};

use super::super::ast::Closure;
use super::{Hash, List, Live, Obj, ObjMembers, Val};

/// Frees values without recursion: a script can nest them far deeper than the stack reaches.
fn free(mut waiting: Vec<Val>) {
    waiting.retain(Val::nests);
    while let Some(value) = waiting.pop() {
        match value {
            Val::List(list) => waiting.extend(Arc::into_inner(list).map(|mut list| list.take()).unwrap_or_default()),
            Val::Hash(hash) => waiting.extend(Arc::into_inner(hash).map(|mut hash| hash.take()).unwrap_or_default()),
            Val::Object(object) => {
                waiting.extend(Arc::into_inner(object).map(|mut object| object.take()).unwrap_or_default());
            }
            Val::Script(script) => {
                let closure = Arc::into_inner(script).and_then(|script| script.closure);
                waiting.extend(closure.map(|mut closure| closure.take()).unwrap_or_default());
            }
            Val::Error(record) => {
                waiting
                    .extend(Arc::into_inner(record).map(|mut record| std::mem::replace(&mut record.target, Val::Null)));
            }
            _ => {}
        }
    }
}

impl Val {
    /// Whether it may hold others.
    fn nests(&self) -> bool {
        matches!(self, Self::List(_) | Self::Hash(_) | Self::Object(_) | Self::Error(_))
    }
}

impl List {
    fn take(&mut self) -> Vec<Val> {
        let mut items = std::mem::take(self.items.get_mut().unwrap_or_else(PoisonError::into_inner));
        items.extend(self.owner.take());
        items.extend(self.view.take().map(super::view::View::into_dictionary));
        items
    }
}

impl Hash {
    fn take(&mut self) -> Vec<Val> {
        let map = std::mem::take(self.map.get_mut().unwrap_or_else(PoisonError::into_inner));
        map.entries.into_iter().flat_map(|(key, value)| [key, value]).collect()
    }
}

impl Obj {
    fn take(&mut self) -> Vec<Val> {
        let ObjMembers { mut values, notes, live, .. } =
            std::mem::take(self.members.get_mut().unwrap_or_else(PoisonError::into_inner));
        values.extend(notes.into_iter().map(|(_, value)| value));
        let owner = |(_, live): (_, Live)| if let Live::Owner(owner) = live { Some(owner) } else { None };
        values.extend(live.into_iter().filter_map(owner));
        values
    }
}

impl Closure {
    fn take(&mut self) -> Vec<Val> {
        std::mem::take(&mut self.variables).into_iter().map(|(_, value)| value).collect()
    }
}

impl Drop for Closure {
    fn drop(&mut self) {
        free(self.take());
    }
}

impl Drop for List {
    fn drop(&mut self) {
        free(self.take());
    }
}

impl Drop for Hash {
    fn drop(&mut self) {
        free(self.take());
    }
}

impl Drop for Obj {
    fn drop(&mut self) {
        free(self.take());
    }
}
