//! Certificates of hosts, as `@cert-authority` lines of known_hosts trust them (sshd(8), PROTOCOL.certkeys).

use std::time::SystemTime;

use russh::keys::ssh_key::certificate::CertType;
use russh::keys::{Certificate, HashAlg, PublicKey};

use super::certificate::{listed, out_of_time};
use super::known_hosts::{HostKey, KnownHosts, glob};

/// A key as known_hosts has it.
pub(super) fn key_of(key: &PublicKey) -> HostKey {
    // What was read can be written.
    HostKey { kind: key.algorithm().as_str().to_owned(), blob: key.to_bytes().unwrap_or_default() }
}

/// What a certificate proves of a host, in words.
///
/// # Errors
/// Why it does not.
pub(super) fn doubt(
    certificate: &Certificate,
    (address, port): &(String, u16),
    known: &KnownHosts,
    now: SystemTime,
) -> Result<String, String> {
    let signer = PublicKey::from(certificate.signature_key().clone());
    let authority = key_of(&signer);
    let named = format!("{} {}", authority.kind, signer.fingerprint(HashAlg::Sha256));
    let plain = key_of(&certificate.public_key().clone().into());
    let revoked = known.revoked(address, *port, &authority).or_else(|| known.revoked(address, *port, &plain));
    if let Some(place) = revoked {
        return Err(format!("its key, or the one that signed it, is revoked ({place})"));
    }
    if !known.authorities(address, *port).contains(&authority) {
        return Err(format!("known_hosts trusts no authority for this host by the key that signed it, {named}"));
    }
    if certificate.cert_type() != CertType::Host {
        return Err("it is one for users".to_owned());
    }
    if let Some(when) = out_of_time(certificate, now) {
        return Err(when);
    }
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let trusted = [certificate.signature_key().fingerprint(HashAlg::Sha256)];
    if certificate.validate_at(seconds, &trusted).is_err() {
        return Err("its signature is wrong".to_owned());
    }
    let names = certificate.valid_principals();
    let address = address.to_ascii_lowercase();
    if !names.is_empty() && !names.iter().any(|name| glob(&name.to_ascii_lowercase(), &address)) {
        return Err(format!("it is for {}", listed(names)));
    }
    if let Some((option, _)) = certificate.critical_options().iter().next() {
        return Err(format!("it asks for {}, which is not known", option.escape_debug()));
    }
    Ok(format!("{} by the authority {named}", plain.kind))
}
