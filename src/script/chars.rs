//! Classes of characters as PowerShell's tokens know them.
//!
//! PowerShell looks at UTF-16 code units, so characters outside the basic plane are neither letters nor digits.

/// Blank space inside a line.
pub(super) fn is_blank(c: char) -> bool {
    match c {
        ' ' | '\t' | '\u{B}' | '\u{C}' | '\u{A0}' | '\u{85}' => true,
        _ if (c as u32) <= 256 => false,
        _ => matches!(
            c,
            '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
        ),
    }
}

pub(super) fn is_newline(c: char) -> bool {
    matches!(c, '\r' | '\n')
}

/// The dashes that begin a parameter or an operator.
pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2013}'..='\u{2015}')
}

/// Plain and typographic single quotes; PowerShell takes them for the same.
pub(super) fn is_single_quote(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}'..='\u{201B}')
}

/// Plain and typographic double quotes; PowerShell takes them for the same.
pub(super) fn is_double_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201C}'..='\u{201E}')
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || (!c.is_ascii() && (c as u32) <= 0xFFFF && c.is_alphabetic())
}

/// `char.IsLetterOrDigit` of .NET.
pub(super) fn is_letter_or_digit(c: char) -> bool {
    c.is_ascii_alphanumeric() || (!c.is_ascii() && (c as u32) <= 0xFFFF && is_wide_letter_or_digit(c))
}

/// Letters and decimal digits; other numbers, such as fractions, are in Rust's numeric class but not in .NET's.
fn is_wide_letter_or_digit(c: char) -> bool {
    c.is_alphabetic()
        || (c.is_numeric() && !matches!(c, '\u{80}'..='\u{BF}' | '\u{2070}'..='\u{2BFF}' | '\u{3000}'..='\u{33FF}'))
}

pub(super) fn is_identifier_start(c: char) -> bool {
    c == '_' || is_letter(c)
}

pub(super) fn is_identifier_follow(c: char) -> bool {
    c == '_' || is_letter_or_digit(c)
}

/// May begin the name of an unbraced variable.
pub(super) fn is_variable_start(c: char) -> bool {
    matches!(c, '$' | '?' | '^' | ':' | '_') || is_letter_or_digit(c)
}

/// May follow in the name of an unbraced variable; of two colons neither may.
pub(super) fn is_variable_follow(c: char) -> bool {
    matches!(c, '_' | '?' | ':') || is_letter_or_digit(c)
}

/// Ends a bareword in command mode.
pub(super) fn ends_word(c: char) -> bool {
    matches!(c, '\0' | '&' | '(' | ')' | ',' | ';' | '{' | '|' | '}') || is_newline(c) || is_blank(c)
}

/// Ends a number in expression mode, besides what ends any word.
pub(super) fn ends_number(c: char) -> bool {
    matches!(c, '!' | '#' | '%' | '*' | '+' | '.' | '/' | '<' | '=' | '>' | ']' | '[' | '?' | ':') || is_dash(c)
}

/// The character that a backtick and another one stand for.
pub(super) fn unescaped(c: char) -> char {
    match c {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'e' => '\u{1B}',
        'f' => '\u{C}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{B}',
        other => other,
    }
}
