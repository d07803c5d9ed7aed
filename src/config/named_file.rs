//! What files that settings name must hold, seen before the first connection.

use std::io;
use std::path::Path;

use base64_simd::STANDARD as BASE64;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use zeroize::Zeroizing;

use super::NamedFile;
use crate::certificate::Certificate;
use crate::error_text;
use crate::whole_file;

/// Whether a file holds what it must. Whether a passphrase fits an encrypted key is not known before the logon.
///
/// # Errors
/// What is wrong with it, without its name.
pub(super) fn check(file: NamedFile, path: &Path) -> Result<(), String> {
    let bytes = match whole_file::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if file == (NamedFile::KnownHosts { is_made: true }) && error.kind() == io::ErrorKind::NotFound => {
            return Ok(());
        }
        Err(error) => return Err(error_text::unreadable(&error)),
    };
    match file {
        NamedFile::Ca => certificates(&bytes),
        #[cfg(feature = "ssh")]
        NamedFile::Identity => super::identity::check(&bytes),
        #[cfg(not(feature = "ssh"))]
        NamedFile::Identity => Ok(()),
        NamedFile::KnownHosts { .. } => known_hosts(&bytes),
        NamedFile::Keytab => of_krb5(&bytes, 1..=2, "keytab (klist -k shows what one holds)"),
        NamedFile::TicketCache => of_krb5(&bytes, 1..=4, "cache of tickets (kinit makes one)"),
    }
}

/// Files of MIT's and Heimdal's begin with a five and their version.
fn of_krb5(bytes: &[u8], versions: std::ops::RangeInclusive<u8>, what: &str) -> Result<(), String> {
    match bytes {
        [5, version, ..] if versions.contains(version) => Ok(()),
        _ => Err(format!("it is not a {what}")),
    }
}

fn certificates(bytes: &[u8]) -> Result<(), String> {
    let mut count = 0;
    for found in CertificateDer::pem_slice_iter(bytes) {
        let certificate = found.map_err(|_| "a PEM block in it is cut short or damaged".to_owned())?;
        count += 1;
        if Certificate::of_der(&certificate).is_none() {
            return Err(format!("certificate {count} in it is damaged"));
        }
    }
    match count {
        0 => Err("it holds no certificate in PEM format (-----BEGIN CERTIFICATE-----)".to_owned()),
        _ => Ok(()),
    }
}

fn known_hosts(bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).peekable();
    // One line that is not right is passed over, as ssh does.
    match lines.peek().is_none() || lines.any(is_known_host) {
        true => Ok(()),
        false => Err("no line in it is a known_hosts line (HOST KIND KEY)".to_owned()),
    }
}

fn is_known_host(line: &str) -> bool {
    let key = line.split_whitespace().skip(usize::from(line.starts_with('@'))).nth(2);
    key.is_some_and(|key| BASE64.decode_to_vec(key).is_ok_and(|key| key.len() > 4))
}
