//! The words of a host's line, parted as a POSIX shell would, with their columns.

/// A word with its quotes taken off, and the column that it begins in, from 1.
pub(super) type Word = (usize, String);

/// The words of a line up to a `#` that begins one.
///
/// # Errors
/// A quote that is never closed, or a backslash at the very end.
pub(super) fn words(line: &str) -> Result<Vec<Word>, String> {
    let mut words: Vec<Word> = Vec::new();
    let mut word: Option<Word> = None;
    let mut quote: Option<char> = None;
    let mut characters = line.chars().enumerate().peekable();
    while let Some((place, character)) = characters.next() {
        let mut push = |character: char| word.get_or_insert_with(|| (place + 1, String::new())).1.push(character);
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some('"'), '\\') if characters.peek().is_some_and(|(_, next)| matches!(next, '"' | '\\')) => {
                push(characters.next().map_or('\\', |(_, next)| next));
            }
            (Some(_), _) => push(character),
            (None, '"' | '\'') => {
                word.get_or_insert_with(|| (place + 1, String::new()));
                quote = Some(character);
            }
            (None, '\\') => match characters.next() {
                Some((_, next)) => push(next),
                None => return Err("a backslash at the end of the line has nothing behind it".to_owned()),
            },
            // As in Ansible, which reads lines with Python's shlex: a '#' ends the line wherever it stands.
            (None, '#') => break,
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            (None, _) => push(character),
        }
    }
    match quote {
        Some(open) => Err(format!("the quote {open} is never closed")),
        None => {
            words.extend(word);
            Ok(words)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::words;

    fn check(line: &str, expected: &[&str]) {
        let found = words(line).expect("words");
        assert_eq!(found.iter().map(|(_, word)| word.as_str()).collect::<Vec<_>>(), expected, "{line}");
    }

    #[test]
    fn quotes_and_backslashes_are_taken_off() {
        check("web01  port=1\ta='b c'", &["web01", "port=1", "a=b c"]);
        check(r#"a="b \"c\" \d" e=\ f g=''"#, &["a=b \"c\" \\d", "e= f", "g="]);
        check("a b # c", &["a", "b"]);
        check("a='#' b#c", &["a=#", "b"]);
        check(r"u=CORP\\svc", &[r"u=CORP\svc"]);
        assert_eq!(words("ä  b").expect("words")[1].0, 4);
        assert!(words("a='b").is_err_and(|what| what.contains("never closed")));
        assert!(words("a\\").is_err());
    }

    proptest! {
        #[test]
        fn never_panics(line in ".{0,60}") {
            let _ = words(&line);
        }
    }
}
