//! Proving the user to an SSH server: key files with their certificates, agent, default keys, password,
//! keyboard-interactive.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse as Interaction};
use russh::keys::{Certificate, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey};
use russh::{MethodKind, MethodSet};

use super::super::admission::FRESH;
use super::super::{Admission, Error, Leave, Step};
use super::agent::Agent;
use super::algorithms::{may_prove, may_vouch};
use super::certificate::{FileSigner, doubt};
use super::client::Client;
use super::fault;
use super::host_key::Gate;
use super::keys::{KeyFile, KeyProblem};
use super::notes::Notes;
use crate::outcome::Reason;
use crate::secret::Secret;
use crate::target::{SshMethods, SshServer};

/// Who logs on, and with what.
pub(super) struct Logon<'a> {
    pub(super) place: &'a str,
    pub(super) user: String,
    pub(super) password: Option<&'a Secret<String>>,
    pub(super) server: &'a SshServer,
    pub(super) client: &'a Client,
    pub(super) notes: &'a Notes,
    pub(super) admission: &'a Admission,
    /// The run's leave to send the password, once it has been given; asked for once on the whole way.
    pub(super) leave: &'a OnceLock<Leave>,
}

/// How a logon went that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// The password let us in.
    ByPassword,
    /// A key did, or nothing was needed.
    Otherwise,
    /// Leave to send the password came so late that the session is better made anew.
    Stale,
}

/// Logs on to a server that has shown its key.
///
/// A password is sent at most once, so that a wrong one costs one failed logon; one that unlocked a key file is a
/// passphrase and is never sent.
///
/// # Errors
/// [`Reason::LogonDenied`] when something was refused, [`Reason::AuthMethod`] when there was nothing to try,
/// [`Reason::Network`] when the server hung up.
pub(super) async fn authenticate(session: &mut Handle<Gate>, logon: &Logon<'_>) -> Result<Entry, Error> {
    let attempt = Attempt {
        session,
        logon,
        accepted: None,
        passed: Vec::new(),
        tried: Vec::new(),
        unusable: Vec::new(),
        locked: false,
        doubted: false,
        password_sent: false,
        agent: None,
        seen: HashSet::new(),
    };
    attempt.run().await
}

/// The logon so far.
struct Attempt<'a> {
    session: &'a mut Handle<Gate>,
    logon: &'a Logon<'a>,
    /// The methods that the server goes on with; unknown before its first answer.
    accepted: Option<MethodSet>,
    /// What the server accepted as a part of what it wants.
    passed: Vec<String>,
    /// What the server refused.
    tried: Vec<String>,
    /// What could not be tried, and why.
    unusable: Vec<String>,
    /// A key file needs a passphrase.
    locked: bool,
    /// A certificate was offered that will hardly do.
    doubted: bool,
    /// The server has seen the password.
    password_sent: bool,
    /// The agent, once it was asked.
    agent: Option<Agent>,
    /// Keys that were offered, because the agent often holds the files' keys too.
    seen: HashSet<String>,
}

/// Whether we are in.
type Tried = Result<bool, Error>;

impl Attempt<'_> {
    async fn run(mut self) -> Result<Entry, Error> {
        let named = self.logon.server.identities.is_some();
        let files = self.logon.server.identities.clone().unwrap_or_else(|| self.logon.client.default_identities());
        // As ssh has it: keys that somebody named come first, the usual ones last.
        let by_key = match named {
            true => self.files(&files, named).await? || self.agent_keys().await?,
            false => self.agent_keys().await? || self.files(&files, named).await?,
        };
        if by_key {
            return Ok(Entry::Otherwise);
        }
        let entry = if self.is_passphrase(&files, named).await { None } else { self.password().await? };
        entry.ok_or_else(|| self.denied())
    }

    /// Offers the keys of files, by the agent where it has them and the file alone is of no use. Files that nobody
    /// named may be missing or locked without a word.
    async fn files(&mut self, paths: &[PathBuf], named: bool) -> Tried {
        for path in paths {
            if !self.accepts(MethodKind::PublicKey) {
                return Ok(false);
            }
            let file = self.logon.client.keys.load(path, self.logon.password).await;
            if self.certificates_of(&file).await? {
                return Ok(true);
            }
            if !self.accepts(MethodKind::PublicKey) {
                return Ok(false);
            }
            let what = || format!("key {}", path.display());
            match (file.identity, file.public) {
                (Ok(identity), _) => {
                    if self.key_file(identity.key, what).await? {
                        return Ok(true);
                    }
                }
                (Err(_), Some(public)) if self.agent_has(&public).await => {
                    if self.agent_key(public, what).await? {
                        return Ok(true);
                    }
                }
                (Err(KeyProblem::Missing | KeyProblem::Locked | KeyProblem::WrongPassphrase), _) if !named => {}
                (Err(problem), _) => {
                    self.locked |= matches!(problem, KeyProblem::Locked | KeyProblem::WrongPassphrase);
                    self.unusable.push(format!("{} ({problem})", path.display()));
                }
            }
        }
        Ok(false)
    }

    /// Offers the certificates of a key: the one beside it, and those that are named for it. As in `ssh` they come before
    /// the key itself.
    async fn certificates_of(&mut self, file: &KeyFile) -> Tried {
        let Some(public) = &file.public else { return Ok(false) };
        let mut all: Vec<_> = file.certificate.iter().cloned().collect();
        for path in &self.logon.server.certificates {
            all.extend(self.logon.client.keys.load(path, None).await.certificate);
        }
        for (path, certificate) in all {
            if certificate.public_key() != public.key_data() || !self.accepts(MethodKind::PublicKey) {
                continue;
            }
            let key = file.identity.as_ref().ok().map(|identity| Arc::clone(&identity.key));
            if key.is_none() && !self.agent_has(public).await {
                continue;
            }
            if self.certificate(&certificate, key, &path.display().to_string()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Offers a certificate, with its key or by the agent.
    async fn certificate(&mut self, certificate: &Certificate, key: Option<Arc<PrivateKey>>, name: &str) -> Tried {
        let public = PublicKey::from(certificate.public_key().clone());
        // What was read can be written.
        let text = certificate.to_openssh().unwrap_or_default();
        let is_new = may_vouch(&self.logon.server.algorithms, &public.algorithm()) && self.seen.insert(text);
        if !is_new {
            return Ok(false);
        }
        let doubt = doubt(certificate, &self.logon.user, SystemTime::now());
        self.doubted |= doubt.is_some();
        let what = format!("certificate {name}{}", doubt.map(|doubt| format!(" ({doubt})")).unwrap_or_default());
        let hash = self.rsa_hash(&public).await?;
        let (user, offered) = (self.logon.user.clone(), certificate.clone());
        let result = match (key, self.agent.as_mut().and_then(|agent| agent.client.as_mut())) {
            (Some(key), _) => {
                let signer = &mut FileSigner(key);
                self.session.authenticate_certificate_with(user, offered, hash, signer).await.map_err(drop)
            }
            (None, Some(client)) => {
                self.session.authenticate_certificate_with(user, offered, hash, client).await.map_err(drop)
            }
            (None, None) => return Ok(false),
        };
        match result {
            Ok(result) => self.judge(Ok(result), || what).await,
            Err(()) if self.session.is_closed() => Err(self.gone()),
            Err(()) => {
                self.unusable.push(format!("{what} (its key does not sign)"));
                Ok(false)
            }
        }
    }

    async fn key_file(&mut self, key: Arc<PrivateKey>, what: impl FnOnce() -> String) -> Tried {
        if !self.is_new(key.public_key()) {
            return Ok(false);
        }
        let hash = self.rsa_hash(key.public_key()).await?;
        let user = self.logon.user.clone();
        let result = self.session.authenticate_publickey(user, PrivateKeyWithHashAlg::new(key, hash)).await;
        self.judge(result, what).await
    }

    /// Whether a key was not offered yet, and may be.
    fn is_new(&mut self, key: &PublicKey) -> bool {
        let lists = &self.logon.server.algorithms;
        let short = key.key_data().rsa().is_some_and(|rsa| lists.rsa_bits.is_some_and(|least| rsa.key_size() < least));
        !short && may_prove(lists, &key.algorithm()) && self.seen.insert(key.fingerprint(HashAlg::Sha256).to_string())
    }

    /// Asks the agent for its keys, once.
    async fn ask_agent(&mut self) {
        if self.agent.is_some() {
            return;
        }
        let mut agent = Agent::default();
        if let Some(socket) = self.logon.client.agent(&self.logon.server.agent) {
            match Agent::ask(socket).await {
                Ok(answer) => agent = answer,
                Err(_) => self.unusable.push(format!("the agent at {} (it does not answer)", socket.display())),
            }
        }
        self.agent = Some(agent);
    }

    async fn agent_has(&mut self, public: &PublicKey) -> bool {
        self.ask_agent().await;
        self.agent.iter().flat_map(|agent| &agent.keys).any(|(key, _)| key.key_data() == public.key_data())
    }

    /// Offers the agent's keys, unless only those of files are to be offered.
    async fn agent_keys(&mut self) -> Tried {
        if self.logon.server.identities_only || !self.accepts(MethodKind::PublicKey) {
            return Ok(false);
        }
        self.ask_agent().await;
        let certificates: Vec<_> = self.agent.iter().flat_map(|agent| agent.certificates.clone()).collect();
        for (certificate, comment) in certificates {
            let name = format!("of the agent, {}", comment.escape_debug());
            if self.accepts(MethodKind::PublicKey) && self.certificate(&certificate, None, &name).await? {
                return Ok(true);
            }
        }
        let keys: Vec<_> = self.agent.iter().flat_map(|agent| agent.keys.clone()).collect();
        for (key, comment) in keys {
            let what = || format!("agent key {}", comment.escape_debug());
            if self.accepts(MethodKind::PublicKey) && self.agent_key(key, what).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Offers one of the agent's keys.
    async fn agent_key(&mut self, key: PublicKey, what: impl Fn() -> String) -> Tried {
        if !self.is_new(&key) {
            return Ok(false);
        }
        let hash = self.rsa_hash(&key).await?;
        let Some(client) = self.agent.as_mut().and_then(|agent| agent.client.as_mut()) else { return Ok(false) };
        match self.session.authenticate_publickey_with(self.logon.user.clone(), key, hash, client).await {
            Ok(result) => self.judge(Ok(result), what).await,
            Err(_) if self.session.is_closed() => Err(self.gone()),
            // The agent would not sign, or its user said no.
            Err(_) => {
                self.unusable.push(format!("{} (the agent does not sign with it)", what()));
                Ok(false)
            }
        }
    }

    /// Whether the password is a passphrase, which no server may see: it unlocks one of the key files, or was given
    /// together with a locked one that only it could be meant for.
    async fn is_passphrase(&mut self, paths: &[PathBuf], named: bool) -> bool {
        if self.logon.password.is_none() {
            return false;
        }
        for path in paths {
            let file = self.logon.client.keys.load(path, self.logon.password).await;
            let is = match file.identity {
                Ok(identity) => identity.encrypted,
                Err(KeyProblem::WrongPassphrase) if named => match &file.public {
                    Some(public) => !self.agent_has(public).await,
                    None => true,
                },
                Err(_) => false,
            };
            if is {
                self.unusable.push(format!("the password (taken as the passphrase of {}, never sent)", path.display()));
                return true;
            }
        }
        false
    }

    async fn password(&mut self) -> Result<Option<Entry>, Error> {
        let Some(password) = self.logon.password else { return Ok(None) };
        if self.accepted.is_none() {
            // Asks what the server accepts without spending the one try.
            let result = self.session.authenticate_none(self.logon.user.clone()).await;
            if self.judge(result, || "no proof at all".to_owned()).await? {
                return Ok(Some(Entry::Otherwise));
            }
            self.tried.clear();
        }
        if self.accepts(MethodKind::Password) {
            if !self.may_prove().await? {
                return Ok(Some(Entry::Stale));
            }
            self.password_sent = true;
            let result = self.session.authenticate_password(self.logon.user.clone(), password.expose()).await;
            let logged_on = self.judge(result, || "the password".to_owned()).await?;
            return Ok(logged_on.then_some(Entry::ByPassword));
        }
        if self.accepts(MethodKind::KeyboardInteractive) { self.interact(password).await } else { Ok(None) }
    }

    /// Waits for leave to send the password; `false` when the session is too old for that by then.
    async fn may_prove(&self) -> Tried {
        if self.logon.leave.get().is_some() {
            return Ok(true);
        }
        let (leave, waited) = self.logon.admission.ask(Step::Prove).await?;
        self.logon.leave.get_or_init(|| leave);
        Ok(waited < FRESH && !self.session.is_closed())
    }

    /// Answers the first hidden question by the password, and no second one: that would be a retry or another factor.
    async fn interact(&mut self, password: &Secret<String>) -> Result<Option<Entry>, Error> {
        let mut answered = false;
        let mut answer =
            self.session.authenticate_keyboard_interactive_start(self.logon.user.clone(), None::<String>).await;
        loop {
            match answer {
                Err(_) => return Err(self.gone()),
                Ok(Interaction::Success) => {
                    return Ok(Some(if self.password_sent { Entry::ByPassword } else { Entry::Otherwise }));
                }
                Ok(Interaction::Failure { remaining_methods, partial_success }) => {
                    self.accepted = Some(remaining_methods);
                    let judged = if partial_success { &mut self.passed } else { &mut self.tried };
                    judged.push("the password (keyboard-interactive)".to_owned());
                    return Ok(None);
                }
                Ok(Interaction::InfoRequest { prompts, .. }) => {
                    let hidden = prompts.iter().filter(|prompt| !prompt.echo).count();
                    if prompts.len() != hidden || hidden > 1 || (hidden == 1 && answered) {
                        let asked: Vec<_> =
                            prompts.iter().map(|prompt| prompt.prompt.escape_debug().to_string()).collect();
                        self.unusable.push(format!("keyboard-interactive (the server asks {})", asked.join(", ")));
                        return Ok(None);
                    }
                    if hidden == 1 && !self.may_prove().await? {
                        return Ok(Some(Entry::Stale));
                    }
                    answered |= hidden == 1;
                    self.password_sent = answered;
                    let responses = prompts.iter().map(|_| password.expose().clone()).collect();
                    answer = self.session.authenticate_keyboard_interactive_respond(responses).await;
                }
            }
        }
    }

    /// Whether the server goes on with a method, and ours may be used.
    fn accepts(&self, method: MethodKind) -> bool {
        let SshMethods { public_key, password, keyboard_interactive } = self.logon.server.methods;
        let allowed = match method {
            MethodKind::PublicKey => public_key,
            MethodKind::Password => password,
            MethodKind::KeyboardInteractive => keyboard_interactive,
            _ => true,
        };
        allowed && self.accepted.as_ref().is_none_or(|accepted| accepted.contains(&method))
    }

    /// Takes the server's answer to one proof.
    async fn judge(&mut self, result: Result<AuthResult, russh::Error>, what: impl FnOnce() -> String) -> Tried {
        match result {
            Ok(AuthResult::Success) => Ok(true),
            Ok(AuthResult::Failure { remaining_methods, .. }) if remaining_methods.is_empty() => {
                Err(self.no_more_methods(what()).await)
            }
            Ok(AuthResult::Failure { remaining_methods, partial_success }) => {
                self.accepted = Some(remaining_methods);
                if partial_success { &mut self.passed } else { &mut self.tried }.push(what());
                Ok(false)
            }
            Err(_) => Err(self.gone()),
        }
    }

    /// Why an answer names no method: the library tells the session's end so, and ends the session itself where the
    /// server has none.
    async fn no_more_methods(&mut self, what: String) -> Error {
        // Its reason is known when it has ended.
        let _ = (&mut *self.session).await;
        let is_first = self.accepted.is_none() && !self.password_sent;
        if self.logon.notes.farewell().as_deref() == Some(fault::NO_METHOD) && is_first {
            return fault::no_method(self.logon.place, &self.logon.user);
        }
        self.tried.push(what);
        if self.logon.notes.farewell().as_deref() != Some(fault::NO_METHOD) {
            return self.gone();
        }
        self.accepted = Some(MethodSet::empty());
        self.denied()
    }

    /// The hash for an RSA signature; SHA-1 is not used.
    async fn rsa_hash(&self, key: &PublicKey) -> Result<Option<HashAlg>, Error> {
        if !matches!(key.algorithm(), russh::keys::Algorithm::Rsa { .. }) {
            return Ok(None);
        }
        match self.session.best_supported_rsa_hash().await {
            Ok(best) => Ok(best.flatten().or(Some(HashAlg::Sha256))),
            Err(_) => Err(self.gone()),
        }
    }

    fn gone(&self) -> Error {
        let farewell = self.logon.notes.farewell().unwrap_or_default();
        if self.password_sent {
            // Servers that allow one try end like this, in words of their own or in none. To try on would be another
            // failed logon.
            let words = if farewell.is_empty() { "connection closed".to_owned() } else { farewell };
            let (place, user) = (self.logon.place, &self.logon.user);
            return Error::new(
                Reason::LogonDenied,
                format!("{place} hung up on user {user} after the password: {words}"),
            )
            .with_hint(fault::PASSWORD_HINT);
        }
        if self.tried.is_empty() || !farewell.contains("authentication failures") {
            let gone = fault::gone(self.logon.place, "the user was logged on", self.logon.notes);
            return gone.with_hint(fault::HUNG_UP_HINT);
        }
        let tried = self.tried.join(", ");
        Error::new(
            Reason::LogonDenied,
            format!("{} refused user {}: {farewell} (tried {tried})", self.logon.place, self.logon.user),
        )
        .with_hint("offer fewer keys: name the right one with --identity, or take others out of the agent")
    }

    fn denied(&self) -> Error {
        let accepted = self.accepted.iter().flat_map(|methods| methods.iter());
        let accepted: Vec<String> = accepted.map(|method| <&str>::from(method).to_owned()).collect();
        let mut parts = Vec::new();
        // A refusal is one of the credential, and counts against it, only if the server has seen its password.
        let blames = self.password_sent || (self.logon.password.is_none() && !self.tried.is_empty());
        let reason = if blames { Reason::LogonDenied } else { Reason::AuthMethod };
        if !self.passed.is_empty() {
            parts.push(format!("it accepted {}", self.passed.join(", ")));
        }
        match self.tried.as_slice() {
            [] if self.passed.is_empty() => parts.push("nothing could be tried".to_owned()),
            [] => {}
            tried => parts.push(format!("tried {}", tried.join(", "))),
        }
        if !self.unusable.is_empty() {
            parts.push(format!("could not use {}", self.unusable.join(", ")));
        }
        if !accepted.is_empty() {
            let wants = if self.passed.is_empty() { "the server goes on with" } else { "the server also wants" };
            parts.push(format!("{wants} {}", accepted.join(", ")));
        }
        let (place, user) = (self.logon.place, &self.logon.user);
        let lacks_password = self.logon.password.is_none()
            && !self.passed.is_empty()
            && (self.accepts(MethodKind::Password) || self.accepts(MethodKind::KeyboardInteractive));
        let hint = match () {
            () if lacks_password => fault::LACKS_PASSWORD_HINT,
            () if self.locked => fault::LOCKED_HINT,
            () if self.doubted => fault::CERTIFICATE_HINT,
            () if self.password_sent => fault::PASSWORD_HINT,
            () => fault::KEY_HINT,
        };
        Error::new(reason, format!("{place} did not let user {user} in: {}", parts.join("; "))).with_hint(hint)
    }
}
