//! JSON text to a tree of its own: unlike `serde_json` it keeps lone surrogates, the digits of numbers and repeated
//! names, and its depth costs no call stack.

use super::typed_error::TypedError;
use crate::clixml::PsString;

/// JSON as it is written: its numbers keep their digits (`1e5`, `1.10`), its texts may hold halves of surrogate pairs.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number's text.
    Number(Box<str>),
    /// A text.
    String(PsString),
    /// Values in order.
    Array(Vec<Json>),
    /// Named values in order; names may repeat.
    Object(Vec<(PsString, Json)>),
}

/// Nested arrays and objects at most: a value of CLIXML takes three levels (`items`, pair, value), and 100 may nest.
pub(super) const DEEPEST: usize = 400;

/// Reads a whole JSON text.
pub(super) fn read(text: &[u8]) -> Result<Json, TypedError> {
    let text = std::str::from_utf8(text).map_err(|error| TypedError::Syntax { offset: error.valid_up_to() })?;
    let mut reader = Reader { text, at: 0 };
    let mut open: Vec<Open> = Vec::new();
    loop {
        let mut value = match reader.start(&mut open)? {
            Some(value) => value,
            None if open.len() > DEEPEST => return Err(TypedError::Depth { limit: DEEPEST }),
            None => continue,
        };
        // Everything that ends with this value.
        loop {
            match open.pop() {
                None => {
                    reader.blank();
                    return if reader.rest().is_empty() { Ok(value) } else { Err(reader.error()) };
                }
                Some(mut container) => {
                    container.add(value);
                    if reader.ends(&container)? {
                        value = container.close();
                    } else {
                        if let Open::Object(_, name) = &mut container {
                            *name = reader.name()?;
                        }
                        open.push(container);
                        break;
                    }
                }
            }
        }
    }
}

/// A container that is not read to its end; an object with the name of the member being read.
enum Open {
    Array(Vec<Json>),
    Object(Vec<(PsString, Json)>, PsString),
}

impl Open {
    fn add(&mut self, value: Json) {
        match self {
            Self::Array(items) => items.push(value),
            Self::Object(members, name) => members.push((std::mem::replace(name, PsString::from("")), value)),
        }
    }

    fn close(self) -> Json {
        match self {
            Self::Array(items) => Json::Array(items),
            Self::Object(members, _) => Json::Object(members),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error(&self) -> TypedError {
        TypedError::Syntax { offset: self.at }
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), TypedError> {
        if self.take(token) { Ok(()) } else { Err(self.error()) }
    }

    /// Reads a scalar or an empty container; of any other container the start, which goes to `open`.
    fn start(&mut self, open: &mut Vec<Open>) -> Result<Option<Json>, TypedError> {
        self.blank();
        if self.take("[") {
            self.blank();
            if self.take("]") {
                return Ok(Some(Json::Array(Vec::new())));
            }
            open.push(Open::Array(Vec::new()));
            return Ok(None);
        }
        if self.take("{") {
            self.blank();
            if self.take("}") {
                return Ok(Some(Json::Object(Vec::new())));
            }
            let name = self.name()?;
            open.push(Open::Object(Vec::new(), name));
            return Ok(None);
        }
        self.scalar().map(Some)
    }

    fn scalar(&mut self) -> Result<Json, TypedError> {
        for (token, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
            if self.take(token) {
                return Ok(value);
            }
        }
        if self.take("\"") { self.string().map(Json::String) } else { self.number() }
    }

    /// Whether a container ends after a value; else the comma is read.
    fn ends(&mut self, container: &Open) -> Result<bool, TypedError> {
        self.blank();
        let end = if matches!(container, Open::Array(_)) { "]" } else { "}" };
        if self.take(end) {
            return Ok(true);
        }
        self.expect(",")?;
        self.blank();
        Ok(false)
    }

    fn name(&mut self) -> Result<PsString, TypedError> {
        self.expect("\"")?;
        let name = self.string()?;
        self.blank();
        self.expect(":")?;
        Ok(name)
    }

    /// A string after its opening quote.
    fn string(&mut self) -> Result<PsString, TypedError> {
        let plain = self.plain()?;
        if self.take("\"") {
            return Ok(plain.into());
        }
        let mut units: Vec<u16> = plain.encode_utf16().collect();
        while !self.take("\"") {
            self.expect("\\")?;
            units.push(self.escape()?);
            units.extend(self.plain()?.encode_utf16());
        }
        Ok(PsString::from_utf16(&units))
    }

    /// Characters up to a quote, a backslash or a control, which is an error.
    fn plain(&mut self) -> Result<&'a str, TypedError> {
        let rest = self.rest();
        let end = rest.find(|c| matches!(c, '"' | '\\' | '\0'..='\x1F')).ok_or_else(|| self.error())?;
        self.at += end;
        if rest.as_bytes().get(end).is_some_and(|byte| *byte < 0x20) {
            return Err(self.error());
        }
        Ok(rest.get(..end).unwrap_or_default())
    }

    fn escape(&mut self) -> Result<u16, TypedError> {
        let rest = self.rest().as_bytes();
        let unit = match rest.first() {
            Some(byte @ (b'"' | b'\\' | b'/')) => u16::from(*byte),
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => 10,
            Some(b'r') => 13,
            Some(b't') => 9,
            Some(b'u') => {
                let digits = rest.get(1..5).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
                let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok()).ok_or_else(|| self.error())?;
                self.at += 4;
                u16::from_str_radix(digits, 16).map_err(|_| self.error())?
            }
            _ => return Err(self.error()),
        };
        self.at += 1;
        Ok(unit)
    }

    fn number(&mut self) -> Result<Json, TypedError> {
        let rest = self.rest();
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let text = rest.get(..end).filter(|text| is_number(text)).ok_or_else(|| self.error())?;
        self.at += end;
        Ok(Json::Number(text.into()))
    }
}

/// `-?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?`
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && digits(fraction)
        && digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

#[cfg(test)]
mod tests {
    use super::{Json, is_number, read};
    use crate::clixml::PsString;

    #[test]
    fn reads_what_json_is() {
        let object = |members: &[(&str, Json)]| {
            Json::Object(members.iter().map(|(name, value)| ((*name).into(), value.clone())).collect())
        };
        for (text, value) in [
            (" null ", Json::Null),
            ("[]", Json::Array(vec![])),
            ("{}", object(&[])),
            (
                "[1.50,[true],{}]",
                Json::Array(vec![Json::Number("1.50".into()), Json::Array(vec![Json::Bool(true)]), object(&[])]),
            ),
            (
                r#"{"a" : 1 , "a":{"b":[ ]}}"#,
                object(&[("a", Json::Number("1".into())), ("a", object(&[("b", Json::Array(vec![]))]))]),
            ),
            (r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00ü""#, Json::String("\"\\/\u{8}\u{C}\n\r\té😀ü".into())),
            (r#""\uD83Dx""#, Json::String(PsString::from_utf16(&[0xD83D, 0x78]))),
        ] {
            assert_eq!(read(text.as_bytes()).expect(text), value);
        }
    }

    #[test]
    fn refuses_what_json_is_not() {
        for text in [
            "",
            "nul",
            "[1,]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\n\"",
            "1 2",
            "]",
            "[",
            "{\"a\":1,}",
            "[}",
            "+1",
            "'a'",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read(b"\"\xFF\"").is_err());
        assert!(read("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn numbers_are_checked() {
        for (text, valid) in [
            ("0", true),
            ("-0.5e+10", true),
            ("01", false),
            ("1.", false),
            (".5", false),
            ("1e", false),
            ("-", false),
            ("1-2", false),
        ] {
            assert_eq!(is_number(text), valid, "{text}");
        }
    }
}
