//! How each type of setting is read from text and shown to people.

use std::path::PathBuf;
use std::time::Duration;

use super::duration::{parse_duration, show_duration};
use super::jump::{Jump, parse_jump};
use super::kinds::{Ntlm, Transport, Untrusted};
use super::node::{Node, Value};
use super::secret_source::SecretSource;
use crate::secret::Secret;
use crate::target::{AuthMethod, Fingerprint, HostKeyPolicy, SshAgent, TlsMin, Workstation};

/// A type that a connection key can have.
pub(super) trait Setting: Sized {
    /// Reads a value of a file.
    ///
    /// # Errors
    /// What was expected, without the value (it may be a secret in the wrong place).
    fn read(node: &Node) -> Result<Self, String>;

    /// The value in words, secrets redacted.
    fn show(&self) -> String;
}

/// A type that is one of a few words.
macro_rules! words {
    ($type:ty { $($word:literal => $value:path),+ $(,)? }) => {
        impl Setting for $type {
            fn read(node: &Node) -> Result<Self, String> {
                Self::parse(text(node)?.as_str())
            }

            fn show(&self) -> String {
                match self { $( $value => $word.to_owned() ),+ }
            }
        }

        impl Word for $type {
            fn parse(text: &str) -> Result<Self, String> {
                match text.to_ascii_lowercase().as_str() {
                    $( $word => Ok($value), )+
                    _ => Err(format!("'{text}' is not one of {}", [$($word),+].join(", "))),
                }
            }
        }
    };
}

/// Reading a word, for flags too.
pub trait Word: Sized {
    /// Reads one of the type's words.
    ///
    /// # Errors
    /// One line that lists them.
    fn parse(text: &str) -> Result<Self, String>;
}

words!(Transport {
    "auto" => Transport::Auto,
    "winrm" => Transport::Winrm,
    "ssh" => Transport::Ssh,
    "local" => Transport::Local,
});
words!(AuthMethod {
    "negotiate" => AuthMethod::Negotiate,
    "kerberos" => AuthMethod::Kerberos,
    "ntlm" => AuthMethod::Ntlm,
    "basic" => AuthMethod::Basic,
    "certificate" => AuthMethod::Certificate,
    "credssp" => AuthMethod::CredSsp,
});
words!(TlsMin { "1.2" => TlsMin::V12, "1.3" => TlsMin::V13 });
words!(HostKeyPolicy { "strict" => HostKeyPolicy::Strict, "accept-new" => HostKeyPolicy::AcceptNew });
words!(Ntlm { "allow" => Ntlm::Allow, "refuse" => Ntlm::Refuse });
words!(Untrusted { "allow" => Untrusted::Allow, "refuse" => Untrusted::Refuse });

impl Setting for bool {
    fn read(node: &Node) -> Result<Self, String> {
        match &node.value {
            Value::Bool(value) => Ok(*value),
            _ => match node.as_text().map(|text| text.to_ascii_lowercase()).as_deref() {
                Some("1" | "true" | "yes" | "on") => Ok(true),
                Some("0" | "false" | "no" | "off") => Ok(false),
                _ => Err(format!("expected true or false, found {}", node.kind())),
            },
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for u16 {
    fn read(node: &Node) -> Result<Self, String> {
        let port = match &node.value {
            Value::Number(number) => number.parse().ok(),
            _ => node.as_text().and_then(|text| text.parse().ok()),
        };
        match port {
            Some(port) if port > 0 => Ok(port),
            _ => Err("expected a port, a number from 1 to 65535".to_owned()),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for String {
    fn read(node: &Node) -> Result<Self, String> {
        text(node)
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Setting for Workstation {
    fn read(node: &Node) -> Result<Self, String> {
        Self::parse(&text(node)?)
    }

    fn show(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Setting for Secret<String> {
    fn read(node: &Node) -> Result<Self, String> {
        text(node).map(Self::new)
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for PathBuf {
    fn read(node: &Node) -> Result<Self, String> {
        text(node).map(Self::from)
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Setting for Vec<PathBuf> {
    fn read(node: &Node) -> Result<Self, String> {
        texts(node, |text| vec![text]).map(|paths| paths.into_iter().map(PathBuf::from).collect())
    }

    fn show(&self) -> String {
        self.iter().map(Setting::show).collect::<Vec<_>>().join(", ")
    }
}

/// Patterns, as a list or separated by commas as in `WSMan:\localhost\Client\TrustedHosts`.
impl Setting for Vec<String> {
    fn read(node: &Node) -> Result<Self, String> {
        texts(node, |text| text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect())
    }

    fn show(&self) -> String {
        self.join(",")
    }
}

/// Fingerprints of which one must fit.
impl Setting for Vec<Fingerprint> {
    fn read(node: &Node) -> Result<Self, String> {
        let found = texts(node, |text| text.split(',').map(str::to_owned).collect())?;
        found.iter().map(|text| Fingerprint::parse(text)).collect()
    }

    fn show(&self) -> String {
        self.iter().map(Fingerprint::to_string).collect::<Vec<_>>().join(",")
    }
}

/// A chain of bastions; `none` is none, whatever weaker settings say.
impl Setting for Vec<Jump> {
    fn read(node: &Node) -> Result<Self, String> {
        let hops = texts(node, |text| text.split(',').map(str::to_owned).collect())?;
        match hops.as_slice() {
            [none] if none.eq_ignore_ascii_case("none") => Ok(Vec::new()),
            hops => hops.iter().map(|hop| parse_jump(hop)).collect(),
        }
    }

    fn show(&self) -> String {
        match self.as_slice() {
            [] => "none".to_owned(),
            hops => hops.iter().map(Jump::to_string).collect::<Vec<_>>().join(","),
        }
    }
}

/// The short form, or a list of a program and its arguments.
impl Setting for SecretSource {
    fn read(node: &Node) -> Result<Self, String> {
        match &node.value {
            Value::List(items) => Self::of_words(items.iter().map(text).collect::<Result<_, _>>()?),
            _ => Self::parse(&text(node)?),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// An agent as OpenSSH's `IdentityAgent` names it.
impl Setting for SshAgent {
    fn read(node: &Node) -> Result<Self, String> {
        Ok(match text(node)?.as_str() {
            "none" => Self::Off,
            "SSH_AUTH_SOCK" => Self::Environment,
            path => Self::At(path.into()),
        })
    }

    fn show(&self) -> String {
        match self {
            Self::Off => "none".to_owned(),
            Self::Environment => "SSH_AUTH_SOCK".to_owned(),
            Self::At(path) => path.display().to_string(),
        }
    }
}

impl Setting for Duration {
    fn read(node: &Node) -> Result<Self, String> {
        parse_duration(&text(node)?)
    }

    fn show(&self) -> String {
        show_duration(*self)
    }
}

fn text(node: &Node) -> Result<String, String> {
    match node.as_text() {
        Some(text) if !text.is_empty() => Ok(text),
        Some(_) => Err("expected a value, found an empty string".to_owned()),
        None => Err(format!("expected text, found {}", node.kind())),
    }
}

fn texts(node: &Node, split: impl Fn(String) -> Vec<String>) -> Result<Vec<String>, String> {
    match &node.value {
        Value::List(items) => items.iter().map(text).collect(),
        _ => text(node).map(split),
    }
}

#[cfg(test)]
mod tests {
    use super::{Setting, Word};
    use crate::config::{Node, Transport};
    use crate::target::HostKeyPolicy;

    #[test]
    fn words_list_what_they_know() {
        assert_eq!(Transport::parse("ssh"), Ok(Transport::Ssh));
        assert_eq!(Transport::parse("WinRM"), Ok(Transport::Winrm));
        assert_eq!(HostKeyPolicy::parse("Accept-New"), Ok(HostKeyPolicy::AcceptNew));
        assert_eq!(Transport::parse("telnet"), Err("'telnet' is not one of auto, winrm, ssh, local".to_owned()));
    }

    #[test]
    fn ports_and_switches() {
        assert!(u16::read(&Node::text("0")).is_err());
        assert!(bool::read(&Node::text("0")).is_ok_and(|on| !on));
        for (text, on) in [("True", true), ("TRUE", true), ("FALSE", false), ("Yes", true), ("off", false)] {
            assert_eq!(bool::read(&Node::text(text)), Ok(on), "{text}");
        }
        assert!(bool::read(&Node::text("maybe")).is_err());
    }
}
