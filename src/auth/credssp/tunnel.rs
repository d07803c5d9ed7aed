//! The TLS of CredSSP: in memory, record by record, to whoever shows a certificate. Whose key it is, the logon itself
//! proves.

use std::io::{Read, Write};
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConnection, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, IpAddr, ServerName, UnixTime};
use rustls::{CipherSuite, ClientConfig, DigitallySignedStruct, SignatureScheme};

use super::fault::CredSspFault;
use crate::auth::error::Error;
use crate::auth::sealed::CHUNK;
use crate::certificate::Certificate;

/// What Windows has of TLS 1.2's suites with a cipher that needs no padding. All end a record with 16 bytes.
const SUITES: [CipherSuite; 4] = [
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

/// The client's end.
pub(super) struct Tunnel(ClientConnection);

impl Tunnel {
    /// A fresh one, which has its first records to send.
    pub(super) fn new() -> Result<Self, Error> {
        // No name: the server has one certificate, and none is checked.
        let nobody = ServerName::IpAddress(IpAddr::from(std::net::IpAddr::from([0, 0, 0, 0])));
        let made = settings().and_then(|settings| ClientConnection::new(settings, nobody));
        made.map(Self).map_err(|error| failed(&error))
    }

    /// Whether the handshake is not through yet.
    pub(super) fn is_handshaking(&self) -> bool {
        self.0.is_handshaking()
    }

    /// The public key that the server has proved to have.
    pub(super) fn public_key(&self) -> Result<Vec<u8>, Error> {
        let shown = self.0.peer_certificates().and_then(|certificates| certificates.first());
        let key = shown.and_then(|der| Some(Certificate::of_der(der)?.public_key().to_vec()));
        key.ok_or_else(|| Error::CredSsp(CredSspFault::Tls("the host's certificate cannot be read".to_owned())))
    }

    /// Takes records of the server, whole or in pieces; what they hold.
    pub(super) fn take(&mut self, mut records: &[u8]) -> Result<Vec<u8>, Error> {
        let mut plain = Vec::new();
        while !records.is_empty() {
            // Behind its farewell nothing is read.
            if self.0.read_tls(&mut records).map_err(|_| odd())? == 0 {
                return Err(odd());
            }
            let state = self.0.process_new_packets().map_err(|error| failed(&error))?;
            let begin = plain.len();
            plain.resize(begin + state.plaintext_bytes_to_read(), 0);
            if let Some(room) = plain.get_mut(begin..) {
                self.0.reader().read_exact(room).map_err(|_| odd())?;
            }
        }
        Ok(plain)
    }

    /// The records that are to be sent: of the handshake, or of what was put in.
    pub(super) fn records(&mut self) -> Result<Vec<u8>, Error> {
        let mut records = Vec::new();
        while self.0.wants_write() {
            self.0.write_tls(&mut records).map_err(|_| odd())?;
        }
        Ok(records)
    }

    /// Records that hold this.
    pub(super) fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut records = Vec::with_capacity(plain.len() + 64);
        for part in plain.chunks(CHUNK) {
            self.0.writer().write_all(part).map_err(|_| odd())?;
            records.extend(self.records()?);
        }
        Ok(records)
    }
}

/// One for all: there is nothing of a host in them.
fn settings() -> Result<Arc<ClientConfig>, rustls::Error> {
    static SETTINGS: OnceLock<Result<Arc<ClientConfig>, rustls::Error>> = OnceLock::new();
    SETTINGS.get_or_init(|| new_settings().map(Arc::new)).clone()
}

fn new_settings() -> Result<ClientConfig, rustls::Error> {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|suite| SUITES.contains(&suite.suite()));
    let provider = Arc::new(provider);
    let verifier = Arc::new(AnyCertificate(Arc::clone(&provider)));
    // Not 1.3: its records behind the handshake (tickets) would have to travel in headers that no server sends.
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS12])?;
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.enable_sni = false;
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Takes any certificate, but its key must have signed the handshake.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn failed(error: &rustls::Error) -> Error {
    Error::CredSsp(CredSspFault::of_tls(error))
}

fn odd() -> Error {
    Error::CredSsp(CredSspFault::Tls("what the host sends breaks the protocol".to_owned()))
}
