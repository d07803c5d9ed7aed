//! The `_xHHHH_` escapes of strings and names (MS-PSRP 2.2.5.3.2), read and written as .NET's `XmlConvert` does.

use std::borrow::Cow;

use super::PsString;

/// Undoes the escapes of a text whose XML entities are already resolved.
pub(super) fn unescape(text: Cow<'_, str>) -> PsString {
    if !has_escape(&text) {
        return PsString::from(text);
    }
    match unescape_utf8(&text) {
        Some(plain) => PsString::from(plain),
        // All other texts have a form in UTF-8.
        None => PsString::wide(unescape_utf16(&text)),
    }
}

/// The most bytes that have to be allocated for a text without its escapes: it is copied unless it is owned and has
/// none, and becomes UTF-16 if it has surrogates of which one may be alone.
#[expect(clippy::ptr_arg, reason = "whether the text is owned decides")]
pub(super) fn unescaped_size(text: &Cow<'_, str>) -> usize {
    // In four digits or in eight.
    let is_surrogate = |seven: &[u8]| {
        matches!(seven, [b'_', b'x' | b'X', b'd' | b'D', ..] | [b'_', b'x' | b'X', b'0', b'0', b'0', b'0', b'd' | b'D'])
    };
    match text {
        Cow::Owned(text) if !has_escape(text) => 0,
        _ if text.as_bytes().windows(7).any(is_surrogate) => 2 * text.len(),
        _ => text.len(),
    }
}

/// Undoes the escapes of a name; lone surrogates, which no real name has, become U+FFFD.
pub(super) fn unescape_name(name: Cow<'_, str>) -> Cow<'_, str> {
    if !has_escape(&name) {
        return name;
    }
    Cow::Owned(unescape(name).to_str_lossy().into_owned())
}

/// Whether anything could be an escape.
pub(super) fn has_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.contains(&b'_') && bytes.windows(2).any(|pair| matches!(pair, b"_x" | b"_X"))
}

/// `None` if the text has lone surrogates.
fn unescape_utf8(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut high = None;
    for piece in Pieces(text) {
        match (high.take(), piece) {
            (None, Piece::Literal(literal)) => plain.push_str(literal),
            (None, Piece::Code(code @ 0xD800..=0xDBFF)) => high = Some(code),
            (None, Piece::Code(code)) => plain.push(char::from_u32(code)?),
            (Some(high), Piece::Code(low @ 0xDC00..=0xDFFF)) => {
                plain.push(char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))?);
            }
            (Some(_), _) => return None,
        }
    }
    high.is_none().then_some(plain)
}

fn unescape_utf16(text: &str) -> Vec<u16> {
    let mut units = Vec::with_capacity(text.len());
    for piece in Pieces(text) {
        match piece {
            Piece::Literal(literal) => units.extend(literal.encode_utf16()),
            Piece::Code(code) => match u16::try_from(code) {
                Ok(unit) => units.push(unit),
                Err(_) => units.extend(char::from_u32(code).into_iter().collect::<String>().encode_utf16()),
            },
        }
    }
    units
}

enum Piece<'a> {
    /// Text that stands for itself, never empty.
    Literal(&'a str),
    /// An escape: a UTF-16 code unit, or a code point above it.
    Code(u32),
}

/// Scans left to right without overlap: `_x005F_x0041_` is `_x0041_`.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if let Some((code, length)) = escape_at(self.0.as_bytes()) {
            self.0 = &self.0[length..];
            return Some(Piece::Code(code));
        }
        let first = self.0.chars().next()?.len_utf8();
        let end = self.0[first..].find('_').map_or(self.0.len(), |at| first + at);
        let (literal, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(Piece::Literal(literal))
    }
}

/// The escape at the very start, and its length in bytes.
fn escape_at(text: &[u8]) -> Option<(u32, usize)> {
    let [b'_', b'x' | b'X', digits @ ..] = text else { return None };
    if digits.get(4) == Some(&b'_') {
        return Some((hex(digits.get(..4)?)?, 7));
    }
    if digits.get(8) == Some(&b'_') {
        return hex(digits.get(..8)?).filter(|&code| code <= 0x10_FFFF).map(|code| (code, 11));
    }
    None
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |number, &digit| Some(number << 4 | char::from(digit).to_digit(16)?))
}

/// Appends the escape of half of a surrogate pair to a text that is still to be unescaped.
pub(super) fn push_surrogate(unit: u32, text: &mut String) {
    // With the underscore of this escape, what stands before it could become one: `_x0041` and then `_xD83D_`.
    let cut = [10, 6].into_iter().filter_map(|length| text.len().checked_sub(length));
    let begun = cut.filter(|&at| text.is_char_boundary(at)).find(|&at| {
        let whole = [&text.as_bytes()[at..], b"_"].concat();
        escape_at(&whole).is_some()
    });
    if let Some(at) = begun {
        text.insert_str(at + 1, "x005F_");
    }
    text.push_str(&format!("_x{unit:04X}_"));
}

/// Where an escaped text stands: quotes need an entity only in attributes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Element,
    Attribute,
}

/// Appends a string with both kinds of escapes.
pub(super) fn escape(text: &PsString, place: Place, out: &mut Vec<u8>) {
    if let Some(plain) = text.as_str() {
        return escape_str(plain, place, out);
    }
    let mut run = String::new();
    for result in char::decode_utf16(text.utf16().iter().copied()) {
        match result {
            Ok(plain) => run.push(plain),
            Err(lone) => {
                escape_str(&run, place, out);
                run.clear();
                push_escape(lone.unpaired_surrogate(), out);
            }
        }
    }
    escape_str(&run, place, out);
}

/// Appends a text with both kinds of escapes.
pub(super) fn escape_str(text: &str, place: Place, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if !SPECIAL[usize::from(byte)] {
            at += 1;
            continue;
        }
        let length = text[at..].chars().next().map_or(1, char::len_utf8);
        out.extend_from_slice(&bytes[done..at]);
        done = if escape_char(&text[at..], place, out) { at + length } else { at };
        at += length;
    }
    out.extend_from_slice(&bytes[done..]);
}

/// First bytes of the characters that [`escape_char`] must look at.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] =
            matches!(byte as u8, 0..=0x1F | 0x7F | b'_' | b'<' | b'>' | b'&' | b'"' | 0xC2 | 0xEF | 0xF0..=0xF4);
        byte += 1;
    }
    table
};

/// Appends the first character escaped; `false`, with nothing appended, if it stands for itself.
fn escape_char(text: &str, place: Place, out: &mut Vec<u8>) -> bool {
    let mut chars = text.chars();
    match chars.next() {
        Some('<') => out.extend_from_slice(b"&lt;"),
        Some('>') => out.extend_from_slice(b"&gt;"),
        Some('&') => out.extend_from_slice(b"&amp;"),
        Some('"') if place == Place::Attribute => out.extend_from_slice(b"&quot;"),
        Some('_') if matches!(chars.next(), Some('x' | 'X')) => out.extend_from_slice(b"_x005F_"),
        // U+FFFE and U+FFFF are no XML characters; PowerShell fails on them, an escape it reads.
        Some(code @ ('\0'..='\x1F' | '\x7F'..='\u{9F}' | '\u{FFFE}'..)) => {
            for unit in code.encode_utf16(&mut [0; 2]) {
                push_escape(*unit, out);
            }
        }
        _ => return false,
    }
    true
}

fn push_escape(unit: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(b"_x");
    for shift in [12, 8, 4, 0] {
        out.push(b"0123456789ABCDEF"[usize::from(unit >> shift & 0xF)]);
    }
    out.push(b'_');
}

#[cfg(test)]
mod tests {
    use super::{Place, escape, unescape};
    use crate::clixml::PsString;

    fn escaped(text: &PsString, place: Place) -> String {
        let mut out = Vec::new();
        escape(text, place, &mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn writes_the_form_of_powershell() {
        let text = PsString::from("a\tb\r\n\0\x7F\u{85} _x0041_ _X _y \u{1F600} <&>\"");
        let form =
            "a_x0009_b_x000D__x000A__x0000__x007F__x0085_ _x005F_x0041_ _x005F_X _y _xD83D__xDE00_ &lt;&amp;&gt;\"";
        assert_eq!(escaped(&text, Place::Element), form);
        assert_eq!(escaped(&text, Place::Attribute), form.replace('"', "&quot;"));
        assert_eq!(escaped(&PsString::from("grün 你好 \u{A0}\u{FFFD}"), Place::Element), "grün 你好 \u{A0}\u{FFFD}");
    }

    #[test]
    fn reads_by_the_rules_of_xml_convert() {
        let read = |text: &'static str| unescape(text.into());
        assert_eq!(read("_xD83D__xDE00__x005F_x0041__X0042__x12__x005f_"), "😀_x0041_B_x12__");
        assert_eq!(read("__x0041_ _xZZZZ_ _x005 _x"), "_A _xZZZZ_ _x005 _x");
        assert_eq!(read("_x0001F600_ _x00110000_"), "😀 _x00110000_");
        assert_eq!(read("_x004ü_"), "_x004ü_");
        assert_eq!(read("plain_text"), "plain_text");
    }

    #[test]
    fn keeps_lone_surrogates() {
        for units in [&[0x61, 0xD800, 0x62][..], &[0xDC00, 0xD800], &[0xD800, 0xD83D, 0xDE00], &[0xD83D]] {
            let text = PsString::from_utf16(units);
            let wire = escaped(&text, Place::Element);
            assert_eq!(unescape(wire.as_str().into()), text, "{wire}");
        }
        assert_eq!(escaped(&PsString::from_utf16(&[0x5F, 0xD800, 0x5F, 0x78]), Place::Element), "__xD800__x005F_x");
    }
}
