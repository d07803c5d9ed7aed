//! References such as `&lt;` and `&#x1;`, read as .NET's reader with its character checks off, as PowerShell does: any
//! UTF-16 code unit may be named, NUL and halves of surrogate pairs too.

use std::borrow::Cow;

use super::escape;

/// A text with its references resolved; `None` if one is of nothing.
///
/// A surrogate becomes the `_xD83D_` escape that stands for it, since the text is still to be unescaped.
pub(super) fn resolve(text: &str) -> Option<Cow<'_, str>> {
    let Some((mut literal, mut rest)) = text.split_once('&') else { return Some(Cow::Borrowed(text)) };
    let mut resolved = String::with_capacity(text.len());
    loop {
        resolved.push_str(literal);
        let (name, after) = rest.split_once(';')?;
        push(name, &mut resolved).then_some(())?;
        match after.split_once('&') {
            Some(next) => (literal, rest) = next,
            None => {
                resolved.push_str(after);
                return Some(Cow::Owned(resolved));
            }
        }
    }
}

/// Appends what a reference stands for, given what is between `&` and `;`; `false`, with nothing appended, if it
/// stands for nothing.
pub(super) fn push(name: &str, text: &mut String) -> bool {
    let character = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => match name.strip_prefix('#').and_then(code) {
            Some(surrogate @ 0xD800..=0xDFFF) => {
                escape::push_surrogate(surrogate, text);
                return true;
            }
            other => match other.and_then(char::from_u32) {
                Some(character) => character,
                None => return false,
            },
        },
    };
    text.push(character);
    true
}

/// The number of a character reference: `65` or `x41`.
fn code(number: &str) -> Option<u32> {
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    // The parser would take a plus.
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use crate::clixml::escape::unescape;

    fn units(text: &str) -> Option<Vec<u16>> {
        resolve(text).map(|resolved| unescape(resolved).utf16().into_owned())
    }

    #[test]
    fn names_any_code_unit() {
        // What PowerShell 7.6 reads.
        for (text, expected) in [
            ("a&#0;b", &[0x61, 0, 0x62][..]),
            ("a&#xD83D;&#xDE00;b", &[0x61, 0xD83D, 0xDE00, 0x62]),
            ("&#55357;", &[0xD83D]),
            ("&#xDE00;&#xD83D;", &[0xDE00, 0xD83D]),
            ("_xD83D_&#xDE00;", &[0xD83D, 0xDE00]),
            ("&#xD83D;_xDE00_", &[0xD83D, 0xDE00]),
            ("&#x1F600;&#xFFFE;&#x0000000041;", &[0xD83D, 0xDE00, 0xFFFE, 0x41]),
            ("&#x5F;x0041_", &[0x41]),
            ("&lt;&gt;&amp;&quot;&apos;", &[0x3C, 0x3E, 0x26, 0x22, 0x27]),
        ] {
            assert_eq!(units(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn text_before_a_surrogate_is_no_escape_for_it() {
        for before in ["_xD83D", "_x0001F600", "__x", "_"] {
            let expected: Vec<u16> = before.encode_utf16().chain([0xDE00]).collect();
            assert_eq!(units(&format!("{before}&#xDE00;")), Some(expected), "{before}");
        }
    }

    #[test]
    fn refuses_what_names_nothing() {
        for text in [
            "&#;",
            "&#x;",
            "&#x110000;",
            "&#99999999999999;",
            "&#X41;",
            "&#-1;",
            "&#+1;",
            "&#x D;",
            "&a;",
            "&;",
            "&",
            "a&b",
        ] {
            assert_eq!(resolve(text), None, "{text}");
        }
    }
}
