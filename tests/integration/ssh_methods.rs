//! What an OpenSSH server wants of a user: nothing that can be given, or more than one proof.

use std::time::Duration;

use psfleet::outcome::Reason;
use psfleet::secret::Secret;
use psfleet::target::{Credential, SshServer};
use psfleet::transport::ssh::connect;
use psfleet::transport::{Admission, Error};

use crate::support::sshd::{Setup, Sshd, user};

fn server(config: &str) -> Option<Sshd> {
    Sshd::start(&Setup { host_keys: &["ed25519"], subsystem: None, config: config.to_owned() })
}

/// How the server refuses the user's key, and the password if there is one.
async fn refusal(server: &Sshd, password: Option<&str>, change: impl FnOnce(&mut SshServer)) -> Error {
    let credential = password.map(|password| Credential::of(user(), Some(Secret::new(password.to_owned()))));
    let endpoint = server.endpoint_with(change);
    connect(&endpoint, credential.as_ref(), Duration::from_secs(20), &server.client(), &Admission::free())
        .await
        .err()
        .expect("nobody is let in")
}

#[tokio::test]
async fn a_server_without_any_method_says_so_and_is_not_tried_again() {
    let nothing = "PubkeyAuthentication no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n";
    let Some(server) = server(nothing) else { return };
    for (password, without_key) in [(None, false), (Some("wrong"), false), (Some("wrong"), true)] {
        let error = refusal(&server, password, |at| {
            if without_key {
                at.identities = Some(Vec::new());
            }
        })
        .await;
        assert!(error.message.contains("no way to log on"), "{error}");
        assert_eq!(error.reason, Reason::AuthMethod, "{error}");
        assert!(!error.retryable && error.hint.as_ref().is_some_and(|hint| hint.contains("sshd_config")), "{error:?}");
    }
}

#[tokio::test]
async fn a_second_proof_that_lacks_is_named() {
    for (methods, wants) in [
        ("publickey,password", "the server also wants password"),
        ("publickey,keyboard-interactive", "the server also wants keyboard-interactive"),
        ("publickey,password publickey,keyboard-interactive", "the server also wants password, keyboard-interactive"),
    ] {
        // A block stands above what the server's file says before it, and is read for each logon.
        let config = format!(
            "Match User *\nPasswordAuthentication yes\nKbdInteractiveAuthentication yes\nAuthenticationMethods {methods}\n"
        );
        let Some(server) = server(&config) else { return };
        let key = server.user_key();
        let error = refusal(&server, None, |_| {}).await;
        assert_eq!(error.reason, Reason::AuthMethod, "{error}");
        let accepted = format!("it accepted key {}; {wants}", key.display());
        assert!(error.message.ends_with(&accepted), "{methods}: {error}");
        assert!(error.hint.as_ref().is_some_and(|hint| hint.contains("--ask-pass")), "{error:?}");
        assert!(!error.retryable);
    }
    // A second key, not a password.
    let Some(server) = server("AuthenticationMethods publickey,publickey\n") else { return };
    let error = refusal(&server, None, |_| {}).await;
    assert!(error.message.ends_with("the server also wants publickey"), "{error}");
    assert!(error.hint.as_ref().is_some_and(|hint| hint.contains("--identity")), "{error:?}");
    let other = server.add_key("stranger", "ed25519", "", false);
    let error = refusal(&server, None, |at| at.identities.iter_mut().for_each(|keys| keys.push(other.clone()))).await;
    assert!(error.message.contains("; tried key ") && error.message.contains("it accepted key "), "{error}");
}
