//! One connection: HTTP requests in, the logon that is bound to the connection, HTTP responses out.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, SERVER, WWW_AUTHENTICATE,
};
use hyper::{Method, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::fault::FaultKind;
use super::host::{Answer, Host};
use super::logon::{Granted, Logon, Refusal};
use super::stats::Counters;
use super::wsman::{self, Body, fault_envelope, identify_envelope};
use crate::auth::ChannelBinding;
use crate::certificate::Certificate;
use crate::wsman::names;

/// The largest request, in bytes: MaxEnvelopeSize with the envelope of the encryption around it.
const MAX_REQUEST: usize = 520_000;
/// By how much the clock of `skewed` is ahead.
const SKEW: SignedDuration = SignedDuration::from_mins(10);
/// How http.sys names itself.
const HTTP_SYS: &str = "Microsoft-HTTPAPI/2.0";

/// What a response carries: all of it, or a part before the connection breaks.
type Content = Either<Full<Bytes>, BrokenBody>;
type BrokenBody = StreamBody<futures::stream::Iter<std::array::IntoIter<Result<Frame<Bytes>, Broken>, 2>>>;

/// The connection is to be closed without another word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sandbox breaks the connection")
    }
}

impl std::error::Error for Broken {}

impl From<Infallible> for Broken {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The server's side of one connection.
pub(super) struct Connection {
    host: Arc<Host>,
    client: IpAddr,
    /// HTTP/1.1 has one request at a time, so nobody waits for this lock.
    logon: Mutex<Logon>,
}

impl Connection {
    /// A connection that nobody has logged on over yet; `binding` is that of its TLS channel, if there is one, and
    /// `certificate` what the client has shown there in DER, which the fleet's authority has signed.
    pub(super) fn new(
        host: Arc<Host>,
        client: IpAddr,
        binding: Option<ChannelBinding>,
        certificate: Option<&[u8]>,
    ) -> Self {
        let named = certificate.and_then(|der| Certificate::of_der(der)?.user());
        let logon = Mutex::new(Logon::new(binding, named));
        Self { host, client, logon }
    }

    /// Answers one request.
    ///
    /// # Errors
    /// [`Broken`]: the connection ends without an answer.
    pub(super) async fn serve(&self, request: Request<Incoming>) -> Result<Response<BoxedContent>, Broken> {
        let (head, body) = request.into_parts();
        let body = match Limited::new(body, MAX_REQUEST).collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return Ok(boxed(bare(StatusCode::PAYLOAD_TOO_LARGE))),
        };
        if self.host.loses_request() {
            return Err(Broken);
        }
        let mut response = self.answer(&head, body).await;
        if self.host.fault == Some(FaultKind::Skewed) {
            let ahead = (Timestamp::now() + SKEW).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            response.headers_mut().extend(HeaderValue::try_from(ahead).ok().map(|ahead| (DATE, ahead)));
        }
        let delay = self.host.delay();
        // Even a sleep of no time waits for the next tick of the clock.
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        Ok(boxed(response))
    }

    async fn answer(&self, head: &hyper::http::request::Parts, body: Bytes) -> Response<Content> {
        if self.host.fault == Some(FaultKind::NotWinrm) {
            return html(StatusCode::NOT_FOUND, "<html><body><h1>Not Found</h1></body></html>");
        }
        match (&head.method, head.uri.path()) {
            (&Method::POST, "/wsman") if asks_who(&head.headers, &body) => soap(StatusCode::OK, identify_envelope()),
            (&Method::POST, "/wsman") => self.wsman(&head.headers, body).await,
            (&Method::GET, "/stats") => self.stats(&head.headers, body),
            _ => bare(StatusCode::NOT_FOUND),
        }
    }

    /// Looks at a request's credentials.
    fn admit(&self, headers: &HeaderMap, body: Bytes) -> Result<Granted, Refusal> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let mut logon = self.logon.lock().unwrap_or_else(PoisonError::into_inner);
        logon.admit(&self.host, text(AUTHORIZATION), text(CONTENT_TYPE).unwrap_or_default(), body)
    }

    async fn wsman(&self, headers: &HeaderMap, body: Bytes) -> Response<Content> {
        let Granted { body, token } = match self.admit(headers, body) {
            Ok(granted) => granted,
            Err(refusal) => return refused(refusal),
        };
        // The last leg of a handshake may come alone.
        let mut response = if body.is_empty() { bare(StatusCode::OK) } else { self.operate(&body).await };
        if let Some(token) = token.and_then(|token| HeaderValue::try_from(token).ok()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, token);
        }
        response
    }

    async fn operate(&self, body: &[u8]) -> Response<Content> {
        Counters::count(&self.host.shared.counters.requests);
        let (status, envelope, breaks) = self.envelope(body).await;
        let mut logon = self.logon.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((content_type, content)) = logon.seal(envelope.into_bytes()) else {
            return closing(bare(StatusCode::INTERNAL_SERVER_ERROR));
        };
        if breaks { broken(&content_type, &content) } else { whole(status, &content_type, content) }
    }

    /// The answer's status and envelope, and whether it breaks off.
    async fn envelope(&self, body: &[u8]) -> (StatusCode, String, bool) {
        let fault = |fault, id: &str| {
            let envelope = fault_envelope(&fault, id, &self.host.name);
            (StatusCode::INTERNAL_SERVER_ERROR, envelope, false)
        };
        let Ok(text) = std::str::from_utf8(body) else {
            return fault(wsman::Fault::schema("the envelope is not UTF-8"), "");
        };
        let request = match wsman::Request::parse(text.trim_start_matches('\u{FEFF}')) {
            Ok(request) => request,
            Err(error) => return fault(error, ""),
        };
        match self.host.handle(&request, self.client).await {
            Ok(Answer::Whole(reply)) => (StatusCode::OK, reply.envelope(&request), false),
            Ok(Answer::Broken(reply)) => (StatusCode::OK, reply.envelope(&request), true),
            Err(error) => fault(error, &request.message_id),
        }
    }

    fn stats(&self, headers: &HeaderMap, body: Bytes) -> Response<Content> {
        let token = match self.admit(headers, body) {
            Ok(granted) => granted.token,
            Err(refusal) => return refused(refusal),
        };
        let stats = serde_json::to_vec(&self.host.shared.stats()).unwrap_or_default();
        let mut response = whole(StatusCode::OK, "application/json", stats);
        if let Some(token) = token.and_then(|token| HeaderValue::try_from(token).ok()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, token);
        }
        response
    }
}

/// Whether this is an Identify, which needs no logon.
fn asks_who(headers: &HeaderMap, body: &[u8]) -> bool {
    let unauthenticated = headers.get("wsmanidentify").is_some_and(|value| value == "unauthenticated");
    unauthenticated
        && std::str::from_utf8(body)
            .ok()
            .and_then(|text| wsman::Request::parse(text).ok())
            .is_some_and(|request| request.body == Body::Identify)
}

/// A boxed body: hyper wants one type.
pub(super) type BoxedContent = http_body_util::combinators::BoxBody<Bytes, Broken>;

fn boxed(mut response: Response<Content>) -> Response<BoxedContent> {
    response.headers_mut().insert(SERVER, HeaderValue::from_static(HTTP_SYS));
    response.map(|content| match content {
        Either::Left(full) => full.map_err(Broken::from).boxed(),
        Either::Right(broken) => broken.boxed(),
    })
}

fn whole(status: StatusCode, content_type: &str, content: impl Into<Bytes>) -> Response<Content> {
    let mut response = Response::new(Either::Left(Full::new(content.into())));
    *response.status_mut() = status;
    if let Some(content_type) = HeaderValue::try_from(content_type).ok().filter(|value| !value.is_empty()) {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response
}

fn bare(status: StatusCode) -> Response<Content> {
    whole(status, "", Bytes::new())
}

fn soap(status: StatusCode, envelope: String) -> Response<Content> {
    whole(status, names::CONTENT_TYPE, envelope)
}

fn html(status: StatusCode, text: &'static str) -> Response<Content> {
    whole(status, "text/html", text)
}

/// A response that promises all of the content and breaks off after half of it.
fn broken(content_type: &str, content: &[u8]) -> Response<Content> {
    let half = content.get(..content.len() / 2).unwrap_or_default();
    let frames = [Ok(Frame::data(Bytes::copy_from_slice(half))), Err(Broken)];
    let mut response = Response::new(Either::Right(StreamBody::new(futures::stream::iter(frames))));
    if let Ok(content_type) = HeaderValue::try_from(content_type) {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(content.len()));
    response
}

/// The answer to a request that is not let in.
fn refused(refusal: Refusal) -> Response<Content> {
    match refusal {
        Refusal::Unauthorized(offers) => challenge(&offers),
        Refusal::Unreadable => closing(bare(StatusCode::INTERNAL_SERVER_ERROR)),
    }
}

fn challenge(offers: &[String]) -> Response<Content> {
    let mut response = bare(StatusCode::UNAUTHORIZED);
    for offer in offers.iter().filter_map(|offer| HeaderValue::try_from(&**offer).ok()) {
        response.headers_mut().append(WWW_AUTHENTICATE, offer);
    }
    response
}

fn closing(mut response: Response<Content>) -> Response<Content> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
