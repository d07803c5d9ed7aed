//! Variables, and the using expressions among them.

use super::accessor::Accessor;
use super::frame::State;
use super::machine::Machine;
use super::{ExpansionKind, Misread, Occurrence, TokenKind};
use crate::script::chars;
use crate::script::position::Position;

/// A variable as it stands in the text.
struct Variable {
    start: usize,
    end: usize,
    /// Its path without sigil and braces, escapes resolved.
    path: String,
    splatted: bool,
    braced: bool,
}

impl Machine<'_> {
    /// A variable outside strings. In commands it may turn out to be the beginning of a bareword.
    pub(super) fn variable_token(&mut self, sigil: char) {
        let start = self.at;
        let in_command = self.top().is_command();
        let Some(variable) = self.scan_variable(sigil == '@', false) else {
            // To PowerShell a lone dollar begins a word in any mode, a lone `@` in commands alone.
            return self.no_variable(in_command || sigil == '$');
        };
        let next = self.text.char(variable.end);
        let is_special = !variable.braced && matches!(variable.path.as_str(), "$" | "?" | "^");
        let ends = match next {
            '.' | '[' => !is_special,
            '=' => !variable.braced && !is_special,
            ':' => !variable.braced && !is_special,
            _ => false,
        };
        if in_command && !ends && !chars::ends_word(next) {
            self.bareword(true);
            self.token(TokenKind::Word, start);
            self.top().set_operand(usize::MAX);
            return;
        }
        self.at = variable.end;
        let is_key = self.top().state == State::Key;
        if is_using(&variable.path) {
            let accessors = self.accessors(in_command);
            let assigned = !in_command && !is_key && self.is_assigned();
            self.record(variable, accessors, false, assigned);
        }
        self.token(TokenKind::Variable, start);
        let at = self.at;
        self.top().set_operand(at);
    }

    /// A sigil that begins no variable.
    fn no_variable(&mut self, is_word: bool) {
        let start = self.at;
        self.at += 1;
        if is_word {
            self.bareword(true);
        }
        self.token(TokenKind::Word, start);
        self.top().set_operand(usize::MAX);
    }

    /// A variable inside a string or bareword: nothing behind it belongs to it.
    pub(super) fn variable_in_string(&mut self, live: bool) {
        match self.scan_variable(false, true) {
            Some(variable) => {
                let start = std::mem::replace(&mut self.at, variable.end);
                if live {
                    self.expansion(start, ExpansionKind::Variable(variable.path.clone()));
                }
                if live && is_using(&variable.path) {
                    self.record(variable, Vec::new(), true, false);
                }
            }
            None => self.at += 1,
        }
    }

    /// The variable that begins here, if one does; the place in the text stays.
    fn scan_variable(&self, splatted: bool, in_string: bool) -> Option<Variable> {
        let start = self.at;
        if self.peek(1) == '{' && !splatted {
            return Some(self.scan_braced(in_string));
        }
        let first = self.peek(1);
        if !chars::is_variable_start(first) {
            return None;
        }
        let mut end = start + 2;
        if !matches!(first, '$' | '?' | '^') {
            while chars::is_variable_follow(self.text.char(end)) {
                if self.text.char(end) == ':' && self.text.char(end + 1) == ':' {
                    break;
                }
                end += 1;
            }
        }
        let path = (start + 1..end).map(|index| self.text.char(index)).collect();
        Some(Variable { start, end, path, splatted, braced: false })
    }

    fn scan_braced(&self, in_string: bool) -> Variable {
        let start = self.at;
        let mut path = String::new();
        let mut end = start + 2;
        while end < self.text.len() {
            let c = self.text.char(end);
            end += 1;
            match c {
                '}' => break,
                '`' => {
                    path.push(chars::unescaped(self.text.char(end)));
                    end += 1;
                }
                _ => {
                    path.push(c);
                    if in_string && chars::is_double_quote(c) && chars::is_double_quote(self.text.char(end)) {
                        end += 1;
                    }
                }
            }
        }
        Variable { start, end: end.min(self.text.len()), path, splatted: false, braced: true }
    }

    fn record(&mut self, variable: Variable, accessors: Vec<Accessor>, in_string: bool, assigned: bool) {
        let start = self.text.offset(variable.start);
        let variable_end = self.text.end_offset(variable.end);
        let end = accessors.last().map_or(variable_end, |accessor| accessor.end);
        let occurrence = Occurrence {
            text: self.source(start, end).to_owned(),
            start,
            variable_end,
            variable: variable.path.get("using:".len()..).unwrap_or_default().to_owned(),
            splatted: variable.splatted,
            braced: variable.braced,
            accessors,
            block: self.top().block,
            in_string,
            assigned,
            misread: self.misread((variable.start, self.at), (start, end)),
            position: Position { line: 0, column: 0 },
        };
        self.found.push(occurrence);
    }

    /// What PowerShell takes for what stands between two indexes, which are these byte offsets, unless it looks there.
    fn misread(&self, indexes: (usize, usize), offsets: (usize, usize)) -> Option<Misread> {
        let (start, end) = self.text.counted(indexes.0, indexes.1)?;
        let before = |offset| self.source(0, offset).encode_utf16().count();
        let units = self.source.encode_utf16().skip(start).take(end.saturating_sub(start));
        ((start, end) != (before(offsets.0), before(offsets.1)))
            .then(|| Misread { start, text: String::from_utf16_lossy(&units.collect::<Vec<_>>()) })
    }

    /// Whether an assignment to what ends here follows.
    fn is_assigned(&self) -> bool {
        let mut ahead = 0;
        while chars::is_blank(self.peek(ahead)) {
            ahead += 1;
        }
        let (first, second, third) = (self.peek(ahead), self.peek(ahead + 1), self.peek(ahead + 2));
        match first {
            '=' => true,
            '+' => second == '=' || second == '+',
            '*' | '/' | '%' => second == '=',
            '?' => second == '?' && third == '=',
            _ => chars::is_dash(first) && (second == '=' || chars::is_dash(second)),
        }
    }
}

/// Whether a path has the drive `using` and a name behind it.
fn is_using(path: &str) -> bool {
    let prefix = "using:";
    path.len() > prefix.len() && path.get(..prefix.len()).is_some_and(|drive| drive.eq_ignore_ascii_case(prefix))
}
