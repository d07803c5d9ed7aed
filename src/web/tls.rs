//! The server's certificate and its key: two PEM files.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use super::refusal::Refusal;
use crate::certificate::Certificate;
use crate::error_text;
use crate::whole_file;

/// What a server shows to its clients.
#[derive(Clone)]
pub struct Tls {
    /// Makes streams of connections.
    pub acceptor: TlsAcceptor,
    /// When the certificate ends: browsers refuse it from then on, while the server itself goes on.
    pub until: Timestamp,
}

impl Tls {
    /// Reads a certificate, with those that vouch for it behind it, and its key.
    ///
    /// # Errors
    /// What is wrong with which of the files.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, Refusal> {
        let of = |path: &Path, what: String| Refusal::File { path: path.display().to_string(), what };
        let chain = read(certificate).and_then(|bytes| chain(&bytes)).map_err(|what| of(certificate, what))?;
        let secret = read(key).and_then(|bytes| secret(&bytes)).map_err(|what| of(key, what))?;
        let until = chain.first().and_then(|first| until(first));
        let until = until.ok_or_else(|| of(certificate, "its first certificate is damaged".to_owned()))?;
        let acceptor = acceptor(chain, secret).map_err(|error| of(key, unusable(&error, certificate)))?;
        Ok(Self { acceptor, until })
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("until", &self.until).finish_non_exhaustive()
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    whole_file::read(path).map(Zeroizing::new).map_err(|error| error_text::unreadable(&error))
}

fn chain(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let chain = found.map_err(|_| "a PEM block in it is cut short or damaged".to_owned())?;
    if chain.is_empty() {
        return Err("it holds no certificate in PEM format (-----BEGIN CERTIFICATE-----)".to_owned());
    }
    Ok(chain)
}

fn secret(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    let text = String::from_utf8_lossy(bytes);
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err("the key in it takes a passphrase, and a server starts with nobody to ask; \
                    take it off: openssl pkey -in KEY -out NEW, and let nobody else read NEW"
            .to_owned());
    }
    PrivateKeyDer::from_pem_slice(bytes)
        .map_err(|_| "it holds no private key in PEM format (-----BEGIN PRIVATE KEY-----)".to_owned())
}

/// The end of a certificate's validity.
fn until(der: &[u8]) -> Option<Timestamp> {
    let (_, until) = Certificate::of_der(der)?.validity();
    Some(Timestamp::from_second(i64::try_from(until).ok()?).unwrap_or(Timestamp::MAX))
}

fn acceptor(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<TlsAcceptor, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = config.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn unusable(error: &rustls::Error, certificate: &Path) -> String {
    tracing::debug!(%error, "no TLS");
    match error {
        rustls::Error::InconsistentKeys(_) => format!("the key in it is not that of {}", certificate.display()),
        _ => format!("TLS cannot use the key in it with {}", certificate.display()),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn pair() -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        params.not_after = rcgen::date_time_ymd(2040, 2, 3);
        (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
    }

    /// What is said of these two files.
    fn read(certificate: &str, key: &str) -> Result<Tls, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let [one, two] = ["web.crt", "web.key"].map(|name| folder.path().join(name));
        std::fs::write(&one, certificate).expect("written");
        std::fs::write(&two, key).expect("written");
        Tls::read(&one, &two).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn a_pair_is_taken_with_its_end() {
        let (certificate, key) = pair();
        let tls = read(&certificate, &key).expect("a pair");
        assert_eq!(tls.until.strftime("%Y-%m-%d").to_string(), "2040-02-03");
    }

    #[test]
    fn what_is_wrong_is_said_of_the_file_that_it_is_wrong_with() {
        let (certificate, key) = pair();
        let (other, _) = pair();
        let cut = certificate.replace("-----END CERTIFICATE-----", "");
        let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let cases = [
            ("", &*key, "web.crt", "holds no certificate"),
            (&key, &key, "web.crt", "holds no certificate"),
            (&cut, &key, "web.crt", "cut short"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key, "web.crt", "damaged"),
            (&certificate, "", "web.key", "holds no private key"),
            (&certificate, &certificate, "web.key", "holds no private key"),
            (&certificate, locked, "web.key", "passphrase"),
            (&other, &key, "web.key", "is not that of"),
        ];
        for (certificate, key, file, words) in cases {
            let said = read(certificate, key).expect_err(words);
            let (path, what) = said.split_once(": ").expect("a path");
            assert!(path.ends_with(file) && what.contains(words), "{said}");
            assert!(!said.contains("PRIVATE KEY-----\nM"), "no key is shown");
        }
        let absent = Tls::read(Path::new("/nowhere/web.crt"), Path::new("/nowhere/web.key")).expect_err("no file");
        assert_eq!(absent.to_string(), "/nowhere/web.crt: there is no such file");
    }
}
