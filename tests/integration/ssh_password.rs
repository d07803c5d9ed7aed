//! Passwords over SSH, against a server that counts them.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use psfleet::outcome::Reason;
use psfleet::secret::Secret;
use psfleet::target::{Credential, HostKeyPolicy, SshEndpoint, SshServer};
use psfleet::transport::ssh::{Client, connect};
use psfleet::transport::{Admission, Error};
use russh::keys::PrivateKey;
use russh::server::{Auth, Config, Handler, Response};
use russh::{MethodKind, MethodSet};

use crate::support::folder::Folder;
use crate::support::sshd::generate;

const PASSWORD: &str = "correct horse";

/// What the server was shown: the method, the user and the password.
type Seen = Arc<Mutex<Vec<(&'static str, String, String)>>>;

struct Server {
    seen: Seen,
    questions: &'static [&'static str],
}

impl Server {
    fn judge(&self, method: &'static str, user: &str, password: &str) -> Auth {
        self.seen.lock().expect("no panic").push((method, user.to_owned(), password.to_owned()));
        if password == PASSWORD { Auth::Accept } else { Auth::reject() }
    }
}

impl Handler for Server {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(self.judge("password", user, password))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let Some(mut response) = response else {
            let prompts: Vec<_> = self.questions.iter().map(|question| ((*question).into(), false)).collect();
            return Ok(Auth::Partial { name: "".into(), instructions: "".into(), prompts: prompts.into() });
        };
        let answer = response.next().unwrap_or_default();
        Ok(self.judge("keyboard-interactive", user, &String::from_utf8_lossy(&answer)))
    }
}

/// Logs on once to a server that offers some methods; what it saw, and how it ended.
async fn log_on(
    methods: &[MethodKind],
    questions: &'static [&'static str],
    user: &str,
    password: &str,
    change: impl FnOnce(&Folder, &mut SshEndpoint),
) -> (Vec<(&'static str, String, String)>, Error) {
    let folder = Folder::new("passwords");
    let host_key = folder.path().join("host");
    generate(&host_key, "ed25519", "");
    let config = Arc::new(Config {
        methods: MethodSet::from(methods),
        auth_rejection_time: Duration::from_millis(1),
        keys: vec![PrivateKey::read_openssh_file(&host_key).expect("a key")],
        ..Config::default()
    });
    let seen = Seen::default();
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    let server = Server { seen: Arc::clone(&seen), questions };
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        russh::server::run_stream(config, stream, server).await?.await
    });
    let mut endpoint = SshEndpoint {
        server: SshServer {
            host_keys: HostKeyPolicy::AcceptNew,
            known_hosts: vec![folder.path().join("known_hosts")],
            ..SshServer::new("127.0.0.1", port)
        },
        jump: Vec::new(),
        subsystem: "powershell".to_owned(),
        exec: "pwsh".to_owned(),
    };
    change(&folder, &mut endpoint);
    let credential = Credential::of(user, Some(Secret::new(password.to_owned())));
    let client = Client::new(Some(folder.path().to_owned()), None, None);
    // The server opens no channel, so even a good logon ends in an error.
    let error = connect(&endpoint, Some(&credential), Duration::from_secs(20), &client, &Admission::free())
        .await
        .err()
        .expect("no channel");
    let seen = seen.lock().expect("no panic").clone();
    (seen, error)
}

fn shown(method: &'static str, user: &str, password: &str) -> Vec<(&'static str, String, String)> {
    vec![(method, user.to_owned(), password.to_owned())]
}

#[tokio::test]
async fn a_right_password_logs_on() {
    let both = [MethodKind::Password, MethodKind::KeyboardInteractive];
    let (seen, error) = log_on(&both, &[], r"CONTOSO\svc", PASSWORD, |_, _| {}).await;
    assert_eq!(seen, shown("password", "svc@CONTOSO", PASSWORD));
    assert!(!error.is_credential_refused(), "{error}");
}

#[tokio::test]
async fn a_wrong_password_is_shown_once() {
    let both = [MethodKind::Password, MethodKind::KeyboardInteractive];
    let (seen, error) = log_on(&both, &["Password: "], "svc", "wrong", |_, _| {}).await;
    assert_eq!(seen, shown("password", "svc", "wrong"));
    assert_eq!(error.reason, Reason::LogonDenied, "{error}");
    assert!(!format!("{error:?}").contains("wrong"), "{error:?}");
}

#[tokio::test]
async fn the_password_answers_one_question() {
    let only = [MethodKind::KeyboardInteractive];
    let (seen, error) = log_on(&only, &["Password: "], "svc", PASSWORD, |_, _| {}).await;
    assert_eq!(seen, shown("keyboard-interactive", "svc", PASSWORD));
    assert!(!error.is_credential_refused(), "{error}");

    let (seen, error) = log_on(&only, &["Password: ", "Code: "], "svc", PASSWORD, |_, _| {}).await;
    assert_eq!(seen, []);
    assert_eq!(error.reason, Reason::AuthMethod, "{error}");
    assert!(error.message.contains("Code: "), "{error}");
}

#[tokio::test]
async fn a_passphrase_is_no_password() {
    let both = [MethodKind::PublicKey, MethodKind::Password];
    let (seen, error) = log_on(&both, &[], "svc", PASSWORD, |folder, endpoint| {
        let key = folder.path().join("locked");
        generate(&key, "ed25519", PASSWORD);
        endpoint.server.identities = Some(vec![key]);
    })
    .await;
    assert_eq!(seen, []);
    assert!(!error.is_credential_refused(), "the password was not shown: {error}");
}

/// Servers that allow one try hang up on a wrong one, most of them without "authentication failures".
#[tokio::test]
async fn whoever_hangs_up_on_a_password_has_refused_it() {
    for only in [MethodKind::Password, MethodKind::KeyboardInteractive] {
        let (seen, error) = log_on(&[only], &["Password: "], "svc", "wrong", |_, _| {}).await;
        assert_eq!(seen.len(), 1);
        assert!(error.is_credential_refused() && !error.retryable, "{error}");
    }
}
