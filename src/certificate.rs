//! What is read of an X.509 certificate (RFC 5280), whoever signed it.
//!
//! By a parser that takes what real servers show: odd serial numbers and dates, large object identifiers, version 4. A
//! strict one would find no hash for the channel binding of a certificate that TLS itself has accepted.

use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;
use x509_parser::signature_algorithm::SignatureAlgorithm;

/// The object identifier of a user principal name.
const PRINCIPAL_NAME: &str = "1.3.6.1.4.1.311.20.2.3";

/// A certificate that has been parsed, and nothing more: nothing about it is checked.
#[derive(Debug)]
pub(crate) struct Certificate<'a>(X509Certificate<'a>);

impl<'a> Certificate<'a> {
    /// Parses one; `None` if it is damaged.
    pub(crate) fn of_der(der: &'a [u8]) -> Option<Self> {
        X509Certificate::from_der(der).ok().map(|(_, certificate)| Self(certificate))
    }

    /// Whether it is of version 3, the one with extensions.
    pub(crate) fn is_version_3(&self) -> bool {
        self.0.version() == X509Version::V3
    }

    /// The object identifier of its signature.
    pub(crate) fn signature(&self) -> String {
        self.0.signature_algorithm.oid().to_id_string()
    }

    /// The object identifier of the hash in its signature's parameters (RFC 4055 section 3.1), if it is one by
    /// RSASSA-PSS.
    pub(crate) fn pss_hash(&self) -> Option<String> {
        match SignatureAlgorithm::try_from(&self.0.signature_algorithm).ok()? {
            SignatureAlgorithm::RSASSA_PSS(parameters) => Some(parameters.hash_algorithm_oid().to_id_string()),
            _ => None,
        }
    }

    /// The public key, as its algorithm writes it.
    pub(crate) fn public_key(&self) -> &[u8] {
        self.0.public_key().subject_public_key.data.as_ref()
    }

    /// The size of its RSA key in bits, if it has one.
    pub(crate) fn rsa_bits(&self) -> Option<usize> {
        match self.0.public_key().parsed().ok()? {
            // x509-parser counts the leading zero octet of the modulus.
            PublicKey::RSA(key) => {
                let modulus = key.modulus.iter().skip_while(|octet| **octet == 0).collect::<Vec<_>>();
                let leading = modulus.first().map_or(0, |octet| octet.leading_zeros() as usize);
                Some(modulus.len() * 8 - leading)
            }
            _ => None,
        }
    }

    /// Whom it names: the user principal name (an `otherName` of Microsoft's), else the common name.
    pub(crate) fn user(&self) -> Option<String> {
        let names = self.0.subject_alternative_name().ok().flatten().map(|names| &names.value.general_names);
        let principal = names.into_iter().flatten().find_map(|name| match name {
            GeneralName::OtherName(kind, value) if kind.to_id_string() == PRINCIPAL_NAME => utf8(value),
            _ => None,
        });
        let common = || self.0.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        principal.or_else(|| common().map(str::to_owned))
    }

    /// The first and the last second of its validity, in seconds since 1970; what is before that counts as 0.
    pub(crate) fn validity(&self) -> (u64, u64) {
        let validity = self.0.validity();
        let seconds = |timestamp: i64| timestamp.max(0).unsigned_abs();
        (seconds(validity.not_before.timestamp()), seconds(validity.not_after.timestamp()))
    }
}

/// The text of an explicitly tagged UTF8String, as an `otherName` holds it.
fn utf8(value: &[u8]) -> Option<String> {
    match value {
        [0xA0, outer, 0x0C, length, text @ ..] if usize::from(*length) == text.len() && *outer == length + 2 => {
            String::from_utf8(text.to_vec()).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CustomExtension, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, date_time_ymd};

    use super::Certificate;

    fn made(signature: &'static rcgen::SignatureAlgorithm, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = CertificateParams::default();
        change(&mut params);
        let key = KeyPair::generate_for(signature).expect("key");
        params.self_signed(&key).expect("certificate").der().to_vec()
    }

    #[test]
    fn a_certificate_is_read() {
        let der = made(&PKCS_RSA_SHA256, |params| {
            params.not_before = date_time_ymd(2020, 1, 2);
            params.not_after = date_time_ymd(2051, 1, 1);
        });
        let certificate = Certificate::of_der(&der).expect("parsed");
        assert!(certificate.is_version_3());
        assert_eq!(certificate.signature(), "1.2.840.113549.1.1.11");
        assert_eq!(certificate.pss_hash(), None);
        assert_eq!(certificate.rsa_bits(), Some(2048));
        assert_eq!(certificate.validity(), (1_577_923_200, 2_556_144_000));
        let der = made(&PKCS_ECDSA_P256_SHA256, |_| {});
        assert_eq!(Certificate::of_der(&der).expect("parsed").rsa_bits(), None);
    }

    #[test]
    fn what_strict_parsers_refuse_is_read() {
        let der = made(&PKCS_ECDSA_P256_SHA256, |params| {
            params.not_before = date_time_ymd(1950, 1, 1);
            let large = [1, 3, 6, 1, 4, 1, 311, 21, 8, u64::from(u32::MAX) + 1, 1];
            params.custom_extensions.push(CustomExtension::from_oid_content(&large, vec![5, 0]));
        });
        let certificate = Certificate::of_der(&der).expect("parsed");
        assert_eq!((certificate.signature().as_str(), certificate.validity().0), ("1.2.840.10045.4.3.2", 0));
        assert!(Certificate::of_der(&[&der[..], &[0, 0]].concat()).is_some(), "octets behind it");
    }

    #[test]
    fn what_is_damaged_is_no_certificate() {
        let whole = made(&PKCS_ECDSA_P256_SHA256, |_| {});
        for length in 0..whole.len() {
            assert!(Certificate::of_der(&whole[..length]).is_none(), "{length}");
        }
    }
}
