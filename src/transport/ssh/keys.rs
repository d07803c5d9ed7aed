//! Key files, each read and unlocked once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::keys::{Algorithm, Certificate, Error as KeyError, PrivateKey, PublicKey, decode_secret_key};
use zeroize::Zeroizing;

use super::certificate::beside;
use super::pem::Locked;
use crate::error_text;
use crate::secret::Secret;
use crate::whole_file;

/// Keys that were read before. Unlocking costs a good part of a second by design; a fleet must not pay it per host.
#[derive(Debug, Default)]
pub(super) struct KeyRing(tokio::sync::Mutex<Vec<Slot>>);

#[derive(Debug)]
struct Slot {
    path: PathBuf,
    passphrase: Option<Secret<String>>,
    file: KeyFile,
}

/// What a key file is good for.
#[derive(Debug, Clone)]
pub(super) struct KeyFile {
    /// The private key, or why there is none to be had.
    pub(super) identity: Result<Identity, KeyProblem>,
    /// The public half, which an agent can be asked for. It is known even if the private one is locked or elsewhere.
    pub(super) public: Option<PublicKey>,
    /// What vouches for the key: the file beside it, or the file itself.
    pub(super) certificate: Option<(PathBuf, Arc<Certificate>)>,
}

/// A key that can prove a user.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) key: Arc<PrivateKey>,
    /// The passphrase was needed, so it is not a password to be sent to a server.
    pub(super) encrypted: bool,
}

/// Why a key file is of no use by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeyProblem {
    #[error("no such file")]
    Missing,
    #[error("needs a passphrase")]
    Locked,
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    #[error("only the public half, and no agent has the other one")]
    PublicHalf,
    #[error("it is on a security key, and no agent has it: ssh-add FILE")]
    SecurityKey,
    #[error("{0}")]
    Unreadable(String),
}

impl KeyRing {
    /// The key of a file.
    pub(super) async fn load(&self, path: &Path, passphrase: Option<&Secret<String>>) -> KeyFile {
        // Held while a key is unlocked: all hosts that start together want the same one.
        let mut slots = self.0.lock().await;
        let known = slots.iter().find(|slot| slot.path == path && slot.passphrase.as_ref() == passphrase);
        if let Some(slot) = known {
            return slot.file.clone();
        }
        let (path, passphrase) = (path.to_owned(), passphrase.cloned());
        let reading = {
            let (path, passphrase) = (path.clone(), passphrase.clone());
            tokio::task::spawn_blocking(move || read(&path, passphrase.as_ref())).await
        };
        let file = reading.unwrap_or_else(|_| KeyFile {
            identity: Err(KeyProblem::Unreadable("not a key that we can read".to_owned())),
            public: None,
            certificate: None,
        });
        slots.push(Slot { path, passphrase, file: file.clone() });
        file
    }
}

fn read(path: &Path, passphrase: Option<&Secret<String>>) -> KeyFile {
    let text = match whole_file::read(path).and_then(text_of) {
        Ok(text) => Zeroizing::new(text),
        Err(error) => {
            let problem = match error.kind() {
                std::io::ErrorKind::NotFound => KeyProblem::Missing,
                _ => KeyProblem::Unreadable(error_text::io(&error)),
            };
            return KeyFile { identity: Err(problem), public: public_beside(path), certificate: vouched(path) };
        }
    };
    if let Ok(certificate) = Certificate::from_openssh(text.trim()) {
        let public = Some(certificate.public_key().clone().into());
        let certificate = Some((path.to_owned(), Arc::new(certificate)));
        return KeyFile { identity: Err(KeyProblem::PublicHalf), public, certificate };
    }
    if let Ok(public) = PublicKey::from_openssh(text.trim()) {
        let private = path.with_extension("");
        return KeyFile { identity: Err(KeyProblem::PublicHalf), public: Some(public), certificate: vouched(&private) };
    }
    let identity = unlock(&text, passphrase);
    let public = match &identity {
        Ok(identity) => Some(identity.key.public_key().clone()),
        // OpenSSH's own format has the public half in the open.
        Err(_) => PrivateKey::from_openssh(text.as_str())
            .map(|key| key.public_key().clone())
            .ok()
            .or_else(|| public_beside(path)),
    };
    KeyFile { identity, public, certificate: vouched(path) }
}

/// The certificate beside a private key.
fn vouched(path: &Path) -> Option<(PathBuf, Arc<Certificate>)> {
    let path = beside(path);
    let text = text_of(whole_file::read(&path).ok()?).ok()?;
    match Certificate::from_openssh(text.trim()) {
        Ok(certificate) => Some((path, Arc::new(certificate))),
        Err(_) => {
            tracing::warn!(file = %path.display(), "not a certificate, ignored");
            None
        }
    }
}

fn text_of(bytes: Vec<u8>) -> std::io::Result<String> {
    String::from_utf8(bytes).map_err(|_| std::io::ErrorKind::InvalidData.into())
}

/// The public half that `ssh-keygen` puts beside a private key.
fn public_beside(path: &Path) -> Option<PublicKey> {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    PublicKey::from_openssh(text_of(whole_file::read(name.as_ref()).ok()?).ok()?.trim()).ok()
}

fn unlock(text: &str, passphrase: Option<&Secret<String>>) -> Result<Identity, KeyProblem> {
    let old = Locked::parse(text).map_err(|how| {
        let how = how.escape_debug();
        let what = format!("encrypted with {how}, which is not supported; ssh-keygen -p -f FILE writes it anew");
        KeyProblem::Unreadable(what)
    })?;
    if let Some(old) = old {
        let passphrase = passphrase.ok_or(KeyProblem::Locked)?;
        let opened = old.open(passphrase.expose()).ok_or(KeyProblem::WrongPassphrase)?;
        let key = decode_secret_key(&opened, None).map_err(|_| KeyProblem::WrongPassphrase)?;
        return Ok(Identity { key: Arc::new(key), encrypted: true });
    }
    let locked = is_locked(text);
    let decoded = if locked { Err(KeyError::KeyIsEncrypted) } else { decode_secret_key(text, None) };
    match decoded {
        Ok(key) if is_on_security_key(&key) => Err(KeyProblem::SecurityKey),
        Ok(key) => Ok(Identity { key: Arc::new(key), encrypted: false }),
        Err(KeyError::KeyIsEncrypted) => {
            let passphrase = passphrase.ok_or(KeyProblem::Locked)?;
            let key = decode_secret_key(text, Some(passphrase.expose())).map_err(|_| KeyProblem::WrongPassphrase)?;
            match is_on_security_key(&key) {
                true => Err(KeyProblem::SecurityKey),
                false => Ok(Identity { key: Arc::new(key), encrypted: true }),
            }
        }
        Err(_) => Err(KeyProblem::Unreadable("not a private key that we can read".to_owned())),
    }
}

/// Whether a file only says where a key is: on a device that signs by itself.
fn is_on_security_key(key: &PrivateKey) -> bool {
    matches!(key.algorithm(), Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256)
}

/// Whether a PEM file says that it is encrypted (RFC 5958); OpenSSH's own format says it inside.
fn is_locked(text: &str) -> bool {
    text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
}
