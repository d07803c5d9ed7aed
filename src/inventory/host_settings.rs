//! A host that was selected, with its settings.

use std::sync::Arc;

use super::effective::Effective;

/// A matched host with its settings, before anybody asked for passwords.
#[derive(Debug, Clone)]
pub struct HostSettings {
    /// The name as addressed.
    pub name: Arc<str>,
    /// Its groups, parents included.
    pub groups: Vec<String>,
    /// What is settled about it, each setting with its source.
    pub effective: Effective,
    /// What earlier runs say of it, as far as an expression asks for that.
    pub facts: Vec<HostFact>,
}

/// A fact of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFact {
    /// Type and property: `Win32_OperatingSystem.Version`.
    pub name: String,
    /// The different values.
    pub values: Vec<String>,
    /// The run that says so, and when it began.
    pub origin: String,
}
