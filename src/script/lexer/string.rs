//! Strings, here-strings and barewords, with what is live inside.

use super::ExpansionKind;
use super::machine::Machine;
use crate::script::chars;

impl Machine<'_> {
    /// Skips a string in single quotes.
    pub(super) fn literal(&mut self) {
        self.at += 1;
        while self.at < self.text.len() {
            if chars::is_single_quote(self.peek(0)) {
                if !chars::is_single_quote(self.peek(1)) {
                    self.at += 1;
                    return;
                }
                self.at += 1;
            }
            self.at += 1;
        }
    }

    /// Reads a string in double quotes. `live` is false in the names of commands, where nothing is expanded.
    pub(super) fn expandable(&mut self, live: bool) {
        self.at += 1;
        while self.at < self.text.len() {
            let c = self.peek(0);
            if chars::is_double_quote(c) {
                if !chars::is_double_quote(self.peek(1)) {
                    self.at += 1;
                    return;
                }
                self.at += 2;
            } else {
                self.expandable_char(c, false, live);
            }
        }
    }

    /// One character of an expandable text: an escape, a variable, a sub-expression or itself.
    fn expandable_char(&mut self, c: char, is_here: bool, live: bool) {
        match c {
            '`' => self.at = (self.at + 2).min(self.text.len()),
            '$' if self.peek(1) == '(' => self.sub_expression(is_here, live),
            '$' if self.peek(1) == '{' || chars::is_variable_start(self.peek(1)) => self.variable_in_string(live),
            _ => self.at += 1,
        }
    }

    /// Reads a here-string. The text after its header is the user's mistake, so it is skipped as a line.
    pub(super) fn here_string(&mut self) {
        let is_expandable = chars::is_double_quote(self.peek(1));
        let is_quote: fn(char) -> bool = if is_expandable { chars::is_double_quote } else { chars::is_single_quote };
        self.at += 2;
        while chars::is_blank(self.peek(0)) {
            self.at += 1;
        }
        if !chars::is_newline(self.peek(0)) {
            return;
        }
        while self.at < self.text.len() {
            let c = self.peek(0);
            if chars::is_newline(c) {
                self.at += if c == '\r' && self.peek(1) == '\n' { 2 } else { 1 };
                if is_quote(self.peek(0)) && self.peek(1) == '@' {
                    self.at += 2;
                    return;
                }
            } else if is_expandable {
                self.expandable_char(c, true, true);
            } else {
                self.at += 1;
            }
        }
    }

    /// Cuts `$(...)` out of a string, to be scanned later as a text of its own.
    ///
    /// PowerShell looks for the end by counting brackets only, and outside here-strings takes each doubled quote for
    /// one.
    fn sub_expression(&mut self, is_here: bool, live: bool) {
        let start = self.at;
        let mut open = 1_usize;
        let mut dropped = Vec::new();
        self.at += 2;
        while self.at < self.text.len() && open > 0 {
            match self.peek(0) {
                '(' => open += 1,
                ')' => open -= 1,
                c if !is_here && (c == '`' || chars::is_double_quote(c)) && chars::is_double_quote(self.peek(1)) => {
                    dropped.push(self.at);
                    self.at += 1;
                }
                _ => {}
            }
            self.at += 1;
        }
        if live {
            let segment = self.text.part(start, self.at, &dropped);
            self.expansion(start, ExpansionKind::Statements(segment.text()));
            self.add_nested(segment);
        }
    }

    /// Reads a bareword up to what ends it.
    pub(super) fn bareword(&mut self, live: bool) {
        while self.at < self.text.len() && !chars::ends_word(self.peek(0)) {
            let c = self.peek(0);
            if chars::is_single_quote(c) {
                self.literal();
            } else if chars::is_double_quote(c) {
                self.expandable(live);
            } else {
                self.expandable_char(c, false, live);
            }
        }
    }
}
