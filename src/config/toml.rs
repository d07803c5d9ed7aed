//! TOML to a tree with places.

use ::toml::de::{DeTable, DeValue};

use super::node::{Entry, Lines, Node, Place, Value};
use super::toml_error::words;

/// Reads TOML. All syntax errors come at once; the tree then holds what could be read.
pub fn parse_toml(text: &str) -> (Node, Vec<(Place, String)>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let reader = Reader(Lines::of(text));
    let errors = errors.iter().map(|error| {
        let at = error.span().map_or(Place::NONE, |span| reader.0.place(span.start));
        let found = error.span().and_then(|span| text.get(span)).unwrap_or_default();
        (at, words(error.message(), found))
    });
    let errors = errors.collect();
    let node = Node { at: Place::new(1, 1), value: reader.table(table.get_ref()), written: None };
    (node, errors)
}

/// Reads values of a text with their places.
struct Reader<'a>(Lines<'a>);

impl Reader<'_> {
    fn table(&self, table: &DeTable<'_>) -> Value {
        // The parser sorts by name; people expect the order of their file.
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let entry = |(key, value): (&::toml::Spanned<_>, &::toml::Spanned<DeValue<'_>>)| Entry {
            at: self.0.place(key.span().start),
            key: AsRef::<str>::as_ref(key.get_ref() as &std::borrow::Cow<'_, str>).to_owned(),
            node: self.node(value),
        };
        Value::Table(entries.into_iter().map(entry).collect())
    }

    fn node(&self, value: &::toml::Spanned<DeValue<'_>>) -> Node {
        Node { at: self.0.place(value.span().start), value: self.value(value.get_ref()), written: None }
    }

    fn value(&self, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Number(number.to_string().into()),
                Err(_) => Value::Text(number.to_string()),
            },
            // As they stand there: `1.10` must not become 1.1, nor `1e5` another text.
            DeValue::Float(number) => match number.as_str().parse::<serde_json::Number>() {
                Ok(_) => Value::Number(number.as_str().into()),
                Err(_) => match number.as_str().parse().ok().and_then(serde_json::Number::from_f64) {
                    Some(number) => Value::Number(number.to_string().into()),
                    None => Value::Text(number.to_string()),
                },
            },
            DeValue::Datetime(time) => Value::Text(time.to_string()),
            DeValue::Array(items) => Value::List(items.iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => self.table(table),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse_toml;
    use crate::config::{Place, Value};

    #[test]
    fn keeps_order_and_places() {
        let (node, errors) =
            parse_toml("b = 1\n\n[a]\n\"ä\" = \"ü\"\n  z = [true, 0x10, 1.5, 1.10, +0.5, 1_000, inf]\n");
        assert!(errors.is_empty(), "{errors:?}");
        let Value::Table(entries) = &node.value else { panic!("a table") };
        let keys: Vec<_> = entries.iter().map(|entry| (entry.key.as_str(), entry.at.line)).collect();
        assert_eq!(keys, [("b", 1), ("a", 3)]);
        let Value::Table(inner) = &entries[1].node.value else { panic!("a table") };
        assert_eq!(inner[1].at, Place { line: 5, column: 3 });
        assert_eq!(inner[1].node.to_json().to_string(), "[true,16,1.5,1.10,0.5,1000,\"inf\"]");
    }

    #[test]
    fn all_syntax_errors_come_at_once() {
        let (_, errors) = parse_toml("a = \nb = 1\nc == 2\n");
        let lines: Vec<_> = errors.iter().map(|(at, _)| at.line).collect();
        assert!(lines.contains(&1) && lines.contains(&3), "{errors:?}");
    }

    #[test]
    fn mistakes_are_told_in_words_of_ours() {
        for (text, words) in [
            ("port = 22x\n", "text must be in quotes"),
            ("user = admin\n", "text must be in quotes"),
            ("user =\n", "a value is missing here"),
            ("user\n", "expected '=' and a value after this name"),
            ("user == \"a\"\n", "there is one '=' too many here"),
            ("= 1\n", "expected a name before '='"),
            ("user = \"a\n", "a quote is never closed"),
            ("user = 'a\n", "a quote is never closed"),
            ("user = \"C:\\users\"\n", "a backslash in double quotes begins no escape"),
            ("a = [1, 2\n", "its ']' is missing"),
            ("a = [\"b\" \"c\"]\n", "expected ',' or ']' in this list"),
            ("a = {b = 1\n", "its '}' is missing"),
            ("a = 1 b = 2\n", "expected the end of the line or a comment"),
            ("a = 1\na = 2\n", "this name appears twice"),
            ("[a\nb = 1\n", "goes in '[' and ']'"),
            ("a = \"x\"\na.b = 1\n", "below a value that is text"),
            ("port = 0022\n", "put it in quotes if it is text"),
            ("my key = 1\n", "expected '=' and a value"),
            ("a = 2026-13-45\n", "this is not valid TOML"),
        ] {
            let (_, errors) = parse_toml(text);
            assert!(errors.iter().any(|(_, said)| said.contains(words)), "{text}: {errors:?}");
            let foreign = errors.iter().any(|(_, said)| said.contains('`') || said.contains(", expected"));
            assert!(!foreign, "{text}: {errors:?}");
        }
    }
}
