//! Where a setting came from.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub source: Source,
}

impl<T> Given<T> {
    /// A value with its origin.
    pub fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }
}

/// Where a setting came from, from the strongest to the weakest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// A flag of the command line, such as `--port`.
    Flag(&'static str),
    /// A variable of the environment, such as `PSFLEET_PORT`.
    Env(String),
    /// A part of a target's URL.
    Url(Arc<str>),
    /// The host's own entry in an inventory.
    Host(Origin),
    /// A group the host is in.
    Group(Origin),
    /// The `[defaults]` of an inventory.
    Defaults(Origin),
    /// A configuration file.
    Config(Origin),
    /// An SSH configuration: the user's own, the system's, or one that is an inventory.
    Ssh(Origin),
    /// Our own default.
    BuiltIn,
}

/// A place in a file, with the entry it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The file as the user named it.
    pub file: Arc<Path>,
    /// Line from 1, or 0 where the format has no lines.
    pub line: u32,
    /// The host, or the path of groups (`prod > web`); empty for defaults and configuration.
    pub entry: Arc<str>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 { write!(f, ":{}", self.line) } else { Ok(()) }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Env(name) => f.write_str(name),
            Self::Url(url) => write!(f, "target {url}"),
            Self::Host(origin) => write!(f, "host {} in {origin}", origin.entry),
            Self::Group(origin) => write!(f, "group {} in {origin}", origin.entry),
            Self::Defaults(origin) => write!(f, "defaults in {origin}"),
            Self::Config(origin) | Self::Ssh(origin) => write!(f, "{origin}"),
            Self::BuiltIn => f.write_str("default"),
        }
    }
}
