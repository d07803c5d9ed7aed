//! What was typed at a shell so far, and how a word is given back to it.

/// A line up to the cursor, in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ShellLine {
    /// The words, without their quotes; the last one is being typed.
    pub words: Vec<String>,
    /// The quote that the last word has open.
    quote: Option<char>,
    /// As many bytes of the last word stand before what bash puts a completion in the place of.
    kept: usize,
}

impl ShellLine {
    /// Splits a line as POSIX shells do. `breaks` are the characters at which bash begins a new word for completions,
    /// though it is none for a command: `COMP_WORDBREAKS`.
    pub(super) fn split(line: &str, breaks: &str) -> Self {
        let (mut words, mut word, mut quote, mut kept) = (Vec::new(), None, None, 0);
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match (quote, c) {
                (None, ' ' | '\t' | '\n') => {
                    words.extend(word.take());
                    kept = 0;
                    continue;
                }
                (None, '\'' | '"') => {
                    quote = Some(c);
                    kept = word.get_or_insert_with(String::new).len();
                    continue;
                }
                (Some(open), _) if open == c => {
                    quote = None;
                    kept = word.as_ref().map_or(0, String::len);
                    continue;
                }
                (None, '\\') => word.get_or_insert_with(String::new).extend(chars.next()),
                (Some('"'), '\\') => {
                    let escaped = chars.next();
                    let is_special = escaped.is_some_and(|next| "\\\"$`".contains(next));
                    word.get_or_insert_with(String::new)
                        .extend((!is_special).then_some('\\').into_iter().chain(escaped));
                }
                _ => {
                    let word = word.get_or_insert_with(String::new);
                    word.push(c);
                    if quote.is_none() && breaks.contains(c) {
                        // readline leaves these to the word that they begin.
                        kept = word.len() - if matches!(c, '@' | '$') { c.len_utf8() } else { 0 };
                    }
                }
            }
        }
        words.push(word.unwrap_or_default());
        Self { words, quote, kept }
    }

    /// What bash shall put in place of the end of the last word, so that the word becomes `value`; `None` where what was
    /// typed stands in the way.
    pub(super) fn bash(&self, value: &str, is_full: bool) -> Option<String> {
        let rest = value.get(self.kept..)?;
        Some(match self.quote {
            Some('\'') => rest.replace('\'', r"'\''"),
            Some(_) => escaped(rest, |c| "\\\"$`".contains(c)),
            None => {
                let (home, rest) = rest.split_at(if self.kept == 0 && rest.starts_with("~/") { 2 } else { 0 });
                let is_plain = |c: char| c.is_alphanumeric() || "_-./,+%:=@".contains(c);
                format!("{home}{}{}", escaped(rest, |c| !is_plain(c)), if is_full { " " } else { "" })
            }
        })
    }
}

fn escaped(text: &str, is_special: impl Fn(char) -> bool) -> String {
    text.chars().flat_map(|c| is_special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// A word of PowerShell while it is typed, without its quotes.
pub(super) fn powershell_word(typed: &str) -> String {
    let Some(quote) = typed.chars().next().filter(|c| matches!(c, '\'' | '"')) else { return typed.to_owned() };
    let inner = &typed[1..];
    inner.strip_suffix(quote).unwrap_or(inner).replace(&quote.to_string().repeat(2), &quote.to_string())
}

/// A word as PowerShell takes it for an argument.
pub(super) fn powershell_quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./\\:=+".contains(c);
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    crate::script::quoted(value)
}

#[cfg(test)]
mod tests {
    use super::{ShellLine, powershell_quoted, powershell_word};

    /// What bash has in `COMP_WORDBREAKS` unless somebody changes it.
    const BREAKS: &str = " \t\n\"'@><=;|&(:";

    #[test]
    fn lines_are_split_as_a_shell_does() {
        for (line, expect) in [
            ("psfleet run ", &["psfleet", "run", ""] as &[_]),
            ("psfleet  run -t we", &["psfleet", "run", "-t", "we"]),
            ("p 'a b'\\ c \"d'\\\"e\\f\" g", &["p", "a b c", "d'\"e\\f", "g"]),
            ("p -t '@we", &["p", "-t", "@we"]),
            ("p ''", &["p", ""]),
            ("p a\\", &["p", "a"]),
            ("", &[""]),
        ] {
            assert_eq!(ShellLine::split(line, BREAKS).words, expect, "{line}");
        }
    }

    #[test]
    fn bash_is_given_what_follows_its_last_break() {
        for (line, value, expect) in [
            ("p we", "web01", "web01 "),
            ("p @we", "@web", "@web "),
            ("p a,@we", "a,@web", "@web "),
            ("p label:site=b", "label:site=ber", "ber "),
            ("p '@we", "@web", "@web"),
            ("p 'a'@we", "a@web", "@web "),
            ("p '@o", "@o'b $x", r"@o'\''b $x"),
            ("p \"o", "o\"b $x", "o\\\"b \\$x"),
            ("p o", "o b;$x*[1]", r"o\ b\;\$x\*\[1\] "),
            ("p o\\ ", "o b", r"o\ b "),
            ("p ~/x", "~/xy", "~/xy "),
        ] {
            let split = ShellLine::split(line, BREAKS);
            assert_eq!(split.bash(value, true).as_deref(), Some(expect), "{line}");
        }
        assert_eq!(ShellLine::split("p a:", BREAKS).bash("b", true), None);
        assert_eq!(ShellLine::split("p --output", BREAKS).bash("--output=", false).as_deref(), Some("--output="));
    }

    #[test]
    fn powershell_has_its_own_quotes() {
        for (typed, word) in
            [("we", "we"), ("'@we", "@we"), ("'@we'", "@we"), ("\"a", "a"), ("'o''b", "o'b"), ("'", "")]
        {
            assert_eq!(powershell_word(typed), word, "{typed}");
        }
        for (word, quoted) in [
            ("web01", "web01"),
            ("@web", "'@web'"),
            ("o'b", "'o''b'"),
            ("o\u{2019}b", "'o\u{2019}\u{2019}b'"),
            ("", "''"),
        ] {
            assert_eq!(powershell_quoted(word), quoted, "{word}");
        }
    }
}
