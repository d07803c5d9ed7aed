//! Hosts without a domain: Basic, NTLM by `sspi`, and certificates.

use std::path::Path;
use std::sync::Arc;

use futures::FutureExt;
use psfleet::sandbox::{Fleet, Options};
use psfleet::target::AuthMethod;
use rcgen::{CertificateParams, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::HOSTS;
use super::cell::{Place, Row, inventory, psfleet, row};
use crate::support::folder::Folder;
use crate::support::http::{Act, HttpServer};
use crate::support::sandbox::fleet;
use crate::support::tls::self_signed;

/// Somebody who terminates TLS on the way to a host.
pub(super) struct Relay {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    /// What it shows, as PEM.
    pub certificate: String,
}

/// Stands before a port of this machine, whose certificate `authority` has signed.
pub(super) async fn relay(to: u16, authority: &Path) -> Relay {
    let (config, certificate) = self_signed(|_| {});
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).expect("a certificate")).expect("a root");
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let client = builder.with_safe_default_protocol_versions().expect("versions").with_root_certificates(roots);
    let client = Arc::new(client.with_no_client_auth());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (server, client) = (TlsAcceptor::from(Arc::clone(&config)), TlsConnector::from(Arc::clone(&client)));
            tokio::spawn(async move {
                let name = ServerName::try_from("127.0.0.1").expect("a name");
                let mut near = server.accept(socket).await?;
                let mut far = client.connect(name, TcpStream::connect(("127.0.0.1", to)).await?).await?;
                tokio::io::copy_bidirectional(&mut near, &mut far).await
            });
        }
    });
    Relay { port, certificate }
}

/// A fleet with its inventory.
struct Site<'s> {
    folder: &'s Path,
    fleet: &'s Fleet,
    place: Place,
}

impl Site<'_> {
    /// A cell with a password, or the fleet's.
    fn row(&self, given: &str, password: Option<&str>, arguments: &[&str]) -> Row {
        let file = self.folder.join("hosts.toml");
        let tls = self.fleet.authority().map(|ca| format!("tls = true\nca = '{}'", ca.display()));
        inventory(&file, tls.as_deref().unwrap_or_default(), self.fleet.hosts().map(|(name, at, _)| (name, at.port())));
        let auth = self.place.mechanism.to_lowercase();
        let mut command = psfleet(&[], self.folder, &file, &[&["--auth", &auth], arguments].concat());
        command.env("PSFLEET_PASSWORD", password.unwrap_or(self.fleet.password().expose()));
        row(self.place, given, &mut command, || self.fleet.stats().failed_logons as usize)
    }
}

pub(super) fn rows(runtime: &Handle, _: Option<&Path>) -> Option<Vec<Row>> {
    let folder = Folder::new("matrix");
    let folder = folder.path();
    let start = |auth: &[AuthMethod], tls, fault: Option<&str>| {
        let faults = fault.map(|fault| fault.parse().expect("a fault")).into_iter().collect();
        runtime.block_on(fleet(Options { hosts: HOSTS, tls, faults, auth: auth.to_vec(), ..Options::default() }))
    };
    let password = [AuthMethod::Negotiate, AuthMethod::Ntlm, AuthMethod::Basic];
    let (http, https) = (start(&password, false, None), start(&password, true, None));
    let place = |mechanism, security, peer| Place { mechanism, security, peer };
    let site = |fleet, place| Site { folder, fleet, place };
    let user = ["-u", "psfleet"];
    let clear = [&user[..], &["--trusted-hosts", "*", "--allow-unencrypted"]].concat();
    let mut rows = Vec::new();

    let plain = |security| site(&http, place("Basic", security, "sandbox"));
    rows.push(plain("HTTP").row("good", None, &user));
    rows.push(plain("HTTP in the clear, allowed").row("good", None, &clear));
    rows.push(plain("HTTP in the clear, allowed").row("wrong", Some("wrong"), &clear));
    let basic = site(&https, place("Basic", "HTTPS", "sandbox"));
    rows.push(basic.row("good", None, &user));
    rows.push(basic.row("wrong", Some("wrong"), &user));

    let ntlm = site(&http, place("NTLM", "HTTP, sealed", "sandbox (sspi)"));
    rows.push(ntlm.row("good", None, &user));
    rows.push(ntlm.row("wrong", Some("wrong"), &user));
    rows.push(ntlm.row("delegation", None, &["-u", "psfleet", "--delegate"]));
    let skewed = start(&password, false, Some("skewed=3"));
    let place_of_skewed = place("NTLM", "HTTP, sealed", "sandbox (sspi)");
    rows.push(site(&skewed, place_of_skewed).row("skewed clock, wrong", Some("wrong"), &user));
    let bound = site(&https, place("NTLM", "HTTPS, channel binding", "sandbox (sspi)"));
    rows.push(bound.row("good", None, &user));
    rows.push(bound.row("wrong", Some("wrong"), &user));

    let certified = start(&[AuthMethod::Certificate], true, None);
    let file = |fleet: &Fleet| fleet.folder().join("client.pem").display().to_string();
    let own = file(&certified);
    let mapped = site(&certified, place("Certificate", "HTTPS", "sandbox"));
    rows.push(mapped.row("good", None, &["--certificate", &own]));
    rows.push(mapped.row("good, and no TLS", None, &["--certificate", &own, "--no-tls"]));
    rows.push(mapped.row("no certificate", None, &["--certificate", "nowhere.pem"]));
    let stranger = start(&[AuthMethod::Certificate], true, None);
    rows.push(mapped.row("wrong: of an authority that is not trusted", None, &["--certificate", &file(&stranger)]));
    let silent = site(&https, place("Certificate", "HTTPS, not asked for certificates", "sandbox"));
    rows.push(silent.row("good", None, &["--certificate", &own]));
    rows.extend(unmapped(runtime, folder));
    for fleet in [http, https, skewed, certified, stranger] {
        runtime.block_on(fleet.shutdown());
    }
    Some(rows)
}

/// Certificates that TLS takes, or would, and that have no account.
fn unmapped(runtime: &Handle, folder: &Path) -> Vec<Row> {
    let place = Place { mechanism: "Certificate", security: "HTTPS", peer: "rustls" };
    let one = |given: &str, name: &str, change: fn(&mut CertificateParams)| {
        let key = KeyPair::generate().expect("key");
        let mut params = CertificateParams::new(vec!["ada".to_owned()]).expect("params");
        change(&mut params);
        let certificate = params.self_signed(&key).expect("certificate");
        let file = folder.join(name);
        std::fs::write(&file, certificate.pem() + &key.serialize_pem()).expect("written");
        let (server, authority) = runtime.block_on(demanding(certificate.der()));
        std::fs::write(folder.join("server.pem"), authority).expect("written");
        let hosts = folder.join("unmapped.toml");
        inventory(&hosts, "tls = true\nca = 'server.pem'", ["h1", "h2", "h3"].map(|name| (name, server.port)));
        let mut command = psfleet(&[], folder, &hosts, &["--auth", "certificate", "--certificate", name]);
        let row = row(place, given, &mut command, || 0).uncounted();
        runtime.block_on(server.stop());
        row
    };
    vec![
        one("wrong: no account is mapped to it", "unmapped.pem", |_| {}),
        one("expired", "expired.pem", |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1)),
    ]
}

/// A server that wants this very certificate and lets nobody in.
async fn demanding(certificate: &CertificateDer<'_>) -> (HttpServer, String) {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone().into_owned()).expect("a root");
    let provider = Arc::new(default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let key = KeyPair::generate().expect("key");
    let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("params").self_signed(&key).expect("own");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.expect("a verifier"))
        .with_single_cert(vec![own.der().clone()], PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())))
        .expect("config");
    let server = HttpServer::start(Some(Arc::new(config)), |_| {
        async { Act::Answer(401, "WWW-Authenticate: Negotiate\r\n".to_owned(), String::new()) }.boxed()
    });
    (server.await, own.pem())
}
