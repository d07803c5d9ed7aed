//! TLS settings: whom we trust.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::{certificate_fault, client_certificate};
use crate::certificate::Certificate;
use crate::error_text;
use crate::outcome::Reason;
use crate::target::{ClientCertificate, Fingerprint, TlsMin};
use crate::transport::Error;

/// Whose certificates are accepted.
pub(in crate::transport) enum Trust<'a> {
    /// Those signed by the system's roots, or those of a PEM file.
    Roots(Option<&'a Path>),
    /// Those with one of these fingerprints.
    Pinned(&'a [Fingerprint]),
    /// Any.
    Everybody,
}

/// Builds the settings for one kind of endpoint.
///
/// # Errors
/// The roots cannot be read.
#[cfg(any(feature = "ldap", feature = "secrets"))]
pub(in crate::transport) fn settings(trust: &Trust<'_>) -> Result<ClientConfig, Error> {
    settings_with(trust, TlsMin::default(), None)
}

/// The same, showing a client's certificate to a server that asks for one.
///
/// # Errors
/// The roots cannot be read, or the certificate is not good at this time.
pub(super) fn settings_with(
    trust: &Trust<'_>,
    min: TlsMin,
    client: Option<&ClientCertificate>,
) -> Result<ClientConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let (trust, pinned, fingerprints) = match trust {
        Trust::Everybody => (None, Vec::new(), None),
        Trust::Pinned(fingerprints) => (None, Vec::new(), Some(fingerprints.to_vec())),
        Trust::Roots(ca) => {
            let extra = ca.map(certificates).transpose()?.unwrap_or_default();
            (Some(roots(&extra, &provider)?), extra, None)
        }
    };
    let verifier = Verifier { trust, pinned, fingerprints, provider: Arc::clone(&provider) };
    let versions: &[_] = match min {
        TlsMin::V12 => rustls::DEFAULT_VERSIONS,
        TlsMin::V13 => &[&rustls::version::TLS13],
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|_| Error::new(Reason::Tls, "TLS cannot be set up: no version of it is left"))?;
    let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let Some(client) = client else { return Ok(config.with_no_client_auth()) };
    client_certificate::check_dates(client, UnixTime::now().as_secs())?;
    let unusable = || Error::new(Reason::AuthMethod, "the client's certificate cannot be used for TLS");
    let chain = client.chain.iter().map(|der| CertificateDer::from(der.as_slice()).into_owned()).collect();
    let key = PrivateKeyDer::try_from(client.key.expose().as_slice()).map_err(|_| unusable())?.clone_key();
    let mut config = config.with_client_auth_cert(chain, key).map_err(|_| unusable())?;
    // Of a session that is taken up again, no server asks for the certificate: whether it did would be unknown.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The system's roots, loaded once.
fn system_roots() -> &'static [CertificateDer<'static>] {
    static ROOTS: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    ROOTS.get_or_init(|| rustls_native_certs::load_native_certs().certs)
}

fn roots(
    extra: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<WebPkiServerVerifier>>, Error> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(system_roots().iter().chain(extra).cloned());
    if store.is_empty() {
        return Ok(None);
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
        .build()
        .map(Some)
        .map_err(|_| Error::new(Reason::Tls, "the trusted roots cannot be used"))
}

/// Reads the certificates of a PEM file.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let failed = |cause: String| {
        Error::new(Reason::Tls, format!("cannot read the CA file {}: {cause}", file.display()))
            .with_hint("--ca takes a PEM file with the certificates of the CAs to trust")
    };
    let found = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| failed(unreadable(&error)))?;
    if found.is_empty() { Err(failed("it holds no certificate".into())) } else { Ok(found) }
}

/// Why a PEM file cannot be read, in our words.
fn unreadable(error: &rustls::pki_types::pem::Error) -> String {
    use rustls::pki_types::pem::Error as Pem;
    match error {
        Pem::Io(cause) => error_text::io(cause),
        Pem::NoItemsFound => "it holds no certificate".to_owned(),
        _ => "it is not PEM".to_owned(),
    }
}

/// Checks server certificates.
#[derive(Debug)]
struct Verifier {
    /// `None` accepts any certificate; inside, `None` when there is not a single root.
    trust: Option<Option<Arc<WebPkiServerVerifier>>>,
    /// Certificates of the CA file. One that a server itself presents is trusted too: the self-signed ones that
    /// Windows makes are often marked as authorities, which path validation refuses for a server.
    pinned: Vec<CertificateDer<'static>>,
    /// Fingerprints of which the server's certificate must have one, and then nothing else but good dates.
    fingerprints: Option<Vec<Fingerprint>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(fingerprints) = &self.fingerprints {
            let found = certificate_fault::fingerprint(end_entity);
            return match fingerprints.contains(&found) {
                true => verify_dates(end_entity, now).map(|()| ServerCertVerified::assertion()),
                false => Err(certificate_fault::Weakness::NotPinned(found).into()),
            };
        }
        let Some(trust) = &self.trust else { return Ok(ServerCertVerified::assertion()) };
        if self.pinned.iter().any(|pinned| pinned.as_ref() == end_entity.as_ref()) {
            return verify_pinned(end_entity, server_name, now);
        }
        let verified = match trust {
            Some(webpki) => webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        verified.map_err(|error| named(error, end_entity))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
            .or_else(|error| self.otherwise(error, message, cert, dss))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
            .or_else(|error| self.otherwise(error, message, cert, dss))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl Verifier {
    /// A handshake signature that `webpki` does not accept: right all the same, or refused for a reason with a name.
    fn otherwise(
        &self,
        error: rustls::Error,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let takes_any = self.trust.is_none();
        if takes_any
            && certificate_fault::signs(cert, message, signed, &self.provider.signature_verification_algorithms)
        {
            return Ok(HandshakeSignatureValid::assertion());
        }
        Err(if takes_any { error } else { named(error, cert) })
    }
}

/// The weakness behind a refusal, where it is one: no authority that people could give with --ca would change it.
fn named(error: rustls::Error, certificate: &CertificateDer<'_>) -> rustls::Error {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
    };
    match error {
        rustls::Error::InvalidCertificate(
            Expired
            | ExpiredContext { .. }
            | NotValidYet
            | NotValidYetContext { .. }
            | NotValidForName
            | NotValidForNameContext { .. },
        ) => error,
        error => certificate_fault::weakness(certificate).map_or(error, Into::into),
    }
}

/// Name and dates of a certificate that is trusted as it is.
fn verify_pinned(
    certificate: &CertificateDer<'_>,
    server_name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, rustls::Error> {
    verify_dates(certificate, now)?;
    rustls::client::verify_server_name(&ParsedCertificate::try_from(certificate)?, server_name)?;
    Ok(ServerCertVerified::assertion())
}

/// Dates of a certificate that is trusted as it is.
fn verify_dates(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), rustls::Error> {
    let parsed = Certificate::of_der(certificate).ok_or(CertificateError::BadEncoding)?;
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let (from, until) = parsed.validity();
    if now.as_secs() > until {
        return Err(CertificateError::ExpiredContext { time: now, not_after: at(until) }.into());
    }
    if now.as_secs() < from {
        return Err(CertificateError::NotValidYetContext { time: now, not_before: at(from) }.into());
    }
    Ok(())
}
