//! CredSSP as a mechanism: TLS in the headers, in it another mechanism, then both sides' proof of the TLS key, then the
//! password.
//!
//! ```text
//! Fresh --hello--> Hello --TLS stands--> Inner --we have proved user and key--> Key --the host has--> Open
//! ```

use aws_lc_rs::digest::{Context, SHA256};

use super::fault::CredSspFault;
use super::request::{FIRST_SAFE, TsRequest, credentials};
use super::tunnel::Tunnel;
use crate::auth::binding::ChannelBinding;
use crate::auth::error::Error;
use crate::auth::kerberos::KerberosFault;
use crate::auth::mechanism::{Inner, Leg, Logon, Mechanism, Step};
use crate::auth::sealed::{self, CHUNK, Sealed};
use crate::secret::Secret;

const NAME: &str = "CredSSP";
/// What TLS adds to the end of a record; where the server wants the record cut.
const TRAILER: usize = 16;
/// What each side hashes before the nonce and the key.
const OURS: &[u8] = b"CredSSP Client-To-Server Binding Hash\0";
const THEIRS: &[u8] = b"CredSSP Server-To-Client Binding Hash\0";

/// A logon that hands over the password.
pub(in crate::auth) struct CredSsp {
    inner: Box<dyn Inner>,
    tunnel: Tunnel,
    stage: Stage,
    user: String,
    password: Secret<String>,
    nonce: [u8; 32],
    /// The server's version, as it first stated it.
    version: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Fresh,
    /// TLS is being agreed on.
    Hello,
    /// The mechanism inside has legs to go.
    Inner,
    /// Our proof of the key has left, and with it what proves the user.
    Key,
    /// The password has left.
    Open,
}

impl CredSsp {
    pub(in crate::auth) fn new(inner: Box<dyn Inner>, logon: &Logon<'_>) -> Result<Self, Error> {
        let mut nonce = [0; 32];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| odd("this machine gives no random numbers"))?;
        let (user, password) = (logon.user.to_owned(), logon.password.clone());
        Ok(Self { inner, tunnel: Tunnel::new()?, stage: Stage::Fresh, user, password, nonce, version: None })
    }

    /// Goes on with TLS, and with the mechanism inside once that stands.
    fn hello(&mut self, from_server: &[u8]) -> Result<Step, Error> {
        if !self.tunnel.take(from_server)?.is_empty() {
            return Err(odd("it holds data before its time"));
        }
        if !self.tunnel.is_handshaking() {
            self.stage = Stage::Inner;
            return self.inner(None);
        }
        let records = self.tunnel.records()?;
        if records.is_empty() {
            return Err(odd("it ends in the middle of the TLS handshake"));
        }
        Ok(Step::Send(Leg { token: Some(records), ready: false }))
    }

    /// The next leg of the mechanism inside; with it, as soon as that can seal, our proof of the key.
    fn inner(&mut self, from_server: Option<&[u8]>) -> Result<Step, Error> {
        let leg = match self.inner.step(from_server)? {
            Step::Send(leg) => leg,
            wait @ Step::Wait(_) => return Ok(wait),
        };
        let mut request = TsRequest { token: leg.token, ..TsRequest::default() };
        if leg.ready && !(self.inner.seals_behind_answer() && self.inner.wants_token()) {
            let hash = self.hash(OURS)?;
            request.key = Some(self.inner.wrap(&hash)?);
            request.nonce = Some(self.nonce.to_vec());
            self.stage = Stage::Key;
        } else if request.token.is_none() {
            return Err(odd("it ends the logon before its time"));
        }
        Ok(Step::Send(Leg { token: Some(self.tunnel.seal(&request.write())?), ready: leg.ready }))
    }

    /// Checks that the server sees our TLS, and hands over the password.
    fn delegate(&mut self, from_server: TsRequest) -> Result<Step, Error> {
        if let Some(token) = from_server.token.filter(|_| self.inner.wants_token()) {
            self.inner.step(Some(&token))?;
        }
        let key = from_server.key.ok_or_else(|| odd("it lacks the proof of the TLS key"))?;
        if self.inner.open(&key)? != self.hash(THEIRS)? {
            return Err(Error::CredSsp(CredSspFault::OtherKey));
        }
        let password = self.inner.wrap(&credentials(&self.user, &self.password))?;
        let request = TsRequest { credentials: Some(password), ..TsRequest::default() };
        self.stage = Stage::Open;
        Ok(Step::Send(Leg { token: Some(self.tunnel.seal(&request.write())?), ready: true }))
    }

    /// The message in the server's records, unless it says no.
    fn read(&mut self, from_server: &[u8]) -> Result<TsRequest, Error> {
        let plain = self.tunnel.take(from_server)?;
        let request = TsRequest::read(&plain).ok_or_else(|| odd("it is no TSRequest"))?;
        if let Some(status) = request.status.filter(|status| *status != 0) {
            return Err(Error::CredSsp(CredSspFault::Status(status)));
        }
        if request.version < FIRST_SAFE {
            return Err(Error::CredSsp(CredSspFault::OldVersion(request.version)));
        }
        if *self.version.get_or_insert(request.version) != request.version {
            return Err(odd("it changes its version"));
        }
        Ok(request)
    }

    fn hash(&self, direction: &[u8]) -> Result<Vec<u8>, Error> {
        let mut hash = Context::new(&SHA256);
        hash.update(direction);
        hash.update(&self.nonce);
        hash.update(&self.tunnel.public_key()?);
        Ok(hash.finish().as_ref().to_vec())
    }

    fn opened(&mut self) -> Result<&mut Tunnel, Error> {
        match self.stage {
            Stage::Open => Ok(&mut self.tunnel),
            _ => Err(Error::Sealed("the logon is not through".to_owned())),
        }
    }
}

impl Mechanism for CredSsp {
    fn scheme(&self) -> &'static str {
        NAME
    }

    /// The one inside is bound to the TLS of CredSSP, by the proof of its key.
    fn bind(&mut self, _: ChannelBinding) {}

    fn no_kerberos(&self) -> Option<&KerberosFault> {
        self.inner.no_kerberos()
    }

    fn begins_with_proof(&self) -> bool {
        self.inner.begins_with_proof()
    }

    fn step(&mut self, token: Option<&[u8]>) -> Result<Step, Error> {
        match (self.stage, token) {
            (Stage::Fresh, None) => {
                self.stage = Stage::Hello;
                Ok(Step::Send(Leg { token: Some(self.tunnel.records()?), ready: false }))
            }
            (Stage::Hello, Some(token)) => self.hello(token),
            // Behind a wait of the one inside.
            (Stage::Inner, None) => self.inner(None),
            (Stage::Inner, Some(token)) => {
                let request = self.read(token)?;
                let token = request.token.ok_or_else(|| odd("it lacks the token of Negotiate"))?;
                self.inner(Some(&token))
            }
            (Stage::Key, Some(token)) => {
                let request = self.read(token)?;
                self.delegate(request)
            }
            (Stage::Open, Some(token)) => {
                self.read(token)?;
                Err(odd("it comes behind the last one"))
            }
            (Stage::Hello | Stage::Key | Stage::Open, None) | (Stage::Fresh, Some(_)) => Err(odd("it is not its turn")),
        }
    }

    fn forget(&mut self) {
        self.password = Secret::new(String::new());
        self.inner.forget();
    }

    fn wants_token(&self) -> bool {
        self.stage != Stage::Open
    }

    fn sealing(&self) -> Option<&'static str> {
        Some(sealed::CREDSSP)
    }

    fn goes_on_behind_proof(&self) -> bool {
        true
    }

    fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let tunnel = self.opened()?;
        let chunks = message.chunks(CHUNK).map(|chunk| Ok((chunk.len(), tunnel.seal(chunk)?)));
        let records = chunks.collect::<Result<Vec<_>, Error>>()?;
        let parts = records.iter().map(|(length, record)| {
            let (signature, ciphertext) = record.split_at_checked(TRAILER).unwrap_or((record, &[]));
            Sealed { length: *length, signature, ciphertext }
        });
        Ok(sealed::write_all(sealed::CREDSSP, &parts.collect::<Vec<_>>()))
    }

    fn unseal(&mut self, body: &[u8]) -> Result<Vec<u8>, Error> {
        let tunnel = self.opened()?;
        let mut plain = Vec::with_capacity(body.len());
        for part in sealed::read_records(body)? {
            let records = [part.signature, part.ciphertext].concat();
            let opened = tunnel.take(&records)?;
            if opened.len() != part.length {
                return Err(Error::Sealed("it is not as long as it says".to_owned()));
            }
            plain.extend(opened);
        }
        Ok(plain)
    }
}

fn odd(cause: &str) -> Error {
    Error::Token { scheme: NAME, cause: cause.to_owned() }
}
