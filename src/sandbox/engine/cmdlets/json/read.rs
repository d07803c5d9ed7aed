//! JSON as values, by the rules of ConvertFrom-Json: comments and commas at the end are allowed, times are recognized.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::super::datetime::{self, DateTime, Kind};
use super::super::super::value::{Obj, Val};

/// How to read.
pub(super) struct Options {
    pub(super) as_hashtable: bool,
    pub(super) utc_offset_minutes: i32,
}

/// Why a text is not taken.
#[derive(Debug)]
pub(super) enum Failure {
    Syntax(String),
    /// Two keys of one object differ only in case.
    Casing(String, String),
    TooDeep,
}

/// Levels of nesting; the stack sets this limit.
const MAX_LEVELS: usize = 200;

type Read<T> = Result<T, Failure>;

struct Reader<'a> {
    options: &'a Options,
    text: &'a str,
    at: usize,
}

impl Options {
    /// Reads one document.
    pub(super) fn read(&self, text: &str) -> Read<Val> {
        let mut reader = Reader { options: self, text, at: 0 };
        let value = reader.value(0)?;
        reader.skip()?;
        if reader.at < text.len() {
            return reader.fail("Additional text encountered after finished reading JSON content");
        }
        Ok(value)
    }
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn fail<T>(&self, why: &str) -> Read<T> {
        let before = &self.text[..self.at];
        let line = before.matches('\n').count() + 1;
        let column = before.rfind('\n').map_or(before.len(), |newline| before.len() - newline - 1);
        let found = self.peek().map_or_else(String::new, |next| format!(": {next}"));
        Err(Failure::Syntax(format!("{why}{found}. Line {line}, position {column}.")))
    }

    /// Blanks and comments.
    fn skip(&mut self) -> Read<()> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            self.at += blank;
            if self.eat("//") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if self.eat("/*") {
                match self.rest().find("*/") {
                    Some(end) => self.at += end + 2,
                    None => return self.fail("Unexpected end while parsing comment"),
                }
            } else if blank == 0 {
                return Ok(());
            }
        }
    }

    fn value(&mut self, level: usize) -> Read<Val> {
        if level > MAX_LEVELS {
            return Err(Failure::TooDeep);
        }
        self.skip()?;
        match self.peek() {
            Some('{') => self.object(level),
            Some('[') => self.array(level),
            Some('"' | '\'') => {
                let string = self.string()?;
                Ok(self.time(&string).unwrap_or_else(|| Val::str(string)))
            }
            Some('-' | '0'..='9') => self.number(),
            _ => {
                for (word, value) in [("true", Val::Bool(true)), ("false", Val::Bool(false)), ("null", Val::Null)] {
                    if self.eat(word) {
                        return Ok(value);
                    }
                }
                self.fail("Unexpected character encountered while parsing value")
            }
        }
    }

    fn array(&mut self, level: usize) -> Read<Val> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip()?;
            if self.eat("]") {
                return Ok(Val::array(items));
            }
            items.push(self.value(level + 1)?);
            self.skip()?;
            if !self.eat(",") && self.peek() != Some(']') {
                return self.fail("After parsing a value an unexpected character was encountered");
            }
        }
    }

    fn object(&mut self, level: usize) -> Read<Val> {
        self.at += 1;
        let mut members: Vec<(Arc<str>, Val)> = Vec::new();
        // The first of each name, in lower case.
        let mut places: HashMap<String, usize> = HashMap::new();
        loop {
            self.skip()?;
            if self.eat("}") {
                break;
            }
            let name = self.name()?;
            self.skip()?;
            if !self.eat(":") {
                return self.fail("Invalid character after parsing property name. Expected ':' but got");
            }
            let value = self.value(level + 1)?;
            let place = *places.entry(name.to_ascii_lowercase()).or_insert(members.len());
            match members.get_mut(place) {
                Some((known, slot)) if **known == *name => *slot = value,
                Some((known, _)) if !self.options.as_hashtable => {
                    return Err(Failure::Casing(known.to_string(), name));
                }
                _ => members.push((name.into(), value)),
            }
            self.skip()?;
            if !self.eat(",") && self.peek() != Some('}') {
                return self.fail("After parsing a value an unexpected character was encountered");
            }
        }
        Ok(if self.options.as_hashtable {
            Val::hash(true, members.into_iter().map(|(name, value)| (Val::Str(name), value)).collect())
        } else {
            Obj::custom(members)
        })
    }

    /// A name in quotes, or a plain word.
    fn name(&mut self) -> Read<String> {
        match self.peek() {
            Some('"' | '\'') => self.string(),
            Some(next) if next.is_alphabetic() || matches!(next, '_' | '$') => {
                let rest = self.rest();
                let end = rest.find(|next: char| !next.is_alphanumeric() && !matches!(next, '_' | '$'));
                let name = rest[..end.unwrap_or(rest.len())].to_owned();
                self.at += name.len();
                Ok(name)
            }
            _ => self.fail("Invalid property identifier character"),
        }
    }

    fn string(&mut self) -> Read<String> {
        let quote = self.peek().unwrap_or('"');
        self.at += 1;
        let mut units: Vec<u16> = Vec::new();
        loop {
            let Some(next) = self.peek() else {
                return self.fail("Unterminated string. Expected delimiter");
            };
            self.at += next.len_utf8();
            match next {
                next if next == quote => return Ok(String::from_utf16_lossy(&units)),
                '\\' => units.push(self.escape()?),
                other => units.extend(other.encode_utf16(&mut [0; 2]).iter()),
            }
        }
    }

    fn escape(&mut self) -> Read<u16> {
        let Some(next) = self.peek() else { return self.fail("Unterminated string. Expected delimiter") };
        self.at += next.len_utf8();
        Ok(match next {
            'n' => 10,
            'r' => 13,
            't' => 9,
            'b' => 8,
            'f' => 12,
            '"' | '\'' | '\\' | '/' => next as u16,
            'u' => {
                let unit = self.rest().get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok());
                let Some(unit) = unit else { return self.fail("Invalid Unicode escape sequence") };
                self.at += 4;
                unit
            }
            _ => return self.fail("Bad JSON escape sequence"),
        })
    }

    fn number(&mut self) -> Read<Val> {
        let rest = self.rest();
        let end = rest.find(|next: char| !next.is_ascii_alphanumeric() && !matches!(next, '-' | '+' | '.'));
        let digits = &rest[..end.unwrap_or(rest.len())];
        let value = match digits.parse::<i64>() {
            Ok(whole) => Some(Val::I64(whole)),
            Err(_) if digits.bytes().any(|byte| byte.is_ascii_digit()) => digits.parse().ok().map(Val::F64),
            Err(_) => None,
        };
        match value {
            Some(value) => {
                self.at += digits.len();
                Ok(value)
            }
            None => self.fail("Unexpected character encountered while parsing number"),
        }
    }

    /// A string in the form of ISO 8601 with a time of day is a time.
    fn time(&self, string: &str) -> Option<Val> {
        let bytes = string.as_bytes();
        let is_date = bytes.len() >= 19 && bytes[4] == b'-' && bytes[7] == b'-' && bytes[10] == b'T';
        if !is_date || !bytes[..4].iter().all(u8::is_ascii_digit) {
            return None;
        }
        let time = datetime::parse(string)?;
        let offset = self.options.utc_offset_minutes;
        Some(Val::DateTime(match time.kind {
            Kind::Local(_) => time.to_utc(offset).to_local(offset),
            _ if string.ends_with('Z') => DateTime { kind: Kind::Utc, ..time.to_utc(offset) },
            _ => time,
        }))
    }
}
