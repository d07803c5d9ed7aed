//! The gate of a session: shows the server's key to known_hosts, and keeps what the server says when it leaves.

use std::sync::Arc;
use std::time::SystemTime;

use russh::client::DisconnectReason;
use russh::keys::{Algorithm, Certificate, HashAlg, PublicKey, PublicKeyOrCertificate};

use super::super::Error;
use super::fault;
use super::host_certificate;
use super::known_hosts::{HostKey, KnownHosts, Place, Verdict, written_name};
use super::notes::Notes;
use crate::error_text;
use crate::outcome::Reason;
use crate::target::HostKeyPolicy;

/// The handler of one session.
pub(super) struct Gate {
    /// The name and port that known_hosts has the server under.
    pub(super) known_as: (String, u16),
    pub(super) policy: HostKeyPolicy,
    /// The shortest RSA key that is taken.
    pub(super) rsa_bits: Option<u32>,
    pub(super) known: Arc<KnownHosts>,
    pub(super) notes: Arc<Notes>,
}

impl russh::client::Handler for Gate {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let admitted = match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => self.admit(key),
            PublicKeyOrCertificate::Certificate(certificate) => self.admit_certificate(certificate),
        };
        if let Err(error) = admitted {
            self.notes.refuse(error);
            return Ok(false);
        }
        Ok(true)
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Self::Error>) -> Result<(), Self::Error> {
        let text = match reason {
            DisconnectReason::ReceivedDisconnect(info) => fault::farewell(&info.reason_code, &info.message),
            DisconnectReason::Error(error) => fault::words_of(&error),
        };
        self.notes.left(text);
        Ok(())
    }
}

impl Gate {
    /// Lets a host in for which an authority vouches, or whose key is known beside that; else says why not.
    fn admit_certificate(&self, certificate: &Certificate) -> Result<(), Error> {
        let doubt = match host_certificate::doubt(certificate, &self.known_as, &self.known, SystemTime::now()) {
            Ok(shown) => {
                self.notes.shown(shown);
                return Ok(());
            }
            Err(doubt) => doubt,
        };
        let key = PublicKey::from(certificate.public_key().clone());
        let plain = host_certificate::key_of(&key);
        match self.known.check(&self.known_as.0, self.known_as.1, &plain) {
            Verdict::Known => self.admit(&key),
            _ => Err(Error::new(Reason::HostKey, format!("the host's certificate does not count: {doubt}")).with_hint(
                "have the host's key signed anew by an authority that known_hosts trusts: ssh-keygen -s CA -I ID -h -n NAME \
                 -V +52w FILE.pub",
            )),
        }
    }

    /// Lets the host in, or says why not.
    fn admit(&self, key: &PublicKey) -> Result<(), Error> {
        if let (Some(least), Some(rsa)) = (self.rsa_bits, key.key_data().rsa())
            && rsa.key_size() < least
        {
            let text = format!("the host key has {} bits, and RequiredRSASize is {least}", rsa.key_size());
            return Err(Error::new(Reason::HostKey, text));
        }
        let fingerprint = key.fingerprint(HashAlg::Sha256);
        let key = host_certificate::key_of(key);
        let shown = format!("{} {fingerprint}", key.kind);
        self.notes.shown(shown.clone());
        let refuse = |text: String| Err(Error::new(Reason::HostKey, text));
        match self.known.check(&self.known_as.0, self.known_as.1, &key) {
            Verdict::Known => Ok(()),
            Verdict::Unknown => self.admit_unknown(&key, &shown),
            Verdict::Changed(place) => refuse(format!(
                "the host key has CHANGED: the server shows {shown}, but {place} has another key; \
                 someone may be listening in"
            ))
            .map_err(|error| error.with_hint(self.replace_hint(&place, &key))),
            Verdict::OtherKind(place, kind) => {
                refuse(format!("the server shows only {shown}, but {place} knows it by a key of kind {kind}"))
                    .map_err(|error| error.with_hint(self.replace_hint(&place, &key)))
            }
            Verdict::Revoked(place) => refuse(format!("the host key {shown} is revoked ({place})")),
            Verdict::Authority(place) => refuse(format!(
                "{place} trusts this host by a certificate authority, and it shows a key without a certificate: {shown}"
            ))
            .map_err(|error| {
                error.with_hint(format!("its sshd_config needs HostCertificate; or {}", self.add_hint(&key)))
            }),
        }
    }

    fn admit_unknown(&self, key: &HostKey, shown: &str) -> Result<(), Error> {
        match self.policy {
            HostKeyPolicy::Strict => {
                Err(Error::new(Reason::HostKey, format!("the host key is unknown: {shown}"))
                    .with_hint(self.add_hint(key)))
            }
            HostKeyPolicy::AcceptNew => self.known.remember(&self.known_as.0, self.known_as.1, key).map_err(|error| {
                Error::new(
                    Reason::HostKey,
                    format!("cannot remember the new host key {shown}: {}", error_text::io(&error)),
                )
            }),
        }
    }

    fn add_hint(&self, key: &HostKey) -> String {
        let line = key.line_for(&self.known_as.0, self.known_as.1);
        format!(
            "compare the fingerprint on the host, then add this line to known_hosts \
             (--host-keys accept-new adds it unchecked): {line}"
        )
    }

    fn replace_hint(&self, place: &Place, key: &HostKey) -> String {
        let line = key.line_for(&self.known_as.0, self.known_as.1);
        let name = written_name(&self.known_as.0, self.known_as.1);
        let file = place.file().display();
        format!(
            "if the host was set up anew, compare the fingerprint there, take the old key out by \
             `ssh-keygen -R '{name}' -f '{file}'`, and add this line: {line}"
        )
    }
}

/// Host key algorithms in the order to ask for: first those that the host is known by, so that a server with several
/// keys shows one that can be checked. SHA-1 signatures are left out.
pub(super) fn algorithms(kinds: &[String]) -> Vec<Algorithm> {
    let all = russh::Preferred::DEFAULT.key;
    let usable = all.iter().filter(|algorithm| !matches!(algorithm, Algorithm::Rsa { hash: None }));
    let (known, other): (Vec<_>, Vec<_>) = usable.cloned().partition(|algorithm| {
        let kind = if matches!(algorithm, Algorithm::Rsa { .. }) { "ssh-rsa" } else { algorithm.as_str() };
        kinds.iter().any(|known| known == kind)
    });
    known.into_iter().chain(other).collect()
}

#[cfg(test)]
mod tests {
    use super::algorithms;

    #[test]
    fn asks_first_for_what_can_be_checked() {
        let names = |kinds: &[&str]| {
            let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
            algorithms(&kinds).iter().map(|algorithm| algorithm.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&[])[0], "ssh-ed25519");
        assert_eq!(names(&["ssh-rsa"])[..3], ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
        assert_eq!(names(&["ecdsa-sha2-nistp384"])[0], "ecdsa-sha2-nistp384");
        assert!(!names(&["ssh-rsa"]).contains(&"ssh-rsa".to_owned()));
    }
}
