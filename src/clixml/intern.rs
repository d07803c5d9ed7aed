//! Shares the texts that repeat from object to object: property names, lists of type names, and start tags of members.
//!
//! All caches are tables in which a new entry replaces an old one with the same hash, so that a remote side that never
//! repeats itself costs time but no memory. They begin small, because most decoders see few texts and many are kept.

use std::sync::Arc;

use super::scalar::Scalar;
use super::{TypeNames, scan};

/// Longer names and tags are not kept: 1024 slots of this size are 256 KiB.
const LONGEST_NAME: usize = 256;
/// Longer lists are not kept: 256 slots of this size, and of as much text, are 1 MiB.
const LONGEST_TYPES: usize = 2048;

/// What a shared text takes beside its bytes: two counters, and what the allocator needs.
const OVERHEAD: usize = 32;

/// Entries by the hash of their text. `MOST` slots at the most, a power of two.
#[derive(Debug)]
struct Table<T, const MOST: usize> {
    /// A power of two, or none as long as nothing was kept.
    slots: Box<[Option<T>]>,
    /// How often one entry has replaced another since the table has this size.
    replaced: usize,
}

impl<T: Clone, const MOST: usize> Table<T, MOST> {
    fn new() -> Self {
        Self { slots: Self::empty(0), replaced: 0 }
    }

    fn empty(slots: usize) -> Box<[Option<T>]> {
        vec![None; slots].into()
    }

    /// The entry in the place of this hash, which may be that of another one.
    fn get(&self, hash: u64) -> Option<&T> {
        self.slots.get(self.place(hash))?.as_ref()
    }

    /// Sets the entry with this hash.
    fn put(&mut self, hash: u64, entry: T) {
        if self.slots.is_empty() {
            self.slots = Self::empty(MOST / 16);
        } else if self.replaced > self.slots.len() && self.slots.len() < MOST {
            // What was known will be met again, and finds its place then.
            self.slots = Self::empty(self.slots.len() * 4);
            self.replaced = 0;
        }
        let place = self.place(hash);
        if let Some(slot) = self.slots.get_mut(place) {
            self.replaced += usize::from(slot.replace(entry).is_some());
        }
    }

    fn place(&self, hash: u64) -> usize {
        hash as usize & self.slots.len().wrapping_sub(1)
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
        let hash = hash(name.as_bytes());
        if let Some(known) = self.known.get(hash).filter(|known| ***known == *name) {
            return known.clone();
        }
        self.made += name.len() + OVERHEAD;
        let made: Arc<str> = name.into();
        if name.len() <= LONGEST_NAME {
            self.known.put(hash, made.clone());
        }
        made
    }
}

/// The start tag of a member that is a scalar.
#[derive(Debug, Clone)]
pub(super) struct MemberTag {
    /// From `<` to `>`.
    pub(super) text: Box<str>,
    pub(super) scalar: Scalar,
    pub(super) name: Arc<str>,
}

/// Start tags of members seen before: objects of one type have the same members, so that what a tag says is found by
/// its text.
#[derive(Debug)]
pub(super) struct Tags(Table<MemberTag, 1024>);

impl Tags {
    pub(super) fn new() -> Self {
        Self(Table::new())
    }

    /// The tag that a text begins with, if it is known.
    pub(super) fn find(&self, text: &str) -> Option<&MemberTag> {
        self.0.get(hash_up_to(b'>', text)).filter(|known| text.as_bytes().starts_with(known.text.as_bytes()))
    }

    pub(super) fn remember(&mut self, text: &str, scalar: Scalar, name: &Arc<str>) {
        if text.len() <= LONGEST_NAME {
            let tag = MemberTag { text: text.into(), scalar, name: name.clone() };
            self.0.put(hash_up_to(b'>', text), tag);
        }
    }
}

/// A list of type names and the text that it was read from.
type Read = (Box<str>, TypeNames);

/// Lists of type names seen before, and the one that is being read.
#[derive(Debug)]
pub(super) struct Types {
    known: Table<Read, 256>,
    /// The names being read, end to end.
    text: String,
    /// Where each of them ends.
    ends: Vec<usize>,
}

impl Types {
    pub(super) fn new() -> Self {
        Self { known: Table::new(), text: String::new(), ends: Vec::new() }
    }

    /// The list that a text begins with, if it was read before, and the text up to its end.
    ///
    /// All objects of a type come with the same list, which is much of their text.
    pub(super) fn find(&self, text: &str) -> Option<(&str, &TypeNames)> {
        // The first name nearly always says which list it is.
        let (read, names) = self.known.get(hash_up_to(b'/', text))?;
        text.as_bytes().starts_with(read.as_bytes()).then_some((read, names))
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

    /// Ends the list, which was read from this text.
    pub(super) fn finish(&mut self, read: &str) -> TypeNames {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let names = TypeNames::new(starts.zip(&self.ends).filter_map(|(start, &end)| self.text.get(start..end)));
        // Of an element with a prefix, the end would not be that of one without.
        if read.len() <= LONGEST_TYPES && read.ends_with("</TN>") {
            self.known.put(hash_up_to(b'/', read), (read.into(), names.clone()));
        }
        names
    }
}

/// A hash of what stands before a byte near the beginning of a text.
fn hash_up_to(byte: u8, text: &str) -> u64 {
    let text = text.as_bytes();
    let text = text.get(..LONGEST_NAME).unwrap_or(text);
    let end = scan::position(text, |word| scan::equal(word, byte)).unwrap_or(text.len());
    hash(text.get(..end).unwrap_or_default())
}

/// A multiplication for each word of eight bytes, both halves of the product folded together: fast, and good enough
/// where a collision only costs a replacement.
///
/// # Source
/// The step of wyhash.
fn hash(bytes: &[u8]) -> u64 {
    const FACTOR: u128 = 0x9E37_79B9_7F4A_7C15;
    let mut hash = bytes.len() as u64;
    let mut mix = |word: u64| {
        let product = u128::from(hash ^ word) * FACTOR;
        hash = product as u64 ^ (product >> 64) as u64;
    };
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().for_each(|word| mix(u64::from_le_bytes(*word)));
    mix(rest.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)));
    hash
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Names, Scalar, Tags, Types};

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
    fn a_list_is_found_by_the_text_it_was_read_from() {
        let mut types = Types::new();
        let text = "<T>a</T><T>b</T></TN>";
        assert!(types.find(text).is_none());
        types.begin();
        types.push("a");
        types.push("b");
        let made = types.finish(text);
        let found = types.find("<T>a</T><T>b</T></TN><MS>").map(|(read, names)| (read.to_owned(), names.clone()));
        assert_eq!(found, Some((text.to_owned(), made)));
        for other in ["<T>a</T><T>c</T></TN>", "<T>a</T><T>b</T>", "<T>a</T>", ""] {
            assert!(types.find(other).is_none(), "{other}");
        }
        types.begin();
        types.finish("</x:TN>");
        assert!(types.find("</x:TN>").is_none());
    }

    #[test]
    fn a_tag_is_found_by_its_text() {
        let mut tags = Tags::new();
        tags.remember("<S N=\"a>b\">", Scalar::Str, &"a>b".into());
        let found = tags.find("<S N=\"a>b\">text</S>").map(|tag| (tag.scalar, &*tag.name));
        assert_eq!(found, Some((Scalar::Str, "a>b")));
        for other in ["<S N=\"a>c\">", "<S N=\"a>", "<I32 N=\"a>b\">", ""] {
            assert!(tags.find(other).is_none(), "{other}");
        }
        let long = format!("<S N=\"{}\">", "x".repeat(1000));
        tags.remember(&long, Scalar::Str, &"x".into());
        assert!(tags.find(&long).is_none());
    }

    #[test]
    fn lists_differ_by_their_borders() {
        let mut types = Types::new();
        let mut list = |names: &[&str]| {
            types.begin();
            let text: String = names.iter().map(|name| format!("<T>{name}</T>")).collect();
            for name in names {
                types.push(name);
            }
            types.finish(&format!("{text}</TN>"))
        };
        assert_eq!(list(&["ab", "c"]).iter().collect::<Vec<_>>(), ["ab", "c"]);
        assert_eq!(list(&["a", "bc"]).iter().collect::<Vec<_>>(), ["a", "bc"]);
        assert!(list(&[]).is_empty());
    }
}
