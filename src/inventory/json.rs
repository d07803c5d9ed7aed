//! JSON to a tree with places.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::depth::{MAX_DEPTH, too_deep};
use super::yaml::Mistake;
use crate::config::{Entry, Lines, Node, Place, Value};
use crate::error_text;

/// Reads JSON.
///
/// # Errors
/// The first mistake with its place.
pub(super) fn parse_json(text: &str) -> Result<Node, Mistake> {
    // The whole text is checked first; what follows only takes apart what is valid.
    let raw: &RawValue = serde_json::from_str(text)
        .map_err(|error| (Place::new(error.line(), error.column()), error_text::json(&error)))?;
    Reader { text, lines: Lines::of(text) }.node(raw, 0)
}

/// Takes valid JSON apart.
struct Reader<'a> {
    text: &'a str,
    lines: Lines<'a>,
}

impl Reader<'_> {
    fn node(&self, raw: &RawValue, depth: usize) -> Result<Node, Mistake> {
        let json = raw.get();
        let at = self.place(json.as_ptr() as usize);
        let wrong = |error: serde_json::Error| (at, error_text::json(&error));
        let value = match json.as_bytes().first() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => return Err((at, too_deep())),
            Some(b'{') => {
                // JSON that holds texts which a name cannot have has passed until here.
                let names = |_| (at, "a name in this table contains half of a surrogate pair".to_owned());
                let Fields(fields) = serde_json::from_str(json).map_err(names)?;
                let entry = |field: Field<'_>| {
                    Ok(Entry {
                        at: self.place(field.address),
                        key: field.key,
                        node: self.node(field.value, depth + 1)?,
                    })
                };
                Value::Table(fields.into_iter().map(entry).collect::<Result<_, Mistake>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(json).map_err(wrong)?;
                Value::List(items.into_iter().map(|item| self.node(item, depth + 1)).collect::<Result<_, _>>()?)
            }
            // What else could be wrong with a text was found above.
            Some(b'"') => serde_json::from_str(json).map_or_else(|_| Value::Halves(json.into()), Value::Text),
            Some(b't' | b'f') => Value::Bool(serde_json::from_str(json).map_err(wrong)?),
            Some(b'n') => Value::Null,
            _ => Value::Number(json.into()),
        };
        Ok(Node { at, value, written: None })
    }

    /// The place of something that was borrowed from the text, by its address.
    fn place(&self, address: usize) -> Place {
        match address.checked_sub(self.text.as_ptr() as usize) {
            Some(offset) if offset <= self.text.len() => self.lines.place(offset),
            _ => Place::NONE,
        }
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
    fn values_are_as_they_are_written() {
        for json in [r#"[1e5,1E5,1.10,-0,12e5678,0.5e+10]"#, r#"{"a":"\ud83d","b":["x\uDE00"]}"#, r#""😀""#] {
            assert_eq!(parse_json(json).unwrap().to_json(), json);
        }
        let half = parse_json(r#""\ud83d""#).unwrap();
        assert_eq!((half.kind(), half.as_text()), ("text with half of a surrogate pair", None));
    }

    /// A long line and many lines: the work grows with the text, not with its square.
    #[test]
    fn large_texts_keep_their_places() {
        let names = |separator: &str| {
            let hosts: Vec<String> = (0..40_000).map(|host| format!("{{\"name\": \"ü{host:05}\"}}")).collect();
            let node = parse_json(&format!("[{}]", hosts.join(separator))).unwrap();
            let Value::List(items) = &node.value else { panic!("a list") };
            let Value::Table(entries) = &items.last().expect("a host").value else { panic!("a table") };
            entries[0].node.at
        };
        // Each host has 18 characters.
        assert_eq!(names(","), Place::new(1, 2 + 39_999 * 19 + 9));
        assert_eq!(names(",\n"), Place::new(40_000, 10));
    }

    #[test]
    fn mistakes_have_a_place() {
        let (at, message) = parse_json("{\n  \"a\": 1,\n}").unwrap_err();
        assert_eq!((at.line, message.as_str()), (3, "expected a name in double quotes; no ',' follows the last entry"));
        let deep = |depth: usize| parse_json(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(deep(40).is_ok());
        for depth in [41, 1000, 100_000] {
            assert_eq!(deep(depth).unwrap_err().1, "lists and tables are nested more than 40 deep");
        }
        let (at, message) = parse_json("{\"a\":\n {\"\\ud83d\": 1}}").unwrap_err();
        assert_eq!((at.line, &*message), (2, "a name in this table contains half of a surrogate pair"));
    }
}
