//! The loop over a text: blanks, comments, brackets and separators, which mean the same in every mode.

use super::frame::{Frame, Keyword, Kind, State};
use super::segment::Segment;
use super::{DEEPEST, Expansion, ExpansionKind, Occurrence, Scan, Token, TokenKind};
use crate::script::chars;

/// A sub-expression of a string, still to be scanned.
struct Nested {
    segment: Segment,
    block: u32,
    depth: u32,
}

/// The lexer's state.
pub(super) struct Machine<'s> {
    pub(super) source: &'s str,
    pub(super) text: Segment,
    pub(super) at: usize,
    pub(super) frames: Vec<Frame>,
    /// How many script blocks were seen.
    blocks: u32,
    depth: u32,
    nested: Vec<Nested>,
    pub(super) found: Vec<Occurrence>,
    tokens: Vec<Token>,
    expansions: Vec<Expansion>,
    /// The byte offset of a sub-expression that nests too deep.
    too_deep: Option<usize>,
}

impl<'s> Machine<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self {
            source,
            text: Segment::whole(source),
            at: 0,
            frames: vec![Frame::new(Kind::Top, 0)],
            blocks: 0,
            depth: 0,
            nested: Vec::new(),
            found: Vec::new(),
            tokens: Vec::new(),
            expansions: Vec::new(),
            too_deep: None,
        }
    }

    /// Scans everything. The error is the byte offset of what nests too deep.
    pub(super) fn run(mut self) -> Result<Scan, usize> {
        self.scan_segment();
        while let Some(next) = self.nested.pop() {
            self.text = next.segment;
            self.at = 0;
            self.depth = next.depth;
            let mut frame = Frame::new(Kind::Top, next.block);
            frame.state = State::Expr;
            self.frames = vec![frame];
            self.scan_segment();
        }
        match self.too_deep {
            Some(offset) => Err(offset),
            None => Ok(Scan { occurrences: self.found, tokens: self.tokens, expansions: self.expansions }),
        }
    }

    fn scan_segment(&mut self) {
        while self.at < self.text.len() {
            let before = self.at;
            self.step();
            if self.at == before {
                self.at += 1;
            }
        }
    }

    /// The text between two byte offsets of the script.
    pub(super) fn source(&self, start: usize, end: usize) -> &str {
        self.source.get(start..end).unwrap_or_default()
    }

    pub(super) fn peek(&self, ahead: usize) -> char {
        self.text.char(self.at + ahead)
    }

    /// The innermost open bracket.
    pub(super) fn top(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push(Frame::new(Kind::Top, 0));
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// Notes a token that ends here. Only those of the script itself: texts inside strings have no `param()` block.
    pub(super) fn token(&mut self, kind: TokenKind, start: usize) {
        if self.depth == 0 {
            self.tokens.push(Token { kind, start: self.text.offset(start), end: self.text.end_offset(self.at) });
        }
    }

    /// Notes what is expanded in a string or bareword and ends here, of the script itself as with tokens.
    pub(super) fn expansion(&mut self, start: usize, kind: ExpansionKind) {
        if self.depth == 0 {
            let (start, end) = (self.text.offset(start), self.text.end_offset(self.at));
            self.expansions.push(Expansion { start, end, kind });
        }
    }

    /// Notes a sub-expression of a string for later.
    pub(super) fn add_nested(&mut self, segment: Segment) {
        if self.depth >= DEEPEST {
            self.too_deep = self.too_deep.or(Some(segment.offset(0)));
            return;
        }
        let block = self.top().block;
        self.nested.push(Nested { segment, block, depth: self.depth + 1 });
    }

    pub(super) fn next_block(&mut self) -> u32 {
        self.blocks += 1;
        self.blocks
    }

    fn step(&mut self) {
        if self.skip_blank() {
            return;
        }
        let start = self.at;
        let c = self.peek(0);
        if chars::is_newline(c) {
            return self.newline();
        }
        if self.is_after_operand() && self.accessor_token(c) {
            return;
        }
        match c {
            ')' | ']' | '}' => self.close(c),
            ';' => {
                self.at += 1;
                self.token(TokenKind::End, start);
                match self.top() {
                    frame if frame.kind == Kind::Paren => frame.state = State::Piped,
                    frame => frame.end_statement(),
                }
            }
            ',' => {
                self.at += 1;
                self.token(TokenKind::Comma, start);
                self.top().set_operator();
            }
            '|' => self.pipe(),
            '&' => self.ampersand(),
            _ => self.mode_token(c),
        }
    }

    fn mode_token(&mut self, c: char) {
        if self.top().is_command() {
            return self.command_token(c);
        }
        match self.top().state {
            State::Start | State::Piped => self.start_token(c),
            _ => self.expression_token(c),
        }
    }

    pub(super) fn is_after_operand(&mut self) -> bool {
        let at = self.at;
        self.top().operand == Some(at)
    }

    /// Skips one run of blanks, a line continuation or a comment.
    pub(super) fn skip_blank(&mut self) -> bool {
        let start = self.at;
        match self.peek(0) {
            '`' if self.peek(1) == '\r' && self.peek(2) == '\n' => self.at += 3,
            '`' if chars::is_newline(self.peek(1)) || chars::is_blank(self.peek(1)) => self.at += 2,
            '#' => {
                while self.at < self.text.len() && !chars::is_newline(self.peek(0)) {
                    self.at += 1;
                }
                self.token(TokenKind::Comment, start);
            }
            '<' if self.peek(1) == '#' => self.block_comment(),
            c if chars::is_blank(c) => {
                while chars::is_blank(self.peek(0)) {
                    self.at += 1;
                }
            }
            _ => return false,
        }
        true
    }

    pub(super) fn block_comment(&mut self) {
        let start = self.at;
        let was_operand = self.is_after_operand();
        self.at += 2;
        while self.at < self.text.len() && !(self.peek(0) == '#' && self.peek(1) == '>') {
            self.at += 1;
        }
        self.at = (self.at + 2).min(self.text.len());
        self.token(TokenKind::Comment, start);
        if was_operand {
            // An accessor may follow a comment, if nothing else stands between.
            let at = self.at;
            self.top().operand = Some(at);
        }
    }

    /// Skips blanks, comments and newlines.
    pub(super) fn skip_lines(&mut self) {
        while self.at < self.text.len() {
            if chars::is_newline(self.peek(0)) {
                self.at += 1;
            } else if !self.skip_blank() {
                return;
            }
        }
    }

    fn newline(&mut self) {
        let start = self.at;
        self.at += if self.peek(0) == '\r' && self.peek(1) == '\n' { 2 } else { 1 };
        self.token(TokenKind::End, start);
        let frame = self.top();
        if frame.pending || !frame.has_statements() || frame.state == State::Header {
            return;
        }
        frame.end_statement();
    }

    fn pipe(&mut self) {
        let start = self.at;
        let is_or = self.peek(1) == '|';
        self.at += if is_or { 2 } else { 1 };
        self.token(TokenKind::Operator, start);
        let frame = self.top();
        frame.set_operator();
        if !matches!(frame.kind, Kind::Args | Kind::Bracket) {
            frame.state = if is_or { State::Start } else { State::Piped };
        }
    }

    /// `&&`, the call operator, or the end of a background job.
    fn ampersand(&mut self) {
        let start = self.at;
        let is_and = self.peek(1) == '&';
        self.at += if is_and { 2 } else { 1 };
        self.token(TokenKind::Operator, start);
        let frame = self.top();
        if matches!(frame.state, State::Start | State::Piped) && !is_and {
            frame.forget_operand();
            frame.state = State::Cmd;
        } else if is_and {
            frame.set_operator();
            frame.state = State::Start;
        } else if frame.has_statements() {
            frame.end_statement();
        }
    }

    /// Opens a bracket of `length` characters.
    pub(super) fn open(&mut self, kind: Kind, length: usize, block: Option<u32>) -> &mut Frame {
        let start = self.at;
        self.at += length;
        self.token(TokenKind::Open, start);
        let frame = self.top();
        if matches!(frame.state, State::Start | State::Piped) {
            frame.state = State::Expr;
        }
        frame.pending = false;
        let frame = Frame::new(kind, block.unwrap_or(frame.block));
        self.frames.push(frame);
        self.top()
    }

    fn close(&mut self, c: char) {
        let start = self.at;
        self.at += 1;
        self.token(TokenKind::Close, start);
        let kind = self.top().kind;
        let matches = match c {
            ')' => matches!(kind, Kind::Paren | Kind::Args | Kind::Sub),
            ']' => kind == Kind::Bracket,
            _ => matches!(kind, Kind::Block | Kind::Hash | Kind::Switch | Kind::Class),
        };
        if !matches || self.frames.len() < 2 {
            return;
        }
        let is_index = self.frames.pop().is_some_and(|frame| frame.is_index);
        let at = self.at;
        let frame = self.top();
        let was_callable = frame.callable;
        frame.set_operand(at);
        // Type arguments stand between a method and its arguments.
        frame.callable = is_index && was_callable;
        frame.after_bracket(kind);
    }
}

impl Frame {
    /// A bracket inside this one has closed: some end the statement around them.
    fn after_bracket(&mut self, kind: Kind) {
        match (kind, self.keyword) {
            (Kind::Block, Some(Keyword::Do)) => {
                self.end_statement();
                self.keyword = Some(Keyword::AfterDo);
            }
            (Kind::Block | Kind::Switch | Kind::Class, Some(_)) if self.state == State::Header => {
                self.keyword = None;
                self.end_statement();
            }
            (Kind::Paren | Kind::Args, Some(Keyword::Until | Keyword::Param)) => {
                self.keyword = None;
                self.end_statement();
            }
            (Kind::Block, None) if self.state == State::Member => self.end_statement(),
            (Kind::Block, None) if self.in_clause => self.end_clause(),
            _ => {}
        }
    }

    /// The block of a `switch` clause has ended.
    fn end_clause(&mut self) {
        self.in_clause = false;
        self.has_condition = false;
        self.forget_operand();
    }
}
