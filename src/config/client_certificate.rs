//! Reads a client's certificate with its key: PEM, or PKCS#12.

use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use crate::certificate::Certificate;
use crate::secret::Secret;
use crate::target::ClientCertificate;

/// What a PEM file has.
const PEM: &str = "-----BEGIN ";
const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const END_ENCRYPTED: &str = "-----END ENCRYPTED PRIVATE KEY-----";
/// What keys have that OpenSSL encrypted before PKCS#8 was usual.
const OLD: &str = "Proc-Type: 4,ENCRYPTED";

/// Why there is no certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateFault {
    /// It takes a passphrase, and none was given.
    Locked,
    /// What is wrong, in one line.
    Wrong(String),
}

/// Reads a certificate and its key, which may be in a file of its own; nothing secret is in what is said of them.
///
/// # Errors
/// They are locked, damaged, or do not belong together.
pub fn read_client_certificate(
    certificate: &[u8],
    key: Option<&[u8]>,
    passphrase: Option<&Secret<String>>,
) -> Result<ClientCertificate, CertificateFault> {
    let (chain, key) = match text_of(certificate) {
        Some(text) => {
            let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
            let chain = found.map_err(|_| wrong("a PEM block in it is cut short or damaged"))?;
            let of_key = match key {
                Some(key) => text_of(key).ok_or_else(|| wrong("its key file is not PEM"))?,
                None => text,
            };
            (chain.into_iter().map(|der| der.to_vec()).collect(), key_of_pem(of_key, passphrase)?)
        }
        None if key.is_some() => return Err(wrong("it is not PEM, and a key file belongs to a PEM certificate")),
        None => of_pkcs12(certificate, passphrase)?,
    };
    checked(chain, key)
}

fn text_of(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.contains(PEM))
}

fn key_of_pem(text: &str, passphrase: Option<&Secret<String>>) -> Result<Secret<Vec<u8>>, CertificateFault> {
    if text.contains(OLD) {
        return Err(wrong(
            "its key is encrypted in OpenSSL's old form; convert it: openssl pkcs8 -topk8 -in KEY -out NEW",
        ));
    }
    if let Some(begin) = text.find(ENCRYPTED) {
        let end = text[begin..].find(END_ENCRYPTED).ok_or_else(|| wrong("its key is cut short"))?;
        let block = &text[begin..begin + end + END_ENCRYPTED.len()];
        let passphrase = passphrase.ok_or(CertificateFault::Locked)?;
        let (_, der) =
            pkcs8::der::pem::decode_vec(block.as_bytes()).map_err(|_| wrong("its encrypted key is damaged"))?;
        let info = EncryptedPrivateKeyInfoRef::try_from(der.as_slice())
            .map_err(|_| wrong("its encrypted key is damaged, or encrypted in a way that is not known here"))?;
        let opened = info.decrypt(passphrase.expose()).map_err(|_| wrong("the passphrase of its key is wrong"))?;
        return Ok(Secret::new(opened.as_bytes().to_vec()));
    }
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes());
    let key = key.map_err(|_| wrong("it holds no private key in PEM format; name the key with certificate_key"))?;
    Ok(Secret::new(key.secret_der().to_vec()))
}

/// The chain and the key of a PKCS#12 archive (.pfx, .p12).
type Archive = (Vec<Vec<u8>>, Secret<Vec<u8>>);

fn of_pkcs12(bytes: &[u8], passphrase: Option<&Secret<String>>) -> Result<Archive, CertificateFault> {
    // A sequence; anything else was never one.
    if bytes.first() != Some(&0x30) {
        return Err(wrong("it is neither PEM nor PKCS#12"));
    }
    let password = passphrase.map_or("", |passphrase| passphrase.expose());
    let store = KeyStore::from_pkcs12(bytes, password, Pkcs12ImportPolicy::Relaxed).map_err(|error| {
        tracing::debug!(%error, "no PKCS#12");
        match (&error, passphrase) {
            (p12_keystore::error::Error::MacError(_), Some(_)) => wrong("the passphrase of the archive is wrong"),
            (_, None) => CertificateFault::Locked,
            _ => wrong("it is not a PKCS#12 archive, or a damaged one, or the passphrase is wrong"),
        }
    })?;
    let Some((_, found)) = store.private_key_chain() else {
        return Err(wrong("the archive holds no private key with its certificate"));
    };
    let chain = found.certs().iter().map(|certificate| certificate.as_der().to_vec()).collect();
    Ok((chain, Secret::new(found.key().as_der().to_vec())))
}

/// Makes sure that key and certificate are one pair that TLS can use.
fn checked(chain: Vec<Vec<u8>>, key: Secret<Vec<u8>>) -> Result<ClientCertificate, CertificateFault> {
    let Some(first) = chain.first() else {
        return Err(wrong("it holds no certificate in PEM format (-----BEGIN CERTIFICATE-----)"));
    };
    let certificate = Certificate::of_der(first).ok_or_else(|| wrong("its certificate is damaged"))?;
    let user = certificate.user().ok_or_else(|| wrong("its certificate names nobody"))?;
    let copy = Zeroizing::new(key.expose().clone());
    let der = PrivateKeyDer::try_from(copy.as_slice()).map_err(|_| wrong("its key is damaged"))?;
    let signer = any_supported_type(&der).map_err(|_| wrong("its key is of a kind that TLS does not use here"))?;
    let pair = CertifiedKey::new(vec![CertificateDer::from(first.as_slice()).into_owned()], signer);
    if matches!(pair.keys_match(), Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch))) {
        return Err(wrong("its key belongs to another certificate"));
    }
    Ok(ClientCertificate { user, chain, key })
}

fn wrong(what: &str) -> CertificateFault {
    CertificateFault::Wrong(what.to_owned())
}
