//! Finds live `$using:` expressions in PowerShell source, and the tokens that the `param()` block and plain commands
//! are read from.
//!
//! Whether `$using:x.y` names a member or is a variable and some text depends on where it stands: strings, barewords of
//! commands and expressions differ. So the lexer keeps a stack of [`frame::Frame`]s, one for each open bracket, each
//! with its mode. Sub-expressions of strings are texts of their own to PowerShell (doubled quotes become single ones,
//! brackets are counted without regard to quotes), so each becomes a [`segment::Segment`] that is scanned after the
//! text around it: there is no recursion, and a limit on how deep they nest.

mod accessor;
mod command;
mod expression;
mod frame;
mod keyword;
mod machine;
mod segment;
mod statement;
mod string;
mod variable;

use super::ScriptError;
use super::position::{Lines, Position};

pub use accessor::{Accessor, AccessorKind, Constant};

/// How many levels of strings with sub-expressions may stand in each other. PowerShell itself gives up earlier.
const DEEPEST: u32 = 100;

/// What a text holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Scan {
    pub occurrences: Vec<Occurrence>,
    /// Tokens of the text outside strings, in order.
    pub tokens: Vec<Token>,
    /// What is expanded inside those tokens that are strings or barewords, in order.
    pub expansions: Vec<Expansion>,
}

/// A part of a string or bareword that PowerShell puts a value in place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expansion {
    /// The byte offset of its `$`.
    pub start: usize,
    /// The byte offset of its end.
    pub end: usize,
    /// What the value comes from.
    pub kind: ExpansionKind,
}

/// What an expansion takes its value from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ExpansionKind {
    /// A variable, by its path without sigil and braces.
    Variable(String),
    /// `$(...)` as PowerShell reads it: quotes that are doubled for the string around it stand there once.
    Statements(String),
}

/// A live `$using:` expression, as PowerShell's parser would cut it out.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// The source text of the whole expression.
    pub text: String,
    /// Its byte offset in the source.
    pub start: usize,
    /// The byte offset behind the bare variable; [`Accessor::end`] of the last accessor ends the whole.
    pub variable_end: usize,
    /// The variable's path behind `using:`, such as `x`, `global:x` or `env:PATH`, escapes resolved.
    pub variable: String,
    /// Written as `@using:x`.
    pub splatted: bool,
    /// Written as `${using:x}`.
    pub braced: bool,
    /// Members and indexes behind the variable.
    pub accessors: Vec<Accessor>,
    /// The script block it stands in, numbered in order of appearance; 0 is the script itself.
    pub block: u32,
    /// Inside an expandable string or bareword, where only the bare variable belongs to it.
    pub in_string: bool,
    /// Something is assigned to it, which PowerShell doesn't allow.
    pub assigned: bool,
    /// What PowerShell takes it for, where that is another: deep in strings it miscounts.
    pub misread: Option<Misread>,
    /// Where it begins.
    pub position: Position,
}

/// The text that PowerShell finds where it looks for an expression; this is its name for the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// Where it begins, in UTF-16 code units of the script; that may be inside of a surrogate pair.
    pub start: usize,
    /// The text, with U+FFFD for half of a pair, as in PowerShell's own names.
    pub text: String,
}

impl Occurrence {
    /// Whether it stands in a script block or function inside the script.
    pub fn is_nested(&self) -> bool {
        self.block != 0
    }

    /// The byte offset of its end.
    pub fn end(&self) -> usize {
        self.accessors.last().map_or(self.variable_end, |accessor| accessor.end)
    }
}

/// A token, as far as readers of the `param()` block and of commands tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    Variable,
    /// A string of any kind.
    Text,
    /// A name, number or bareword.
    Word,
    /// A word that begins a statement of the language.
    Keyword,
    /// An opening bracket, `@(`, `@{` and `$(` included.
    Open,
    Close,
    Comma,
    Operator,
    /// A newline or semicolon.
    End,
    Comment,
}

/// A token with the byte offsets of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub start: usize,
    pub end: usize,
}

/// Scans a whole script.
pub(super) fn scan(text: &str) -> Result<Scan, ScriptError> {
    let found = machine::Machine::new(text).run();
    match found {
        Ok(mut scan) => {
            scan.occurrences.sort_by_key(|occurrence| occurrence.start);
            place(text, &mut scan.occurrences);
            Ok(scan)
        }
        Err(offset) => Err(ScriptError::TooDeep { at: Lines::new(text).position(offset), limit: DEEPEST }),
    }
}

/// Fills in lines and columns of occurrences in order. Counts on from the one before where both stand in one line, for
/// a line may be as long as the script.
fn place(text: &str, occurrences: &mut [Occurrence]) {
    let lines = Lines::new(text);
    let mut last: Option<(usize, Position)> = None;
    for occurrence in occurrences {
        let line = lines.line(occurrence.start);
        occurrence.position = match last {
            Some((offset, position)) if position.line == line => {
                let between = text.get(offset..occurrence.start).unwrap_or_default().encode_utf16().count();
                Position { line, column: position.column.saturating_add(u32::try_from(between).unwrap_or(u32::MAX)) }
            }
            _ => lines.position(occurrence.start),
        };
        last = Some((occurrence.start, occurrence.position));
    }
}

#[cfg(test)]
mod tests;
