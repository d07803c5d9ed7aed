//! Our lanes against an acceptor that we did not write: NTLM and SPNEGO by pyspnego, over HTTP and HTTPS.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use psfleet::outcome::Reason;
use psfleet::secret::Secret;
use psfleet::target::{AuthMethod, Credential, Endpoint, Target, Timeouts, Tls, WinrmEndpoint};
use psfleet::transport::Error;
use psfleet::transport::http::{Failure, Lanes, TlsCache};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const USER: &str = "alice";
pub(crate) const PASSWORD: &str = "p\u{e4}ssw\u{f6}rd";

/// A Python that has pyspnego: `PSFLEET_TEST_PYTHON`, else `python3`.
pub(crate) fn python() -> Option<PathBuf> {
    let python = std::env::var_os("PSFLEET_TEST_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let found = Command::new(&python).args(["-c", "import spnego"]).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        crate::support::skip("no pyspnego; set PSFLEET_TEST_PYTHON to a Python 3 that has it (pip install pyspnego)");
        return None;
    }
    Some(python)
}

/// The Python server; it ends when this is dropped.
pub(crate) struct Acceptor {
    child: Child,
    stdin: Option<ChildStdin>,
    events: mpsc::Receiver<Value>,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    tls: Option<Certificate>,
}

/// A self-signed certificate for 127.0.0.1 in files.
pub(crate) struct Certificate {
    folder: PathBuf,
}

impl Certificate {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("psfleet-test-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("folder");
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("certificate");
        std::fs::write(folder.join("cert.pem"), made.cert.pem()).expect("cert.pem");
        std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("key.pem");
        Self { folder }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Acceptor {
    fn start(python: &PathBuf, protocol: &str, tls: Option<Certificate>) -> Self {
        Self::before(python, protocol, tls, None)
    }

    /// Before a WinRM that takes Basic: `HOST:PORT USER PASSWORD`.
    pub(crate) fn before(python: &PathBuf, protocol: &str, tls: Option<Certificate>, upstream: Option<&str>) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/winrm_auth/acceptor.py");
        let mut command = Command::new(python);
        command.args([script, protocol, USER, PASSWORD]);
        if let Some(certificate) = &tls {
            command.args([certificate.file("cert.pem"), certificate.file("key.pem")]);
        }
        command.envs(upstream.map(|upstream| ("UPSTREAM", upstream)));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let first = lines.next().expect("a first line").expect("readable");
        let (sender, events) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).expect("JSON"));
            }
        });
        let stdin = child.stdin.take();
        Self { child, stdin, events, port: first.parse().expect("a port"), tls }
    }

    fn target(&self, auth: AuthMethod, path: &str, user: &str, password: &str) -> Target {
        let tls = match &self.tls {
            Some(certificate) => Tls::On {
                ca: Some(certificate.file("cert.pem")),
                insecure: false,
                pins: Vec::new(),
                min: Default::default(),
            },
            None => Tls::Off,
        };
        let endpoint = WinrmEndpoint {
            address: "127.0.0.1".into(),
            port: self.port,
            path: path.into(),
            tls,
            auth,
            configuration_name: "Microsoft.PowerShell".into(),
            workstation: Default::default(),
            kerberos: Default::default(),
            trusted: false,
            allow_unencrypted: false,
            jump: Vec::new(),
        };
        Target {
            name: "acceptor".into(),
            endpoint: Endpoint::Winrm(endpoint),
            credential: Some(Arc::new(Credential::of(user, Some(Secret::new(password.into()))))),
            vars: Default::default(),
            labels: Default::default(),
            timeouts: Timeouts::default(),
        }
    }

    fn lanes(&self, auth: AuthMethod, path: &str, user: &str, password: &str) -> Lanes {
        let target = self.target(auth, path, user, password);
        let Endpoint::Winrm(endpoint) = &target.endpoint else { unreachable!() };
        Lanes::new(&target, endpoint, &TlsCache::new()).expect("lanes")
    }

    /// Ends the server; what it has told, as `event` names with the number of the connection.
    pub(crate) fn events(mut self) -> Vec<(String, u64)> {
        drop(self.stdin.take());
        let text = |event: &Value| {
            (event["event"].as_str().unwrap_or("?").to_owned(), event["connection"].as_u64().unwrap_or(0))
        };
        self.events.iter().map(|event| text(&event)).collect()
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

async fn echo(lanes: &Lanes, size: usize) -> Result<(), Failure> {
    let text = format!("<s:Envelope>{}</s:Envelope>", "\u{e4}".repeat(size));
    let answer = lanes.exchange(&text, PATIENCE, || {}).await?;
    assert!(answer == text, "the echo of {size} characters differs");
    Ok(())
}

async fn error(lanes: &Lanes) -> Error {
    echo(lanes, 1).await.expect_err("must fail").into_error()
}

fn named(events: &[(String, u64)]) -> Vec<(&str, u64)> {
    events.iter().map(|(name, connection)| (name.as_str(), *connection)).collect()
}

const METHODS: [(AuthMethod, &str); 2] = [(AuthMethod::Negotiate, "negotiate"), (AuthMethod::Ntlm, "ntlm")];

#[tokio::test]
async fn seals_both_ways_on_one_connection() {
    let Some(python) = python() else { return };
    for (auth, protocol) in METHODS {
        let acceptor = Acceptor::start(&python, protocol, None);
        let lanes = acceptor.lanes(auth, "/wsman", USER, PASSWORD);
        for size in [1, 0, 100_000, 3] {
            echo(&lanes, size).await.expect("echo");
        }
        let expected = [("challenge", 1), ("logon", 1), ("request", 1), ("request", 1), ("request", 1), ("request", 1)];
        assert_eq!(named(&acceptor.events()), expected, "{protocol}");
    }
}

#[tokio::test]
async fn takes_the_forms_of_user_names() {
    let Some(python) = python() else { return };
    let acceptor = Acceptor::start(&python, "negotiate", None);
    for user in [format!("DOM\\{USER}"), USER.to_owned()] {
        echo(&acceptor.lanes(AuthMethod::Negotiate, "/wsman", &user, PASSWORD), 5).await.expect("echo");
    }
}

#[tokio::test]
async fn a_bare_ntlm_token_passes_a_negotiate_acceptor() {
    let Some(python) = python() else { return };
    let acceptor = Acceptor::start(&python, "negotiate", None);
    let lanes = acceptor.lanes(AuthMethod::Ntlm, "/wsman", USER, PASSWORD);
    echo(&lanes, 10).await.expect("echo");
    echo(&lanes, 10).await.expect("echo");
}

#[tokio::test]
async fn binds_to_the_tls_channel() {
    let Some(python) = python() else { return };
    for (auth, protocol) in METHODS {
        let acceptor = Acceptor::start(&python, protocol, Some(Certificate::new(protocol)));
        let lanes = acceptor.lanes(auth, "/wsman", USER, PASSWORD);
        for size in [1, 50_000] {
            echo(&lanes, size).await.expect("echo");
        }
        assert_eq!(named(&acceptor.events()), [("challenge", 1), ("logon", 1), ("request", 1), ("request", 1)]);
    }
}

#[tokio::test]
async fn a_wrong_password_is_one_failed_logon() {
    let Some(python) = python() else { return };
    for (auth, protocol) in METHODS {
        let acceptor = Acceptor::start(&python, protocol, None);
        let error = error(&acceptor.lanes(auth, "/wsman", USER, "wrong")).await;
        assert_eq!((error.reason, error.retryable), (Reason::LogonDenied, false), "{error}");
        assert_eq!(named(&acceptor.events()), [("challenge", 1), ("denied", 1)]);
    }
}

#[tokio::test]
async fn names_the_mechanism_that_the_server_offers() {
    let Some(python) = python() else { return };
    let acceptor = Acceptor::start(&python, "negotiate", None);
    let error = error(&acceptor.lanes(AuthMethod::Negotiate, "/basic", USER, PASSWORD)).await;
    assert_eq!(error.reason, Reason::AuthMethod);
    assert_eq!(error.message, "the server does not take Negotiate; it offers Basic");
    assert_eq!(error.hint.as_deref(), Some("use --auth basic with --tls"));
}

#[tokio::test]
async fn finishes_the_logon_first_where_a_server_wants_it_so() {
    let Some(python) = python() else { return };
    let acceptor = Acceptor::start(&python, "negotiate", None);
    let lanes = acceptor.lanes(AuthMethod::Negotiate, "/bare", USER, PASSWORD);
    echo(&lanes, 1).await.expect("echo");
    echo(&lanes, 2).await.expect("echo");
    let expected = [("challenge", 1), ("logon", 1), ("challenge", 2), ("logon", 2), ("request", 2), ("request", 2)];
    assert_eq!(named(&acceptor.events()), expected);
}

#[tokio::test]
async fn logs_on_again_once_when_the_server_forgets() {
    let Some(python) = python() else { return };
    let acceptor = Acceptor::start(&python, "negotiate", None);
    let lanes = acceptor.lanes(AuthMethod::Negotiate, "/forget", USER, PASSWORD);
    echo(&lanes, 1).await.expect("echo");
    echo(&lanes, 2).await.expect("echo");
    let expected =
        [("challenge", 1), ("logon", 1), ("request", 1), ("forgot", 1), ("challenge", 2), ("logon", 2), ("request", 2)];
    assert_eq!(named(&acceptor.events()), expected);
}

#[tokio::test]
async fn a_closed_connection_costs_a_lane_and_nothing_else() {
    let Some(python) = python() else { return };
    let acceptor = Acceptor::start(&python, "ntlm", None);
    let lanes = acceptor.lanes(AuthMethod::Ntlm, "/close", USER, PASSWORD);
    for size in 1..4 {
        echo(&lanes, size).await.expect("echo");
    }
    let requests: Vec<_> = acceptor.events().into_iter().filter(|(name, _)| name == "request").collect();
    assert_eq!(named(&requests), [("request", 1), ("request", 2), ("request", 3)]);
}

#[tokio::test]
async fn refuses_plain_and_altered_answers_where_messages_are_sealed() {
    let Some(python) = python() else { return };
    let acceptor = Acceptor::start(&python, "negotiate", None);
    for path in ["/plain", "/tamper"] {
        let error = error(&acceptor.lanes(AuthMethod::Negotiate, path, USER, PASSWORD)).await;
        assert_eq!(error.reason, Reason::Protocol, "{path}: {error}");
    }
}

#[tokio::test]
async fn a_dropped_request_costs_its_lane() {
    let Some(python) = python() else { return };
    let acceptor = Acceptor::start(&python, "ntlm", None);
    let lanes = acceptor.lanes(AuthMethod::Ntlm, "/wsman", USER, PASSWORD);
    echo(&lanes, 1).await.expect("echo");
    let dropped = tokio::time::timeout(Duration::ZERO, echo(&lanes, 200_000)).await;
    assert!(dropped.is_err());
    echo(&lanes, 2).await.expect("echo");
    // The dropped one may have arrived, but the connection is not used again.
    assert!(named(&acceptor.events()).contains(&("request", 2)));
}

#[tokio::test]
async fn concurrent_requests_use_a_lane_each() {
    let Some(python) = python() else { return };
    let acceptor = Acceptor::start(&python, "negotiate", None);
    let lanes = acceptor.lanes(AuthMethod::Negotiate, "/wsman", USER, PASSWORD);
    let (first, second) = tokio::join!(echo(&lanes, 1000), echo(&lanes, 2000));
    first.and(second).expect("both");
    for size in 0..5 {
        echo(&lanes, size).await.expect("echo");
    }
    let logons = acceptor.events().iter().filter(|(name, _)| name == "logon").count();
    assert_eq!(logons, 2);
}
