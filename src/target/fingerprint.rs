//! The fingerprint of a certificate, and the oldest TLS.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The SHA-256 of a certificate in DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// A fingerprint that was computed.
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Reads hexadecimal digits, with colons or blanks between them or without; `sha256:` may stand before them.
    ///
    /// # Errors
    /// What it takes, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let plain = text.trim();
        let plain = plain.get(..7).filter(|head| head.eq_ignore_ascii_case("sha256:")).map_or(plain, |_| &plain[7..]);
        let digits: Option<Vec<u8>> = plain
            .chars()
            .filter(|character| !matches!(character, ':' | ' ' | '-'))
            .map(|digit| digit.to_digit(16).map(|digit| digit as u8))
            .collect();
        let digits = digits.unwrap_or_default();
        let bytes: Vec<u8> = digits.chunks_exact(2).map(|two| two[0] << 4 | two[1]).collect();
        match (<[u8; 32]>::try_from(bytes), digits.len()) {
            (Ok(bytes), 64) => Ok(Self(bytes)),
            (_, 40) => {
                Err("this is a thumbprint by SHA-1, which can be forged; the SHA-256 is needed (64 digits): openssl \
                            x509 -noout -fingerprint -sha256"
                    .to_owned())
            }
            _ => Err("a fingerprint is the certificate's SHA-256, 64 hexadecimal digits: openssl x509 -noout \
                      -fingerprint -sha256"
                .to_owned()),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.0.iter().map(|byte| format!("{byte:02X}")).collect();
        f.write_str(&pairs.join(":"))
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

/// The oldest version of TLS that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum TlsMin {
    /// TLS 1.2: the oldest that is secure, and what Windows before Server 2022 has.
    #[default]
    #[serde(rename = "1.2")]
    V12,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    V13,
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;

    #[test]
    fn a_fingerprint_is_read_as_tools_write_it() {
        let plain = "00ff".repeat(16);
        let shown = "00:FF:".repeat(16);
        let shown = shown.trim_end_matches(':');
        for text in [plain.as_str(), shown, &format!("sha256:{plain}"), &format!(" SHA256:{shown} ")] {
            assert_eq!(Fingerprint::parse(text).map(|found| found.to_string()).as_deref(), Ok(shown), "{text}");
        }
        assert!(Fingerprint::parse(&"a".repeat(40)).is_err_and(|what| what.contains("SHA-1")));
        for text in ["", "sha256:", "zz", &"a".repeat(63), &"a".repeat(66), "ä"] {
            assert!(Fingerprint::parse(text).is_err_and(|what| what.contains("64 hexadecimal digits")), "{text}");
        }
    }
}
