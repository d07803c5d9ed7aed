//! Named things in folders: what the seed has of them, and what scripts changed.
//!
//! Files and registry keys are both of this kind. The drawn part is forgotten after each script; the changes are all
//! that a host keeps, so a script that writes one file costs one entry.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A thing with a name.
pub(super) trait Named: Clone {
    fn name(&self) -> &str;
}

/// What the seed has: the things in each folder, by the folder's key.
#[derive(Debug, Clone)]
pub(super) struct Tree<E>(BTreeMap<String, Vec<E>>);

/// What scripts changed.
#[derive(Debug, Clone)]
pub(super) struct Changes<E> {
    /// Drawn things that are gone, with all that is in them.
    gone: BTreeSet<String>,
    made: BTreeMap<String, E>,
}

/// Both together.
pub(super) struct Merged<E> {
    pub(super) drawn: Arc<Tree<E>>,
    pub(super) changes: Arc<Changes<E>>,
}

/// What makes two paths equal: letters in any case.
pub(super) fn key(path: &str) -> String {
    path.to_lowercase()
}

/// The folder of a path and the name in it; the folder of a name alone is the empty path.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('\\').unwrap_or(("", path))
}

/// A name in a folder.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}\\{name}") }
}

impl<E> Default for Tree<E> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<E> Default for Changes<E> {
    fn default() -> Self {
        Self { gone: BTreeSet::new(), made: BTreeMap::new() }
    }
}

impl<E: Named> Tree<E> {
    /// Adds a thing to a folder, unless there is one of its name.
    pub(super) fn add(&mut self, folder: &str, thing: E) {
        let things = self.0.entry(key(folder)).or_default();
        if !things.iter().any(|other| other.name().eq_ignore_ascii_case(thing.name())) {
            things.push(thing);
        }
    }

    pub(super) fn find(&self, path: &str) -> Option<&E> {
        let (folder, name) = split(path);
        self.0.get(&key(folder))?.iter().find(|thing| thing.name().to_lowercase() == key(name))
    }

    fn children(&self, folder: &str) -> &[E] {
        self.0.get(folder).map_or(&[], Vec::as_slice)
    }

    /// Changes a thing while the tree is being drawn.
    pub(super) fn find_mut(&mut self, path: &str) -> Option<&mut E> {
        let (folder, name) = split(path);
        self.0.get_mut(&key(folder))?.iter_mut().find(|thing| thing.name().eq_ignore_ascii_case(name))
    }
}

impl<E: Named> Changes<E> {
    fn hides(&self, path: &str) -> bool {
        let mut at = path;
        loop {
            if self.gone.contains(at) {
                return true;
            }
            match at.rsplit_once('\\') {
                Some((folder, _)) => at = folder,
                None => return false,
            }
        }
    }

    /// Makes a thing or replaces it.
    pub(super) fn put(&mut self, path: &str, thing: E) {
        self.made.insert(key(path), thing);
    }

    /// A thing that scripts made.
    pub(super) fn made_mut(&mut self, path: &str) -> Option<&mut E> {
        self.made.get_mut(&key(path))
    }

    /// Removes a thing with all that is in it; gives back what scripts had made of it.
    ///
    /// Only what `is_drawn` has to be remembered: the rest was never there.
    pub(super) fn remove(&mut self, path: &str, is_drawn: bool) -> Vec<E> {
        let path = key(path);
        let inside = format!("{path}\\");
        let is_inside = |other: &&String| other.starts_with(&inside);
        let made = self.made.range(inside.clone()..).map(|(other, _)| other).take_while(is_inside);
        let made: Vec<String> = made.chain([&path]).cloned().collect();
        let removed = made.iter().filter_map(|other| self.made.remove(other)).collect();
        let gone: Vec<String> = self.gone.range(inside.clone()..).take_while(is_inside).cloned().collect();
        for other in &gone {
            self.gone.remove(other);
        }
        if is_drawn {
            self.gone.insert(path);
        }
        removed
    }

    /// How many changes there are.
    pub(super) fn len(&self) -> usize {
        self.made.len() + self.gone.len()
    }

    /// What scripts made.
    pub(super) fn made(&self) -> impl Iterator<Item = &E> {
        self.made.values()
    }
}

impl<E: Named> Merged<E> {
    /// The thing of a path.
    pub(super) fn find(&self, path: &str) -> Option<&E> {
        let path = key(path);
        match self.changes.made.get(&path) {
            Some(made) => Some(made),
            None if self.changes.hides(&path) => None,
            None => self.drawn.find(&path),
        }
    }

    /// What is in a folder, by name.
    pub(super) fn children(&self, folder: &str) -> Vec<&E> {
        let folder = key(folder);
        let mut all: BTreeMap<String, &E> = BTreeMap::new();
        if !self.changes.hides(&folder) {
            let drawn = self.drawn.children(&folder).iter().map(|thing| (key(thing.name()), thing));
            all.extend(drawn.filter(|(name, _)| !self.changes.gone.contains(&join(&folder, name))));
        }
        let inside = if folder.is_empty() { String::new() } else { format!("{folder}\\") };
        let made = self.changes.made.range(inside.clone()..).take_while(|(path, _)| path.starts_with(&inside));
        let made = made.filter_map(|(path, thing)| Some((path.strip_prefix(&inside)?, thing)));
        all.extend(made.filter(|(name, _)| !name.contains('\\')).map(|(name, thing)| (name.to_owned(), thing)));
        all.into_values().collect()
    }

    /// Each thing below a folder with its path.
    pub(super) fn below(&self, folder: &str, visit: &mut dyn FnMut(&str, &E)) {
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            for thing in self.children(&folder) {
                let path = join(&folder, thing.name());
                visit(&path, thing);
                waiting.push(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Changes, Merged, Named, Tree};

    #[derive(Clone)]
    struct Thing(&'static str);

    impl Named for Thing {
        fn name(&self) -> &str {
            self.0
        }
    }

    #[test]
    fn changes_lie_over_what_was_drawn() {
        let mut tree = Tree::default();
        for (folder, name) in [("", "A"), ("A", "B"), ("A\\B", "c"), ("A", "x")] {
            tree.add(folder, Thing(name));
        }
        let drawn = Arc::new(tree);
        let mut changes = Changes::default();
        let look = |changes: &Changes<Thing>, folder: &str| {
            let merged = Merged { drawn: Arc::clone(&drawn), changes: Arc::new(changes.clone()) };
            merged.children(folder).iter().map(|thing| thing.0).collect::<Vec<_>>().join(" ")
        };
        changes.put("a\\new", Thing("new"));
        assert_eq!(look(&changes, "A"), "B new x");
        changes.remove("A\\b", true);
        changes.remove("A\\new", false);
        assert_eq!((look(&changes, "a"), look(&changes, "a\\b")), ("x".into(), String::new()));
        changes.put("A\\B", Thing("b2"));
        assert_eq!(look(&changes, "a"), "b2 x");
        assert_eq!(look(&changes, "a\\b"), "", "what was in the old folder does not come back");
        changes.put("A\\B\\n", Thing("n"));
        assert_eq!(look(&changes, "A\\B"), "n");
        changes.remove("A", true);
        assert_eq!((look(&changes, ""), look(&changes, "A\\B")), (String::new(), String::new()));
    }
}
