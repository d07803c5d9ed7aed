//! Logons by certificate, through the real program: the sandbox's hosts ask for one, and files are made by OpenSSL.

#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use psfleet::sandbox::{Fleet, Options};
use psfleet::target::AuthMethod;
use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::store::{Place, told};
use crate::support::http::{Act, HttpServer};
use crate::support::sandbox::{assert_clean, fleet};
use crate::support::skip;

const PASSPHRASE: &str = "open 5esame";

async fn hosts(hosts: u32, auth: AuthMethod) -> (Fleet, Place) {
    let fleet = fleet(Options { hosts, tls: true, auth: vec![auth], ..Options::default() }).await;
    let place = Place::of(&fleet);
    (fleet, place)
}

/// The outcomes of a run: exit code, `data` of each `host_done`, and stderr on one line.
fn run(place: &Place, args: &[&str]) -> (Option<i32>, Vec<Value>, String) {
    let mut command = place.run(&[&["-o", "jsonl", "--retries", "0", "1 + 1"], args].concat());
    command.env("CERTIFICATE_PASSPHRASE", PASSPHRASE);
    let (code, stdout, stderr) = told(command.output().expect("psfleet starts"));
    let events = stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let done = events.filter(|event| event["type"] == "host_done").map(|event| event["data"].clone());
    assert!(!stdout.contains(PASSPHRASE) && !stderr.contains(PASSPHRASE));
    (code, done.collect(), stderr.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn openssl(folder: &Path, arguments: &[&str]) -> bool {
    let made = Command::new("openssl").args(arguments).current_dir(folder).stdin(Stdio::null()).output();
    let Ok(made) = made else {
        skip("no openssl");
        return false;
    };
    assert!(made.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&made.stderr));
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_logs_on_in_each_form_that_it_is_kept_in() {
    let (fleet, place) = hosts(3, AuthMethod::Certificate).await;
    let (code, done, stderr) = run(&place, &[]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(done.len() == 3 && done.iter().all(|data| data["auth"] == "Certificate"), "{done:?}");

    let pem = fleet.folder().join("client.pem");
    let pem = pem.to_str().expect("UTF-8");
    let passphrase = format!("pass:{PASSPHRASE}");
    let makes: [&[&str]; 5] = [
        &["x509", "-in", pem, "-out", "only.crt"],
        &["pkcs8", "-topk8", "-in", pem, "-out", "locked.key", "-passout", &passphrase],
        &["pkcs12", "-export", "-in", pem, "-out", "locked.pfx", "-passout", &passphrase],
        &["pkcs12", "-export", "-in", pem, "-out", "open.pfx", "-passout", "pass:"],
        &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "other.key"],
    ];
    if !makes.iter().all(|arguments| openssl(place.path(), arguments)) {
        return;
    }
    let unlock = "env:CERTIFICATE_PASSPHRASE";
    for flags in [
        &["--certificate", "only.crt", "--certificate-key", "locked.key", "--password-from", unlock][..],
        &["--certificate", "locked.pfx", "--password-from", unlock],
        &["--certificate", "open.pfx"],
    ] {
        let (code, done, stderr) = run(&place, flags);
        assert_eq!((code, done.len()), (Some(0), 3), "{flags:?}: {stderr}");
    }
    let wrong = "env:HOME";
    for (flags, what) in [
        (&["--certificate", "only.crt"][..], "holds no private key in PEM format; name the key with certificate_key"),
        (&["--certificate", "only.crt", "--certificate-key", "other.key"], "its key belongs to another certificate"),
        (
            &["--certificate", "only.crt", "--certificate-key", "locked.key", "--password-from", wrong],
            "the passphrase of its key is wrong",
        ),
        (&["--certificate", "locked.pfx", "--password-from", wrong], "the passphrase of the archive is wrong"),
        (&["--certificate", "nowhere.pem"], "cannot read nowhere.pem"),
        (&["--certificate", "fleet.toml"], "it is neither PEM nor PKCS#12"),
        (&["--no-tls"], "a certificate is shown in the TLS handshake, and TLS is off"),
    ] {
        let (code, done, stderr) = run(&place, flags);
        assert_eq!((code, done.len()), (Some(2), 0), "{flags:?}: {stderr}");
        assert!(stderr.contains(what), "{flags:?}: {stderr}");
    }
    assert_clean(fleet).await;
}

/// All hosts with this reason, and words of the message and of the hint.
fn assert_refused(found: &(Option<i32>, Vec<Value>, String), reason: &str, message: &str, hint: &str) {
    let (code, done, stderr) = found;
    assert!(*code == Some(3) && !done.is_empty(), "{stderr}");
    for data in done {
        assert_eq!((&data["outcome"], &data["reason"]), (&"auth".into(), &reason.into()), "{data}");
        let has = |key: &str, text: &str| data[key].as_str().is_some_and(|found| found.contains(text));
        assert!(has("message", message) && has("hint", hint), "{data}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_does_not_serve_says_why() {
    let (owner, _) = hosts(1, AuthMethod::Certificate).await;
    let foreign = owner.folder().join("client.pem");
    let flags = ["--auth", "certificate", "--certificate", foreign.to_str().expect("UTF-8")];
    // A listener as Windows has it by default.
    let (fleet, place) = hosts(2, AuthMethod::Basic).await;
    assert_refused(
        &run(&place, &flags),
        "auth_method",
        "does not ask for a client certificate",
        "clientcertnegotiation",
    );
    assert_eq!(fleet.stats().failed_logons, 0, "nobody was asked to let us in");
    assert_clean(fleet).await;
    // One that asks, and trusts another authority.
    let (fleet, place) = hosts(1, AuthMethod::Certificate).await;
    assert_refused(&run(&place, &flags), "auth_method", "does not trust our client certificate", "LocalMachine\\Root");
    assert_clean(fleet).await;
    assert_clean(owner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_mapped_to_nobody_is_refused_by_its_host() {
    let key = KeyPair::generate().expect("key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("params");
    let certificate = params.self_signed(&key).expect("certificate");
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).expect("a root");
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.expect("a verifier"))
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .expect("config");
    let server = HttpServer::start(Some(Arc::new(config)), |_| {
        Box::pin(async { Act::Answer(401, "WWW-Authenticate: Negotiate\r\n".to_owned(), String::new()) })
    })
    .await;
    let (fleet, place) = hosts(1, AuthMethod::Basic).await;
    std::fs::write(place.path().join("own.pem"), certificate.pem() + &key.serialize_pem()).expect("written");
    std::fs::write(place.path().join("fleet.toml"), format!("[hosts.\"127.0.0.1:{}\"]\n", server.port))
        .expect("written");
    let flags = ["--auth", "certificate", "--tls", "--ca", "own.pem", "--certificate", "own.pem"];
    let found = run(&place, &flags);
    assert_refused(&found, "logon_denied", "has no user for this one", "WSMan:\\localhost\\ClientCertificate");
    server.stop().await;
    assert_clean(fleet).await;
}
