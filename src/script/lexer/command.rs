//! Tokens among the arguments of a command.

use super::TokenKind;
use super::frame::{Keyword, Kind, State};
use super::machine::Machine;
use crate::script::chars;

impl Machine<'_> {
    pub(super) fn command_token(&mut self, c: char) {
        if self.primary(c) {
            return;
        }
        match c {
            '>' | '<' => return self.redirection(0),
            '1'..='6' | '*' if self.peek(1) == '>' => return self.redirection(1),
            '[' if self.is_type_of_header() => {
                self.open(Kind::Bracket, 1, None);
                return;
            }
            '.' if self.is_lone_dot() => self.at += 1,
            ']' => self.at += 1,
            _ if chars::is_dash(c) && self.begins_parameter() => return self.parameter(),
            _ => return self.argument(),
        }
        self.top().forget_operand();
    }

    /// `catch [Type]`, `trap [Type]`.
    fn is_type_of_header(&mut self) -> bool {
        self.top().state == State::Header
    }

    fn is_lone_dot(&self) -> bool {
        let next = self.peek(1);
        chars::ends_word(next) || matches!(next, '$' | '"' | '\'')
    }

    fn begins_parameter(&self) -> bool {
        let next = self.peek(1);
        chars::is_identifier_start(next) || next == '?'
    }

    /// `-Name` or `-Name:`. Nothing in it is expanded, but a quote makes it an argument.
    fn parameter(&mut self) {
        let start = self.at;
        self.at += 1;
        loop {
            let c = self.peek(0);
            if chars::is_blank(c)
                || chars::is_newline(c)
                || matches!(c, '{' | '}' | '(' | ')' | ';' | ',' | '|' | '&' | '.' | '[' | '\0')
            {
                break;
            }
            if chars::is_single_quote(c) || chars::is_double_quote(c) {
                self.bareword(true);
                break;
            }
            self.at += 1;
            if c == ':' {
                break;
            }
        }
        self.token(TokenKind::Word, start);
        let frame = self.top();
        frame.forget_operand();
        frame.has_condition = true;
    }

    /// A bareword, expanded like a string in double quotes.
    fn argument(&mut self) {
        let start = self.at;
        let expands = !self.is_name_of_header();
        self.bareword(expands);
        if self.at == start {
            self.at += 1;
        }
        self.token(TokenKind::Word, start);
        let is_verbatim = self.source(self.text.offset(start), self.text.end_offset(self.at)) == "--%";
        if is_verbatim && self.top().kind != Kind::Switch {
            self.skip_verbatim();
        }
        let frame = self.top();
        frame.forget_operand();
        frame.pending = false;
        frame.redirecting = false;
        frame.has_condition = true;
    }

    /// The name of a function or class.
    fn is_name_of_header(&mut self) -> bool {
        matches!(self.top().keyword, Some(Keyword::Function(_) | Keyword::Class))
    }

    /// Everything behind `--%` up to the end of the line or a pipe outside double quotes.
    fn skip_verbatim(&mut self) {
        let mut in_quotes = false;
        while self.at < self.text.len() && !chars::is_newline(self.peek(0)) {
            let c = self.peek(0);
            if chars::is_double_quote(c) {
                in_quotes = !in_quotes;
            } else if !in_quotes && (c == '|' || (c == '&' && self.peek(1) == '&')) {
                return;
            }
            self.at += 1;
        }
    }
}
