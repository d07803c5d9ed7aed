//! The system's keyring: the Secret Service on Linux, Windows' credential manager, the keychain of macOS.

use keyring::{Entry, Error};

use super::fault::Fault;
use crate::secret::Secret;

/// Under what our secrets stand there.
const SERVICE: &str = "psfleet";

/// The keyring of whoever runs this.
#[derive(Debug, Clone, Copy)]
pub struct Keyring;

impl Keyring {
    /// Reads a secret.
    ///
    /// # Errors
    /// There is none of this name, or no keyring.
    pub fn get(name: &str) -> Result<Secret<String>, Fault> {
        entry(name)?.get_password().map(Secret::new).map_err(|error| fault(name, &error))
    }

    /// Puts a secret there.
    ///
    /// # Errors
    /// The keyring does not take it, or there is none.
    pub fn set(name: &str, secret: &Secret<String>) -> Result<(), Fault> {
        entry(name)?.set_password(secret.expose()).map_err(|error| fault(name, &error))
    }

    /// Takes a secret away.
    ///
    /// # Errors
    /// There is none of this name, or no keyring.
    pub fn remove(name: &str) -> Result<(), Fault> {
        entry(name)?.delete_credential().map_err(|error| fault(name, &error))
    }
}

fn entry(name: &str) -> Result<Entry, Fault> {
    Entry::new(SERVICE, name).map_err(|error| fault(name, &error))
}

fn fault(name: &str, error: &Error) -> Fault {
    tracing::debug!(%error, name, "the keyring does not answer");
    match error {
        Error::NoEntry => (
            format!("the keyring has no '{name}' of psfleet"),
            Some(format!("put it there: psfleet secret set --keyring {name}")),
        ),
        Error::NoDefaultStore => (
            "there is no keyring here".to_owned(),
            Some("on Linux it takes a desktop session, or dbus-run-session with gnome-keyring-daemon".to_owned()),
        ),
        Error::NoStorageAccess(_) => ("the keyring is locked".to_owned(), Some("unlock it, and try again".to_owned())),
        Error::BadEncoding(_) => (format!("'{name}' of the keyring is not text"), None),
        _ => (format!("the keyring does not give '{name}'"), Some("RUST_LOG=debug shows what it says".to_owned())),
    }
}
