//! Shares the texts that repeat from object to object: property names and lists of type names.
//!
//! Both caches are tables in which a new entry replaces an old one with the same hash, so that a remote side that never
//! repeats itself costs time but no memory. They begin small, because most decoders see few texts and many are kept.

use std::sync::Arc;

use super::TypeNames;

/// Longer names are not kept: 1024 slots of this size are 256 KiB.
const LONGEST_NAME: usize = 256;
/// Longer lists are not kept: 256 slots of this size are 1 MiB.
const LONGEST_TYPES: usize = 4096;

/// What a shared text takes beside its bytes: two counters, and what the allocator needs.
const OVERHEAD: usize = 32;

/// Entries by the hash of their text. `MOST` slots at the most, a power of two.
#[derive(Debug)]
struct Table<T, const MOST: usize> {
    /// Always a power of two.
    slots: Box<[Option<T>]>,
    /// How often one entry has replaced another since the table has this size.
    replaced: usize,
}

impl<T: Clone, const MOST: usize> Table<T, MOST> {
    fn new() -> Self {
        Self { slots: Self::empty(MOST / 16), replaced: 0 }
    }

    fn empty(slots: usize) -> Box<[Option<T>]> {
        vec![None; slots].into()
    }

    /// The entry with this hash that is the one looked for, else a new one in its place.
    fn find_or(&mut self, hash: u64, is_it: impl FnOnce(&T) -> bool, make: impl FnOnce() -> T) -> T {
        if self.replaced > self.slots.len() && self.slots.len() < MOST {
            // What was known will be met again, and finds its place then.
            self.slots = Self::empty(self.slots.len() * 4);
            self.replaced = 0;
        }
        let place = hash as usize & (self.slots.len() - 1);
        let Some(slot) = self.slots.get_mut(place) else { return make() };
        match slot {
            Some(known) if is_it(known) => known.clone(),
            Some(other) => {
                self.replaced += 1;
                *other = make();
                other.clone()
            }
            None => slot.insert(make()).clone(),
        }
    }
}

/// Property names seen before.
#[derive(Debug)]
pub(super) struct Names {
    known: Table<Arc<str>, 1024>,
    /// Bytes of all that were not known and had to be made.
    pub(super) made: usize,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { known: Table::new(), made: 0 }
    }

    /// The shared form of a name.
    pub(super) fn intern(&mut self, name: &str) -> Arc<str> {
        let made = &mut self.made;
        let mut make = || {
            *made += name.len() + OVERHEAD;
            Arc::from(name)
        };
        if name.len() > LONGEST_NAME {
            return make();
        }
        self.known.find_or(hash(name.as_bytes(), 0), |known| **known == *name, make)
    }
}

/// Lists of type names seen before, and the one that is being read.
#[derive(Debug)]
pub(super) struct Types {
    known: Table<TypeNames, 256>,
    /// The names being read, end to end.
    text: String,
    /// Where each of them ends.
    ends: Vec<usize>,
}

impl Types {
    pub(super) fn new() -> Self {
        Self { known: Table::new(), text: String::new(), ends: Vec::new() }
    }

    /// Begins a list.
    pub(super) fn begin(&mut self) {
        if self.text.capacity() > LONGEST_TYPES || self.ends.capacity() > LONGEST_TYPES {
            (self.text, self.ends) = Default::default();
        }
        self.text.clear();
        self.ends.clear();
    }

    /// Adds a name to the list; says how many bytes that may take here and in the list that is made.
    pub(super) fn push(&mut self, name: &str) -> usize {
        self.text.push_str(name);
        self.ends.push(self.text.len());
        2 * name.len() + OVERHEAD
    }

    /// Ends the list and gives its shared form.
    pub(super) fn finish(&mut self) -> TypeNames {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let names = starts.zip(&self.ends).filter_map(|(start, &end)| self.text.get(start..end));
        if self.text.len() > LONGEST_TYPES || self.ends.len() > LONGEST_TYPES {
            return TypeNames::new(names);
        }
        let hash = hash(self.text.as_bytes(), self.ends.len() as u64);
        self.known.find_or(hash, |known| known.iter().eq(names.clone()), || TypeNames::new(names.clone()))
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

    use super::{Names, Types};

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
        assert!(weak.iter().filter(|name| name.strong_count() > 0).count() <= 1024);
        let long = "x".repeat(10_000);
        assert_eq!(Arc::strong_count(&names.intern(&long)), 1);
    }

    #[test]
    fn a_table_grows_until_its_texts_find_room() {
        let mut names = Names::new();
        let texts: Vec<String> = (0..400).map(|number| format!("property {number}")).collect();
        let mut shared = || {
            let again: Vec<_> = texts.iter().map(|text| names.intern(text)).collect();
            again.iter().zip(&texts).filter(|(first, text)| Arc::ptr_eq(first, &names.intern(text))).count()
        };
        let seen: Vec<usize> = (0..10).map(|_| shared()).collect();
        assert!(seen[0] < 100 && seen[9] > 200, "{seen:?}");
    }

    #[test]
    fn lists_differ_by_their_borders() {
        let mut types = Types::new();
        let mut list = |names: &[&str]| {
            types.begin();
            for name in names {
                types.push(name);
            }
            types.finish()
        };
        assert_eq!(list(&["ab", "c"]).iter().collect::<Vec<_>>(), ["ab", "c"]);
        assert_eq!(list(&["a", "bc"]).iter().collect::<Vec<_>>(), ["a", "bc"]);
        assert!(list(&[]).is_empty());
    }
}
