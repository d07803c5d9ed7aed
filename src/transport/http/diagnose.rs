//! Why a connection failed, in words: from nested errors to one cause.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::time::Duration;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, InvalidMessage};

use super::connection::ConnectError;
use crate::event::Reason;
use crate::transport::Error;
use crate::transport::tcp::Fault;

/// The cause of a connection that was not made.
pub(super) fn diagnose_connect(error: &ConnectError, port: u16) -> Error {
    match error {
        ConnectError::Tcp(Fault::Name(name, _)) => Error::new(Reason::Dns, format!("the name '{name}' has no address"))
            .with_hint("check the spelling and DNS, or give the host an address in the inventory"),
        ConnectError::Tcp(Fault::Silence(..)) | ConnectError::TimedOut => timed_out(port),
        ConnectError::Tcp(Fault::Refusal(_, cause)) => diagnose_io(cause, port, false),
        ConnectError::Tls(cause) => match chain(cause).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
            Some(tls) => diagnose_tls(tls, port),
            None => diagnose_io(cause, port, true),
        },
        ConnectError::Address(cause) => Error::new(Reason::Dns, cause.clone()),
    }
}

/// The cause of a request that failed without an answer.
pub(super) fn diagnose(error: &hyper::Error, port: u16, over_tls: bool) -> Error {
    if let Some(tls) = chain(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return diagnose_tls(tls, port);
    }
    if error.is_parse() {
        return not_http(port, over_tls);
    }
    if let Some(io) = chain(error).find_map(|cause| cause.downcast_ref::<io::Error>()) {
        return diagnose_io(io, port, over_tls);
    }
    closed(port, over_tls)
}

/// No connection within the connect timeout.
pub(super) fn timed_out(port: u16) -> Error {
    Error::new(Reason::ConnectTimeout, format!("no connection to port {port} within the connect timeout"))
        .with_hint("the host is down, or a firewall drops the packets; --connect-timeout waits longer")
        .retryable()
}

/// All causes, outermost first. An `io::Error` hides what it was made from from `source`.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause| {
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| cause.source())
    })
}

fn diagnose_io(io: &io::Error, port: u16, over_tls: bool) -> Error {
    let other_port = if over_tls { "5986 with TLS" } else { "5985 without TLS" };
    match io.kind() {
        ErrorKind::ConnectionRefused => Error::new(Reason::Refused, format!("nobody listens on port {port}"))
            .with_hint(format!(
                "run Enable-PSRemoting on the host, open its firewall, or set --port (WinRM's is {other_port})"
            ))
            .retryable(),
        ErrorKind::TimedOut => timed_out(port),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => closed(port, over_tls),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            Error::new(Reason::Network, "there is no route to the host").retryable()
        }
        _ => Error::new(Reason::Network, format!("the connection failed: {io}")).retryable(),
    }
}

fn closed(port: u16, over_tls: bool) -> Error {
    let error = Error::new(Reason::Network, format!("port {port} closed the connection without an answer")).retryable();
    if over_tls { error } else { error.with_hint("if HTTPS listens there, use --tls") }
}

fn not_http(port: u16, over_tls: bool) -> Error {
    let error = Error::new(Reason::NotWinrm, format!("what answers on port {port} is not HTTP"));
    if over_tls {
        error.with_hint("is this the port of WinRM? It listens on 5986 with TLS")
    } else {
        error.with_hint("if HTTPS listens there, use --tls; WinRM listens on 5985 without TLS")
    }
}

fn diagnose_tls(error: &rustls::Error, port: u16) -> Error {
    match error {
        rustls::Error::InvalidCertificate(certificate) => diagnose_certificate(certificate),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            Error::new(Reason::Tls, format!("what answers on port {port} does not speak TLS"))
                .with_hint("use --no-tls for plain HTTP with sealed messages, or the port of the HTTPS listener (5986)")
        }
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(_) => {
            Error::new(Reason::Tls, format!("the host and we have no TLS version or cipher suite in common: {error}"))
                .with_hint("TLS 1.2 with ECDHE is needed; an old server's RSA certificate may offer none")
        }
        _ => Error::new(Reason::Tls, format!("the TLS handshake failed: {error}")),
    }
}

fn diagnose_certificate(error: &CertificateError) -> Error {
    match error {
        CertificateError::ExpiredContext { time, not_after } => expired(Some(ago(*time, *not_after))),
        CertificateError::Expired => expired(None),
        CertificateError::NotValidYetContext { time, not_before } => not_yet(Some(ago(*not_before, *time))),
        CertificateError::NotValidYet => not_yet(None),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let wanted = expected.to_str();
            let names = if presented.is_empty() { "no name at all".into() } else { presented.join(", ") };
            wrong_name(format!("the TLS certificate is not for '{wanted}' but for {names}"))
        }
        CertificateError::NotValidForName => wrong_name("the TLS certificate is for another name".into()),
        CertificateError::UnknownIssuer => untrusted("the TLS certificate is signed by nobody we trust"),
        CertificateError::BadSignature => untrusted("the signature of the TLS certificate is wrong"),
        CertificateError::Revoked => untrusted("the TLS certificate was revoked"),
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            untrusted("the TLS certificate is self-signed and marked as an authority")
        }
        other => untrusted(&format!("the TLS certificate is not acceptable: {other}")),
    }
}

fn expired(ago: Option<String>) -> Error {
    let when = ago.map(|ago| format!(" {ago} ago")).unwrap_or_default();
    Error::new(Reason::TlsExpired, format!("the TLS certificate expired{when}"))
        .with_hint("renew the certificate of the HTTPS listener; check the clocks if it looks right")
}

fn not_yet(ahead: Option<String>) -> Error {
    let when = ahead.map(|ahead| format!(" for another {ahead}")).unwrap_or_default();
    Error::new(Reason::TlsExpired, format!("the TLS certificate is not valid{when}")).with_hint("check the clocks")
}

fn wrong_name(message: String) -> Error {
    Error::new(Reason::TlsName, message).with_hint("address the host by a name of the certificate")
}

fn untrusted(message: &str) -> Error {
    Error::new(Reason::TlsUntrusted, message)
        .with_hint("give its authority, or the certificate itself, with --ca FILE (PEM)")
}

/// The time from one moment to a later one, in its largest unit.
fn ago(later: UnixTime, earlier: UnixTime) -> String {
    let span = Duration::from_secs(later.as_secs().saturating_sub(earlier.as_secs()));
    let seconds = span.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::CertificateError;
    use rustls::pki_types::UnixTime;

    use super::{diagnose_certificate, diagnose_tls};
    use crate::event::Reason;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn says_how_long_ago_a_certificate_expired() {
        for (seconds, text) in [(1, "1 second"), (120, "2 minutes"), (7_300, "2 hours"), (86_400 * 12, "12 days")] {
            let error = CertificateError::ExpiredContext { time: at(2_000_000 + seconds), not_after: at(2_000_000) };
            let error = diagnose_certificate(&error);
            assert_eq!(error.reason, Reason::TlsExpired);
            assert_eq!(error.message, format!("the TLS certificate expired {text} ago"));
        }
    }

    #[test]
    fn tells_the_kinds_of_tls_faults_apart() {
        let of = |error: CertificateError| diagnose_tls(&error.into(), 5986).reason;
        assert_eq!(of(CertificateError::UnknownIssuer), Reason::TlsUntrusted);
        assert_eq!(of(CertificateError::NotValidForName), Reason::TlsName);
        assert_eq!(of(CertificateError::NotValidYet), Reason::TlsExpired);
        let plain = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert_eq!(diagnose_tls(&plain, 5986).reason, Reason::Tls);
    }
}
