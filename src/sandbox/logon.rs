//! The logon of one connection: by whom, and whether its messages are sealed.

use std::borrow::Cow;

use aws_lc_rs::constant_time;
use bytes::Bytes;

use super::acceptor::{Acceptor, Denied, Step};
use super::fault::FaultKind;
use super::host::Host;
use super::stats::Counters;
use crate::auth::{CERTIFICATE_SCHEME, ChannelBinding, sealed};
use crate::target::AuthMethod;
use crate::wsman::names;

/// The user is known.
#[derive(Debug)]
pub(super) struct Granted {
    /// The request in the clear.
    pub body: Bytes,
    /// The last token of the handshake, if there is one: a value of `WWW-Authenticate`.
    pub token: Option<String>,
}

/// The request is not let in.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Not logged on, with values of `WWW-Authenticate`: the handshake's next token, or what would be taken.
    Unauthorized(Vec<String>),
    /// The body is not sealed as the connection demands, or its signature is wrong. The connection ends.
    Unreadable,
}

/// The state of a connection's logon.
pub(super) struct Logon {
    over_tls: bool,
    binding: Option<ChannelBinding>,
    /// Whom the client's certificate names, if TLS was shown one.
    certified: Option<String>,
    state: State,
    counted: bool,
}

enum State {
    Nobody,
    Handshake(Box<Acceptor>),
    Established(Box<Acceptor>),
}

impl Logon {
    /// Nobody is logged on. `binding` is that of the TLS channel, if there is one, and `certified` whom the client's
    /// certificate names.
    pub(super) fn new(binding: Option<ChannelBinding>, certified: Option<String>) -> Self {
        Self { over_tls: binding.is_some(), binding, certified, state: State::Nobody, counted: false }
    }

    /// Looks at a request's credentials.
    ///
    /// # Errors
    /// [`Refusal`]: what to answer instead.
    pub(super) fn admit(
        &mut self,
        host: &Host,
        authorization: Option<&str>,
        content_type: &str,
        body: Bytes,
    ) -> Result<Granted, Refusal> {
        if authorization == Some(CERTIFICATE_SCHEME) && takes(host, &[AuthMethod::Certificate]) {
            return self.by_certificate(host, body);
        }
        match authorization.and_then(|value| value.split_once(' ')) {
            None => self.established(host, content_type, body),
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("Basic") && takes(host, &[AuthMethod::Basic]) => {
                self.basic(host, token, body)
            }
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("Negotiate") && takes(host, &NEGOTIATED) => {
                self.negotiate(host, "Negotiate", token, content_type, body)
            }
            Some((scheme, token))
                if scheme.eq_ignore_ascii_case("Kerberos") && takes(host, &[AuthMethod::Kerberos]) =>
            {
                self.negotiate(host, "Kerberos", token, content_type, body)
            }
            Some(_) => Err(unauthorized(host)),
        }
    }

    /// A certificate is mapped to the user that it names.
    fn by_certificate(&mut self, host: &Host, body: Bytes) -> Result<Granted, Refusal> {
        if self.certified.as_ref() != Some(&host.shared.user) {
            return Err(denied(host));
        }
        self.count(host);
        Ok(Granted { body, token: None })
    }

    fn basic(&mut self, host: &Host, token: &str, body: Bytes) -> Result<Granted, Refusal> {
        let given = base64_simd::STANDARD.decode_to_vec(token.trim()).unwrap_or_default();
        let expected = format!("{}:{}", host.shared.user, host.password.expose());
        if constant_time::verify_slices_are_equal(&given, expected.as_bytes()).is_err() {
            return Err(denied(host));
        }
        self.count(host);
        Ok(Granted { body, token: None })
    }

    fn negotiate(
        &mut self,
        host: &Host,
        scheme: &'static str,
        token: &str,
        content_type: &str,
        body: Bytes,
    ) -> Result<Granted, Refusal> {
        let token = base64_simd::STANDARD.decode_to_vec(token.trim()).map_err(|_| denied(host))?;
        let mut acceptor = match std::mem::replace(&mut self.state, State::Nobody) {
            State::Handshake(acceptor) => acceptor,
            // A connection may be logged on over again.
            State::Nobody | State::Established(_) => {
                Box::new(Acceptor::new(&token, host, self.binding.as_ref()).map_err(|_| denied(host))?)
            }
        };
        match acceptor.step(&token).map_err(|Denied(reply)| rejected(host, scheme, reply))? {
            Step::Continue(token) => {
                self.state = State::Handshake(acceptor);
                Err(Refusal::Unauthorized(vec![header(scheme, &token)]))
            }
            Step::Done(token) => {
                self.state = State::Established(acceptor);
                self.count(host);
                let granted = self.established(host, content_type, body)?;
                Ok(Granted { token: token.as_deref().map(|token| header(scheme, token)), ..granted })
            }
        }
    }

    /// A request without credentials: it is what the connection's logon makes of it.
    fn established(&mut self, host: &Host, content_type: &str, body: Bytes) -> Result<Granted, Refusal> {
        let State::Established(acceptor) = &mut self.state else { return Err(unauthorized(host)) };
        if self.over_tls || body.is_empty() {
            return Ok(Granted { body, token: None });
        }
        if !sealed::is_content_type(content_type) {
            return Err(Refusal::Unreadable);
        }
        let body = acceptor.unseal(&body).map_err(|error| {
            tracing::debug!(%error, "a request cannot be opened");
            Refusal::Unreadable
        })?;
        Ok(Granted { body: body.into(), token: None })
    }

    /// Counts the logon of this connection once.
    fn count(&mut self, host: &Host) {
        if !std::mem::replace(&mut self.counted, true) {
            Counters::count(&host.shared.counters.logons);
        }
    }

    /// The content type and content of an answer; `None` if it cannot be sealed.
    pub(super) fn seal(&mut self, envelope: Vec<u8>) -> Option<(Cow<'static, str>, Vec<u8>)> {
        match &mut self.state {
            State::Established(acceptor) if !self.over_tls => {
                let content = acceptor.seal(&envelope).ok()?;
                Some((sealed::content_type(acceptor.protocol(), envelope.len()).into(), content))
            }
            _ => Some((names::CONTENT_TYPE.into(), envelope)),
        }
    }
}

/// Both travel under the scheme Negotiate.
const NEGOTIATED: [AuthMethod; 2] = [AuthMethod::Negotiate, AuthMethod::Ntlm];

/// A NegTokenResp that says `reject` and nothing else (RFC 4178 4.2.2).
const REJECT: [u8; 9] = [0xA1, 0x07, 0x30, 0x05, 0xA0, 0x03, 0x0A, 0x01, 0x02];

fn takes(host: &Host, mechanisms: &[AuthMethod]) -> bool {
    mechanisms.iter().any(|mechanism| host.shared.options.auth.contains(mechanism))
}

fn header(scheme: &str, token: &[u8]) -> String {
    format!("{scheme} {}", base64_simd::STANDARD.encode_to_string(token))
}

/// Counts a failed logon.
fn denied(host: &Host) -> Refusal {
    Counters::count(&host.shared.counters.failed_logons);
    unauthorized(host)
}

/// Counts a failed proof, and refuses it as the host's fault wants.
fn rejected(host: &Host, scheme: &'static str, reply: Option<Vec<u8>>) -> Refusal {
    match (denied(host), host.fault, reply) {
        (_, Some(FaultKind::RejectToken), _) => Refusal::Unauthorized(vec![header(scheme, &REJECT)]),
        (_, _, Some(reply)) => Refusal::Unauthorized(vec![header(scheme, &reply)]),
        (refusal, ..) => refusal,
    }
}

fn unauthorized(host: &Host) -> Refusal {
    let mut offers = Vec::new();
    if takes(host, &NEGOTIATED) {
        offers.push("Negotiate".to_owned());
    }
    if takes(host, &[AuthMethod::Kerberos]) {
        offers.push("Kerberos".to_owned());
    }
    if takes(host, &[AuthMethod::Basic]) {
        offers.push("Basic realm=\"WSMAN\"".to_owned());
    }
    Refusal::Unauthorized(offers)
}
