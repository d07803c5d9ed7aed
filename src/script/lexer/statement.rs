//! Where a statement or a pipeline element begins: is it a keyword, an expression or a command?

use super::TokenKind;
use super::frame::{Keyword, Kind, State};
use super::keyword::{Lead, lead};
use super::machine::Machine;
use crate::script::chars;

impl Machine<'_> {
    pub(super) fn start_token(&mut self, c: char) {
        let after_do = self.top().keyword == Some(Keyword::AfterDo);
        self.top().keyword = None;
        self.top().pending = false;
        match c {
            // As `$@using:x`: a name, odd as it is.
            '$' if !self.begins_value() => self.command_name(),
            '$' | '@' | '(' | '{' | '[' | '+' | '!' | '=' => self.begin_expression(c),
            _ if chars::is_dash(c) && self.is_dashed_name() => {
                self.top().state = State::Cmd;
                self.command_token(c);
            }
            _ if chars::is_single_quote(c) || chars::is_double_quote(c) || chars::is_dash(c) => {
                self.begin_expression(c)
            }
            '.' if self.is_dot_source() => {
                self.operator(1);
                self.top().state = State::Cmd;
                self.top().pending = false;
            }
            '.' if self.peek(1).is_ascii_digit() => self.begin_expression(c),
            '0'..='9' if self.is_number() => self.begin_expression(c),
            ':' if self.skip_label() => {}
            '<' | '>' => self.at += 1,
            _ if chars::is_identifier_start(c) => self.word(after_do),
            _ => self.command_name(),
        }
    }

    fn begin_expression(&mut self, c: char) {
        self.top().state = State::Expr;
        self.expression_token(c);
    }

    /// Whether a dollar begins a variable or a sub-expression.
    fn begins_value(&self) -> bool {
        matches!(self.peek(1), '(' | '{') || chars::is_variable_start(self.peek(1))
    }

    /// A dot that runs what follows in the current scope; else it begins a path.
    fn is_dot_source(&self) -> bool {
        let next = self.peek(1);
        chars::ends_word(next) || matches!(next, '$' | '"' | '\'')
    }

    /// Whether a number stands here, not a command such as `7z`.
    fn is_number(&self) -> bool {
        let mut ahead = 0;
        while chars::is_identifier_follow(self.peek(ahead)) {
            ahead += 1;
        }
        let next = self.peek(ahead);
        let is_end = chars::ends_word(next) || chars::ends_number(next);
        let text: String = (0..ahead).map(|ahead| self.peek(ahead)).collect();
        is_end && is_numeral(&text)
    }

    /// A dash and a word that is not a unary operator: the name of a command, odd as it is.
    fn is_dashed_name(&self) -> bool {
        let word: String = (1..8)
            .map(|ahead| self.peek(ahead))
            .take_while(char::is_ascii_alphabetic)
            .collect::<String>()
            .to_ascii_lowercase();
        chars::is_identifier_start(self.peek(1))
            && !matches!(word.as_str(), "not" | "bnot" | "join" | "split" | "isplit" | "csplit")
    }

    fn skip_label(&mut self) -> bool {
        let mut ahead = 1;
        while chars::is_identifier_follow(self.peek(ahead)) {
            ahead += 1;
        }
        let is_label = chars::is_identifier_start(self.peek(1)) && chars::ends_word(self.peek(ahead));
        if is_label {
            self.at += ahead;
        }
        is_label
    }

    /// A keyword or the name of a command.
    fn word(&mut self, after_do: bool) {
        let start = self.at;
        let mut end = self.at;
        while chars::is_identifier_follow(self.text.char(end)) {
            end += 1;
        }
        let is_whole = chars::ends_word(self.text.char(end));
        let word = self.source(self.text.offset(start), self.text.end_offset(end));
        let found = lead(word).filter(|_| is_whole);
        let is_until = after_do && (word.eq_ignore_ascii_case("while") || word.eq_ignore_ascii_case("until"));
        match found {
            Some(lead) if self.top().state == State::Start && self.is_keyword_here(lead, end) => {
                self.at = end;
                self.token(TokenKind::Keyword, start);
                self.follow(lead, is_until);
            }
            _ => self.command_name(),
        }
    }

    /// Some keywords are commands unless a block follows.
    fn is_keyword_here(&self, lead: Lead, mut end: usize) -> bool {
        while chars::is_blank(self.text.char(end)) || chars::is_newline(self.text.char(end)) {
            end += 1;
        }
        match lead {
            Lead::BlockOnly | Lead::Do => matches!(self.text.char(end), '{' | '#' | '<' | '`'),
            Lead::Param => matches!(self.text.char(end), '(' | '#' | '<' | '`'),
            _ => true,
        }
    }

    pub(super) fn follow(&mut self, lead: Lead, is_until: bool) {
        let keyword = match lead {
            Lead::Plain if is_until => Keyword::Until,
            Lead::Plain | Lead::BlockOnly => Keyword::Plain,
            Lead::Switch => Keyword::Switch,
            Lead::Do => Keyword::Do,
            Lead::Function => Keyword::Function(self.next_block()),
            Lead::Class => Keyword::Class,
            Lead::Param => Keyword::Param,
            Lead::Pipeline => return self.top().end_statement(),
            Lead::Words => {
                self.top().state = State::Cmd;
                return;
            }
        };
        let frame = self.top();
        frame.keyword = Some(keyword);
        frame.state = State::Header;
        frame.forget_operand();
    }

    /// The name of a command: never expanded.
    fn command_name(&mut self) {
        let start = self.at;
        self.bareword(false);
        if self.at == start {
            self.at += 1;
        }
        self.token(TokenKind::Word, start);
        let frame = self.top();
        frame.forget_operand();
        frame.state = State::Cmd;
    }

    /// A brace in any mode.
    pub(super) fn open_brace(&mut self) {
        let (state, keyword) = (self.top().state, self.top().keyword);
        let in_switch = self.top().kind == Kind::Switch && state == State::Cmd;
        match (state, keyword) {
            (State::Header, Some(Keyword::Switch)) => {
                self.open(Kind::Switch, 1, None);
            }
            (State::Header, Some(Keyword::Class)) => {
                self.open(Kind::Class, 1, None);
            }
            (State::Header, Some(Keyword::Function(block))) => {
                self.open(Kind::Block, 1, Some(block));
            }
            (State::Header, Some(_)) => {
                self.open(Kind::Block, 1, None);
            }
            _ if in_switch && self.top().has_condition => {
                self.top().in_clause = true;
                self.open(Kind::Block, 1, None);
            }
            _ => {
                let block = self.next_block();
                self.open(Kind::Block, 1, Some(block));
            }
        }
    }

    /// A parenthesis in any mode.
    pub(super) fn open_paren(&mut self) {
        let is_after = self.is_after_operand();
        let frame = self.top();
        let (kind, block) = match (frame.state, frame.keyword) {
            (State::Header, Some(Keyword::Function(block))) => (Kind::Args, Some(block)),
            (State::Header, Some(Keyword::Param)) | (State::Member, _) => (Kind::Args, None),
            _ if is_after && frame.callable => (Kind::Args, None),
            _ => (Kind::Paren, None),
        };
        self.open(kind, 1, block);
    }
}

/// Decimal, hexadecimal and binary numbers with their suffixes.
fn is_numeral(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let (digits, is_digit): (&str, fn(char) -> bool) = match lower.as_str() {
        hex if hex.starts_with("0x") => (&hex[2..], |c| c.is_ascii_hexdigit()),
        binary if binary.starts_with("0b") => (&binary[2..], |c| matches!(c, '0' | '1')),
        decimal => (decimal, |c| c.is_ascii_digit()),
    };
    let rest = digits.trim_start_matches(is_digit);
    let rest = match rest.strip_prefix('e') {
        Some(exponent) if rest.len() < digits.len() => exponent.trim_start_matches(|c: char| c.is_ascii_digit()),
        _ => rest,
    };
    let suffixes = ["kb", "mb", "gb", "tb", "pb"];
    let rest = suffixes.iter().find_map(|suffix| rest.strip_suffix(suffix)).unwrap_or(rest);
    matches!(rest, "" | "l" | "d" | "y" | "s" | "n" | "u" | "uy" | "us" | "ul")
}
