//! A tree of plain values with the place of each in its file: what TOML, YAML and JSON have in common.

use std::cell::Cell;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Line from 1; 0 is unknown.
    pub line: u32,
    /// Column from 1, in characters; 0 is unknown.
    pub column: u32,
}

impl Place {
    /// No known place.
    pub const NONE: Self = Self { line: 0, column: 0 };

    /// Line and column, each counted from 1.
    pub fn new(line: usize, column: usize) -> Self {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self { line: count(line), column: count(column) }
    }
}

/// The places of byte offsets in a text, found in one pass where they are asked for in their order: neither a text of
/// many lines nor one long line is counted through for each of its values.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// The offset that was asked for last, and its column.
    last: Cell<(usize, usize)>,
}

impl<'a> Lines<'a> {
    /// The lines of a text.
    pub fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts, last: Cell::new((0, 1)) }
    }

    /// The place of a byte offset.
    pub fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let (known, column) = match self.last.get() {
            last @ (known, _) if (start..=offset).contains(&known) => last,
            _ => (start, 1),
        };
        let column = column + self.text.get(known..offset).map_or(0, |between| between.chars().count());
        self.last.set((offset, column));
        Place::new(line, column)
    }
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where the value begins.
    pub at: Place,
    /// The value.
    pub value: Value,
    /// The text that stands in the file, where the value's own text differs: `1.10` beside the number 1.1, `True`
    /// beside true. Where a text is due, this is it.
    pub written: Option<Box<str>>,
}

/// A plain value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number as JSON writes it, with the digits and the exponent of the file where JSON has them too.
    Number(Box<str>),
    /// A text.
    Text(String),
    /// A value that ansible-vault has encrypted. What stands there is not kept.
    Vault,
    /// A text with halves of surrogate pairs, which only JSON can hold: that JSON, with its quotes.
    Halves(Box<str>),
    /// Values in order.
    List(Vec<Node>),
    /// Named values in the order of the file.
    Table(Vec<Entry>),
}

/// A named value of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where the name stands.
    pub at: Place,
    /// The name.
    pub key: String,
    /// The value.
    pub node: Node,
}

impl Node {
    /// A text that stands nowhere.
    pub fn text(text: impl Into<String>) -> Self {
        Self { at: Place::NONE, value: Value::Text(text.into()), written: None }
    }

    /// The kind of value in words.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::Vault => "a value encrypted by ansible-vault",
            Value::Halves(_) => "text with half of a surrogate pair",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// A single value as text, as it was written; `None` for nothing, lists and tables.
    pub fn as_text(&self) -> Option<String> {
        match &self.value {
            Value::Bool(_) | Value::Number(_) if self.written.is_some() => self.written.as_deref().map(str::to_owned),
            Value::Bool(value) => Some(value.to_string()),
            Value::Number(value) => Some(value.to_string()),
            Value::Text(value) => Some(value.clone()),
            Value::Null | Value::Vault | Value::Halves(_) | Value::List(_) | Value::Table(_) => None,
        }
    }

    /// The tree without its places, as JSON. A number that was not written as the number's own text is that text: so a
    /// version `1.10` reaches a script unchanged, and PowerShell makes a number of it where one is due.
    pub fn to_json(&self) -> String {
        match &self.value {
            // The one way to write a number that PowerShell does not read.
            Value::Number(value) if self.written.as_deref().is_none_or(|text| text.starts_with("0o")) => {
                value.to_string()
            }
            Value::Number(_) => quoted(&self.as_text().unwrap_or_default()),
            Value::Null | Value::Vault => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Text(value) => quoted(value),
            Value::Halves(json) => json.to_string(),
            Value::List(items) => format!("[{}]", items.iter().map(Self::to_json).collect::<Vec<_>>().join(",")),
            Value::Table(entries) => {
                let member = |entry: &Entry| format!("{}:{}", quoted(&entry.key), entry.node.to_json());
                format!("{{{}}}", entries.iter().map(member).collect::<Vec<_>>().join(","))
            }
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Lines, Place};

    #[test]
    fn places_are_counted_in_characters() {
        let text = "a\n  bü = 😀x\r\n\nlast";
        let lines = Lines::of(text);
        let of = |found: &str| lines.place(text.find(found).expect("it is there"));
        let in_order = ["a", "b", "=", "x", "last"].map(of);
        assert_eq!(
            in_order,
            [Place::new(1, 1), Place::new(2, 3), Place::new(2, 6), Place::new(2, 9), Place::new(4, 1)]
        );
        // In any order, and beyond the end.
        assert_eq!(
            ["x", "last", "=", "b", "x", "a"].map(of).map(|at| (at.line, at.column)),
            [(2, 9), (4, 1), (2, 6), (2, 3), (2, 9), (1, 1)]
        );
        assert_eq!(lines.place(text.len()), Place::new(4, 5));
        assert_eq!(lines.place(text.len() + 7).line, 4);
        assert_eq!(Lines::of("").place(0), Place::new(1, 1));
    }
}
