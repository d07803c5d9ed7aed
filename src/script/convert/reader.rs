//! The tokens of a script, one after the other.

use super::scope::Scope;
use crate::script::lexer::{Token, TokenKind};
use crate::script::{Position, ScriptError, Source};

/// How deep brackets and strings may nest: nobody writes more, and text from a file must not exhaust the stack.
const DEEPEST: u32 = 100;

/// A place between tokens, and what the values around it are.
pub(super) struct Reader<'s> {
    pub source: &'s Source,
    /// The tokens without comments.
    tokens: Vec<Token>,
    at: usize,
    pub scope: &'s Scope<'s>,
    /// Where the source stands, if it is a part of a script.
    pub place: Option<Position>,
    pub depth: u32,
}

impl<'s> Reader<'s> {
    /// A reader that begins at a token.
    pub(super) fn new(
        source: &'s Source,
        begin: usize,
        scope: &'s Scope<'s>,
        place: Option<Position>,
        depth: u32,
    ) -> Self {
        let tokens = source.scan().tokens.iter().skip(begin);
        let tokens = tokens.filter(|token| token.kind != TokenKind::Comment).copied().collect();
        Self { source, tokens, at: 0, scope, place, depth }
    }

    pub(super) fn text(&self, token: Token) -> &'s str {
        self.source.slice(token.start, token.end)
    }

    pub(super) fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    /// Whether this keyword is next.
    pub(super) fn is_keyword(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.kind == TokenKind::Keyword && self.text(token).eq_ignore_ascii_case(word))
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    /// The next token, if it is of this kind and text; steps over it.
    pub(super) fn take(&mut self, kind: TokenKind, text: &str) -> Option<Token> {
        let token = self.peek().filter(|token| token.kind == kind && self.text(*token) == text);
        self.at += usize::from(token.is_some());
        token
    }

    /// The next token, if it is of this kind and nothing stands before it; stays.
    pub(super) fn adjacent(&self, kind: TokenKind) -> Option<Token> {
        let end = self.at.checked_sub(1).and_then(|last| self.tokens.get(last))?.end;
        self.peek().filter(|token| token.kind == kind && token.start == end)
    }

    /// Steps over the ends of lines, and over semicolons if they mean nothing here.
    pub(super) fn skip_ends(&mut self, semicolons: bool) {
        while self.peek().is_some_and(|token| token.kind == TokenKind::End && (semicolons || self.text(token) != ";")) {
            self.at += 1;
        }
    }

    /// Steps over ends of lines if such a token follows them, and over the token.
    pub(super) fn take_behind_lines(&mut self, kind: TokenKind, text: &str) -> bool {
        let before = self.at;
        self.skip_ends(false);
        let found = self.take(kind, text).is_some();
        if !found {
            self.at = before;
        }
        found
    }

    /// Steps to the end of the statement.
    pub(super) fn skip_statement(&mut self) {
        while self.peek().is_some_and(|token| token.kind != TokenKind::End) {
            self.at += 1;
        }
    }

    /// Leaves the last token out: what remains must be all.
    pub(super) fn drop_last(&mut self, kind: TokenKind) -> Option<Token> {
        while self.tokens.last().is_some_and(|token| token.kind == TokenKind::End) {
            self.tokens.pop();
        }
        self.tokens.pop_if(|token| token.kind == kind)
    }

    /// One level deeper.
    ///
    /// # Errors
    /// There are too many.
    pub(super) fn enter(&mut self, token: Token) -> Result<(), ScriptError> {
        self.depth += 1;
        match self.depth > DEEPEST {
            true => Err(ScriptError::TooDeep { at: self.position(token.start), limit: DEEPEST }),
            false => Ok(()),
        }
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn position(&self, offset: usize) -> Position {
        self.place.unwrap_or_else(|| self.source.position(offset))
    }

    /// PowerShell's client sends text here.
    pub(super) fn not_commands(&self, token: Token, reason: impl Into<String>) -> ScriptError {
        ScriptError::NotCommands { at: self.position(token.start), reason: reason.into() }
    }

    /// PowerShell's client would compute it.
    pub(super) fn not_constant(&self, token: Token, reason: impl Into<String>) -> ScriptError {
        ScriptError::NotConstant { at: self.position(token.start), reason: reason.into() }
    }

    /// Something is missing at the end of the text.
    pub(super) fn ends_early(&self, missing: &str) -> ScriptError {
        let end = self.tokens.last().map_or(0, |token| token.end);
        match self.place {
            None => ScriptError::EndsEarly { at: self.position(end), missing: missing.to_owned() },
            // What follows a part of a script does not belong to the part.
            Some(at) => ScriptError::NotCommands { at, reason: format!("{missing} is missing") },
        }
    }
}
