//! The client's certificate in a TLS handshake: whether a server has asked for it, and what is wrong where it does not
//! serve.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, SignatureScheme};

use crate::certificate::Certificate;
use crate::outcome::Reason;
use crate::target::ClientCertificate;
use crate::transport::Error;

/// Shows a certificate, and notes that a server has asked for it.
#[derive(Debug)]
struct Noting {
    certificate: Arc<dyn ResolvesClientCert>,
    is_asked: Arc<AtomicBool>,
}

impl ResolvesClientCert for Noting {
    fn resolve(&self, hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.is_asked.store(true, Ordering::Relaxed);
        self.certificate.resolve(hints, schemes)
    }

    fn has_certs(&self) -> bool {
        self.certificate.has_certs()
    }
}

/// Settings for one handshake that tell afterwards whether the server has asked for the client's certificate; the same
/// settings where there is none to show.
pub(super) fn noting(settings: Arc<ClientConfig>) -> (Arc<ClientConfig>, Arc<AtomicBool>) {
    let is_asked = Arc::new(AtomicBool::new(false));
    if !settings.client_auth_cert_resolver.has_certs() {
        return (settings, is_asked);
    }
    let mut own = ClientConfig::clone(&settings);
    let certificate = Arc::clone(&settings.client_auth_cert_resolver);
    own.client_auth_cert_resolver = Arc::new(Noting { certificate, is_asked: Arc::clone(&is_asked) });
    (Arc::new(own), is_asked)
}

/// Refuses a certificate that no server would take at this time, in seconds since 1970.
///
/// # Errors
/// It has expired, or is not good yet.
pub(super) fn check_dates(client: &ClientCertificate, now: u64) -> Result<(), Error> {
    let Some((from, until)) = client.chain.first().and_then(|der| Certificate::of_der(der)).map(|one| one.validity())
    else {
        return Ok(());
    };
    let days =
        |seconds: u64| SignedDuration::try_from(Duration::from_secs(seconds)).unwrap_or_default().as_hours() / 24;
    let what = match now {
        now if now > until => format!("has expired {} days ago", days(now - until)),
        now if now < from => format!("is not good for another {} days", days(from - now)),
        _ => return Ok(()),
    };
    let message = format!("the client certificate of '{}' {what}", client.user);
    Err(Error::new(Reason::AuthMethod, message).with_hint("have a new one issued, and map it on the hosts"))
}

/// The server has not asked for the certificate in its handshake.
pub(super) fn not_asked(port: u16) -> Error {
    Error::new(
        Reason::AuthMethod,
        "the listener does not ask for a client certificate in the TLS handshake; Windows asks by default only after the \
         request, by renegotiation, which psfleet does not offer",
    )
    .with_hint(format!(
        "have it ask at once: netsh http show sslcert ipport=0.0.0.0:{port} shows certhash and appid; then netsh http \
         delete sslcert ipport=0.0.0.0:{port}, and netsh http add sslcert ipport=0.0.0.0:{port} certhash=... appid=... \
         clientcertnegotiation=enable"
    ))
}

/// The server has seen the certificate, and lets nobody in by it.
pub(super) fn refused() -> Error {
    Error::new(
        Reason::LogonDenied,
        "access denied (Certificate): the host takes no certificates for a logon, or has no user for this one",
    )
    .with_hint(
        "there: Set-Item WSMan:\\localhost\\Service\\Auth\\Certificate $true; New-Item WSMan:\\localhost\\ClientCertificate \
         -Subject UPN -URI * -Issuer THUMBPRINT-OF-ITS-CA -Credential (Get-Credential); its CA is in the host's Root store",
    )
}

#[cfg(test)]
mod tests {
    use super::{ClientCertificate, check_dates};
    use crate::secret::Secret;

    #[test]
    fn a_certificate_is_good_between_its_dates() {
        let mut params = rcgen::CertificateParams::default();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        let key = rcgen::KeyPair::generate().expect("key");
        let der = params.self_signed(&key).expect("certificate").der().to_vec();
        let client = ClientCertificate { user: "svc".to_owned(), chain: vec![der], key: Secret::new(Vec::new()) };
        let (first, last, day) = (1_577_836_800, 1_609_459_200, 86_400);
        let told = |now| check_dates(&client, now).err().map(|error| error.message);
        assert_eq!((told(first), told(last)), (None, None));
        let expired = "the client certificate of 'svc' has expired 3 days ago";
        assert_eq!(told(last + 3 * day).as_deref(), Some(expired));
        assert!(told(first - 2 * day).is_some_and(|text| text.ends_with("is not good for another 2 days")));
    }
}
