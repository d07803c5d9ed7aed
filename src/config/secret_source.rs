//! Where a secret comes from, as files and flags write it.

use std::fmt;

/// The forms, as they are listed where something else was written.
const FORMS: &str = "prompt, env:NAME, keyring:NAME, file:NAME, command:PROGRAM ARGUMENTS, vault:MOUNT/PATH#FIELD \
                     (vault:TEAM/MOUNT//PATH#FIELD where the mount has a slash), laps (of the directory of an [ldap] \
                     inventory)";

/// Where a secret comes from. It names a place and holds nothing secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretSource {
    /// Whoever sits at the terminal is asked.
    Prompt,
    /// A variable of the environment has it.
    Variable(String),
    /// The system's keyring has it, under this name.
    Keyring(String),
    /// The encrypted file of `psfleet secret` has it, under this name.
    File(String),
    /// A program prints it: the program, then its arguments. No shell reads them.
    Command(Vec<String>),
    /// A secret server has it (HashiCorp Vault, key/value engine of version 2).
    Vault(VaultPath),
    /// The directory of an inventory has it: each host's own, of its local administrator.
    Laps,
}

/// A field of a secret on a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VaultPath {
    /// The path at which the engine is mounted; it may have slashes.
    pub mount: String,
    /// The secret's path below it.
    pub path: String,
    /// The field.
    pub field: String,
}

impl SecretSource {
    /// Reads the short form.
    ///
    /// # Errors
    /// The forms there are, in one line. A text that may be a password in the wrong place is not repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("prompt") {
            return Ok(Self::Prompt);
        }
        if text.eq_ignore_ascii_case("laps") {
            return Ok(Self::Laps);
        }
        let (kind, rest) = text.split_once(':').ok_or_else(unknown)?;
        let name = || match rest.trim() {
            "" => Err(format!("a name is missing: {kind}:NAME")),
            name => Ok(name.to_owned()),
        };
        Ok(match kind.to_ascii_lowercase().as_str() {
            "env" => Self::Variable(name()?),
            "keyring" => Self::Keyring(name()?),
            "file" => Self::File(name()?),
            "command" => Self::of_words(words(rest)?)?,
            "vault" => Self::Vault(VaultPath::parse(rest.trim())?),
            _ => return Err(unknown()),
        })
    }

    /// A program with its arguments, each a text of its own.
    ///
    /// # Errors
    /// There is no program among them.
    pub fn of_words(words: Vec<String>) -> Result<Self, String> {
        match words.first() {
            Some(program) if !program.is_empty() => Ok(Self::Command(words)),
            _ => Err("a program is missing: command:PROGRAM ARGUMENTS".to_owned()),
        }
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prompt => f.write_str("prompt"),
            Self::Laps => f.write_str("laps"),
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::Keyring(name) => write!(f, "keyring:{name}"),
            Self::File(name) => write!(f, "file:{name}"),
            Self::Command(words) => write!(f, "command:{}", words.iter().map(quoted).collect::<Vec<_>>().join(" ")),
            Self::Vault(VaultPath { mount, path, field }) => {
                let between = if mount.contains('/') { "//" } else { "/" };
                write!(f, "vault:{mount}{between}{path}#{field}")
            }
        }
    }
}

impl VaultPath {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            "expected vault:MOUNT/PATH#FIELD, such as vault:secret/servers/svc#password, or two slashes behind a mount \
             that has some: vault:team/kv//svc#password"
                .to_owned()
        };
        let (place, field) = text.split_once('#').ok_or_else(wrong)?;
        let place = place.trim_matches('/');
        let (mount, path) = place.split_once("//").or_else(|| place.split_once('/')).ok_or_else(wrong)?;
        let is_plain = |part: &str| !part.is_empty() && !matches!(part, "." | "..");
        if field.is_empty() || !mount.split('/').all(is_plain) || !path.split('/').all(is_plain) {
            return Err(wrong());
        }
        Ok(Self { mount: mount.to_owned(), path: path.to_owned(), field: field.to_owned() })
    }
}

fn unknown() -> String {
    format!("this is not where a secret comes from; write one of {FORMS}")
}

/// The words of a command line: parted by blanks, except between quotes. Nothing else is special, as no shell reads it.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for character in line.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => word.get_or_insert_default().push(character),
            None if matches!(character, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            None if character.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(character),
        }
    }
    if quote.is_some() {
        return Err("a quote in the command is not closed".to_owned());
    }
    words.extend(word);
    Ok(words)
}

/// A word as [`words`] reads it.
fn quoted(word: &String) -> String {
    match word {
        word if word.contains('\'') => format!("\"{word}\""),
        word if word.is_empty() || word.contains(|character: char| character.is_whitespace() || character == '"') => {
            format!("'{word}'")
        }
        word => word.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{SecretSource, VaultPath};

    #[test]
    fn what_is_shown_can_be_read_again() {
        for text in [
            "prompt",
            "laps",
            "env:CONTOSO_PASSWORD",
            "keyring:svc",
            "file:svc",
            "command:pass show corp/svc",
            "command:'C:\\Program Files\\op.exe' read \"op://it's/svc\" ''",
            "vault:secret/servers/web/svc#password",
            "vault:team/kv//web/svc#password",
        ] {
            let source = SecretSource::parse(text).unwrap_or_else(|what| panic!("{text}: {what}"));
            assert_eq!(source.to_string(), text);
        }
        let parsed = SecretSource::parse(" Command: pass  'a b' ").expect("a command");
        assert_eq!(parsed, SecretSource::Command(vec!["pass".to_owned(), "a b".to_owned()]));
        let parsed = SecretSource::parse("vault:/team/kv//web/svc#password").expect("a mount with a slash");
        let part = str::to_owned;
        let wanted = VaultPath { mount: part("team/kv"), path: part("web/svc"), field: part("password") };
        assert_eq!(parsed, SecretSource::Vault(wanted));
    }

    #[test]
    fn a_password_in_the_wrong_place_is_not_repeated() {
        for text in [
            "hunter2",
            "hunter2:x",
            "",
            "env:",
            "command:",
            "command: 'a",
            "vault:a#b",
            "vault:a/../b#c",
            "vault:a//b//c#d",
        ] {
            let what = SecretSource::parse(text).expect_err(text);
            assert!(!what.contains("hunter2"), "{what}");
        }
    }
}
