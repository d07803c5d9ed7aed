//! A look at a WinRM server without a logon: addresses, port, certificate, who answers, what it offers, its clock.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use rustls::ProtocolVersion;
use tokio::time::Instant;
use tokio_util::either::Either;
use url::{Position, Url};

use super::answer::{Answer, Kind};
use super::connect_error::ConnectError;
use super::connection::{Connection, PostError};
use super::diagnose::{diagnose, diagnose_connect, is_of_tls, silent};
use super::tls_cache::TlsCache;
use crate::certificate::Certificate;
use crate::outcome::Reason;
use crate::target::defaults::winrm_port;
use crate::target::{Tls, WinrmEndpoint};
use crate::transport::scout::{Halt, Outlook, Sight, Sights};
use crate::transport::tcp::{self, not_an_address};
use crate::transport::{Error, offload};
use crate::wsman::{IDENTIFY, IDENTIFY_HEADER, Identity, names};

/// How long the other port of WinRM may take to answer.
const GLANCE: Duration = Duration::from_secs(2);

/// One way to a server.
struct Look<'a> {
    endpoint: &'a WinrmEndpoint,
    url: Url,
    tls_cache: &'a TlsCache,
    deadline: Instant,
}

/// Looks as far as the way goes.
///
/// # Errors
/// The stage at which it ends.
pub(in crate::transport) async fn look(
    endpoint: &WinrmEndpoint,
    limit: Duration,
    tls_cache: &TlsCache,
    sights: &mut Sights,
) -> Result<(), Halt> {
    if !endpoint.jump.is_empty() {
        return Ok(());
    }
    let url = endpoint.url();
    let url = Url::parse(&url).map_err(|_| sights.halt(Outlook::Dns, not_an_address(&url)))?;
    let look = Look { endpoint, url, tls_cache, deadline: Instant::now() + limit };
    let addresses = look.addresses(sights).await?;
    let mut connection = look.connect(&addresses, sights).await?;
    let answer = look.ask(&mut connection, true).await.map_err(|error| sights.halt(Outlook::Identify, error))?;
    let (identity, answer) = identity(answer).await.map_err(|error| sights.halt(Outlook::Identify, error))?;
    sights.saw(Sight::Identity(identity));
    let answer = match answer.status {
        StatusCode::UNAUTHORIZED => answer,
        _ => match look.ask(&mut connection, false).await {
            Ok(answer) => answer,
            Err(error) => return Err(sights.halt(Outlook::Mechanisms, error)),
        },
    };
    if answer.status == StatusCode::UNAUTHORIZED {
        sights.saw(Sight::Offers(answer.schemes().into_iter().take(16).map(shown).collect()));
    }
    if let Some(ahead) = answer.ahead() {
        sights.saw(Sight::Ahead(ahead));
    }
    Ok(())
}

impl Look<'_> {
    async fn addresses(&self, sights: &mut Sights) -> Result<Vec<SocketAddr>, Halt> {
        let found = tcp::resolve(&self.endpoint.address, self.endpoint.port, self.deadline).await;
        let found = found.map_err(|fault| sights.halt(Outlook::Dns, self.diagnosed(&ConnectError::Tcp(fault))))?;
        if found.is_empty() {
            let none = std::io::ErrorKind::NotFound.into();
            return Err(sights.halt(Outlook::Dns, tcp::no_address(&self.endpoint.address, &none)));
        }
        sights.saw(Sight::Addresses(found.iter().map(SocketAddr::ip).collect()));
        Ok(found)
    }

    async fn connect(&self, addresses: &[SocketAddr], sights: &mut Sights) -> Result<Connection, Halt> {
        let stream = match tcp::dial_first(addresses, self.deadline).await {
            Ok(stream) => stream,
            Err(fault) => {
                let none = || tcp::Fault::Name(self.endpoint.address.clone(), std::io::ErrorKind::NotFound.into());
                let error = self.diagnosed(&ConnectError::Tcp(fault.unwrap_or_else(none)));
                let halt = sights.halt(Outlook::Tcp, error);
                return Err(Halt { error: self.with_other_port(halt.error, addresses).await, ..halt });
            }
        };
        if let Ok(peer) = stream.peer_addr() {
            sights.saw(Sight::Connected(peer));
        }
        let tls = self.tls_cache.tls(&self.endpoint.tls, None).map_err(|error| sights.halt(Outlook::Tls, error))?;
        let connection =
            Connection::over(Either::Left(stream), &self.url, &self.endpoint.address, tls, self.deadline).await;
        let connection = connection.map_err(|error| sights.halt(Outlook::Tls, self.diagnosed(&error)))?;
        if let Some(der) = &connection.certificate {
            sights.saw(self.secured(der, connection.protocol));
        }
        Ok(connection)
    }

    fn diagnosed(&self, error: &ConnectError) -> Error {
        diagnose_connect(error, self.endpoint.port)
    }

    /// Adds that WinRM listens on its other port, if it does: the most common of mistakes.
    async fn with_other_port(&self, error: Error, addresses: &[SocketAddr]) -> Error {
        let over_tls = self.endpoint.tls != Tls::Off;
        let other = winrm_port(!over_tls);
        if !matches!(error.reason, Reason::Refused | Reason::ConnectTimeout) || other == self.endpoint.port {
            return error;
        }
        let there: Vec<_> = addresses.iter().map(|address| SocketAddr::new(address.ip(), other)).collect();
        if tcp::dial_first(&there, Instant::now() + GLANCE).await.is_err() {
            return error;
        }
        let hint = match over_tls {
            true => format!("port {other} takes connections: WinRM listens there without TLS (--no-tls)"),
            false => format!("port {other} takes connections: WinRM listens there with TLS (--tls)"),
        };
        error.with_hint(hint)
    }

    fn secured(&self, der: &[u8], protocol: Option<ProtocolVersion>) -> Sight {
        let certificate = Certificate::of_der(der);
        let ends = certificate.as_ref().map_or(u64::MAX, |certificate| certificate.validity().1);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
        Sight::Secured {
            protocol: match protocol {
                Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
                Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
                _ => "TLS",
            },
            ends,
            left: ends.saturating_sub(now),
            rsa_bits: certificate.and_then(|certificate| certificate.rsa_bits()),
            unchecked: matches!(self.endpoint.tls, Tls::On { insecure: true, .. }),
        }
    }

    /// One request of nobody: who are you, or nothing at all.
    async fn ask(&self, connection: &mut Connection, identify: bool) -> Result<Answer, Error> {
        let (port, over_tls) = (self.endpoint.port, self.endpoint.tls != Tls::Off);
        match tokio::time::timeout_at(self.deadline, connection.post(self.request(identify)?)).await {
            Err(_) => Err(silent(port, "an HTTP request")),
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(PostError::Http(error))) => Err(diagnose(&error, port, over_tls)),
            Ok(Err(PostError::Gone(Some(error)))) if is_of_tls(&error) => Err(diagnose(&error, port, over_tls)),
            Ok(Err(PostError::Gone(_))) => {
                Err(Error::new(Reason::Network, "the server closes its connections after one answer")
                    .with_hint("WinRM keeps them open: a proxy in between may not"))
            }
            Ok(Err(PostError::TooLarge | PostError::Endless)) => {
                Err(Error::new(Reason::Protocol, "the server's answer has no end"))
            }
        }
    }

    fn request(&self, identify: bool) -> Result<Request<Full<Bytes>>, Error> {
        let mut request = Request::post(&self.url[Position::BeforePath..])
            .header(HOST, &self.url[Position::BeforeHost..Position::AfterPort])
            .header(USER_AGENT, concat!("psfleet/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, names::CONTENT_TYPE)
            .header(ACCEPT_ENCODING, "identity")
            .header(CONNECTION, "Keep-Alive");
        if identify {
            request = request.header(IDENTIFY_HEADER.0, IDENTIFY_HEADER.1);
        }
        let body = Full::from(if identify { IDENTIFY } else { "" });
        request.body(body).map_err(|_| not_an_address(self.url.as_str()))
    }
}

/// Who answers, and the answer. A server that keeps that to itself is as good: it may say so by a 401 or by a fault.
async fn identity(answer: Answer) -> Result<(Option<Identity>, Answer), Error> {
    match (answer.status.as_u16(), answer.kind()) {
        (_, Kind::Soap) => {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            let identity = offload(body.len(), move || Identity::parse(&body)).await;
            Ok((identity, answer))
        }
        // Whoever minds the question is asked the next one.
        (400 | 401 | 411 | 500, _) => Ok((None, answer)),
        _ => Err(answer.refusal(false)),
    }
}

/// A word of the server's, as short as its kind is.
fn shown(word: &str) -> String {
    word.chars().filter(|character| !character.is_control()).take(40).collect()
}
