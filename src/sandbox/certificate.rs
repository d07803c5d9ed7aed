//! The fleet's own certificate authority, new at every start, and a certificate for each host.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, SanType};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::Error;
use super::fault::FaultKind;
use crate::auth::ChannelBinding;

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

    /// A certificate for 127.0.0.1 and the host's name, or a wrong one.
    ///
    /// # Errors
    /// Only for a name that no certificate can carry.
    pub(super) fn host(&self, name: &str, fault: Option<FaultKind>) -> Result<HostTls, Error> {
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
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .map_err(failed)?;
        Ok(HostTls { config: Arc::new(config), binding })
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    tracing::debug!(%error, "no certificates");
    Error::Certificate
}
