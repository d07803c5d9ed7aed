//! The value of an argument as a user writes it: a literal, or the name of something whose value is known later.

use crate::clixml::{Json, Value};

/// What was written for one argument or using value.
///
/// Whoever resolves references needs what this module does not know: the targets' variables, and where secrets are
/// kept.
#[derive(Debug, Clone, PartialEq)]
pub enum ArgumentValue {
    /// The value itself.
    Literal(Value),
    /// `host.NAME`: each target's own variable.
    Host(String),
    /// `secret:NAME`: a SecureString.
    Secret(String),
    /// `credential:NAME`: a PSCredential.
    Credential(String),
}

impl ArgumentValue {
    /// Reads a value: JSON if it parses as JSON, a reference if it looks like one, else a string. So a string in JSON's
    /// quotes is always literal.
    pub fn read(text: &str) -> Self {
        if let Ok(json) = Json::read(text) {
            return Self::Literal(json.value());
        }
        let named = |prefix| text.strip_prefix(prefix).map(str::to_owned);
        if let Some(name) = named("host.").filter(|name| is_identifier(name)) {
            return Self::Host(name);
        }
        if let Some(name) = named("secret:").filter(|name| !name.is_empty()) {
            return Self::Secret(name);
        }
        if let Some(name) = named("credential:").filter(|name| !name.is_empty()) {
            return Self::Credential(name);
        }
        Self::Literal(Value::str(text))
    }

    /// The value, where it is known without any target or secret.
    pub fn literal(&self) -> Option<&Value> {
        match self {
            Self::Literal(value) => Some(value),
            Self::Host(_) | Self::Secret(_) | Self::Credential(_) => None,
        }
    }
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_json_references_or_strings() {
        let literal = |text: &str| ArgumentValue::Literal(Value::str(text));
        assert_eq!(ArgumentValue::read("7"), ArgumentValue::Literal(Value::I32(7)));
        assert_eq!(ArgumentValue::read("web07"), literal("web07"));
        assert_eq!(ArgumentValue::read("\"7\""), literal("7"));
        assert_eq!(ArgumentValue::read("host.site_2"), ArgumentValue::Host("site_2".to_owned()));
        assert_eq!(ArgumentValue::read("secret:db"), ArgumentValue::Secret("db".to_owned()));
        assert_eq!(ArgumentValue::read("credential:svc-1"), ArgumentValue::Credential("svc-1".to_owned()));
        for text in ["host.contoso.com", "host.", "host.7", "host", "secret:", "Host.site"] {
            assert_eq!(ArgumentValue::read(text), literal(text), "{text}");
        }
        assert_eq!(ArgumentValue::read("\"host.site\""), literal("host.site"));
    }
}
