//! A place in the source text.

/// Reads characters; knows blanks and comments.
pub(super) struct Cursor<'a> {
    text: &'a str,
    pos: usize,
    /// Where a comment begins that does not end.
    open_comment: Option<usize>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, pos: 0, open_comment: None }
    }

    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    pub(super) fn open_comment(&self) -> Option<usize> {
        self.open_comment
    }

    pub(super) fn set_pos(&mut self, pos: usize) {
        self.pos = pos;
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.pos..]
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or("")
    }

    pub(super) fn at_end(&self) -> bool {
        self.pos == self.text.len()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character after the next one.
    pub(super) fn peek_second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    /// The character here; every dash that PowerShell takes for one is a hyphen.
    pub(super) fn sign(&self) -> Option<char> {
        self.peek().map(hyphen)
    }

    /// The character after the next one, as [`Cursor::sign`] has it.
    pub(super) fn second_sign(&self) -> Option<char> {
        self.peek_second().map(hyphen)
    }

    /// Consumes `-` or another dash.
    pub(super) fn eat_dash(&mut self) -> bool {
        let found = self.sign() == Some('-');
        if found {
            self.bump();
        }
        found
    }

    pub(super) fn char_len_at(&self, pos: usize) -> usize {
        self.text.get(pos..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.pos += next.len_utf8();
        Some(next)
    }

    /// Consumes the text if it stands here.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.pos += text.len();
        }
        found
    }

    /// Consumes characters as long as they qualify.
    pub(super) fn take_while(&mut self, mut wanted: impl FnMut(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|next| !wanted(next)).unwrap_or(rest.len());
        self.pos += length;
        &rest[..length]
    }

    /// The word here, if it is one, in any case, and if it ends here.
    pub(super) fn at_word(&self, word: &str) -> bool {
        let rest = self.rest();
        rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && !rest[word.len()..].starts_with(|next: char| next.is_alphanumeric() || matches!(next, '_' | '-'))
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        if found {
            self.pos += word.len();
        }
        found
    }

    /// Skips blanks, line continuations and comments, but no end of line.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            if let Some(comment) = rest.strip_prefix("<#") {
                if !comment.contains("#>") {
                    self.open_comment = Some(self.pos);
                }
                self.pos += 2 + comment.find("#>").map_or(comment.len(), |end| end + 2);
            } else if rest.starts_with('#') {
                self.take_while(|next| !matches!(next, '\n' | '\r'));
            } else if rest.starts_with("`\n") {
                self.pos += 2;
            } else if rest.starts_with("`\r\n") {
                self.pos += 3;
            } else if rest.starts_with(is_blank) {
                self.take_while(is_blank);
            } else {
                return;
            }
        }
    }

    /// Skips blanks, comments and ends of lines.
    pub(super) fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            if self.take_while(|next| matches!(next, '\n' | '\r')).is_empty() {
                return;
            }
        }
    }

    /// Skips everything that may stand between statements.
    pub(super) fn skip_separators(&mut self) {
        loop {
            self.skip_lines();
            if !self.eat(";") {
                return;
            }
        }
    }

    /// What stands here, for messages: a word or a single character.
    pub(super) fn token_text(&self) -> &'a str {
        let rest = self.rest();
        let word =
            rest.find(|next: char| !next.is_alphanumeric() && !matches!(next, '_' | '-' | '$')).unwrap_or(rest.len());
        if word > 0 { &rest[..word] } else { &rest[..self.char_len_at(self.pos)] }
    }
}

/// White space inside a line.
pub(super) fn is_blank(next: char) -> bool {
    next.is_whitespace() && !matches!(next, '\n' | '\r')
}

/// The dashes that word processors and web pages write are hyphens (the en dash, the em dash and the horizontal bar).
fn hyphen(next: char) -> char {
    if matches!(next, '\u{2013}' | '\u{2014}' | '\u{2015}') { '-' } else { next }
}

/// A double quote, straight or typographic.
pub(super) fn is_double_quote(next: char) -> bool {
    matches!(next, '"' | '\u{201C}' | '\u{201D}' | '\u{201E}')
}

/// A single quote, straight or typographic.
pub(super) fn is_single_quote(next: char) -> bool {
    matches!(next, '\'' | '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{201B}')
}
