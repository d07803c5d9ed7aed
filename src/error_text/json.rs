//! What is wrong with a JSON text.

/// One sentence for a mistake, without its place.
pub(crate) fn json(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
    sentence(said).map_or_else(|| ours(error, said), str::to_owned)
}

/// The library has a closed list of mistakes in the syntax, but shows them as text alone.
fn sentence(said: &str) -> Option<&'static str> {
    Some(match said {
        "EOF while parsing a list" => "the text ends inside a list: its ']' is missing",
        "EOF while parsing an object" => "the text ends inside an object: its '}' is missing",
        "EOF while parsing a string" => "the text ends inside a string: its '\"' is missing",
        "EOF while parsing a value" => "the text ends where a value is expected",
        "expected `:`" => "expected ':' and a value after this name",
        "expected `,` or `]`" => "expected ',' or ']' in this list",
        "expected `,` or `}`" => "expected ',' or '}' in this object",
        "expected ident" => "this word is not true, false or null",
        "expected value" => "expected a value: text in double quotes, a number, a list, an object, true, false or null",
        "expected `\"`" => "expected text in double quotes",
        "invalid escape" => "a backslash begins no escape that JSON knows; write \\\\ for one",
        "invalid number" => "this is not a number as JSON writes it",
        "number out of range" => "this number is too large",
        "invalid unicode code point" | "unexpected end of hex escape" => {
            "\\u must be followed by four hexadecimal digits"
        }
        "lone leading surrogate in hex escape" => "\\u gives half of a surrogate pair without the other half",
        "key must be a string" => "expected a name in double quotes; no ',' follows the last entry",
        "trailing comma" => "there is a ',' before the end, with nothing after it",
        "trailing characters" => "there is something after the end of the value",
        "recursion limit exceeded" => "lists and objects are nested more than 128 deep",
        _ if said.starts_with("control character") => {
            "a string contains a line end or another control character; write \\n, \\t or \\u00XX"
        }
        _ => return None,
    })
}

/// A mistake in what the JSON means is reported by our own readers; the library's sentences on types are not.
fn ours(error: &serde_json::Error, said: &str) -> String {
    let is_typed = ["invalid type", "invalid value", "invalid length", "unknown ", "missing field", "duplicate field"];
    match is_typed.iter().any(|begin| said.starts_with(begin)) {
        // `invalid type: string "a", expected a list of hosts`: what is wanted is in words of ours, or of the library.
        true => match said.rsplit_once(", expected ").and_then(|(_, wanted)| expected(wanted)) {
            Some(wanted) => format!("expected {wanted}"),
            None => "this is not what is expected here".to_owned(),
        },
        false if error.is_io() => "the text cannot be read".to_owned(),
        false => said.to_owned(),
    }
}

/// What is wanted; `None` where the library names a type of the program.
fn expected(wanted: &str) -> Option<&str> {
    let is_number = |name: &str| name.strip_prefix(['u', 'i', 'f']).is_some_and(|bits| bits.parse::<u8>().is_ok());
    let program = [
        "struct ",
        "enum ",
        "tuple ",
        "a tuple ",
        "unit",
        "newtype ",
        "variant ",
        "an array of length ",
        "`",
        "one of ",
    ];
    match wanted {
        "a sequence" => Some("a list"),
        "a map" => Some("an object"),
        "a string" | "a borrowed string" | "a character" => Some("a text"),
        "a boolean" => Some("true or false"),
        "usize" | "isize" => Some("a number"),
        _ if is_number(wanted) => Some("a number"),
        _ if program.iter().any(|begin| wanted.starts_with(begin)) => None,
        ours => Some(ours),
    }
}

#[cfg(test)]
mod tests {
    use super::json;

    fn told(text: &str) -> String {
        json(&serde_json::from_str::<serde_json::Value>(text).expect_err("a mistake"))
    }

    #[test]
    fn mistakes_have_sentences_of_ours() {
        for (text, words) in [
            ("", "the text ends where a value is expected"),
            ("[1", "the text ends inside a list"),
            ("{\"a\": 1", "the text ends inside an object"),
            ("\"a", "the text ends inside a string"),
            ("{\"a\" 1}", "expected ':'"),
            ("[1 2]", "expected ',' or ']'"),
            ("{\"a\": 1 \"b\": 2}", "expected ',' or '}'"),
            ("tru", "the text ends where a value is expected"),
            ("trux", "not true, false or null"),
            ("abc", "expected a value"),
            ("{'a': 1}", "expected a name in double quotes"),
            ("{a: 1}", "expected a name in double quotes"),
            ("\"\\x\"", "a backslash begins no escape that JSON knows"),
            ("01", "not a number"),
            ("\"\\u12g4\"", "a backslash begins no escape"),
            ("[1,]", "there is a ',' before the end"),
            ("{\"a\": 1,}", "there is a ',' before the end"),
            ("1 2", "after the end of the value"),
            ("\"a\nb\"", "a line end or another control character"),
            (&"[".repeat(200), "more than 128 deep"),
        ] {
            let found = told(text);
            assert!(found.contains(words), "{text}: {found}");
            assert!(!found.contains("EOF") && !found.contains('`') && !found.contains(" at line "), "{text}: {found}");
        }
    }

    #[test]
    fn types_are_told_by_what_is_wanted() {
        fn said<T: serde::de::DeserializeOwned>(text: &str) -> String {
            json(&serde_json::from_str::<T>(text).err().expect("a mistake"))
        }
        assert_eq!(said::<Vec<String>>("{}"), "expected a list");
        assert_eq!(said::<std::collections::BTreeMap<String, u8>>("[]"), "expected an object");
        assert_eq!(said::<Vec<String>>("[1]"), "expected a text");
        assert_eq!(said::<bool>("\"yes\""), "expected true or false");
        assert_eq!(said::<u16>("\"1\""), "expected a number");
        assert_eq!(said::<u16>("70000"), "expected a number");
        assert_eq!(said::<f64>("[]"), "expected a number");
        assert_eq!(said::<(u8, u8)>("[1]"), "this is not what is expected here");
        assert_eq!(said::<std::time::Duration>("1"), "this is not what is expected here");
    }
}
