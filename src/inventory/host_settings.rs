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
}
