//! Channel binding: proof that the token travels in this very TLS channel (RFC 5929, RFC 5056).

use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, SHA512, digest};

use crate::certificate::Certificate;

/// What the binding of a server's certificate begins with.
const PREFIX: &[u8] = b"tls-server-end-point:";
/// Size of the fixed part of SEC_CHANNEL_BINDINGS.
const HEADER: usize = 32;

/// The `tls-server-end-point` binding of a server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelBinding {
    application_data: Vec<u8>,
}

impl ChannelBinding {
    /// The binding of a leaf certificate in DER form.
    ///
    /// The hash is that of the certificate's own signature, but SHA-256 in place of MD5 and SHA-1 and wherever the
    /// signature defines none (RFC 5929 section 4.1).
    pub fn of_certificate(der: &[u8]) -> Self {
        Self::of_hash(digest(hash_for(der), der).as_ref())
    }

    /// The binding of a certificate whose hash is known.
    pub fn of_hash(hash: &[u8]) -> Self {
        Self { application_data: [PREFIX, hash].concat() }
    }

    /// The data that both sides bind to.
    pub fn application_data(&self) -> &[u8] {
        &self.application_data
    }

    /// SEC_CHANNEL_BINDINGS as SSPI takes it: little-endian lengths and offsets, then the data.
    pub fn sspi(&self) -> Vec<u8> {
        let mut bytes = vec![0; 24];
        bytes.extend((self.application_data.len() as u32).to_le_bytes());
        bytes.extend((HEADER as u32).to_le_bytes());
        bytes.extend(&self.application_data);
        bytes
    }
}

/// The hash by which a certificate is bound.
fn hash_for(der: &[u8]) -> &'static Algorithm {
    let Some(certificate) = Certificate::of_der(der) else { return &SHA256 };
    let hash = certificate.pss_hash().unwrap_or_else(|| certificate.signature());
    match hash.as_str() {
        // RSA, ECDSA and DSA with the hash, then the bare hash of PSS parameters.
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" | "2.16.840.1.101.3.4.3.3" | "2.16.840.1.101.3.4.2.2" => {
            &SHA384
        }
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" | "2.16.840.1.101.3.4.3.4" | "2.16.840.1.101.3.4.2.3" => {
            &SHA512
        }
        _ => &SHA256,
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, SHA384, digest};
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

    use super::ChannelBinding;

    #[test]
    fn packs_the_vector() {
        let hash = digest(&SHA256, b"certificate");
        let binding = ChannelBinding::of_hash(hash.as_ref());
        let packed = binding.sspi();
        assert_eq!(packed.len(), 32 + 53);
        assert_eq!(&packed[24..32], &[53, 0, 0, 0, 32, 0, 0, 0]);
        assert!(packed[32..].starts_with(b"tls-server-end-point:\x03\xd6\x6d\xd0"));
    }

    #[test]
    fn hashes_by_the_signature_of_the_certificate() {
        let cases = [(&PKCS_ECDSA_P256_SHA256, &SHA256), (&PKCS_ECDSA_P384_SHA384, &SHA384), (&PKCS_ED25519, &SHA256)];
        for (signature, hash) in cases {
            let key = KeyPair::generate_for(signature).expect("key");
            let certificate = CertificateParams::default().self_signed(&key).expect("certificate");
            let expected = ChannelBinding::of_hash(digest(hash, certificate.der()).as_ref());
            assert_eq!(ChannelBinding::of_certificate(certificate.der()), expected);
        }
        assert_eq!(ChannelBinding::of_certificate(b"?").application_data().len(), 53);
    }
}
