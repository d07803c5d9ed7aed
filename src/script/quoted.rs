//! Text as a literal of PowerShell.

use super::chars::is_single_quote;

/// Text in single quotes. PowerShell takes typographic ones for quotes, too, so each is doubled as itself.
pub fn quoted(text: &str) -> String {
    let doubled = |c: char| std::iter::repeat_n(c, if is_single_quote(c) { 2 } else { 1 });
    format!("'{}'", text.chars().flat_map(doubled).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn no_quote_ends_the_literal() {
        for quote in ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'] {
            assert_eq!(quoted(&format!("a{quote}b")), format!("'a{quote}{quote}b'"));
        }
    }
}
