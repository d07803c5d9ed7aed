//! Certificates as old set-up scripts made them, shown by OpenSSL's own server.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use psfleet::outcome::Reason;
use psfleet::target::{AuthMethod, Endpoint, Fingerprint, Target, Tls, TlsMin};
use psfleet::transport::Error;

use crate::support::folder::Folder;
use crate::support::skip;
use crate::support::winrm::{connect, target_with};

/// How a certificate is made, by arguments of `openssl`, and what is told of it where certificates are checked.
const CERTIFICATES: [(&str, &[&str], bool, &str); 5] = [
    ("rsa1024", &["-newkey", "rsa:1024", "-sha1"], false, "RSA key of 1024 bits is too short"),
    ("rsa1024-sha256", &["-newkey", "rsa:1024", "-sha256"], false, "RSA key of 1024 bits is too short"),
    ("sha1", &["-newkey", "rsa:2048", "-sha1"], false, "signed with SHA-1"),
    ("v1", &["-newkey", "rsa:2048", "-sha256"], true, "X.509 version 1"),
    ("v1-ec", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-sha256"], true, "X.509 version 1"),
];

fn openssl(folder: &Path, arguments: &[&str]) {
    let made = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl runs");
    assert!(made.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&made.stderr));
}

fn has_openssl() -> bool {
    let found = Command::new("openssl").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        skip("no openssl");
    }
    found
}

/// `openssl s_server` with a certificate; it takes what it gets, and says nothing.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(folder: &Path, name: &str, version: &str) -> Self {
        let (cert, key) = (format!("{name}.crt"), format!("{name}.key"));
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-cert", &cert, "-key", &key, version]);
        command.args(["-cipher", "DEFAULT@SECLEVEL=0"]).current_dir(folder);
        // It reads until its input ends, and leaves then.
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("openssl runs");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut accepts =
            lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("ACCEPT 127.0.0.1:")?.parse().ok());
        let port = accepts.next().expect("a port");
        std::thread::spawn(move || accepts.for_each(drop));
        Self { child, port }
    }

    fn target(&self, insecure: bool) -> Target {
        let mut target = target_with(self.port, |endpoint| {
            endpoint.auth = AuthMethod::Negotiate;
            endpoint.tls = Tls::On { ca: None, insecure, pins: Vec::new(), min: Default::default() };
        });
        target.timeouts.connect = Duration::from_secs(if insecure { 4 } else { 30 });
        target
    }

    async fn error(&self, insecure: bool) -> Error {
        connect(&self.target(insecure)).await.expect_err("nobody speaks HTTP there")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn make(folder: &Path, name: &str, arguments: &[&str], v1: bool) {
    let (cert, key, request) = (format!("{name}.crt"), format!("{name}.key"), format!("{name}.csr"));
    let common = [&["req", "-nodes", "-subj", "/CN=localhost", "-keyout", &key], arguments].concat();
    if v1 {
        openssl(folder, &[common.as_slice(), &["-new", "-out", &request]].concat());
        openssl(folder, &["x509", "-req", "-in", &request, "-signkey", &key, "-days", "20", "-out", &cert]);
    } else {
        let names = ["-x509", "-days", "20", "-addext", "subjectAltName=IP:127.0.0.1", "-out", &cert];
        openssl(folder, &[common.as_slice(), &names].concat());
    }
}

#[tokio::test]
async fn any_certificate_is_taken_or_its_weakness_told() {
    if !has_openssl() {
        return;
    }
    let folder = Folder::new("weak-certificates");
    for (name, arguments, v1, text) in CERTIFICATES {
        make(folder.path(), name, arguments, v1);
        for version in ["-tls1_2", "-tls1_3"] {
            let server = Server::start(folder.path(), name, version);
            let told = server.error(false).await;
            assert_eq!(told.reason, Reason::TlsUntrusted, "{name} {version}: {told:?}");
            assert!(told.message.contains(text), "{name} {version}: {told:?}");
            assert!(told.hint.is_some_and(|hint| hint.contains("--insecure") && !hint.contains("--ca")));
            let server = Server::start(folder.path(), name, version);
            let past = server.error(true).await;
            let words = format!("port {} takes connections, but does not answer an HTTP request in time", server.port);
            assert_eq!((past.reason, past.message), (Reason::ConnectTimeout, words), "{name} {version}");
        }
    }
}

#[tokio::test]
async fn a_pinned_certificate_is_accepted_and_no_other() {
    if !has_openssl() {
        return;
    }
    let folder = Folder::new("pinned-certificates");
    for name in ["known", "other"] {
        make(folder.path(), name, &["-newkey", "rsa:2048", "-sha256"], false);
    }
    let fingerprint = |name: &str| {
        let file = format!("{name}.crt");
        let mut command = Command::new("openssl");
        command.args(["x509", "-noout", "-fingerprint", "-sha256", "-in", &file]).current_dir(folder.path());
        let told = String::from_utf8(command.output().expect("openssl runs").stdout).expect("UTF-8");
        Fingerprint::parse(told.trim().split_once('=').expect("a fingerprint").1).expect("SHA-256")
    };
    let (known, other) = (fingerprint("known"), fingerprint("other"));
    let error = async |version: &str, pins: Vec<Fingerprint>, min: TlsMin| {
        let server = Server::start(folder.path(), "known", version);
        let mut target = server.target(true);
        let Endpoint::Winrm(endpoint) = &mut target.endpoint else { panic!("over WinRM") };
        endpoint.tls = Tls::On { ca: None, insecure: false, pins, min };
        // A name that the certificate does not have.
        endpoint.address = "localhost".to_owned();
        connect(&target).await.expect_err("nobody speaks HTTP there")
    };
    for version in ["-tls1_2", "-tls1_3"] {
        let past = error(version, vec![other, known], TlsMin::V12).await;
        assert_eq!(past.reason, Reason::ConnectTimeout, "{version}: {past:?}");
        let told = error(version, vec![other], TlsMin::V12).await;
        assert_eq!(told.reason, Reason::TlsUntrusted, "{version}: {told:?}");
        assert!(told.message.contains(&known.to_string()), "{told:?}");
        assert!(told.hint.is_some_and(|hint| hint.contains("--tls-pin")));
    }
    let old = error("-tls1_2", vec![known], TlsMin::V13).await;
    assert_eq!(old.reason, Reason::Tls, "{old:?}");
    assert!(old.hint.is_some_and(|hint| hint.contains("--tls-min")));
    assert_eq!(error("-tls1_3", vec![known], TlsMin::V13).await.reason, Reason::ConnectTimeout);
}
