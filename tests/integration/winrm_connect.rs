//! What a user reads when a WinRM host cannot be reached: reason, message, hint for every kind of wrong peer.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use psfleet::outcome::{Outcome, Reason};
use psfleet::target::{AuthMethod, Target, Tls};
use psfleet::transport::http::TlsCache;
use psfleet::transport::wsman::WsmanCarrier;
use psfleet::transport::{Carrier, Error};
use rcgen::{BasicConstraints, CertificateParams, IsCa, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::support::http::{Act, HttpServer};
use crate::support::run::{run, spec};
use crate::support::skip;
use crate::support::tls::self_signed;
use crate::support::winrm::{action, connect, envelope, target, target_with, tls};

async fn error(target: &Target) -> Error {
    connect(target).await.expect_err("must fail")
}

/// The error that a server provokes which acts like this on every request.
async fn against(act: Act) -> Error {
    let server = HttpServer::start(None, move |_| {
        let act = act.clone();
        async move { act }.boxed()
    })
    .await;
    error(&target(server.port)).await
}

fn web_page(status: u16) -> Act {
    Act::Answer(status, "Content-Type: text/html\r\n".into(), "<html><body>welcome</body></html>".into())
}

/// A certificate in a file, and a server that shows it.
struct Site {
    file: PathBuf,
    server: HttpServer,
}

impl Site {
    async fn new(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (config, certificate) = self_signed(change);
        let file = std::env::temp_dir().join(format!("psfleet-test-{}-{name}.pem", std::process::id()));
        std::fs::write(&file, certificate).expect("file");
        let answer = "<rsp:Shell><rsp:ShellId>1</rsp:ShellId></rsp:Shell>";
        let handler = move |_| async move { Act::soap(200, envelope(answer)) }.boxed();
        Self { file, server: HttpServer::start(Some(config), handler).await }
    }

    fn target(&self, ca: bool) -> Target {
        target_with(self.server.port, |endpoint| endpoint.tls = tls(ca.then(|| self.file.clone())))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

#[tokio::test]
async fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("address").port();
    drop(listener);
    let refused = error(&target(port)).await;
    assert_eq!((refused.reason, refused.retryable), (Reason::Refused, true));
    assert_eq!(refused.message, format!("nobody listens on port {port}"));
    let unknown = error(&target_with(port, |endpoint| endpoint.address = "no-such-host.invalid".into())).await;
    assert_eq!((unknown.reason, unknown.retryable), (Reason::Dns, false));
    assert!(unknown.message.starts_with("the name 'no-such-host.invalid' "), "{unknown}");
}

#[tokio::test]
async fn a_silent_host_is_given_up_after_the_connect_timeout() {
    // A full backlog answers no SYN; a server that accepts and then keeps quiet does as much for TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("address").port();
    for auth in [AuthMethod::Basic, AuthMethod::Negotiate] {
        let mut silent = target_with(port, |endpoint| (endpoint.tls, endpoint.auth) = (tls(None), auth));
        silent.timeouts.connect = Duration::from_millis(300);
        let begin = std::time::Instant::now();
        let error = error(&silent).await;
        assert_eq!((error.reason, error.retryable), (Reason::ConnectTimeout, true), "{error}");
        assert_eq!(
            error.message,
            format!("port {port} takes connections, but does not answer the TLS handshake in time")
        );
        assert!(begin.elapsed() < Duration::from_secs(3));
    }
    // Over plain HTTP the handshake is what stays without answer.
    let mut silent = target_with(port, |endpoint| endpoint.auth = AuthMethod::Ntlm);
    silent.timeouts.connect = Duration::from_millis(300);
    let error = error(&silent).await;
    assert_eq!(error.reason, Reason::ConnectTimeout);
    assert_eq!(error.message, format!("port {port} takes connections, but does not answer an HTTP request in time"));
}

#[tokio::test]
async fn a_silent_port_costs_no_more_than_its_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("address").port();
    for (auth, secure, to) in [
        (AuthMethod::Basic, false, "an HTTP request"),
        (AuthMethod::Basic, true, "the TLS handshake"),
        (AuthMethod::Negotiate, true, "the TLS handshake"),
        (AuthMethod::Ntlm, false, "an HTTP request"),
    ] {
        let mut silent = target_with(port, |endpoint| {
            endpoint.auth = auth;
            endpoint.tls = if secure { tls(None) } else { Tls::Off };
        });
        // What a connection shows falls under the one limit, what only a request shows under the other.
        let short = Duration::from_millis(500);
        let is_request = auth == AuthMethod::Basic && !secure;
        let (connect, open) =
            if is_request { (Duration::from_secs(60), short) } else { (short, Duration::from_secs(60)) };
        (silent.timeouts.connect, silent.timeouts.open) = (connect, open);
        let begin = std::time::Instant::now();
        let ran = run(spec(vec![silent], "hostname")).await;
        let end = &ran.ends[0];
        let text = format!("port {port} takes connections, but does not answer {to} in time");
        assert_eq!((end.outcome, end.reason), (Outcome::Unreachable, Some(Reason::ConnectTimeout)), "{end:?}");
        assert_eq!(end.message, text);
        // The close, which waits ten seconds for a server that may only be slow, must not come on top.
        assert!(begin.elapsed() < Duration::from_secs(8), "{auth}: {:?}", begin.elapsed());
    }
}

#[tokio::test]
async fn a_session_that_worked_is_not_told_that_this_is_no_winrm() {
    for (status, text) in [
        (400, "HTTP 400: the server, or a proxy before it, refuses a request of a session that worked"),
        (404, "HTTP 404: the server, or a proxy before it, refuses a request of a session that worked"),
        (502, "HTTP 502: the server, or a proxy before it, no longer reaches WinRM"),
    ] {
        let server = HttpServer::start(None, move |request| {
            let shell = envelope("<rsp:Shell><rsp:ShellId>1</rsp:ShellId></rsp:Shell>");
            let created = action(&request.body) == "Create";
            async move { if created { Act::soap(200, shell) } else { web_page(status) } }.boxed()
        })
        .await;
        let carrier = WsmanCarrier::new(&target(server.port), &TlsCache::new()).expect("a carrier");
        carrier.create(Uuid::from_u128(1), vec![Bytes::from_static(b"x")]).await.expect("a shell");
        let error = carrier.command(Uuid::from_u128(2), vec![Bytes::from_static(b"x")]).await.expect_err("refused");
        assert_eq!((error.reason, error.message.as_str()), (Reason::Protocol, text));
    }
}

#[tokio::test]
async fn an_address_with_a_zone_is_reached_and_its_zone_stays_here() {
    let Ok(listener) = TcpListener::bind("[::1]:0").await else {
        skip("no IPv6 here");
        return;
    };
    let port = listener.local_addr().expect("address").port();
    let answering = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = Vec::new();
        while !request.ends_with(b"</s:Envelope>") {
            assert!(stream.read_buf(&mut request).await.expect("readable") > 0, "the request is cut off");
        }
        stream.write_all(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n").await.expect("writable");
        String::from_utf8(request).expect("UTF-8")
    };
    // The loopback's own number: what stands for it by name differs from system to system.
    let zoned = target_with(port, |endpoint| endpoint.address = "::1%1".into());
    let (request, error) = tokio::join!(answering, error(&zoned));
    assert_eq!(error.reason, Reason::NotWinrm);
    assert!(request.contains(&format!("[::1]:{port}\r\n")) && !request.contains('%'), "{request}");
    let nowhere = connect(&target_with(port, |endpoint| endpoint.address = "fe80::1%nosuch0".into())).await;
    let error = nowhere.expect_err("no such interface");
    assert_eq!(error.message, "the address 'fe80::1%nosuch0' has a zone that is not an interface of this machine");
}

#[tokio::test]
async fn something_else_listens() {
    for (act, reason, text) in [
        (web_page(200), Reason::NotWinrm, "a web server answers, but it is not WinRM"),
        (web_page(404), Reason::NotWinrm, "HTTP 404: a web server, but not WinRM at this path"),
        (web_page(405), Reason::NotWinrm, "HTTP 405 without a SOAP body: this is not WinRM"),
        (Act::soap(200, "<html/>"), Reason::NotWinrm, "the response is XML but not a SOAP envelope"),
        (Act::soap(200, ""), Reason::Protocol, "empty answer (HTTP 200"),
        (Act::soap(200, " \r\n"), Reason::Protocol, "empty answer (HTTP 200"),
        (Act::soap(500, ""), Reason::Protocol, "empty answer (HTTP 500"),
        (Act::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), Reason::NotWinrm, "what answers on port"),
        (web_page(503), Reason::ServerFault, "HTTP 503: WinRM is overloaded or still starting"),
        (
            Act::Answer(500, String::new(), String::new()),
            Reason::AuthMethod,
            "HTTP 500: the server refuses unencrypted",
        ),
        (Act::Close, Reason::Network, "closed the connection without an answer"),
    ] {
        let error = against(act).await;
        assert!(error.reason == reason && error.message.contains(text), "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_never_begins_is_given_up() {
    for bytes in [
        b"HTTP/1.1 100 Continue\r\n\r\n".as_slice(),
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\nA: b\r\n\r\n",
    ] {
        let error = against(Act::Endless(bytes)).await;
        assert_eq!(error.reason, Reason::Protocol, "{error}");
        assert_eq!(error.message, "the server sends interim answers or headers without an end");
    }
}

#[tokio::test]
async fn tls_against_plain_and_plain_against_tls() {
    let plain = HttpServer::start(None, |_| async { web_page(400) }.boxed()).await;
    let error_1 = error(&target_with(plain.port, |endpoint| endpoint.tls = tls(None))).await;
    assert_eq!(error_1.reason, Reason::Tls, "{error_1}");
    assert!(error_1.hint.as_deref().unwrap_or("").contains("--no-tls"));
    let site = Site::new("plain", |_| {}).await;
    let error_2 = error(&target(site.server.port)).await;
    assert!(error_2.hint.as_deref().unwrap_or("").contains("use --tls"), "{error_2:?}");
}

#[tokio::test]
async fn certificates_that_are_not_good_enough() {
    let untrusted = Site::new("untrusted", |_| {}).await;
    let error_1 = error(&untrusted.target(false)).await;
    assert_eq!(error_1.reason, Reason::TlsUntrusted, "{error_1}");
    connect(&untrusted.target(true)).await.expect("trusted by --ca");
    let insecure = Tls::On { ca: None, insecure: true, pins: Vec::new(), min: Default::default() };
    connect(&target_with(untrusted.server.port, |endpoint| endpoint.tls = insecure)).await.expect("--insecure");

    let named = Site::new("named", |params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("other.example".try_into().expect("name"))];
    })
    .await;
    let error_2 = error(&named.target(true)).await;
    assert_eq!(error_2.reason, Reason::TlsName, "{error_2}");
    let text = "the TLS certificate is not for the address '127.0.0.1' but for the name other.example";
    assert_eq!(error_2.message, text);
    let as_name = Site::new("as-name", |params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("127.0.0.1".try_into().expect("name"))];
    })
    .await;
    let error_2 = error(&as_name.target(true)).await;
    assert_eq!(error_2.message, "the TLS certificate is not for the address '127.0.0.1' but for the name 127.0.0.1");
    let nameless = Site::new("nameless", |params| params.subject_alt_names = Vec::new()).await;
    let error_2 = error(&nameless.target(true)).await;
    assert!(error_2.message.ends_with("but for no name at all"), "{error_2}");

    let old = Site::new("old", |params| params.not_after = date_time_ymd(2020, 1, 1)).await;
    let error_3 = error(&old.target(true)).await;
    assert_eq!(error_3.reason, Reason::TlsExpired, "{error_3}");
    assert!(error_3.message.ends_with("days ago"), "{error_3}");
}

#[tokio::test]
async fn a_self_signed_authority_of_the_ca_file_is_taken_as_it_is() {
    let authority = |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let site = Site::new("authority", authority).await;
    connect(&site.target(true)).await.expect("pinned");
    assert_eq!(error(&site.target(false)).await.reason, Reason::TlsUntrusted);
    let wrong_name = Site::new("authority-name", |params| {
        authority(params);
        params.subject_alt_names = vec![rcgen::SanType::DnsName("other.example".try_into().expect("name"))];
    })
    .await;
    assert_eq!(error(&wrong_name.target(true)).await.reason, Reason::TlsName);
}

#[tokio::test]
async fn a_missing_ca_file_is_named() {
    let missing = target_with(1, |endpoint| endpoint.tls = tls(Some("/no/such/file.pem".into())));
    let error = error(&missing).await;
    assert!(error.reason == Reason::Tls && error.message.contains("/no/such/file.pem"), "{error}");
}
