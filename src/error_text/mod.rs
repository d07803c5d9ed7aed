//! What the system and libraries say, in words for people: no names of types, no codes, no grammar of the library.
//!
//! An error of theirs goes through one of these functions on its way into a message. Errors of our own are sentences
//! already.

mod json;
mod system;
mod xml;

use std::error::Error;
use std::str::Utf8Error;
use std::string::{FromUtf8Error, FromUtf16Error};

pub(crate) use json::json;
pub(crate) use system::{io, unreadable};
pub(crate) use xml::xml;

/// An error and what it comes from, outermost first, as one line.
pub(crate) fn chain<'a>(causes: impl IntoIterator<Item = &'a (dyn Error + 'static)>) -> String {
    let mut told: Vec<String> = Vec::new();
    for cause in causes {
        let next = one(cause);
        // Some libraries say in each layer what the innermost one says.
        if !next.is_empty() && told.last() != Some(&next) {
            told.push(next);
        }
    }
    told.join(": ")
}

fn one(cause: &(dyn Error + 'static)) -> String {
    if let Some(error) = cause.downcast_ref() {
        return io(error);
    }
    if let Some(error) = cause.downcast_ref::<serde_json::Error>() {
        return json_at(error);
    }
    if let Some(error) = cause.downcast_ref() {
        return xml(error);
    }
    if let Some(error) = cause.downcast_ref() {
        return utf8(error);
    }
    if let Some(error) = cause.downcast_ref::<FromUtf8Error>() {
        return utf8(&error.utf8_error());
    }
    if cause.is::<FromUtf16Error>() {
        return "half of a surrogate pair is missing".to_owned();
    }
    cause.to_string()
}

/// What is wrong with JSON, after the place in the text where the text has one.
fn json_at(error: &serde_json::Error) -> String {
    match error.line() {
        0 => json(error),
        line => format!("line {line}, column {}: {}", error.column(), json(error)),
    }
}

/// Where bytes stop being UTF-8, counted from 1.
pub(crate) fn utf8(error: &Utf8Error) -> String {
    format!("byte {} is not valid UTF-8", error.valid_up_to() + 1)
}

#[cfg(test)]
mod tests {
    use std::io;

    use anyhow::Context;

    use super::chain;

    fn told<T>(result: anyhow::Result<T>) -> String {
        chain(result.err().expect("an error").chain())
    }

    #[test]
    fn a_chain_has_no_words_of_libraries() {
        let missing = std::fs::read("/no/such/file").context("cannot read the script");
        assert_eq!(told(missing), "cannot read the script: No such file or directory");
        let json = serde_json::from_str::<Vec<u8>>("[1,\n 2").context("--input: a.json");
        assert_eq!(told(json), "--input: a.json: line 2, column 2: the text ends inside a list: its ']' is missing");
        let bytes = [b'a', b'b', 0xFF].to_vec();
        let text = std::str::from_utf8(&bytes).context("the script cannot be read");
        assert_eq!(told(text), "the script cannot be read: byte 3 is not valid UTF-8");
        let owned = String::from_utf8(b"\xC3".to_vec()).context("not UTF-8");
        assert_eq!(told(owned), "not UTF-8: byte 1 is not valid UTF-8");
        let units = String::from_utf16(&[0xD800]).context("not UTF-16");
        assert_eq!(told(units), "not UTF-16: half of a surrogate pair is missing");
    }

    #[test]
    fn what_two_layers_say_is_said_once() {
        let inner = io::Error::from_raw_os_error(28);
        let outer: anyhow::Result<()> =
            Err(anyhow::Error::new(inner).context("No space left on device").context("out.csv"));
        assert_eq!(told(outer), "out.csv: No space left on device");
    }
}
