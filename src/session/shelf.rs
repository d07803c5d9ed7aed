//! What is kept to be lent again: by whom it fits, in the order in which it was put away. No clock, no I/O.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use tokio::time::Instant;

/// Things that are idle, each with a key; several may have the same one.
#[derive(Debug)]
pub(super) struct Shelf<K, T> {
    /// The longest idle one first.
    things: BTreeMap<u64, Idle<K, T>>,
    /// Of each key, from the longest idle one on.
    places: HashMap<K, Vec<u64>>,
    next: u64,
}

#[derive(Debug)]
struct Idle<K, T> {
    key: K,
    thing: T,
    since: Instant,
}

impl<K, T> Default for Shelf<K, T> {
    fn default() -> Self {
        Self { things: BTreeMap::new(), places: HashMap::new(), next: 0 }
    }
}

impl<K: Eq + Hash + Clone, T> Shelf<K, T> {
    /// How many things are here.
    pub(super) fn len(&self) -> usize {
        self.things.len()
    }

    /// Whether something of this key is here.
    pub(super) fn has(&self, key: &K) -> bool {
        !self.things.is_empty() && self.places.contains_key(key)
    }

    /// Whose things are here.
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.things.values().map(|idle| &idle.key)
    }

    /// Puts a thing away.
    pub(super) fn put(&mut self, key: K, thing: T, now: Instant) {
        let place = self.next;
        self.next += 1;
        self.places.entry(key.clone()).or_default().push(place);
        self.things.insert(place, Idle { key, thing, since: now });
    }

    /// Takes the thing of this key that was put away last, with when that was: it is the likeliest to be of use still.
    pub(super) fn take(&mut self, key: &K) -> Option<(T, Instant)> {
        if self.things.is_empty() {
            // The usual case of a run that keeps nothing costs no look at the key.
            return None;
        }
        let places = self.places.get_mut(key)?;
        let place = places.pop()?;
        if places.is_empty() {
            self.places.remove(key);
        }
        self.things.remove(&place).map(|idle| (idle.thing, idle.since))
    }

    /// Takes what has been idle for longest.
    pub(super) fn take_oldest(&mut self) -> Option<(K, T)> {
        let (place, Idle { key, thing, .. }) = self.things.pop_first()?;
        if let Some(places) = self.places.get_mut(&key) {
            places.retain(|other| *other != place);
            if places.is_empty() {
                self.places.remove(&key);
            }
        }
        Some((key, thing))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_of_a_key_is_lent_and_the_first_of_all_goes() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut shelf = Shelf::default();
        for (seconds, key, thing) in [(0, "web1", 'a'), (1, "web2", 'b'), (2, "web1", 'c')] {
            shelf.put(key, thing, at(seconds));
        }
        assert_eq!((shelf.len(), shelf.has(&"web1"), shelf.has(&"web3")), (3, true, false));
        assert_eq!(shelf.take(&"web1"), Some(('c', at(2))));
        assert_eq!(shelf.take_oldest(), Some(("web1", 'a')));
        assert_eq!((shelf.take(&"web1"), shelf.has(&"web1")), (None, false));
        assert_eq!((shelf.take_oldest(), shelf.take_oldest()), (Some(("web2", 'b')), None));
    }

    proptest! {
        #[test]
        fn a_list_would_do_the_same(steps in proptest::collection::vec((0..4_u8, 0..5_u8), 0..200)) {
            let begin = Instant::now();
            let (mut shelf, mut list) = (Shelf::default(), Vec::new());
            for (number, (action, key)) in steps.into_iter().enumerate() {
                let now = begin + Duration::from_secs(number as u64);
                match action {
                    0 | 1 => {
                        shelf.put(key, number, now);
                        list.push((key, number, now));
                    }
                    2 => {
                        let place = list.iter().rposition(|(known, ..)| *known == key);
                        let expected = place.map(|place| list.remove(place)).map(|(_, thing, since)| (thing, since));
                        prop_assert_eq!(shelf.take(&key), expected);
                    }
                    _ => {
                        let expected = (!list.is_empty()).then(|| list.remove(0)).map(|(key, thing, _)| (key, thing));
                        prop_assert_eq!(shelf.take_oldest(), expected);
                    }
                }
                prop_assert_eq!(shelf.len(), list.len());
                prop_assert_eq!(shelf.has(&key), list.iter().any(|(known, ..)| *known == key));
                prop_assert_eq!(shelf.places.values().map(Vec::len).sum::<usize>(), list.len(), "nothing leaks");
            }
        }
    }
}
