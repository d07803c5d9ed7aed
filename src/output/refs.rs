//! Looking up what a reference names.

use crate::clixml::{Document, Value};

/// The value itself, or the object that it refers to. `Null` for a reference to nothing.
pub(super) fn resolve<'a>(document: &'a Document, value: &'a Value) -> &'a Value {
    match value {
        Value::Ref(id) => document.find(*id).unwrap_or(&Value::Null),
        _ => value,
    }
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
        let document = Document::with_refs(root.into(), true);
        assert_eq!(resolve(&document, document.root.member("b").unwrap()), &shared);
        assert_eq!(resolve(&document, document.root.member("c").unwrap()), &Value::Null);
    }
}
