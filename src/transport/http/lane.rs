//! A lane: one TCP connection, one security context, one request at a time.

use std::sync::Arc;
use std::time::Duration;

use base64_simd::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_TYPE, COOKIE, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use rustls::ClientConfig;
use tokio::time::Instant;
use url::{Position, Url};

use super::answer::{Answer, Kind};
use super::client_certificate;
use super::connection::{Connection, PostError};
use super::contact::{Contact, Reached};
use super::cookies::Cookies;
use super::credssp_fault::credssp;
use super::denied;
use super::diagnose::{diagnose, diagnose_connect, gone, is_of_tls, silent};
use super::failure::Failure;
use super::kerberos_fault::{kerberos, late, ticket_refused, unproven_host};
use super::leg::{MAX_LEGS, Stuck, in_circles, next_leg};
use super::logon_state::LogonState;
use super::route::Route;
use super::sensitive::sensitive;
use crate::auth::{self, ChannelBinding, KerberosFault, Leg, Mechanism, sealed};
use crate::outcome::Reason;
use crate::transport::Error;
use crate::transport::tcp::not_an_address;
use crate::wsman::names;

/// One connection. Whoever drops a future of it must drop the lane too: its context has lost count.
pub(super) struct Lane {
    /// Made when the first request goes out.
    pub(super) connection: Option<Connection>,
    pub(super) tls: Option<Arc<ClientConfig>>,
    pub(super) url: Url,
    /// Where to connect: the URL's host, with its zone if it has one.
    pub(super) address: Arc<str>,
    pub(super) route: Route,
    /// What is known of the target by all its lanes.
    pub(super) contact: Arc<Contact>,
    pub(super) mechanism: Box<dyn Mechanism>,
    pub(super) logon: LogonState,
    pub(super) cookies: Arc<Cookies>,
    /// Until when DNS, TCP, TLS and the handshake must be through.
    pub(super) logon_until: Instant,
    /// The last leg of the handshake carries no request: some server wants it so.
    pub(super) bare_logon: bool,
}

/// What travels in a request.
enum Body<'a> {
    /// Nothing, not even who we are.
    Knock,
    Empty,
    Soap(&'a str),
}

impl Lane {
    /// Sends one request and returns its answer, for [`open`](Self::open), logging on first if need be.
    ///
    /// `patience` is how long the server may take. `sending` is called just before the request itself leaves.
    pub(super) async fn exchange(
        &mut self,
        request: &str,
        patience: Duration,
        sending: impl Fn() + Send,
    ) -> Result<Answer, Failure> {
        if !self.is_logged_on()
            && self.mechanism.standing().is_none()
            && let Some(answer) = self.log_on(request, patience, &sending).await?
        {
            return Ok(answer);
        }
        self.connected().await?;
        sending();
        let answer = match self.post(None, Body::Soap(request), patience).await {
            // A standing credential is proved by each request.
            Err(failure) if !self.is_logged_on() => return Err(unanswered(failure)),
            answer => answer?,
        };
        if answer.status == StatusCode::UNAUTHORIZED {
            return Err(self.unauthorized(&answer));
        }
        self.done();
        Ok(answer)
    }

    /// The server has accepted the logon.
    fn done(&mut self) {
        if !self.is_logged_on() {
            self.logon = LogonState::Done;
            self.mechanism.forget();
        }
    }

    /// Whether the server has accepted the logon.
    pub(super) fn is_logged_on(&self) -> bool {
        matches!(self.logon, LogonState::Done)
    }

    /// Connects and goes as far as it can without proving the user: the next exchange sends the proof.
    ///
    /// A mechanism that begins with its proof would send it to whoever takes the connection, or to a KDC before its
    /// turn. `knocks` asks for an answer first, so that a proof goes to no server that hangs, or takes no such proofs.
    pub(super) async fn approach(&mut self, knocks: bool) -> Result<(), Failure> {
        if self.mechanism.standing().is_none() && !self.mechanism.begins_with_proof() {
            self.logon = LogonState::Ready(self.handshake().await?);
        } else if knocks {
            let patience = self.logon_until.saturating_duration_since(Instant::now());
            let answer = self.post(None, Body::Knock, patience).await?;
            if answer.status != StatusCode::UNAUTHORIZED && !minds_emptiness(answer.status) {
                return Err(Failure::Final(answer.refusal(false)));
            }
            // No server offers the way of certificates.
            let is_offered = self.mechanism.is_proved_by_tls() || answer.offers(self.mechanism.scheme());
            if !answer.schemes().is_empty() && !is_offered {
                return Err(Failure::Final(self.denied(&answer, false)));
            }
        } else {
            self.connected().await?;
        }
        Ok(())
    }

    /// Proves the user without a request, for whoever must know early what the server thinks of the credential: returns
    /// whether it has accepted it. The lane can be used if it is logged on then.
    pub(super) async fn prove(&mut self) -> Result<bool, Failure> {
        if self.mechanism.standing().is_none() && matches!(self.logon, LogonState::Due) {
            self.logon = LogonState::Ready(self.handshake().await?);
        }
        let token = self.logon.send_proof();
        let answer = self.post_proof(token).await?;
        match answer.status {
            status if status.is_success() => self.logged_on(answer, false).await.map(|_| true),
            // What it thinks of the user shows in its answer to the first request.
            status if minds_emptiness(status) => Ok(false),
            _ => Err(Failure::Final(answer.refusal(false))),
        }
    }

    /// Posts a proof without a request, and the legs behind it; a refusal of it is an error.
    async fn post_proof(&mut self, mut token: Option<Vec<u8>>) -> Result<Answer, Failure> {
        self.connected().await?;
        for _ in 0..MAX_LEGS {
            let patience = self.logon_until.saturating_duration_since(Instant::now());
            let answer = self.post(token, Body::Empty, patience).await.map_err(unanswered)?;
            // None of these legs is a second proof.
            let goes_on = self.mechanism.goes_on_behind_proof() && self.mechanism.wants_token();
            match answer.token(self.mechanism.scheme()) {
                Some(given) if goes_on && answer.status == StatusCode::UNAUTHORIZED => {
                    token = self.step(Some(&given), true).await?.token;
                }
                _ => return self.not_refused(answer),
            }
        }
        Err(Failure::Final(in_circles()))
    }

    /// An answer to a proof that is not a refusal. A proof that has left is refused by any 401, whatever token comes
    /// with it: one that says so, one that nobody can read, one that asks for another proof, or none. To try on would
    /// be a second failed logon.
    fn not_refused(&mut self, answer: Answer) -> Result<Answer, Failure> {
        if answer.status == StatusCode::UNAUTHORIZED
            && let Some(error) = self.last_word(&answer)
        {
            return Err(Failure::Final(error));
        }
        match answer.status {
            StatusCode::UNAUTHORIZED if self.mechanism.begins_with_proof() => {
                Err(Failure::Final(self.ticket_refused(&answer)))
            }
            StatusCode::UNAUTHORIZED if self.mechanism.standing().is_some() => Err(self.unauthorized(&answer)),
            StatusCode::UNAUTHORIZED => Err(Failure::Final(self.denied(&answer, true))),
            _ => Ok(answer),
        }
    }

    /// What a host says that refuses behind the last leg of CredSSP: what it was handed over, and no proof.
    fn last_word(&mut self, answer: &Answer) -> Option<Error> {
        let token = answer.token(self.mechanism.scheme()).filter(|_| self.mechanism.goes_on_behind_proof())?;
        match self.mechanism.step(Some(&token)) {
            Err(auth::Error::CredSsp(fault)) => Some(credssp(&fault)),
            _ => None,
        }
    }

    /// Goes through the handshake up to the proof of the user, which is not sent.
    async fn handshake(&mut self) -> Result<Leg, Failure> {
        let mut step = self.step(None, false).await?;
        for _ in 0..MAX_LEGS {
            if step.ready {
                return Ok(step);
            }
            let patience = self.logon_until.saturating_duration_since(Instant::now());
            let answer = self.post(step.token.take(), Body::Empty, patience).await?;
            if answer.status != StatusCode::UNAUTHORIZED {
                // Before we proved anything: no WinRM, or one that is too busy to begin with.
                return Err(Failure::Final(answer.refusal(false)));
            }
            let Some(token) = answer.token(self.mechanism.scheme()) else {
                return Err(Failure::Final(self.denied(&answer, false)));
            };
            step = self.step(Some(&token), false).await?;
            if step.token.is_none() {
                return Err(Failure::Final(self.denied(&answer, false)));
            }
        }
        Err(Failure::Final(in_circles()))
    }

    /// Proves the user, by a handshake. The answer to `request` comes back if the proof carried it.
    async fn log_on(
        &mut self,
        request: &str,
        patience: Duration,
        sending: &(impl Fn() + Send),
    ) -> Result<Option<Answer>, Failure> {
        if matches!(self.logon, LogonState::Due) {
            self.logon = LogonState::Ready(self.handshake().await?);
        }
        // A second proof would be a second failed logon. Nothing was sent.
        let begun =
            || Failure::Final(Error::new(Reason::Protocol, "the logon was begun before, and has no proof left"));
        let token = self.logon.send_proof().ok_or_else(begun)?;
        let comes_later = self.mechanism.seals_behind_answer() && !self.over_tls();
        if self.bare_logon || comes_later || self.mechanism.goes_on_behind_proof() {
            let answer = self.post_proof(Some(token)).await?;
            return self.logged_on(answer, false).await.map(|_| None);
        }
        self.connected().await?;
        sending();
        let answer = self.post(Some(token), Body::Soap(request), patience).await.map_err(unanswered)?;
        let answer = self.not_refused(answer)?;
        self.logged_on(answer, true).await.map(Some)
    }

    /// The server answered something else than 401 to the proof.
    async fn logged_on(&mut self, answer: Answer, carried: bool) -> Result<Answer, Failure> {
        let token = answer.token(self.mechanism.scheme());
        if let Some(token) = token.filter(|_| self.mechanism.wants_token()) {
            let last = self.step(Some(&token), true).await;
            // The server cannot prove itself, but what came along with our proof it may have done.
            let doubtful = |failure| if carried { Failure::Broken(Failure::into_error(failure)) } else { failure };
            last.map_err(doubtful)?;
        }
        let rejected = answer.status.is_client_error() || answer.status == StatusCode::INTERNAL_SERVER_ERROR;
        if carried && rejected && answer.kind() == Kind::Other {
            return Err(Failure::WantsBareLogon(answer.refusal(false)));
        }
        if !carried && !answer.status.is_success() {
            return Err(Failure::Final(answer.refusal(false)));
        }
        if !self.over_tls() && self.mechanism.seals_behind_answer() && self.mechanism.wants_token() {
            return Err(Failure::Final(unproven_host()));
        }
        self.done();
        Ok(answer)
    }

    /// Posts one body and reads the answer to its end, connecting first if need be.
    async fn post(&mut self, token: Option<Vec<u8>>, body: Body<'_>, patience: Duration) -> Result<Answer, Failure> {
        self.connected().await?;
        let is_leg = matches!(body, Body::Knock | Body::Empty);
        let request = self.request(token, body)?;
        let Some(connection) = &mut self.connection else { return Err(unreadable("the lane has no connection")) };
        let answer = match tokio::time::timeout(patience, connection.post(request)).await {
            Ok(answer) => answer.map_err(|error| self.failure(&error, is_leg))?,
            Err(_) if is_leg => {
                let to = if self.contact.farthest() < Reached::Http { "an HTTP request" } else { "the logon" };
                return Err(Failure::Final(silent(self.port(), to)));
            }
            Err(_) => {
                let error = Error::new(Reason::Network, "the server no longer answers").retryable();
                return Err(Failure::Broken(error));
            }
        };
        tracing::trace!(url = %self.url, status = answer.status.as_u16(), bytes = answer.body.len(), "answer");
        self.contact.reached(Reached::Http);
        self.cookies.keep(&answer.headers);
        Ok(answer)
    }

    /// Connects, if need be.
    async fn connected(&mut self) -> Result<(), Failure> {
        if self.connection.is_none() {
            self.connection = Some(self.connect().await?);
        }
        Ok(())
    }

    /// Connects, and binds the logon to the certificate that the server shows.
    async fn connect(&mut self) -> Result<Connection, Failure> {
        let to = (&self.route, &*self.address);
        let opening = Connection::open(&self.url, to, self.tls.clone(), self.logon_until, &self.contact);
        let connection = opening.await.map_err(|error| {
            tracing::debug!(url = %self.url, %error, "not connected");
            Failure::Final(diagnose_connect(&error, self.port()))
        })?;
        tracing::debug!(url = %self.url, tls = self.over_tls(), "connected");
        if self.mechanism.is_proved_by_tls() && !connection.certificate_asked {
            return Err(Failure::Final(client_certificate::not_asked(self.port())));
        }
        if let Some(der) = &connection.certificate {
            self.mechanism.bind(ChannelBinding::of_certificate(der));
        }
        Ok(connection)
    }

    fn request(&mut self, token: Option<Vec<u8>>, body: Body<'_>) -> Result<Request<Full<Bytes>>, Failure> {
        let is_knock = matches!(body, Body::Knock);
        let (media, bytes) = self.pack(body)?;
        let mut request = Request::post(&self.url[Position::BeforePath..])
            .header(HOST, &self.url[Position::BeforeHost..Position::AfterPort])
            .header(USER_AGENT, concat!("psfleet/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, media)
            .header(ACCEPT_ENCODING, "identity")
            .header(CONNECTION, "Keep-Alive");
        if let Some(token) = token {
            let value = format!("{} {}", self.mechanism.scheme(), STANDARD.encode_to_string(token));
            request = request.header(AUTHORIZATION, sensitive(&value)?);
        } else if let Some(standing) = self.mechanism.standing().filter(|_| !is_knock) {
            request = request.header(AUTHORIZATION, sensitive(standing.expose())?);
        }
        if let Some(cookies) = self.cookies.header() {
            request = request.header(COOKIE, cookies);
        }
        request.body(Full::from(bytes)).map_err(|_| Failure::Final(not_an_address(self.url.as_str())))
    }

    /// No answer. Whether the request was processed is open, unless it was a leg of the handshake, or nobody was there
    /// that speaks HTTP.
    fn failure(&self, error: &PostError, is_leg: bool) -> Failure {
        let error = match error {
            PostError::Http(error) => error,
            PostError::TooLarge => return unreadable("the server's answer is absurdly large"),
            PostError::Endless => return unreadable("the server sends interim answers or headers without an end"),
            PostError::Gone(Some(error)) if !self.is_logged_on() && is_of_tls(error) => {
                return Failure::Final(diagnose(error, self.port(), true));
            }
            PostError::Gone(_) => return Failure::NotSent(gone(self.is_logged_on())),
        };
        let cause = diagnose(error, self.port(), self.over_tls());
        let unprocessed = is_leg || (cause.reason == Reason::NotWinrm && !self.is_logged_on());
        if unprocessed { Failure::Final(cause) } else { Failure::Broken(cause) }
    }

    /// Content type and bytes of a body: sealed over plain HTTP where the mechanism can.
    fn pack(&mut self, body: Body<'_>) -> Result<(String, Vec<u8>), Failure> {
        match (body, self.mechanism.sealing()) {
            (Body::Knock | Body::Empty, _) => Ok((names::CONTENT_TYPE.to_owned(), Vec::new())),
            (Body::Soap(text), Some(protocol)) if !self.over_tls() => {
                let bytes = self.mechanism.seal(text.as_bytes()).map_err(unusable)?;
                Ok((sealed::content_type(protocol, text.len()), bytes))
            }
            (Body::Soap(text), _) => Ok((names::CONTENT_TYPE.to_owned(), text.as_bytes().to_vec())),
        }
    }

    /// The SOAP text of an answer. Takes its time if that is large.
    pub(super) fn open(&mut self, answer: Answer) -> Result<String, Failure> {
        let seals = self.mechanism.sealing().is_some() && !self.over_tls();
        let status = answer.status.as_u16();
        let bytes = match answer.kind() {
            Kind::Soap if seals => {
                return Err(unreadable("the server answers in plain text where messages are sealed"));
            }
            Kind::Soap => answer.body,
            Kind::Sealed if seals => {
                self.mechanism.unseal(&answer.body).map_err(|error| unreadable(&error.to_string()))?
            }
            _ => return Err(self.refusal(&answer, !seals && !self.over_tls())),
        };
        if bytes.trim_ascii().is_empty() {
            return Err(empty(status));
        }
        self.contact.reached(Reached::Wsman);
        String::from_utf8(bytes).map_err(|_| unreadable("the server's answer is not UTF-8"))
    }

    /// An answer that is not SOAP. Where WinRM has answered before, a page of success may be its answer, mangled on the
    /// way, and a gateway may have passed the request on.
    fn refusal(&self, answer: &Answer, plain: bool) -> Failure {
        if self.contact.farthest() != Reached::Wsman {
            return Failure::Final(answer.refusal(plain));
        }
        let error = answer.refusal_of_session().unwrap_or_else(|| answer.refusal(plain));
        let from_a_gateway = matches!(answer.status, StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT);
        if answer.status.is_success() || from_a_gateway { Failure::Broken(error) } else { Failure::Final(error) }
    }

    /// 401 to a request with standing credentials, or on a lane that is logged on.
    fn unauthorized(&self, answer: &Answer) -> Failure {
        if self.is_logged_on() {
            Failure::LogonLost(Error::new(Reason::LogonDenied, "the server has forgotten our logon (HTTP 401)"))
        } else {
            // Who offers other schemes alone has not looked at the password.
            let looked_at = answer.schemes().is_empty() || answer.offers(self.mechanism.scheme());
            Failure::Final(self.denied(answer, looked_at))
        }
    }

    /// Why the server said 401: the credential, if it had seen a proof of it, else the mechanism.
    fn denied(&self, answer: &Answer, proven: bool) -> Error {
        let mechanism = &*self.mechanism;
        if mechanism.is_proved_by_tls() {
            client_certificate::refused()
        } else if proven {
            denied::refused(mechanism, self.over_tls(), answer.ahead())
        } else {
            denied::not_taken(mechanism, answer, self.over_tls())
        }
    }

    /// Why the server said 401 to a ticket: what its token says, if it sent one. No password was refused.
    fn ticket_refused(&mut self, answer: &Answer) -> Error {
        if !answer.schemes().is_empty() && !answer.offers(self.mechanism.scheme()) {
            return self.denied(answer, false);
        }
        match answer.token(self.mechanism.scheme()).map(|token| self.mechanism.step(Some(&token))) {
            // Channel bindings that differ are nothing that a host has a number for.
            Some(Err(auth::Error::Kerberos(KerberosFault::Other(_)))) => ticket_refused(self.over_tls()),
            Some(Err(auth::Error::Kerberos(fault))) => kerberos(&fault, true),
            _ => ticket_refused(self.over_tls()),
        }
    }

    /// The next leg of the handshake, before our proof or behind it.
    async fn step(&mut self, token: Option<&[u8]>, proven: bool) -> Result<Leg, Failure> {
        match next_leg(&mut *self.mechanism, token, self.logon_until).await {
            Ok(leg) => Ok(leg),
            Err(Stuck::Mechanism(error)) => Err(self.stopped(error, proven)),
            Err(Stuck::Late) => Err(Failure::Final(late())),
        }
    }

    /// A handshake that cannot go on, before our proof or behind it.
    fn stopped(&self, error: auth::Error, proven: bool) -> Failure {
        match (error, proven) {
            (auth::Error::Refused, true) => Failure::Final(denied::refused(&*self.mechanism, self.over_tls(), None)),
            (auth::Error::Refused, false) => Failure::Final(denied::no_ntlm()),
            (auth::Error::Kerberos(fault), by_host) => Failure::Final(kerberos(&fault, by_host)),
            (auth::Error::CredSsp(fault), _) => Failure::Final(credssp(&fault)),
            (error, _) => unusable(error),
        }
    }

    fn over_tls(&self) -> bool {
        self.tls.is_some()
    }

    fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }
}

/// An answer that nobody can make sense of: the request may well have been processed.
fn unreadable(message: &str) -> Failure {
    Failure::Broken(Error::new(Reason::Protocol, message))
}

/// An answer that says nothing: the request may well have been processed.
fn empty(status: u16) -> Failure {
    let message =
        format!("empty answer (HTTP {status} without a message): the server, or a proxy before it, cut it off");
    Failure::Broken(Error::new(Reason::Protocol, message).with_hint("try again; see what is in between, and its log"))
}

/// Whether a server says this of a request without a body where all others are welcome.
fn minds_emptiness(status: StatusCode) -> bool {
    use StatusCode as S;
    [S::BAD_REQUEST, S::LENGTH_REQUIRED, S::UNSUPPORTED_MEDIA_TYPE, S::INTERNAL_SERVER_ERROR].contains(&status)
}

/// A proof that got no answer. One that has not left cannot be refused.
fn unanswered(failure: Failure) -> Failure {
    match failure {
        Failure::NotSent(_) => failure,
        failure => failure.map(Error::behind_proof),
    }
}

/// A context that cannot begin or go on.
pub(super) fn unusable(error: auth::Error) -> Failure {
    let reason = match error {
        auth::Error::Token { .. } | auth::Error::Sealed(_) => Reason::Protocol,
        _ => Reason::AuthMethod,
    };
    let hint = match error {
        auth::Error::NoName(_) => "address the host by its full name, or give that with --spn HTTP/host.contoso.com",
        auth::Error::UserName(_) => "give the user as user@REALM, as klist shows it: ada@CONTOSO.COM",
        _ => return Failure::Final(Error::new(reason, error.to_string())),
    };
    Failure::Final(Error::new(reason, error.to_string()).with_hint(hint))
}
