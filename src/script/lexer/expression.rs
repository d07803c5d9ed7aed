//! Tokens of expressions.

use super::TokenKind;
use super::frame::{Kind, State};
use super::keyword::Lead;
use super::machine::Machine;
use crate::script::chars;

impl Machine<'_> {
    pub(super) fn expression_token(&mut self, c: char) {
        if self.primary(c) {
            return;
        }
        match c {
            '0'..='9' => self.number(),
            '.' if self.peek(1) == '.' => self.operator(2),
            '.' if self.peek(1).is_ascii_digit() => self.number(),
            '.' => {
                self.operator(1);
                self.top().member = true;
            }
            ':' if self.peek(1) == ':' => {
                self.operator(2);
                self.top().member = true;
            }
            '=' => self.assignment(1),
            '+' | '*' | '/' | '%' if self.peek(1) == '=' => self.assignment(2),
            '?' if self.peek(1) == '?' && self.peek(2) == '=' => self.assignment(3),
            '?' if self.peek(1) == '?' => self.operator(2),
            '+' if self.peek(1) == '+' => self.step_operator(),
            '*' if self.peek(1) == '>' => self.redirection(1),
            '>' | '<' => self.redirection(0),
            _ if chars::is_dash(c) => self.dash(),
            '!' | '+' | '*' | '/' | '%' | '?' | ':' => self.operator(1),
            '`' => self.at += 2,
            _ if chars::is_identifier_start(c) => self.identifier(),
            _ => self.at += 1,
        }
    }

    /// Operands that begin alike in every mode. False if none stands here.
    pub(super) fn primary(&mut self, c: char) -> bool {
        let start = self.at;
        match c {
            '(' => self.open_paren(),
            '{' => self.open_brace(),
            '$' if self.peek(1) == '(' => {
                self.open(Kind::Sub, 2, None);
            }
            '@' if self.peek(1) == '(' => {
                self.open(Kind::Sub, 2, None);
            }
            '@' if self.peek(1) == '{' => {
                self.open(Kind::Hash, 2, None);
            }
            '@' if chars::is_single_quote(self.peek(1)) || chars::is_double_quote(self.peek(1)) => {
                self.here_string();
                self.text_token(start);
            }
            '$' | '@' => self.variable_token(c),
            '[' if !self.top().is_command() => {
                let is_index = self.is_after_operand();
                self.open(Kind::Bracket, 1, None).is_index = is_index;
            }
            _ if chars::is_single_quote(c) => {
                self.literal();
                self.text_token(start);
            }
            _ if chars::is_double_quote(c) => {
                self.expandable(true);
                self.text_token(start);
            }
            _ => return false,
        }
        true
    }

    fn text_token(&mut self, start: usize) {
        self.token(TokenKind::Text, start);
        let at = self.at;
        self.top().set_operand(at);
    }

    /// What may follow an operand without a blank. False if it is none of that.
    pub(super) fn accessor_token(&mut self, c: char) -> bool {
        let next = self.peek(1);
        let in_command = self.top().is_command();
        let begins_name = !(in_command && (chars::is_blank(next) || chars::is_newline(next) || next == '\0'));
        match c {
            '.' if next != '.' && begins_name => self.member_name(1),
            ':' if next == ':' => self.member_name(2),
            '?' if next == '.' => self.member_name(2),
            '?' if next == '[' => {
                self.open(Kind::Bracket, 2, None).is_index = true;
            }
            '[' => {
                self.open(Kind::Bracket, 1, None).is_index = true;
            }
            '(' if self.top().callable => self.open_paren(),
            _ => return false,
        }
        true
    }

    /// The operator before a member, and the member if it is a plain name.
    fn member_name(&mut self, length: usize) {
        self.operator(length);
        self.top().member = true;
        self.skip_lines();
        if chars::is_identifier_follow(self.peek(0)) {
            self.identifier();
        }
    }

    /// A name: of a member, a type, an attribute, a hash key, an operator of the language.
    fn identifier(&mut self) {
        let start = self.at;
        while chars::is_identifier_follow(self.peek(0)) {
            self.at += 1;
        }
        let word = self.source(self.text.offset(start), self.text.end_offset(self.at)).to_ascii_lowercase();
        let at = self.at;
        let is_param = word == "param" && self.begins_params() && self.top().may_begin_params();
        self.token(if is_param { TokenKind::Keyword } else { TokenKind::Word }, start);
        let frame = self.top();
        if frame.kind == Kind::Paren && !frame.member && word == "in" {
            // `foreach ($x in PIPELINE)`
            frame.forget_operand();
            frame.state = State::Piped;
        } else if is_param {
            // After an attribute on the same line.
            self.follow(Lead::Param, false);
        } else {
            let is_attribute = frame.kind == Kind::Bracket;
            frame.set_operand(at);
            frame.callable |= is_attribute;
        }
    }

    fn begins_params(&self) -> bool {
        let mut end = self.at;
        while chars::is_blank(self.text.char(end)) || chars::is_newline(self.text.char(end)) {
            end += 1;
        }
        self.text.char(end) == '('
    }

    fn number(&mut self) {
        let start = self.at;
        let is_redirection = matches!(self.peek(0), '1'..='6') && self.peek(1) == '>';
        if is_redirection {
            return self.redirection(1);
        }
        while chars::is_identifier_follow(self.peek(0))
            || (self.peek(0) == '.' && self.peek(1).is_ascii_digit() && self.at > start)
            || (self.peek(0) == '.' && self.at == start)
        {
            self.at += 1;
        }
        self.token(TokenKind::Word, start);
        let at = self.at;
        self.top().set_operand(at);
    }

    pub(super) fn operator(&mut self, length: usize) {
        let start = self.at;
        self.at += length;
        self.token(TokenKind::Operator, start);
        self.top().set_operator();
    }

    fn assignment(&mut self, length: usize) {
        self.operator(length);
        let frame = self.top();
        if !matches!(frame.kind, Kind::Args | Kind::Bracket) {
            frame.state = State::Start;
        }
    }

    /// `++` or `--`: behind an operand it wants no other.
    fn step_operator(&mut self) {
        let is_after = self.top().operand.is_some();
        self.operator(2);
        self.top().pending = !is_after;
    }

    fn dash(&mut self) {
        let next = self.peek(1);
        if chars::is_dash(next) {
            self.step_operator();
        } else if next == '=' {
            self.assignment(2);
        } else {
            let mut length = 1;
            while self.peek(length).is_ascii_alphabetic() {
                length += 1;
            }
            self.operator(length);
        }
    }

    /// A redirection whose operator begins after `before` characters: `2>`, `*>>`, `2>&1`.
    pub(super) fn redirection(&mut self, before: usize) {
        let start = self.at;
        self.at += before + 1;
        if self.peek(0) == '>' {
            self.at += 1;
        } else if self.peek(0) == '&' && matches!(self.peek(1), '1' | '2') {
            self.at += 2;
            self.token(TokenKind::Operator, start);
            return;
        }
        self.token(TokenKind::Operator, start);
        let frame = self.top();
        frame.set_operator();
        frame.redirecting = true;
    }
}
