//! A proof that was refused is a refused logon, whatever form the refusal has: one failed logon for the whole run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt;
use psfleet::outcome::{Outcome, Reason};
use psfleet::target::{AuthMethod, Target};

use crate::support::http::{Act, HttpServer};
use crate::support::ntlm::{challenge, message, neg_token_resp, negotiate, token};
use crate::support::run::{run, spec};
use crate::support::winrm::target_with;

/// NegTokenResp with the state reject, and nothing else (RFC 4178 4.2.2).
const REJECT: &str = "WWW-Authenticate: Negotiate oQcwBaADCgEC\r\n";

fn unauthorized(headers: impl Into<String>) -> Act {
    Act::Answer(401, headers.into(), String::new())
}

/// A server that asks for a proof and refuses each with these headers, and how many it has seen.
async fn refusing(spnego: bool, headers: String) -> (HttpServer, Arc<AtomicUsize>) {
    let proofs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&proofs);
    let server = HttpServer::start(None, move |request| {
        let token = token(&request);
        let answer = match &token {
            Some(token) if message(token, 1).is_some() && spnego => {
                unauthorized(negotiate(&neg_token_resp(&[(2, &challenge())])))
            }
            Some(token) if message(token, 1).is_some() => unauthorized(negotiate(&challenge())),
            // Who says nothing of himself is asked to.
            _ if !request.head.contains("uthorization: ") => unauthorized(headers.as_str()),
            _ => {
                counter.fetch_add(1, Ordering::SeqCst);
                unauthorized(headers.as_str())
            }
        };
        async move { answer }.boxed()
    })
    .await;
    (server, proofs)
}

fn six(port: u16, auth: AuthMethod) -> Vec<Target> {
    let first = target_with(port, |endpoint| endpoint.auth = auth);
    (1..=6).map(|number| Target { name: format!("h{number}").into(), ..first.clone() }).collect()
}

async fn one_failed_logon(auth: AuthMethod, headers: impl Into<String>) {
    let headers = headers.into();
    let (server, proofs) = refusing(auth == AuthMethod::Negotiate, headers.clone()).await;
    let mut spec = spec(six(server.port, auth), "hostname");
    spec.retry.retries = 2;
    let ran = run(spec).await;
    let of = |outcome| ran.summary.counts.of(outcome);
    assert_eq!((of(Outcome::Auth), of(Outcome::Skipped)), (1, 5), "{auth} {headers:?}: {:?}", ran.ends);
    let refused = ran.ends.iter().find(|end| end.outcome == Outcome::Auth).expect("one");
    assert_eq!(refused.reason, Some(Reason::LogonDenied), "{auth} {headers:?}: {refused:?}");
    assert_eq!((proofs.load(Ordering::SeqCst), ran.summary.exit_code()), (1, 3), "{auth} {headers:?}");
}

#[tokio::test]
async fn spnego_refused_in_any_form() {
    let again = negotiate(&neg_token_resp(&[(2, &challenge())]));
    for headers in [
        REJECT,
        "WWW-Authenticate: Negotiate\r\n",
        "WWW-Authenticate: Negotiate ####\r\n",
        "WWW-Authenticate: Negotiate aGVsbG8=\r\n",
        "WWW-Authenticate: Negotiate oQc=\r\n",
        "WWW-Authenticate: Basic realm=\"WSMAN\"\r\n",
        "WWW-Authenticate: Kerberos\r\nWWW-Authenticate: Negotiate\r\n",
        again.as_str(),
        "",
    ] {
        one_failed_logon(AuthMethod::Negotiate, headers).await;
    }
}

#[tokio::test]
async fn ntlm_refused_in_any_form() {
    for headers in [REJECT.to_owned(), "WWW-Authenticate: Negotiate\r\n".into(), negotiate(&challenge()), String::new()]
    {
        one_failed_logon(AuthMethod::Ntlm, headers).await;
    }
}

#[tokio::test]
async fn basic_refused_in_any_form() {
    for headers in [
        "WWW-Authenticate: Basic realm=\"WSMAN\"\r\n",
        "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm=\"Domain, or local\"\r\n",
        "WWW-Authenticate: basic\r\n",
        "",
    ] {
        one_failed_logon(AuthMethod::Basic, headers).await;
    }
}

#[tokio::test]
async fn a_server_that_closes_behind_its_challenge_gets_one_proof() {
    let proofs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&proofs);
    let server = HttpServer::start(None, move |request| {
        let act = if request.head.contains("uthorization: ") {
            counter.fetch_add(1, Ordering::SeqCst);
            unauthorized("")
        } else {
            Act::Raw(
                b"HTTP/1.1 401 X\r\nWWW-Authenticate: Basic\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".into(),
            )
        };
        async move { act }.boxed()
    })
    .await;
    let ran = run(spec(six(server.port, AuthMethod::Basic), "hostname")).await;
    let of = |outcome| ran.summary.counts.of(outcome);
    assert_eq!((of(Outcome::Auth), of(Outcome::Skipped)), (1, 5), "{:?}", ran.ends);
    assert_eq!(proofs.load(Ordering::SeqCst), 1);
}
