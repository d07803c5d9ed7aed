//! What follows a using variable: members and indexes.

use super::machine::Machine;
use crate::script::chars;

/// A member or index behind a using variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Accessor {
    /// What it is.
    pub kind: AccessorKind,
    /// Written with `?`, so that null has null members.
    pub null_conditional: bool,
    /// The byte offset of its end in the source.
    pub end: usize,
}

/// What an accessor is.
#[derive(Debug, Clone, PartialEq)]
pub enum AccessorKind {
    /// `.Name`
    Member(String),
    /// `::Name`
    Static(String),
    /// `[constant]`
    Index(Constant),
    /// `.Name(...)`, which PowerShell doesn't allow.
    Call(String),
    /// A member or index that is computed when the script runs, which PowerShell doesn't allow.
    Computed,
}

/// A constant between brackets.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// An integer.
    Integer(i64),
    /// A string.
    Text(String),
    /// A constant expression of another kind, as written.
    Other(String),
}

impl Machine<'_> {
    /// Reads all accessors that begin here.
    pub(super) fn accessors(&mut self, in_command: bool) -> Vec<Accessor> {
        let mut found = Vec::new();
        while let Some(accessor) = self.next_accessor(in_command) {
            let is_end = matches!(accessor.kind, AccessorKind::Call(_) | AccessorKind::Computed);
            found.push(accessor);
            if is_end {
                break;
            }
        }
        found
    }

    fn next_accessor(&mut self, in_command: bool) -> Option<Accessor> {
        let start = self.at;
        while self.peek(0) == '<' && self.peek(1) == '#' {
            self.block_comment();
        }
        let kind = self.accessor_kind(in_command);
        let null_conditional = self.text.char(start) == '?';
        if kind.is_none() {
            self.at = start;
        }
        kind.map(|kind| Accessor { kind, null_conditional, end: self.text.end_offset(self.at) })
    }

    fn accessor_kind(&mut self, in_command: bool) -> Option<AccessorKind> {
        let optional = usize::from(self.peek(0) == '?');
        let (first, second) = (self.peek(optional), self.peek(optional + 1));
        let ends = in_command && (chars::is_blank(second) || chars::is_newline(second) || second == '\0');
        match first {
            '.' if optional == 1 || (second != '.' && !ends) => Some(self.member(optional + 1, AccessorKind::Member)),
            ':' if second == ':' && optional == 0 => Some(self.member(2, AccessorKind::Static)),
            '[' => Some(self.index(optional + 1)),
            _ => None,
        }
    }

    fn member(&mut self, length: usize, kind: fn(String) -> AccessorKind) -> AccessorKind {
        self.at += length;
        self.skip_lines();
        let name = match self.peek(0) {
            c if chars::is_identifier_start(c) || c.is_ascii_digit() => Some(self.simple_name()),
            c if chars::is_single_quote(c) || chars::is_double_quote(c) => self.constant_text(),
            _ => None,
        };
        match name {
            Some(name) if matches!(self.peek(0), '(' | '{') => AccessorKind::Call(name),
            Some(name) => kind(name),
            None => AccessorKind::Computed,
        }
    }

    fn simple_name(&mut self) -> String {
        let start = self.at;
        while chars::is_identifier_follow(self.peek(0)) {
            self.at += 1;
        }
        (start..self.at).map(|index| self.text.char(index)).collect()
    }

    /// A string without anything to expand; `None`, and no step, if it is not such a string.
    fn constant_text(&mut self) -> Option<String> {
        let start = self.at;
        let is_single = chars::is_single_quote(self.peek(0));
        let is_quote: fn(char) -> bool = if is_single { chars::is_single_quote } else { chars::is_double_quote };
        let mut text = String::new();
        let mut index = start + 1;
        while index < self.text.len() {
            let c = self.text.char(index);
            if is_quote(c) {
                if !is_quote(self.text.char(index + 1)) {
                    self.at = index + 1;
                    return Some(text);
                }
                index += 1;
            } else if !is_single && matches!(c, '$' | '`') {
                return None;
            }
            text.push(self.text.char(index));
            index += 1;
        }
        None
    }

    /// An index. One that is not a constant is left to the expression around it, which finds what is live inside.
    fn index(&mut self, length: usize) -> AccessorKind {
        let start = self.at;
        self.at += length;
        self.skip_lines();
        let content = self.at;
        let constant = match self.peek(0) {
            c if chars::is_single_quote(c) || chars::is_double_quote(c) => self.constant_text().map(Constant::Text),
            _ => self.integer().map(Constant::Integer),
        };
        self.skip_lines();
        if let Some(constant) = constant.filter(|_| self.peek(0) == ']') {
            self.at += 1;
            return AccessorKind::Index(constant);
        }
        self.at = content;
        if self.skip_constant() {
            let text = self.source(self.text.offset(content), self.text.end_offset(self.at)).trim().to_owned();
            self.at += 1;
            return AccessorKind::Index(Constant::Other(text));
        }
        self.at = start;
        AccessorKind::Computed
    }

    fn integer(&mut self) -> Option<i64> {
        let start = self.at;
        if chars::is_dash(self.peek(0)) || self.peek(0) == '+' {
            self.at += 1;
        }
        while self.peek(0).is_ascii_digit() {
            self.at += 1;
        }
        let text: String = (start..self.at)
            .map(|index| self.text.char(index))
            .map(|c| if chars::is_dash(c) { '-' } else { c })
            .collect();
        text.parse().ok()
    }

    /// Skips to the bracket that ends a constant expression; false if it is none.
    fn skip_constant(&mut self) -> bool {
        while self.at < self.text.len() {
            let c = self.peek(0);
            match c {
                ']' => return true,
                '$' => {
                    let constants = ["true", "false", "null"];
                    let word: String = (1..6).map(|ahead| self.peek(ahead)).collect::<String>().to_ascii_lowercase();
                    let Some(name) = constants.iter().find(|name| word.starts_with(**name)) else { return false };
                    self.at += 1 + name.len();
                }
                '[' | '@' | '{' | '}' | ';' | '`' | '#' => return false,
                _ if chars::is_single_quote(c) || chars::is_double_quote(c) => {
                    if self.constant_text().is_none() {
                        return false;
                    }
                }
                _ => self.at += 1,
            }
        }
        false
    }
}
