//! YAML to a tree with places.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use crate::config::{Entry, Node, Place, Value};

/// The most values in one file: more is a bomb of anchors, not an inventory.
const MAX_NODES: usize = 250_000;
const MAX_DEPTH: usize = 40;

/// Reads YAML.
///
/// # Errors
/// The first mistake with its place: the parser cannot go on behind one.
pub fn parse_yaml(text: &str) -> Result<Node, (Place, String)> {
    let budget = serde_saphyr::budget! { max_nodes: MAX_NODES, max_depth: MAX_DEPTH };
    let options = serde_saphyr::options! { budget: budget, with_snippet: false };
    let tree: Spanned<Tree> = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let at = error.location().map_or(Place::NONE, |location| place(&location));
        (at, error.to_string().lines().next().unwrap_or_default().to_owned())
    })?;
    Ok(node(tree))
}

fn place(location: &Location) -> Place {
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Place { line: count(location.line()), column: count(location.column()) }
}

fn node(tree: Spanned<Tree>) -> Node {
    Node { at: place(&tree.referenced), value: tree.value.0 }
}

struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree(Value::Null))
    }

    fn visit_none<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree(Value::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree(Value::Number(value.into())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree(Value::Number(value.into())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree(serde_json::Number::from_f64(value).map_or(Value::Text(value.to_string()), Value::Number)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree(Value::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Tree>>()? {
            list.push(node(item));
        }
        Ok(Tree(Value::List(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let value = map.next_value::<Spanned<Tree>>()?;
            entries.push(Entry { at: place(&key.referenced), key: key.value, node: node(value) });
        }
        Ok(Tree(Value::Table(entries)))
    }
}

#[cfg(test)]
mod tests {
    use super::parse_yaml;
    use crate::config::{Place, Value};

    #[test]
    fn keeps_order_and_places() {
        let node = parse_yaml("# c\nb:\n  z: [1, true, 1.5, ~, \"x\"]\n  7: y\na:\n").unwrap();
        let Value::Table(entries) = &node.value else { panic!("{node:?}") };
        assert_eq!((entries[0].key.as_str(), entries[0].at), ("b", Place { line: 2, column: 1 }));
        let Value::Table(inner) = &entries[0].node.value else { panic!("{node:?}") };
        assert_eq!(inner[0].node.to_json().to_string(), r#"[1,true,1.5,null,"x"]"#);
        assert_eq!(
            (inner[1].key.as_str(), inner[1].at, inner[1].node.at),
            ("7", Place { line: 4, column: 3 }, Place { line: 4, column: 6 })
        );
        assert_eq!(entries[1].node.value, Value::Null);
    }

    #[test]
    fn mistakes_have_a_place() {
        let (at, message) = parse_yaml("a: 1\nb: [1,\nc: }\n").unwrap_err();
        assert!(at.line >= 2 && !message.is_empty(), "{at:?} {message}");
        assert!(parse_yaml("a: 1\na: 2\n").is_err());
    }

    #[test]
    fn bombs_are_refused() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..9 {
            let below = vec![format!("*a{}", level - 1); 10].join(",");
            bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        assert!(parse_yaml(&bomb).is_err());
        assert!(parse_yaml(&"[".repeat(10_000)).is_err());
    }
}
