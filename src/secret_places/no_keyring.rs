//! Without the feature `keyring`.

use super::fault::Fault;
use crate::secret::Secret;

/// No keyring.
#[derive(Debug, Clone, Copy)]
pub struct Keyring;

impl Keyring {
    /// # Errors
    /// Always: this psfleet knows no keyring.
    pub fn get(_name: &str) -> Result<Secret<String>, Fault> {
        Err(without())
    }

    /// # Errors
    /// Always: this psfleet knows no keyring.
    pub fn set(_name: &str, _secret: &Secret<String>) -> Result<(), Fault> {
        Err(without())
    }

    /// # Errors
    /// Always: this psfleet knows no keyring.
    pub fn remove(_name: &str) -> Result<(), Fault> {
        Err(without())
    }
}

fn without() -> Fault {
    let hint = "build it with --features keyring, or have a program ask it: command:secret-tool lookup service psfleet \
                username NAME";
    ("this psfleet was built without the system's keyring".to_owned(), Some(hint.to_owned()))
}
