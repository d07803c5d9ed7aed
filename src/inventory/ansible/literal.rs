//! Values of an INI inventory: Python's literals as far as they are plain, all else text.

use crate::config::{Node, Place, Value};

use super::super::json::parse_json;
use super::super::scalar::plain;

/// What a value stands for. As in Ansible, `5986`, `True`, `None` and `['a', 'b']` are values, and what is no literal is a
/// text; a number keeps its text where that says more (`1.10`).
pub(super) fn literal(at: Place, text: &str) -> Node {
    value(at, text).unwrap_or_else(|| Node { at, ..Node::text(text) })
}

/// What a value stands for that has the rest of its line. Python leaves out a comment behind a literal; behind a text a
/// `#` is a sign of that text.
pub(super) fn literal_of_line(at: Place, text: &str) -> Node {
    let whole = || value(at, text);
    let before = || text.match_indices('#').find_map(|(comment, _)| value(at, text[..comment].trim_end()));
    whole().or_else(before).unwrap_or_else(|| Node { at, ..Node::text(text) })
}

/// The value of a literal.
fn value(at: Place, text: &str) -> Option<Node> {
    match text {
        "True" | "False" => return Some(plain(at, text)),
        "None" => return Some(Node { at, value: Value::Null, written: None }),
        // Words that YAML knows, and Python does not.
        "" | "~" | "null" | "Null" | "NULL" | "true" | "false" | "TRUE" | "FALSE" => return None,
        _ => {}
    }
    if let Some(inside) = quoted(text) {
        return Some(Node { at, ..Node::text(inside) });
    }
    if text.starts_with(['[', '{']) {
        let json = text.replace('\'', "\"");
        let parsed = parse_json(text).or_else(|_| parse_json(&json));
        return parsed.ok().map(|node| with_place(node, at));
    }
    Some(plain(at, text)).filter(|node| matches!(node.value, Value::Number(_)))
}

/// The inside of a text that is one quoted text.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inside.contains([quote, '\\'])).then_some(inside)
}

/// The value with the place of its line: places inside it are those of a text of its own.
fn with_place(mut node: Node, at: Place) -> Node {
    node.at = at;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| *item = with_place(item.clone(), at)),
        Value::Table(entries) => entries.iter_mut().for_each(|entry| {
            entry.at = at;
            entry.node = with_place(entry.node.clone(), at);
        }),
        _ => {}
    }
    node
}

#[cfg(test)]
mod tests {
    use super::{literal, literal_of_line};
    use crate::config::Place;

    #[test]
    fn values_are_those_of_python() {
        for (text, json) in [
            ("5986", "5986"),
            ("True", "true"),
            ("None", "null"),
            ("true", "\"true\""),
            ("FALSE", "\"FALSE\""),
            ("null", "\"null\""),
            ("", "\"\""),
            ("1.10", "\"1.10\""),
            ("010", "\"010\""),
            ("'a b'", "\"a b\""),
            ("\"5986\"", "\"5986\""),
            ("'a' + 'b'", "\"'a' + 'b'\""),
            ("['a', 'b']", "[\"a\",\"b\"]"),
            ("{'a': [1, 2]}", "{\"a\":[1,2]}"),
            ("[a]", "\"[a]\""),
            ("[[[", "\"[[[\""),
            ("{{ x }}", "\"{{ x }}\""),
            ("web01", "\"web01\""),
            ("5986 # tls", "\"5986 # tls\""),
        ] {
            assert_eq!(literal(Place::NONE, text).to_json(), json, "{text}");
        }
    }

    #[test]
    fn a_comment_stands_behind_literals_alone() {
        for (text, json) in [
            ("5986 # tls", "5986"),
            ("5986#tls", "5986"),
            ("True # x", "true"),
            ("'a # b' # c # d", "\"a # b\""),
            ("['a#', 'b'] # c", "[\"a#\",\"b\"]"),
            ("web01 # x", "\"web01 # x\""),
            ("'a' + 'b' # x", "\"'a' + 'b' # x\""),
            ("# x", "\"# x\""),
            ("#", "\"#\""),
        ] {
            assert_eq!(literal_of_line(Place::NONE, text).to_json(), json, "{text}");
        }
    }
}
