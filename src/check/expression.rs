//! Conditions with the text that was written, for those who ask what is compared.

use std::str::FromStr;

use regex::Regex;

use crate::output::Where;

/// A condition over the properties of an object, in the language of `run --where`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// As it was written.
    pub text: String,
    /// What it means.
    pub condition: Where,
}

impl FromStr for Expression {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self { text: text.to_owned(), condition: text.parse()? })
    }
}

/// A regular expression over text. Case does not count, as in PowerShell's -match.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As it was written.
    pub text: String,
    regex: Regex,
}

impl Pattern {
    /// Whether it is found in a text.
    pub fn is_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let built = regex::RegexBuilder::new(text).case_insensitive(true).build();
        let regex = built.map_err(|error| {
            let said = error.to_string();
            let reason = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("'{text}' is not a regular expression: {reason}")
        })?;
        Ok(Self { text: text.to_owned(), regex })
    }
}

#[cfg(test)]
mod tests {
    use super::{Expression, Pattern};

    #[test]
    fn texts_are_kept_and_mistakes_named() {
        let pattern: Pattern = "retr(y|ies)".parse().expect("a pattern");
        assert!(pattern.is_in("3 RETRIES") && !pattern.is_in("done"));
        let error = "(a".parse::<Pattern>().unwrap_err();
        assert!(error.contains("'(a' is not a regular expression: unclosed group"), "{error}");
        assert_eq!("A -gt 5".parse::<Expression>().expect("one").text, "A -gt 5");
        assert!("A > 5".parse::<Expression>().unwrap_err().contains("-gt 5"));
    }
}
