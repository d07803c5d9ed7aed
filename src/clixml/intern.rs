//! Shares the texts that repeat from object to object: property names and lists of type names.
//!
//! Both caches are tables of fixed size in which a new entry replaces an old one with the same hash, so that a remote
//! side that never repeats itself costs time but no memory.

use std::sync::Arc;

use super::TypeNames;

const NAME_SLOTS: usize = 1024;
const TYPE_SLOTS: usize = 256;
/// Longer names are not kept: 1024 slots of this size are 256 KiB.
const LONGEST_NAME: usize = 256;
/// Longer lists are not kept: 256 slots of this size are 1 MiB.
const LONGEST_TYPES: usize = 4096;

/// Property names seen before.
#[derive(Debug)]
pub(super) struct Names(Box<[Option<Arc<str>>]>);

impl Names {
    pub(super) fn new() -> Self {
        Self(vec![None; NAME_SLOTS].into())
    }

    /// The shared form of a name.
    pub(super) fn intern(&mut self, name: &str) -> Arc<str> {
        if name.len() > LONGEST_NAME {
            return name.into();
        }
        let Some(slot) = self.0.get_mut(hash(name.as_bytes(), 0) as usize % NAME_SLOTS) else { return name.into() };
        match slot {
            Some(known) if **known == *name => known.clone(),
            _ => slot.insert(name.into()).clone(),
        }
    }
}

/// Lists of type names seen before, and the one that is being read.
#[derive(Debug)]
pub(super) struct Types {
    slots: Box<[Option<TypeNames>]>,
    /// The names being read, end to end.
    text: String,
    /// Where each of them ends.
    ends: Vec<usize>,
}

impl Types {
    pub(super) fn new() -> Self {
        Self { slots: vec![None; TYPE_SLOTS].into(), text: String::new(), ends: Vec::new() }
    }

    /// Begins a list.
    pub(super) fn begin(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Adds a name to the list.
    pub(super) fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends.push(self.text.len());
    }

    /// Ends the list and gives its shared form.
    pub(super) fn finish(&mut self) -> TypeNames {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let names = starts.zip(&self.ends).filter_map(|(start, &end)| self.text.get(start..end));
        if self.text.len() > LONGEST_TYPES || self.ends.len() > LONGEST_TYPES {
            return TypeNames::new(names);
        }
        let hash = hash(self.text.as_bytes(), self.ends.len() as u64);
        let Some(slot) = self.slots.get_mut(hash as usize % TYPE_SLOTS) else { return TypeNames::new(names) };
        match slot {
            Some(known) if known.iter().eq(names.clone()) => known.clone(),
            _ => slot.insert(TypeNames::new(names)).clone(),
        }
    }
}

/// FNV-1a over words of eight bytes, the high bits folded down: fast, and good enough where a collision only costs a
/// replacement.
fn hash(bytes: &[u8], seed: u64) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01B3;
    let mut hash = 0xCBF2_9CE4_8422_2325 ^ seed;
    let mut mix = |word: u64| {
        hash = (hash ^ word).wrapping_mul(PRIME);
        hash ^= hash >> 29;
    };
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().for_each(|word| mix(u64::from_le_bytes(*word)));
    rest.iter().for_each(|&byte| mix(byte.into()));
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{NAME_SLOTS, Names, Types};

    #[test]
    fn equal_names_are_shared() {
        let mut names = Names::new();
        let first = names.intern("Status");
        assert!(Arc::ptr_eq(&first, &names.intern("Status")));
        assert_eq!(&*names.intern("Name"), "Name");
    }

    #[test]
    fn never_repeating_names_are_not_kept() {
        let mut names = Names::new();
        let weak: Vec<_> = (0..10_000).map(|number| Arc::downgrade(&names.intern(&format!("p{number}")))).collect();
        assert!(weak.iter().filter(|name| name.strong_count() > 0).count() <= NAME_SLOTS);
        let long = "x".repeat(10_000);
        assert_eq!(Arc::strong_count(&names.intern(&long)), 1);
    }

    #[test]
    fn lists_differ_by_their_borders() {
        let mut types = Types::new();
        let mut list = |names: &[&str]| {
            types.begin();
            names.iter().for_each(|name| types.push(name));
            types.finish()
        };
        assert_eq!(list(&["ab", "c"]).iter().collect::<Vec<_>>(), ["ab", "c"]);
        assert_eq!(list(&["a", "bc"]).iter().collect::<Vec<_>>(), ["a", "bc"]);
        assert!(list(&[]).is_empty());
    }
}
