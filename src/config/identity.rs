//! What a file with an SSH identity must hold.

use russh::keys::{Error as KeyError, decode_secret_key, parse_public_key_base64};
use zeroize::Zeroizing;

/// Whether it is a private key, or a public one. Whether a passphrase fits an encrypted key is not known before the
/// logon.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
    let is_encrypted = ["-----BEGIN ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED"];
    if is_encrypted.iter().any(|mark| text.contains(mark)) {
        return Ok(());
    }
    match decode_secret_key(&text, None) {
        Ok(_) | Err(KeyError::KeyIsEncrypted) => Ok(()),
        Err(_) if is_public_key(&text) => Ok(()),
        Err(_) if text.starts_with("PuTTY-User-Key-File") => {
            Err("it is a PuTTY key; export it in OpenSSH format with PuTTYgen".to_owned())
        }
        Err(_) => Err("it is not a private key that we can read (OpenSSH or PEM format)".to_owned()),
    }
}

/// The public half, which names a key that an agent holds.
fn is_public_key(text: &str) -> bool {
    text.split_whitespace().nth(1).is_some_and(|key| parse_public_key_base64(key).is_ok())
}
