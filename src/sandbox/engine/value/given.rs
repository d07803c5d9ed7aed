//! `$input`: what a pipeline gave a script, read once as by an enumerator of .NET.

use std::sync::atomic::Ordering::Relaxed;

use super::{List, Val, locked};

/// The type of `$input`.
const TYPE: &str = "System.Collections.ArrayList+ArrayListEnumeratorSimple";

impl Val {
    /// `$input` with these objects.
    pub(in super::super) fn given(items: Vec<Val>) -> Self {
        Self::list(TYPE, items)
    }
}

/// Of such a list the count of changes is how many objects were read.
impl List {
    /// Whether its objects are read once.
    pub(in super::super) fn is_given(&self) -> bool {
        &*self.type_name == TYPE
    }

    /// The objects that nobody has read; after this there are none.
    pub(super) fn rest(&self) -> Vec<Val> {
        let items = locked(&self.items);
        let read = self.version.swap(items.len() as u64, Relaxed);
        items.get(read as usize..).unwrap_or_default().to_vec()
    }

    /// Its items, without reading them.
    pub(in super::super) fn peek(&self) -> Vec<Val> {
        if !self.is_given() {
            return self.items();
        }
        let read = self.version.load(Relaxed) as usize;
        locked(&self.items).get(read..).unwrap_or_default().to_vec()
    }

    /// A method of the enumerator by its name in lower case.
    pub(in super::super) fn given_method(&self, name: &str) -> Option<Val> {
        match name {
            "movenext" => Some(Val::Bool(self.next_given().is_some())),
            "reset" => {
                self.version.store(0, Relaxed);
                Some(Val::Void)
            }
            _ => None,
        }
    }

    /// The next object.
    pub(super) fn next_given(&self) -> Option<Val> {
        let next = locked(&self.items).get(self.version.load(Relaxed) as usize).cloned();
        if next.is_some() {
            self.version.fetch_add(1, Relaxed);
        }
        next
    }

    /// The object that was read last.
    pub(in super::super) fn current(&self) -> Option<Val> {
        let read = self.version.load(Relaxed) as usize;
        locked(&self.items).get(read.checked_sub(1)?).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::Val;

    #[test]
    fn is_read_once() {
        let input = Val::given(vec![Val::I32(1), Val::I32(2), Val::I32(3)]);
        let Val::List(list) = &input else { panic!("a list") };
        assert!(matches!(list.given_method("movenext"), Some(Val::Bool(true))));
        assert!(matches!(list.current(), Some(Val::I32(1))));
        assert_eq!((list.items().len(), list.items().len()), (2, 0));
        assert!(matches!(list.given_method("movenext"), Some(Val::Bool(false))));
        list.given_method("reset");
        assert_eq!(input.into_items().len(), 3);
    }
}
