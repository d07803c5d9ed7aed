//! References inside a message, replaced by what they refer to.

use std::collections::HashMap;

use crate::clixml::{Content, Document, Object, RefId, Value};

/// The most objects that references may unfold to: a few of them, nested, would multiply without end.
const MAX_COPIES: usize = 100_000;

/// The root of a document without references. A reference to an object that is still open (a cycle) becomes null.
pub(super) fn unfold(document: Document) -> Value {
    if !document.has_refs {
        return document.root;
    }
    let mut known = HashMap::new();
    collect(&document.root, &mut known);
    Unfolding { known: &known, open: Vec::new(), copies: 0 }.value(&document.root)
}

fn collect<'a>(value: &'a Value, known: &mut HashMap<RefId, &'a Object>) {
    let Value::Object(object) = value else { return };
    if let Some(id) = object.id {
        known.insert(id, object);
    }
    match &object.content {
        Content::None => {}
        Content::Value(inner) => collect(inner, known),
        Content::List(_, items) => items.iter().for_each(|item| collect(item, known)),
        Content::Dict(entries) => entries.iter().for_each(|(key, value)| {
            collect(key, known);
            collect(value, known);
        }),
    }
    object.props.iter().chain(&object.notes).for_each(|(_, value)| collect(value, known));
}

/// Copies a tree. Decoded trees have a limited depth, and no copy goes deeper than the trees that it is made of.
struct Unfolding<'a> {
    known: &'a HashMap<RefId, &'a Object>,
    open: Vec<RefId>,
    copies: usize,
}

impl Unfolding<'_> {
    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(object) => self.object(object),
            Value::Ref(id) => match self.known.get(id) {
                Some(object) if !self.open.contains(id) => self.object(object),
                _ => Value::Null,
            },
            other => other.clone(),
        }
    }

    fn object(&mut self, object: &Object) -> Value {
        self.copies += 1;
        if self.copies > MAX_COPIES {
            return Value::Null;
        }
        let depth = self.open.len();
        self.open.extend(object.id);
        let content = match &object.content {
            Content::None => Content::None,
            Content::Value(inner) => Content::Value(self.value(inner)),
            Content::List(kind, items) => Content::List(*kind, items.iter().map(|item| self.value(item)).collect()),
            Content::Dict(entries) => {
                Content::Dict(entries.iter().map(|(key, value)| (self.value(key), self.value(value))).collect())
            }
        };
        let mut members = |members: &[(std::sync::Arc<str>, Value)]| {
            members.iter().map(|(name, value)| (name.clone(), self.value(value))).collect()
        };
        let (props, notes) = (members(&object.props), members(&object.notes));
        self.open.truncate(depth);
        Object {
            id: None,
            type_names: object.type_names.clone(),
            to_string: object.to_string.clone(),
            content,
            props,
            notes,
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::unfold;
    use crate::clixml::{Decoder, Document, encode};

    fn unfolded(xml: &str) -> String {
        let document = Decoder::default().decode(xml.as_bytes()).expect("CLIXML");
        encode(&Document::new(unfold(document)))
    }

    #[test]
    fn copies_what_is_referred_to() {
        let xml = r#"<Obj RefId="0"><MS><Obj N="a" RefId="1"><I32>5</I32></Obj><Ref N="b" RefId="1"/></MS></Obj>"#;
        let text = unfolded(xml);
        assert_eq!(text.matches("<I32>5</I32>").count(), 2, "{text}");
    }

    #[test]
    fn cuts_cycles() {
        let xml = r#"<Obj RefId="0"><MS><Ref N="self" RefId="0"/></MS></Obj>"#;
        assert!(unfolded(xml).contains(r#"<Nil N="self""#));
    }

    #[test]
    fn does_not_explode() {
        let mut xml = String::from(r#"<Obj RefId="0"><LST><Obj RefId="1"><I32>1</I32></Obj>"#);
        for id in 2..40 {
            let inner = id - 1;
            xml.push_str(&format!(
                r#"<Obj RefId="{id}"><LST><Ref RefId="{inner}"/><Ref RefId="{inner}"/></LST></Obj>"#
            ));
        }
        xml.push_str("</LST></Obj>");
        assert!(unfolded(&xml).len() < 20 << 20);
    }
}
