//! The script's text: typed, from a file, or from stdin.

use std::fmt::Display;
use std::path::Path;

use anyhow::{Context, bail};
use bytes::Bytes;

use crate::config::System;

/// The place of a script that was typed.
const TYPED: &str = "command line";

/// The script's text and where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub text: String,
    /// The file's name, `stdin` or `command line`.
    pub place: String,
}

impl Text {
    /// Finds out what was meant, and reads it.
    ///
    /// # Errors
    /// No script, an empty one, or one that cannot be read.
    pub fn read(code: Option<&str>, around: &mut dyn System) -> anyhow::Result<Self> {
        let (text, place) = match code {
            None => bail!("nothing to run: give script text in quotes, a FILE.ps1, or - to read the script from stdin"),
            Some("-") => (decode(&stdin(around)?).context("the script on stdin")?, "stdin"),
            Some(code) if is_file_name(code) => {
                let bytes =
                    around.read(code.as_ref()).with_context(|| format!("cannot read the script file {code}"))?.bytes;
                (decode(&bytes).with_context(|| format!("the script file {code}"))?, code)
            }
            Some(code) => (code.to_owned(), TYPED),
        };
        if text.trim().is_empty() {
            bail!("the script is empty");
        }
        Ok(Self { text, place: place.to_owned() })
    }
}

/// Whether a script of this place was typed.
pub(super) fn is_typed(place: &str) -> bool {
    place == TYPED
}

/// What stands at a place of a script, with the file that it is in; who typed the script knows where it is.
pub(super) fn located(place: &str, mistake: impl Display) -> String {
    if place == TYPED { mistake.to_string() } else { format!("{place}: {mistake}") }
}

/// Everything on stdin.
pub(super) fn stdin(around: &mut dyn System) -> anyhow::Result<Bytes> {
    around.read_stdin().context("cannot read stdin")
}

/// A single word that ends in `.ps1` names a file; code that ends so would be a call, with an operator or a space.
pub fn is_file_name(code: &str) -> bool {
    let is_script = Path::new(code).extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("ps1"));
    is_script && (Path::new(code).exists() || !code.contains(['\n', '|', ';', '{', '&', ' ']))
}

/// What to say of code that is run on the hosts although its first word is a file here: `./disk.ps1 -Role web`,
/// `a.txt`.
///
/// A command by its whole path, such as `/usr/bin/id`, is most likely on the hosts, too.
pub(super) fn file_meant(code: &str) -> Option<String> {
    let mut words = code.split_whitespace();
    let first = words.next()?;
    let path = Path::new(first);
    let is_script = path.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("ps1"));
    let is_own = path.is_relative() && (first.contains('/') || path.extension().is_some());
    if !(is_script || is_own) || !path.is_file() {
        return None;
    }
    let instead = match is_script {
        true => format!("{first}{}", flags(words).unwrap_or_else(|| " -p NAME=VALUE".to_owned())),
        false => format!("- < {first}"),
    };
    Some(format!(
        "'{first}' is run as a command on the hosts; to run the local file of this name: psfleet run {instead}"
    ))
}

/// What PowerShell takes behind a script, as flags; `None` where only PowerShell can tell what it means.
fn flags<'w>(words: impl Iterator<Item = &'w str>) -> Option<String> {
    let words: Vec<&str> = words.collect();
    if words.iter().any(|word| word.contains(|c: char| "'\"`$(){}|;&,<>@*".contains(c))) {
        return None;
    }
    let mut flags = String::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let name = word.strip_prefix('-').filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()));
        let (name, value) = match name {
            None => {
                flags.push_str(&format!(" -a {word}"));
                continue;
            }
            Some(name) => match name.split_once(':') {
                Some((name, value)) => (name, Some(value)),
                None => (name, words.next_if(|next| !next.starts_with('-'))),
            },
        };
        let value = value.map(|value| format!("={value}")).unwrap_or_default();
        flags.push_str(&format!(" -p {name}{value}"));
    }
    Some(flags)
}

/// Text in any encoding that PowerShell reads of a script: what its byte order mark says, else UTF-8.
pub(super) fn decode(bytes: &[u8]) -> anyhow::Result<String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks();
        if !rest.is_empty() {
            bail!("is not valid UTF-16: it has an odd number of bytes");
        }
        let units: Vec<u16> = pairs.iter().map(|&pair| unit(pair)).collect();
        String::from_utf16(&units).context("is not valid UTF-16")
    };
    let utf32 = |bytes: &[u8], code: fn([u8; 4]) -> u32| {
        let (units, rest) = bytes.as_chunks();
        if !rest.is_empty() {
            bail!("is not valid UTF-32: its length is not a multiple of 4 bytes");
        }
        let chars: Option<String> = units.iter().map(|&unit| char::from_u32(code(unit))).collect();
        chars.context("is not valid UTF-32")
    };
    match bytes {
        // Before UTF-16, whose mark is the first half of this one.
        [0xFF, 0xFE, 0, 0, rest @ ..] => utf32(rest, u32::from_le_bytes),
        [0, 0, 0xFE, 0xFF, rest @ ..] => utf32(rest, u32::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => Ok(std::str::from_utf8(rest).context("is not valid UTF-8")?.to_owned()),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => Ok(std::str::from_utf8(bytes).context("is not valid UTF-8: save it as UTF-8")?.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_files_from_code() {
        assert!(is_file_name("check.ps1"));
        assert!(is_file_name("./a/Check.PS1"));
        assert!(!is_file_name("& ./check.ps1"));
        assert!(!is_file_name("Get-Date"));
    }

    #[test]
    fn a_first_word_that_is_a_file_here_is_noted() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("disk.ps1");
        std::fs::write(&script, "1").expect("written");
        let script = script.to_str().expect("Unicode");
        for (behind, flags) in [
            ("-Role web", "-p Role=web"),
            ("-Role web -Force", "-p Role=web -p Force"),
            ("-Force -Level:High C", "-p Force -p Level=High -a C"),
            ("-Role $x", "-p NAME=VALUE"),
            ("| Sort-Object", "-p NAME=VALUE"),
        ] {
            let note = file_meant(&format!("{script} {behind}")).expect("a note");
            assert!(note.ends_with(&format!(": psfleet run {script} {flags}")), "{note}");
        }
        // Tests run in the folder of the package.
        for (code, instead) in
            [("Cargo.toml", "- < Cargo.toml"), ("./build.rs 1", "- < ./build.rs"), ("src/lib.rs", "- < src/lib.rs")]
        {
            let note = file_meant(code);
            let is_there = Path::new(code.split(' ').next().unwrap_or_default()).is_file();
            assert_eq!(note.is_some_and(|note| note.ends_with(instead)), is_there, "{code}");
        }
        for code in ["Get-Date", "& ./Cargo.toml", "src", "nothing.ps1 -Role web", "/bin/sh -c 1", "'Cargo.toml'", ""] {
            assert_eq!(file_meant(code), None, "{code}");
        }
    }

    #[test]
    fn reads_scripts_in_the_encodings_of_windows() {
        assert_eq!(decode(b"\xEF\xBB\xBF1").expect("UTF-8"), "1");
        assert_eq!(decode(b"\xFF\xFE\xE4\x00").expect("UTF-16"), "ä");
        assert_eq!(decode(b"\xFE\xFF\x00\xE4").expect("UTF-16"), "ä");
        assert_eq!(decode(b"\xFF\xFE\0\0\xE4\0\0\0\0\xF6\x01\0").expect("UTF-32"), "ä😀");
        assert_eq!(decode(b"\0\0\xFE\xFF\0\0\0\xE4\0\x01\xF6\0").expect("UTF-32"), "ä😀");
        assert_eq!(decode(b"\xFF\xFE\0\0").expect("UTF-32"), "");
        for wrong in [&b"\xFF\xFE\0\0\xE4"[..], b"\0\0\xFE\xFF\0\0\xD8\0", b"\0\0\xFE\xFF\0\x11\0\0"] {
            assert!(decode(wrong).is_err(), "{wrong:X?}");
        }
        assert!(decode(b"\xE4").is_err());
        assert!(decode(b"\xFF\xFE\xE4").is_err());
    }
}
