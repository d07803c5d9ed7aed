//! One TCP connection to an HTTP server, with TLS where the endpoint wants it.
//!
//! Whoever sends a request also moves the connection's bytes, so an idle connection costs no task; what happened to it
//! meanwhile shows at the next request, before that leaves.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ProtocolVersion};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use url::{Host, Url};

use super::answer::{Answer, ReadError};
use super::client_certificate::noting;
use super::connect_error::ConnectError;
use super::contact::{Contact, Reached};
use super::head_limit::{Bound, Bounded};
use super::route::{Route, Socket};

type Stream = TokioIo<Bounded<Either<Socket, TlsStream<Socket>>>>;
type Driver = Pin<Box<http1::Connection<Stream, Full<Bytes>>>>;

/// An open connection. A future of it that is dropped leaves it useless.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// What moves its bytes; `None` once the connection has ended.
    driver: Option<Driver>,
    /// Why it has ended, if not in order: what the server's TLS said at the last is here, and nowhere else.
    broke: Option<hyper::Error>,
    bound: Bound,
    /// The server's certificate in DER, over TLS.
    pub(super) certificate: Option<Vec<u8>>,
    /// Whether the server has asked for the client's certificate.
    pub(super) certificate_asked: bool,
    /// The version of TLS, over TLS.
    pub(super) protocol: Option<ProtocolVersion>,
}

/// Why a request on an open connection has no answer.
#[derive(Debug)]
pub(super) enum PostError {
    /// The connection was closed before the request left; why, if not in order.
    Gone(Option<hyper::Error>),
    /// It broke, or what came is not HTTP.
    Http(hyper::Error),
    /// The answer is larger than any server's.
    TooLarge,
    /// What comes is never the head of an answer.
    Endless,
}

impl Connection {
    /// Connects to `address`, which may have a zone that the URL has not; `tls` says whether and whom to trust.
    pub(super) async fn open(
        url: &Url,
        (route, address): (&Route, &str),
        tls: Option<Arc<ClientConfig>>,
        deadline: Instant,
        contact: &Contact,
    ) -> Result<Self, ConnectError> {
        let port = url.port_or_known_default().unwrap_or_default();
        let tcp = route.dial(address, port, deadline).await?;
        contact.reached(Reached::Port);
        let connection = Self::over(tcp, url, address, tls, deadline).await?;
        contact.reached(Reached::Connection);
        Ok(connection)
    }

    /// The same over a socket that is connected.
    pub(super) async fn over(
        tcp: Socket,
        url: &Url,
        address: &str,
        tls: Option<Arc<ClientConfig>>,
        deadline: Instant,
    ) -> Result<Self, ConnectError> {
        let host = url.host().ok_or_else(|| ConnectError::Address(url.to_string()))?;
        // `Url` writes IPv6 addresses in brackets.
        let name = match host {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let (stream, certificate, protocol, certificate_asked) = match tls {
            None => (Either::Left(tcp), None, None, false),
            Some(settings) => {
                let server = ServerName::try_from(name).map_err(|_| ConnectError::Address(address.to_owned()))?;
                let (settings, is_asked) = noting(settings);
                let handshake = TlsConnector::from(settings).connect(server, tcp);
                let stream = tokio::time::timeout_at(deadline, handshake).await;
                let stream = stream.map_err(|_| ConnectError::TimedOut)?.map_err(ConnectError::Tls)?;
                let certificates = stream.get_ref().1.peer_certificates();
                let certificate = certificates.and_then(|chain| chain.first()).map(|first| first.as_ref().to_vec());
                let protocol = stream.get_ref().1.protocol_version();
                (Either::Right(stream), certificate, protocol, is_asked.load(Ordering::Relaxed))
            }
        };
        let bound = Bound::new();
        let stream = TokioIo::new(Bounded::new(stream, bound.clone()));
        let (sender, driver) = http1::handshake(stream).await.map_err(ConnectError::Http)?;
        Ok(Self {
            sender,
            driver: Some(Box::pin(driver)),
            broke: None,
            bound,
            certificate,
            certificate_asked,
            protocol,
        })
    }

    /// Posts one request and reads the answer to its end.
    pub(super) async fn post(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, PostError> {
        let Self { sender, driver, broke, bound, .. } = self;
        bound.begin();
        // What came while it was idle can only be its end.
        std::future::poll_fn(|context| {
            drive(driver, broke, context);
            Poll::Ready(())
        })
        .await;
        if driver.is_none() {
            return Err(PostError::Gone(broke.take()));
        }
        let mut exchange = pin!(async {
            sender.ready().await.map_err(|_| PostError::Gone(None))?;
            let response = sender.try_send_request(request).await.map_err(|mut error| match error.take_message() {
                Some(_) => PostError::Gone(None),
                None if bound.is_passed() => PostError::Endless,
                None => PostError::Http(error.into_error()),
            })?;
            bound.end();
            Answer::read(response).await.map_err(|error| match error {
                ReadError::Http(error) => PostError::Http(error),
                ReadError::TooLarge => PostError::TooLarge,
            })
        });
        let answer = std::future::poll_fn(|context| {
            if let Poll::Ready(result) = exchange.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            drive(driver, broke, context);
            exchange.as_mut().poll(context)
        })
        .await;
        answer.map_err(|error| if let PostError::Gone(_) = error { PostError::Gone(broke.take()) } else { error })
    }
}

/// Moves bytes. A driver that is through is dropped, so that whoever waits for it learns of the end.
fn drive(driver: &mut Option<Driver>, broke: &mut Option<hyper::Error>, context: &mut Context<'_>) {
    if let Some(Poll::Ready(end)) = driver.as_mut().map(|driver| driver.as_mut().poll(context)) {
        *driver = None;
        *broke = end.err();
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::PrivateKeyDer;
    use rustls::server::WebPkiClientVerifier;
    use rustls::{RootCertStore, ServerConfig};
    use tokio_rustls::TlsAcceptor;

    use super::super::diagnose::is_of_tls;
    use super::*;

    /// Under TLS 1.3 the client is through its handshake before the server has looked at its certificate: that this is
    /// refused may come before the first request leaves, as the end of an idle connection.
    #[tokio::test]
    async fn a_certificate_that_is_refused_before_the_request_is_told_as_such() {
        let made = || {
            let made = rcgen::generate_simple_self_signed(["host".to_owned()]).expect("a certificate");
            let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
            (made.cert.der().clone(), key)
        };
        let [(server, server_key), (client, client_key), (authority, _)] = std::array::from_fn(|_| made());
        let store = |der| {
            let mut store = RootCertStore::empty();
            store.add(der).expect("a root");
            Arc::new(store)
        };
        let verifier = WebPkiClientVerifier::builder(store(authority)).build().expect("a verifier");
        let acceptor = ServerConfig::builder().with_client_cert_verifier(verifier);
        let acceptor = acceptor.with_single_cert(vec![server.clone()], server_key).expect("settings");
        let settings = ClientConfig::builder().with_root_certificates(store(server));
        let settings = settings.with_client_auth_cert(vec![client], client_key).expect("settings");
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let url = Url::parse("https://host:5986/wsman").expect("a URL");
        let deadline = Instant::now() + std::time::Duration::from_secs(60);
        let opening = Connection::over(Either::Right(ours), &url, "host", Some(Arc::new(settings)), deadline);
        let (accepted, opened) = tokio::join!(TlsAcceptor::from(Arc::new(acceptor)).accept(theirs), opening);
        assert!(accepted.is_err(), "the server has refused the certificate, and has said so");
        let mut connection = opened.unwrap_or_else(|error| panic!("{error}"));
        assert!(connection.certificate_asked);
        let request = Request::post("/wsman").body(Full::from("")).expect("a request");
        let error = connection.post(request).await.expect_err("no answer");
        assert!(matches!(&error, PostError::Gone(Some(cause)) if is_of_tls(cause)), "{error:?}");
    }
}
