//! The exchange of a session key (MS-PSRP 2.2.2.3 to 2.2.2.5, 2.2.3.29): the client sends an RSA public key, the server
//! answers with an AES key that is encrypted for it.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{
    KeySize, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use zeroize::Zeroizing;

use super::key_error::KeyError;
use super::session_key::{KEY_LEN, SessionKey};

/// Bytes of an RSA-2048 modulus, and of what is encrypted with it.
const MODULUS_LEN: usize = 256;

/// What stands before the modulus in our public key: a PUBLICKEYBLOB of CryptoAPI for key exchange with RSA, 2048 bits
/// and the exponent 65537.
const PUBLIC_BLOB: [u8; 20] =
    [0x06, 0x02, 0, 0, 0x00, 0xA4, 0, 0, b'R', b'S', b'A', b'1', 0x00, 0x08, 0, 0, 0x01, 0x00, 0x01, 0x00];

/// What stands before the encrypted key: a SIMPLEBLOB of CryptoAPI with an AES-256 key, encrypted by RSA.
const SIMPLE_BLOB: [u8; 12] = [0x01, 0x02, 0, 0, 0x10, 0x66, 0, 0, 0x00, 0xA4, 0, 0];

/// The DER of a SubjectPublicKeyInfo of RSA-2048 before and behind its modulus; the exponent is 65537.
const SPKI_BEFORE: [u8; 33] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00,
    0x03, 0x82, 0x01, 0x0F, 0x00, 0x30, 0x82, 0x01, 0x0A, 0x02, 0x82, 0x01, 0x01, 0x00,
];
const SPKI_BEHIND: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];

/// The client's key pair. It opens session keys and nothing else, and is never written anywhere, so one serves all
/// sessions of a process.
pub struct ExchangeKey {
    private: Pkcs1PrivateDecryptingKey,
    public_blob: String,
}

impl ExchangeKey {
    /// A new pair. Takes some 70 ms.
    ///
    /// # Errors
    /// The random number generator failed.
    pub fn generate() -> Result<Self, KeyError> {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generate)?;
        let der: PublicKeyX509Der<'_> = private.public_key().as_der().map_err(|_| KeyError::Generate)?;
        let modulus = der.as_ref().strip_prefix(&SPKI_BEFORE).and_then(|rest| rest.strip_suffix(&SPKI_BEHIND));
        let modulus = modulus.filter(|modulus| modulus.len() == MODULUS_LEN).ok_or(KeyError::Generate)?;
        let blob: Vec<u8> = PUBLIC_BLOB.iter().chain(modulus.iter().rev()).copied().collect();
        Ok(Self {
            private: Pkcs1PrivateDecryptingKey::new(private).map_err(|_| KeyError::Generate)?,
            public_blob: base64_simd::STANDARD.encode_to_string(blob),
        })
    }

    /// The public key as PUBLIC_KEY carries it.
    pub(super) fn public_blob(&self) -> &str {
        &self.public_blob
    }

    /// Opens the key of an ENCRYPTED_SESSION_KEY. All failures are one, so that none tells anything about the padding.
    pub(super) fn open(&self, blob: &str) -> Result<SessionKey, KeyError> {
        let blob = base64_simd::STANDARD.decode_to_vec(blob).map_err(|_| KeyError::Refused)?;
        let mut sealed = blob.strip_prefix(&SIMPLE_BLOB).ok_or(KeyError::Refused)?.to_vec();
        sealed.reverse();
        let mut room = Zeroizing::new([0; MODULUS_LEN]);
        let key = self.private.decrypt(&sealed, &mut *room).map_err(|_| KeyError::Refused)?;
        let key: [u8; KEY_LEN] = (&*key).try_into().map_err(|_| KeyError::Refused)?;
        Ok(SessionKey::new(key))
    }
}

impl std::fmt::Debug for ExchangeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ExchangeKey")
    }
}

/// The server's half: encrypts a session key for the client whose PUBLIC_KEY this is.
///
/// # Errors
/// A public key that is not an RSA-2048 one in CryptoAPI's form.
pub fn seal_session_key(public_blob: &str, key: &SessionKey) -> Result<String, KeyError> {
    let blob = base64_simd::STANDARD.decode_to_vec(public_blob).map_err(|_| KeyError::Refused)?;
    let modulus = blob.strip_prefix(&PUBLIC_BLOB).filter(|modulus| modulus.len() == MODULUS_LEN);
    let modulus = modulus.ok_or(KeyError::Refused)?.iter().rev();
    let der: Vec<u8> = SPKI_BEFORE.iter().chain(modulus).chain(&SPKI_BEHIND).copied().collect();
    let public = PublicEncryptingKey::from_der(&der).map_err(|_| KeyError::Refused)?;
    let public = Pkcs1PublicEncryptingKey::new(public).map_err(|_| KeyError::Refused)?;
    let mut sealed = vec![0; public.ciphertext_size()];
    let sealed = public.encrypt(key.bytes(), &mut sealed).map_err(|_| KeyError::Refused)?;
    let blob: Vec<u8> = SIMPLE_BLOB.iter().chain(sealed.iter().rev()).copied().collect();
    Ok(base64_simd::STANDARD.encode_to_string(blob))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_agree() {
        let client = ExchangeKey::generate().expect("random numbers");
        assert_eq!(base64_simd::STANDARD.decode_to_vec(client.public_blob()).expect("base64").len(), 276);
        let key = SessionKey::new([7; KEY_LEN]);
        let sealed = seal_session_key(client.public_blob(), &key).expect("a valid key");
        assert_eq!(base64_simd::STANDARD.decode_to_vec(&sealed).expect("base64").len(), 268);
        assert_eq!(client.open(&sealed).expect("for us").bytes(), key.bytes());
        let other = ExchangeKey::generate().expect("random numbers");
        assert!(other.open(&sealed).map(|key| *key.bytes()) != Ok([7; KEY_LEN]));
    }

    #[test]
    fn refuses_what_is_no_key() {
        let client = ExchangeKey::generate().expect("random numbers");
        for blob in
            ["", "AAAA", "no base64!", &base64_simd::STANDARD.encode_to_string([&SIMPLE_BLOB[..], &[1; 255]].concat())]
        {
            assert_eq!(client.open(blob).map(|_| ()), Err(KeyError::Refused), "{blob}");
            assert_eq!(seal_session_key(blob, &SessionKey::new([1; KEY_LEN])), Err(KeyError::Refused), "{blob}");
        }
        assert_eq!(format!("{client:?}"), "ExchangeKey");
    }
}
