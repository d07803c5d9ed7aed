//! Certificates by which OpenSSH's authorities vouch for users: what there is to know before a server says no, and the
//! signatures that prove one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use russh::SendError;
use russh::keys::agent::AgentIdentity;
use russh::keys::signature::Signer as _;
use russh::keys::ssh_encoding::Encode;
use russh::keys::ssh_key::certificate::CertType;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{Certificate, HashAlg, PrivateKey};

/// Names of principals that are shown.
const SHOWN: usize = 4;

/// Where `ssh-keygen` puts the certificate of a key.
pub(super) fn beside(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().to_owned();
    name.push("-cert.pub");
    name.into()
}

/// Why a certificate will hardly let a user in now; a server only says no.
pub(super) fn doubt(certificate: &Certificate, user: &str, now: SystemTime) -> Option<String> {
    if certificate.cert_type() != CertType::User {
        return Some("it is one for hosts".to_owned());
    }
    if let Some(when) = out_of_time(certificate, now) {
        return Some(when);
    }
    let names = certificate.valid_principals();
    // The server may map names to users, so it is asked all the same.
    (!names.is_empty() && !names.iter().any(|name| name == user)).then(|| format!("it is for {}", listed(names)))
}

/// Whether a certificate's time is over or still to come, in words.
pub(super) fn out_of_time(certificate: &Certificate, now: SystemTime) -> Option<String> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let (from, until) = (certificate.valid_after(), certificate.valid_before());
    match () {
        () if now >= until => Some(format!("it expired {} ago", span(now - until))),
        () if now < from => Some(format!("it is not valid for another {}", span(from - now))),
        () => None,
    }
}

/// Names that a certificate holds, safe for a terminal.
pub(super) fn listed(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| name.escape_debug().to_string()).collect();
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    shown.join(", ") + &more
}

/// A time in its largest unit.
fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (Duration::from_secs(seconds).as_secs() / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Signs with the key of a file. The library's own way to prove a certificate signs RSA by SHA-1, which servers refuse.
pub(super) struct FileSigner(pub(super) Arc<PrivateKey>);

/// There is no signature.
#[derive(Debug)]
pub(super) struct Unsigned;

impl From<SendError> for Unsigned {
    fn from(_: SendError) -> Self {
        Self
    }
}

impl russh::Signer for FileSigner {
    type Error = Unsigned;

    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        hash: Option<HashAlg>,
        mut data: Vec<u8>,
    ) -> Result<Vec<u8>, Unsigned> {
        let signature = match self.0.key_data() {
            KeypairData::Rsa(pair) => (pair, hash).try_sign(&data),
            pair => pair.try_sign(&data),
        };
        let signature = signature.map_err(|_| Unsigned)?;
        signature.encode_prefixed(&mut data).map_err(|_| Unsigned)?;
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{beside, listed, span};

    #[test]
    fn a_certificate_stands_beside_its_key() {
        assert_eq!(beside(Path::new("/k/id_rsa")), Path::new("/k/id_rsa-cert.pub"));
    }

    #[test]
    fn times_and_names_are_short() {
        assert_eq!([span(1), span(120), span(7200), span(86_400 * 3)], ["1 second", "2 minutes", "2 hours", "3 days"]);
        let names: Vec<String> = ["a", "b\n", "c", "d", "e"].map(str::to_owned).into();
        assert_eq!(listed(&names), "a, b\\n, c, d and 1 more");
    }
}
