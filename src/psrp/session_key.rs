//! SecureStrings on the wire (MS-PSRP 2.2.5.1.24): AES-256 in CBC mode with the session's key.

use aws_lc_rs::cipher::{
    AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

use super::key_error::KeyError;
use crate::secret::Secret;

/// Bytes of a session key.
pub const KEY_LEN: usize = 32;

/// Bytes of an AES block.
const BLOCK: usize = 16;

/// The key with which the SecureStrings of one session travel.
#[derive(Debug, Clone)]
pub struct SessionKey(Secret<[u8; KEY_LEN]>);

impl SessionKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; KEY_LEN]) -> Self {
        Self(Secret::new(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_LEN] {
        self.0.expose()
    }

    /// Encrypts a text. The protocol wants an initialization vector of zeros for every text, so equal texts look equal
    /// within a session.
    ///
    /// # Errors
    /// The cipher failed, which a text cannot cause.
    pub fn encrypt(&self, text: &Secret<String>) -> Result<Vec<u8>, KeyError> {
        let units = text.expose().encode_utf16();
        // Room for the padding, so that no copy of the text is left behind by growing.
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * units.clone().count() + BLOCK));
        units.for_each(|unit| bytes.extend_from_slice(&unit.to_le_bytes()));
        let key = UnboundCipherKey::new(&AES_256, self.bytes()).and_then(PaddedBlockEncryptingKey::cbc_pkcs7);
        let context = EncryptionContext::Iv128(FixedLength::from([0; BLOCK]));
        key.and_then(|key| key.less_safe_encrypt(&mut *bytes, context)).map_err(|_| KeyError::Text)?;
        Ok(std::mem::take(&mut *bytes))
    }

    /// Decrypts a SecureString. All failures are one.
    ///
    /// # Errors
    /// Bytes that this key has not encrypted, or a text that is not UTF-16.
    pub fn decrypt(&self, bytes: &[u8]) -> Result<Secret<String>, KeyError> {
        let mut room = Zeroizing::new(bytes.to_vec());
        let key = UnboundCipherKey::new(&AES_256, self.bytes()).and_then(PaddedBlockDecryptingKey::cbc_pkcs7);
        let context = DecryptionContext::Iv128(FixedLength::from([0; BLOCK]));
        let key = key.map_err(|_| KeyError::Text)?;
        let plain = key.decrypt(&mut room, context).map_err(|_| KeyError::Text)?;
        let (units, []) = plain.as_chunks::<2>() else { return Err(KeyError::Text) };
        let units = Zeroizing::new(units.iter().map(|&unit| u16::from_le_bytes(unit)).collect::<Vec<_>>());
        String::from_utf16(&units).map(Secret::new).map_err(|_| KeyError::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        let key = SessionKey::new([3; KEY_LEN]);
        for (text, len) in [("", 16), ("hunter2", 16), ("eightchr", 32), ("grüße 🗝", 32)] {
            let sealed = key.encrypt(&Secret::new(text.to_owned())).expect("encrypts");
            assert_eq!(sealed.len(), len, "{text}");
            assert_eq!(key.decrypt(&sealed).expect("decrypts").expose(), text);
        }
    }

    #[test]
    fn refuses_other_bytes() {
        let key = SessionKey::new([3; KEY_LEN]);
        let sealed = key.encrypt(&Secret::new("secret".to_owned())).expect("encrypts");
        for bytes in [&[][..], &[1], &sealed[..15], &[0; 16]] {
            assert_eq!(key.decrypt(bytes).map(|_| ()), Err(KeyError::Text));
        }
        assert_eq!(format!("{key:?}"), "SessionKey(<secret>)");
    }
}
