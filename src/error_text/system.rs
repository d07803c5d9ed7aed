//! What the operating system says.

use std::io::{Error, ErrorKind};

/// What the standard library puts before the resolver's words.
const LOOKUP: &str = "failed to lookup address information: ";

/// The system's words for an error without its number, or those of whoever made the error.
pub(crate) fn io(error: &Error) -> String {
    if let Some(code) = error.raw_os_error() {
        let text = Error::from_raw_os_error(code).to_string();
        return text.strip_suffix(&format!(" (os error {code})")).unwrap_or(&text).trim_end_matches('.').to_owned();
    }
    if let Some(inner) = error.get_ref() {
        // One made of another, as streams do that pass errors on.
        return match inner.downcast_ref::<Error>() {
            Some(inner) if inner.get_ref().is_none() => io(inner),
            _ => made(&inner.to_string()),
        };
    }
    match error.kind() {
        ErrorKind::NotFound => "no such file or folder".to_owned(),
        ErrorKind::InvalidData => "it is not text in UTF-8".to_owned(),
        ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
        ErrorKind::WriteZero => "nothing more can be written".to_owned(),
        kind => kind.to_string(),
    }
}

/// Why a file that somebody named cannot be read; its name stands before these words.
pub(crate) fn unreadable(error: &Error) -> String {
    match error.kind() {
        // A file on the way to it where a folder should be is none of its own.
        ErrorKind::NotFound | ErrorKind::NotADirectory => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "we may not read it".to_owned(),
        ErrorKind::IsADirectory => "it is a folder, not a file".to_owned(),
        _ => format!("it cannot be read: {}", io(error)),
    }
}

/// A message that the standard library or one of its users made of the system's.
fn made(text: &str) -> String {
    let text = text.strip_prefix(LOOKUP).unwrap_or(text);
    match text.rfind(" (os error ") {
        Some(at) if text.ends_with(')') => text[..at].to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind, Read};

    use super::io;

    #[cfg(unix)]
    #[test]
    fn the_system_is_quoted_without_its_numbers() {
        for (code, text) in [(2, "No such file or directory"), (13, "Permission denied"), (111, "Connection refused")] {
            assert_eq!(io(&Error::from_raw_os_error(code)), text);
            assert_eq!(io(&Error::other(Error::from_raw_os_error(code))), text);
        }
        let nested = Error::other(format!("{}", Error::from_raw_os_error(28)));
        assert_eq!(io(&nested), "No space left on device");
    }

    #[test]
    fn the_standard_library_is_not_quoted() {
        let short = [1_u8].as_slice().read_exact(&mut [0; 2]).expect_err("too short");
        assert_eq!(io(&short), "it ends too early");
        let bytes = [0xFF_u8].as_slice().read_to_string(&mut String::new()).expect_err("not UTF-8");
        assert_eq!(io(&bytes), "it is not text in UTF-8");
        let lookup = Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(io(&lookup), "Name or service not known");
        assert_eq!(io(&ErrorKind::TimedOut.into()), "timed out");
        assert_eq!(io(&Error::other("a sentence of ours")), "a sentence of ours");
    }
}
