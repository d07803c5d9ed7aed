//! Strings: single and double quotes, here-strings, escapes and expansion.

use super::super::ast::{Expr, ExprKind, Part};
use super::super::value::Val;
use super::cursor::{is_blank, is_double_quote, is_single_quote};
use super::{Parsed, Parser};

/// What ends an expandable text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Closer {
    Quote,
    HereString,
    /// A word of a command line.
    Word,
    /// The end of the text.
    End,
}

impl Parser<'_> {
    pub(super) fn single_quoted(&mut self) -> Parsed<Expr> {
        let start = self.cursor.pos();
        self.cursor.bump();
        let mut text = String::new();
        loop {
            text.push_str(self.cursor.take_while(|next| !is_single_quote(next)));
            if self.cursor.bump().is_none() {
                return self.unterminated(start, '\'');
            }
            match self.cursor.peek() {
                Some(next) if is_single_quote(next) => {
                    self.cursor.bump();
                    text.push(next);
                }
                _ => break,
            }
        }
        Ok(Expr { kind: ExprKind::Const(Val::str(text)), span: self.span_from(start) })
    }

    pub(super) fn double_quoted(&mut self) -> Parsed<Expr> {
        let start = self.cursor.pos();
        self.cursor.bump();
        let parts = self.expandable(Closer::Quote)?;
        if self.cursor.bump().is_none() {
            return self.unterminated(start, '"');
        }
        Ok(self.string_of(parts, start))
    }

    fn unterminated<T>(&mut self, start: usize, quote: char) -> Parsed<T> {
        self.error("TerminatorExpectedAtEndOfString", format!("The string is missing the terminator: {quote}."), start)
    }

    /// Plain text becomes a constant.
    pub(super) fn string_of(&self, mut parts: Vec<Part>, start: usize) -> Expr {
        let kind = match parts.as_mut_slice() {
            [] => ExprKind::Const(Val::str("")),
            [Part::Text(text)] => ExprKind::Const(Val::str(std::mem::take(text))),
            _ => ExprKind::Expandable(parts),
        };
        Expr { kind, span: self.span_from(start) }
    }

    pub(super) fn here_string(&mut self) -> Parsed<Expr> {
        let start = self.cursor.pos();
        self.cursor.bump();
        let is_literal = self.cursor.bump().is_some_and(is_single_quote);
        self.cursor.take_while(is_blank);
        if !self.cursor.eat("\r\n") && !self.cursor.eat("\n") {
            let message = "No characters are allowed after a here-string header but before the end of the line.";
            return self.error("UnexpectedCharactersAfterHereStringHeader", message, start);
        }
        let quote = if is_literal { '\'' } else { '"' };
        // An empty here-string ends on the line after its header.
        let parts = if self.cursor.rest().starts_with(&format!("{quote}@")) {
            Vec::new()
        } else if is_literal {
            let end = self.cursor.rest().find("\n'@").map(|at| at + self.cursor.pos());
            let Some(end) = end else { return self.unterminated(start, quote) };
            let text = self.cursor.slice(self.cursor.pos(), end);
            self.cursor.set_pos(end + 1);
            vec![Part::Text(text.strip_suffix('\r').unwrap_or(text).into())]
        } else {
            let parts = self.expandable(Closer::HereString)?;
            self.cursor.eat("\r");
            self.cursor.eat("\n");
            parts
        };
        if !self.cursor.eat(&format!("{quote}@")) {
            return self.unterminated(start, quote);
        }
        Ok(self.string_of(parts, start))
    }

    /// Text with variables, subexpressions and escapes, up to its closer (exclusive).
    pub(super) fn expandable(&mut self, closer: Closer) -> Parsed<Vec<Part>> {
        let (mut parts, mut text) = (Vec::new(), String::new());
        while let Some(next) = self.cursor.peek() {
            if self.closes(closer, next) {
                if closer != Closer::Quote || !self.cursor.peek_second().is_some_and(is_double_quote) {
                    break;
                }
                self.cursor.bump();
                text.push(next);
                self.cursor.bump();
            } else if next == '`' {
                self.cursor.bump();
                self.escape(&mut text)?;
            } else if next == '$' {
                let inner =
                    if self.cursor.peek_second() == Some('(') { Some(self.primary()?) } else { self.variable()? };
                match inner {
                    Some(expr) => {
                        if !text.is_empty() {
                            parts.push(Part::Text(std::mem::take(&mut text).into()));
                        }
                        parts.push(Part::Expr(expr));
                    }
                    None => {
                        self.cursor.bump();
                        text.push('$');
                    }
                }
            } else if closer == Closer::Word && (is_double_quote(next) || is_single_quote(next)) {
                let quoted = if is_single_quote(next) { self.single_quoted()? } else { self.double_quoted()? };
                match quoted.kind {
                    ExprKind::Const(Val::Str(inner)) => text.push_str(&inner),
                    _ => {
                        if !text.is_empty() {
                            parts.push(Part::Text(std::mem::take(&mut text).into()));
                        }
                        parts.push(Part::Expr(quoted));
                    }
                }
            } else {
                self.cursor.bump();
                text.push(next);
            }
        }
        if !text.is_empty() {
            parts.push(Part::Text(text.into()));
        }
        Ok(parts)
    }

    fn closes(&self, closer: Closer, next: char) -> bool {
        match closer {
            Closer::Quote => is_double_quote(next),
            Closer::HereString => {
                let rest = self.cursor.rest();
                rest.starts_with("\n\"@") || rest.starts_with("\r\n\"@")
            }
            Closer::End => false,
            Closer::Word => {
                next.is_whitespace() || matches!(next, '|' | ';' | '&' | '(' | ')' | '{' | '}' | ',' | '<' | '>')
            }
        }
    }

    /// What follows a backtick.
    fn escape(&mut self, text: &mut String) -> Parsed<()> {
        let start = self.cursor.pos();
        let escaped = match self.cursor.bump() {
            None => return Ok(()),
            Some('0') => '\0',
            Some('a') => '\x07',
            Some('b') => '\x08',
            Some('e') => '\x1B',
            Some('f') => '\x0C',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('v') => '\x0B',
            Some('u') if self.cursor.eat("{") => {
                let digits = self.cursor.take_while(|next| next.is_ascii_hexdigit());
                let found = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                match found {
                    Some(found) if self.cursor.eat("}") => found,
                    _ => {
                        return self.error(
                            "InvalidUnicodeEscapeSequence",
                            "The Unicode escape sequence is not valid.",
                            start,
                        );
                    }
                }
            }
            Some(other) => other,
        };
        text.push(escaped);
        Ok(())
    }
}
