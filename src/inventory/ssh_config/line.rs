//! One line of an OpenSSH configuration: a keyword and its arguments (ssh_config(5), first paragraphs).

/// A line that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The keyword in lower case.
    pub keyword: String,
    /// The arguments, without quotes and comment.
    pub arguments: Vec<String>,
    /// Everything after the keyword as it stands, for keywords that take the rest of the line.
    pub rest: String,
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

impl Line {
    /// Reads a line; `None` where it is empty or a comment.
    ///
    /// # Errors
    /// What is wrong with it, one line.
    pub(super) fn parse(text: &str) -> Option<Result<Self, String>> {
        let text = text.trim_matches(SPACE).trim_end_matches('\u{c}');
        if text.is_empty() || text.starts_with('#') {
            return None;
        }
        let end = text.find(|c| SPACE.contains(&c) || matches!(c, '=' | '"')).unwrap_or(text.len());
        let (keyword, rest) = text.split_at(end);
        let keyword = keyword.to_lowercase();
        // One equals sign may stand between keyword and arguments.
        let rest = rest.trim_start_matches(SPACE);
        let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start_matches(SPACE);
        if rest.is_empty() {
            return Some(Err(format!("no argument after '{keyword}'")));
        }
        Some(split(rest).map(|arguments| Self { keyword, arguments, rest: rest.to_owned() }))
    }
}

/// Splits at spaces, with quotes and backslashes as OpenSSH has them; `#` at the beginning of an argument ends the
/// line.
fn split(text: &str) -> Result<Vec<String>, String> {
    let mut arguments = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|&c| c == ' ' || c == '\t').is_some() {}
        match chars.peek() {
            None | Some('#') => return Ok(arguments),
            Some(_) => {}
        }
        let mut argument = String::new();
        let mut quote: Option<char> = None;
        while let Some(c) = chars.next() {
            match (c, quote) {
                ('\\', _) => {
                    let escaped =
                        chars.next_if(|&next| matches!(next, '\'' | '"' | '\\') || (quote.is_none() && next == ' '));
                    argument.push(escaped.unwrap_or('\\'));
                }
                (' ' | '\t', None) => break,
                ('"' | '\'', None) => quote = Some(c),
                (_, Some(open)) if c == open => quote = None,
                _ => argument.push(c),
            }
        }
        if quote.is_some() {
            return Err("a quote is not closed".to_owned());
        }
        arguments.push(argument);
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    fn shown(text: &str) -> String {
        match Line::parse(text) {
            None => "nothing".to_owned(),
            Some(Err(what)) => what,
            Some(Ok(line)) => format!("{}: {}", line.keyword, line.arguments.join("|")),
        }
    }

    #[test]
    fn keywords_and_arguments() {
        for (text, expected) in [
            ("  # Port 22", "nothing"),
            ("\t", "nothing"),
            ("PORT 22", "port: 22"),
            ("Port=22 # the usual one", "port: 22"),
            ("Port = 22\r", "port: 22"),
            ("Host a\t\"b c\" 'd\"e'", "host: a|b c|d\"e"),
            (r#"IdentityFile "~/my \"keys\"/a""#, r#"identityfile: ~/my "keys"/a"#),
            (r"IdentityFile ~/my\ keys/a", "identityfile: ~/my keys/a"),
            (r"User DOM\me", r"user: DOM\me"),
            ("Host a#b #c d", "host: a#b"),
            ("Host \"\"", "host: "),
            ("Port", "no argument after 'port'"),
            ("Port =", "no argument after 'port'"),
            ("User \"me", "a quote is not closed"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
