//! What is wrong with a certificate that TLS libraries refuse without saying why.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};

use crate::certificate::Certificate;
use crate::target::Fingerprint;

/// The shortest RSA key that is accepted, in bits.
const SHORTEST_RSA: usize = 2048;
/// Object identifiers of signatures with SHA-1 (RSA, ECDSA, DSA) and MD5 (RSA).
const SHA1: [&str; 4] = ["1.2.840.113549.1.1.5", "1.3.14.3.2.29", "1.2.840.10045.4.1", "1.2.840.10040.4.3"];
const MD5: &str = "1.2.840.113549.1.1.4";

/// Why nobody should trust a certificate, whoever signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Weakness {
    /// X.509 version 1 or 2, without the extensions that hold names and purposes.
    OldVersion,
    /// An RSA key of so many bits.
    ShortKey(usize),
    /// A signature by a hash that can be forged.
    OldHash(&'static str),
    /// It is none of those that are pinned.
    NotPinned(Fingerprint),
}

/// The fingerprint of a certificate in DER.
pub(super) fn fingerprint(der: &[u8]) -> Fingerprint {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, der).as_ref());
    Fingerprint::new(bytes)
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OldVersion => {
                f.write_str("the TLS certificate is of the old X.509 version 1, which holds no names to check")
            }
            Self::ShortKey(bits) => write!(f, "the TLS certificate's RSA key of {bits} bits is too short"),
            Self::NotPinned(found) => {
                write!(f, "the host shows another TLS certificate than the pinned one: its SHA-256 is {found}")
            }
            Self::OldHash(hash) => write!(f, "the TLS certificate is signed with {hash}, which can be forged"),
        }
    }
}

impl std::error::Error for Weakness {}

impl From<Weakness> for rustls::Error {
    fn from(weakness: Weakness) -> Self {
        CertificateError::Other(OtherError(std::sync::Arc::new(weakness))).into()
    }
}

/// The first weakness of a certificate in DER.
pub(super) fn weakness(der: &[u8]) -> Option<Weakness> {
    let certificate = Certificate::of_der(der)?;
    let algorithm = certificate.signature();
    if let Some(bits) = certificate.rsa_bits().filter(|bits| *bits < SHORTEST_RSA) {
        Some(Weakness::ShortKey(bits))
    } else if !certificate.is_version_3() {
        Some(Weakness::OldVersion)
    } else if SHA1.contains(&algorithm.as_str()) {
        Some(Weakness::OldHash("SHA-1"))
    } else if algorithm == MD5 {
        Some(Weakness::OldHash("MD5"))
    } else {
        None
    }
}

/// Whether the holder of a certificate's key signed the handshake, for certificates that `webpki` does not even parse.
///
/// What is accepted unseen still has to own its key: the logon is bound to the certificate, and whoever shows another's
/// must not pass for it. A short RSA key that signs by PSS is taken at its word: no library checks it, and it proves
/// little.
pub(super) fn signs(
    der: &[u8],
    message: &[u8],
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> bool {
    let Some(certificate) = Certificate::of_der(der) else { return false };
    let key = certificate.public_key();
    let mapped = algorithms.mapping.iter().filter(|(scheme, _)| *scheme == signed.scheme).flat_map(|(_, found)| *found);
    if mapped.into_iter().any(|algorithm| algorithm.verify_signature(key, message, signed.signature()).is_ok()) {
        return true;
    }
    let is_short = certificate.rsa_bits().is_some_and(|bits| bits < SHORTEST_RSA);
    let legacy: &dyn VerificationAlgorithm = match signed.scheme {
        SignatureScheme::RSA_PKCS1_SHA256 => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        SignatureScheme::RSA_PKCS1_SHA512 => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        SignatureScheme::RSA_PSS_SHA256 | SignatureScheme::RSA_PSS_SHA384 | SignatureScheme::RSA_PSS_SHA512 => {
            return is_short;
        }
        _ => return false,
    };
    is_short && UnparsedPublicKey::new(legacy, key).verify(message, signed.signature()).is_ok()
}
