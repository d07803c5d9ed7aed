//! Why a connection failed, in words: from nested errors to one cause.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::time::Duration;

use rustls::pki_types::{ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, InvalidMessage};

use super::certificate_fault::Weakness;
use super::connect_error::ConnectError;
use crate::error_text;
use crate::outcome::Reason;
use crate::transport::Error;
use crate::transport::tcp::{Fault, no_address, not_an_address};

/// This many names of a certificate are shown.
const MAX_NAMES: usize = 5;

/// The cause of a connection that was not made.
pub(super) fn diagnose_connect(error: &ConnectError, port: u16) -> Error {
    match error {
        #[cfg(feature = "ssh")]
        ConnectError::Bastion(error) => error.clone(),
        ConnectError::Tcp(Fault::Name(name, cause)) => no_address(name, cause),
        ConnectError::Tcp(Fault::Silence(..)) => timed_out(port),
        ConnectError::TimedOut => silent(port, "the TLS handshake"),
        ConnectError::Tcp(Fault::Refusal(_, cause)) => diagnose_io(cause, port, false),
        ConnectError::Tls(cause) => match of_tls(cause) {
            Some(tls) => tls_cause(tls, port),
            None => diagnose_io(cause, port, true),
        },
        ConnectError::Http(error) => diagnose(error, port, false),
        ConnectError::Address(address) => not_an_address(address),
    }
}

/// What the server's TLS or ours said, if that ended a connection.
fn of_tls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    chain(error).find_map(|cause| cause.downcast_ref::<rustls::Error>())
}

/// Whether TLS ended a connection: under TLS 1.3 a server says so behind the handshake that it doesn't take the
/// client's certificate, before our request or after it.
pub(super) fn is_of_tls(error: &hyper::Error) -> bool {
    of_tls(error).is_some()
}

/// The cause of a request that failed without an answer.
pub(super) fn diagnose(error: &hyper::Error, port: u16, over_tls: bool) -> Error {
    if let Some(tls) = of_tls(error) {
        return tls_cause(tls, port);
    }
    if error.is_parse() {
        return not_http(port, over_tls);
    }
    if let Some(io) = chain(error).find_map(|cause| cause.downcast_ref::<io::Error>()) {
        return diagnose_io(io, port, over_tls);
    }
    closed(port, over_tls)
}

/// The connection was closed before a request left.
pub(super) fn gone(is_logged_on: bool) -> Error {
    let message = if is_logged_on {
        "the server has closed the connection"
    } else {
        "the server closed the connection during the logon; a proxy in between may not keep connections open"
    };
    Error::new(Reason::Network, message).retryable()
}

/// No connection within the connect timeout.
pub(super) fn timed_out(port: u16) -> Error {
    Error::new(Reason::ConnectTimeout, format!("no connection to port {port} within the connect timeout"))
        .with_hint("the host is down, or a firewall drops the packets; --connect-timeout waits longer")
        .retryable()
}

/// Somebody listens, but says nothing.
pub(super) fn silent(port: u16, to: &str) -> Error {
    Error::new(Reason::ConnectTimeout, format!("port {port} takes connections, but does not answer {to} in time"))
        .with_hint(
            "is this the port of WinRM (5985, with TLS 5986)? What listens there may speak something else, or hang; \
             --connect-timeout waits longer",
        )
        .retryable()
}

/// Somebody speaks HTTP, but answers nothing any more once a proof and a Create have come.
pub(super) fn mute(port: u16) -> Error {
    let message =
        format!("port {port} began the logon, but neither finished it nor answered the request for a session in time");
    Error::new(Reason::OpenTimeout, message).with_hint(
        "the host cannot check the logon (can it reach a domain controller?), or PowerShell does not start there: \
         check its load, or raise --open-timeout",
    )
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
        _ => {
            // A library's words stand behind a code of the system's, or alone.
            let cause =
                io.raw_os_error().map(|code| format!(": {}", error_text::io(&io::Error::from_raw_os_error(code))));
            Error::new(Reason::Network, format!("the connection failed{}", cause.unwrap_or_default())).retryable()
        }
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

/// The cause of a handshake that failed.
pub(in crate::transport) fn tls_cause(error: &rustls::Error, port: u16) -> Error {
    match error {
        rustls::Error::InvalidCertificate(certificate) => diagnose_certificate(certificate),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            Error::new(Reason::Tls, format!("what answers on port {port} does not speak TLS"))
                .with_hint("use --no-tls for plain HTTP with sealed messages, or the port of the HTTPS listener (5986)")
        }
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(_) => {
            Error::new(Reason::Tls, "the host and psfleet have no TLS version or cipher suite in common").with_hint(
                "TLS 1.2 with ECDHE is needed, or what --tls-min says; an old server's RSA certificate may offer none",
            )
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            Error::new(Reason::AuthMethod, "the listener wants a client certificate")
                .with_hint("log on by one: --auth certificate --certificate FILE")
        }
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            // Of an authority that has the name of another.
            | AlertDescription::DecryptError),
        ) => {
            let alert = alert.as_str().map_or_else(|| format!("number {}", u8::from(*alert)), words);
            let message = format!("the host does not trust our client certificate: TLS alert '{alert}'");
            Error::new(Reason::AuthMethod, message).with_hint(
                "its CA must be in Cert:\\LocalMachine\\Root there, and its extended key usage client authentication",
            )
        }
        rustls::Error::AlertReceived(alert) => {
            let alert = alert.as_str().map_or_else(|| format!("number {}", u8::from(*alert)), words);
            Error::new(Reason::Tls, format!("the host ends the TLS handshake with the alert '{alert}'")).with_hint(
                "see the System event log there (source Schannel); the listener may want a client \
                            certificate",
            )
        }
        rustls::Error::NoCertificatesPresented => Error::new(Reason::Tls, "the host shows no TLS certificate")
            .with_hint(
                "bind a certificate to its HTTPS listener: winrm create \
                 winrm/config/Listener?Address=*+Transport=HTTPS",
            ),
        other => {
            tracing::debug!(error = %other, "the TLS handshake failed");
            Error::new(Reason::Tls, format!("what answers on port {port} breaks the TLS protocol"))
                .with_hint("check that WinRM's HTTPS listener is on that port (5986), with no proxy in between")
        }
    }
}

/// `CertificateUnknown` as `certificate unknown`.
fn words(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

fn diagnose_certificate(error: &CertificateError) -> Error {
    match error {
        CertificateError::ExpiredContext { time, not_after } => expired(Some(ago(*time, *not_after))),
        CertificateError::Expired => expired(None),
        CertificateError::NotValidYetContext { time, not_before } => not_yet(Some(ago(*not_before, *time))),
        CertificateError::NotValidYet => not_yet(None),
        CertificateError::NotValidForNameContext { expected, presented } => {
            wrong_name(format!("the TLS certificate is not for {} but for {}", wanted(expected), names(presented)))
        }
        CertificateError::NotValidForName => wrong_name("the TLS certificate is for another name".into()),
        CertificateError::UnknownIssuer => untrusted("the TLS certificate is signed by nobody we trust"),
        CertificateError::BadSignature => untrusted("the signature of the TLS certificate is wrong"),
        CertificateError::Revoked => untrusted("the TLS certificate was revoked"),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            untrusted("the TLS certificate is not meant for servers")
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => weak(
            "a certificate above the TLS certificate is signed in a way that is too weak, such as with SHA-1, or \
             unknown",
        ),
        CertificateError::BadEncoding => weak("the TLS certificate cannot be read"),
        CertificateError::Other(other) if matches!(other.0.downcast_ref(), Some(Weakness::NotPinned(_))) => Error::new(
            Reason::TlsUntrusted,
            other.0.to_string(),
        )
        .with_hint(
            "compare it on the host (its listener names the thumbprint: winrm enumerate winrm/config/listener); if it \
                 was renewed, change --tls-pin; else somebody answers in the host's place",
        ),
        CertificateError::Other(other) if other.0.is::<Weakness>() => weak(&other.0.to_string()),
        // The library names this one nowhere else.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            untrusted("the TLS certificate is self-signed and marked as an authority")
        }
        other => {
            tracing::debug!(error = %other, "the certificate is not acceptable");
            untrusted("the TLS certificate breaks the rules for certificates of servers")
        }
    }
}

/// No authority makes it good.
fn weak(message: &str) -> Error {
    Error::new(Reason::TlsUntrusted, message).with_hint(
        "give the HTTPS listener a new certificate (New-SelfSignedCertificate -DnsName NAME makes a good one); until \
         then, \
         --insecure takes this one, and anyone in between can then read and change everything",
    )
}

/// The name or address that the certificate should hold.
fn wanted(expected: &ServerName<'_>) -> String {
    match expected {
        ServerName::IpAddress(_) => format!("the address '{}'", expected.to_str()),
        _ => format!("'{}'", expected.to_str()),
    }
}

/// The names that it holds: `DnsName("a")` and `IpAddress(::1)` are the library's way to write them.
fn names(presented: &[String]) -> String {
    if presented.is_empty() {
        return "no name at all".to_owned();
    }
    let plain = presented.iter().take(MAX_NAMES).map(|name| {
        let (kind, inner) = name.split_once('(').unwrap_or(("", name));
        let inner = inner.trim_end_matches(')').trim_matches('"');
        let inner: String = inner.chars().filter(|character| !character.is_control()).take(255).collect();
        match kind {
            "IpAddress" => format!("the address {inner}"),
            _ => format!("the name {inner}"),
        }
    });
    let list = plain.collect::<Vec<_>>().join(", ");
    match presented.len().saturating_sub(MAX_NAMES) {
        0 => list,
        more => format!("{list} and {more} more"),
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
    Error::new(Reason::TlsName, message).with_hint("address the host by a name that the certificate holds")
}

fn untrusted(message: &str) -> Error {
    Error::new(Reason::TlsUntrusted, message).with_hint("give its CA, or the certificate itself, with --ca FILE (PEM)")
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

    use super::{diagnose_certificate, tls_cause};
    use crate::outcome::Reason;

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
        let of = |error: CertificateError| tls_cause(&error.into(), 5986).reason;
        assert_eq!(of(CertificateError::UnknownIssuer), Reason::TlsUntrusted);
        assert_eq!(of(CertificateError::NotValidForName), Reason::TlsName);
        assert_eq!(of(CertificateError::NotValidYet), Reason::TlsExpired);
        let plain = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert_eq!(tls_cause(&plain, 5986).reason, Reason::Tls);
    }
}
