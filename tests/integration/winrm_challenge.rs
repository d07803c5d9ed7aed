//! What a user reads when a WinRM host answers 401: which schemes it offers, and what to do about it.

use futures::FutureExt;
use psfleet::outcome::Reason;
use psfleet::target::AuthMethod;
use psfleet::transport::Error;

use crate::support::http::{Act, HttpServer};
use crate::support::ntlm::{challenge, message, negotiate, token};
use crate::support::winrm::{connect, target_with};

/// The error that a 401 with these header lines leads to.
async fn told(auth: AuthMethod, lines: &'static [u8]) -> Error {
    let server = HttpServer::start(None, move |_| {
        let answer = [b"HTTP/1.1 401 X\r\n", lines, b"Content-Length: 0\r\nConnection: close\r\n\r\n"].concat();
        async move { Act::Raw(answer) }.boxed()
    })
    .await;
    connect(&target_with(server.port, |endpoint| endpoint.auth = auth)).await.expect_err("must fail")
}

#[tokio::test]
async fn what_is_offered_is_what_is_told() {
    use AuthMethod::{Basic, Negotiate, Ntlm};
    for (auth, lines, message, hint) in [
        (
            Negotiate,
            b"WWW-Authenticate: Basic realm=\"Domain, Negotiate, or local\"\r\n".as_slice(),
            "the server does not take Negotiate; it offers Basic",
            "use --auth basic with --tls",
        ),
        (
            Basic,
            b"WWW-Authenticate: Digest realm=\"B\xfcro\", Negotiate\r\n",
            "the server does not take Basic; it offers Digest, Negotiate",
            "use --auth negotiate",
        ),
        (
            Ntlm,
            b"WWW-Authenticate: Digest\r\nWWW-Authenticate: Basic\r\nWWW-Authenticate: digest qop=\"auth\"\r\n",
            "the server does not take NTLM; it offers Digest, Basic",
            "use --auth basic with --tls",
        ),
        (Negotiate, b"", "the server does not take Negotiate; it offers nothing", "winrm/config/service/auth"),
        (
            Negotiate,
            b"WWW-Authenticate: Kerberos\r\n",
            "the server does not take Negotiate; it offers Kerberos",
            "Kerberos is needed there",
        ),
    ] {
        let error = told(auth, lines).await;
        assert_eq!((error.reason, error.message.as_str()), (Reason::AuthMethod, message));
        assert!(error.hint.as_deref().is_some_and(|told| told.contains(hint)), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_refuses_ntlm_says_so() {
    for auth in [AuthMethod::Negotiate, AuthMethod::Ntlm] {
        for lines in [
            b"WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Kerberos\r\n".as_slice(),
            b"WWW-Authenticate: Negotiate\r\n",
            b"WWW-Authenticate: Kerberos, negotiate\r\n",
            b"WWW-Authenticate: Negotiate, Basic realm=\"WSMAN\"\r\n",
        ] {
            let error = told(auth, lines).await;
            assert_eq!(error.reason, Reason::AuthMethod);
            assert_eq!(error.message, "the server refuses NTLM: it accepts only Kerberos");
            assert!(error.hint.is_some_and(|hint| hint.contains("Kerberos is needed")), "{lines:?}");
        }
    }
}

#[tokio::test]
async fn a_refused_password_is_told_by_its_mechanism() {
    let basic = told(AuthMethod::Basic, b"WWW-Authenticate: Basic realm=\"WSMAN\"\r\n").await;
    assert_eq!(basic.message, "access denied (Basic): the user or the password was refused");
    assert!(basic.hint.is_some_and(|hint| !hint.contains("clock") && hint.contains("local accounts")));
    let server = HttpServer::start(None, |request| {
        let first = token(&request).is_some_and(|token| message(&token, 1).is_some());
        let header = if first { negotiate(&challenge()) } else { "WWW-Authenticate: Negotiate\r\n".to_owned() };
        async move { Act::Answer(401, header, String::new()) }.boxed()
    })
    .await;
    let ntlm = connect(&target_with(server.port, |endpoint| endpoint.auth = AuthMethod::Ntlm)).await.expect_err("401");
    assert_eq!(ntlm.message, "access denied (NTLM): the user or the password was refused");
    assert!(ntlm.hint.is_some_and(|hint| hint.contains("clock") && !hint.contains("channel binding")));
}
