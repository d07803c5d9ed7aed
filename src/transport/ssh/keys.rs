//! Private key files, each read and unlocked once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::keys::{Error as KeyError, PrivateKey, decode_secret_key};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Keys that were read before. Unlocking costs a good part of a second by design; a fleet must not pay it per host.
#[derive(Debug, Default)]
pub(super) struct KeyRing(tokio::sync::Mutex<Vec<Slot>>);

#[derive(Debug)]
struct Slot {
    path: PathBuf,
    passphrase: Option<Secret<String>>,
    identity: Result<Identity, KeyProblem>,
}

/// A key that can prove a user.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) key: Arc<PrivateKey>,
    /// The passphrase was needed, so it is no password to be sent to a server.
    pub(super) encrypted: bool,
}

/// Why a key file is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeyProblem {
    #[error("no such file")]
    Missing,
    #[error("needs a passphrase")]
    Locked,
    #[error("the passphrase does not fit")]
    WrongPassphrase,
    #[error("{0}")]
    Unreadable(String),
}

impl KeyRing {
    /// The key of a file.
    pub(super) async fn load(&self, path: &Path, passphrase: Option<&Secret<String>>) -> Result<Identity, KeyProblem> {
        // Held while a key is unlocked: all hosts that start together want the same one.
        let mut slots = self.0.lock().await;
        let known = slots.iter().find(|slot| slot.path == path && slot.passphrase.as_ref() == passphrase);
        if let Some(slot) = known {
            return slot.identity.clone();
        }
        let (path, passphrase) = (path.to_owned(), passphrase.cloned());
        let reading = {
            let (path, passphrase) = (path.clone(), passphrase.clone());
            tokio::task::spawn_blocking(move || read(&path, passphrase.as_ref())).await
        };
        let identity = reading.unwrap_or_else(|error| Err(KeyProblem::Unreadable(error.to_string())));
        slots.push(Slot { path, passphrase, identity: identity.clone() });
        identity
    }
}

fn read(path: &Path, passphrase: Option<&Secret<String>>) -> Result<Identity, KeyProblem> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(KeyProblem::Missing),
        Err(error) => return Err(KeyProblem::Unreadable(error.to_string())),
    };
    match decode_secret_key(&text, None) {
        Ok(key) => Ok(Identity { key: Arc::new(key), encrypted: false }),
        Err(KeyError::KeyIsEncrypted) => {
            let passphrase = passphrase.ok_or(KeyProblem::Locked)?;
            let key = decode_secret_key(&text, Some(passphrase.expose())).map_err(|_| KeyProblem::WrongPassphrase)?;
            Ok(Identity { key: Arc::new(key), encrypted: true })
        }
        Err(error) => Err(KeyProblem::Unreadable(format!("not a private key that we can read: {error}"))),
    }
}
