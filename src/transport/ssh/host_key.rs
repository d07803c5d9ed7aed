//! The gate of a session: shows the server's key to known_hosts, and keeps what the server says when it leaves.

use std::sync::Arc;

use russh::client::DisconnectReason;
use russh::keys::{Algorithm, HashAlg, PublicKey, PublicKeyOrCertificate};

use super::super::Error;
use super::fault;
use super::known_hosts::{HostKey, KnownHosts, Verdict};
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
            // We ask for none.
            PublicKeyOrCertificate::Certificate(_) => {
                Err(Error::new(Reason::HostKey, "the server shows a certificate instead of a host key"))
            }
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
    /// Lets the host in, or says why not.
    fn admit(&self, key: &PublicKey) -> Result<(), Error> {
        if let (Some(least), Some(rsa)) = (self.rsa_bits, key.key_data().rsa())
            && rsa.key_size() < least
        {
            let text = format!("the host key has {} bits, and RequiredRSASize is {least}", rsa.key_size());
            return Err(Error::new(Reason::HostKey, text));
        }
        let fingerprint = key.fingerprint(HashAlg::Sha256);
        let blob = key.to_bytes().map_err(|_| Error::new(Reason::HostKey, "the host key cannot be read"))?;
        let key = HostKey { kind: key.algorithm().as_str().to_owned(), blob };
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
            .map_err(|error| error.with_hint(self.replace_hint(&place.to_string(), &key))),
            Verdict::OtherKind(place, kind) => {
                refuse(format!("the server shows only {shown}, but {place} knows it by a key of kind {kind}"))
                    .map_err(|error| error.with_hint(self.replace_hint(&place.to_string(), &key)))
            }
            Verdict::Revoked(place) => refuse(format!("the host key {shown} is revoked ({place})")),
            Verdict::Authority(place) => refuse(format!(
                "{place} trusts this host by a certificate authority, and host certificates are not supported"
            ))
            .map_err(|error| error.with_hint(self.add_hint(&key))),
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

    fn replace_hint(&self, place: &str, key: &HostKey) -> String {
        let line = key.line_for(&self.known_as.0, self.known_as.1);
        format!(
            "if the host was set up anew, compare the fingerprint there and replace the line at {place} with: {line}"
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
