//! YAML to a tree with places.
//!
//! The parser's events are put together here, because what a scalar means is ours to say (see [`super::scalar`]): a
//! deserializer would have decided before we see the text.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use crate::config::{Entry, Node, Place, Value};

use super::depth::{MAX_DEPTH, too_deep};
use super::scalar::plain;
use super::yaml_error::words;

/// The most values in one file: more is a bomb of anchors, not an inventory.
const MAX_NODES: usize = 250_000;

/// What is wrong with a text, and where.
pub(crate) type Mistake = (Place, String);

/// Whose YAML it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Dialect {
    /// Ours.
    #[default]
    Own,
    /// Ansible's: `yes` and `no` are values as in YAML 1.1, and there are tags for what is encrypted or not a template.
    Ansible,
}

/// Reads YAML.
///
/// # Errors
/// The first mistake with its place: the parser cannot go on after one.
pub(crate) fn parse_yaml(text: &str) -> Result<Node, Mistake> {
    parse(text, Dialect::Own)
}

/// Reads YAML as Ansible writes it.
///
/// # Errors
/// Those of [`parse_yaml`].
pub(super) fn parse_ansible_yaml(text: &str) -> Result<Node, Mistake> {
    parse(text, Dialect::Ansible)
}

fn parse(text: &str, dialect: Dialect) -> Result<Node, Mistake> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut tree = Tree { dialect, ..Tree::default() };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| mistake(text, &error))?;
        tree.take(event, place(&span.start))?;
    }
    Ok(tree.root.unwrap_or(Node { at: Place::NONE, value: Value::Null, written: None }))
}

fn place(marker: &Marker) -> Place {
    Place::new(marker.line(), marker.col() + 1)
}

fn mistake(text: &str, error: &ScanError) -> Mistake {
    let (at, said) = (place(error.marker()), words(error.kind()));
    let line = text.lines().nth(error.marker().line().saturating_sub(1)).unwrap_or_default();
    let mut around = line.chars().skip(error.marker().col().saturating_sub(1));
    let (before, here) = (around.next().unwrap_or(' '), around.next());
    // A bracket in the middle of a word.
    match here == Some('[') && !before.is_whitespace() && !"[]{},:\"'".contains(before) {
        true => (at, format!("{said}; here, a name with brackets must be in quotes: \"web[1-3]\"")),
        false => (at, said),
    }
}

/// The tree so far.
#[derive(Default)]
struct Tree {
    dialect: Dialect,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Anchored>,
    documents: usize,
    nodes: usize,
}

/// A list or table that has not ended.
struct Open {
    at: Place,
    anchor: usize,
    /// How many values there were before it.
    before: usize,
    /// How deep its deepest value is.
    depth: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Table { entries: Vec<Entry>, key: Option<Key>, merged: Vec<Entry> },
}

struct Key {
    at: Place,
    name: String,
    /// It is `<<`: the value's entries belong to this table, unless it has its own.
    merges: bool,
}

/// A value that aliases may repeat.
struct Anchored {
    node: Node,
    nodes: usize,
    depth: usize,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, at: Place) -> Result<(), Mistake> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err((at, "a second document begins here; such a file is one document".to_owned()));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(at, 1)?;
                if self.wants_key() {
                    let merges = style == ScalarStyle::Plain && text == "<<" && tag.is_none();
                    self.key(Key { at, name: text.into_owned(), merges });
                    return Ok(());
                }
                let node = match self.dialect {
                    Dialect::Own => scalar(at, &text, style, tag.as_deref())?,
                    Dialect::Ansible => ansible_scalar(at, &text, style, tag.as_deref())?,
                };
                self.add(node, anchor, 1, 1)
            }
            Event::SequenceStart(_, anchor, tag) => self.begin(at, anchor, tag.as_deref(), "seq"),
            Event::MappingStart(_, anchor, tag) => self.begin(at, anchor, tag.as_deref(), "map"),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, at),
            _ => Ok(()),
        }
    }

    fn count(&mut self, at: Place, nodes: usize) -> Result<(), Mistake> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err((at, format!("more than {MAX_NODES} values, aliases counted in full")));
        }
        Ok(())
    }

    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { items: Items::Table { key: None, .. }, .. }))
    }

    fn key(&mut self, name: Key) {
        if let Some(Open { items: Items::Table { key, .. }, .. }) = self.open.last_mut() {
            *key = Some(name);
        }
    }

    fn begin(&mut self, at: Place, anchor: usize, tag: Option<&Tag>, kind: &str) -> Result<(), Mistake> {
        if self.wants_key() {
            return Err((at, "a list or a table cannot be a name".to_owned()));
        }
        if let Some(tag) = tag.filter(|tag| tag.core_suffix() != Some(kind)) {
            return Err((at, unknown_tag(tag)));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err((at, too_deep()));
        }
        let before = self.nodes;
        self.count(at, 1)?;
        let items = match kind {
            "seq" => Items::List(Vec::new()),
            _ => Items::Table { entries: Vec::new(), key: None, merged: Vec::new() },
        };
        self.open.push(Open { at, anchor, before, depth: 0, items });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Mistake> {
        let Some(Open { at, anchor, before, depth, items }) = self.open.pop() else { return Ok(()) };
        let value = match items {
            Items::List(items) => Value::List(items),
            Items::Table { mut entries, merged, .. } => {
                let mut known: HashSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
                entries.extend(merged.into_iter().filter(|entry| known.insert(entry.key.clone())));
                Value::Table(entries)
            }
        };
        self.add(Node { at, value, written: None }, anchor, self.nodes - before, depth + 1)
    }

    fn alias(&mut self, anchor: usize, at: Place) -> Result<(), Mistake> {
        let Some(Anchored { node, nodes, depth }) = self.anchors.get(&anchor) else {
            return Err((at, "this alias is inside the value that it repeats".to_owned()));
        };
        let (node, nodes, depth) = (Node { at, ..node.clone() }, *nodes, *depth);
        if self.wants_key() {
            let Some(name) = node.as_text() else {
                return Err((at, "a list or a table cannot be a name".to_owned()));
            };
            self.key(Key { at, name, merges: false });
            return self.count(at, 1);
        }
        if self.open.len() + depth > MAX_DEPTH {
            return Err((at, too_deep()));
        }
        self.count(at, nodes)?;
        self.add(node, 0, nodes, depth)
    }

    /// Puts a value into the innermost list or table.
    fn add(&mut self, node: Node, anchor: usize, nodes: usize, depth: usize) -> Result<(), Mistake> {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, depth });
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.depth = open.depth.max(depth);
        match &mut open.items {
            Items::List(items) => items.push(node),
            Items::Table { entries, key, merged } => {
                let Some(Key { at, name, merges }) = key.take() else { return Ok(()) };
                match merges {
                    true => merged.extend(merge(node)?),
                    false => entries.push(Entry { at, key: name, node }),
                }
            }
        }
        Ok(())
    }
}

/// The entries that a value of `<<` brings: a table's, or those of each table of a list.
fn merge(node: Node) -> Result<Vec<Entry>, Mistake> {
    match node.value {
        Value::Table(entries) => Ok(entries),
        Value::List(items) => Ok(items.into_iter().map(merge).collect::<Result<Vec<_>, _>>()?.concat()),
        _ => Err((node.at, format!("'<<' takes a table, found {}", node.kind()))),
    }
}

fn scalar(at: Place, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Node, Mistake> {
    let as_text = || Node { at, ..Node::text(text) };
    let Some(tag) = tag else {
        return Ok(if style == ScalarStyle::Plain { plain(at, text) } else { as_text() });
    };
    let node = plain(at, text);
    match (tag.core_suffix(), &node.value) {
        (Some("str"), _) => Ok(as_text()),
        (None, _) if tag.original() == "!" => Ok(as_text()),
        (Some("int" | "float"), Value::Number(_)) | (Some("bool"), Value::Bool(_)) | (Some("null"), Value::Null) => {
            Ok(node)
        }
        (Some(kind), _) => Err((at, format!("the tag !!{kind} does not fit: found {}", node.kind()))),
        (None, _) => Err((at, unknown_tag(tag))),
    }
}

fn ansible_scalar(at: Place, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Node, Mistake> {
    let value = |value: Value, written: Option<&str>| Node { at, value, written: written.map(Into::into) };
    match (tag.map(Tag::original).as_deref(), text) {
        (Some("!vault" | "!vault-encrypted"), _) => Ok(value(Value::Vault, None)),
        (Some("!unsafe"), _) => Ok(Node { at, ..Node::text(text) }),
        (None, "yes" | "Yes" | "YES" | "on" | "On" | "ON") if style == ScalarStyle::Plain => {
            Ok(value(Value::Bool(true), Some(text)))
        }
        (None, "no" | "No" | "NO" | "off" | "Off" | "OFF") if style == ScalarStyle::Plain => {
            Ok(value(Value::Bool(false), Some(text)))
        }
        _ => scalar(at, text, style, tag),
    }
}

fn unknown_tag(tag: &Tag) -> String {
    format!("the tag {} is not understood here; write the value without it", tag.original())
}

#[cfg(test)]
mod tests {
    use super::parse_yaml;
    use crate::config::{Place, Value};

    fn json(text: &str) -> String {
        parse_yaml(text)
            .map_or_else(|(at, what)| format!("{}:{}: {what}", at.line, at.column), |node| node.to_json().to_string())
    }

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
    fn names_are_texts_as_written() {
        assert_eq!(json("no: 1\n010: 2\n~: 3\ntrue: 4\n"), r#"{"no":1,"010":2,"~":3,"true":4}"#);
        assert_eq!(json("a: '010'\nb: !!str 010\nc: |\n  on\nd: ! 7\n"), r#"{"a":"010","b":"010","c":"on\n","d":"7"}"#);
    }

    #[test]
    fn anchors_and_merges() {
        assert_eq!(json("a: &x [1, 2]\nb: *x\n"), r#"{"a":[1,2],"b":[1,2]}"#);
        let merged = json("base: &b {port: 1, user: u}\nh:\n  <<: *b\n  port: 2\n");
        assert_eq!(merged, r#"{"base":{"port":1,"user":"u"},"h":{"port":2,"user":"u"}}"#);
        assert_eq!(json("x: {<<: [{a: 1}, {a: 2, b: 3}]}\n"), r#"{"x":{"a":1,"b":3}}"#);
        assert_eq!(json("x: {'<<': 1}\n"), r#"{"x":{"<<":1}}"#);
        assert_eq!(json("x: {<<: 1}\n"), "1:9: '<<' takes a table, found a number");
        assert_eq!(json("a: &x [*x]\n"), "1:8: this alias is inside the value that it repeats");
    }

    #[test]
    fn mistakes_are_told_in_our_words() {
        let mut wrong: Vec<String> = Vec::new();
        for (text, expected) in [
            ("a: [1,\nb: 2\n", "1:4: '[' is never closed"),
            (
                "hosts: [web[01-03]]\n",
                "1:12: expected ',' or ']' in this list; here, a name with brackets must be in quotes",
            ),
            ("hosts:\n  - a\n  - [b, web[01-03], c]\n", "3:12: expected ',' or ']' in this list; here, a name"),
            ("g: {hosts: [é, wéb[1-2]]}\n", "here, a name with brackets must be in quotes"),
            ("hosts: {web[1-3]: {port: 22}}\n", "here, a name with brackets must be in quotes"),
            ("a: {b: 1\n", "'{' is never closed"),
            ("a: [1}\n", "'[' is closed by '}'"),
            ("a: \"C:\\Temp\"\n", "a backslash"),
            ("a: \"x\n", "a quote is never closed"),
            ("a: 1\n b: 2\n", "':'"),
            ("a:\n\tb: 1\n", "there is a tab"),
            ("a: @x\n", "'@' cannot begin a value; put the text in quotes"),
            ("a: *x\n", "names an anchor"),
            ("a: 1\n---\nb: 2\n", "2:1: a second document begins here"),
            ("a: !vault x\n", "the tag !vault is not understood here"),
            ("a: !!int x\n", "the tag !!int does not fit: found text"),
            ("? [a]\n: b\n", "a list or a table cannot be a name"),
            ("a: 1\nb\n", "expected ':'"),
        ] {
            let found = json(text);
            if !found.contains(expected) {
                wrong.push(format!("{text:?}: {found}"));
            }
            let foreign = ["scalar", "flow", "block ", "EOF", "DuplicateKey", "from_str", "scanning", "policy"];
            wrong.extend(foreign.iter().filter(|word| found.contains(**word)).map(|word| format!("{word}: {found}")));
        }
        assert_eq!(wrong, [""; 0]);
    }

    #[test]
    fn bombs_are_refused() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..9 {
            let below = vec![format!("*a{}", level - 1); 10].join(",");
            bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        assert!(json(&bomb).contains("more than 250000 values"), "{}", json(&bomb));
        assert!(json(&"[".repeat(10_000)).contains("nested more than 40 deep"));
        assert!(json(&"- ".repeat(10_000)).contains("nested more than 40 deep"));
        let mut deep = "a0: &a0 [[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]\n".to_owned();
        for level in 1..9 {
            deep.push_str(
                &format!("a{level}: &a{level} [*a{}]\n", level - 1).replace('[', "[[[[").replace(']', "]]]]"),
            );
        }
        assert!(json(&deep).contains("nested more than 40 deep"));
    }
}
