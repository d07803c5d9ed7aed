//! Old PEM files of keys that a passphrase encrypts (RFC 1421 with OpenSSL's `DEK-Info`), as `ssh-keygen -m PEM` and
//! openssl write them.

use aws_lc_rs::cipher::{AES_128, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use base64_simd::STANDARD;
use md5::{Digest, Md5};
use zeroize::{Zeroize, Zeroizing};

/// Such a file taken apart.
pub(super) struct Locked<'a> {
    label: &'a str,
    cipher: &'static Algorithm,
    iv: [u8; 16],
    body: String,
}

impl<'a> Locked<'a> {
    /// Reads a file.
    ///
    /// # Errors
    /// The cipher, where it is one that we do not have.
    pub(super) fn parse(text: &'a str) -> Result<Option<Self>, &'a str> {
        let Some(info) = text.lines().find_map(|line| line.strip_prefix("DEK-Info:")) else { return Ok(None) };
        let (name, iv) = info.trim().split_once(',').unwrap_or((info.trim(), ""));
        let cipher = match name {
            "AES-128-CBC" => &AES_128,
            "AES-256-CBC" => &AES_256,
            other => return Err(other),
        };
        let label = text.lines().find_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----"));
        let body = text.lines().skip_while(|line| !line.starts_with("DEK-Info:")).skip(1);
        let body = body.take_while(|line| !line.starts_with("-----END ")).map(str::trim).collect();
        let parts = label.zip(bytes(iv)).map(|(label, iv)| Self { label, cipher, iv, body });
        parts.map_or(Err("a salt that cannot be read"), |parts| Ok(Some(parts)))
    }

    /// The same file without a passphrase; `None` if this one is wrong.
    pub(super) fn open(&self, passphrase: &str) -> Option<Zeroizing<String>> {
        let mut sealed = STANDARD.decode_to_vec(&self.body).ok()?;
        let length = if std::ptr::eq(self.cipher, &AES_256) { 32 } else { 16 };
        let key = derived(passphrase.as_bytes(), &self.iv, length);
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(self.cipher, &key).ok()?).ok()?;
        let context = DecryptionContext::Iv128(FixedLength::from(self.iv));
        let der = key.decrypt(&mut sealed, context).ok()?;
        let body = Zeroizing::new(STANDARD.encode_to_string(&*der));
        der.zeroize();
        let label = self.label;
        Some(Zeroizing::new(format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", *body)))
    }
}

/// OpenSSL's `EVP_BytesToKey` of one round of MD5, salted by the first half of the IV.
fn derived(passphrase: &[u8], iv: &[u8; 16], length: usize) -> Zeroizing<Vec<u8>> {
    let (salt, _) = iv.split_at(8);
    let mut key = Zeroizing::new(Vec::new());
    let mut last: Vec<u8> = Vec::new();
    while key.len() < length {
        let mut hash = Md5::new();
        hash.update(&last);
        hash.update(passphrase);
        hash.update(salt);
        last = hash.finalize().to_vec();
        key.extend_from_slice(&last);
    }
    last.zeroize();
    key.truncate(length);
    key
}

/// The bytes of an IV in hexadecimal digits.
fn bytes(hex: &str) -> Option<[u8; 16]> {
    let hex = hex.trim();
    let is_hex = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u128::from_str_radix(hex, 16).ok().map(u128::to_be_bytes))?
}

#[cfg(test)]
mod tests {
    use super::Locked;

    #[test]
    fn what_cannot_be_read_is_said() {
        let text = |info: &str| {
            format!("-----BEGIN EC PRIVATE KEY-----\nDEK-Info: {info}\n\nAAAA\n-----END EC PRIVATE KEY-----\n")
        };
        let iv = "00112233445566778899AABBCCDDEEFF";
        let known = |info: &str| Locked::parse(&text(info)).map(|found| found.is_some()).map_err(str::to_owned);
        assert_eq!(known(&format!("AES-128-CBC,{iv}")), Ok(true));
        assert_eq!(known(&format!("AES-256-CBC,{iv}")), Ok(true));
        assert_eq!(known("DES-EDE3-CBC,0011223344556677"), Err("DES-EDE3-CBC".to_owned()));
        assert!(known("AES-128-CBC,0").is_err() && known("AES-128-CBC,+0112233445566778899AABBCCDDEEFF").is_err());
        assert!(matches!(Locked::parse("-----BEGIN OPENSSH PRIVATE KEY-----\n"), Ok(None)));
        // Bytes that are no blocks.
        let text = text(&format!("AES-128-CBC,{iv}"));
        assert!(Locked::parse(&text).ok().flatten().is_some_and(|locked| locked.open("x").is_none()));
    }
}
