//! Script text in, tree out. PowerShell's grammar changes with the place in the text, so there is no lexer apart: the
//! parser reads characters, in expression mode or in command mode.

mod attribute;
mod class;
mod command;
mod cursor;
mod expression;
mod leaving;
mod literal;
mod loops;
mod operator;
mod param;
mod postfix;
mod statement;
mod string;
mod variable;

use std::sync::Arc;

use super::ast::{Binding, Element, ElementKind, Expr, Pipeline, Script, Span, Statement};
use super::stack::StackGuard;
pub(super) use attribute::constant;
use cursor::Cursor;
pub(super) use literal::parse_number;

/// Why a text is not a script of the subset, with PowerShell's error id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParseError {
    pub(super) id: &'static str,
    pub(super) message: String,
    pub(super) span: Span,
    /// The text ends where something is missing: more of it could make a script.
    pub(super) incomplete: bool,
}

type Parsed<T> = Result<T, ParseError>;

/// Parses a script.
pub(super) fn parse(source: &str) -> Parsed<Arc<Script>> {
    let mut parser = Parser::new(source);
    let script = parser.script_body(None);
    if let Some(start) = parser.cursor.open_comment() {
        let message = "The terminator '#>' is missing from the multiline comment.";
        return parser.error("MissingTerminatorMultiLineComment", message, start);
    }
    Ok(Arc::new(script?))
}

/// Parses the inside of an expandable string, as a script that gives the string.
pub(super) fn parse_text(source: &str) -> Parsed<Arc<Script>> {
    let mut parser = Parser::new(source);
    let parts = parser.expandable(string::Closer::End)?;
    let expr = parser.string_of(parts, 0);
    let span = expr.span;
    let element = Element { kind: ElementKind::Expr(expr), redirections: Vec::new(), span };
    let end = vec![Statement::Pipeline(Pipeline { elements: vec![element], span })];
    Ok(Arc::new(Script { end, ..parser.empty_script() }))
}

/// Operators or members in one chain: what the stack bears when the tree is freed.
const MAX_LINKS: u32 = 10_000;

struct Parser<'a> {
    cursor: Cursor<'a>,
    source: Arc<str>,
    stack: StackGuard,
    /// Redirections to files of the element that is read now: the file, and whether it is appended to.
    files: Vec<(Expr, bool)>,
    /// Whether the statements that are read now are a method's own.
    in_method: bool,
}

impl<'a> Parser<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            cursor: Cursor::new(source),
            source: source.into(),
            stack: StackGuard::here(),
            files: Vec::new(),
            in_method: false,
        }
    }
}

impl Parser<'_> {
    fn empty_script(&self) -> Script {
        Script {
            source: self.source.clone(),
            span: Span::default(),
            namespaces: Vec::new(),
            params: Vec::new(),
            binding: Binding::default(),
            begin: Vec::new(),
            process: None,
            end: Vec::new(),
            closure: None,
        }
    }

    fn error<T>(&self, id: &'static str, message: impl Into<String>, start: usize) -> Parsed<T> {
        let end = self.cursor.pos().max(start + self.cursor.char_len_at(start)).min(self.source.len());
        let span = Span { start: start as u32, end: end as u32 };
        let incomplete = self.cursor.at_end() && !id.starts_with("Sandbox");
        Err(ParseError { id, message: message.into(), span, incomplete })
    }

    fn unexpected<T>(&mut self) -> Parsed<T> {
        let start = self.cursor.pos();
        // A line goes on after its last backtick.
        if self.cursor.rest() == "`" {
            let span = Span { start: start as u32 + 1, end: start as u32 + 1 };
            let message = "Incomplete string token.".to_owned();
            return Err(ParseError { id: "IncompleteString", message, span, incomplete: true });
        }
        let token = self.cursor.token_text();
        let end = start + token.len();
        let message = if token.is_empty() {
            "The script ends too early.".to_owned()
        } else {
            format!("Unexpected token '{token}' in expression or statement.")
        };
        let span = Span { start: start as u32, end: end as u32 };
        Err(ParseError { id: "UnexpectedToken", message, span, incomplete: token.is_empty() })
    }

    /// Nesting is limited by the stack, not by a number that fits only one build.
    fn check_depth(&self) -> Parsed<()> {
        if self.stack.is_low() {
            return self.error("ScriptTooComplicated", "The script is nested too deeply.", self.cursor.pos());
        }
        Ok(())
    }

    /// A chain of operators or members is a tree as deep as it is long, though reading it needs no recursion.
    fn check_links(&self, links: &mut u32) -> Parsed<()> {
        *links += 1;
        if *links > MAX_LINKS {
            return self.error("ScriptTooComplicated", "The expression has too many parts.", self.cursor.pos());
        }
        Ok(())
    }

    fn span_from(&self, start: usize) -> Span {
        Span { start: start as u32, end: self.cursor.pos() as u32 }
    }
}

#[cfg(test)]
mod tests;
