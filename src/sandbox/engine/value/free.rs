//! The end of values: without recursion, however deep they are.

use std::sync::{Arc, PoisonError};

use super::{Hash, List, Obj, ObjMembers, Val};

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
        std::mem::take(self.items.get_mut().unwrap_or_else(PoisonError::into_inner))
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
        let ObjMembers { mut values, notes } =
            std::mem::take(self.members.get_mut().unwrap_or_else(PoisonError::into_inner));
        values.extend(notes.into_iter().map(|(_, value)| value));
        values
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
