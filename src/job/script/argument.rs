//! One argument or `$using:` value as written, with where it is from.

use anyhow::{Context, bail};

use super::text::decode;
use crate::clixml::{JsonError, Value};
use crate::script::{ArgumentValue, Written};

/// An argument or a using value.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptArgument {
    /// The name of the parameter or using variable; `None` for a positional argument.
    pub name: Option<String>,
    /// What was written for it.
    pub value: ArgumentValue,
    /// A literal as it was written, for parameters that declare their type.
    pub written: Option<Written>,
    /// The declared type of the parameter that it goes to, as far as that is certain.
    pub declared: Option<String>,
    /// It was given by its name alone, as switches are.
    pub bare: bool,
    /// Where it is from, in words.
    pub origin: String,
}

impl ScriptArgument {
    /// A positional argument of `-a`.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn positional(text: &str) -> anyhow::Result<Self> {
        Self::read(None, text, "--argument-list").with_context(|| format!("--argument-list {text}"))
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
        if let (None, Some((name, value))) = (given, name.split_once(':')) {
            bail!("--param {text}: write {name}={}, with an equals sign", literal(value));
        }
        let Some(text) = given else {
            let value = ArgumentValue::Literal(Value::Bool(true));
            let origin = "--param".to_owned();
            return Ok(Self { name: Some(name), value, written: None, declared: None, bare: true, origin });
        };
        Self::read(Some(name.clone()), text, "--param").with_context(|| format!("--param {name}"))
    }

    /// A value of `--using`.
    ///
    /// # Errors
    /// No name, or a file that cannot be read.
    pub fn using(text: &str) -> anyhow::Result<Self> {
        let named = text.split_once('=').filter(|(name, _)| !name.is_empty());
        let (name, text) = named.with_context(|| format!("--using {text}: expected NAME=VALUE"))?;
        Self::read(Some(name.to_owned()), text, "--using").with_context(|| format!("--using {name}"))
    }

    /// A value of a file as JSON, literal whatever it looks like.
    ///
    /// # Errors
    /// What is not JSON.
    pub fn of_file(name: Option<String>, json: &str, origin: String) -> Result<Self, JsonError> {
        let written = Written::of_file(json)?;
        let value = ArgumentValue::Literal(written.value(None));
        Ok(Self { name, value, written: Some(written), declared: None, bare: false, origin })
    }

    /// A value as typed: `@FILE.json`, or what [`ArgumentValue::read`] makes of the text.
    fn read(name: Option<String>, text: &str, flag: &str) -> anyhow::Result<Self> {
        if let Some(file) = text.strip_prefix('@').filter(|file| file.ends_with(".json")) {
            let bytes = std::fs::read(file).with_context(|| format!("cannot read {file}"))?;
            let content = decode(&bytes).with_context(|| file.to_owned())?;
            let entry = Self::of_file(name, &content, format!("{flag} @{file}"));
            return entry.with_context(|| format!("{file} is not valid JSON"));
        }
        let written = Written::typed(text);
        let value = match &written {
            Some(written) => ArgumentValue::Literal(written.value(None)),
            None => ArgumentValue::read(text),
        };
        Ok(Self { name, value, written, declared: None, bare: false, origin: flag.to_owned() })
    }

    /// Makes the value what a parameter of this type takes.
    pub fn declare(&mut self, type_name: &str) {
        if let Some(written) = &self.written {
            self.value = ArgumentValue::Literal(written.value(Some(type_name)));
        }
        self.declared = Some(type_name.to_owned());
    }
}

/// A constant of PowerShell as JSON.
fn literal(text: &str) -> &str {
    match text.to_ascii_lowercase().as_str() {
        "$true" => "true",
        "$false" => "false",
        "$null" => "null",
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values() {
        let entry = ScriptArgument::parameter("Count=3").expect("an entry");
        assert_eq!(
            (entry.name.as_deref(), entry.value, entry.bare),
            (Some("Count"), ArgumentValue::Literal(Value::I32(3)), false)
        );
        let switch = ScriptArgument::parameter("-Force").expect("an entry");
        assert_eq!((switch.name.as_deref(), switch.bare), (Some("Force"), true));
        assert_eq!(ScriptArgument::using("x=a=b").expect("an entry").value, ArgumentValue::Literal(Value::str("a=b")));
        assert_eq!(
            ScriptArgument::positional("host.site").expect("an entry").value,
            ArgumentValue::Host("site".to_owned())
        );
        assert!(ScriptArgument::parameter("=1").is_err());
        for (typed, instead) in [
            ("a:5", "write a=5,"),
            ("-Force:$true", "write Force=true,"),
            ("Path:C:\\x", "write Path=C:\\x,"),
            ("Off:$FALSE", "write Off=false,"),
        ] {
            let error = ScriptArgument::parameter(typed).expect_err(typed).to_string();
            assert!(error.contains(instead), "{error}");
        }
        assert!(ScriptArgument::parameter("Path=C:\\x").is_ok());
        assert!(ScriptArgument::using("x").is_err());
        assert!(ScriptArgument::positional("@/nowhere/x.json").is_err());
    }
}
