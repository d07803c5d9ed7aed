//! What is read of an X.509 certificate (RFC 5280), whoever signed it.

use std::net::IpAddr;

use x509_cert::certificate::{CertificateInner, Raw, Version};
use x509_cert::der::asn1::{Any, ContextSpecific, UintRef};
use x509_cert::der::{self, Decode, TagNumber};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::spki::AlgorithmIdentifierOwned;

/// Object identifier of signatures by RSASSA-PSS, whose parameters name the hash (RFC 4055 section 3.1).
const PSS: &str = "1.2.840.113549.1.1.10";
/// Object identifier of RSA keys.
const RSA: &str = "1.2.840.113549.1.1.1";

/// A certificate that has been parsed, and nothing more: neither its signature nor its serial number is checked.
#[derive(Debug)]
pub struct Certificate(CertificateInner<Raw>);

impl Certificate {
    /// Parses one; `None` if it is damaged.
    pub fn of_der(der: &[u8]) -> Option<Self> {
        CertificateInner::from_der(der).ok().map(Self)
    }

    /// Whether it is of version 3, the one with extensions.
    pub fn is_version_3(&self) -> bool {
        self.0.tbs_certificate().version() == Version::V3
    }

    /// The object identifier of its signature.
    pub fn signature(&self) -> String {
        self.0.signature_algorithm().oid.to_string()
    }

    /// The object identifier of the hash that its signature's parameters name, if it is one by RSASSA-PSS that names
    /// one.
    pub fn pss_hash(&self) -> Option<String> {
        let algorithm = self.0.signature_algorithm();
        let parameters = algorithm.parameters.as_ref().filter(|_| algorithm.oid.to_string() == PSS)?;
        let hash = first(parameters, |reader| {
            ContextSpecific::<AlgorithmIdentifierOwned>::decode_explicit(reader, TagNumber(0))
        });
        hash.ok().flatten().map(|hash| hash.value.oid.to_string())
    }

    /// The public key, as its algorithm writes it.
    pub fn public_key(&self) -> &[u8] {
        self.0.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes()
    }

    /// The size of its RSA key in bits, if it has one.
    pub fn rsa_bits(&self) -> Option<usize> {
        let algorithm = &self.0.tbs_certificate().subject_public_key_info().algorithm;
        let key = Any::from_der(self.public_key()).ok().filter(|_| algorithm.oid.to_string() == RSA)?;
        first(&key, |reader| {
            let modulus = UintRef::decode(reader)?;
            let leading = modulus.as_bytes().first().map_or(0, |octet| octet.leading_zeros() as usize);
            Ok(modulus.as_bytes().len() * 8 - leading)
        })
        .ok()
    }

    /// The first and the last second of its validity, in seconds since 1970.
    pub fn validity(&self) -> (u64, u64) {
        let validity = self.0.tbs_certificate().validity();
        (validity.not_before.to_unix_duration().as_secs(), validity.not_after.to_unix_duration().as_secs())
    }

    /// Whether one of its alternative names is this DNS name.
    pub fn names_host(&self, wanted: &str) -> bool {
        self.has_name(|name| matches!(name, GeneralName::DnsName(dns) if dns.as_str().eq_ignore_ascii_case(wanted)))
    }

    /// Whether one of its alternative names is this address.
    pub fn names_address(&self, wanted: IpAddr) -> bool {
        self.has_name(|name| match (name, wanted) {
            (GeneralName::IpAddress(octets), IpAddr::V4(wanted)) => octets.as_bytes() == wanted.octets(),
            (GeneralName::IpAddress(octets), IpAddr::V6(wanted)) => octets.as_bytes() == wanted.octets(),
            _ => false,
        })
    }

    fn has_name(&self, is_wanted: impl Fn(&GeneralName) -> bool) -> bool {
        let names = self.0.tbs_certificate().get_extension::<SubjectAltName>();
        matches!(names, Ok(Some((_, names))) if names.0.iter().any(is_wanted))
    }
}

/// The first thing of a sequence; what else it holds is not looked at.
fn first<T>(sequence: &Any, read: impl FnOnce(&mut der::SliceReader<'_>) -> der::Result<T>) -> der::Result<T> {
    read(&mut der::SliceReader::new(sequence.value())?)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, SanType, date_time_ymd};

    use super::Certificate;

    fn made(signature: &'static rcgen::SignatureAlgorithm) -> Certificate {
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2020, 1, 2);
        params.not_after = date_time_ymd(2051, 1, 1);
        params.subject_alt_names = vec![
            SanType::DnsName("web01.example".try_into().expect("name")),
            SanType::IpAddress(IpAddr::from([127, 0, 0, 1])),
            SanType::IpAddress("::1".parse().expect("address")),
        ];
        let key = KeyPair::generate_for(signature).expect("key");
        Certificate::of_der(params.self_signed(&key).expect("certificate").der()).expect("parsed")
    }

    #[test]
    fn a_certificate_is_read() {
        let certificate = made(&PKCS_RSA_SHA256);
        assert!(certificate.is_version_3());
        assert_eq!(certificate.signature(), "1.2.840.113549.1.1.11");
        assert_eq!(certificate.pss_hash(), None);
        assert_eq!(certificate.rsa_bits(), Some(2048));
        assert_eq!(certificate.validity(), (1_577_923_200, 2_556_144_000));
        assert!(certificate.names_host("WEB01.example") && !certificate.names_host("web02.example"));
        assert!(certificate.names_address(IpAddr::from([127, 0, 0, 1])));
        assert!(certificate.names_address("::1".parse().expect("address")));
        assert!(!certificate.names_address(IpAddr::from([127, 0, 0, 2])));
        assert_eq!(made(&rcgen::PKCS_ECDSA_P256_SHA256).rsa_bits(), None);
    }

    #[test]
    fn what_is_damaged_is_no_certificate() {
        let key = KeyPair::generate().expect("key");
        let whole = CertificateParams::default().self_signed(&key).expect("certificate").der().to_vec();
        for length in 0..whole.len() {
            assert!(Certificate::of_der(&whole[..length]).is_none(), "{length}");
        }
        assert!(Certificate::of_der(&whole).is_some());
    }
}
