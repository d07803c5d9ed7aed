//! Makes text from remote hosts safe for a terminal.
//!
//! A host may send anything: escape sequences that move the cursor, retitle the window or write into the keyboard
//! buffer, and Unicode controls that show text in another order than it is. None of it may reach a terminal raw.

use std::borrow::Cow;
use std::fmt::Write;

const ESC: char = '\u{1b}';
const CSI: char = '\u{9b}';

/// Removes escape sequences and makes other control characters visible; tabs and ends of line stay.
///
/// Escape sequences of ECMA-48 (CSI, OSC, DCS, ...) vanish, since PowerShell itself colours its text. One that has no
/// end is not a sequence: its ESC becomes visible and the text behind it stays. CR LF becomes LF.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && c != '\t' && is_hidden(c)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = sequence(rest) {
            rest = &rest[length..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\n' | '\t' => safe.push(c),
            '\r' if rest.starts_with('\n') => {}
            _ => push_visible(c, &mut safe),
        }
    }
    Cow::Owned(safe)
}

/// Makes text safe as [`sanitize`] does, and puts it on one line: a space for each run of tabs and line ends.
pub fn sanitize_line(text: &str) -> Cow<'_, str> {
    let safe = sanitize(text);
    if !safe.contains(['\n', '\t']) {
        return safe;
    }
    let words: Vec<_> = safe.split(['\n', '\t']).filter(|part| !part.is_empty()).collect();
    Cow::Owned(words.join(" "))
}

/// Escapes what JSON allows raw in strings but a terminal obeys: DEL, C1 controls, marks that reorder or hide text. The
/// text may be any part of a document.
pub fn safe_json(json: &str) -> Cow<'_, str> {
    let is_unsafe = |c: char| c > '\u{7e}' && is_hidden(c);
    if !json.contains(is_unsafe) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if !is_unsafe(c) {
            safe.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    Cow::Owned(safe)
}

/// Controls (C0, DEL, C1), and the characters that reorder text or take no room: with them, two names that differ look
/// alike. The joiners U+200C and U+200D stay, since Persian and emoji are written with them.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn push_visible(c: char, out: &mut String) {
    match c {
        // Unicode's pictures of the controls.
        '\0'..='\u{1f}' => out.extend(char::from_u32(0x2400 + c as u32)),
        '\u{7f}' => out.push('\u{2421}'),
        _ if is_hidden(c) => out.extend(c.escape_unicode()),
        _ => out.push(c),
    }
}

/// The length in bytes of the escape sequence at the start of the text.
fn sequence(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    let (_, first) = chars.next()?;
    let kind = match first {
        ESC => chars.next()?.1,
        CSI => '[',
        // The C1 forms of DCS, SOS, OSC, PM and APC.
        '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => char::from_u32(first as u32 - 0x40)?,
        _ => return None,
    };
    let body = chars.as_str();
    let length = match kind {
        '[' => {
            let end = body.find(|c| !('\u{20}'..='\u{3f}').contains(&c))?;
            ('\u{40}'..='\u{7e}').contains(&body[end..].chars().next()?).then_some(end + 1)?
        }
        'P' | 'X' | ']' | '^' | '_' => string_end(body)?,
        ' '..='/' => {
            let end = body.find(|c| !(' '..='/').contains(&c))?;
            ('0'..='~').contains(&body[end..].chars().next()?).then_some(end + 1)?
        }
        '0'..='~' => 0,
        _ => return None,
    };
    Some(text.len() - body.len() + length)
}

/// The length of a control string's body with its terminator: BEL or ST. It may not run over an end of line.
fn string_end(body: &str) -> Option<usize> {
    let end = body.find(['\u{7}', '\u{9c}', ESC, '\n'])?;
    let rest = &body[end..];
    ["\u{7}", "\u{9c}", "\u{1b}\\"].iter().find(|mark| rest.starts_with(**mark)).map(|mark| end + mark.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{is_hidden, safe_json, sanitize, sanitize_line};

    #[test]
    fn json_stays_what_it_was() {
        let json = serde_json::json!({ "a\u{9b}": "\u{202e}\u{7f}x\u{e0001}ü", "b": [1, "\u{1b}"] });
        let (raw, pretty) = (json.to_string(), serde_json::to_string_pretty(&json).expect("JSON"));
        for text in [raw, pretty] {
            let safe = safe_json(&text);
            assert!(!safe.chars().any(|c| is_hidden(c) && c != '\n'), "{safe:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).expect("JSON"), json);
        }
        assert!(matches!(safe_json("{\"ü\": 1}"), std::borrow::Cow::Borrowed(_)));
    }

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(sanitize(text), expect);
    }

    #[test]
    fn strips_sequences() {
        check("plain ünïcode 😀", "plain ünïcode 😀");
        check("\x1b[31;1mred\x1b[0m", "red");
        check("\x1b]0;title\x07x\x1b]8;;http://a\x1b\\link", "xlink");
        check("\u{9b}2Jgone", "gone");
        check("\x1bP1$r\x1b\\a\x1b(Bb\x1bMc\x1b[?25lx", "abcx");
    }

    #[test]
    fn shows_what_is_no_sequence() {
        check("a\x1b", "a␛");
        check("\x1b]0;never ends", "␛]0;never ends");
        check("\x1b[31", "␛[31");
        check("\x07\x08\x7f\0", "␇␈␡␀");
        check("\u{85}", "\\u{85}");
        check("user\u{202e}txt.exe", "user\\u{202e}txt.exe");
        check("a\u{ad}b\u{61c}c\u{200b}d\u{feff}e", "a\\u{ad}b\\u{61c}c\\u{200b}d\\u{feff}e");
        check("tag\u{e0001}\u{e0041}\u{2060}\u{fff9}", "tag\\u{e0001}\\u{e0041}\\u{2060}\\u{fff9}");
        check("👩\u{200d}💻 می\u{200c}خواهم", "👩\u{200d}💻 می\u{200c}خواهم");
    }

    #[test]
    fn keeps_tabs_and_lines() {
        check("a\tb\r\nc\n", "a\tb\nc\n");
        check("over\rwritten", "over␍written");
        assert_eq!(sanitize_line("a\r\nb\n\n\tc"), "a b c");
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>(), ends in proptest::collection::vec("[\u{1b}\u{9b}\u{9d}\\[\\]a0;\u{7}\n]{0,8}", 0..4)) {
            let text = ends.concat() + &text + &ends.concat();
            let safe = sanitize(&text);
            prop_assert!(!safe.chars().any(|c| is_hidden(c) && c != '\n' && c != '\t'));
            prop_assert_eq!(sanitize(&safe), safe.as_ref());
        }
    }
}
