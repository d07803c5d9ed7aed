//! An HTTP answer, and what it says when it is not SOAP.

use std::time::{Duration, SystemTime};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, LOCATION};
use hyper::{Response, StatusCode};

use super::challenge::{challenges, schemes};
use super::cookie_date::cookie_date;
use crate::auth::sealed;
use crate::outcome::Reason;
use crate::transport::Error;
use crate::wsman::names::code;

/// The largest body we take, in bytes: servers send at most 500 KiB per envelope unless someone raised it.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// The most that is set aside on a server's word, in bytes.
const USUAL_BODY: usize = 512 * 1024;

/// Status, headers and the whole body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What kind of body an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Soap,
    Sealed,
    Other,
}

/// Why the body could not be read to its end.
pub(super) enum ReadError {
    TooLarge,
    Http(hyper::Error),
}

impl Answer {
    /// Reads an answer to its end.
    pub(super) async fn read(response: Response<Incoming>) -> Result<Self, ReadError> {
        let (head, mut incoming) = response.into_parts();
        let announced = head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let mut body = Vec::with_capacity(announced.unwrap_or(0).min(USUAL_BODY));
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(ReadError::Http)?;
            let Some(chunk) = frame.data_ref() else { continue };
            if body.len() + chunk.len() > MAX_BODY {
                return Err(ReadError::TooLarge);
            }
            body.extend_from_slice(chunk);
        }
        Ok(Self { status: head.status, headers: head.headers, body })
    }

    /// By how many seconds the host's clock is ahead of ours, by the header `Date`.
    pub(super) fn ahead(&self) -> Option<i64> {
        let there = cookie_date(self.headers.get(DATE)?.to_str().ok()?)?;
        let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        Some(match there.duration_since(SystemTime::now()) {
            Ok(ahead) => seconds(ahead),
            Err(behind) => -seconds(behind.duration()),
        })
    }

    pub(super) fn kind(&self) -> Kind {
        let media = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let media = media.trim_start().to_ascii_lowercase();
        if sealed::is_content_type(&media) {
            Kind::Sealed
        } else if media.starts_with("application/soap+xml") || media.starts_with("text/xml") {
            Kind::Soap
        } else {
            Kind::Other
        }
    }

    /// The server's token for a scheme, decoded; `None` when it has none, or one that is not base64.
    pub(super) fn token(&self, scheme: &str) -> Option<Vec<u8>> {
        challenges(&self.headers)
            .filter(|challenge| challenge.scheme.eq_ignore_ascii_case(scheme))
            .find_map(|challenge| base64_simd::STANDARD.decode_to_vec(challenge.token?).ok())
    }

    /// The schemes that the server offers, each once.
    pub(super) fn schemes(&self) -> Vec<&str> {
        schemes(&self.headers)
    }

    pub(super) fn offers(&self, scheme: &str) -> bool {
        challenges(&self.headers).any(|challenge| challenge.scheme.eq_ignore_ascii_case(scheme))
    }

    /// What it means on a session that has worked, where that differs: this is WinRM, after all.
    pub(super) fn refusal_of_session(&self) -> Option<Error> {
        let status = self.status.as_u16();
        let cause = match status {
            400 | 404 | 405 | 411 | 414 | 431 | 501 => "refuses a request of a session that worked",
            502 | 504 => "no longer reaches WinRM",
            _ => return None,
        };
        let error = Error::new(Reason::Protocol, format!("HTTP {status}: the server, or a proxy before it, {cause}"));
        Some(error.with_hint(
            "a proxy or load balancer in between may have cut the message or changed servers; the host's own log is \
             %SystemRoot%\\System32\\LogFiles\\HTTPERR",
        ))
    }

    /// What an answer without SOAP means; `plain` says that we sent an unsealed message over HTTP.
    pub(super) fn refusal(&self, plain: bool) -> Error {
        let status = self.status.as_u16();
        match status {
            301 | 302 | 307 | 308 => {
                let to = self.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("elsewhere");
                let to: String = to.chars().filter(|character| !character.is_control()).take(200).collect();
                Error::new(Reason::NotWinrm, format!("the server redirects to {to}")).with_hint(
                    "WinRM does not redirect: check address, port and path, or give the other address itself",
                )
            }
            403 => Error::new(Reason::EndpointDenied, "HTTP 403: access is forbidden")
                .with_hint("the listener may want a client certificate, or a proxy stands in between"),
            404 => Error::new(Reason::NotWinrm, "HTTP 404: a web server, but not WinRM at this path")
                .with_hint("check the port, and that the WinRM service runs (winrm enumerate winrm/config/listener)"),
            407 => Error::new(Reason::Network, "HTTP 407: a proxy wants authentication")
                .with_hint("give the host's own address and port: psfleet does not log on to proxies"),
            413 => {
                let mut error = Error::new(Reason::ServerFault, "HTTP 413: the message is too large for the server")
                    .with_hint("raise MaxEnvelopeSizekb there");
                error.fault = Some(code::HTTP_TOO_LARGE);
                error
            }
            503 => Error::new(Reason::ServerFault, "HTTP 503: WinRM is overloaded or still starting").retryable(),
            500 if plain => Error::new(Reason::AuthMethod, "HTTP 500: the server refuses unencrypted messages")
                .with_hint("use --tls, or --auth negotiate, which seals messages over plain HTTP"),
            500 => Error::new(Reason::Protocol, "HTTP 500 without a SOAP fault: the server cannot read our message")
                .with_hint("see the event log Microsoft-Windows-WinRM/Operational there"),
            200 => Error::new(Reason::NotWinrm, "a web server answers, but it is not WinRM")
                .with_hint("check the port (5985, 5986 with TLS) and the path"),
            _ => Error::new(Reason::NotWinrm, format!("HTTP {status} without a SOAP body: this is not WinRM"))
                .with_hint("check the port (5985, 5986 with TLS)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;
    use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};

    use super::{Answer, Kind};
    use crate::outcome::Reason;

    fn answer(status: u16, challenges: &[&'static str]) -> Answer {
        let mut headers = HeaderMap::new();
        for challenge in challenges {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        Answer { status: StatusCode::from_u16(status).expect("status"), headers, body: Vec::new() }
    }

    #[test]
    fn finds_schemes_and_tokens() {
        let found = answer(401, &["Negotiate YWJj", "Kerberos", r#"Basic realm="WSMAN, x""#]);
        assert_eq!(found.schemes(), ["Negotiate", "Kerberos", "Basic"]);
        assert_eq!(found.token("negotiate"), Some(b"abc".to_vec()));
        assert_eq!(found.token("Basic"), None);
        let joined = answer(401, &[r#"Kerberos, Negotiate ####, Basic realm="WSMAN""#]);
        assert_eq!((joined.offers("basic"), joined.token("Negotiate")), (true, None));
    }

    #[test]
    fn tells_bodies_apart() {
        for (media, kind) in [
            ("application/soap+xml;charset=UTF-8", Kind::Soap),
            ("multipart/encrypted;protocol=\"x\"", Kind::Sealed),
            ("Multipart/X-Multi-Encrypted;protocol=\"x\"", Kind::Sealed),
            ("text/html", Kind::Other),
        ] {
            let mut found = answer(200, &[]);
            found.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
            assert_eq!(found.kind(), kind);
        }
        assert_eq!(answer(500, &[]).kind(), Kind::Other);
    }

    #[test]
    fn names_the_cause_of_each_status() {
        for (status, plain, reason, retryable) in [
            (404, false, Reason::NotWinrm, false),
            (200, false, Reason::NotWinrm, false),
            (503, false, Reason::ServerFault, true),
            (500, true, Reason::AuthMethod, false),
            (500, false, Reason::Protocol, false),
            (403, false, Reason::EndpointDenied, false),
        ] {
            let error = answer(status, &[]).refusal(plain);
            assert_eq!((error.reason, error.retryable), (reason, retryable), "{status}");
        }
    }
}
