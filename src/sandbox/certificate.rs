//! The fleet's own certificate authority, new at every start, and a certificate for each host.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, OtherNameValue, SanType,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::Error;
use super::fault::FaultKind;
use crate::auth::ChannelBinding;

/// The object identifier of a user principal name, which maps a certificate to a user.
const PRINCIPAL_NAME: [u64; 10] = [1, 3, 6, 1, 4, 1, 311, 20, 2, 3];

/// Signs the certificates of one fleet.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// One key serves all hosts: they are one process.
    host_key: KeyPair,
}

/// A host's side of TLS.
pub(super) struct HostTls {
    /// For the handshake.
    pub config: Arc<ServerConfig>,
    /// What logons over it are bound to.
    pub binding: ChannelBinding,
}

impl Authority {
    /// A new authority with a new key.
    ///
    /// # Errors
    /// Only if the machine has no random numbers.
    pub(super) fn new() -> Result<Self, Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "psfleet sandbox");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(failed)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(failed)?;
        Ok(Self { issuer, host_key: KeyPair::generate().map_err(failed)? })
    }

    /// The authority's certificate, to be trusted by clients of this fleet.
    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate by which a user logs on, with its key, as PEM.
    ///
    /// # Errors
    /// Only if the machine has no random numbers.
    pub(super) fn client(&self, user: &str) -> Result<String, Error> {
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "a client of the sandbox");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let principal = OtherNameValue::Utf8String(user.to_owned());
        params.subject_alt_names = vec![SanType::OtherName((PRINCIPAL_NAME.to_vec(), principal))];
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(certificate.pem() + &key.serialize_pem())
    }

    /// A certificate for 127.0.0.1 and the host's name, or a wrong one.
    ///
    /// # Errors
    /// Only for a name that no certificate can carry.
    /// With `asks_clients` clients may show one of this authority, too.
    pub(super) fn host(&self, name: &str, fault: Option<FaultKind>, asks_clients: bool) -> Result<HostTls, Error> {
        let names = if fault == Some(FaultKind::WrongName) {
            vec!["elsewhere.sandbox.test".to_owned()]
        } else {
            vec![name.to_owned()]
        };
        let mut params = CertificateParams::new(names).map_err(failed)?;
        params.distinguished_name.push(DnType::CommonName, name);
        if fault != Some(FaultKind::WrongName) {
            params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        }
        if fault == Some(FaultKind::Expired) {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        }
        let certificate = params.signed_by(&self.host_key, &self.issuer).map_err(failed)?;
        let binding = ChannelBinding::of_certificate(certificate.der());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.host_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().map_err(failed)?;
        let builder = if asks_clients {
            let mut roots = RootCertStore::empty();
            roots.add(self.issuer.der().clone()).map_err(failed)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.allow_unauthenticated().build().map_err(failed)?)
        } else {
            builder.with_no_client_auth()
        };
        let config = builder.with_single_cert(vec![certificate.der().clone()], key).map_err(failed)?;
        Ok(HostTls { config: Arc::new(config), binding })
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    tracing::debug!(%error, "no certificates");
    Error::Certificate
}
