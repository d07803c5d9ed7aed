//! The text of strings and barewords: quotes and escapes resolved, values in the place of what is expanded.

use super::reader::Reader;
use super::text;
use crate::clixml::Value;
use crate::script::lexer::{Expansion, ExpansionKind, Token};
use crate::script::{ScriptError, Source, chars};

/// What kind of quotes are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Single,
    Double,
    /// A here-string: quotes mean nothing in it.
    HereSingle,
    HereDouble,
}

impl Reader<'_> {
    /// The text that a token stands for. In the names of commands nothing is expanded.
    pub(super) fn literal(&mut self, token: Token, expands: bool) -> Result<String, ScriptError> {
        let (start, end, mut quotes) = self.content(token)?;
        let mut out = String::new();
        let mut at = start;
        while at < end {
            if expands && let Some(expansion) = self.expansion(at) {
                out.push_str(&self.expanded(token, expansion)?);
                at = expansion.end.max(at + 1);
                continue;
            }
            let (piece, length, next) = step(self.source.slice(at, end), quotes);
            out.extend(piece);
            at += length.max(1);
            quotes = next;
        }
        match quotes {
            Quotes::Single | Quotes::Double => Err(self.ends_early("the end of the string")),
            _ => Ok(out),
        }
    }

    /// Where the text begins and ends, and in which quotes.
    fn content(&self, token: Token) -> Result<(usize, usize, Quotes), ScriptError> {
        let text = self.text(token);
        let quotes = match text.strip_prefix('@').and_then(|rest| rest.chars().next()) {
            Some(quote) if chars::is_single_quote(quote) => Quotes::HereSingle,
            Some(quote) if chars::is_double_quote(quote) => Quotes::HereDouble,
            _ => return Ok((token.start, token.end, Quotes::None)),
        };
        let no_end = || self.ends_early("the end of the here-string");
        let begin = text.find('\n').ok_or_else(no_end)? + 1;
        let last = text.rfind('\n').ok_or_else(no_end)?;
        let is_closed = text.get(last + 1..).is_some_and(|line| {
            let mut chars = line.chars();
            chars.next().is_some_and(|c| chars::is_single_quote(c) || chars::is_double_quote(c))
                && chars.as_str() == "@"
        });
        if !is_closed {
            return Err(no_end());
        }
        let last = if text.get(..last).is_some_and(|text| text.ends_with('\r')) { last - 1 } else { last };
        Ok((token.start + begin, token.start + last, quotes))
    }

    fn expansion(&self, start: usize) -> Option<&'_ Expansion> {
        let expansions = &self.source.scan().expansions;
        let at = expansions.binary_search_by_key(&start, |expansion| expansion.start).ok()?;
        expansions.get(at)
    }

    fn expanded(&self, token: Token, expansion: &Expansion) -> Result<String, ScriptError> {
        let place = self.position(expansion.start);
        let value = match &expansion.kind {
            ExpansionKind::Variable(path) => self.scope.variable(path, place)?,
            ExpansionKind::Statements(text) => {
                let source = Source::new(text.as_str())?;
                let mut inner = Reader::new(&source, 0, self.scope, Some(place), self.depth);
                inner.enter(token)?;
                inner.whole()?
            }
        };
        text::of(&value).ok_or_else(|| ScriptError::NotConstant { at: place, reason: no_text(&value) })
    }
}

fn no_text(value: &Value) -> String {
    match value.unboxed() {
        Value::SecureString(_) => "a secret has no text; give it as an argument by itself".to_owned(),
        _ => "only PowerShell knows the text of this value".to_owned(),
    }
}

/// What the next characters stand for, how many bytes they are, and which quotes are open behind them.
fn step(rest: &str, quotes: Quotes) -> (Option<char>, usize, Quotes) {
    let mut chars = rest.chars();
    let Some(c) = chars.next() else { return (None, 0, quotes) };
    let second = chars.next();
    let doubled = |is_quote: fn(char) -> bool| second.filter(|second| is_quote(*second));
    match quotes {
        Quotes::None if chars::is_single_quote(c) => (None, c.len_utf8(), Quotes::Single),
        Quotes::None if chars::is_double_quote(c) => (None, c.len_utf8(), Quotes::Double),
        Quotes::Single if chars::is_single_quote(c) => match doubled(chars::is_single_quote) {
            Some(second) => (Some(second), c.len_utf8() + second.len_utf8(), quotes),
            None => (None, c.len_utf8(), Quotes::None),
        },
        Quotes::Double if chars::is_double_quote(c) => match doubled(chars::is_double_quote) {
            Some(second) => (Some(second), c.len_utf8() + second.len_utf8(), quotes),
            None => (None, c.len_utf8(), Quotes::None),
        },
        Quotes::None | Quotes::Double | Quotes::HereDouble if c == '`' => {
            let (escaped, length) = escaped(rest);
            (escaped, length, quotes)
        }
        _ => (Some(c), c.len_utf8(), quotes),
    }
}

/// A backtick and what follows it.
fn escaped(rest: &str) -> (Option<char>, usize) {
    let hexadecimal = rest.strip_prefix("`u{").and_then(|digits| digits.split_once('}'));
    if let Some((digits, _)) = hexadecimal.filter(|(digits, _)| digits.len() <= 6) {
        let c = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
        return (Some(c.unwrap_or(char::REPLACEMENT_CHARACTER)), "`u{}".len() + digits.len());
    }
    match rest.chars().nth(1) {
        Some(c) => (Some(chars::unescaped(c)), 1 + c.len_utf8()),
        None => (None, 1),
    }
}
