//! Finds what proves a user: fetched, read and asked for once, however many hosts need it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::config::{CertificateFault, Problem, SecretSource, System, read_client_certificate};
use crate::error_text;
use crate::secret::{Secret, password};
use crate::target::{ClientCertificate, Credential};

use super::effective::PasswordSource;
use super::logon::PasswordOrigin;
use super::password::{Fetched, fetch};

/// The files of a logon by certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CertificateFiles {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key, if that is in a file of its own.
    pub key: Option<PathBuf>,
}

/// What became of a certificate with the passphrase of each source.
type Tried = Vec<(Option<PasswordSource>, Result<Arc<Credential>, Problem>)>;

/// Finds credentials, and keeps what it found.
pub(super) struct Finder {
    certificates: HashMap<CertificateFiles, Tried>,
    may_ask: bool,
    /// By user: the credentials made so far.
    known: HashMap<String, Vec<Arc<Credential>>>,
    /// What was fetched so far, or why it was not: each source is asked once, and the prompt once for each user.
    fetched: HashMap<(SecretSource, Option<String>), Fetched>,
}

impl Finder {
    /// Nothing found yet.
    pub(super) fn new(may_ask: bool) -> Self {
        Self { may_ask, certificates: HashMap::new(), known: HashMap::new(), fetched: HashMap::new() }
    }

    /// The credential of a user. Equal ones are shared.
    pub(super) fn find(
        &mut self,
        user: &str,
        source: Option<&PasswordSource>,
        origin: &PasswordOrigin,
        around: &mut dyn System,
    ) -> Result<Arc<Credential>, Problem> {
        let password = match (origin, source) {
            (PasswordOrigin::Inventory, Some(PasswordSource::Inline(secret))) => Some(inline(user, secret)?),
            (PasswordOrigin::From(from), _) => Some(self.fetch(user, from, source, around)?),
            (PasswordOrigin::Ticket(_) | PasswordOrigin::Keytab(_), _) => {
                return Ok(self.share(of_ticket(Some(user), Some(origin))));
            }
            (PasswordOrigin::Inventory | PasswordOrigin::Keys | PasswordOrigin::Certificate(_), _) => None,
        };
        Ok(self.share(Credential::of(user, password)))
    }

    /// The credential of a certificate, which is read and unlocked once however many hosts take it.
    pub(super) fn certificate(
        &mut self,
        files: &CertificateFiles,
        source: Option<&PasswordSource>,
        around: &mut dyn System,
    ) -> Result<Arc<Credential>, Problem> {
        let known = self.certificates.get(files).into_iter().flatten();
        if let Some((_, found)) = known.into_iter().find(|(known, _)| is_same(known.as_ref(), source)) {
            return found.clone();
        }
        let found = self.read(files, source, around);
        let found = found.map(|certificate| self.share(Credential::Certificate(certificate)));
        self.certificates.entry(files.clone()).or_default().push((source.cloned(), found.clone()));
        found
    }

    fn read(
        &mut self,
        CertificateFiles { certificate: file, key }: &CertificateFiles,
        source: Option<&PasswordSource>,
        around: &mut dyn System,
    ) -> Result<ClientCertificate, Problem> {
        let shown = file.display().to_string();
        let problem = |what: &str| Problem::new(format!("the client certificate {shown}: {what}"));
        let mut read = |path: &Path| match around.read(path) {
            Ok(found) => Ok(Zeroizing::new(found.bytes)),
            Err(error) => Err(problem(&format!("cannot read {}: {}", path.display(), error_text::io(&error)))),
        };
        let certificate = read(file)?;
        let key = key.as_deref().map(read).transpose()?;
        let read = |passphrase: Option<&Secret<String>>| {
            read_client_certificate(&certificate, key.as_ref().map(|key| key.as_slice()), passphrase)
        };
        let wrong = |fault| match fault {
            CertificateFault::Wrong(what) => problem(&what),
            CertificateFault::Locked => problem("its passphrase does not open it"),
        };
        match read(None) {
            Err(CertificateFault::Locked) => {}
            found => return found.map_err(wrong),
        }
        let passphrase = match source {
            Some(PasswordSource::Inline(secret)) => inline(&shown, secret)?,
            Some(PasswordSource::From(given)) => self.fetch(&shown, &given.value, source, around)?,
            None if self.may_ask => self.fetch(&shown, &SecretSource::Prompt, None, around)?,
            None => {
                let hint = "name where its passphrase comes from: --password-from, or password_from in the inventory";
                return Err(problem("it takes a passphrase, and there is nobody to ask").with_hint(hint));
            }
        };
        read(Some(&passphrase)).map_err(wrong)
    }

    fn fetch(
        &mut self,
        user: &str,
        from: &SecretSource,
        source: Option<&PasswordSource>,
        around: &mut dyn System,
    ) -> Result<Secret<String>, Problem> {
        let asked_of = (*from == SecretSource::Prompt).then(|| user.to_owned());
        let may_ask = self.may_ask;
        let fetched = self.fetched.entry((from.clone(), asked_of));
        // Every user is told of alike, whoever was the first.
        fetched.or_insert_with(|| fetch(user, from, may_ask, around)).clone().map_err(|(what, hint)| {
            let named = match source {
                Some(PasswordSource::From(given)) if given.value == *from => format!(" ({})", given.source),
                _ => String::new(),
            };
            Problem { hint, ..Problem::new(format!("no password for '{user}': {what}{named}")) }
        })
    }

    /// The credential of a ticket, which says itself whose it is unless a user is named.
    pub(super) fn ticket(&mut self, user: Option<&str>, origin: Option<&PasswordOrigin>) -> Arc<Credential> {
        self.share(of_ticket(user, origin))
    }

    fn share(&mut self, credential: Credential) -> Arc<Credential> {
        let known = self.known.entry(credential.user().unwrap_or_default().to_owned()).or_default();
        if let Some(equal) = known.iter().find(|known| ***known == credential) {
            return equal.clone();
        }
        let credential = Arc::new(credential);
        known.push(credential.clone());
        credential
    }
}

/// The credential of a cache or a keytab.
fn of_ticket(user: Option<&str>, origin: Option<&PasswordOrigin>) -> Credential {
    match (origin, user) {
        (Some(PasswordOrigin::Keytab(file)), Some(user)) => {
            Credential::Keytab { user: user.to_owned(), file: file.clone() }
        }
        (Some(PasswordOrigin::Ticket(cache)), _) => {
            Credential::Ticket { user: user.map(str::to_owned), cache: cache.clone() }
        }
        _ => Credential::Ticket { user: user.map(str::to_owned), cache: None },
    }
}

/// The password that stands in an inventory.
fn inline(user: &str, secret: &Secret<String>) -> Result<Secret<String>, Problem> {
    password(secret.clone()).map_err(|what| Problem::new(format!("no password for '{user}': the inventory's {what}")))
}

/// Whether both give the same, wherever each is named.
fn is_same(one: Option<&PasswordSource>, other: Option<&PasswordSource>) -> bool {
    match (one, other) {
        (Some(PasswordSource::From(one)), Some(PasswordSource::From(other))) => one.value == other.value,
        (one, other) => one == other,
    }
}
