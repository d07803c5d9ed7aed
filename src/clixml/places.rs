//! Where in a document the objects are that its references name.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::value::{RefId, Value};

/// The places of a document's objects, found when they are first asked for: to look for each reference anew would cost
/// the square of their number.
#[derive(Debug, Default)]
pub(super) struct Places(OnceLock<Found>);

/// A copy finds out by itself.
impl Clone for Places {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What was looked up so far is not a part of the value.
impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[derive(Debug, Default)]
struct Found {
    /// Each object's container among these, and which of its children it is; the root is its own.
    nodes: Vec<(u32, u32)>,
    /// Referenced objects among the nodes.
    referenced: HashMap<RefId, u32>,
}

impl Places {
    /// The object with this id below a root; the last one if an id was given twice.
    pub(super) fn find<'a>(&self, root: &'a Value, id: RefId) -> Option<&'a Value> {
        let found = self.0.get_or_init(|| Found::of(root));
        let mut node = *found.referenced.get(&id)?;
        let mut way = Vec::new();
        while node != 0 {
            let (container, child) = found.nodes[node as usize];
            way.push(child);
            node = container;
        }
        way.into_iter().rev().try_fold(root, |value, place| value.as_object()?.child(place as usize))
    }
}

impl Found {
    fn of(root: &Value) -> Self {
        let wanted = referred_ids(root);
        let mut found = Self::default();
        let mut open = vec![(root, 0, 0)];
        while let Some((value, container, place)) = open.pop() {
            let Value::Object(object) = value else { continue };
            // As many objects as a message has bytes are far fewer.
            let Ok(node) = u32::try_from(found.nodes.len()) else { break };
            found.nodes.push((container, place));
            if let Some(id) = object.id.filter(|id| wanted.contains(id)) {
                found.referenced.insert(id, node);
            }
            // Last first, so that they come off the stack in the order of the text.
            let children = object.children().zip(0u32..);
            let from = open.len();
            open.extend(children.filter(|(value, _)| value.as_object().is_some()).map(|(value, at)| (value, node, at)));
            open[from..].reverse();
        }
        found
    }
}

/// The ids that references of a tree name.
pub(super) fn referred_ids(root: &Value) -> HashSet<RefId> {
    let mut ids = HashSet::new();
    let mut open = vec![root];
    while let Some(value) = open.pop() {
        match value {
            Value::Ref(id) => {
                ids.insert(*id);
            }
            Value::Object(object) => open.extend(object.children()),
            _ => {}
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clixml::{Content, Document, ListKind, Object};

    fn named(id: RefId, text: &str) -> Value {
        Value::from(Object { id: Some(id), to_string: Some(text.into()), ..Object::default() })
    }

    #[test]
    fn finds_objects_wherever_they_are() {
        let refs = (1..=7).chain([99]).map(Value::Ref).collect();
        let dict = Content::Dict(vec![(named(3, "key"), named(4, "value"))]);
        let list = Content::List(ListKind::List, vec![Value::I32(1), named(5, "item"), Value::Null, named(6, "x")]);
        let of = |content| Value::from(Object { content, ..Object::default() });
        let root = Object {
            props: vec![("d".into(), named(2, "prop")), ("e".into(), of(list))],
            notes: vec![("a".into(), named(1, "note")), ("c".into(), of(dict)), ("f".into(), named(6, "last"))],
            content: Content::List(ListKind::List, refs),
            ..Object::default()
        };
        let document = Document::with_refs(root.into(), true);
        let text =
            |id| document.find(id).and_then(|value| value.as_object()?.to_string.as_ref().map(ToString::to_string));
        let texts: Vec<_> = (1..=7).map(|id| text(id).unwrap_or_default()).collect();
        assert_eq!(texts, ["note", "prop", "key", "value", "item", "last", ""]);
        assert_eq!(document, document.clone());
    }

    #[test]
    fn many_references_are_looked_up_in_one_walk() {
        // By a walk for each this would take hours.
        let count = 200_000;
        let notes = (0..count).map(|id| (format!("n{id}").as_str().into(), named(id, "x")));
        let items = (0..count).map(Value::Ref).collect();
        let content = Content::List(ListKind::List, items);
        let document =
            Document::with_refs(Object { notes: notes.collect(), content, ..Object::default() }.into(), true);
        assert!((0..count).all(|id| document.find(id).is_some()));
    }
}
