//! One argument or using value as typed, with where it is from.

use anyhow::{Context, bail};

use super::text::decode;
use crate::clixml::{Value, value_from_text};
use crate::script::Supplied;

/// An argument or a using value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The name of the parameter or using variable; `None` for a positional argument.
    pub name: Option<String>,
    /// What was written for it.
    pub value: Supplied,
    /// It was given by its name alone, as switches are.
    pub bare: bool,
    /// Where it is from, in words.
    pub origin: String,
}

impl Entry {
    /// A positional argument of `-a`.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn positional(text: &str) -> anyhow::Result<Self> {
        let (value, origin) = value(text, "--argument-list").with_context(|| format!("--argument-list {text}"))?;
        Ok(Self { name: None, value, bare: false, origin })
    }

    /// A named argument of `-p`: `NAME=VALUE`, or the name alone for a switch.
    ///
    /// # Errors
    /// No name, or a file that cannot be read.
    pub fn parameter(text: &str) -> anyhow::Result<Self> {
        let (name, given) = match text.split_once('=') {
            Some((name, text)) => (name, Some(text)),
            None => (text, None),
        };
        let name = name.trim_start_matches('-').to_owned();
        if name.is_empty() {
            bail!("--param {text}: expected NAME=VALUE, or the name of a switch");
        }
        let (value, origin) = match given {
            Some(text) => value(text, "--param").with_context(|| format!("--param {name}"))?,
            None => (Supplied::Literal(Value::Bool(true)), "--param".to_owned()),
        };
        Ok(Self { name: Some(name), value, bare: given.is_none(), origin })
    }

    /// A value of `--using`.
    ///
    /// # Errors
    /// No name, or a file that cannot be read.
    pub fn using(text: &str) -> anyhow::Result<Self> {
        let named = text.split_once('=').filter(|(name, _)| !name.is_empty());
        let (name, text) = named.with_context(|| format!("--using {text}: expected NAME=VALUE"))?;
        let (value, origin) = value(text, "--using").with_context(|| format!("--using {name}"))?;
        Ok(Self { name: Some(name.to_owned()), value, bare: false, origin })
    }
}

/// A value and its origin: `@FILE.json`, or what [`Supplied::read`] makes of the text.
fn value(text: &str, flag: &str) -> anyhow::Result<(Supplied, String)> {
    let Some(file) = text.strip_prefix('@').filter(|file| file.ends_with(".json")) else {
        return Ok((Supplied::read(text), flag.to_owned()));
    };
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {file}"))?;
    let content = decode(&bytes).with_context(|| file.to_owned())?;
    let value = value_from_text(&content).with_context(|| format!("{file} is not valid JSON"))?;
    Ok((Supplied::Literal(value), format!("{flag} @{file}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values() {
        let entry = Entry::parameter("Count=3").expect("an entry");
        assert_eq!(
            (entry.name.as_deref(), entry.value, entry.bare),
            (Some("Count"), Supplied::Literal(Value::I32(3)), false)
        );
        let switch = Entry::parameter("-Force").expect("an entry");
        assert_eq!((switch.name.as_deref(), switch.bare), (Some("Force"), true));
        assert_eq!(Entry::using("x=a=b").expect("an entry").value, Supplied::Literal(Value::str("a=b")));
        assert_eq!(Entry::positional("host.site").expect("an entry").value, Supplied::Host("site".to_owned()));
        assert!(Entry::parameter("=1").is_err());
        assert!(Entry::using("x").is_err());
        assert!(Entry::positional("@/nowhere/x.json").is_err());
    }
}
