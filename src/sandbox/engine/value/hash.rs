//! Hashtables, ordered dictionaries, and .NET's other dictionaries.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Mutex;

use super::{ORDERED, Val, locked};

/// A hashtable or ordered dictionary; both keep the order of insertion here.
#[derive(Debug)]
pub(in super::super) struct Hash {
    pub(super) type_name: Cow<'static, str>,
    /// .NET's own take letters as they are, PowerShell's do not.
    is_case_sensitive: bool,
    pub(super) map: Mutex<Map>,
}

#[derive(Debug, Default)]
pub(super) struct Map {
    /// Counts changes, so that those who go through it notice them.
    version: u64,
    pub(super) entries: Vec<(Val, Val)>,
    places: HashMap<Key, usize>,
}

/// What makes two keys equal: strings in any case, numbers of one type.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Text(String),
    Int(std::mem::Discriminant<Kind>, i128),
    Other(String),
}

/// Only to tell integer types apart in keys.
#[derive(Debug)]
enum Kind {
    Int32,
    Int64,
    Other,
}

impl Key {
    fn of(value: &Val, is_case_sensitive: bool) -> Self {
        let kind = |kind: Kind| std::mem::discriminant(&kind);
        match value {
            Val::Str(text) if is_case_sensitive => Self::Text(text.to_string()),
            Val::Str(text) => Self::Text(text.to_lowercase()),
            Val::I32(number) => Self::Int(kind(Kind::Int32), (*number).into()),
            Val::I64(number) => Self::Int(kind(Kind::Int64), (*number).into()),
            other => match other.as_int() {
                Some(number) => Self::Int(kind(Kind::Other), number),
                None => Self::Other(format!("{} {}", other.type_name(), super::super::convert::text(other))),
            },
        }
    }
}

impl Hash {
    pub(super) fn new(type_name: impl Into<Cow<'static, str>>, is_case_sensitive: bool) -> Self {
        Self { type_name: type_name.into(), is_case_sensitive, map: Mutex::default() }
    }

    pub(in super::super) fn is_ordered(&self) -> bool {
        self.type_name == ORDERED
    }

    pub(in super::super) fn get(&self, key: &Val) -> Option<Val> {
        let map = locked(&self.map);
        let place = *map.places.get(&Key::of(key, self.is_case_sensitive))?;
        map.entries.get(place).map(|(_, value)| value.clone())
    }

    pub(in super::super) fn at(&self, place: usize) -> Option<Val> {
        locked(&self.map).entries.get(place).map(|(_, value)| value.clone())
    }

    /// Changes the value at a place; says whether there is one.
    pub(in super::super) fn set_at(&self, place: usize, value: Val) -> bool {
        let mut map = locked(&self.map);
        map.version += 1;
        map.entries.get_mut(place).map(|entry| entry.1 = value.stored()).is_some()
    }

    pub(in super::super) fn set(&self, key: &Val, value: Val) {
        let mut map = locked(&self.map);
        let place = map.places.get(&Key::of(key, self.is_case_sensitive)).copied();
        match place.and_then(|place| map.entries.get_mut(place)) {
            Some(entry) => {
                entry.1 = value.stored();
                map.version += u64::from(self.minds_all());
            }
            None => {
                map.version += 1;
                let place = map.entries.len();
                map.places.insert(Key::of(key, self.is_case_sensitive), place);
                map.entries.push((key.clone(), value.stored()));
            }
        }
    }

    pub(in super::super) fn remove(&self, key: &Val) {
        let mut map = locked(&self.map);
        if let Some(place) = map.places.remove(&Key::of(key, self.is_case_sensitive)) {
            map.version += u64::from(self.minds_all());
            map.entries.remove(place);
            map.places.values_mut().filter(|other| **other > place).for_each(|other| *other -= 1);
        }
    }

    pub(in super::super) fn clear(&self) {
        let mut map = locked(&self.map);
        let version = map.version + u64::from(self.minds_all());
        *map = Map { version, ..Map::default() };
    }

    /// Whether nothing may change while something goes through it; .NET's generic dictionaries mind only new keys.
    fn minds_all(&self) -> bool {
        !self.type_name.contains(".Generic.Dictionary") && !self.type_name.ends_with("BoundParametersDictionary")
    }

    pub(super) fn version(&self) -> u64 {
        locked(&self.map).version
    }

    pub(in super::super) fn len(&self) -> usize {
        locked(&self.map).entries.len()
    }

    pub(in super::super) fn entries(&self) -> Vec<(Val, Val)> {
        let mut entries = locked(&self.map).entries.clone();
        if self.type_name.contains(".Sorted") {
            let order = |left: &Val, right: &Val| super::super::ops::compare(left, right, false);
            entries.sort_by(|(left, _), (right, _)| order(left, right).unwrap_or(std::cmp::Ordering::Equal));
        }
        entries
    }

    pub(in super::super) fn type_name(&self) -> Cow<'static, str> {
        self.type_name.clone()
    }

    pub(in super::super) fn is_case_sensitive(&self) -> bool {
        self.is_case_sensitive
    }
}
