//! JSON to a tree with places.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::config::{Entry, Node, Place, Value};
use crate::words;

/// Reads JSON.
///
/// # Errors
/// The first mistake with its place.
pub fn parse_json(text: &str) -> Result<Node, (Place, String)> {
    // The whole text is checked first, with serde_json's limit on depth; what follows only takes apart what is valid.
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let at = Place { line: count(error.line()), column: count(error.column()) };
        (at, words::json(&error))
    })?;
    node(text, raw).map_err(|error| (Place::NONE, words::json(&error)))
}

fn node(text: &str, raw: &RawValue) -> Result<Node, serde_json::Error> {
    let json = raw.get();
    let value = match json.as_bytes().first() {
        Some(b'{') => {
            let Fields(fields) = serde_json::from_str(json)?;
            let entry = |field: Field<'_>| {
                Ok(Entry { at: place(text, field.address), key: field.key, node: node(text, field.value)? })
            };
            Value::Table(fields.into_iter().map(entry).collect::<Result<_, serde_json::Error>>()?)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json)?;
            Value::List(items.into_iter().map(|item| node(text, item)).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Value::Text(serde_json::from_str(json)?),
        Some(b't' | b'f') => Value::Bool(serde_json::from_str(json)?),
        Some(b'n') => Value::Null,
        _ => Value::Number(serde_json::from_str(json)?),
    };
    Ok(Node { at: place(text, json.as_ptr() as usize), value, written: None })
}

/// The place of something that was borrowed from the text, by its address.
fn place(text: &str, address: usize) -> Place {
    match address.checked_sub(text.as_ptr() as usize) {
        Some(offset) if offset <= text.len() => Place::of(text, offset),
        _ => Place::NONE,
    }
}

struct Field<'a> {
    /// Where the key's text lies in memory; 0 if it had to be copied because of escapes.
    address: usize,
    key: String,
    value: &'a RawValue,
}

struct Fields<'a>(Vec<Field<'a>>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(Key { address, key }) = map.next_key()? {
            fields.push(Field { address, key, value: map.next_value()? });
        }
        Ok(Fields(fields))
    }
}

struct Key {
    address: usize,
    key: String,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key, E> {
        Ok(Key { address: key.as_ptr() as usize - 1, key: key.to_owned() })
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
        Ok(Key { address: 0, key: key.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::parse_json;
    use crate::config::{Place, Value};

    #[test]
    fn keeps_order_and_places() {
        let node = parse_json("{\n  \"b\": {\"z\": [1, true, 1.5, null, \"\\u00fc\"]},\n  \"a\": \"x\"\n}").unwrap();
        let Value::Table(entries) = &node.value else { panic!("{node:?}") };
        assert_eq!((entries[0].key.as_str(), entries[0].at), ("b", Place { line: 2, column: 3 }));
        assert_eq!((entries[1].key.as_str(), entries[1].node.at), ("a", Place { line: 3, column: 8 }));
        assert_eq!(entries[0].node.to_json().to_string(), "{\"z\":[1,true,1.5,null,\"ü\"]}");
    }

    #[test]
    fn mistakes_have_a_place() {
        let (at, message) = parse_json("{\n  \"a\": 1,\n}").unwrap_err();
        assert_eq!(
            (at.line, message.as_str()),
            (3, "expected a name in double quotes; behind the last entry stands no ','")
        );
        assert!(parse_json(&"[".repeat(10_000)).is_err());
    }
}
