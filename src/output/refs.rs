//! Looking up what a reference names.

use crate::clixml::{Content, Document, RefId, Value};

/// The value itself, or the object that it refers to. `Null` for a reference to nothing.
///
/// Each lookup walks the document, which is fine for the few members of a record that are read by name.
pub fn resolve<'a>(document: &'a Document, value: &'a Value) -> &'a Value {
    match value {
        Value::Ref(id) => find(document, *id).unwrap_or(&Value::Null),
        _ => value,
    }
}

/// The object with this id; the last one if an id was given twice.
fn find(document: &Document, id: RefId) -> Option<&Value> {
    let mut found = None;
    let mut open = vec![&document.root];
    while let Some(value) = open.pop() {
        let Value::Object(object) = value else { continue };
        if object.id == Some(id) {
            found = Some(value);
        }
        // Pushed last to first, so that the walk is in wire order.
        open.extend(object.notes.iter().chain(&object.props).rev().map(|(_, value)| value));
        match &object.content {
            Content::None => {}
            Content::Value(value) => open.push(value),
            Content::List(_, items) => open.extend(items.iter().rev()),
            Content::Dict(entries) => open.extend(entries.iter().rev().flat_map(|(key, value)| [value, key])),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use crate::clixml::{Document, Object, Value};

    #[test]
    fn finds_the_object_behind_a_reference() {
        let shared = Value::from(Object { id: Some(3), to_string: Some("it".into()), ..Object::default() });
        let root = Object {
            notes: vec![("a".into(), shared.clone()), ("b".into(), Value::Ref(3)), ("c".into(), Value::Ref(9))],
            ..Object::default()
        };
        let document = Document { root: root.into(), has_refs: true };
        assert_eq!(resolve(&document, document.root.member("b").unwrap()), &shared);
        assert_eq!(resolve(&document, document.root.member("c").unwrap()), &Value::Null);
    }
}
