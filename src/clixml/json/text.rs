//! JSON strings and numbers.

use crate::clixml::{PsString, scan};

/// Appends a string with its quotes; lone surrogates as `\uD83D`.
pub(super) fn write_string(text: &PsString, out: &mut Vec<u8>) {
    if let Some(plain) = text.as_str() {
        return write_str(plain, out);
    }
    out.push(b'"');
    for result in char::decode_utf16(text.utf16().iter().copied()) {
        match result {
            Ok(plain) => write_escaped(plain.encode_utf8(&mut [0; 4]), out),
            Err(lone) => write_unit(lone.unpaired_surrogate(), out),
        }
    }
    out.push(b'"');
}

/// Appends a string with its quotes.
pub(crate) fn write_str(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    write_escaped(text, out);
    out.push(b'"');
}

/// Controls above ASCII are escaped too, for terminals that take U+009B as the start of a sequence.
fn write_escaped(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    let mut at = plain_length(bytes);
    while let Some(&byte) = bytes.get(at) {
        let (unit, length) = match (byte, bytes.get(at + 1)) {
            (0xC2, Some(&next @ 0x80..=0x9F)) => (Some(next), 2),
            (0xC2, _) => (None, 1),
            _ => (Some(byte), 1),
        };
        if let Some(unit) = unit {
            out.extend_from_slice(&bytes[done..at]);
            write_control(unit, out);
            done = at + length;
        }
        at += length + plain_length(&bytes[at + length..]);
    }
    out.extend_from_slice(&bytes[done..]);
}

/// How many bytes stand for themselves before the first that may not.
fn plain_length(bytes: &[u8]) -> usize {
    scan::position(bytes, special).unwrap_or(bytes.len())
}

/// Marks what begins what [`write_escaped`] may have to escape.
fn special(word: u64) -> u64 {
    let [quote, backslash, delete, above] = [b'"', b'\\', 0x7F, 0xC2].map(|byte| scan::equal(word, byte));
    scan::below(word, 0x20) | quote | backslash | delete | above
}

fn write_control(unit: u8, out: &mut Vec<u8>) {
    match unit {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => write_unit(unit.into(), out),
    }
}

fn write_unit(unit: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        out.push(b"0123456789ABCDEF"[usize::from(unit >> shift & 0xF)]);
    }
}

/// Appends a decimal's digits as a JSON number: no plus, no needless leading zeros, digits on both sides of the point.
pub(super) fn write_decimal(text: &str, out: &mut Vec<u8>) {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let whole = whole.trim_start_matches('0');
    if text.starts_with('-') {
        out.push(b'-');
    }
    out.extend_from_slice(if whole.is_empty() { b"0" } else { whole.as_bytes() });
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::{write_decimal, write_string};
    use crate::clixml::PsString;

    #[test]
    fn strings_are_escaped() {
        let written = |text: PsString| {
            let mut out = Vec::new();
            write_string(&text, &mut out);
            String::from_utf8(out).expect("UTF-8")
        };
        assert_eq!(
            written("a\"b\\c\n\r\t\0\u{1B}\u{7F}\u{9B}\u{A0}ü😀".into()),
            "\"a\\\"b\\\\c\\n\\r\\t\\u0000\\u001B\\u007F\\u009B\u{A0}ü😀\""
        );
        assert_eq!(written(PsString::from_utf16(&[0x61, 0xD83D, 0x22, 0xD83D, 0xDE00])), "\"a\\uD83D\\\"😀\"");
    }

    #[test]
    fn decimals_keep_their_digits() {
        for (text, json) in
            [("1.10", "1.10"), ("-0", "-0"), ("+5", "5"), ("007", "7"), (".5", "0.5"), ("5.", "5"), ("00", "0")]
        {
            let mut out = Vec::new();
            write_decimal(text, &mut out);
            assert_eq!(String::from_utf8(out).as_deref(), Ok(json));
        }
    }
}
