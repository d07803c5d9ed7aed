//! The name of this machine in logons.

use serde::{Deserialize, Serialize};

/// The name that servers see for us in their logon events and check against an account's "Log On To".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Workstation(String);

impl TryFrom<String> for Workstation {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::parse(&name)
    }
}

impl Workstation {
    /// The longest name, in characters: that of NetBIOS.
    const LONGEST: usize = 15;

    /// Takes a computer's name.
    ///
    /// # Errors
    /// What such a name is, in one line.
    pub fn parse(name: &str) -> Result<Self, String> {
        let fits = |byte: u8| byte.is_ascii_graphic() && !b"\"/\\[]:;|=,+*?<>".contains(&byte);
        if name.is_empty() || name.len() > Self::LONGEST || !name.bytes().all(fits) {
            let longest = Self::LONGEST;
            return Err(format!(
                "'{name}' is not a workstation name: it has 1 to {longest} letters, digits and hyphens"
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Workstation {
    fn default() -> Self {
        Self("psfleet".to_owned())
    }
}
